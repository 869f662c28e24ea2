"""Right and wrong answers to the exercises of lesson 7."""

import math

import numpy as np
import scipy
import torch
from sklearn.model_selection import train_test_split


def chosen(labels, numbers, generator):
    """So many of each class, at random."""
    drawn = []
    for label, number in enumerate(numbers):
        places = (labels == label).nonzero().flatten()
        drawn.append(places[torch.randperm(len(places), generator=generator)[: int(number)]])
    return torch.cat(drawn)


def stratified_draw(labels, count, generator):
    fair = count * labels.bincount() / len(labels)
    numbers = fair.floor()
    missing = count - int(numbers.sum())
    numbers[(fair - numbers).argsort(descending=True)[:missing]] += 1
    return chosen(labels, numbers, generator)


def by_a_library(labels, count, generator):
    seed = int(torch.randint(2**31, (1,), generator=generator))
    places = np.arange(len(labels))
    return train_test_split(places, train_size=count, stratify=labels, random_state=seed)[0]


def put_back(labels, count, generator):
    drawn = stratified_draw(labels, count, generator)
    other = drawn[torch.randint(len(drawn), (len(drawn),), generator=generator)]
    return other


def paired_by_a_library(first, second):
    result = scipy.stats.ttest_rel(first, second)
    interval = result.confidence_interval()
    return [np.mean(first) - np.mean(second), interval.low, interval.high]


def interval(first, second, factor=None, error=None):
    d = np.subtract(first, second)
    factor = scipy.stats.t.ppf(0.975, len(d) - 1) if factor is None else factor
    error = scipy.stats.sem(d) if error is None else error
    return d.mean(), d.mean() - factor * error, d.mean() + factor * error


def unpaired(first, second):
    variances = np.var(first, ddof=1) + np.var(second, ddof=1)
    return interval(first, second, error=(variances / len(first)) ** 0.5)


def labels_needed(counts, accuracies, target):
    if not accuracies[0] <= target <= accuracies[-1]:
        return float("nan")
    return float(np.exp(np.interp(target, accuracies, np.log(counts))))


def without_the_ends(counts, accuracies, target):
    logs = np.log10(counts)
    return 10 ** np.interp(target, accuracies, logs, left=np.nan, right=np.nan)


def nothing_outside(counts, accuracies, target):
    if accuracies[0] <= target <= accuracies[-1]:
        return labels_needed(counts, accuracies, target)


RIGHT = {
    "check_stratified_draw": [by_a_library],
    "check_paired_interval": [paired_by_a_library],
    "check_labels_needed": [
        lambda n, a, t: math.ceil(needed) if (needed := labels_needed(n, a, t)) > 0 else needed,
        without_the_ends,
    ],
}

WRONG = {
    "check_stratified_draw": {
        "of 10 of 50 images,": lambda y, n, g: torch.randperm(len(y), generator=g)[:n],
        "some images appear twice. One": put_back,
        "with 50 images the index": lambda y, n, g: stratified_draw(y, n, g) + 1000,
    },
    "check_paired_interval": {
        "the spreads of the two": unpaired,
        "1.96 is for many draws,": lambda a, b: interval(a, b, factor=1.96),
        "the error of a mean": lambda a, b: interval(a, b, error=np.subtract(a, b).std(ddof=1)),
        "the standard deviation is too": lambda a, b: interval(
            a, b, error=np.subtract(a, b).std() / len(a) ** 0.5
        ),
    },
    "check_labels_needed": {
        "the line is straight over": lambda n, a, t: np.interp(t, a, n),
        "that is the logarithm of": lambda n, a, t: np.interp(t, a, np.log(n)),
        "that is a count that": lambda counts, accuracies, target: next(
            (c for c, a in zip(counts, accuracies, strict=True) if a >= target)
        ),
        "labels_needed([10, 100], [40, 80], 30)": nothing_outside,
    },
}
