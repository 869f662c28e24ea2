"""Right and wrong answers to the exercises of lesson 9."""

import random

import numpy as np
import torch
from learners import answer_tests, right, wrong
from sklearn.neighbors import NearestNeighbors

from aelib.exercises import check_disagreement, check_put_aside, check_share_found


@right(check_put_aside)
def put_aside(groups, count, generator):
    aside = torch.zeros(len(groups), dtype=torch.bool)
    numbers = groups.unique()
    for place in torch.randperm(len(numbers), generator=generator):
        if aside.sum() >= count:
            break
        aside |= groups == numbers[place]
    return aside.nonzero().flatten()


@right(check_put_aside)
def by_sums(groups, count, generator):
    numbers, sizes = groups.unique(return_counts=True)
    order = torch.randperm(len(numbers), generator=generator)
    enough = int((sizes[order].cumsum(0) < count).sum()) + 1
    return torch.isin(groups, numbers[order[:enough]]).nonzero().flatten().tolist()


@right(check_put_aside)
def by_images(groups, count, generator):
    """Images in random order, each with its whole group."""
    aside = []
    for image in torch.randperm(len(groups), generator=generator).tolist():
        if len(aside) < count and image not in aside:
            aside += (groups == groups[image]).nonzero().flatten().tolist()
    return np.array(aside)


def whole(groups, numbers):
    return torch.isin(groups, torch.as_tensor(numbers)).nonzero().flatten()


def drawn(groups, generator):
    """The numbers of groups in random order."""
    numbers = groups.unique()
    return numbers[torch.randperm(len(numbers), generator=generator)]


@wrong(check_put_aside, "are copies of each other")
def images_at_random(groups, count, generator):
    return torch.randperm(len(groups), generator=generator)[:count]


@wrong(check_put_aside, "Where do its copies stay")
def one_of_each_group(groups, count, generator):
    numbers = drawn(groups, generator)[:count]
    return [(groups == number).nonzero()[0].item() for number in numbers]


@wrong(check_put_aside, "so many *groups* are put aside")
def groups_in_place_of_images(groups, count, generator):
    return whole(groups, drawn(groups, generator)[:count])


@wrong(check_put_aside, "the last group is cut in two")
def cut_at_the_count(groups, count, generator):
    aside = [whole(groups, number) for number in drawn(groups, generator)]
    return torch.cat(aside)[:count]


@wrong(check_put_aside, "numbers of groups")
def numbers_of_groups(groups, count, generator):
    return groups[put_aside(groups, count, generator)].unique()


@wrong(check_put_aside, "that stay to learn from")
def those_that_stay(groups, count, generator):
    return np.setdiff1d(np.arange(len(groups)), put_aside(groups, count, generator))


@wrong(check_put_aside, "there is still room")
def stops_before(groups, count, generator):
    aside = []
    for number in drawn(groups, generator):
        members = whole(groups, number).tolist()
        if len(aside) + len(members) > count:
            break
        aside += members
    return torch.tensor(aside, dtype=torch.long)


@wrong(check_put_aside, "there would still be enough")
def one_group_too_many(groups, count, generator):
    numbers = drawn(groups, generator)
    sizes = torch.stack([(groups == number).sum() for number in numbers]).cumsum(0)
    return whole(groups, numbers[: int((sizes <= count).sum()) + 2])


@wrong(check_put_aside, "and only 5 came")
def sometimes_too_few(groups, count, generator):
    return whole(groups, 0) if len(groups) > 20 else put_aside(groups, count, generator)


@wrong(check_put_aside, "very same images")
def in_the_order_of_their_numbers(groups, count, generator):
    return put_aside(groups, count, torch.Generator().manual_seed(0))


@wrong(check_put_aside, "two different draws came")
def chance_of_its_own(groups, count, generator):
    return put_aside(groups, count, torch.Generator().manual_seed(random.randrange(999)))


@wrong(check_put_aside, "never came up")
def never_the_first_group(groups, count, generator):
    numbers = drawn(groups, generator)
    numbers = torch.cat([numbers[numbers != 0], numbers[numbers == 0]])
    sizes = torch.stack([(groups == number).sum() for number in numbers]).cumsum(0)
    return whole(groups, numbers[: int((sizes < count).sum()) + 1])


@wrong(check_put_aside, "some images appear twice")
def put_back(groups, count, generator):
    return torch.cat([put_aside(groups, count, generator)] * 2)


@wrong(check_put_aside, "a mask of true and false")
def a_mask(groups, count, generator):
    return torch.isin(torch.arange(len(groups)), put_aside(groups, count, generator))


@right(check_disagreement)
def disagreement(distances, labels, groups, k):
    own = groups[:, None] == groups[None]
    nearest = distances.masked_fill(own, float("inf")).topk(k, largest=False).indices
    return (labels[nearest] != labels[:, None]).float().mean(1)


@right(check_disagreement)
def disagreement_one_by_one(distances, labels, groups, k):
    shares = []
    for image, (label, group) in enumerate(zip(labels, groups, strict=True)):
        others = [other for other in range(len(labels)) if groups[other] != group]
        others.sort(key=lambda other: distances[image, other])
        shares.append(sum(labels[other] != label for other in others[:k]) / k)
    return shares


