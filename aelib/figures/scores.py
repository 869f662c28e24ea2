"""Figures of how a training went, and of what a classifier gets right and wrong."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from aelib.arguments import classes, kind, number
from aelib.evaluation import Accuracy


def loss_curve(history, loss_name, marks=None, beside=None, logarithmic=False):
    """Draw the training and validation loss of every epoch.

    Args:
        history: what `train` returned.
        loss_name: what the loss is called.
        marks: a dict from a name to a loss to compare with, a dotted line.
        beside: a dict from a name to another history, drawn in grey.
        logarithmic: whether equal steps of the axis are equal ratios of the loss.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: that is no history, or one without an epoch.
    """
    _check_history("history", history)
    figure, axis = plt.subplots(figsize=(6, 3.2))
    styles = {"training_loss": ("o-", "training"), "validation_loss": ("s--", "validation")}
    for key, (style, label) in styles.items():
        losses = history.get(key, [])
        if len(losses):
            axis.plot(range(1, len(losses) + 1), losses, style, label=label, markersize=4)
    for name, other in (beside or {}).items():
        _check_history(name, other)
        for key, (style, label) in styles.items():
            epochs = range(1, len(other.get(key, [])) + 1)
            line = style[1:]
            axis.plot(epochs, other.get(key, []), line, color="0.5", label=f"{label}, {name}")
    for (name, value), grey in zip((marks or {}).items(), ("0.3", "0.6"), strict=False):
        axis.axhline(number(f"the mark {name!r}", value), color=grey, linestyle=":", label=name)
    axis.set(xlabel="epoch", ylabel=loss_name)
    if logarithmic:
        _logarithmic(axis)
    else:
        axis.set_ylim(0, None)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    return figure


def _check_history(name, history):
    if not isinstance(history, dict) or "training_loss" not in history:
        raise TypeError(f"{name} is {kind(history)}: give what `train` returned")
    if not len(history["training_loss"]):
        raise ValueError(f"{name} has no epoch: there is no loss to draw; train again")


def error_by_digit(errors, labels):
    """Draw the mean error of each digit, with a marker for each method.

    Args:
        errors: a dict from a method to the error of each image, `(N,)`.
        labels: the digits, `(N,)`.

    Returns:
        The figure.
    """
    figure, axis = plt.subplots(figsize=(8, 3))
    for (name, values), marker in zip(errors.items(), "osD^", strict=False):
        means = [values[labels == digit].mean() for digit in range(10)]
        axis.plot(means, marker, label=name)
    axis.set(xlabel="digit", ylabel="mean MSE", xticks=range(10), ylim=(0, None))
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def error_by_size(rows):
    """Draw the error against the size of the code, for the rows of the study `code_size`.

    Returns:
        The figure: means over the seeds, with the lowest and the highest as a bar.
    """
    figure, axis = plt.subplots(figsize=(6, 3.2))
    sizes = sorted(rows.numbers.unique())
    for name, column, style in (("autoencoder", "mse", "o-"), ("PCA", "pca_mse", "s--")):
        found = rows.groupby("numbers")[column].agg(["mean", "min", "max"]).loc[sizes]
        ends = [found["mean"] - found["min"], found["max"] - found["mean"]]
        axis.errorbar(sizes, found["mean"], ends, fmt=style, capsize=3, label=name)
    axis.set(xlabel="numbers in the code", ylabel="MSE on all test images")
    axis.set_xscale("log")
    _logarithmic(axis)
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.legend()
    return figure


def _logarithmic(axis):
    """Make the y-axis logarithmic, with numbers that can be read without powers of ten."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.yaxis.set_minor_locator(NullLocator())


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
