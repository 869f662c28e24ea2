"""Images moved a little, so that a network sees more of them than there are."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from aelib.arguments import array, check_generator, check_images, kind, number, whole_number

MODES = ("bilinear", "bicubic", "nearest")


def random_affine(images, generator=None, *, zoom=1.0, centre=(0.0, 0.0), mode="bilinear", size=28):
    """Move each image by itself: up to 10 degrees of rotation, 10 % of scale and of shear, 1 pixel
    of shift.

    Args:
        images: `(N, C, H, W)`.
        zoom: how much of an image the result spans, along each side.
        centre: where the middle of the result lies, x and y, each a number or `(N,)`; an image
            spans -1 to 1.

    Returns:
        `(N, C, size, size)`.

    Raises:
        TypeError, ValueError: an argument is something else; the message names it.
    """
    _check(images, generator, zoom, centre, mode, size)
    count, device = len(images), images.device

    def uniform(limit):
        return (torch.rand(count, generator=generator, device=device) * 2 - 1) * limit

    angle, scale, shear = uniform(torch.pi / 18), 1 + uniform(0.1), uniform(0.1)
    cos, sin = zoom / scale * angle.cos(), zoom / scale * angle.sin()
    x, y = centre[0] + uniform(1 / 14), centre[1] + uniform(1 / 14)
    rows = [cos, shear * cos - sin, x, sin, shear * sin + cos, y]
    grid = F.affine_grid(
        torch.stack(rows, dim=1).view(count, 2, 3),
        (count, images.shape[1], size, size),
        align_corners=False,
    )
    return F.grid_sample(images, grid.to(images.dtype), mode=mode, align_corners=False)


def _check(images, generator, zoom, centre, mode, size):
    check_images(images)
    check_generator(generator)
    if not 0 < number("zoom", zoom) < math.inf:
        raise ValueError(f"zoom={zoom} cannot be used: a number above 0 can")
    if not isinstance(centre, tuple | list) or len(centre) != 2:
        raise TypeError(f"centre is {kind(centre)}: give two, x and y")
    for name, values in zip(("x", "y"), centre, strict=True):
        found = array(f"the centre's {name}", values)
        usable = found.dtype.kind in "iuf" and np.isfinite(found).all()
        if not usable or found.shape not in ((), (len(images),)):
            raise ValueError(
                f"the centre's {name} is {kind(values)}: give a number, or (N,) of them"
            )
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(f"mode={kind(mode)} cannot be used: one of {', '.join(MODES)} can")
    if not 1 <= whole_number("size", size) <= 1_000:
        raise ValueError(f"size={size} cannot be used: 1 to 1,000 can")
