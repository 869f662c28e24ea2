"""Figures that several lessons draw, all in one look."""

# ruff: noqa: F401 - these are here for whoever imports them.
from aelib.figures.codes import (
    code_map,
    code_maps,
    code_plane,
    code_spread,
    code_tiles,
    neighbour_map,
)
from aelib.figures.images import around_grey, image_rows, pixel_histogram, stretched
from aelib.figures.scores import (
    confusion_matrices,
    draws_histogram,
    error_by_digit,
    error_by_size,
    loss_curve,
    score_chart,
)
from aelib.figures.showing import show
