"""What the exercises of lesson 9, your own images, are checked by."""

import numpy as np
import torch

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.draws import check_draws, mixed


@exercise(
    "put_aside(groups, count, generator)",
    "one flat list or tensor of whole numbers, the places of the images put aside",
    "what has to be drawn at random here: images, or groups of them?",
)
def check_put_aside(answer):
    """Put images aside for the test so that no copy of one of them is left to learn from.

    Copies of each other are of one group, `(N,)`. Groups are drawn at random by `generator` alone
    and put aside whole, until there are at least `count` images. Each can be.
    """
    few, many = mixed([3, 2, 1, 1]), mixed([5, 4, 3, 3, 2, 2, *[1] * 11])
    check_draws(answer, [(few, 2), (few, 4), (many, 6), (many, 14), (many, 9)], _inspect_groups)


def _inspect_groups(indices, groups, count):
    aside, sizes = np.bincount(groups[indices], minlength=groups.max() + 1), np.bincount(groups)
    asked, torn = (
        f"{count} of {len(groups)} images were asked for, and",
        (aside % sizes).nonzero()[0],
    )
    if len(torn):
        members = np.flatnonzero(groups == torn[0])
        one, other = (members[np.isin(members, indices) == side][0] for side in (True, False))
        raise Wrong(
            f"{asked} {one} and {other} are copies of each other, both of group {torn[0]}. But "
            f"{one} is put aside, and {other} is left to learn from."
        )
    if not len(indices) - aside.max() < count <= len(indices) or (aside > sizes).any():
        raise Wrong(f"{asked} {len(indices)} came: too few, too many, or some of them twice.")


@exercise(
    "disagreement(distances, labels, groups, k)",
    "a share from 0 to 1 for each image",
    "begin with one image: which others may speak for or against its label?",
)
def check_disagreement(answer):
    """How far the neighbours of each image disagree with its label, where copies have no say.

    Distances are `(N, N)`, labels and groups `(N,)`, and images of one group are copies. For each
    image: of the `k` nearest images of *other* groups, the share with another label.
    """
    cases = [(*_scattered(4, 1), 1), (*_scattered(8, 2), 2), (*_scattered(12, 3), 3)]
    cases += [(*_scattered(40, 4), 5), (*_scattered(40, 5), 8)]
    answer.compare(cases, _disagreement, DISAGREEMENT_MISTAKES)


def _scattered(count, seed):
    """Distances of images in two clouds, where some have copies; their labels and groups."""
    generator = torch.Generator().manual_seed(seed)
    originals = count * 2 // 3
    groups = torch.cat([torch.arange(originals), torch.arange(count - originals) // 2])
    labels = torch.arange(originals) % 2
    points = torch.randn(originals, 2, generator=generator).double()
    points[:, 0] += labels  # Near enough for neighbours to be of both classes.
    points = points[groups] + 0.02 * torch.randn(count, 2, generator=generator)
    mixed = torch.randperm(count, generator=generator)
    points, labels, groups = points[mixed], labels[groups][mixed], groups[mixed]
    return torch.cdist(points, points), labels, groups


def _disagreement(distances, labels, groups, k, copies=False):
    gone = torch.eye(len(labels), dtype=torch.bool) if copies else groups[:, None] == groups
    nearest = distances.masked_fill(gone, torch.inf).argsort(1)[:, :k]
    return (labels[nearest] != labels[:, None]).double().mean(1)


def _too_late(distances, labels, groups, k):
    """Copies among the nearest are dropped and not replaced by the next."""
    itself = torch.eye(len(labels), dtype=torch.bool)
    nearest = distances.masked_fill(itself, torch.inf).argsort(1)[:, :k]
    foreign = groups[nearest] != groups[:, None]
    differ = (foreign & (labels[nearest] != labels[:, None])).double().sum(1)
    return differ / foreign.sum(1)


DISAGREEMENT_MISTAKES = {
    "copies of an image, or it itself, vouch for it in yours: its own group has no say.": [
        lambda *case: _disagreement(*case, copies=True),
        lambda distances, labels, groups, k: (
            _disagreement(distances, labels, groups, k - 1, copies=True) * (k - 1) / k
        ),
    ],
    "images of the same group are left out only after `k` have been taken, so fewer than `k` are "
    "left to speak.": [_too_late, lambda *case: _too_late(*case).nan_to_num()],
}


@exercise(
    "share_found(ranking, wrong)",
    "a share from 0 to 1",
    "how many labels are wrong? So many places of the ranking are looked at.",
)
def check_share_found(answer):
    """How good a ranking of suspects is: which share of the wrong labels is among the first.

    `ranking` has the places of all images, `(N,)`, the most suspicious first, and `wrong` those of
    the wrong labels, `(M,)`, in any order. The first `M` of the ranking count.
    """
    cases = [_ranking(*sizes) for sizes in ((3, 1, 1), (5, 2, 1), (12, 4, 3), (60, 5, 3))]
    cases += [_ranking(60, 25, 16), _ranking(40, 8, 0)]
    answer.compare(cases, _found, FOUND_MISTAKES, shape=())


def _ranking(images, wrong, found):
    """A ranking of images, and the places of `wrong` labels, of which `found` are among as many."""
    ranking = torch.randperm(images)
    first = torch.randperm(wrong)[:found]
    later = wrong + torch.randperm(images - wrong)[: wrong - found]
    chosen = torch.cat([first, later])
    return ranking, ranking[chosen[torch.randperm(wrong)]]


def _found(ranking, wrong):
    return torch.isin(wrong, ranking[: len(wrong)]).sum() / len(wrong)


FOUND_MISTAKES = {
    "not as many places of the ranking are looked at as there are wrong labels. In the whole of it "
    "they are all found.": [
        lambda ranking, wrong: torch.isin(wrong, ranking[:20]).double().mean(),
        lambda ranking, wrong: 1.0,
    ],
    "both lists are compared place by place. It does not matter in which order the wrong ones "
    "stand.": lambda ranking, wrong: (ranking[: len(wrong)] == wrong).double().mean(),
    "that is a number, or a share of all images. Asked for is a share of the wrong labels.": [
        lambda ranking, wrong: len(wrong) * _found(ranking, wrong),
        lambda ranking, wrong: len(wrong) / len(ranking) * _found(ranking, wrong),
    ],
}
