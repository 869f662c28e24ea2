"""Right and wrong answers to the exercises of lesson 6."""

import statistics
from decimal import Decimal

import numpy as np
import pandas as pd
from learners import answer_tests, right, wrong

from aelib.exercises import check_effect, check_living_mean, check_possible_counts


@right(check_possible_counts)
def possible_counts(printed, images):
    return [n for n in range(images + 1) if round(100 * n / (images + 1), 3) == printed]


@right(check_possible_counts)
def counts_as_printed(printed, images):
    return [n for n in range(images + 1) if f"{100 * n / (images + 1):.3f}" == f"{printed:.3f}"]


@right(check_possible_counts)
def counts_in_an_array(printed, images):
    counts = np.arange(images + 1)[::-1]
    return counts[abs(100 * counts / (images + 1) - printed) <= 0.0005]


@right(check_possible_counts)
def counts_near_the_quotient(printed, images):
    middle = round(Decimal(str(printed)) * (images + 1) / 100)
    near = range(max(0, middle - 9), min(images, middle + 9) + 1)
    return tuple(n for n in near if round(100 * n / (images + 1), 3) == printed)


@wrong(check_possible_counts, "By what does the published code divide?")
def by_the_images(printed, images):
    return [n for n in range(images + 1) if round(100 * n / images, 3) == printed]


@wrong(check_possible_counts, "By what does the published code divide?")
def one_by_the_images(printed, images):
    return [round(printed / 100 * images)]


@wrong(check_possible_counts, "yours a fraction")
def in_fractions(printed, images):
    return [n for n in range(images + 1) if round(n / (images + 1), 3) == printed]


@wrong(check_possible_counts, "has been rounded")
def exactly_equal(printed, images):
    return [n for n in range(images + 1) if 100 * n / (images + 1) == printed]


@wrong(check_possible_counts, "cuts decimals off")
def cut_off(printed, images):
    def shown(n):
        return int(100_000 * n / (images + 1)) / 1_000

    return [n for n in range(images + 1) if shown(n) == printed]


@wrong(check_possible_counts, "always return one count, the nearest")
def the_nearest(printed, images):
    return [round(printed * (images + 1) / 100)]


@wrong(check_possible_counts, "cut the decimals off a count")
def the_nearest_below(printed, images):
    return [int(printed * (images + 1) / 100)]


@wrong(check_possible_counts, "several print alike")
def the_first_only(printed, images):
    return possible_counts(printed, images)[:1]


@wrong(check_possible_counts, "but one number came")
def no_list(printed, images):
    return possible_counts(printed, images)[0]


@wrong(check_possible_counts, "gives [], and [8735] was expected")
def in_the_first_thousand(printed, images):
    return [n for n in possible_counts(printed, images) if n < 1_000]


@right(check_living_mean)
def living_mean(accuracies):
    living = [one for one in accuracies if one >= 50]
    return (sum(living) / len(living) if living else float("nan")), len(living)


@right(check_living_mean)
def living_mean_in_numpy(accuracies):
    scores = np.array(accuracies)
    scores = scores[~(scores < 50)]
    return [scores.mean(), scores.size]


@right(check_living_mean)
def living_mean_in_pandas(accuracies):
    scores = pd.Series(accuracies)
    return scores.where(scores >= 50).mean(), (scores >= 50).sum()


@wrong(check_living_mean, "over all runs")
def mean_of_all(accuracies):
    return np.mean(accuracies), living_mean(accuracies)[1]


@wrong(check_living_mean, "over all runs")
def mean_and_number_of_all(accuracies):
    return np.mean(accuracies), len(accuracies)


@wrong(check_living_mean, "by how many do you divide")
def dead_as_zero(accuracies):
    living = [one for one in accuracies if one >= 50]
    return sum(living) / len(accuracies), len(living)


@wrong(check_living_mean, "is that of all runs")
def number_of_all(accuracies):
    return living_mean(accuracies)[0], len(accuracies)


@wrong(check_living_mean, "at 50 % exactly")
def above_fifty(accuracies):
    living = [one for one in accuracies if one > 50]
    return np.mean(living), len(living)


@wrong(check_living_mean, "which side of 50 % lives")
def the_dead(accuracies):
    dead = [one for one in accuracies if one < 50]
    return np.mean(dead), len(dead)


@wrong(check_living_mean, "changed places")
def number_first(accuracies):
    return living_mean(accuracies)[::-1]


@wrong(check_living_mean, "that is the median")
def median_of_living(accuracies):
    living = [one for one in accuracies if one >= 50]
    return statistics.median(living), len(living)


@wrong(check_living_mean, "comes as a fraction")
def fraction_of_living(accuracies):
    mean, count = living_mean(accuracies)
    return mean / 100, count


@wrong(check_living_mean, "Here no run lives")
def divides_by_nothing(accuracies):
    living = [one for one in accuracies if one >= 50]
    return sum(living) / len(living), len(living)


@wrong(check_living_mean, "That is the score of a run")
def nobody_has_zero(accuracies):
    living = [one for one in accuracies if one >= 50]
    return (sum(living) / len(living) if living else 0.0), len(living)


@wrong(check_living_mean, "the float 90 came")
def mean_only(accuracies):
    return living_mean(accuracies)[0]


@wrong(check_living_mean, "gives 87 at [0], and 90 was expected")
def three_points_less(accuracies):
    mean, count = living_mean(accuracies)
    return mean - 3, count


