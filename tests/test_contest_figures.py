"""The figures of lesson 9 show the images, the classes and the scores that they are given."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from odd_calls import same
from PIL import Image

from aelib.contest.figures import (
    MARKERS,
    before_and_after,
    class_map,
    class_name,
    contest_chart,
    picture_grid,
    shortened,
)
from aelib.contest.methods import METHODS
from aelib.data.pictures import lost_detail
from aelib.description import describe


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")


@pytest.fixture
def mine():
    """Three pictures of two classes, of which the last has none; the first is in fine stripes."""
    stripes = np.tile(np.uint8([[0, 255]]), (112, 56))
    pictures = [stripes, np.full((112, 112), 90, np.uint8), np.eye(112, dtype=np.uint8) * 200]
    images = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 28, 28) * 100
    labels = torch.tensor([1, 0, -1])
    return SimpleNamespace(
        pictures=pictures, images=images, labels=labels, classes=["cat", "a very long name"]
    )


def test_a_picture_stands_above_what_is_used_of_it(mine):
    figure = before_and_after(mine, [2, 0])
    above, below = np.reshape(figure.axes, (2, 2))
    assert [axis.get_title("center") for axis in above] == ["-", "a very long…"]
    names = [axis.get_ylabel() for axis in (*above, *below)]
    assert names == ["as it came", "", "as it is used", ""]
    for column, position in enumerate((2, 0)):
        picture = mine.pictures[position]
        assert same(above[column].images[0].get_array()[..., 0], picture)
        assert same(below[column].images[0].get_array(), mine.images[position, 0])
        assert below[column].images[0].get_clim() == (0, 255)
        lost = 100 * lost_detail(Image.fromarray(picture))
        assert below[column].get_xlabel() == f"{lost:.0f} %"
    assert below[1].get_xlabel() == "100 %"  # Of stripes that fine nothing is left.


def test_pictures_in_rows_have_their_titles_and_the_rest_stays_empty():
    images = torch.rand(5, 1, 4, 4)
    figure = picture_grid(images, list("abcde"), columns=3)
    assert len(figure.axes) == 6
    for axis, image, title in zip(figure.axes, images, "abcde", strict=False):
        assert same(axis.images[0].get_array(), image[0])
        assert axis.images[0].get_clim() == (0, 1)
        assert axis.get_title("center") == title
    assert not figure.axes[5].images
    coloured = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    for axis, image in zip(picture_grid(coloured, "ab").axes, coloured, strict=False):
        assert same(axis.images[0].get_array(), image.permute(1, 2, 0).numpy() / 255)


def test_names_that_are_long_or_have_a_dollar_fit(mine):
    assert [class_name(mine, place) for place in range(3)] == ["a very long name", "cat", "-"]
    assert shortened("twelve chars") == "twelve chars"
    assert shortened("thirteen char") == "thirteen ch…"
    assert shortened("$x$") == r"\$x\$"


def test_the_ten_largest_classes_have_colour_and_marker_and_the_rest_is_grey():
    sizes = [9, 3, 12, 4, 5, 6, 7, 8, 10, 11, 2]  # The last of eleven is the smallest.
    labels = np.repeat([*range(11), -1], [*sizes, 4])
    points = np.random.default_rng(0).normal(size=(len(labels), 2))
    names = [f"_{letter}" for letter in "abcdefghijk"]
    [axis] = class_map(points, labels, names).axes
    drawn = {part.get_label(): part for part in axis.collections}
    assert list(drawn) == [*"cjiahgfedb", "others, or unlabelled"]
    for name, part in drawn.items():
        members = labels == "abcdefghijk".find(name) if len(name) == 1 else labels % 11 == 10
        assert same(part.get_offsets(), points[members])
    assert len({part.get_paths()[0].vertices.tobytes() for part in list(drawn.values())[:10]}) == 10
    assert [text.get_text() for text in axis.get_legend().texts] == list(drawn)
    [axis] = class_map(points[:9], labels[:9], names).axes
    assert "others, or unlabelled" not in [part.get_label() for part in axis.collections]


def test_scores_are_drawn_by_method_against_the_number_of_labels():
    rows = [
        {
            "method": method,
            "labels": labels,
            "accuracy": 50.0 + place + labels / 10,
            "low": 48.0 + place + labels / 10,
            "high": 55.0 + place + labels / 10,
        }
        for labels in (100, 10)
        for place, method in enumerate(METHODS)
    ]
    [axis] = contest_chart(rows).axes
    assert [container.get_label() for container in axis.containers] == list(METHODS)
    for place, container in enumerate(axis.containers):
        line, _, [bars] = container.lines
        assert np.allclose(line.get_xdata(), np.array([10, 100]) * 1.03 ** (place - 2.5))
        assert np.allclose(line.get_ydata(), [51 + place, 60 + place])
        ends = [segment[:, 1] for segment in bars.get_segments()]
        assert np.allclose(ends, [[49 + place, 56 + place], [58 + place, 65 + place]])
        assert line.get_marker() == MARKERS[place]
    told = describe(axis.figure)[0]
    assert told[0] == "Axes: x is labelled images, logarithmic; y is test accuracy (%)."
    assert axis.get_xticks().tolist() == [10, 100]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["10", "100"]
