"""Splits: drawn so that every class has its share, and no image is in two of them."""

from dataclasses import dataclass
from typing import NamedTuple

import torch

VALIDATION_SIZE = 1_000


class Split(NamedTuple):
    """Images `(N, 1, 28, 28)`, float32 in [0, 1] or bytes (uint8, 0 to 255), and labels `(N,)`,
    int64."""

    images: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Data:
    """The splits of a lesson; no image of one is in another, but `test` is drawn from `full_test`.

    `source` is "MNIST" or "digits (stand-in)"; every figure and metric carries it.
    """

    source: str
    train: Split
    validation: Split
    test: Split
    full_test: Split


def scaled(batch):
    """A batch of bytes as float32 in [0, 1]; any other as it is."""
    return batch.float().div_(255) if batch.dtype == torch.uint8 else batch


def balanced_draw(labels, size, generator):
    """Draw `size` positions of `labels`, as many per class as there are to be had.

    Returns:
        int64 `(size,)`, in random order. Where `size` is no multiple of the number of classes, or
        a class runs out, the others fill up one by one.
    """
    order = torch.randperm(len(labels), generator=generator)
    rank_in_class = torch.empty(len(labels), dtype=torch.int64)
    for label in labels.unique():
        members = order[labels[order] == label]
        rank_in_class[members] = torch.arange(len(members))
    # The first image of every class, then the second of every class, and so on.
    chosen = order[rank_in_class[order].argsort(stable=True)][:size]
    return chosen[torch.randperm(size, generator=generator)]


def with_test(source, train, validation, full_test, test_size, seed):
    """Data of these splits, with `test_size` images of `full_test` drawn as its test."""
    # A generator of its own: which test images are drawn must not depend on the training size.
    chosen = balanced_draw(full_test.labels, test_size, torch.Generator().manual_seed(seed))
    test = Split(full_test.images[chosen], full_test.labels[chosen])
    return Data(source, train, validation, test, full_test)
