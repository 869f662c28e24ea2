"""What the exercises of lesson 9, your own images, are checked by."""

from functools import partial

import numpy as np
import torch

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.places import check_chance, drawn_again, places


@exercise(
    "put_aside(groups, count, generator)",
    returns="one flat list or tensor of whole numbers, the places of the images put aside",
    first_hint="what has to be drawn at random here: images, or groups of them?",
)
def check_put_aside(answer):
    """Put images aside for the test so that no copy of one of them is left to learn from.

    `put_aside(groups, count, generator)` gets the group of each image, `(N,)`: images of one group
    are copies of each other, or nearly so. And a number of images, and a `torch.Generator`. It
    returns the indices of the images put aside, in any order. Groups are drawn at random, one after
    the other, and put aside whole, until there are at least `count` images. All chance comes from
    `generator`: its seed decides which images are put aside, and each image can be.
    """
    few, many = _groups([3, 2, 1, 1]), _groups([5, 4, 3, 3, 2, 2, *[1] * 11])
    cases = [(few, 2), (few, 4), (many, 6), (many, 9), (many, 14)]
    draws = []
    for groups, count in cases:
        for seed in range(6):
            indices = drawn_again(partial(_places, answer, groups, count), seed)
            draws.append((groups.numpy(), count, indices))
    if not all(_is_whole_and_enough(*draw) for draw in draws):
        for hint, explains in _SPLIT_MISTAKES.items():
            if all(explains(*draw) for draw in draws):
                raise Wrong(hint)
        for draw in draws:
            _say_what_is_wrong(*draw)
    seen = [_places(answer, many, 9, seed) for seed in range(60)]
    check_chance(seen, len(many), "Every image can be put aside.")


def _groups(sizes):
    """The group of each image, for groups of these sizes, mixed."""
    groups = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    return groups[torch.randperm(len(groups), generator=torch.Generator().manual_seed(1))]


def _places(answer, groups, count, seed, chance=0):
    value = answer(groups, count, torch.Generator().manual_seed(seed), chance=chance)
    indices = places(answer, value, groups)
    if len(np.unique(indices)) < len(indices):
        raise Wrong("some images appear twice. Each can be put aside once.")
    return np.sort(indices)


def _shares(groups, indices):
    """How many images each group has, and how many of them are put aside."""
    sizes = np.bincount(groups)
    return sizes, np.bincount(groups[indices], minlength=len(sizes))


def _is_whole(groups, indices):
    sizes, aside = _shares(groups, indices)
    return ((aside == 0) | (aside == sizes)).all()


def _is_whole_and_enough(groups, count, indices):
    largest = _shares(groups, indices)[1].max(initial=0)
    return _is_whole(groups, indices) and len(indices) - largest < count <= len(indices)


def _by_number(groups, count, indices):
    members = np.flatnonzero(np.isin(groups, indices))
    return _is_whole_and_enough(groups, count, members)


def _the_rest(groups, count, indices):
    return _is_whole_and_enough(groups, count, np.setdiff1d(np.arange(len(groups)), indices))


def _one_of_each(groups, count, indices):
    return _shares(groups, indices)[1].max(initial=0) == 1


def _counts_groups(groups, count, indices):
    reachable = min(count, groups.max() + 1)
    return _is_whole(groups, indices) and len(np.unique(groups[indices])) == reachable


def _cuts_the_last(groups, count, indices):
    sizes, aside = _shares(groups, indices)
    return len(indices) == count and ((aside > 0) & (aside < sizes)).sum() <= 1


def _stops_before(groups, count, indices):
    return _is_whole(groups, indices) and len(indices) <= count


_SPLIT_MISTAKES = {
    "these seem to be numbers of groups. Asked for are the places of all their images.": _by_number,
    "those are the images that stay to learn from. Which are put aside?": _the_rest,
    "of each group one image is put aside. Where do its copies stay?": _one_of_each,
    "so many *groups* are put aside. `count` is a number of images.": _counts_groups,
    "there are exactly `count` images each time, and for that the last group is cut in two. Where "
    "do you count, before or after a group is put aside?": _cuts_the_last,
    "you stop as long as there is still room, before `count` images are put aside. It takes one "
    "group more.": _stops_before,
}