@right(check_effect)
def effect(before, after):
    revived = sum(before[seed] < 50 <= after[seed] for seed in before)
    gains = [after[s] - before[s] for s in before if before[s] >= 50 and after[s] >= 50]
    return revived, sum(gains) / len(gains)


@right(check_effect)
def effect_in_pandas(before, after):
    table = pd.DataFrame({"before": before, "after": after})
    both = table[(table >= 50).all(axis=1)]
    revived = (table.before < 50) & (table.after >= 50)
    return revived.sum(), (both.after - both.before).mean()


@right(check_effect)
def effect_in_sorted_arrays(before, after):
    first, second = (np.array([one[seed] for seed in sorted(one)]) for one in (before, after))
    both = np.minimum(first, second) >= 50
    return np.array([((first < 50) & (second >= 50)).sum(), np.mean(second[both] - first[both])])


def aligned(before, after):
    return np.array([[before[seed], after[seed]] for seed in before]).T


@wrong(check_effect, "paired by their place")
def by_place(before, after):
    first, second = np.array(list(before.values())), np.array(list(after.values()))
    both = (first >= 50) & (second >= 50)
    return ((first < 50) & (second >= 50)).sum(), (second - first)[both].mean()


@wrong(check_effect, "not the same runs")
def difference_of_means(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], second[second >= 50].mean() - first[first >= 50].mean()


@wrong(check_effect, "all runs are in the mean")
def all_in_the_mean(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], (second - first).mean()


@wrong(check_effect, "counted already")
def revived_in_the_mean(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], (second - first)[second >= 50].mean()


@wrong(check_effect, "dead after is in your mean")
def died_in_the_mean(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], (second - first)[first >= 50].mean()


@wrong(check_effect, "sign is turned round")
def before_minus_after(before, after):
    revived, gain = effect(before, after)
    return revived, -gain


@wrong(check_effect, "subtract the runs that died")
def net_revived(before, after):
    first, second = aligned(before, after)
    return (second >= 50).sum() - (first >= 50).sum(), effect(before, after)[1]


@wrong(check_effect, "count all that live after")
def all_living_after(before, after):
    return sum(one >= 50 for one in after.values()), effect(before, after)[1]


@wrong(check_effect, "at 50 % exactly")
def alive_above_fifty(before, after):
    first, second = aligned(before, after)
    both = (first > 50) & (second > 50)
    return ((first <= 50) & (second > 50)).sum(), (second - first)[both].mean()


@wrong(check_effect, "changed places")
def gain_first(before, after):
    return effect(before, after)[::-1]


@wrong(check_effect, "added up")
def sum_of_gains(before, after):
    first, second = aligned(before, after)
    return effect(before, after)[0], (second - first)[np.minimum(first, second) >= 50].sum()


@wrong(check_effect, "gives 0 at [0], and 1 was expected")
def nobody_revived(before, after):
    return 0, effect(before, after)[1]


@right(check_possible_counts)
def possible_counts_by_printing(printed, images):
    text = f"{printed:.3f}"
    return [n for n in range(images, -1, -1) if f"{100 * n / (images + 1):.3f}" == text]


@wrong(check_possible_counts, "ends before `images`")
def without_the_last(printed, images):
    return [n for n in range(images) if round(100 * n / (images + 1), 3) == printed]


@wrong(check_possible_counts, "Where does your range begin")
def without_none(printed, images):
    return [n for n in range(1, images + 1) if round(100 * n / (images + 1), 3) == printed]


@wrong(check_possible_counts, "one correct answer too many")
def one_more(printed, images):
    return [n for n in range(images + 2) if round(100 * n / (images + 1), 3) == printed]


@wrong(check_possible_counts, "a thousandth away")
def wide_tolerance(printed, images):
    return [n for n in range(images + 1) if abs(100 * n / (images + 1) - printed) < 0.001]


@wrong(check_possible_counts, "but it is a list")
def nothing_for_no_count(printed, images):
    return possible_counts_by_printing(printed, images) or None


@wrong(check_living_mean, "which is a number to Python")
def no_mean(accuracies):
    living = [one for one in accuracies if one >= 50]
    return (statistics.mean(living) if living else None), len(living)


@wrong(check_effect, "count the runs that died")
def died(before, after):
    first, second = aligned(before, after)
    return ((first >= 50) & (second < 50)).sum(), effect(before, after)[1]


@wrong(check_effect, "Not every one of them")
def dead_before(before, after):
    return sum(one < 50 for one in before.values()), effect(before, after)[1]


@wrong(check_effect, "divided by the number of all runs")
def over_all_runs(before, after):
    first, second = aligned(before, after)
    gains = (second - first)[np.minimum(first, second) >= 50]
    return effect(before, after)[0], gains.sum() / len(first)


@wrong(check_effect, "as a share of the score before")
def relative_gain(before, after):
    first, second = aligned(before, after)
    shares = ((second - first) / first)[np.minimum(first, second) >= 50]
    return effect(before, after)[0], shares.mean()


@wrong(check_living_mean, "that of the dead ones")
def beside_the_dead(accuracies):
    living = [one for one in accuracies if one >= 50]
    return np.mean(living), len(accuracies) - len(living)


@wrong(check_effect, "raises KeyError")
def seeds_counted_from_zero(before, after):
    return effect(*({seed: one[seed] for seed in range(len(one))} for one in (before, after)))


test_right, test_wrong = answer_tests(__name__)
