"""What several studies, and the contest of lesson 9, are made of."""

from functools import lru_cache

import torch
from torch import nn
from torch.nn.functional import mse_loss

from aelib.data import balanced_draw, load_data, scaled


@lru_cache(maxsize=2)
def load(source, unlabelled, seed):
    """The images of a seed, `unlabelled` of them without labels; kept for rows to come."""
    return load_data(source, unlabelled, 1_000, seed)


def draw(labels, count, seed):
    """The places of `count` of the labels, `(count,)`, as many of each class as can be."""
    return balanced_draw(labels, count, torch.Generator().manual_seed(seed))


class OneScale(nn.Module):
    """Features `(N, ...)` to `(N, D)`: their mean taken off, all divided by one number.

    Args:
        features: those that mean and number are taken from. Their mean squared length becomes 48,
            whether they are 48 numbers of a code or 784 pixels; ratios between them stay.
    """

    def __init__(self, features):
        super().__init__()
        features = features.flatten(1)
        self.register_buffer("mean", features.mean(0))
        self.register_buffer("scale", (features.var(0).sum() / 48).sqrt().clamp_min(1e-6))

    def forward(self, features):
        return (features.flatten(1) - self.mean) / self.scale


def head(features, classes):
    """The MLP that every method has: features `(N, ...)`, on one scale, to scores."""
    scale = OneScale(features)
    return nn.Sequential(scale, nn.Linear(len(scale.mean), 120), nn.ReLU(), nn.Linear(120, classes))


class Projection(nn.Module):
    """Images `(N, C, H, W)` to principal components, `(N, count)`.

    Args:
        components: `(count, C * H * W)`.
    """

    def __init__(self, components):
        super().__init__()
        # A layer with weights, so that it can be frozen like any other.
        self.layer = nn.Linear(components.shape[1], components.shape[0], bias=False)
        self.layer.weight.data = components

    def forward(self, images):
        return self.layer(images.flatten(1))


def principal_components(images, svd_solver="randomized"):
    """The projection of images, `(N, C, H, W)`, on their first 48 principal components."""
    from sklearn.decomposition import PCA  # Slow, so not above.

    pixels = scaled(images).flatten(1)
    pca = PCA(min(48, len(images) - 1), svd_solver=svd_solver, random_state=0).fit(pixels)
    return Projection(torch.from_numpy(pca.components_).float())


class Reconstruction(nn.Module):
    """Images, moved by `moves` or not, to a pair: their reconstructions, and themselves."""

    def __init__(self, moves, autoencoder):
        super().__init__()
        self.moves = nn.Sequential(*moves)
        self.autoencoder = autoencoder

    def forward(self, images):
        moved = self.moves(images)
        return self.autoencoder(moved), moved


def reconstruction_error(outputs, _targets):
    """The mean squared error of a `Reconstruction`."""
    return mse_loss(*outputs)


def surest(names, sure, part):
    """Which images are the surest `part` of their class, `(N,)`; none that nothing reached."""
    kept = torch.zeros(len(names), dtype=torch.bool)
    reached = sure > 0
    for name in names[reached].unique():
        members = (reached & (names == name)).nonzero().squeeze(1)
        order = sure[members].argsort(descending=True, stable=True)
        kept[members[order[: round(part * len(members))]]] = True
    return kept
