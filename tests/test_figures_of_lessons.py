"""Figures that one lesson draws show what they are given."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from odd_calls import assert_refused, same

from aelib.data import load_data
from aelib.description import describe
from aelib.figures import (
    around_grey,
    code_maps,
    code_plane,
    code_spread,
    draws_histogram,
    error_by_digit,
    error_by_size,
    loss_curve,
    pixel_histogram,
    stretched,
)
from aelib.studies import read_rows

HISTORY = {"training_loss": [0.5, 0.3, 0.2], "validation_loss": [0.6, 0.4, 0.35]}


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")


@pytest.fixture(scope="module")
def data():
    return load_data("digits", 200, 100, 0)


def first_line(axis):
    """What names one part of a figure and its axes, of the words that describe it."""
    lines = "\n".join(describe(axis.figure)[0]).split("Axes")
    return f"Axes{lines[1 + axis.figure.axes.index(axis)]}".splitlines()[0]


def test_a_loss_curve_has_marks_and_another_history_beside_it():
    figure = loss_curve(HISTORY, "MSE", {"PCA": 0.25}, {"other": HISTORY}, logarithmic=True)
    [axis] = figure.axes
    labels = ["training", "validation", "training, other", "validation, other", "PCA"]
    assert [line.get_label() for line in axis.lines] == labels
    assert axis.get_yscale() == "log" and list(axis.lines[-1].get_ydata()) == [0.25, 0.25]
    assert same(axis.lines[2].get_ydata(), HISTORY["training_loss"])
    assert same(axis.lines[3].get_ydata(), HISTORY["validation_loss"])
    assert same(axis.lines[2].get_xdata(), [1, 2, 3])
    assert {line.get_color() for line in axis.lines[2:4]} == {"0.5"}
    assert len({line.get_linestyle() + line.get_color() for line in axis.lines}) == 5
    figure.canvas.draw()
    ticks = [label.get_text() for label in axis.get_yticklabels()]
    assert {"0.2", "0.5"} <= set(ticks) and not any("^" in text for text in ticks)
    assert_refused(loss_curve, HISTORY, "MSE", {"PCA": "low"}, says="PCA")
    assert_refused(loss_curve, HISTORY, "MSE", None, {"other": {}}, says="other")


def test_the_error_of_each_digit_is_its_mean():
    labels = torch.arange(30) % 10
    errors = torch.arange(30.0)
    errors[20:] += 6  # So that a mean is no median.
    [axis] = error_by_digit({"a": errors, "b": 2 * errors}, labels).axes
    assert [line.get_label() for line in axis.lines] == ["a", "b"]
    for line, times in zip(axis.lines, (1, 2), strict=True):
        assert same(line.get_ydata(), [times * (12.0 + digit) for digit in range(10)])
    assert first_line(axis) == "Axes: x is digit; y is mean MSE."
    assert axis.get_xticks().tolist() == [*range(10)] and axis.get_ylim()[0] == 0
    assert len({line.get_marker() for line in axis.lines}) == 2


def test_the_error_by_size_is_that_of_the_rows():
    rows = read_rows("code_size")
    [axis] = error_by_size(rows).axes
    assert [one.get_label() for one in axis.containers] == ["autoencoder", "PCA"]
    assert first_line(axis) == (
        "Axes: x is numbers in the code, logarithmic; y is MSE on all test images, logarithmic."
    )
    for container, column in zip(axis.containers, ("mse", "pca_mse"), strict=True):
        x, y = container.lines[0].get_data()
        assert list(x) == [12, 24, 48, 96, 192]
        found = [rows[rows.numbers == size][column] for size in x]
        assert same(y, [one.mean() for one in found])
        ends = [segment[:, 1] for segment in container.lines[2][0].get_segments()]
        assert np.allclose(ends, [(one.min(), one.max()) for one in found], rtol=1e-12)


def test_pictures_are_stretched_each_and_around_grey_all_together():
    pictures = torch.tensor([[-1.0, 0.0, 3.0], [2.0, 2.0, 2.0]]).view(2, 1, 1, 3)
    assert same(stretched(pictures).flatten(), [0, 0.25, 1, 0, 0, 0])
    assert torch.allclose(
        around_grey(pictures).flatten(), torch.tensor([1 / 3, 0.5, 1, 5 / 6, 5 / 6, 5 / 6])
    )


def test_a_plane_of_codes_decodes_each_place_where_it_is_drawn(data):
    """With a decoder that paints the first number on the left and the second on the right."""
    codes = torch.rand(100, 2, 1, 1, generator=torch.Generator().manual_seed(0))

    def decode(codes):
        return codes.view(-1, 1, 1, 2).expand(-1, 1, 2, 2)

    left, right = code_plane(codes, data.test.labels, decode, side=5).axes
    assert left.get_xlim() == right.get_xlim() and left.get_ylim() == right.get_ylim()
    [drawn] = right.images
    mosaic = np.asarray(drawn.get_array())
    assert mosaic.shape == (10, 10)
    low, high = (codes.flatten(1).quantile(share, 0).tolist() for share in (0.01, 0.99))
    across = np.linspace(low[0], high[0], 5)
    up = np.linspace(low[1], high[1], 5)
    assert np.allclose(mosaic[::2, ::2], np.tile(across, (5, 1)), atol=1e-5)
    assert np.allclose(mosaic[::2, 1::2], np.tile(up[::-1, None], (1, 5)), atol=1e-5)
    assert len(left.collections) == 10
    half = [(high[axis] - low[axis]) / 8 for axis in (0, 1)]
    ends = [low[0] - half[0], high[0] + half[0], low[1] - half[1], high[1] + half[1]]
    assert np.allclose([*left.get_xlim(), *left.get_ylim()], ends)
    assert np.allclose(drawn.get_extent(), ends) and drawn.get_clim() == (0, 1)
    titles = ["where the test images are", "what each place decodes to"]
    for axis, title in zip((left, right), titles, strict=True):
        head = f"Axes “{title}”: x is first number of the code; y is second number."
        assert first_line(axis) == head
    zeros = data.test.labels == 0
    assert same(left.collections[0].get_offsets(), codes[zeros].flatten(1))


def test_a_plane_of_codes_that_are_all_the_same_is_drawn(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib would warn of axes without a length.
        code_plane(torch.zeros(100, 2, 1, 1), data.test.labels, lambda codes: codes[:, :1], side=3)


def test_each_set_of_codes_gets_its_map(data):
    codes = torch.rand(100, 3, generator=torch.Generator().manual_seed(0))
    figure = code_maps({"a": codes, "b": 2 * codes}, data.test.labels)
    assert [axis.get_title("left") for axis in figure.axes] == ["a", "b"]
    assert [len(axis.collections) for axis in figure.axes] == [10, 10]
    for axis in figure.axes:
        for part in axis.collections:
            digit = int(part.get_label())
            assert len(part.get_offsets()) == (data.test.labels == digit).sum()


def test_the_numbers_of_a_code_are_drawn_from_the_loudest():
    [axis] = code_spread(torch.tensor([1.0, 3.0, 2.0])).axes
    assert [bar.get_height() for bar in axis.patches] == [3, 2, 1]
    assert first_line(axis) == "Axes: x is number of the code, sorted; y is standard deviation."


def test_histograms_count_everything_once():
    [axis] = pixel_histogram(np.linspace(0, 1, 100)).axes
    assert sum(bar.get_height() for bar in axis.patches) == pytest.approx(100)
    assert len(axis.patches) == 32
    said = "Axes: x is pixel value (0 black, 1 white); y is pixels (%), logarithmic."
    assert first_line(axis) == said
    [axis] = draws_histogram([93.0, 94.0, 94.1], 93.9, (92, 95)).axes
    said = "Axes: x is accuracy on 1,000 of the test images (%); y is draws."
    assert first_line(axis) == said
    assert sum(bar.get_height() for container in axis.containers for bar in container) == 3
    assert [line.get_label() for line in axis.lines] == ["all 10,000 images"]
    assert list(axis.lines[0].get_xdata()) == [93.9, 93.9]
    area = axis.patches[-1]
    assert area.get_label() == "95 % interval for 1,000 images"
    assert (area.get_x(), area.get_x() + area.get_width()) == (92, 95)
    bars = [bar.get_width() for container in axis.containers for bar in container]
    assert np.allclose(bars, 0.2)