def _say_what_is_wrong(groups, count, indices):
    sizes, aside = _shares(groups, indices)
    torn = np.flatnonzero((aside > 0) & (aside < sizes))
    if len(torn):
        members = np.flatnonzero(groups == torn[0])
        one, other = (members[np.isin(members, indices) == side][0] for side in (True, False))
        raise Wrong(
            f"asked for {count} of {len(groups)} images: {one} and {other} are copies of each "
            f"other, both of group {torn[0]}. But {one} is put aside, and {other} is left to learn "
            "from."
        )
    if len(indices) < count:
        raise Wrong(
            f"{count} of {len(groups)} images were asked for, and only {len(indices)} came."
        )
    if not _is_whole_and_enough(groups, count, indices):
        raise Wrong(
            f"{count} of {len(groups)} images were asked for, and {len(indices)} came. Without "
            "one of their groups there would still be enough."
        )


@exercise(
    "disagreement(distances, labels, groups, k)",
    returns="a share from 0 to 1 for each image",
    first_hint="begin with one image: which others may speak for or against its label?",
)
def check_disagreement(answer):
    """How far the neighbours of each image disagree with its label, where copies have no say.

    `disagreement(distances, labels, groups, k)` gets the distances between all images, `(N, N)`,
    the label of each and the group of each, both `(N,)`: images of one group are copies of each
    other. For each image it takes the `k` nearest images of *other* groups and returns the share of
    these that have another label than the image, `(N,)`.
    """
    cases = [(*_scattered(4, 1), 1), (*_scattered(8, 2), 2), (*_scattered(12, 3), 3)]
    cases += [(*_scattered(40, 4), 5), (*_scattered(40, 5), 8)]
    nearest_of_all = "who is nearest to an image? Itself, and it is always of its own opinion."
    vouching = "copies of an image vouch for it in yours: images of its own group have no say."
    too_late = (
        "images of the same group are left out only after `k` have been taken, so fewer than `k` "
        "are left to speak."
    )
    mistakes = [
        (nearest_of_all, _disagreement(left_out=lambda same, itself: same & False)),
        (nearest_of_all, _disagreement(left_out=lambda same, itself: same & ~itself)),
        (vouching, _disagreement(left_out=lambda same, itself: itself)),
        *[
            (too_late, _disagreement_too_late(itself_first, at_least))
            for itself_first in (True, False)
            for at_least in (0, 1)
        ],
        ("that is how far the neighbours agree.", _disagreement(of=lambda share, k: 1 - share)),
        (
            "that is a number of neighbours; their share of `k` is asked for.",
            _disagreement(of=lambda share, k: k * share),
        ),
        (
            "percent came, and a share from 0 to 1 is asked for.",
            _disagreement(of=lambda share, k: 100 * share),
        ),
        (
            "you seem to let the neighbours vote. Asked for is the share of them that disagrees.",
            _disagreement(of=lambda share, k: (share > 0.5).double()),
        ),
        (
            "these are the strangers: neighbours are those with the smallest distance.",
            _disagreement(sign=-1),
        ),
        (
            "all images of other groups have a say in yours, and not the `k` nearest of them.",
            _disagreement_of_all,
        ),
        ("`k` makes no difference in yours.", _disagreement(count=lambda k: 1)),
    ]
    shown = [
        f"for {len(labels)} images, of which some are copies, and k = {k}, it"
        for _, labels, _, k in cases
    ]
    answer.compare(cases, _disagreement(), mistakes, shown=shown)


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


def _disagreement(
    left_out=lambda same, itself: same,
    sign=1,
    count=lambda k: k,
    of=lambda share, k: share,
):
    """The rule, or with one of its parts mistaken."""

    def disagreement(distances, labels, groups, k):
        same = groups[:, None] == groups
        gone = left_out(same, torch.eye(len(labels), dtype=torch.bool))
        order = (sign * distances).masked_fill(gone, torch.inf).argsort(1)
        nearest = order[:, : count(k)]
        return of((labels[nearest] != labels[:, None]).double().mean(1), k)

    return disagreement


