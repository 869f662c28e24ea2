"""What the exercise of lesson 5 on McNemar's test is checked by."""

from math import comb, erfc, sqrt

import numpy as np
import torch

from aelib.exercises.answers import Raised, Wrong, exercise
from aelib.exercises.words import brief


@exercise(
    "mcnemar(first, second, labels)",
    returns="a probability, one number",
    first_hint="on which images do the two differ in being right? Only those are tosses of a coin.",
)
def check_mcnemar(answer):
    """Could the luck of the images explain it? McNemar's exact test of two classifiers.

    `mcnemar(first, second, labels)` gets what two classifiers predicted and the true labels, all
    `(N,)`. It looks at the images that only one of the two has right, and returns the probability
    that as many tosses of a fair coin split at least this unevenly, to either side. Where no such
    image exists, that is 1.
    """
    splits = [(1, 0, 2), (0, 2, 2), (3, 3, 4), (1, 6, 10), (6, 1, 10), (2, 9, 30), (0, 0, 5)]
    cases = [_predictions(*split) for split in [*splits, (12, 25, 60)]]

    def counts(first, second, labels):
        return (
            int(((first == labels) & (second != labels)).sum()),
            int(((second == labels) & (first != labels)).sum()),
        )

    def total(test):
        return lambda *case: test(*counts(*case), len(case[2]))

    two_sided, both_wrong = _two_sided, lambda first, second, labels: int((first != second).sum())
    values = []
    for case in cases:
        try:
            values.append(_probability(answer, answer(*case)))
        except Raised as raised:
            if sum(counts(*case)) or not values:
                raise
            raise Wrong(f"{raised}. Here the two never disagree; what is asked for then?") from None
    expected = [two_sided(*counts(*case)) for case in cases]
    if np.allclose(values, expected, rtol=1e-3, atol=1e-6):
        return
    mistakes = [
        (
            "all images seem to be counted. Only disagreements toss the coin: on the others the "
            "two are alike.",
            [
                total(lambda a, b, n: two_sided(a, n - a)),
                total(lambda a, b, n: two_sided(b, n - b)),
                total(lambda a, b, n: two_sided(min(a, b), n - min(a, b))),
                total(lambda a, b, n: two_sided(max(a, b), n - max(a, b))),
                lambda first, second, labels: two_sided(
                    int((first == labels).sum()), int((second == labels).sum())
                ),
            ],
        ),
        (
            "yours is one-sided, often half of what it should be. Before the run nobody knew which "
            "of the two would be better.",
            [
                total(lambda a, b, n: _tail(min(a, b), a + b)),
                total(lambda a, b, n: _tail(a, a + b)),
                total(lambda a, b, n: _tail(b, a + b)),
            ],
        ),
        (
            "at a tie more than 1 comes out, which is no probability. Twice one side counts the "
            "middle twice.",
            [total(lambda a, b, n: 2 * _tail(min(a, b), a + b))],
        ),
        (
            "that is the probability of exactly this split. At least as uneven: which other splits "
            "are meant?",
            [
                total(lambda a, b, n: _exactly(a, a + b)),
                total(lambda a, b, n: min(1, 2 * _exactly(a, a + b))),
            ],
        ),
        (
            "images on which both are wrong, in two ways, seem to count. Nobody is right there.",
            [
                lambda *case: two_sided(counts(*case)[0], both_wrong(*case) - counts(*case)[0]),
                lambda *case: two_sided(counts(*case)[1], both_wrong(*case) - counts(*case)[1]),
            ],
        ),
        (
            "that is the approximation by a chi-squared distribution, made for many disagreements. "
            "With a few, count the tosses of the coin exactly.",
            [
                total(lambda a, b, n: _chi_squared(a, b, 0)),
                total(lambda a, b, n: _chi_squared(a, b, 1)),
            ],
        ),
        (
            "that is 1 minus the probability asked for.",
            [total(lambda a, b, n: 1 - two_sided(a, b))],
        ),
    ]
    # Where no image is left to toss a coin, mistakes differ by accident.
    counted = [number for number, case in enumerate(cases) if sum(counts(*case))]
    for hint, ways in mistakes:
        for way in ways:
            wrong = [way(*cases[number]) for number in counted]
            if np.allclose([values[number] for number in counted], wrong, rtol=1e-3, atol=1e-6):
                raise Wrong(hint)
    if np.max(values) > 1 + 1e-6:
        raise Wrong(f"{brief(float(np.max(values)))} came, but a probability is never above 1.")
    for case, value, right in zip(cases, values, expected, strict=True):
        if not np.isclose(value, right, rtol=1e-3, atol=1e-6):
            a, b = counts(*case)
            raise Wrong(
                f"of {len(case[2])} images only the first has {a} right and only the second {b}: "
                f"{brief(float(value))} came, and {brief(float(right))} was expected."
            )


def _predictions(only_first, only_second, rest):
    """Two predictions and labels; of the rest both have one in two right."""
    kinds = [0] * only_first + [1] * only_second + [2 + number % 2 for number in range(rest)]
    order = torch.randperm(len(kinds), generator=torch.Generator().manual_seed(len(kinds)))
    kinds = torch.tensor(kinds)[order]
    labels = torch.arange(len(kinds)) % 10
    first = torch.where((kinds == 1) | (kinds == 3), (labels + 1) % 10, labels)
    second = torch.where((kinds == 0) | (kinds == 3), (labels + 2) % 10, labels)
    return first, second, labels


def _probability(answer, value):
    if hasattr(value, "pvalue"):  # A result of SciPy.
        value = value.pvalue
    if isinstance(value, tuple) and len(value) == 3:  # As `aelib.evaluation` returns it.
        value = value[2]
    return float(answer.array(value, ()))


def _two_sided(a, b):
    return min(1.0, 2 * _tail(min(a, b), a + b)) if a != b else 1.0


def _tail(a, n):
    """The probability of at most `a` heads in `n` tosses."""
    return sum(_exactly(heads, n) for heads in range(a + 1))


def _exactly(a, n):
    return comb(n, a) / 2**n


def _chi_squared(a, b, correction):
    statistic = (abs(a - b) - correction) ** 2 / (a + b)
    return erfc(sqrt(statistic / 2))
