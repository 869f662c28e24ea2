"""Scores, how sure they are, and whether they are what they should be."""

import hashlib

import numpy as np
import scipy  # Its `stats` takes a second to import, and does so where it is first used.
import torch

from aelib.arguments import classes, kind, number, sample, shape, whole_number
from aelib.data import scaled

TINY = 1e-150  # What is squared is 0 in double precision.


class Measured(float):
    """A number that knows what it was measured on; what is computed from it is a plain number.

    Args:
        value: the number.
        unit: its unit, such as "%", or none.
        count: on how many images it was measured, where that is known.
        digest: a fingerprint of these images, or of their labels.
    """

    def __new__(cls, value, unit="", count=None, digest=None):
        return super().__new__(cls, number("value", value))

    def __init__(self, value, unit="", count=None, digest=None):
        self.unit, self.count, self.digest = unit, count, digest


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
        TypeError, ValueError: they are not that, or not equally many.
    """
    predicted, labels = classes(predicted=predicted, labels=labels)
    percent = 100 * float(np.mean(predicted == labels))
    return Accuracy(percent, "%", len(labels), fingerprint(labels))


def accuracy_interval(percent, count):
    """The 95 % interval around an accuracy of `percent` measured on `count` images, in percent.

    Wilson's (1927): where the accuracy on endlessly many images of this kind may well lie.

    Raises:
        TypeError, ValueError: `percent` is not from 0 to 100, `count` no number of images.
    """
    percent = number("percent", percent)
    if not 0 <= percent <= 100:
        raise ValueError(f"percent={percent:g} is not an accuracy: it goes from 0 to 100")
    count = whole_number("count", count)
    if count < 1:
        raise ValueError(f"count={count} is no number of images: it is 1 or more")
    result = scipy.stats.binomtest(round(percent / 100 * count), count)
    interval = result.proportion_ci(confidence_level=0.95, method="wilson")
    return 100 * interval.low, 100 * interval.high


def score_line(name, score):
    """An `Accuracy` with its 95 % interval, as a line of text that begins with its name."""
    if not isinstance(score, Accuracy):
        raise TypeError(f"score is {kind(score)}: give what `accuracy` returns")
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
        TypeError, ValueError: as for `accuracy`.
    """
    first, second, labels = classes(first=first, second=second, labels=labels)
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
        TypeError, ValueError: they are not that, or differ in shape.
    """
    pair = {"reconstructions": reconstructions, "images": images}
    for name, value in pair.items():
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} is {kind(value)}: give a tensor (N, channels, height, width)")
        if value.dtype != torch.uint8 and not value.is_floating_point():
            raise TypeError(f"{name} are {value.dtype}: give floats in [0, 1], or bytes")
        if value.ndim != 4 or value.numel() == 0:
            raise ValueError(f"{name} are {shape(value)}: (N, channels, height, width) is needed")
    if reconstructions.shape != images.shape:
        raise ValueError(
            f"reconstructions are {shape(reconstructions)}, images {shape(images)}: each image "
            "is compared with its own reconstruction, so both need the same shape"
        )
    return (scaled(reconstructions) - scaled(images)).square().flatten(1).mean(1)


def mean_squared_error(reconstructions, images):
    """The mean of `reconstruction_errors`, a number that knows on which images it was measured."""
    errors = reconstruction_errors(reconstructions, images)
    return Measured(errors.mean().item(), count=len(images), digest=fingerprint(images))


def fingerprint(values):
    """A short text that other images, or the labels of others, do not have."""
    tensor = torch.as_tensor(values)
    tensor = scaled(tensor).float() if tensor.ndim > 1 else tensor.long()
    return hashlib.blake2b(tensor.contiguous().cpu().numpy().tobytes(), digest_size=8).hexdigest()


def check_value(name, value, measured, source):
    """Say that `value` is inside the `band` of the values measured before, or raise.

    Raises:
        AssertionError: it is outside.
        TypeError, ValueError: `value` is no number, or there are fewer than two to compare with.
    """
    value = number(name, value)
    low, high = band(measured)
    if not low <= value <= high:
        raise AssertionError(
            f"{name} is {value:.4f} on {source}; {low:.4f} to {high:.4f} was expected.\n"
            "If you changed the code on purpose, this is its effect. If not, something broke."
        )
    print(f"ok: {name} is inside its band")


def band(values):
    """The interval that holds one more value of the same kind 999 times in 1,000 (Student's t)."""
    values = sample(values)
    error = np.std(values, ddof=1) * np.sqrt(1 + 1 / len(values))
    return student_interval(0.999, values, error)


def mean_interval(values):
    """The 95 % interval around the mean of `values` (Student's t).

    Raises:
        TypeError, ValueError: they are not at least two finite numbers in a row.
    """
    values = sample(values)
    return student_interval(0.95, values, np.std(values, ddof=1) / np.sqrt(len(values)))


def win_probability(differences):
    """The probability that one more difference of the same kind is above 0 (Student's t)."""
    differences = sample(differences)
    if np.ptp(differences) < TINY:  # All equal: always, never, or, at 0, no telling.
        return (1 + np.sign(differences[0])) / 2
    error = np.std(differences, ddof=1) * np.sqrt(1 + 1 / len(differences))
    return scipy.stats.t.sf(0, len(differences) - 1, np.mean(differences), error)


def win_interval(differences):
    """The 95 % interval of the probability that one more difference is above 0, if they are spread
    like a normal distribution: from the standard error of mean over deviation (Hedges and Olkin,
    1985).

    Raises:
        TypeError, ValueError: they are not at least two finite numbers in a row.
    """
    differences = sample(differences)
    if np.ptp(differences) < TINY:
        return 0.0, 1.0
    effect = np.mean(differences) / np.std(differences, ddof=1)
    count = len(differences)
    error = np.sqrt(1 / count + effect**2 / (2 * (count - 1)))
    low, high = scipy.stats.norm.cdf([effect - 1.96 * error, effect + 1.96 * error])
    return low, high


def holm(probabilities):
    """The p-values `(N,)` of several comparisons, made larger so that any below 0.05 is so in spite
    of their number (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    probabilities = np.asarray(probabilities, dtype=float)
    order = probabilities.argsort()
    raised = probabilities[order] * np.arange(len(order), 0, -1)
    corrected = np.empty_like(raised)
    corrected[order] = np.maximum.accumulate(raised).clip(max=1)
    return corrected


def student_interval(confidence, values, error):
    """Where Student's t sees the share `confidence` around the mean of `values`."""
    if np.ptp(values) < TINY:  # Its formula has no answer for a spread of zero.
        return values[0], values[0]
    return scipy.stats.t.interval(confidence, len(values) - 1, np.mean(values), error)
