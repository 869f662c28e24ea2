"""Scores, how sure they are, and whether they are what they should be."""

import numpy as np
import scipy  # Its `stats` takes a second to import, and does so where it is first used.
import torch

from aelib.data import scaled


class Measured(float):
    """A number that knows what it was measured on; what is computed from it is a plain number.

    Args:
        value: the number.
        unit: its unit, such as "%", or none.
        count: on how many images it was measured, where that is known.
    """

    def __new__(cls, value, unit="", count=None):
        return super().__new__(cls, value)

    def __init__(self, value, unit="", count=None):
        self.unit, self.count = unit, count


class Accuracy(Measured):
    """A share of right answers in percent, with its interval."""

    @property
    def interval(self):
        """Its 95 % interval, a pair in percent."""
        return accuracy_interval(self, self.count)


def accuracy(predicted, labels):
    """The share of `predicted`, `(N,)`, that equals `labels`, `(N,)`, in percent.

    Either may be a tensor, an array or a list of whole numbers. The result, an `Accuracy`, is a
    number that also knows its interval.

    Raises:
        ValueError: they are not that, or not equally many.
    """
    predicted, labels = as_classes(predicted, labels)
    return Accuracy(100 * float(np.mean(predicted == labels)), "%", len(labels))


def as_classes(*several):
    """Each of `several` as an array `(N,)` of whole numbers.

    Raises:
        ValueError: one is not that, or they are not equally many. numpy would compare them in some
            other way, and return a score.
    """
    arrays = [np.asarray(v.cpu() if isinstance(v, torch.Tensor) else v) for v in several]
    whole = all(array.dtype.kind in "iu" for array in arrays)
    lengths = {array.shape for array in arrays}
    if not whole or len(lengths) > 1 or arrays[0].ndim != 1 or arrays[0].size == 0:
        given = " and ".join(f"{array.dtype} {array.shape}" for array in arrays)
        raise ValueError(
            f"these are {given}: classes are whole numbers (N,), as many as there are labels; "
            "of class scores or one-hot rows take `.argmax(1)` first"
        )
    return arrays


def accuracy_interval(percent, count):
    """The 95 % interval around an accuracy of `percent` measured on `count` images, in percent.

    Wilson's (1927): where the accuracy on endlessly many images of this kind may well lie.
    """
    return share_interval(round(float(percent) / 100 * count), count, "wilson")


def share_interval(count, total, method="exact"):
    """The 95 % interval, in percent, around the share of what was seen `count` times in `total`,
    such as wins; by default the exact one (Clopper and Pearson, 1934)."""
    interval = scipy.stats.binomtest(count, total).proportion_ci(method=method)
    return 100 * interval.low, 100 * interval.high


def score_line(name, score):
    """An `Accuracy` with its 95 % interval, as a line of text that begins with its name."""
    low, high = score.interval
    return f"{name:<24} {score:6.2f} %   ({low:.1f} to {high:.1f}) on {score.count:>6,} images"


def paired_comparison(first, second, labels):
    """Compare two classifiers on the same images by McNemar's exact test (1947).

    Args:
        first, second: the predicted classes of either, `(N,)`, as for `accuracy`.
        labels: the true ones, `(N,)`.

    Returns:
        How many images only the first has right, how many only the second, and the probability
        of a split at least as uneven if both were equally good.

    Raises:
        ValueError: as for `accuracy`.
    """
    first, second, labels = as_classes(first, second, labels)
    only_first = int(((first == labels) & (second != labels)).sum())
    only_second = int(((second == labels) & (first != labels)).sum())
    disagreements = only_first + only_second
    if disagreements == 0:
        return 0, 0, 1.0
    return only_first, only_second, scipy.stats.binomtest(only_first, disagreements).pvalue


def reconstruction_errors(reconstructions, images):
    """The mean squared error per pixel of each image: `(N,)` from two times `(N, C, H, W)`.

    Bytes are brought to [0, 1] first, as `train` and `infer` do.

    Raises:
        ValueError: they differ in shape.
    """
    if reconstructions.shape != images.shape:  # torch would spread one over the other.
        raise ValueError(
            f"reconstructions are {tuple(reconstructions.shape)}, images {tuple(images.shape)}: "
            "each image is compared with its own reconstruction, so both need the same shape"
        )
    return (scaled(reconstructions) - scaled(images)).square().flatten(1).mean(1)


def check_value(name, value, measured, source):
    """Say that `value` is inside the `band` of the values measured before, or raise.

    Raises:
        AssertionError: it is outside, or not finite.
    """
    low, high = band(measured)
    if not low <= value <= high:
        raise AssertionError(
            f"{name} is {value:.4f} on {source}; {low:.4f} to {high:.4f} was expected.\n"
            "If you changed the code on purpose, this is its effect. If not, something broke."
        )
    print(f"ok: {name} is inside its band")


def band(values):
    """The interval that holds one more value of the same kind 999 times in 1,000 (Student's t)."""
    return _student_interval(0.999, values, 1 + 1 / len(values))


def mean_interval(values):
    """The 95 % interval around the mean of `values`, two or more (Student's t)."""
    return _student_interval(0.95, values, 1 / len(values))


def _student_interval(confidence, values, share):
    """Where Student's t sees `confidence` of what has `share` of the variance of `values`."""
    values = np.asarray(values, float)
    if np.ptp(values) == 0:  # Its formula has no answer for a spread of zero.
        return values[0], values[0]
    error = np.std(values, ddof=1) * np.sqrt(share)
    return scipy.stats.t.interval(confidence, len(values) - 1, np.mean(values), error)


def holm(probabilities):
    """The p-values `(N,)` of several comparisons, made larger so that any below 0.05 is so in spite
    of their number (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    probabilities = np.asarray(probabilities, dtype=float)
    order = probabilities.argsort()
    raised = probabilities[order] * np.arange(len(order), 0, -1)
    corrected = np.empty_like(raised)
    corrected[order] = np.maximum.accumulate(raised).clip(max=1)
    return corrected
