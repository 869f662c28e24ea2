"""Figures of codes; each function returns its figure, but for the two that say otherwise."""

import matplotlib.pyplot as plt
import numpy as np
import torch

from aelib.figures.images import drawable, without_frames


def neighbour_map(codes):
    """Points `(N, 2)` on paper for codes `(N, ...)`, so that neighbours stay neighbours, by t-SNE.

    Where most codes are the same, as those of an encoder that has collapsed, scikit-learn's t-SNE
    ends the whole process. Then the points are their first two principal components, and a line
    says so.
    """
    from sklearn.decomposition import PCA  # Slow, so not above.
    from sklearn.manifold import TSNE

    codes = codes.flatten(1).numpy()
    different = len(np.unique(codes, axis=0))
    if different > len(codes) / 2 and codes.std(0).max() > 1e-6 * np.abs(codes).max():
        perplexity = min(30, len(codes) // 4)
        tsne = TSNE(init="pca", max_iter=500, random_state=0, perplexity=perplexity)
        return tsne.fit_transform(codes)
    print(f"{different:,} different codes of {len(codes):,} images: this encoder has collapsed.")
    with np.errstate(invalid="ignore"):  # Shares of a variance of zero.
        return PCA(2, svd_solver="full").fit_transform(codes)


def code_map(axis, points, labels):
    """Draw `points`, `(N, 2)`, on `axis` as digits: the class of each, `(N,)`, is its marker."""
    points, labels = np.asarray(points), np.asarray(labels)
    for label in np.unique(labels):
        colour = f"C{(0, 0, 1, 2, 1, 3, 4, 4, 5, 6)[label % 10]}"  # Shared by digits unlike.
        axis.scatter(
            *points[labels == label].T,
            **{"marker": f"${label}$", "s": 30 * len(str(label)), "linewidths": 0.3},
            **{"color": colour, "alpha": 0.8, "label": str(label)},
        )
    without_frames(axis)


def code_maps(codes, labels):
    """Draw a map of each of several sets of codes, by t-SNE, with its digit for each image.

    Args:
        codes: a dict from a title to codes `(N, ...)`.
        labels: the digits, `(N,)`.
    """
    figure, axes = plt.subplots(1, len(codes), figsize=(5.5 * len(codes), 4.8), squeeze=False)
    for axis, (title, values) in zip(axes[0], codes.items(), strict=True):
        code_map(axis, neighbour_map(values), labels)
        axis.set_title(title)
    return figure


def code_spread(deviations):
    """Draw the standard deviation of each number of a code, `(K,)`, the largest first."""
    figure, axis = plt.subplots(figsize=(6.5, 2.6))
    axis.bar(range(len(deviations)), deviations.sort(descending=True).values.numpy())
    axis.set(xlabel="number of the code, sorted", ylabel="standard deviation")
    return figure


def code_plane(codes, labels, decode, side=11):
    """Draw codes of two numbers as points and, beside them, what the plane decodes to.

    Both parts show the same piece of the plane, which leaves out a few outliers.

    Args:
        codes: `(N, 2, 1, 1)`.
        labels: the digits, `(N,)`.
        decode: a function from codes to images `(M, 1, H, H)`.
        side: how many places of the plane are decoded along each side.
    """
    points = codes.flatten(1)
    low, high = points.quantile(0.01, 0), points.quantile(0.99, 0)
    high = torch.maximum(high, low + 1e-6)  # Should all codes be the same.
    across, up = (torch.linspace(a, b, side) for a, b in zip(low, high, strict=True))
    places = torch.cartesian_prod(up.flip(0), across).flip(1)  # Row by row, from the top.
    images = decode(places.view(-1, 2, 1, 1)).clamp(0, 1)
    height = images.shape[-1]
    mosaic = images.view(side, side, height, height).transpose(1, 2).flatten(2).flatten(0, 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4))
    code_map(left, points, labels)
    half = (high - low) / (side - 1) / 2  # A picture is drawn around its place.
    ends = torch.stack([low - half, high + half], 1).tolist()
    left.set(xlim=ends[0], ylim=ends[1], title="where the test images are")
    right.imshow(mosaic.numpy(), vmin=0, vmax=1, extent=(*ends[0], *ends[1]), aspect="auto")
    right.set(title="what each place decodes to", xticks=[], yticks=[])
    for axis in (left, right):
        axis.set(xlabel="first number of the code", ylabel="second number")
    return figure


def code_tiles(images, codes, titles):
    """Draw images above their codes, each channel of a code as a tile.

    Args:
        images: `(N, 1, 28, 28)`.
        codes: a dict from a name to codes `(N, C, H, W)`. Each has a scale of its own, with white
            at zero and equally far to both sides.
        titles: N short texts above the columns.
    """
    images, count = drawable(images), len(images)
    rows = 1 + sum(values.shape[1] for values in codes.values())
    size = 0.75 * count + 2, 0.75 * rows + 0.3
    figure, axes = plt.subplots(rows, count, figsize=size, squeeze=False)
    for axis, image, title in zip(axes[0], images, titles, strict=True):
        axis.imshow(image, vmin=0, vmax=1)
        axis.set_title(title, size=9, loc="center")
    below = axes[1:]
    for name, values in codes.items():
        values = np.asarray(values)
        limit = np.abs(values).max()
        group, below = np.split(below, [values.shape[1]])
        for channel, row in enumerate(group):
            label = f"{name}, channel {channel + 1}"
            row[0].set_ylabel(label, rotation=0, ha="right", va="center")
            for axis, tile in zip(row, values[:, channel], strict=True):
                drawn = axis.imshow(tile, "RdBu_r", vmin=-limit, vmax=limit)
        figure.colorbar(drawn, ax=group, aspect=30)
    without_frames(axes)
    return figure
