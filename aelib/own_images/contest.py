"""The contest: which images are tested, which have labels, and what each method makes of them."""

import pandas as pd
import torch

from aelib.data import balanced_draw
from aelib.evaluation import accuracy
from aelib.own_images.methods import METHODS, SPREADING, learn, pretrain
from aelib.own_images.verdict import FOLDS, surely_behind
from aelib.training import infer, progress_bar

SHARED = ((0, 1), (2, 3, 4))  # Folds that share a pretraining.
FIRST_DRAWS = 3  # After so many a method can be out of the race.
#: At most so many labels and so many test images in a draw; more would change little but the time.
MOST_LABELS, MOST_TESTED = 6_000, 4_000


def label_counts(labelled, classes):
    """The two numbers of labels (from 5,000 on three) that are compared, ascending; the largest is
    about the number of labelled images in a draw. Of each class there are as many, and two or more.
    """
    largest = min(labelled, MOST_LABELS)
    shares = (largest // factor for factor in ((36, 6, 1) if labelled >= 5_000 else (16, 1)))
    return sorted({max(2, share // classes) * classes for share in shares})


def assign_folds(labels, groups, seed):
    """Deal the images to five folds, class by class, so that each has about a fifth of each class.

    Images of one group get one fold, unlabelled ones (label -1), too. Returns int64 `(N,)`, 0 to 4,
    and -1 where a group has no labelled image.
    """
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    order = order[labels[order] >= 0]
    order = order[labels[order].argsort(stable=True)]
    # The first labelled image of a group in this order stands for it.
    first = torch.full((int(groups.max()) + 1,), len(order))
    first = first.scatter_reduce(0, groups[order], torch.arange(len(order)), "amin")
    dealt = first.argsort(stable=True)[: int((first < len(order)).sum())]
    fold_of = torch.full_like(first, -1)
    fold_of[dealt] = torch.arange(len(dealt)) % FOLDS
    return fold_of[groups]


def run_contest(image_set, moves, seed, draws=FOLDS):
    """Let the methods learn from the same images, and test them on the same others, draw by draw.

    Each draw tests another fifth of the labelled images. No method has seen these, nor near
    duplicates of them: the autoencoder is trained twice, on the images outside the first two fifths
    and on those outside the other three. From the third draw on, a method that is `surely_behind`
    the best at a number of labels is out of the race there. Labels are not spread where over nine
    tenths of the images have theirs: it would be "from scratch" once more. Of draws there are 2 or
    more; after the fifth the images of the `ImageSet` are dealt anew. Returns a data frame: draw,
    labels, method, accuracy in percent, tested.
    """
    images, labels, groups = image_set.images, image_set.labels, image_set.groups
    classes = len(image_set.classes)
    deals = [assign_folds(labels, groups, seed + deal) for deal in range(-(-draws // FOLDS))]
    pools = [folds != fold for folds in deals for fold in range(FOLDS)]
    counts = label_counts(min(int((labels[pool] >= 0).sum()) for pool in pools), classes)
    spreads = 0.9 * min(int(pool.sum()) for pool in pools)
    racing = {n: [m for m in METHODS if m not in SPREADING or n <= spreads] for n in counts}
    rows = []
    for draw in progress_bar(range(draws), "draws"):
        folds, fold = deals[draw // FOLDS], draw % FOLDS
        for shared in SHARED:
            if fold == shared[0]:
                kept = ~torch.isin(folds, torch.tensor(shared))
                encoder = pretrain(images[kept], moves, seed)[0].encoder
        generator = torch.Generator().manual_seed(1_000 * seed + draw)
        tested = _shuffled((folds == fold) & (labels >= 0), generator)[:MOST_TESTED]
        pool = _shuffled(pools[draw], generator)
        unseen, named = images[pool], torch.where(labels[pool] >= 0)[0]
        for count, methods in racing.items():
            drawn = named[balanced_draw(labels[pool][named], count, generator)]
            known = torch.full_like(pool, -1).index_copy(0, drawn, labels[pool][drawn])
            for method in methods:
                model = learn(method, unseen, known, encoder, classes, moves, draw)
                right = accuracy(infer(model, images[tested]).argmax(1), labels[tested])
                rows.append((draw, count, method, float(right), len(tested)))
        table = pd.DataFrame(rows, columns=["draw", "labels", "method", "accuracy", "tested"])
        if draw + 1 >= FIRST_DRAWS:
            for count, methods in racing.items():
                behind = surely_behind(table[table.labels == count])
                racing[count] = [method for method in methods if method not in behind]
    return table


def _shuffled(mask, generator):
    positions = mask.nonzero().squeeze(1)
    return positions[torch.randperm(len(positions), generator=generator)]
