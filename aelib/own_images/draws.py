"""Ten draws: which images are tested, which have labels, and what each method makes of them."""

import torch
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from aelib.contest.methods import METHODS, learn, pretrain
from aelib.data import Split
from aelib.evaluation import accuracy
from aelib.memory import give_back
from aelib.threads import usable_cores
from aelib.training import infer
from aelib.training.progress import progress

FOLDS = 10
#: At most so many labels and so many test images in a draw; more would change little but the time.
MOST_LABELS, MOST_TESTED = 6_000, 2_000


def label_counts(labelled, classes):
    """The numbers of labels that are compared, ascending: as many as a set allows, and fewer.

    Args:
        labelled: how many labelled images a draw has at least, without those it tests.
        classes: how many classes there are; the smallest number has two images of each.

    Returns:
        Two numbers, or three from 5,000 labels on; the largest is about all that a draw has.
    """
    largest = min(_rounded(labelled, 2), MOST_LABELS)
    fewer = [_rounded(largest / factor, 1) for factor in ((36, 6) if labelled >= 5_000 else (16,))]
    fewer = [count for count in fewer if count >= 2 * classes] or [2 * classes]
    return [*fewer, largest]


def _rounded(number, digits):
    """The number with its first digits kept, and zeros for the rest."""
    unit = 10 ** max(len(str(int(number))) - digits, 0)
    return int(number // unit * unit)


def assign_folds(labels, groups, seed):
    """Deal the images to ten folds, class by class, so that each has about a tenth of every class.

    Args:
        labels: int64 `(N,)`, -1 for unlabelled images.
        groups: int64 `(N,)`; images of one group get one fold, unlabelled ones, too.

    Returns:
        int64 `(N,)`, 0 to 9, and -1 where a group has no labelled image.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    order = order[labels[order] >= 0]
    order = order[labels[order].argsort(stable=True)]
    # The first labelled image of a group in this order stands for it.
    first = torch.full((int(groups.max()) + 1,), len(order))
    first = first.scatter_reduce(0, groups[order], torch.arange(len(order)), "amin")
    dealt = first.argsort(stable=True)[: int((first < len(order)).sum())]
    fold_of = torch.full_like(first, -1)
    fold_of[dealt] = torch.arange(len(dealt)) % FOLDS
    return fold_of[groups]


def draw_labels(labels, count, generator):
    """Draw `count` positions of `labels`, each class by its share, but one of each at least.

    Returns:
        int64 `(count,)`, in random order.
    """
    order = torch.randperm(len(labels), generator=generator)
    place = torch.empty(len(labels))
    for label in labels.unique():
        members = order[labels[order] == label]
        spaced = (torch.arange(len(members)) + torch.rand(1, generator=generator)) / len(members)
        spaced[0] = -1
        place[members] = spaced
    chosen = order[place[order].argsort(stable=True)][:count]
    return chosen[torch.randperm(count, generator=generator)]


def run_draw(images, labels, groups, classes, counts, moves, seed, draw):
    """Let all methods learn from the same images, and test them on the same others.

    The autoencoder and the graph see all images but the tested fold, and every image that has a
    near duplicate in it.

    Returns:
        A list of dicts: draw, labels, method, accuracy in percent, tested.
    """
    folds = assign_folds(labels, groups, seed + draw // FOLDS)
    generator = torch.Generator().manual_seed(seed * 1_000 + draw)
    tested = (folds == draw % FOLDS) & (labels >= 0)
    tested = tested.nonzero().squeeze(1)
    tested = tested[torch.randperm(len(tested), generator=generator)[:MOST_TESTED]]
    pool = (folds != draw % FOLDS).nonzero().squeeze(1)
    pool = pool[torch.randperm(len(pool), generator=generator)]
    named = pool[labels[pool] >= 0]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # So that the result is the same on any number of cores.
    rows = []
    try:
        with threadpool_limits(1):
            unnamed = images[pool]
            autoencoder, _ = pretrain(unnamed, moves, seed + draw)
            for count in counts:
                drawn = named[draw_labels(labels[named], count, generator)]
                labelled = Split(images[drawn], labels[drawn])
                for method in METHODS:
                    give_back()  # What the last one has left, and handing the images over.
                    model = learn(
                        method, labelled, unnamed, autoencoder.encoder, classes, moves, draw
                    )
                    right = accuracy(infer(model, images[tested]).argmax(1), labels[tested])
                    rows.append(
                        {
                            "draw": draw,
                            "labels": count,
                            "method": method,
                            "accuracy": right,
                            "tested": len(tested),
                        }
                    )
    finally:
        torch.set_num_threads(threads)
    return rows


def _run_draws(arguments, draws):
    return [row for draw in draws for row in run_draw(*arguments, draw)]


def run_contest(image_set, moves, seed, draws=10):
    """Run the contest, half of the draws in a second process where there is a core for it.

    More processes would be faster on more cores, but each takes half a gigabyte.

    Args:
        image_set: an `ImageSet`.
        moves: "none", "small" or "mirror".

    Returns:
        A data frame with the rows of all draws.
    """
    import pandas as pd  # Slow, so not above.

    labels, groups = image_set.labels, image_set.groups
    classes = len(image_set.classes)
    named = int((labels >= 0).sum())
    fewest = min(
        named - int(((assign_folds(labels, groups, seed + part) == fold) & (labels >= 0)).sum())
        for part in range(-(-draws // FOLDS))
        for fold in range(FOLDS)
    )
    arguments = (image_set.images, labels, groups, classes, label_counts(fewest, classes))
    arguments = (*arguments, moves, seed)
    helper = get_reusable_executor(max_workers=1) if usable_cores() > 1 else None
    try:
        # All of them at once, so that the images are handed over once.
        elsewhere = helper and helper.submit(_run_draws, arguments, range(1, draws, 2))
        here = range(0, draws, 2 if helper else 1)
        bar = progress(0, len(here))
        bar.set_description("draws")
        rows = [row for d, _ in zip(here, bar, strict=True) for row in run_draw(*arguments, d)]
        rows += elsewhere.result() if elsewhere else []
    finally:  # Also where a person stops it.
        if helper:
            helper.shutdown(kill_workers=True)
    return pd.DataFrame(rows).sort_values("draw", kind="stable", ignore_index=True)
