"""Answers that name images by their places, as draws of labelled images do."""

import numpy as np

from aelib.exercises.answers import Wrong


def places(answer, value, labels):
    """The indices in `value`, `(n,)`, once they are seen to be places in `labels`.

    Raises:
        Wrong: they are something else, or a place that there is not.
    """
    indices = answer.array(value)
    if indices.dtype.kind == "b":
        raise Wrong("it returns a mask of true and false; the places of the images are asked for.")
    if indices.ndim != 1 or indices.dtype.kind == "f":
        came = "decimals" if indices.dtype.kind == "f" else f"the shape {indices.shape}"
        raise Wrong(f"it should return {answer.returns}, but {came} came.")
    if len(indices) and not (indices.min() >= 0 and indices.max() < len(labels)):
        raise Wrong(
            f"with {len(labels)} images the index {indices.max()} came: indices run from 0 to "
            f"{len(labels) - 1}."
        )
    return indices


def drawn_again(draw, seed):
    """The indices that `draw(seed)` returns, once they are seen to come again with the same seed.

    Raises:
        Wrong: others come.
    """
    indices = draw(seed)
    if not np.array_equal(indices, draw(seed, chance=1)):
        raise Wrong(
            f"seed {seed} was given twice and two different draws came. What is left to chance "
            "must be drawn with the `generator` that is handed in."
        )
    return indices


def check_chance(draws, images, rule):
    """Refuse draws, one for each of many seeds, that are all the same or never have some image.

    Args:
        draws: indices of some of so many `images`, `(n,)` each.
        rule: a sentence that says which of them can be drawn.

    Raises:
        Wrong: they are.
    """
    if all(np.array_equal(draws[0], one) for one in draws):
        raise Wrong(
            "generators with different seeds give the very same images. What in your function is "
            "left to chance?"
        )
    never = np.setdiff1d(np.arange(images), np.concatenate(draws))
    if len(never):
        raise Wrong(
            f"among {len(draws)} draws with different seeds the image {never[0]} of {images} never "
            f"came up. {rule}"
        )
