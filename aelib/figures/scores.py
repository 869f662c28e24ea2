"""Figures of how a training went, and of what a classifier gets right and wrong."""

import matplotlib.pyplot as plt
import numpy as np

from aelib.arguments import classes, kind, number
from aelib.evaluation import Accuracy


def loss_curve(history, loss_name):
    """Draw the training and validation loss of every epoch.

    Args:
        history: what `train` returned.
        loss_name: what the loss is called.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: that is no history, or one without an epoch.
    """
    if not isinstance(history, dict) or "training_loss" not in history:
        raise TypeError(f"history is {kind(history)}: give what `train` returned")
    if not len(history["training_loss"]):
        raise ValueError("history has no epoch: there is no loss to draw; train again")
    figure, axis = plt.subplots(figsize=(6, 3.2))
    styles = {"training_loss": ("o-", "training"), "validation_loss": ("s--", "validation")}
    for key, (style, label) in styles.items():
        losses = history.get(key, [])
        if len(losses):
            axis.plot(range(1, len(losses) + 1), losses, style, label=label, markersize=4)
    axis.set(xlabel="epoch", ylabel=loss_name, ylim=(0, None))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    return figure


def confusion_matrices(predictions, labels):
    """Draw the confusion matrices of several classifiers side by side, mistakes only.

    Args:
        predictions: a dict from a title to predicted classes, `(N,)`.
        labels: the true classes, `(N,)`.

    Returns:
        The figure, with numbers of images. The correct answers on the diagonal are left out, since
        they would drown the rest.

    Raises:
        TypeError, ValueError: as for `accuracy`.
    """
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix  # Slow, so not above.

    if not isinstance(predictions, dict) or not predictions:
        raise TypeError(f"predictions is {kind(predictions)}: give a dict from a title to classes")
    named = {f"the prediction {title!r}": p for title, p in predictions.items()}
    *predicted, labels = classes(**named, labels=labels)
    highest = max(9, labels.max(), *(p.max() for p in predicted))
    matrices = [confusion_matrix(labels, p, labels=range(highest + 1)) for p in predicted]
    for matrix in matrices:
        np.fill_diagonal(matrix, 0)
    # One scale for all, up to a colour on which black numbers can still be read.
    scale = {"vmin": 0, "vmax": 1.6 * max(1, *(matrix.max() for matrix in matrices))}
    side = 1 + 0.36 * (highest + 1)
    figure, axes = plt.subplots(
        1, len(matrices), figsize=(side * len(matrices), side), squeeze=False
    )
    for title, matrix, axis in zip(predictions, matrices, axes[0], strict=True):
        drawn = ConfusionMatrixDisplay(matrix).plot(
            ax=axis, cmap="Oranges", colorbar=False, im_kw=scale, text_kw={"color": "black"}
        )
        for text in drawn.text_.diagonal():
            text.set_text("")
        axis.set(title=title, xlabel="predicted class", ylabel="true class")
        axis.grid(False)
    return figure


def score_chart(scores):
    """Draw scores with their intervals, the first at the top.

    Args:
        scores: a dict from a name to an `Accuracy`, or to a plain number, in percent, for a
            published score, of which no interval is known.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: there are no such scores.
    """
    if not isinstance(scores, dict) or not scores:
        raise TypeError(f"scores is {kind(scores)}: give a dict from a name to a score")
    figure, axis = plt.subplots(figsize=(7, 0.42 * len(scores) + 0.8))
    for place, (name, score) in enumerate(scores.items()):
        if isinstance(score, Accuracy):
            axis.plot(score.interval, [place, place], color="C0", label=f"interval of {name}")
            axis.plot(score, place, "o", color="C0", label=name)
        else:
            if not 0 <= number(f"the score {name!r}", score) <= 100:
                raise ValueError(f"the score {name!r} is {score}: percent are from 0 to 100")
            axis.plot(score, place, "D", color="C1", label=name)
        axis.annotate(
            f"{score:.1f}", (score, place), (0, 6), textcoords="offset points", ha="center", size=8
        )
    axis.set(yticks=range(len(scores)), yticklabels=scores, xlabel="accuracy (%)")
    axis.set_ylim(len(scores) - 0.5, -0.7)
    return figure
