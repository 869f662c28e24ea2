"""Images and labels: MNIST, and a stand-in for where neither its files nor a network are."""

from aelib.data.augment import random_affine
from aelib.data.errors import DataError, NoNetworkError
from aelib.data.load import load_data
from aelib.data.splits import Data, Split, balanced_draw, scaled

__all__ = [
    "Data",
    "DataError",
    "NoNetworkError",
    "Split",
    "balanced_draw",
    "load_data",
    "random_affine",
    "scaled",
]
