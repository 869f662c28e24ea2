"""What the exercises of lesson 7, few labels, are checked by."""

from functools import partial

import numpy as np
import scipy
import torch

from aelib.exercises.answers import Raised, Wrong, close, exercise
from aelib.exercises.places import check_chance, drawn_again, places
from aelib.exercises.words import brief, shown_call


@exercise(
    "stratified_draw(labels, count, generator)",
    returns="one flat list or tensor of whole numbers, the places of the chosen images",
    first_hint="which share of all images has each class? That is its share of the draw.",
)
def check_stratified_draw(answer):
    """Draw a few images in which each class has the share that it has among all of them.

    `stratified_draw(labels, count, generator)` gets the classes of all images, `(N,)`, a number of
    images, and a `torch.Generator`. It returns the indices of `count` images, none of them twice,
    in any order. Of a class with the share p there are `count * p`, rounded down or up where that
    is not whole. All chance comes from `generator`: its seed decides which images are drawn, and
    each image can be.
    """
    uneven = _classes([30, 12, 6, 2])  # The last class is rare.
    for labels, count in ((uneven, 25), (uneven, 10), (_classes([7, 7, 7]), 5), (uneven, 46)):
        for seed in range(3):
            drawn_again(partial(_draw, answer, labels, count), seed)
    draws = [_draw(answer, uneven, 25, seed) for seed in range(60)]
    rule = "Every image of a class should have the same chance."
    check_chance(draws, len(uneven), rule)


def _classes(counts):
    """Labels with so many of each class, mixed."""
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))]


def _draw(answer, labels, count, seed, chance=0):
    """The indices that were drawn, sorted, once they are seen to be stratified."""
    value = answer(labels, count, torch.Generator().manual_seed(seed), chance=chance)
    indices = places(answer, value, labels)
    sizes = labels.bincount().numpy()
    repeated = len(np.unique(indices)) < len(indices)
    if repeated and len(indices) == count and indices.max() < sizes.max():
        raise Wrong(
            f"of {len(labels)} labels only the first {indices.max() + 1} places come up. Are these "
            "classes, or places among the images of one class? Places in all of `labels` are asked "
            "for."
        )
    if repeated:
        raise Wrong(
            "some images appear twice. An image that has been drawn is not put back: it would be "
            "paid for once and counted as two."
        )
    drawn = np.bincount(labels.numpy()[indices], minlength=len(sizes))
    fair = count * sizes / len(labels)
    asked = f"{count} of {len(labels)} images, in classes of {brief(sizes)}"
    whole = (drawn >= np.floor(fair)).all() and (drawn <= np.ceil(fair)).all()
    balanced = (drawn >= np.minimum(sizes, drawn.max()) - 1).all() and drawn.max() > 1
    if balanced and not whole:
        raise Wrong(
            f"of {asked}, {brief(drawn)} came: as many of each class as of any other. That is a "
            "balanced draw; in a stratified one a class keeps its share."
        )
    if len(indices) != count and whole:
        raise Wrong(
            f"of {asked}, {len(indices)} came. If each class is rounded for itself, the sum need "
            "not be what was asked for. Where do you take the missing from, or leave the surplus?"
        )
    if len(indices) != count:
        raise Wrong(f"of {asked}, {len(indices)} came, and {count} were asked for.")
    if not whole:
        raise Wrong(
            f"of {asked}, {brief(drawn)} came. Their shares would be {brief(fair)}, each rounded "
            "up or down, and no further. Do you leave the number of each class to chance, or give "
            "one class what others lack?"
        )
    return np.sort(indices)


@exercise(
    "paired_interval(first, second)",
    returns="three numbers, the mean difference and the two ends of its interval",
    first_hint="take the difference of each draw first. What remains is the mean of a few numbers.",
)
def check_paired_interval(answer):
    """How much better one method is than another, from draws that both had, with an interval.

    `paired_interval(first, second)` gets the accuracies of two methods, lists of equal length, one
    pair for each draw. It returns the mean of first minus second, and the lower and the upper end
    of its 95 % interval by Student's t.
    """
    generator = np.random.default_rng(0)
    cases = [([3.0, 5.0, 4.0], [1.0, 2.0, 3.0])]
    for count in (5, 10, 20):
        luck = generator.normal(60, 5, count)
        pair = [luck + generator.normal(shift, 1, count) for shift in (1.5, 0)]
        cases.append(tuple(np.round(one, 2).tolist() for one in pair))
    answer.compare(cases, _paired(), _INTERVAL_MISTAKES, tolerance=2e-3)


