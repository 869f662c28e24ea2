"""Answers that draw images at random and return their places."""

import numpy as np
import torch

from aelib.exercises.answers import Wrong


def mixed(counts):
    """Labels with so many of each class, in a random order that is always the same."""
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))]


def check_draws(answer, cases, inspect, last=60):
    """Refuse draws that are not of places, or not by the generator, or that miss some image.

    Args:
        answer: a function of labels `(N,)`, a number and a generator.
        cases: pairs of labels and a number; each image of the last pair is to come up.
        inspect: gets places `(n,)`, labels and number, and raises `Wrong` if the draw is not right.
    """

    def draw(labels, number, seed, chance=0):
        value = answer(labels, number, torch.Generator().manual_seed(seed), chance=chance)
        places = np.sort(_places(answer, value, len(labels)))
        inspect(places, labels.numpy(), number)
        return places

    for labels, number in cases:
        for seed in range(3):
            if not np.array_equal(*(draw(labels, number, seed, chance) for chance in (0, 1))):
                raise Wrong(
                    f"seed {seed} was given twice and two different draws came. What is left to "
                    "chance must be drawn with the `generator` that is handed in."
                )
    draws = [draw(labels, number, seed) for seed in range(last)]
    if all(np.array_equal(draws[0], one) for one in draws):
        raise Wrong(
            "generators with different seeds give the very same images. What in your function is "
            "left to chance?"
        )
    never = np.setdiff1d(np.arange(len(labels)), np.concatenate(draws))
    if len(never):
        raise Wrong(
            f"among {last} draws with different seeds the image {never[0]} of {len(labels)} never "
            "came up. Every image of a class should have the same chance."
        )


def _places(answer, value, images):
    """The indices in `value`, `(n,)`, once they are seen to be places of so many images."""
    indices = answer.array(value)
    if indices.dtype.kind == "b":
        raise Wrong("it returns a mask of true and false; the places of the images are asked for.")
    if indices.ndim != 1 or indices.dtype.kind == "f":
        came = "decimals" if indices.dtype.kind == "f" else f"the shape {indices.shape}"
        raise Wrong(f"it should return {answer.returns}, but {came} came.")
    if len(indices) and not (indices.min() >= 0 and indices.max() < images):
        raise Wrong(
            f"with {images} images the index {indices.max()} came: indices run from 0 to "
            f"{images - 1}."
        )
    return indices
