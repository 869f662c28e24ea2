"""Right and wrong answers to the exercises of lesson 6."""

import numpy as np
import pandas as pd


def possible_counts(printed, images):
    return [n for n in range(images + 1) if round(100 * n / (images + 1), 3) == printed]


def rest_mean(accuracies):
    rest = [one for one in accuracies if one >= 50]
    return (sum(rest) / len(rest) if rest else float("nan")), len(rest)


def rest_mean_in_pandas(accuracies):
    scores = pd.Series(accuracies)
    return scores.where(scores >= 50).mean(), (scores >= 50).sum()


def above_fifty(accuracies):
    rest = [one for one in accuracies if one > 50]
    return np.mean(rest), len(rest)


def divides_by_nothing(accuracies):
    rest = [one for one in accuracies if one >= 50]
    return sum(rest) / len(rest), len(rest)


def effect(before, after):
    recovered = sum(before[seed] < 50 <= after[seed] for seed in before)
    gains = [after[s] - before[s] for s in before if before[s] >= 50 and after[s] >= 50]
    return recovered, sum(gains) / len(gains)


def effect_in_sorted_arrays(before, after):
    first, second = (np.array([one[seed] for seed in sorted(one)]) for one in (before, after))
    both = np.minimum(first, second) >= 50
    return np.array([((first < 50) & (second >= 50)).sum(), np.mean(second[both] - first[both])])


def aligned(before, after):
    return np.array([[before[seed], after[seed]] for seed in before]).T


def by_place(before, after):
    first, second = np.array(list(before.values())), np.array(list(after.values()))
    both = (first >= 50) & (second >= 50)
    return ((first < 50) & (second >= 50)).sum(), (second - first)[both].mean()


def difference_of_means(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], second[second >= 50].mean() - first[first >= 50].mean()


def all_in_the_mean(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], (second - first).mean()


def net_recovered(before, after):
    first, second = aligned(before, after)
    return (second >= 50).sum() - (first >= 50).sum(), effect(before, after)[1]


RIGHT = {
    "check_possible_counts": [
        lambda p, z: [n for n in range(z + 1) if f"{100 * n / (z + 1):.3f}" == f"{p:.3f}"],
        possible_counts,
    ],
    "check_rest_mean": [rest_mean_in_pandas],
    "check_effect": [effect_in_sorted_arrays],
}

WRONG = {
    "check_possible_counts": {
        "you divide by the number": lambda p, z: [
            n for n in range(z + 1) if round(100 * n / z, 3) == p
        ],
        "yours finds a count only": lambda p, z: [
            n for n in range(z + 1) if 100 * n / (z + 1) == p
        ],
        "you always return one count,": lambda p, z: [round(p * (z + 1) / 100)],
        "it should return a list": lambda p, z: possible_counts(p, z)[0],
        "possible_counts(100, 2) gives nothing (None).": lambda p, z: possible_counts(p, z) or None,
    },
    "check_rest_mean": {
        "the mean is over all": lambda a: (np.mean(a), rest_mean(a)[1]),
        "the mean is right, but": lambda a: (rest_mean(a)[0], len(a)),
        "a run at 50 %": above_fifty,
        "the numbers are right, and": lambda a: rest_mean(a)[::-1],
        "raises ZeroDivisionError": divides_by_nothing,
        "it should return two numbers,": lambda a: rest_mean(a)[0],
    },
    "check_effect": {
        "runs are paired by their": by_place,
        "yours is the mean of": difference_of_means,
        "a run that has collapsed": all_in_the_mean,
        "recovered is who had": net_recovered,
        "the numbers are right, and": lambda b, a: effect(b, a)[::-1],
    },
}
