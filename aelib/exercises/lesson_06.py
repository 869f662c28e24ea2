"""What the exercises of lesson 6, the replication, are checked by."""

import numpy as np

from aelib.exercises.answers import Raised, Wrong, exercise
from aelib.exercises.words import brief, shown_call


@exercise(
    "possible_counts(printed, images)",
    returns="a list of whole numbers, empty if no count is possible",
    first_hint="go through all counts from 0 to `images`: what would the published code print for "
    "each?",
)
def check_possible_counts(answer):
    """How many correct answers a printed accuracy can come from, as the published code divides.

    `possible_counts(printed, images)` gets an accuracy in percent with three decimals, such as
    87.341, and the number of test images. It returns a list of all numbers of correct answers, from
    0 to `images`, that print as this if divided by the number of images plus one. It is empty where
    none does. (Brown and Heathers, 2017, check printed means of whole numbers in this way.)
    """
    cases = [(50.0, 1), (33.333, 2), (66.667, 2), (0.0, 2), (100.0, 2), (12.5, 100)]
    cases += [(94.059, 100), (87.341, 1_000)]
    cases += [(87.341, 10_000), (93.181, 10_000), (50.0, 250_000)]
    got = []
    for case in cases:
        value = answer(*case, may_be_none=bool(got))
        if value is None:
            raise Wrong(
                f"for {shown_call(answer.name, case)} it returns nothing (None). Where no count is "
                "possible the list is empty, but it is a list."
            )
        counts = answer.array(value, whole=True)
        if counts.ndim != 1:
            came = "one number" if counts.ndim == 0 else f"the shape {counts.shape}"
            raise Wrong(f"it should return {answer.returns}, but {came} came.")
        got.append(sorted(counts.tolist()))
    expected = [_counts(*case) for case in cases]
    if got == expected:
        return
    for hint, ways in _COUNT_MISTAKES.items():
        if any(got == [sorted(way(*case)) for case in cases] for way in ways):
            raise Wrong(hint)
    for (printed, images), came, right in zip(cases, got, expected, strict=True):
        if came != right:
            raise Wrong(
                f"the smallest input that was found to differ: {answer.name}({printed}, {images}) "
                f"gives {_few(came)}, and {_few(right)} was expected."
            )


def _counts(printed, images, more=1, whole=100, first=0, read=lambda percent: percent.round(3)):
    """The counts that print as asked, by another rule if one is given."""
    counts = np.arange(first, images + 1)
    shown = read(whole * counts / (images + more))
    return counts[np.isclose(shown, printed, rtol=0, atol=1e-7)].tolist()


def _one(printed, images, read):
    return [int(read(printed * (images + 1) / 100))]


def _few(counts):
    return str(counts) if len(counts) < 6 else f"{len(counts)} counts"


_COUNT_MISTAKES = {
    "you divide by the number of images. By what does the published code divide?": [
        lambda *case: _counts(*case, more=0),
        lambda printed, images: [round(printed * images / 100)],
    ],
    "the list is empty for all but 0 %: is the accuracy in percent, and yours a fraction?": [
        lambda *case: _counts(*case, whole=1)
    ],
    "yours finds a count only where the quotient has no more than three decimals. What is printed "
    "has been rounded.": [lambda *case: _counts(*case, read=lambda percent: percent)],
    "yours cuts decimals off where the printing rounds: 66.6667 is printed as 66.667.": [
        lambda *case: _counts(*case, read=lambda percent: np.floor(percent * 1_000) / 1_000)
    ],
    "the last count is left out: `range(images)` ends before `images`.": [
        lambda *case: [count for count in _counts(*case) if count < case[1]]
    ],
    "0 correct answers are possible, too. Where does your range begin?": [
        lambda *case: _counts(*case, first=1)
    ],
    "one correct answer too many: of 2 images nobody has 3 right.": [
        lambda printed, images: _counts(printed, images + 1, more=0)
    ],
    "yours takes what is a thousandth away. What prints alike is at most half of one away.": [
        lambda printed, images: [
            count
            for count in range(images + 1)
            if abs(100 * count / (images + 1) - printed) < 0.001
        ]
    ],
    "you always return one count, the nearest, though there may be none that is printed so, or "
    "several. Reckon back: what would it print?": [lambda *case: _one(*case, round)],
    "you cut the decimals off a count, and always return one. 87.341 % of 10,001 is 8,734.97: "
    "which whole number is near, and would it be printed so?": [lambda *case: _one(*case, int)],
    "that is one count where several print alike. With 250,000 images a count more or less need "
    "not show in the third decimal.": [
        lambda *case: _counts(*case)[:1],
        lambda *case: _counts(*case)[-1:],
    ],
}


