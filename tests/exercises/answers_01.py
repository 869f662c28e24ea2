"""Right and wrong answers to the exercises of lesson 1."""

import numpy as np
import torch
from sklearn.neighbors import NearestCentroid


def balanced_indices(labels, per_class, generator):
    places = [(labels == digit).nonzero().flatten() for digit in range(10)]
    orders = [torch.randperm(len(one), generator=generator)[:per_class] for one in places]
    return torch.cat([one[order] for one, order in zip(places, orders, strict=True)])


def distances(train_images, train_labels, images, p=2):
    """Of each of `images` to the mean image of each class, `(M, 10)`."""
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means, p=p)


def balanced_by_weights(labels, per_class, generator):
    weights = [(labels == digit).float() for digit in range(10)]
    return torch.cat([torch.multinomial(one, per_class, generator=generator) for one in weights])


RIGHT = {
    "check_balanced_indices": [balanced_by_weights],
    "check_nearest_mean": [
        lambda *case: distances(*case).argmin(1),
        lambda x, y, z: NearestCentroid().fit(x.flatten(1), y).predict(z.flatten(1)),
    ],
    "check_images_needed": [lambda p, h: int(np.ceil(4 * p * (1 - p) / h**2))],
}

WRONG = {
    "check_balanced_indices": {
        "with per_class = 1 the": lambda y, n, g: torch.randperm(len(y), generator=g)[: 10 * n],
        "generators with different seeds": lambda y, n, g: (
            y.argsort().view(10, -1)[:, :n].flatten()
        ),
        "seed 0 was given twice": lambda y, n, g: balanced_indices(y, n, None),
        "it returns a mask": lambda y, n, g: torch.isin(
            torch.arange(len(y)), balanced_indices(y, n, g)
        ),
        "these are the digits themselves.": lambda y, n, g: y[balanced_indices(y, n, g)],
        "it should return one flat": lambda y, n, g: balanced_indices(y, n, g).view(10, n),
    },
    "check_nearest_mean": {
        "only the brightness of an": lambda x, y, z: distances(
            x.mean((2, 3), True), y, z.mean((2, 3), True)
        ).argmin(1),
        "gives 6 at [0], and": lambda *case: distances(*case).argmax(1),
        "the class of": lambda x, y, z: y[torch.cdist(z.flatten(1), x.flatten(1)).argmin(1)],
        "it should return the class": distances,
        "in a mean *squared* difference": lambda *case: distances(*case, p=1).argmin(1),
        "nothing squares them": lambda x, y, z: torch.stack(
            [(z - x[y == d].mean(0)).flatten(1).mean(1) for d in range(10)], 1
        ).argmin(1),
    },
    "check_images_needed": {
        "for half the width yours": lambda p, h: 1.96 * (p * (1 - p)) ** 0.5 / h,
        "the order of magnitude is": lambda p, h: 1.96**2 * p * (1 - p) / (100 * h) ** 2,
        "the number of standard errors": lambda p, h: 1.96**2 * p * (1 - p) / (2 * h) ** 2,
        "the accuracy makes no difference": lambda p, h: 1.96**2 / 4 / h**2,
        "`p * (1 - p)`": lambda p, h: 1.96**2 * p / h**2,
    },
}
