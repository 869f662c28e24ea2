"""The drawing of the system says what the networks are."""

import matplotlib.pyplot as plt
import pytest
import torch

from aelib.diagram import system_diagram
from aelib.models import MLP, Decoder, Encoder


@pytest.fixture
def drawn():
    """What is written in each row of the drawing of networks with a code of 5 channels."""
    figure = system_diagram(Encoder(5), Decoder(5), MLP(torch.rand(2, 80)))
    yield [(axis.get_title(), [text.get_text() for text in axis.texts]) for axis in figure.axes]
    plt.close(figure)


def test_every_map_has_the_shape_that_its_layer_returns(drawn):
    to_code = ["1 × 28×28", "24 × 14×14", "24 × 7×7", "64 × 7×7", "5 × 4×4"]
    to_image = ["32 × 7×7", "8 × 14×14", "4 × 14×14", "1 × 28×28"]
    shapes = [[text for text in texts if "×" in text] for _, texts in drawn]
    assert shapes == [to_code + to_image, to_code, to_code]
    assert [("10" in texts) for _, texts in drawn] == [False, True, True]


def test_what_is_frozen_is_said(drawn):
    states = [[text for text in texts if ", " in text] for _, texts in drawn]
    assert states == [
        ["encoder, trained", "decoder, trained"],
        ["encoder, frozen", "MLP, trained"],
        ["encoder, trained", "MLP, trained"],
    ]


def test_what_each_row_is_made_of_stands_below_it_in_order(drawn):
    parts = {"image", "code", "reconstruction", "scores"}
    assert [[text for text in texts if text in parts] for _, texts in drawn] == [
        ["image", "code", "reconstruction"],
        ["image", "code", "scores"],
        ["image", "code", "scores"],
    ]


def test_an_arrow_leads_to_every_map_dashed_where_nothing_is_trained():
    figure = system_diagram(Encoder(), Decoder(), MLP(torch.rand(2, 48)))
    found = []
    for axis in figure.axes:
        arrows = [text for text in axis.texts if getattr(text, "arrow_patch", None)]
        found.append([arrow.arrow_patch.get_linestyle() == "--" for arrow in arrows])
        starts = [arrow.xyann[0] for arrow in arrows]
        assert starts == sorted(starts) and all(a.xy[0] > a.xyann[0] for a in arrows)
    assert found == [[False] * 8, [True] * 4 + [False], [False] * 5]
    # Maps of several channels are three squares, and a class is a cell.
    assert [len(axis.patches) for axis in figure.axes] == [1 + 4 * 3 + 3 * 3 + 1, 23, 23]
    plt.close(figure)