def _t(n):
    return scipy.stats.t.ppf(0.975, n - 1)


def _paired(
    times=_t,
    spread=lambda a, b: (a - b).std(ddof=1),
    divide=lambda n: n**0.5,
    center=lambda a, b: (a - b).mean(),
    ends=lambda mean, reach: (mean, mean - reach, mean + reach),
):
    """The interval, or with one of its parts mistaken."""

    def interval(first, second):
        a, b = np.array(first), np.array(second)
        n = len(a)
        return ends(center(a, b), times(n) * spread(a, b) / divide(n))

    return interval


def _unpaired(a, b):
    return (a.var(ddof=1) + b.var(ddof=1)) ** 0.5


_INTERVAL_MISTAKES = [
    (
        "the spreads of the two methods are put together, as if each had had draws of its own. "
        "They share their luck: take the differences first.",
        _paired(spread=_unpaired),
    ),
    (
        "the spreads of the two methods are put together, as if each had had draws of its own. "
        "They share their luck: take the differences first.",
        _paired(times=lambda n: scipy.stats.t.ppf(0.975, 2 * n - 2), spread=_unpaired),
    ),
    (
        "1.96 is for many draws, or a spread that is known. With ten it is estimated itself: "
        "Student's t has a larger factor.",
        _paired(times=lambda n: 1.96),
    ),
    (
        "1.96 is for many draws, or a spread that is known. With ten it is estimated itself: "
        "Student's t has a larger factor.",
        _paired(times=lambda n: scipy.stats.norm.ppf(0.975)),
    ),
    (
        "that is where single draws lie. A mean of n draws is surer than one, by the root of n.",
        _paired(divide=lambda n: 1),
    ),
    (
        "you divide by n, but the error of a mean falls with the root of n only.",
        _paired(divide=lambda n: n),
    ),
    (
        "the standard deviation is too small: around the mean of the same n draws it is n - 1 that "
        "one divides by. NumPy does so with `ddof=1`.",
        _paired(spread=lambda a, b: (a - b).std()),
    ),
    (
        "too narrow: 95 % in the middle leave 2.5 % on either side, not 5.",
        _paired(times=lambda n: scipy.stats.t.ppf(0.95, n - 1)),
    ),
    (
        "Student's t has n - 1 degrees of freedom, for n draws.",
        _paired(times=lambda n: scipy.stats.t.ppf(0.975, n)),
    ),
    (
        "the sign is turned round: first minus second.",
        lambda first, second: _paired()(second, first),
    ),
    (
        "the order is the mean, then the lower end, then the upper.",
        _paired(ends=lambda mean, reach: (mean - reach, mean, mean + reach)),
    ),
    (
        "the order is the mean, then the lower end, then the upper.",
        _paired(ends=lambda mean, reach: (mean, mean + reach, mean - reach)),
    ),
    (
        "that is one standard error to each side, which holds some 68 %, not 95.",
        _paired(times=lambda n: 1),
    ),
]


