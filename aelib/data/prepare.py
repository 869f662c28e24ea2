"""A drawing or a photograph of a digit, made into an image as MNIST's were."""

import numpy as np

SIDE = 28
#: The side of the square, in the new pixels, that the ink is scaled into.
BOX = 20
#: What is below this share of the brightest pixel is no ink.
INK = 0.1


def prepared(image):
    """Prepare an image of one digit as MNIST's were (LeCun et al., 1998, section III.A).

    The ink is cut out, scaled without distortion into 20 x 20 pixels by averaging over areas, and
    shifted by whole pixels so that its centre of mass comes to the middle. The brightest pixel
    becomes 1, so thin or pale lines are as bright as thick ones. `web/prepare.js` does the same.

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
    down, right = (
        _coverage(length, -_margin(image.sum(1 - axis), step) * step, step, SIDE)
        for axis, length in enumerate(image.shape)
    )
    result = down @ image @ right.T
    return result / result.max()


def _coverage(length, start, step, count):
    """How much of each new pixel each of `length` old ones covers, `(count, length)`.

    New pixels are `step` old ones wide, and the first begins at `start`.
    """
    old, new = np.arange(length), start + step * np.arange(count)[:, None]
    overlap = np.minimum(old + 1, new + step) - np.maximum(old, new)
    return overlap.clip(0) / step


def _margin(ink, step):
    """How many new pixels stay free before the ink, for its centre of mass to come to the middle.

    Args:
        ink: the ink of each old row or column, none outside.
    """
    centre = ((np.arange(len(ink)) + 0.5) * ink).sum() / ink.sum()
    free = SIDE - np.ceil(len(ink) / step - 1e-9)
    # In every image of MNIST it lies in the pixel that begins in the middle, along either side.
    return np.clip(np.ceil(SIDE / 2 - centre / step - 1e-9), 0, free)