@exercise(
    "living_mean(accuracies)",
    returns="two numbers, the mean accuracy of the living runs and how many they are",
    first_hint="which of the runs are alive? Take these out first, then count them.",
)
def check_living_mean(answer):
    """The mean over the runs that have not collapsed, and never without their number.

    `living_mean(accuracies)` gets a list of accuracies in percent, one for each run. A run below
    50 % has collapsed, any other lives. It returns the mean accuracy of the living ones and how
    many they are. Where none lives the number is 0 and the mean is NaN, `float("nan")`.
    """
    lists = [
        [90.0, 10.0],
        [80.0, 50.0, 11.0],
        [49.9, 86.0, 92.0, 11.35],
        [90.0, 85.0, 12.0, 88.5, 70.0],
    ]
    lists.append([11.35, 87.0, 20.0, 86.5, 92.5, 90.0, 9.8, 91.0])

    def rule(mean, keep=lambda values: values >= 50, count=None):
        def apply(accuracies):
            values = np.array(accuracies)
            chosen = values[keep(values)]
            return mean(chosen, values), len(chosen if count is None else count(values))

        return apply

    def everything(values):
        return values > -1

    average = rule(lambda chosen, values: chosen.mean())
    mistakes = [
        (
            "the mean is over all runs, living or not. Is there any run that scores so?",
            [
                rule(lambda chosen, values: values.mean()),
                rule(lambda chosen, values: values.mean(), everything),
            ],
        ),
        (
            "the dead runs still count: the sum is over the living, but by how many do you divide?",
            [
                rule(lambda chosen, values: chosen.sum() / len(values)),
                rule(
                    lambda chosen, values: chosen.sum() / len(values), count=lambda values: values
                ),
            ],
        ),
        (
            "the mean is right, but the number beside it is that of all runs. How many live?",
            [rule(lambda chosen, values: chosen.mean(), count=lambda values: values)],
        ),
        (
            "the number beside the mean is that of the dead ones. How many live?",
            [rule(lambda chosen, values: chosen.mean(), count=lambda values: values[values < 50])],
        ),
        (
            "a run at 50 % exactly is alive: only one *below* 50 % has collapsed.",
            [rule(lambda chosen, values: chosen.mean(), lambda values: values > 50)],
        ),
        (
            "these are the dead ones: which side of 50 % lives?",
            [
                rule(
                    lambda chosen, values: chosen.mean(),
                    lambda values: values < 50,
                )
            ],
        ),
        (
            "the two have changed places: first the mean, then how many.",
            [lambda accuracies: average(accuracies)[::-1]],
        ),
        (
            "that is the median of the living; their mean is asked for.",
            [rule(lambda chosen, values: np.median(chosen))],
        ),
        (
            "the mean comes as a fraction; percent go in, and percent are asked for.",
            [rule(lambda chosen, values: chosen.mean() / 100)],
        ),
    ]
    pairs = [(hint, way) for hint, ways in mistakes for way in ways]
    answer.compare([(one,) for one in lists], average, pairs)
    nobody = [9.8, 11.35, 20.0]
    try:
        value = answer(nobody, may_be_none=True)
    except Raised as raised:
        raise Wrong(f"{raised}. Here no run lives; what is asked for then?") from None
    if (
        value is None
        or isinstance(value, list | tuple)
        and any(one is None or isinstance(one, str) for one in value)
    ):
        raise Wrong(
            f"of {nobody} no run lives, and {brief(value)} came. Two numbers are asked for then as "
            'well: `float("nan")` as the mean, which is a number to Python, and 0.'
        )
    mean, count = answer.array(value, (2,)).tolist()
    if count:
        raise Wrong(f"of {nobody} no run lives, but yours counts {count:g}.")
    if not np.isnan(mean):
        raise Wrong(
            f"of {nobody} no run lives, and {mean:g} came as their mean. That is the score of a "
            'run, and there is none: `float("nan")` says so.'
        )


