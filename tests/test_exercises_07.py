"""Right and wrong answers to the exercises of lesson 7."""

import math
import random

import numpy as np
import scipy
import torch
from learners import answer_tests, right, wrong
from sklearn.model_selection import train_test_split

from aelib.exercises import check_labels_needed, check_paired_interval, check_stratified_draw


def chosen(labels, numbers, generator):
    """So many of each class, at random."""
    drawn = []
    for label, number in enumerate(numbers):
        places = (labels == label).nonzero().flatten()
        drawn.append(places[torch.randperm(len(places), generator=generator)[: int(number)]])
    return torch.cat(drawn)


@right(check_stratified_draw)
def stratified_draw(labels, count, generator):
    fair = count * labels.bincount() / len(labels)
    numbers = fair.floor()
    missing = count - int(numbers.sum())
    numbers[(fair - numbers).argsort(descending=True)[:missing]] += 1
    return chosen(labels, numbers, generator)


@right(check_stratified_draw)
def by_a_library(labels, count, generator):
    seed = int(torch.randint(2**31, (1,), generator=generator))
    places = np.arange(len(labels))
    return train_test_split(places, train_size=count, stratify=labels, random_state=seed)[0]


@right(check_stratified_draw)
def every_nth_of_the_sorted(labels, count, generator):
    mixed = torch.randperm(len(labels), generator=generator)
    ordered = mixed[labels[mixed].argsort(stable=True)]
    start = torch.rand((), generator=generator).item()
    return [ordered[int((place + start) * len(labels) / count)].item() for place in range(count)]


@wrong(check_stratified_draw, "leave the number of each class to chance")
def simple_draw(labels, count, generator):
    return torch.randperm(len(labels), generator=generator)[:count]


