"""What the exercises of lesson 6, the replication, are checked by."""

import numpy as np

from aelib.exercises.answers import Wrong, exercise


@exercise(
    "possible_counts(printed, images)",
    "a list of whole numbers, empty if no count is possible",
    "go through all counts from 0 to `images`: what would the published code print for each?",
)
def check_possible_counts(answer):
    """How many correct answers a printed accuracy can come from, as the published code divides.

    `printed` is in percent with three decimals: correct answers, from 0 to `images`, divided by the
    number of images plus one. (Brown and Heathers, 2017, check printed means in this way.)
    """

    def read(value, printed, images):
        counts = answer.array(value)
        if counts.ndim != 1:
            came = "one number" if counts.ndim == 0 else f"the shape {counts.shape}"
            raise Wrong(f"it should return {answer.returns}, but {came} came.")
        return np.sort(counts)

    cases = [(50.0, 1), (33.333, 2), (66.667, 2), (0.0, 2), (100.0, 2), (12.5, 100), (94.059, 100)]
    cases += [(87.341, 1_000), (87.341, 10_000), (93.181, 10_000), (50.0, 250_000)]
    answer.compare(cases, _counts, COUNT_MISTAKES, read=read)


def _counts(printed, images, more=1, first=0, read=lambda percent: percent.round(3)):
    """The counts that print as asked, by another rule if one is given."""
    counts = np.arange(first, images + 1)
    return counts[np.isclose(read(100 * counts / (images + more)), printed, rtol=0, atol=1e-7)]


COUNT_MISTAKES = {
    "you divide by the number of images. By what does the published code divide?": [
        lambda *case: _counts(*case, more=0),
        lambda printed, images: [round(printed * images / 100)],
    ],
    "yours finds a count only where the quotient has no more than three decimals, or cuts decimals "
    "off. What is printed has been rounded: 66.6667 is printed as 66.667.": [
        lambda *case: _counts(*case, read=lambda percent: percent),
        lambda *case: _counts(*case, read=lambda percent: np.floor(percent * 1_000) / 1_000),
    ],
    "you always return one count, though there may be none that is printed so, or several. Reckon "
    "back: what would it print?": [
        lambda printed, images: [round(printed * (images + 1) / 100)],
        lambda printed, images: [int(printed * (images + 1) / 100)],
        lambda *case: _counts(*case)[:1],
    ],
}


@exercise(
    "rest_mean(accuracies)",
    "two numbers, the mean accuracy of the runs that have not collapsed and how many they are",
    "which of the runs have not collapsed? Take these out first, then count them.",
)
def check_rest_mean(answer):
    """The mean over the runs that have not collapsed, and never without their number.

    Accuracies are in percent, one for each run; below 50 % it has collapsed. Where all have, the
    number is 0 and the mean is NaN, `float("nan")`.
    """
    lists = [[90.0, 10.0], [80.0, 50.0, 11.0], [49.9, 86.0, 92.0, 11.35], [90.0, 85.0, 12.0, 88.5]]
    answer.compare([(one,) for one in lists], _rest, REST_MISTAKES)
    answer.compare([([9.8, 11.35, 20.0],)], lambda _: (np.nan, 0))


def _rest(accuracies):
    rest = [one for one in accuracies if one >= 50]
    return np.mean(rest), len(rest)


REST_MISTAKES = {
    "the mean is over all runs, collapsed or not. Is there any run that scores so?": [
        lambda accuracies: (np.mean(accuracies), _rest(accuracies)[1]),
        lambda accuracies: (np.mean(accuracies), len(accuracies)),
    ],
    "the mean is right, but the number beside it is that of all runs.": lambda accuracies: (
        _rest(accuracies)[0],
        len(accuracies),
    ),
    "a run at 50 % exactly counts: only one *below* 50 % has collapsed.": lambda accuracies: _rest(
        [one for one in accuracies if one != 50]
    ),
}


@exercise(
    "effect(before, after)",
    "two numbers, how many runs recovered and the mean gain of those that never collapsed",
    "what does it do to the run with seed 0? Look each seed up in both.",
)
def check_effect(answer):
    """What one change does: how many runs recover by it, and what those that never collapsed gain.

    Both are dicts from seed to accuracy in percent, with the same seeds in any order. Below 50 % a
    run has collapsed. The mean of after minus before is over the seeds that have in neither.
    """
    more = [(0, 12.0, 70.0), (1, 80.0, 84.0), (2, 90.0, 20.0), (3, 11.0, 88.0), (14, 75.0, 76.0)]
    more += [(15, 50.0, 52.0), (16, 60.0, 50.0), (17, 10.0, 9.8)]
    cases = [
        ({0: 80.0}, {0: 82.0}),
        ({0: 10.0, 1: 90.0}, {1: 91.0, 0: 80.0}),
        ({0: 80.0, 1: 90.0, 2: 85.0}, {2: 85.5, 0: 86.0, 1: 88.0}),
        ({seed: one for seed, one, _ in more}, {seed: one for seed, _, one in more[::-1]}),
    ]
    answer.compare(cases, _effect(), EFFECT_MISTAKES)


def _by_seed(before, after):
    return np.array([[before[seed], after[seed]] for seed in before]).T


def _effect(
    gain=lambda a, b: (b - a)[(a >= 50) & (b >= 50)].mean(),
    recovered=lambda a, b: ((a < 50) & (b >= 50)).sum(),
    align=_by_seed,
):
    """The rule, or with one of its parts mistaken; `a` and `b` are the scores before and after."""

    def rule(before, after):
        a, b = align(before, after)
        return recovered(a, b), gain(a, b)

    return rule


EFFECT_MISTAKES = {
    "runs are paired by their place. The two dicts need not be in the same order: what belongs "
    "together is what has the same seed.": [
        _effect(align=lambda *both: [np.array(list(one.values())) for one in both])
    ],
    "yours is the mean of the rest after minus the mean of the rest before. These are not the same "
    "runs: one that recovers joins, and one that collapses leaves.": [
        _effect(lambda a, b: b[b >= 50].mean() - a[a >= 50].mean())
    ],
    "a run that has collapsed before or after is in your mean gain. One that recovers gains some "
    "seventy points and hides what the others do.": [
        _effect(lambda a, b: (b - a).mean()),
        _effect(lambda a, b: (b - a)[a >= 50].mean()),
        _effect(lambda a, b: (b - a)[b >= 50].mean()),
    ],
    "recovered is who had collapsed before and not after. Whom else do you count, or take away?": [
        _effect(recovered=lambda a, b: (b >= 50).sum() - (a >= 50).sum()),
        _effect(recovered=lambda a, b: ((a >= 50) & (b < 50)).sum()),
        _effect(recovered=lambda a, b: (b >= 50).sum()),
    ],
}
