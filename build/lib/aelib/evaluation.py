"""Scores, how sure they are, and whether they are what they should be."""

import numpy as np
import scipy  # Its `stats` takes a second to import, and does so where it is first used.


def accuracy(predicted, labels):
    """The share of `predicted`, `(N,)`, that equals `labels`, `(N,)`, in percent."""
    return 100 * float(np.mean(np.asarray(predicted) == np.asarray(labels)))


def accuracy_interval(percent, count):
    """The 95 % interval around an accuracy of `percent` measured on `count` images, in percent.

    Wilson's (1927): where the accuracy on endlessly many images of this kind may well lie.
    """
    result = scipy.stats.binomtest(round(percent / 100 * count), count)
    interval = result.proportion_ci(confidence_level=0.95, method="wilson")
    return 100 * interval.low, 100 * interval.high


def paired_comparison(first, second, labels):
    """Compare two classifiers on the same images by McNemar's exact test (1947).

    Args:
        first, second: the predicted classes of either, `(N,)`.
        labels: the true ones, `(N,)`.

    Returns:
        How many images only the first has right, how many only the second, and the probability
        of a split at least as uneven if both were equally good.
    """
    only_first = ((first == labels) & (second != labels)).sum().item()
    only_second = ((second == labels) & (first != labels)).sum().item()
    disagreements = only_first + only_second
    if disagreements == 0:
        return 0, 0, 1.0
    return only_first, only_second, scipy.stats.binomtest(only_first, disagreements).pvalue


def reconstruction_errors(reconstructions, images):
    """The mean squared error per pixel of each image: `(N,)` from two times `(N, 1, 28, 28)`."""
    return (reconstructions - images).square().flatten(1).mean(1)


def check_value(name, value, measured, source):
    """Say that `value` is inside the `band` of the values measured before, or raise.

    Raises:
        AssertionError: it is outside.
    """
    low, high = band(measured)
    if not low <= value <= high:
        raise AssertionError(
            f"{name} is {value:.4f} on {source}; {low:.4f} to {high:.4f} was expected.\n"
            "If you changed the code on purpose, this is its effect. If not, something broke."
        )
    print(f"ok: {name} is inside its band")


def band(values):
    """The interval that holds one more value of the same kind 999 times in 1,000."""
    error = np.std(values, ddof=1) * np.sqrt(1 + 1 / len(values))
    return scipy.stats.t.interval(0.999, len(values) - 1, np.mean(values), error)


def mean_interval(values):
    """The 95 % interval around the mean of `values` (Student's t)."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return scipy.stats.t.interval(0.95, len(values) - 1, np.mean(values), error)


def win_probability(differences):
    """The probability that one more difference of the same kind is above 0 (Student's t)."""
    error = np.std(differences, ddof=1) * np.sqrt(1 + 1 / len(differences))
    return scipy.stats.t.sf(0, len(differences) - 1, np.mean(differences), error)