@wrong(check_stratified_draw, "That is a balanced draw")
def balanced_draw(labels, count, generator):
    classes = len(labels.bincount())
    return chosen(labels, [count // classes] * classes, generator)


@wrong(check_stratified_draw, "If each class is rounded for itself")
def rounded(labels, count, generator):
    return chosen(labels, (count * labels.bincount() / len(labels)).round(), generator)


@wrong(check_stratified_draw, "If each class is rounded for itself")
def rounded_down(labels, count, generator):
    return chosen(labels, count * labels.bincount() // len(labels), generator)


@wrong(check_stratified_draw, "not put back")
def put_back(labels, count, generator):
    drawn = stratified_draw(labels, count, generator)
    other = drawn[torch.randint(len(drawn), (len(drawn),), generator=generator)]
    return other


@wrong(check_stratified_draw, "very same images")
def first_of_each(labels, count, generator):
    return stratified_draw(labels, count, torch.Generator().manual_seed(0))


@wrong(check_stratified_draw, "two different draws came")
def chance_of_its_own(labels, count, generator):
    return stratified_draw(labels, count, torch.Generator().manual_seed(random.randrange(999)))


@wrong(check_stratified_draw, "never came up")
def never_the_last(labels, count, generator):
    drawn = stratified_draw(labels, count, generator)
    if count != 25:
        return drawn
    few = (labels == 1).nonzero().flatten()[:11]
    return torch.cat([drawn[labels[drawn] != 1], few[torch.randperm(11, generator=generator)[:6]]])


@wrong(check_stratified_draw, "a mask of true and false")
def a_mask(labels, count, generator):
    mask = torch.zeros(len(labels), dtype=torch.bool)
    mask[stratified_draw(labels, count, generator)] = True
    return mask


@wrong(check_stratified_draw, "indices run from 0 to")
def counted_from_one(labels, count, generator):
    return stratified_draw(labels, count, generator) + 1000


@wrong(check_stratified_draw, "25 were asked for")
def far_too_few(labels, count, generator):
    return stratified_draw(labels, count, generator)[:3]


@right(check_paired_interval)
def paired_interval(first, second):
    differences = np.subtract(first, second)
    reach = scipy.stats.t.ppf(0.975, len(differences) - 1) * scipy.stats.sem(differences)
    return differences.mean(), differences.mean() - reach, differences.mean() + reach


@right(check_paired_interval)
def paired_by_a_library(first, second):
    result = scipy.stats.ttest_rel(first, second)
    interval = result.confidence_interval()
    return [np.mean(first) - np.mean(second), interval.low, interval.high]


@right(check_paired_interval)
def paired_in_torch(first, second):
    differences = torch.tensor(first) - torch.tensor(second)
    error = differences.std() / len(first) ** 0.5
    factor = {3: 4.303, 5: 2.776, 10: 2.262, 20: 2.093}[len(first)]
    ends = factor * error * torch.tensor([0, -1, 1])
    return differences.mean() + ends


def interval(first, second, factor=None, error=None):
    d = np.subtract(first, second)
    factor = scipy.stats.t.ppf(0.975, len(d) - 1) if factor is None else factor
    error = scipy.stats.sem(d) if error is None else error
    return d.mean(), d.mean() - factor * error, d.mean() + factor * error


@wrong(check_paired_interval, "as if each had had draws of its own")
def unpaired(first, second):
    variances = np.var(first, ddof=1) + np.var(second, ddof=1)
    return interval(first, second, error=(variances / len(first)) ** 0.5)


@wrong(check_paired_interval, "as if each had had draws of its own")
def unpaired_by_a_library(first, second):
    ends = scipy.stats.ttest_ind(first, second).confidence_interval()
    return np.mean(first) - np.mean(second), ends.low, ends.high


@wrong(check_paired_interval, "1.96 is for many draws")
def normal(first, second):
    return interval(first, second, factor=1.96)


@wrong(check_paired_interval, "where single draws lie")
def of_single_draws(first, second):
    return interval(first, second, error=np.subtract(first, second).std(ddof=1))


@wrong(check_paired_interval, "you divide by n")
def divided_by_n(first, second):
    return interval(first, second, error=np.subtract(first, second).std(ddof=1) / len(first))


@wrong(check_paired_interval, "ddof=1")
def population_spread(first, second):
    return interval(first, second, error=np.subtract(first, second).std() / len(first) ** 0.5)


@wrong(check_paired_interval, "leave 2.5 % on either side")
def one_sided(first, second):
    return interval(first, second, factor=scipy.stats.t.ppf(0.95, len(first) - 1))


@wrong(check_paired_interval, "degrees of freedom")
def too_free(first, second):
    return interval(first, second, factor=scipy.stats.t.ppf(0.975, len(first)))


@wrong(check_paired_interval, "sign is turned round")
def second_minus_first(first, second):
    return paired_interval(second, first)


@wrong(check_paired_interval, "the order is")
def in_rising_order(first, second):
    return sorted(paired_interval(first, second))


@wrong(check_paired_interval, "one standard error to each side")
def one_error(first, second):
    return interval(first, second, factor=1)


@wrong(check_paired_interval, "and 2 was expected")
def zero_everywhere(first, second):
    return 0, 0, 0


@wrong(check_paired_interval, "the shape (2,)")
def ends_only(first, second):
    return paired_interval(first, second)[1:]


@right(check_labels_needed)
def labels_needed(counts, accuracies, target):
    if not accuracies[0] <= target <= accuracies[-1]:
        return float("nan")
    return float(np.exp(np.interp(target, accuracies, np.log(counts))))


@right(check_labels_needed)
def by_powers_in_a_loop(counts, accuracies, target):
    for place in range(len(counts) - 1):
        low, high = accuracies[place], accuracies[place + 1]
        if low <= target <= high:
            share = (target - low) / (high - low)
            return counts[place] * (counts[place + 1] / counts[place]) ** share
    return np.nan


@right(check_labels_needed)
def without_the_ends(counts, accuracies, target):
    logs = np.log10(counts)
    return 10 ** np.interp(target, accuracies, logs, left=np.nan, right=np.nan)


@right(check_labels_needed)
def by_scipy(counts, accuracies, target):
    curve = scipy.interpolate.interp1d(accuracies, np.log2(counts), bounds_error=False)
    return 2 ** curve(target)


@wrong(check_labels_needed, "straight over the labels themselves")
def linear(counts, accuracies, target):
    return np.interp(target, accuracies, counts)


@wrong(check_labels_needed, "What undoes a logarithm")
def the_logarithm(counts, accuracies, target):
    return np.interp(target, accuracies, np.log(counts))


@wrong(check_labels_needed, "What undoes a logarithm")
def the_decimal_logarithm(counts, accuracies, target):
    return np.interp(target, accuracies, np.log10(counts))


@wrong(check_labels_needed, "what undoes a logarithm to base 10")
def mixed_bases(counts, accuracies, target):
    return np.exp(np.interp(target, accuracies, np.log10(counts)))


@wrong(check_labels_needed, "measured to be enough")
def the_next_count(counts, accuracies, target):
    return next(c for c, a in zip(counts, accuracies, strict=True) if a >= target)


@wrong(check_labels_needed, "*not* to be enough")
def the_count_before(counts, accuracies, target):
    return [c for c, a in zip(counts, accuracies, strict=True) if a <= target][-1]


@wrong(check_labels_needed, "whose accuracy is nearest")
def the_nearest_count(counts, accuracies, target):
    return min(zip(counts, accuracies, strict=True), key=lambda pair: abs(pair[1] - target))[0]


@wrong(check_labels_needed, "one line from the first point to the last")
def between_the_ends(counts, accuracies, target):
    share = (target - accuracies[0]) / (accuracies[-1] - accuracies[0])
    return counts[0] * (counts[-1] / counts[0]) ** share


@wrong(check_labels_needed, "in the other direction")
def the_other_way(counts, accuracies, target):
    return np.interp(target, counts, accuracies)


@wrong(check_labels_needed, "goes on flat beyond its ends")
def flat_beyond(counts, accuracies, target):
    return np.exp(np.interp(target, accuracies, np.log(counts)))


@wrong(check_labels_needed, "where nobody has measured")
def line_beyond(counts, accuracies, target):
    curve = scipy.interpolate.interp1d(accuracies, np.log(counts), fill_value="extrapolate")
    return np.exp(curve(target))


@wrong(check_labels_needed, "and 100 was expected")
def always_five(counts, accuracies, target):
    return 5


@right(check_stratified_draw)
def by_another_library_tool(labels, count, generator):
    seed = generator.initial_seed()
    places = np.arange(len(labels))
    return train_test_split(places, train_size=count, stratify=labels.numpy(), random_state=seed)[0]


@wrong(check_stratified_draw, "leave the number of each class to chance")
def the_rest_to_the_last(labels, count, generator):
    sizes = labels.bincount()
    numbers = sizes * count // len(labels)
    numbers[-1] += count - numbers.sum()
    return chosen(labels, numbers, generator)


@right(check_labels_needed)
def whole_labels(counts, accuracies, target):
    return (
        math.ceil(needed) if (needed := labels_needed(counts, accuracies, target)) > 0 else needed
    )


@wrong(check_labels_needed, "somebody has measured")
def not_at_the_ends(counts, accuracies, target):
    if not accuracies[0] < target < accuracies[-1]:
        return float("nan")
    return labels_needed(counts, accuracies, target)


@wrong(check_labels_needed, "gives None")
def nothing_outside(counts, accuracies, target):
    if accuracies[0] <= target <= accuracies[-1]:
        return labels_needed(counts, accuracies, target)


@wrong(check_labels_needed, "what is asked for then")
def refuses_outside(counts, accuracies, target):
    if not accuracies[0] <= target <= accuracies[-1]:
        raise ValueError("not measured")
    return labels_needed(counts, accuracies, target)


@wrong(check_stratified_draw, "places among the images of one class")
def places_within_a_class(labels, count, generator):
    numbers = labels[stratified_draw(labels, count, generator)].bincount()
    sizes = labels.bincount().tolist()
    drawn = [torch.randperm(size, generator=generator) for size in sizes]
    return torch.cat([one[:number] for one, number in zip(drawn, numbers, strict=True)])


test_right, test_wrong = answer_tests(__name__)
