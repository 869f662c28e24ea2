"""The small module behind the lessons: data, models, training, evaluation, figures."""
