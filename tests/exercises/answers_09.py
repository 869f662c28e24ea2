"""Right and wrong answers to the exercises of lesson 9."""

import random

import numpy as np
import torch


def put_aside(groups, count, generator):
    aside = torch.zeros(len(groups), dtype=torch.bool)
    numbers = groups.unique()
    for place in torch.randperm(len(numbers), generator=generator):
        if aside.sum() >= count:
            break
        aside |= groups == numbers[place]
    return aside.nonzero().flatten()


def by_sums(groups, count, generator):
    numbers, sizes = groups.unique(return_counts=True)
    order = torch.randperm(len(numbers), generator=generator)
    enough = int((sizes[order].cumsum(0) < count).sum()) + 1
    return torch.isin(groups, numbers[order[:enough]]).nonzero().flatten().tolist()


def whole(groups, numbers):
    return torch.isin(groups, torch.as_tensor(numbers)).nonzero().flatten()


def drawn(groups, generator):
    """The numbers of groups in random order."""
    numbers = groups.unique()
    return numbers[torch.randperm(len(numbers), generator=generator)]


def never_the_first_group(groups, count, generator):
    numbers = drawn(groups, generator)
    numbers = torch.cat([numbers[numbers != 0], numbers[numbers == 0]])
    sizes = torch.stack([(groups == number).sum() for number in numbers]).cumsum(0)
    return whole(groups, numbers[: int((sizes < count).sum()) + 1])


def disagreement(distances, labels, groups, k):
    own = groups[:, None] == groups[None]
    nearest = distances.masked_fill(own, float("inf")).topk(k, largest=False).indices
    return (labels[nearest] != labels[:, None]).float().mean(1)


def shares(distances, labels, gone, k):
    nearest = distances.masked_fill(gone, float("inf")).argsort(1)[:, :k]
    return (labels[nearest] != labels[:, None]).double().mean(1)


def left_out_too_late(distances, labels, groups, k):
    nearest = distances.argsort(1)[:, 1 : k + 1]
    foreign = groups[nearest] != groups[:, None]
    return ((labels[nearest] != labels[:, None]) & foreign).sum(1), foreign.sum(1)


def share_of_those_left(distances, labels, groups, k):
    differ, left = left_out_too_late(distances, labels, groups, k)
    return differ / left


def share_found(ranking, wrong):
    return torch.isin(ranking[: len(wrong)], wrong).float().mean()


def found(some, wrong):
    return torch.isin(some, wrong).sum().item()


RIGHT = {
    "check_put_aside": [by_sums],
    "check_disagreement": [disagreement],
    "check_share_found": [
        lambda r, w: len({*r[: len(w)].tolist()} & {*w.tolist()}) / len(w),
        lambda r, w: np.mean(np.argsort(r.numpy())[w.numpy()] < len(w)),
    ],
}

WRONG = {
    "check_put_aside": {
        "2 of 7 images were": lambda q, n, g: torch.randperm(len(q), generator=g)[:n],
        "6 of 30 images were": lambda q, n, g: whole(q, 0) if len(q) > 20 else put_aside(q, n, g),
        "generators with different seeds give": lambda q, n, g: put_aside(
            q, n, torch.Generator().manual_seed(0)
        ),
        "seed 0 was given twice": lambda q, n, g: put_aside(
            q, n, torch.Generator().manual_seed(random.randrange(999))
        ),
        "among 60 draws with different": never_the_first_group,
        "it returns a mask of": lambda q, n, g: torch.isin(
            torch.arange(len(q)), put_aside(q, n, g)
        ),
    },
    "check_disagreement": {
        "gives 0 at [0], and": lambda d, y, q, k: shares(d, y, torch.zeros_like(d).bool(), k),
        "copies of an image, or": lambda d, y, q, k: shares(d, y, torch.eye(len(y)).bool(), k),
        "images of the same group": share_of_those_left,
        "the other way round: True": lambda d, y, q, k: 1 - disagreement(d, y, q, k),
        "percent came": lambda d, y, q, k: 100 * disagreement(d, y, q, k),
        "it should return a share": lambda d, y, q, k: disagreement(d, y, q, k).mean(),
    },
    "check_share_found": {
        "not as many places of": lambda r, w: found(r[:20], w) / len(w),
        "both lists are compared place": lambda r, w: (r[: len(w)] == w).double().mean(),
        "gives 0, and 1 was": lambda r, w: (r[w] < len(w)).double().mean(),
        "that is a number, or": lambda r, w: found(r[: len(w)], w),
        "percent came": lambda r, w: 100 * share_found(r, w),
        "the other way round: True": lambda r, w: 1 - share_found(r, w),
    },
}
