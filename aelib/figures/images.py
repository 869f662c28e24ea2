"""Figures of images in rows."""

import matplotlib.pyplot as plt
import numpy as np

from aelib.arguments import array, kind, shape


def image_rows(rows, titles=None):
    """Draw rows of images.

    Args:
        rows: a dict from the name of a row to its images, `(N, 1, 28, 28)` or `(N, 3, H, W)`, the
            same N for all, floats in [0, 1] or bytes. Floats a little outside are drawn as 0 or 1.
        titles: N short texts above the columns.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: there are no such rows, or not as many titles as columns.
    """
    if not isinstance(rows, dict) or not rows:
        raise TypeError(f"rows is {kind(rows)}: give a dict from a name to images, one or more")
    rows = {name: image_array(f"the row {name!r}", images) for name, images in rows.items()}
    counts = {len(images) for images in rows.values()}
    titles = [""] * max(counts) if titles is None else [str(title) for title in titles]
    if counts != {len(titles)}:
        said = ", ".join(f"{len(images)} in {name!r}" for name, images in rows.items())
        raise ValueError(f"not equally many: {said}, {len(titles)} titles")
    columns = max(len(titles), 1)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(0.85 * columns + 0.9, 0.85 * len(rows) + 0.3), squeeze=False
    )
    for (name, images), row in zip(rows.items(), axes, strict=True):
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
        for image, axis in zip(images, row, strict=False):
            axis.imshow(image, vmin=0, vmax=1)
        if not len(images):
            row[0].text(0.5, 0.5, "none", ha="center", va="center")
    for axis, title in zip(axes[0], titles, strict=False):
        axis.set_title(title, size=9, loc="center")
    return figure


def image_array(name, images):
    """Images `(N, C, H, W)` as an array `(N, H, W, C)` of floats that can be drawn."""
    pixels = array(name, images)
    if pixels.dtype != np.uint8 and pixels.dtype.kind != "f":
        raise TypeError(f"{name} holds {pixels.dtype}: give images, floats in [0, 1] or bytes")
    if pixels.ndim != 4 or pixels.shape[1] not in (1, 3):
        raise ValueError(f"{name} is {shape(pixels)}: images (N, 1 or 3, height, width) are needed")
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.float32) / 255
    pixels = pixels.transpose(0, 2, 3, 1)
    if (np.abs(pixels) > 2).any():
        low, high = np.nanmin(pixels), np.nanmax(pixels)
        raise ValueError(f"{name} goes from {low:.3g} to {high:.3g}: bring it to [0, 1] first")
    return pixels.clip(0, 1) if pixels.shape[3] == 3 else pixels


def stretched(pictures):
    """Pictures `(N, ...)`, each brought to [0, 1] from its own darkest to its own brightest."""
    flat = pictures.flatten(1)
    low, high = flat.amin(1), flat.amax(1)
    shape = (-1, *[1] * (pictures.ndim - 1))
    return (pictures - low.view(shape)) / (high - low).clamp_min(1e-12).view(shape)


def around_grey(pictures):
    """Pictures of numbers around zero, all on one scale: 0 is grey, less darker, more brighter."""
    return 0.5 + 0.5 * pictures / pictures.abs().max().clamp_min(1e-12)
