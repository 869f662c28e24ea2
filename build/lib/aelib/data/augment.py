"""Images moved a little, so that a network sees more of them than there are."""

import torch
import torch.nn.functional as F


def random_affine(images, generator=None, *, zoom=1.0, centre=(0.0, 0.0), mode="bilinear"):
    """Move each image by itself: up to 10 degrees of rotation, 10 % of scale and of shear, 1 pixel
    of shift.

    Args:
        images: `(N, 1, H, W)`.
        zoom: how much of an image the result spans, along each side.
        centre: where the middle of the result lies, x and y, each a number or `(N,)`; an image
            spans -1 to 1.

    Returns:
        `(N, 1, 28, 28)`.
    """
    count, device = len(images), images.device

    def uniform(limit):
        return (torch.rand(count, generator=generator, device=device) * 2 - 1) * limit

    angle, scale, shear = uniform(torch.pi / 18), 1 + uniform(0.1), uniform(0.1)
    cos, sin = zoom / scale * angle.cos(), zoom / scale * angle.sin()
    x, y = centre[0] + uniform(1 / 14), centre[1] + uniform(1 / 14)
    rows = [cos, shear * cos - sin, x, sin, shear * sin + cos, y]
    grid = F.affine_grid(
        torch.stack(rows, dim=1).view(count, 2, 3), (count, 1, 28, 28), align_corners=False
    )
    return F.grid_sample(images, grid, mode=mode, align_corners=False)
