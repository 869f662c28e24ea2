"""Images made smaller in one way, and a drawing of a digit made into an image as MNIST's were."""

from functools import lru_cache

import numpy as np

SIDE = 28
#: The side of the square, in the new pixels, that the ink is scaled into.
BOX = 20
#: What is below this share of the brightest pixel is no ink.
INK = 0.1
#: How many old pixels are made floats of at a time, so that large images take little memory.
AT_ONCE = 1_000_000


def reduced(image, step, margins, shape, around=0):
    """An image in new pixels that are `step` old ones wide, each the mean over its area.

    Where `step` is below 1, the image is enlarged: the mean is over an area of one old pixel around
    the new one's middle, which blends neighbours (bilinear interpolation).

    Everything that is brought to 28 x 28 here comes through this: drawings (`prepared`) and the
    images of lesson 9 (`aelib.data.pictures`). `web/prepare.js` does the same, and
    `tests/prepared.json` holds the two equal.

    Args:
        image: `(..., H, W)`.
        margins: how many new pixels lie above it and to its left.
        shape: height and width of the result.
        around: what lies where the image does not reach, `(..., 1, 1)` or a number.

    Returns:
        float64 `(..., *shape)`.
    """
    (height, width), (above, left) = image.shape[-2:], margins
    down = _shares(height, -above * step, step, shape[0])
    right = _shares(width, -left * step, step, shape[1])
    rows = max(1, AT_ONCE // width)
    result = sum(
        down[:, first : first + rows] @ image[..., first : first + rows, :]
        for first in range(0, height, rows)
    )
    return result @ right.T + around * (1 - np.outer(down.sum(1), right.sum(1)))


def prepared(image):
    """Prepare an image of one digit as MNIST's were (LeCun et al., 1998, section III.A).

    The ink is cut out, scaled without distortion into 20 x 20 pixels by averaging over areas, and
    shifted by whole pixels so that its centre of mass comes to the middle. The brightest pixel
    becomes 1, so thin or pale lines are as bright as thick ones.

    Args:
        image: `(H, W)`, 0 where there is no ink, and the brighter, the more of it.

    Returns:
        float64 `(28, 28)` in [0, 1]; nothing but zeros where there is no ink.

    Raises:
        ValueError: the image has another shape, or values that are negative or not finite.
    """
    image = np.asarray(image, dtype=np.float64)
    if image.ndim != 2:
        raise ValueError(f"an image has the shape (H, W), this one has {image.shape}")
    if not (np.isfinite(image).all() and (image >= 0).all()):
        raise ValueError("an image has finite values of 0 and above, this one has others")
    if not image.any():
        return np.zeros((SIDE, SIDE))
    rows, columns = np.nonzero(image >= INK * image.max())
    image = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    step = max(image.shape) / BOX
    margins = [_margin(image.sum(1 - axis), step) for axis in (0, 1)]
    result = reduced(image, step, margins, (SIDE, SIDE))
    return result / result.max()


@lru_cache(16)  # The images of a folder are often of one size.
def _shares(length, start, step, count):
    """How much of each of `length` old pixels is in each new one, `(count, length)`.

    New pixels are `step` old ones wide, and the first begins at `start`. The shares of one sum to
    how much of it the image covers.
    """
    old, begin = np.arange(length), start + step * np.arange(count)[:, None]
    covered = _overlap(begin, begin + step, 0, length) / step
    middle, half = begin + step / 2, max(step, 1) / 2
    shares = _overlap(middle - half, middle + half, old, old + 1)
    total = shares.sum(1, keepdims=True)
    return covered * shares / np.where(total > 0, total, 1)


def _overlap(begin, end, other_begin, other_end):
    return (np.minimum(end, other_end) - np.maximum(begin, other_begin)).clip(0)


def _margin(ink, step):
    """How many new pixels stay free before the ink, for its centre of mass to come to the middle.

    Args:
        ink: the ink of each old row or column, none outside.
    """
    centre = ((np.arange(len(ink)) + 0.5) * ink).sum() / ink.sum()
    free = SIDE - np.ceil(len(ink) / step - 1e-9)
    # In every image of MNIST it lies in the pixel that begins in the middle, along either side.
    return np.clip(np.ceil(SIDE / 2 - centre / step - 1e-9), 0, free)