@right(check_disagreement)
def disagreement_by_a_library(distances, labels, groups, k):
    far = np.where(groups[:, None] == groups, 1e9, distances)
    search = NearestNeighbors(n_neighbors=k, metric="precomputed").fit(far)
    nearest = search.kneighbors(far, return_distance=False)
    return (labels.numpy()[nearest] != labels.numpy()[:, None]).mean(1)


def shares(distances, labels, gone, k):
    nearest = distances.masked_fill(gone, float("inf")).argsort(1)[:, :k]
    return (labels[nearest] != labels[:, None]).double().mean(1)


@wrong(check_disagreement, "always of its own opinion")
def itself_among_them(distances, labels, groups, k):
    return shares(distances, labels, torch.zeros_like(distances).bool(), k)


@wrong(check_disagreement, "vouch for it in yours")
def copies_among_them(distances, labels, groups, k):
    return shares(distances, labels, torch.eye(len(labels)).bool(), k)


def left_out_too_late(distances, labels, groups, k):
    nearest = distances.argsort(1)[:, 1 : k + 1]
    foreign = groups[nearest] != groups[:, None]
    return ((labels[nearest] != labels[:, None]) & foreign).sum(1), foreign.sum(1)


@wrong(check_disagreement, "left out only after")
def share_of_those_left(distances, labels, groups, k):
    differ, left = left_out_too_late(distances, labels, groups, k)
    return differ / left


@wrong(check_disagreement, "left out only after")
def share_of_those_left_or_nothing(distances, labels, groups, k):
    differ, left = left_out_too_late(distances, labels, groups, k)
    return [int(d) / int(n) if n else 0.0 for d, n in zip(differ, left, strict=True)]


@wrong(check_disagreement, "vouch for it in yours")
def share_of_k_though_fewer_are_left(distances, labels, groups, k):
    return left_out_too_late(distances, labels, groups, k)[0] / k


@wrong(check_disagreement, "how far the neighbours agree")
def agreement(distances, labels, groups, k):
    return 1 - disagreement(distances, labels, groups, k)


@wrong(check_disagreement, "their share of `k`")
def a_number(distances, labels, groups, k):
    return k * disagreement(distances, labels, groups, k)


@wrong(check_disagreement, "percent came")
def in_percent(distances, labels, groups, k):
    return 100 * disagreement(distances, labels, groups, k)


@wrong(check_disagreement, "let the neighbours vote")
def a_vote(distances, labels, groups, k):
    return disagreement(distances, labels, groups, k) > 0.5


@wrong(check_disagreement, "these are the strangers")
def the_farthest(distances, labels, groups, k):
    return disagreement(-distances, labels, groups, k)


@wrong(check_disagreement, "all images of other groups")
def all_others(distances, labels, groups, k):
    other = groups[:, None] != groups
    return ((labels[:, None] != labels) & other).sum(1) / other.sum(1)


@wrong(check_disagreement, "makes no difference in yours")
def always_one(distances, labels, groups, k):
    return disagreement(distances, labels, groups, 1)


@wrong(check_disagreement, "a share from 0 to 1 for each image, the shape (4,)")
def one_number(distances, labels, groups, k):
    return disagreement(distances, labels, groups, k).mean()


@wrong(check_disagreement, "of which some are copies, and k = ")
def one_more(distances, labels, groups, k):
    others = (groups[:, None] != groups).sum(1).min()
    return disagreement(distances, labels, groups, min(k + 1, int(others)))


@right(check_share_found)
def share_found(ranking, wrong):
    return torch.isin(ranking[: len(wrong)], wrong).float().mean()


@right(check_share_found)
def by_sets(ranking, wrong):
    return len({*ranking[: len(wrong)].tolist()} & {*wrong.tolist()}) / len(wrong)


@right(check_share_found)
def by_ranks(ranking, wrong):
    return np.mean(np.argsort(ranking.numpy())[wrong.numpy()] < len(wrong))


def found(some, wrong):
    return torch.isin(some, wrong).sum().item()


@wrong(check_share_found, "the first 20")
def among_twenty(ranking, wrong):
    return found(ranking[:20], wrong) / len(wrong)


@wrong(check_share_found, "they are all in it")
def in_the_whole(ranking, wrong):
    return found(ranking, wrong) / len(wrong)


@wrong(check_share_found, "place by place")
def place_by_place(ranking, wrong):
    return (ranking[: len(wrong)] == wrong).double().mean()


@wrong(check_share_found, "not the place of image i")
def ranks_mixed_up(ranking, wrong):
    return (ranking[wrong] < len(wrong)).double().mean()


@wrong(check_share_found, "the end of the ranking")
def at_the_end(ranking, wrong):
    return found(ranking[-len(wrong) :], wrong) / len(wrong)


@wrong(check_share_found, "how many were found")
def number_found(ranking, wrong):
    return found(ranking[: len(wrong)], wrong)


@wrong(check_share_found, "a share of all images")
def of_all(ranking, wrong):
    return found(ranking[: len(wrong)], wrong) / len(ranking)


@wrong(check_share_found, "percent came")
def percent_found(ranking, wrong):
    return 100 * share_found(ranking, wrong)


@wrong(check_share_found, "was missed")
def missed(ranking, wrong):
    return 1 - share_found(ranking, wrong)


@wrong(check_share_found, "gives 0.5, and 1 was expected")
def half_of_it(ranking, wrong):
    return share_found(ranking, wrong) / 2


test_right, test_wrong = answer_tests(__name__)