@exercise(
    "effect(before, after)",
    returns="two numbers, how many runs were revived and the mean gain of those that lived before "
    "and after",
    first_hint="what does it do to the run with seed 0? Look each seed up in both.",
)
def check_effect(answer):
    """What one change does: how many runs it revives, and what those that lived anyway gain.

    `effect(before, after)` gets two dicts from seed to accuracy in percent, with the same seeds,
    though not in the same order. A run below 50 % is dead. It returns how many seeds are dead
    before and alive after, and the mean of after minus before over the seeds that live in both. At
    least one does.
    """
    cases = [_runs([(0, 80.0, 82.0)]), _runs([(0, 10.0, 80.0), (1, 90.0, 91.0)])]
    cases += [_runs([(0, 80.0, 86.0), (1, 90.0, 88.0), (2, 85.0, 85.5)], order=(2, 0, 1))]
    more = [(0, 12.0, 70.0), (1, 80.0, 84.0), (2, 90.0, 20.0), (3, 11.0, 88.0), (14, 75.0, 76.0)]
    more += [(15, 50.0, 52.0), (16, 60.0, 50.0), (17, 10.0, 9.8)]
    cases += [_runs(more, order=(6, 3, 0, 5, 1, 7, 2, 4)), _runs(more[::-1], order=range(8))]
    answer.compare(cases, _effect, _EFFECT_MISTAKES)


def _runs(rows, order=None):
    """Two dicts from seed to accuracy; that of after is in another order."""
    before = {seed: first for seed, first, _ in rows}
    after = {rows[place][0]: rows[place][2] for place in (order or range(len(rows)))}
    return before, after


def _by_seed(before, after):
    return np.array([[before[seed], after[seed]] for seed in before]).T


def _effect(before, after, align=_by_seed, live=lambda scores: scores >= 50):
    first, second = align(before, after)
    both = live(first) & live(second)
    return (~live(first) & live(second)).sum(), (second - first)[both].mean()


def _gain(gain, count=lambda a, b: ((a < 50) & (b >= 50)).sum()):
    """A mistake: another gain, or another count, of the scores by seed."""

    def mistake(before, after):
        a, b = _by_seed(before, after)
        return count(a, b), gain(a, b)

    return mistake


def _of_living(a, b):
    return (b - a)[(a >= 50) & (b >= 50)].mean()


_EFFECT_MISTAKES = [
    (
        "runs are paired by their place. The two dicts need not be in the same order: what "
        "belongs together is what has the same seed.",
        lambda *case: _effect(
            *case, align=lambda *both: [np.array(list(one.values())) for one in both]
        ),
    ),
    (
        "yours is the mean of the living after minus the mean of the living before. These are not "
        "the same runs: a revived one joins, and a dead one leaves.",
        _gain(lambda a, b: b[b >= 50].mean() - a[a >= 50].mean()),
    ),
    (
        "all runs are in the mean, also the dead. One that is revived gains some seventy points "
        "and hides what the others do.",
        _gain(lambda a, b: (b - a).mean()),
    ),
    (
        "a run that lives after but was dead before is in your mean. It is counted already, among "
        "the revived.",
        _gain(lambda a, b: (b - a)[b >= 50].mean()),
    ),
    (
        "a run that lived before and is dead after is in your mean. Only those that live in both "
        "belong there.",
        _gain(lambda a, b: (b - a)[a >= 50].mean()),
    ),
    (
        "the sign is turned round: a gain is after minus before.",
        _gain(lambda a, b: -_of_living(a, b)),
    ),
    (
        "you subtract the runs that died from those revived. How many were dead before and are "
        "alive after?",
        _gain(_of_living, lambda a, b: (b >= 50).sum() - (a >= 50).sum()),
    ),
    (
        "you count the runs that died. Revived is who was dead before and lives after.",
        _gain(_of_living, lambda a, b: ((a >= 50) & (b < 50)).sum()),
    ),
    (
        "you count all that were dead before. Not every one of them lives after.",
        _gain(_of_living, lambda a, b: (a < 50).sum()),
    ),
    (
        "you count all that live after. Revived is only who was dead before.",
        _gain(_of_living, lambda a, b: (b >= 50).sum()),
    ),
    (
        "a run at 50 % exactly is alive: only one *below* 50 % is dead.",
        lambda *case: _effect(*case, live=lambda scores: scores > 50),
    ),
    (
        "the two have changed places: first how many were revived, then the mean gain.",
        lambda *case: _effect(*case)[::-1],
    ),
    (
        "the gains of those that live in both are divided by the number of all runs.",
        _gain(lambda a, b: (b - a)[(a >= 50) & (b >= 50)].sum() / len(a)),
    ),
    (
        "the gain is taken as a share of the score before; points are asked for, after minus "
        "before.",
        _gain(lambda a, b: ((b - a) / a)[(a >= 50) & (b >= 50)].mean()),
    ),
    (
        "the gains are added up; their mean is asked for.",
        _gain(lambda a, b: (b - a)[(a >= 50) & (b >= 50)].sum()),
    ),
]
