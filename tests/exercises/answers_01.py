"""Right and wrong answers to the exercises of lesson 1."""

import numpy as np
import torch
from sklearn.neighbors import NearestCentroid


def balanced_indices(labels, per_class, generator):
    chosen = []
    for digit in range(10):
        places = (labels == digit).nonzero().flatten()
        chosen.append(places[torch.randperm(len(places), generator=generator)[:per_class]])
    return torch.cat(chosen)


def global_chance(labels, per_class, generator):
    places = [(labels == d).nonzero().flatten() for d in range(10)]
    return torch.cat([one[torch.randperm(len(one))[:per_class]] for one in places])


def a_mask(labels, per_class, generator):
    mask = torch.zeros(len(labels), dtype=torch.bool)
    mask[balanced_indices(labels, per_class, generator)] = True
    return mask


def nearest_mean(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means).argmin(1)


def nearest_mean_by_a_library(train_images, train_labels, images):
    model = NearestCentroid().fit(train_images.flatten(1).numpy(), train_labels.numpy())
    return model.predict(images.flatten(1).numpy())


def mean_over_all_axes(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean() for d in range(10)])
    return (images.flatten(1).mean(1)[:, None] - means).abs().argmin(1)


def farthest_mean(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means).argmax(1)


def nearest_image(train_images, train_labels, images):
    distances = torch.cdist(images.flatten(1), train_images.flatten(1))
    return train_labels[distances.argmin(1)]


def distances_for_classes(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0).flatten() for d in range(10)])
    return torch.cdist(images.flatten(1), means)


def balanced_by_weights(labels, per_class, generator):
    weights = [(labels == digit).float() for digit in range(10)]
    return torch.cat([torch.multinomial(one, per_class, generator=generator) for one in weights])


def absolute_differences(train_images, train_labels, images):
    means = torch.stack([train_images[train_labels == d].mean(0) for d in range(10)])
    return torch.cdist(images.flatten(1), means.flatten(1), p=1).argmin(1)


RIGHT = {
    "check_balanced_indices": [balanced_by_weights],
    "check_nearest_mean": [nearest_mean, nearest_mean_by_a_library],
    "check_images_needed": [
        lambda p, h: 1.96**2 * p * (1 - p) / h**2,
        lambda p, h: int(np.ceil(4 * p * (1 - p) / h**2)),
    ],
}

WRONG = {
    "check_balanced_indices": {
        "with per_class = 1 the": lambda y, n, g: torch.randperm(len(y), generator=g)[: 10 * n],
        "generators with different seeds give": lambda y, n, g: torch.cat(
            [(y == d).nonzero().flatten()[:n] for d in range(10)]
        ),
        "seed 0 was given twice": global_chance,
        "it returns a mask of": a_mask,
        "these are the digits themselves.": lambda y, n, g: y[balanced_indices(y, n, g)],
        "it should return one flat": lambda y, n, g: balanced_indices(y, n, g).view(10, n),
    },
    "check_nearest_mean": {
        "only the brightness of an": mean_over_all_axes,
        "gives 6 at [0], and": farthest_mean,
        "that is the class of": nearest_image,
        "it should return the class": distances_for_classes,
        "in a mean *squared* difference": absolute_differences,
        "nothing squares them": lambda x, y, z: (
            (z[:, None] - torch.stack([x[y == d].mean(0) for d in range(10)]))
            .flatten(2)
            .mean(2)
            .argmin(1)
        ),
    },
    "check_images_needed": {
        "for half the width yours": lambda p, h: 1.96 * (p * (1 - p)) ** 0.5 / h,
        "the order of magnitude is": lambda p, h: 1.96**2 * p * (1 - p) / (100 * h) ** 2,
        "the number of standard errors": lambda p, h: 1.96**2 * p * (1 - p) / (2 * h) ** 2,
        "the accuracy makes no difference": lambda p, h: 1.96**2 / 4 / h**2,
        "`p * (1 - p)`": lambda p, h: 1.96**2 * p / h**2,
    },
}
