"""What the exercises of lesson 7, few labels, are checked by."""

import numpy as np
import scipy

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.draws import check_draws, mixed
from aelib.exercises.words import brief


@exercise(
    "stratified_draw(labels, count, generator)",
    "one flat list or tensor of whole numbers, the places of the chosen images",
    "which share of all images has each class? That is its share of the draw.",
)
def check_stratified_draw(answer):
    """Draw a few images in which each class has the share that it has among all of them.

    `labels` are `(N,)`. Returned are the places of `count` images, none twice: of a class with the
    share p `count * p`, rounded down or up, by the chance of `generator` alone. Each can be drawn.
    """
    uneven = mixed([30, 12, 6, 2])  # The last class is rare.
    cases = [(uneven, 10), (mixed([7, 7, 7]), 5), (uneven, 46), (uneven, 25)]
    check_draws(answer, cases, _inspect_shares)


def _inspect_shares(indices, labels, count):
    sizes = np.bincount(labels)
    if len(np.unique(indices)) < len(indices):
        raise Wrong(
            "some images appear twice. One that has been drawn is not put back; and places are "
            "those in all of `labels`, not among the images of one class."
        )
    drawn, fair = np.bincount(labels[indices], minlength=len(sizes)), count * sizes / len(labels)
    came = f"of {count} of {len(labels)} images, in classes of {brief(sizes)}, {brief(drawn)} came"
    whole = (drawn >= np.floor(fair)).all() and (drawn <= np.ceil(fair)).all()
    if not whole and (drawn >= np.minimum(sizes, drawn.max()) - 1).all() and drawn.max() > 1:
        raise Wrong(
            f"{came}: as many of each class as of any other. That is a balanced draw; in a "
            "stratified one a class keeps its share."
        )
    if whole and len(indices) != count:
        raise Wrong(
            f"{came}, {len(indices)} in all. If each class is rounded for itself, the sum need not "
            "be what was asked for. Where do you take the missing from, or leave the surplus?"
        )
    if not whole or len(indices) != count:
        raise Wrong(
            f"{came}. Their shares would be {brief(fair)}, each rounded up or down, and no "
            "further. Do you leave the number of each class to chance, or give one class what "
            "others lack?"
        )


@exercise(
    "paired_interval(first, second)",
    "three numbers, the mean difference and the two ends of its interval",
    "take the difference of each draw first. What remains is the mean of a few numbers.",
)
def check_paired_interval(answer):
    """How much better one method is than another, from draws that both had, with an interval.

    Two lists of accuracies, one pair for each draw: the mean of first minus second, and the lower
    and the upper end of its 95 % interval by Student's t.
    """
    generator = np.random.default_rng(0)
    cases = [([3.0, 5.0, 4.0], [1.0, 2.0, 3.0])]
    for count in (5, 10, 20):
        luck = generator.normal(60, 5, count)
        pair = [luck + generator.normal(shift, 1, count) for shift in (1.5, 0)]
        cases.append(tuple(np.round(one, 2).tolist() for one in pair))
    answer.compare(cases, _paired(), INTERVAL_MISTAKES, tolerance=2e-3)


def _paired(
    times=lambda n: scipy.stats.t.ppf(0.975, n - 1),
    spread=lambda a, b: (a - b).std(ddof=1),
    divide=lambda n: n**0.5,
):
    """The interval, or with one of its parts mistaken."""

    def interval(first, second):
        a, b = np.array(first), np.array(second)
        mean, reach = (a - b).mean(), times(len(a)) * spread(a, b) / divide(len(a))
        return mean, mean - reach, mean + reach

    return interval


INTERVAL_MISTAKES = {
    "the spreads of the two methods are put together, as if each had had draws of its own. They "
    "share their luck: take the differences first.": [
        _paired(spread=lambda a, b: (a.var(ddof=1) + b.var(ddof=1)) ** 0.5)
    ],
    "1.96 is for many draws, or a spread that is known. With ten it is estimated itself: Student's "
    "t has a larger factor, with n - 1 degrees of freedom and 2.5 % left on either side.": [
        _paired(times=lambda n: 1.96),
        _paired(times=lambda n: scipy.stats.t.ppf(0.95, n - 1)),
        _paired(times=lambda n: scipy.stats.t.ppf(0.975, n)),
    ],
    "the error of a mean of n draws is the spread of single ones, divided by the root of n.": [
        _paired(divide=lambda n: 1),
        _paired(divide=lambda n: n),
    ],
    "the standard deviation is too small: around the mean of the same n draws it is n - 1 that one "
    "divides by. NumPy does so with `ddof=1`.": _paired(spread=lambda a, b: (a - b).std()),
}


@exercise(
    "labels_needed(counts, accuracies, target)",
    "a number of labels, NaN where it has not been measured",
    "between which two of the measured counts does the accuracy pass the target?",
)
def check_labels_needed(answer):
    """How many labels a method needs to reach an accuracy, read off its curve.

    Counts and accuracies are lists in rising order. The curve is straight between two points if the
    axis of labels is logarithmic. Below the first and above the last accuracy it is NaN.
    """

    def read(value, *case):
        number, exact = answer.array(value, ()).astype(float), np.asarray(_needed(*case))
        # Labels are whole: rounded, up or down or to the nearest, is right, too.
        return exact if number == np.round(number) and abs(number - exact) < 1 else number

    cases = [([10, 1000], [50.0, 90.0], 70.0), ([10, 100], [40.0, 80.0], 40.0)]
    cases += [([10, 30, 100], [45.0, 63.0, 80.0], target) for target in (46.0, 60.0, 63.0, 79.0)]
    cases += [([10, 40, 160, 640], [30.0, 35.0, 70.0, 75.0], target) for target in (31.0, 50.0)]
    answer.compare(cases, _needed, CURVE_MISTAKES, 1e-3, read=read)
    outside = [([10, 100], [40.0, 80.0], target) for target in (30.0, 90.0)]
    answer.compare(outside, lambda *_: np.nan)


def _needed(counts, accuracies, target):
    return float(np.exp(np.interp(target, accuracies, np.log(counts))))


CURVE_MISTAKES = {
    "the line is straight over the labels themselves. On a logarithmic axis the middle between 10 "
    "and 1,000 is 100.": lambda counts, accuracies, target: np.interp(target, accuracies, counts),
    "that is the logarithm of the number of labels, or the power of another base than that of the "
    "logarithm. What undoes a logarithm?": [
        lambda *case: np.log(_needed(*case)),
        lambda *case: np.log10(_needed(*case)),
        lambda *case: np.exp(np.log10(_needed(*case))),
    ],
    "that is a count that has been measured. The curve passes the target between two of them.": [
        lambda counts, accuracies, target: counts[np.searchsorted(accuracies, target)],
        lambda counts, accuracies, target: counts[np.searchsorted(accuracies, target, "right") - 1],
        lambda counts, accuracies, target: counts[np.abs(np.array(accuracies) - target).argmin()],
    ],
}
