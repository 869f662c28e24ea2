"""Pictures that are there twice, and nearly twice."""

import torch
import torch.nn.functional as F
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: Two images whose difference is below this share of their contrast are near duplicates: an image
#: saved again as a JPEG, made smaller or a little brighter. Among 6,000 digits of MNIST no two are
#: closer than 0.16; the same digit saved as a JPEG of quality 75 has a distance of 0.07.
NEAR = 0.12


def duplicate_groups(images):
    """Number images so that exact and near duplicates, also by way of others, share a number.

    Args:
        images: uint8 `(N, C, H, W)`.

    Returns:
        int64 `(N,)`, from 0.
    """
    # Means over squares of 4 x 4 lie no further apart than the images: a fast first sieve.
    coarse = _features(images, lambda batch: F.avg_pool2d(batch, 4))
    length = coarse.square().sum(1)
    groups = torch.arange(len(images))
    for first in range(0, len(images), 500):
        chunk = slice(first, first + 500)
        products = coarse[chunk] @ coarse[first:].T
        distances = length[chunk, None] + length[None, first:] - 2 * products
        for pairs in ((distances < NEAR**2 + 1e-4).nonzero() + first).split(20_000):
            pairs = pairs[groups[pairs[:, 0]] != groups[pairs[:, 1]]]
            if len(pairs):
                one, other = (_features(images[side]) for side in pairs.T)
                groups = _joined(groups, pairs[(one - other).norm(dim=1) < NEAR])
    return groups.unique(return_inverse=True)[1]


def _joined(groups, pairs):
    """The groups once those of each pair, `(M, 2)`, are one."""
    rows, columns = groups[pairs].T.numpy()
    graph = coo_array((rows >= 0, (rows, columns)), shape=(len(groups), len(groups)))
    return torch.from_numpy(connected_components(graph, directed=False)[1]).long()[groups]


def _features(images, reduce=lambda batch: batch):
    """Images with their contrast brought to 1, and their brightness as one more number."""
    parts = []
    for batch in images.split(5_000):
        pixels = batch.float()
        brightness = pixels.mean((1, 2, 3))
        pixels = pixels - brightness[:, None, None, None]
        contrast = pixels.square().mean((1, 2, 3)).sqrt().clamp_min(8)
        pixels = reduce(pixels / contrast[:, None, None, None]).flatten(1)
        parts.append(torch.cat([pixels / pixels.shape[1] ** 0.5, brightness[:, None] / 128], 1))
    return torch.cat(parts)
