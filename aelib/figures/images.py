"""Figures of images and of their pixels."""

import matplotlib.pyplot as plt
import numpy as np


def image_rows(rows, titles=None):
    """Draw rows of images.

    Args:
        rows: a dict from the name of a row to its images, `(N, 1, 28, 28)` or `(N, 3, H, W)`, the
            same N for all, floats in [0, 1] or bytes. Floats a little outside are drawn as 0 or 1.
        titles: N short texts above the columns.

    Raises:
        ValueError: images that do not go from 0 to 1, or not as many in each row.
    """
    rows = {name: drawable(images) for name, images in rows.items()}
    titles = [] if titles is None else list(titles)
    columns = max(1, *map(len, rows.values()))
    size = 0.85 * columns + 0.9, 0.85 * len(rows) + 0.3
    figure, axes = plt.subplots(len(rows), columns, figsize=size, squeeze=False)
    for (name, images), row in zip(rows.items(), axes, strict=True):
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
        if len(images) == 0:
            row[0].text(0.5, 0.5, "none", ha="center", va="center")
            continue
        for image, axis in zip(images, row, strict=True):
            axis.imshow(image, vmin=0, vmax=1)
    for axis, title in zip(axes[0], titles, strict=bool(titles)):
        axis.set_title(title, size=9, loc="center")
    without_frames(axes)
    return figure


def pixel_histogram(pixels):
    """Draw how many percent of the pixels, `(N,)` in [0, 1], are how bright, logarithmically."""
    figure, axis = plt.subplots(figsize=(6, 2.8))
    axis.hist(pixels, bins=32, weights=np.full(len(pixels), 100 / len(pixels)))
    axis.set(xlabel="pixel value (0 black, 1 white)", ylabel="pixels (%)", yscale="log")
    return figure


def drawable(images):
    """Images `(N, C, H, W)`, floats or bytes, as an array `(N, H, W, C)` of floats in [0, 1].

    Raises:
        ValueError: they go further than that; pixels up to 255 would all be drawn white.
    """
    pixels = np.asarray(images).transpose(0, 2, 3, 1)
    if pixels.dtype == np.uint8:
        pixels = np.float32(pixels) / 255
    if (np.abs(pixels) > 2).any():
        raise ValueError(
            f"images from {np.nanmin(pixels):.3g} to {np.nanmax(pixels):.3g} cannot be drawn: "
            "bring them to [0, 1] first"
        )
    return pixels.clip(0, 1) if pixels.shape[3] == 3 else pixels


def without_frames(axes):
    """Take ticks and frames away from an array of axes."""
    for axis in np.ravel(axes):
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)


def stretched(pictures):
    """Pictures `(N, ...)`, each brought to [0, 1] from its own darkest to its own brightest."""
    flat = pictures.flatten(1)
    low, high = flat.amin(1), flat.amax(1)
    shape = (-1, *[1] * (pictures.ndim - 1))
    return (pictures - low.view(shape)) / (high - low).clamp_min(1e-12).view(shape)


def around_grey(pictures):
    """Pictures of numbers around zero, all on one scale: 0 is grey, less darker, more brighter."""
    return 0.5 + 0.5 * pictures / pictures.abs().max().clamp_min(1e-12)
