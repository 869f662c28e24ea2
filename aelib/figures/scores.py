"""Figures of how a training went, and of what a classifier gets right and wrong.

Each function returns its figure.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from aelib.evaluation import Accuracy, as_classes


def loss_curve(history, loss_name, marks=None, beside=None, logarithmic=False):
    """Draw the training and validation loss of every epoch.

    Args:
        history: what `train` returned.
        loss_name: what the loss is called.
        marks: a dict from a name to a loss to compare with, a dotted line.
        beside: a dict from a name to another history, drawn in grey.
        logarithmic: whether equal steps of the axis are equal ratios of the loss.
    """
    figure, axis = plt.subplots(figsize=(6, 3.2))
    for name, losses in {"": history, **(beside or {})}.items():
        for kind, line, marker in (("training", "-", "o"), ("validation", "--", "s")):
            values = losses.get(f"{kind}_loss", [])
            look = {"color": "0.5"} if name else {"marker": marker, "markersize": 4}
            if len(values):
                label = f"{kind}, {name}" if name else kind
                axis.plot(range(1, len(values) + 1), values, line, label=label, **look)
    for (name, value), grey in zip((marks or {}).items(), ("0.3", "0.6"), strict=False):
        axis.axhline(value, color=grey, linestyle=":", label=name)
    axis.set(xlabel="epoch", ylabel=loss_name)
    if logarithmic:
        _logarithmic(axis)
    else:
        axis.set_ylim(0, None)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    return figure


def error_by_digit(errors, labels):
    """Draw the mean error of each digit, with a marker for each method.

    Args:
        errors: a dict from a method to the error of each image, `(N,)`.
        labels: the digits, `(N,)`.
    """
    figure, axis = plt.subplots(figsize=(8, 3))
    for (name, values), marker in zip(errors.items(), "osD^", strict=False):
        means = [values[labels == digit].mean() for digit in range(10)]
        axis.plot(means, marker, label=name)
    axis.set(xlabel="digit", ylabel="mean MSE", xticks=range(10), ylim=(0, None))
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def error_by_size(rows):
    """Draw the error against the size of the code, for the rows of the study `code_size`:
    means over the seeds, with the lowest and the highest as a bar.
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
    """Draw the confusion matrices of several classifiers side by side, as numbers of images.

    Mistakes only: the correct answers on the diagonal would drown the rest.

    Args:
        predictions: a dict from a title to predicted classes, `(N,)`.
        labels: the true classes, `(N,)`.

    Raises:
        ValueError: as for `accuracy`.
    """
    *predicted, labels = as_classes(*predictions.values(), labels)
    count = 1 + max(9, labels.max(), *(p.max() for p in predicted))
    matrices = np.zeros((len(predicted), count, count), int)
    for matrix, answers in zip(matrices, predicted, strict=True):
        np.add.at(matrix, (labels, answers), 1)
        np.fill_diagonal(matrix, 0)
    side = 1 + 0.36 * count
    figure, axes = plt.subplots(1, len(predicted), figsize=(side * len(predicted), side))
    for title, matrix, axis in zip(predictions, matrices, np.ravel(axes), strict=True):
        # One scale for all, up to a colour on which black numbers can still be read.
        axis.imshow(matrix, "Oranges", vmin=0, vmax=1.6 * max(1, matrices.max()))
        for (true, answer), number in np.ndenumerate(matrix):
            axis.text(answer, true, "" if true == answer else number, ha="center", va="center")
        axis.set(title=title, xlabel="predicted class", ylabel="true class")
        axis.set_xticks(range(count), range(count))
        axis.set_yticks(range(count), range(count))
        axis.grid(False)
    return figure


def score_chart(scores):
    """Draw scores with their intervals, the first at the top.

    Args:
        scores: a dict from a name to an `Accuracy`, or to a plain number, in percent, for a
            published score, of which no interval is known.
    """
    figure, axis = plt.subplots(figsize=(7, 0.42 * len(scores) + 0.8))
    for place, (name, score) in enumerate(scores.items()):
        if isinstance(score, Accuracy):
            axis.plot(score.interval, [place, place], color="C0", label=f"interval of {name}")
            axis.plot(score, place, "o", color="C0", label=name)
        else:
            axis.plot(score, place, "D", color="C1", label=name)
        axis.annotate(
            f"{score:.1f}", (score, place), (0, 6), textcoords="offset points", ha="center", size=8
        )
    axis.set(yticks=range(len(scores)), yticklabels=scores, xlabel="accuracy (%)")
    axis.set_ylim(len(scores) - 0.5, -0.7)
    return figure


def draws_histogram(draws, whole, interval):
    """Draw the accuracies of many draws of 1,000 test images, in percent.

    Args:
        whole: the accuracy on all test images.
        interval: the ends of its interval, were it measured on 1,000.
    """
    figure, axis = plt.subplots(figsize=(9, 2.8))
    axis.hist(draws, bins=np.arange(min(draws), max(draws) + 0.2, 0.2), color="C5")
    axis.axvspan(*interval, color="C1", alpha=0.15, label="95 % interval for 1,000 images")
    axis.axvline(whole, color="C1", label="all 10,000 images")
    axis.set(xlabel="accuracy on 1,000 of the test images (%)", ylabel="draws")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
