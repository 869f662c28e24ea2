"""Figures that several lessons draw, all in one look."""

from aelib.figures.codes import code_map, code_tiles, neighbour_map
from aelib.figures.images import image_rows
from aelib.figures.scores import confusion_matrices, loss_curve, score_chart
from aelib.figures.showing import show

__all__ = [
    "code_map",
    "code_tiles",
    "confusion_matrices",
    "image_rows",
    "loss_curve",
    "neighbour_map",
    "score_chart",
    "show",
]