def _disagreement_of_all(distances, labels, groups, k):
    others = groups[:, None] != groups
    return (others & (labels != labels[:, None])).double().sum(1) / others.sum(1)


def _disagreement_too_late(itself_first, at_least):
    """Copies among the nearest are dropped and not replaced by the next; of none left it is NaN, or
    0 with one `at_least`."""

    def disagreement(distances, labels, groups, k):
        itself = torch.eye(len(labels), dtype=torch.bool) & (not itself_first)
        nearest = distances.masked_fill(itself, torch.inf).argsort(1)[:, :k]
        foreign = groups[nearest] != groups[:, None]
        differ = (foreign & (labels[nearest] != labels[:, None])).double().sum(1)
        return differ / foreign.sum(1).clamp(min=at_least)

    return disagreement


@exercise(
    "share_found(ranking, wrong)",
    returns="a share from 0 to 1",
    first_hint="how many labels are wrong? So many places of the ranking are looked at.",
)
def check_share_found(answer):
    """How good a ranking of suspects is: which share of the wrong labels is among the first.

    `share_found(ranking, wrong)` gets the places of all images, `(N,)`, the most suspicious first,
    and the places of those whose label is known to be wrong, `(M,)`, in any order. It looks at the
    first `M` of the ranking, and returns which share of the wrong labels is among them.
    """
    cases = [_ranking(*sizes) for sizes in ((3, 1, 1), (5, 2, 1), (12, 4, 3), (60, 5, 3))]
    cases += [_ranking(60, 25, 16), _ranking(40, 8, 0)]
    mistakes = [
        (
            "you look at the first 20, however many labels are wrong.",
            lambda ranking, wrong: _found(ranking[:20], wrong) / len(wrong),
        ),
        (
            "the whole ranking is looked at, and of course they are all in it.",
            lambda ranking, wrong: _found(ranking, wrong) / len(wrong),
        ),
        (
            "both lists are compared place by place. It does not matter in which order the wrong "
            "ones stand.",
            lambda ranking, wrong: (ranking[: len(wrong)] == wrong).double().mean(),
        ),
        (
            "`ranking[i]` is the image at place i of the list, and not the place of image i in it.",
            lambda ranking, wrong: (ranking[wrong] < len(wrong)).double().mean(),
        ),
        (
            "you look at the end of the ranking. The most suspicious come first.",
            lambda ranking, wrong: _found(ranking[-len(wrong) :], wrong) / len(wrong),
        ),
        (
            "that is how many were found; their share of all wrong ones is asked for.",
            lambda ranking, wrong: _found(ranking[: len(wrong)], wrong),
        ),
        (
            "that is a share of all images. Asked for is a share of the wrong labels.",
            lambda ranking, wrong: _found(ranking[: len(wrong)], wrong) / len(ranking),
        ),
        (
            "percent came, and a share from 0 to 1 is asked for.",
            lambda ranking, wrong: 100 * _found(ranking[: len(wrong)], wrong) / len(wrong),
        ),
        (
            "that is the share that was missed.",
            lambda ranking, wrong: 1 - _found(ranking[: len(wrong)], wrong) / len(wrong),
        ),
    ]
    answer.compare(cases, _share_found, mistakes, shape=())


def _ranking(images, wrong, found):
    """A ranking of images, and the places of `wrong` labels, of which `found` are among as many."""
    generator = torch.Generator().manual_seed(images + wrong)
    ranking = torch.randperm(images, generator=generator)
    first = torch.randperm(wrong, generator=generator)[:found]
    later = wrong + torch.randperm(images - wrong, generator=generator)[: wrong - found]
    chosen = torch.cat([first, later])
    return ranking, ranking[chosen[torch.randperm(wrong, generator=generator)]]


def _found(some, wrong):
    return torch.isin(wrong, some).sum()


def _share_found(ranking, wrong):
    return _found(ranking[: len(wrong)], wrong) / len(wrong)