@exercise(
    "labels_needed(counts, accuracies, target)",
    returns="a number of labels, NaN where it has not been measured",
    first_hint="between which two of the measured counts does the accuracy pass the target?",
)
def check_labels_needed(answer):
    """How many labels a method needs to reach an accuracy, read off its curve.

    `labels_needed(counts, accuracies, target)` gets numbers of labels and the accuracy with each,
    lists in rising order, and the accuracy to reach. It returns the number of labels where the
    curve passes it, a straight line between two points if the axis of labels is logarithmic. Where
    the target lies below the first or above the last accuracy it returns NaN, `float("nan")`.
    """
    cases = [([10, 1000], [50.0, 90.0], 70.0), ([10, 100], [40.0, 80.0], 40.0)]
    cases += [([10, 30, 100], [45.0, 63.0, 80.0], target) for target in (46.0, 60.0, 63.0, 79.0)]
    cases += [([10, 40, 160, 640], [30.0, 35.0, 70.0, 75.0], target) for target in (31.0, 50.0)]
    outside = [([10, 100], [40.0, 80.0], 30.0), ([10, 100], [40.0, 80.0], 90.0)]
    got = np.array([float(answer.array(answer(*case), ())) for case in cases])
    expected = np.array([_needed(*case) for case in cases])
    # Labels are whole: rounded, up or down or to the nearest, is right, too.
    rounded = np.where((got == np.round(got)) & (np.abs(got - expected) < 1), expected, got)
    if not close(rounded, expected, 1e-3):
        for hint, way in _NEEDED_MISTAKES:
            if close(got, np.array([way(*case) for case in cases], float), 1e-3):
                raise Wrong(hint)
        place = int(np.argmax(~np.isclose(rounded, expected, rtol=1e-3)))
        shown = shown_call(answer.name, cases[place])
        raise Wrong(answer.difference(shown, got[place], expected[place], 1e-3))
    for case in outside:
        shown, (first, last) = shown_call(answer.name, case), case[0]
        try:
            value = answer(*case, may_be_none=True)
        except Raised as raised:
            raise Wrong(f"{raised}. Nobody has measured there; what is asked for then?") from None
        if value is None:
            raise Wrong(f'{shown} gives None. Beyond what was measured return `float("nan")`.')
        number = float(answer.array(value, ()))
        if np.isnan(number):
            continue
        if np.isclose(number, (first, last)).any():
            raise Wrong(
                f"{shown} gives {number:g}, though nothing that was measured has this accuracy. "
                "`np.interp`, for one, goes on flat beyond its ends without a word."
            )
        raise Wrong(
            f"{shown} gives {number:.4g}: there the line goes on where nobody has measured. "
            'Return `float("nan")`.'
        )


def _needed(counts, accuracies, target):
    return float(np.exp(np.interp(target, accuracies, np.log(counts))))


def _next(counts, accuracies, target):
    return counts[int(np.searchsorted(accuracies, target))]


def _last_below(counts, accuracies, target):
    return counts[int(np.searchsorted(accuracies, target, side="right")) - 1]


def _nearest(counts, accuracies, target):
    return counts[int(np.argmin(np.abs(np.subtract(accuracies, target))))]


def _between_ends(counts, accuracies, target):
    return _needed([counts[0], counts[-1]], [accuracies[0], accuracies[-1]], target)


_NEEDED_MISTAKES = [
    (
        "the line is straight over the labels themselves. On a logarithmic axis the middle between "
        "10 and 1,000 is 100.",
        lambda counts, accuracies, target: np.interp(target, accuracies, counts),
    ),
    (
        "that is the logarithm of the number of labels. What undoes a logarithm?",
        lambda *case: np.log(_needed(*case)),
    ),
    (
        "that is the logarithm of the number of labels. What undoes a logarithm?",
        lambda *case: np.log10(_needed(*case)),
    ),
    (
        "what undoes a logarithm to base 10 is 10 to the power of it; to base e, e to the power.",
        lambda *case: np.exp(np.log10(_needed(*case))),
    ),
    (
        "that is the first count that has been measured to be enough. The curve passes the target "
        "before.",
        _next,
    ),
    (
        "that is the last count that has been measured *not* to be enough. The curve passes the "
        "target after it.",
        _last_below,
    ),
    (
        "that is the measured count whose accuracy is nearest. The curve passes the target between "
        "two of them.",
        _nearest,
    ),
    (
        "yours is one line from the first point to the last. Between which two neighbours does the "
        "target lie?",
        _between_ends,
    ),
    (
        "at the first and the last accuracy themselves somebody has measured; NaN is for targets "
        "beyond them.",
        lambda counts, accuracies, target: (
            np.nan if target <= accuracies[0] else _needed(counts, accuracies, target)
        ),
    ),
    (
        "you read the curve in the other direction, from labels to accuracy: the target is an "
        "accuracy.",
        lambda counts, accuracies, target: np.interp(target, counts, accuracies),
    ),
    (
        "you read the curve in the other direction, from labels to accuracy: the target is an "
        "accuracy.",
        lambda counts, accuracies, target: np.interp(np.log(target), np.log(counts), accuracies),
    ),
]
