"""Figures that several lessons draw, all in one look."""

from aelib.figures.codes import (
    code_map,
    code_maps,
    code_plane,
    code_spread,
    code_tiles,
    neighbour_map,
)
from aelib.figures.histograms import draws_histogram, pixel_histogram
from aelib.figures.images import around_grey, image_rows, stretched
from aelib.figures.scores import (
    confusion_matrices,
    error_by_digit,
    error_by_size,
    loss_curve,
    score_chart,
)
from aelib.figures.showing import show

__all__ = [
    "around_grey",
    "code_map",
    "code_maps",
    "code_plane",
    "code_spread",
    "code_tiles",
    "confusion_matrices",
    "draws_histogram",
    "error_by_digit",
    "error_by_size",
    "image_rows",
    "loss_curve",
    "neighbour_map",
    "pixel_histogram",
    "score_chart",
    "show",
    "stretched",
]
