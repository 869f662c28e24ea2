"""Figures draw the data they are given, and say in words what they draw."""

import base64
import io
import itertools
import re
import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from IPython.utils.capture import capture_output
from nbconvert import HTMLExporter
from odd_calls import NOTHING_LIKE_IT, assert_refused, same
from PIL import Image

from aelib import display
from aelib.data import Split, load_data
from aelib.description import describe
from aelib.evaluation import accuracy
from aelib.figures import (
    code_map,
    code_tiles,
    confusion_matrices,
    image_rows,
    loss_curve,
    neighbour_map,
    score_chart,
    show,
    showing,
)

HISTORY = {"training_loss": [0.5, 0.3, 0.2], "validation_loss": [0.6, 0.4, 0.35]}


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")


@pytest.fixture(scope="module")
def data():
    return load_data("digits", 200, 100, 0)


def words(figure, data=None):
    return "\n".join(describe(figure, data)[0])


# Rows of images ---------------------------------------------------------------------------------


def test_rows_of_images_are_drawn_in_their_places(data):
    images = data.test.images[:3]
    figure = image_rows({"image": images, "half": images / 2}, titles=[7, "b", "c"])
    assert len(figure.axes) == 6
    for place, axis in enumerate(figure.axes):
        [drawn] = axis.images
        row, column = divmod(place, 3)
        assert same(drawn.get_array(), (images / (row + 1))[column, 0])
        assert drawn.get_clim() == (0, 1)
        assert drawn.get_cmap().name == "gray"
        assert axis.get_xticks().tolist() == axis.get_yticks().tolist() == []
        assert axis.get_title("center") == (["7", "b", "c"][column] if row == 0 else "")
        assert axis.get_ylabel() == (["image", "half"][row] if column == 0 else "")


@pytest.mark.parametrize(
    "convert", [torch.Tensor.numpy, torch.Tensor.tolist], ids=["array", "list"]
)
def test_images_may_be_arrays(data, convert):
    figure = image_rows({"image": convert(data.test.images[:1])})
    drawn = figure.axes[0].images[0].get_array()
    assert same(np.float32(drawn), data.test.images[0, 0])


def test_bytes_are_drawn_from_black_to_white():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    for given in (pixels, pixels.numpy()):
        figure = image_rows({"image": given})
        assert same(figure.axes[0].images[0].get_array(), np.float32([[0, 0.2, 1]]))


def test_images_in_colour_are_drawn_in_colour():
    images = torch.rand(2, 3, 4, 5) * 1.2
    figure = image_rows({"image": images})
    drawn = [axis.images[0].get_array() for axis in figure.axes]
    assert same(drawn, images.clamp(0, 1).permute(0, 2, 3, 1))


def test_a_row_without_images_says_so(notebook):
    figure = image_rows({"lost": torch.empty(0, 1, 28, 28)}, titles=[])
    [axis] = figure.axes
    assert axis.get_ylabel() == "lost"
    assert [text.get_text() for text in axis.texts] == ["none"]
    assert axis.images == [] or len(axis.images) == 0
    show(figure, "No image.", "MNIST")


NO_IMAGES = NOTHING_LIKE_IT | {
    "a number": 0.5,
    "no channel": torch.rand(3, 28, 28),
    "flat": torch.rand(3, 784),
    "two channels": torch.rand(3, 2, 28, 28),
    "whole numbers": torch.ones(3, 1, 28, 28, dtype=torch.int64),
    "truth values": torch.ones(3, 1, 28, 28) > 0,
    "up to 255": torch.full((3, 1, 28, 28), 255.0),
    "far below 0": torch.full((3, 1, 28, 28), -9.0),
    "infinite": torch.full((3, 1, 28, 28), float("inf")),
}


@pytest.mark.parametrize("images", NO_IMAGES.values(), ids=NO_IMAGES)
def test_what_are_no_images_is_not_drawn(images):
    assert_refused(image_rows, {"the row": images}, says="the row")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("rows", [None, {}, [], torch.rand(3, 1, 28, 28), "image"], ids=type)
def test_what_are_no_rows_is_refused(rows):
    assert_refused(image_rows, rows, says="rows")


def test_rows_and_titles_of_other_lengths_are_refused():
    images = torch.rand(3, 1, 28, 28)
    said = assert_refused(image_rows, {"a": images, "b": images[:2]}, says="3 in 'a', 2 in 'b'")
    assert said.startswith("not equally many")
    for titles in ([], [1, 2], range(4)):
        assert_refused(image_rows, {"a": images}, titles, says=f"{len(titles)} titles")


def test_values_that_are_not_known_are_left_blank():
    """As a code that is the same for all images, brought to [0, 1]: a division of 0 by 0."""
    figure = image_rows({"code": torch.full((2, 1, 4, 4), float("nan"))})
    assert np.ma.getmaskarray(figure.axes[0].images[0].get_array()).all()


def test_codes_are_drawn_as_tiles_below_their_images(data):
    images = data.test.images[:3]
    generator = torch.Generator().manual_seed(0)
    codes = {"a": torch.randn(3, 2, 4, 4, generator=generator)}
    codes["b"] = 5 * codes["a"].flip(0)
    figure = code_tiles(images, codes, titles=["x", 1, 2])
    tiles = np.reshape(figure.axes[:15], (5, 3))
    for column in range(3):
        assert same(tiles[0, column].images[0].get_array(), images[column, 0])
        assert tiles[0, column].get_title("center") == ["x", "1", "2"][column]
        for name, first in (("a", 1), ("b", 3)):
            limit = codes[name].abs().max()
            for channel in range(2):
                [drawn] = tiles[first + channel, column].images
                assert same(drawn.get_array(), codes[name][column, channel])
                assert same(drawn.get_clim(), (-limit, limit))
                assert drawn.get_cmap().name == "RdBu_r"
    names = [axis.get_ylabel() for axis in tiles[:, 0]]
    assert names == ["", *(f"{name}, channel {number}" for name in "ab" for number in (1, 2))]
    assert not any(axis.get_ylabel() for axis in tiles[:, 1:].flat)
    assert len(figure.axes) == 15 + 2  # A scale for each.
    told = words(figure, data)
    assert "Row 1: 3 images, 3 of test (x: test 0; 1: test 1; 2: test 2)." in told
    assert "Row 5, b, channel 2: 3 images." in told


GOOD = torch.rand(2, 1, 4, 4)


@pytest.mark.parametrize(
    ("images", "codes", "titles", "says"),
    [
        *((bad, {"a": GOOD}, "xy", "images") for bad in (None, GOOD[0], GOOD.long(), "images")),
        *((GOOD, bad, "xy", "codes") for bad in (None, {}, [GOOD], GOOD)),
        *(
            (GOOD, {"a": GOOD, "mine": bad}, "xy", "mine")
            for bad in (None, GOOD[:1], GOOD[0], GOOD.long(), GOOD / 0, GOOD.expand(2, 3, 4, 4))
        ),
        (GOOD, {"a": GOOD}, "x", "1 titles"),
        (GOOD[:0], {"a": GOOD[:0]}, "", "'a'"),
    ],
)
def test_what_are_no_codes_is_not_drawn(images, codes, titles, says):
    assert_refused(code_tiles, images, codes, titles, says=says)
    assert plt.get_fignums() == []


# Curves and charts ------------------------------------------------------------------------------


def test_a_loss_curve_shows_both_losses_of_every_epoch():
    [axis] = loss_curve(HISTORY, "MSE").axes
    training, validation = axis.lines
    for line, key in ((training, "training_loss"), (validation, "validation_loss")):
        assert line.get_xdata().tolist() == [1, 2, 3]
        assert line.get_ydata().tolist() == HISTORY[key]
    assert [text.get_text() for text in axis.get_legend().texts] == ["training", "validation"]
    assert (training.get_marker(), validation.get_marker()) == ("o", "s")
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_ylim()[0]) == ("epoch", "MSE", 0)
    assert all(float(tick).is_integer() for tick in axis.get_xticks())


def test_a_loss_that_was_not_measured_is_not_in_the_legend():
    for history in ({**HISTORY, "validation_loss": []}, {"training_loss": [0.5]}):
        [axis] = loss_curve(history, "MSE").axes
        assert [line.get_label() for line in axis.lines] == ["training"]


@pytest.mark.parametrize("history", [None, [], {}, {"loss": [1]}, "history", HISTORY.values()])
def test_what_is_no_history_has_no_curve(history):
    assert_refused(loss_curve, history, "MSE", says="history")


def test_a_history_without_an_epoch_has_no_curve():
    assert_refused(loss_curve, {"training_loss": []}, "MSE", says="no epoch")


def test_scores_are_drawn_with_their_intervals_the_first_at_the_top():
    ours = accuracy([1] * 900 + [2] * 100, [1] * 1_000)
    figure = score_chart({"approach 1": ours, "approach 1, published": 87.34})
    [axis] = figure.axes
    interval, own, published = axis.lines
    assert same(interval.get_xdata(), ours.interval)
    assert interval.get_ydata().tolist() == [0, 0]
    assert (own.get_xdata()[0], own.get_ydata()[0], own.get_marker()) == (90, 0, "o")
    assert (published.get_xdata()[0], published.get_ydata()[0]) == (87.34, 1)
    assert published.get_marker() == "D"
    assert published.get_color() != own.get_color() == interval.get_color()
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ["approach 1", "approach 1, published"]
    assert axis.get_yticks().tolist() == [0, 1]
    assert axis.get_ylim() == (1.5, -0.7)
    assert [(t.get_text(), t.xy) for t in axis.texts] == [("90.0", (90, 0)), ("87.3", (87.34, 1))]
    assert describe(figure)[1][:4] == [
        "Axes: x is accuracy (%); y is without a name.",
        "  line “interval of approach 1” of 2.",
        "  point “approach 1” of 1.",
        "  point “approach 1, published” of 1.",
    ]


@pytest.mark.parametrize(
    "scores",
    [None, {}, [90.0], *({"mine": s} for s in (None, "90", (90, 88, 92), True, -1, 101, [90]))],
    ids=repr,
)
def test_what_are_no_scores_is_refused(scores):
    says = "mine" if isinstance(scores, dict) and scores else "scores"
    assert_refused(score_chart, scores, says=says)


# Classes ----------------------------------------------------------------------------------------


def test_a_confusion_matrix_counts_mistakes_by_row_of_truth():
    labels = torch.tensor([4, 4, 4, 9, 0])
    predictions = {"first": [9, 9, 4, 4, 0], "second": np.array([4, 4, 4, 9, 1])}
    figure = confusion_matrices(predictions, labels)
    expected = [np.zeros((10, 10), int) for _ in range(2)]
    expected[0][4, 9], expected[0][9, 4], expected[1][0, 1] = 2, 1, 1
    assert [axis.get_title("left") for axis in figure.axes] == ["first", "second"]
    for axis, matrix in zip(figure.axes, expected, strict=True):
        [image] = axis.images
        assert same(image.get_array(), matrix)
        assert image.get_clim() == (0, 1.6 * 2)
        assert (axis.get_ylabel(), axis.get_xlabel()) == ("true class", "predicted class")
        written = np.reshape([text.get_text() for text in axis.texts], (10, 10))
        assert set(written.diagonal()) == {""}
        off = ~np.eye(10, dtype=bool)
        assert same(written[off].astype(int), matrix[off])
        assert {text.get_color() for text in axis.texts} == {"black"}


def test_a_confusion_matrix_drops_no_class():
    figure = confusion_matrices({"a": [11, 0]}, [0, 12])
    matrix = figure.axes[0].images[0].get_array()
    assert matrix.shape == (13, 13)
    assert (matrix[0, 11], matrix[12, 0], matrix.sum()) == (1, 1, 2)


def test_a_confusion_matrix_without_mistakes_can_be_drawn():
    assert confusion_matrices({"a": [1]}, [1]).axes[0].images[0].get_clim() == (0, 1.6)


@pytest.mark.parametrize("bad", [None, [1, 2], torch.rand(3, 10), ["a"] * 3, [0.5] * 3, [-1] * 3])
def test_what_are_no_classes_is_not_counted(bad):
    assert_refused(confusion_matrices, {"mine": bad}, [1, 2, 3], says="mine")
    assert_refused(confusion_matrices, {"mine": [1, 2, 3]}, bad, says="labels")


@pytest.mark.parametrize("predictions", [None, {}, [1, 2, 3]], ids=repr)
def test_predictions_need_titles(predictions):
    assert_refused(confusion_matrices, predictions, [1, 2, 3], says="predictions")


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy], ids=["array", "tensor"])
def test_a_code_map_draws_every_point_as_its_class(convert):
    points = np.random.default_rng(0).normal(size=(60, 2))
    labels = np.arange(60) % 13
    figure, axis = plt.subplots()
    code_map(axis, convert(points), convert(labels))
    drawn = {int(part.get_label()): part for part in axis.collections}
    assert sorted(drawn) == list(range(13))
    for label, part in drawn.items():
        assert same(part.get_offsets(), points[labels == label])
    # A glyph of their own for all, and no two neighbours in the list of digits look alike.
    shapes = [part.get_paths()[0].vertices.tobytes() for part in drawn.values()]
    assert len(set(shapes)) == 13
    colours = [tuple(drawn[digit].get_facecolor()[0]) for digit in range(10)]
    assert len(set(colours)) == 7
    for alike in ((4, 9), (3, 5), (3, 8), (1, 7), (5, 8), (7, 9)):
        assert colours[alike[0]] != colours[alike[1]], alike
    assert axis.get_xticks().tolist() == axis.get_yticks().tolist() == []


@pytest.mark.parametrize(
    ("points", "labels", "says"),
    [
        (np.ones((3, 2)), [1, 2], "labels"),
        (np.ones((3, 2)), None, "labels"),
        (np.ones((3, 2)), [0.5] * 3, "labels"),
        (np.ones((3, 3)), [1, 2, 3], "points"),
        (np.ones(3), [1, 2, 3], "points"),
        (np.ones((3, 2), int), [1, 2, 3], "points"),
        (None, [1, 2, 3], "points"),
        ("points", [1, 2, 3], "points"),
        (np.ones((0, 2)), [], "empty"),
    ],
)
def test_what_are_no_points_is_not_drawn(points, labels, says):
    assert_refused(code_map, plt.subplots()[1], points, labels, says=says)


# Shown ------------------------------------------------------------------------------------------


@pytest.fixture
def notebook(monkeypatch):
    """What is displayed in a notebook: pairs of a bundle and its metadata."""
    pairs = []
    monkeypatch.setattr(showing, "in_notebook", lambda: True)
    monkeypatch.setattr(showing, "display_bundle", lambda *pair: pairs.append(pair))
    return pairs


def test_a_figure_is_shown_with_its_text_in_every_form(notebook, data):
    figure = image_rows({"image": data.test.images[:2]}, titles=["a", "<b>"])
    show(figure, 'Two "digits" & more.', data)
    [(bundle, metadata)] = notebook
    assert set(bundle) == {"image/png", "text/html", "text/plain"}
    alt = 'Two "digits" & more. Images: digits (stand-in).'
    assert metadata == {"image/png": {"alt": alt}}
    escaped = "Two &quot;digits&quot; &amp; more. Images: digits (stand-in)."
    assert (
        f'<img alt="{escaped}" src="data:image/png;base64,{bundle["image/png"]}">'
        in (bundle["text/html"])
    )
    assert (
        "<details><summary>The figure in words</summary><ul><li>Row 1, image:"
        in (bundle["text/html"])
    )
    assert "(a: test 0; &lt;b&gt;: test 1)" in bundle["text/html"]
    assert bundle["text/plain"] == "Row 1, image: 2 images, 2 of test, 2 with a title."
    assert plt.get_fignums() == []
    assert figure.texts[-1].get_text() == "images: digits (stand-in)"


def test_the_picture_is_the_figure(notebook):
    """256 colours are as good as millions, and a third of the size."""
    figure = loss_curve(HISTORY, "MSE")
    show(figure, "A loss.", "MNIST")
    small = base64.b64decode(notebook[0][0]["image/png"])
    whole = io.BytesIO()
    figure.savefig(whole, format="png", bbox_inches="tight")
    pictures = [
        np.asarray(Image.open(one).convert("RGB"), int) for one in (io.BytesIO(small), whole)
    ]
    assert pictures[0].shape == pictures[1].shape
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5
    assert len(small) < 0.5 * len(whole.getvalue())


def test_what_is_exact_is_compared_with_its_numbers(notebook):
    for exact in (True, False):
        show(loss_curve(HISTORY, "MSE"), "A loss.", "MNIST", exact=exact)
    first, second = (bundle["text/plain"].splitlines() for bundle, _ in notebook)
    assert first[1] == "  line “training” of 3: x 1 to 3; y 0.5, 0.3, 0.2."
    assert second[1] == "  line “training” of 3."
    assert (
        "<li>line “training” of 3: x 1 to 3; y 0.5, 0.3, 0.2.</li>" in notebook[1][0]["text/html"]
    )


def test_a_terminal_is_no_notebook(monkeypatch):
    for shell, drawn in (
        (None, False),
        (TerminalInteractiveShell, False),
        (InteractiveShell, True),
    ):
        running = shell and shell.__new__(shell)
        monkeypatch.setattr(display, "get_ipython", lambda running=running: running)
        assert display.in_notebook() == drawn


@pytest.mark.parametrize("stem", ["02_autoencoder", ""])
def test_a_script_saves_its_figures_where_there_is_no_window(stem, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(display, "get_ipython", lambda: None)
    monkeypatch.setattr(showing, "project_folder", lambda: tmp_path)
    monkeypatch.setattr(showing, "_saved", itertools.count(1))
    monkeypatch.setattr(sys, "argv", [f"{stem}.py" if stem else ""])
    for alt in ("A loss.", "Another."):
        show(loss_curve(HISTORY, "MSE"), alt, "MNIST")
    saved = sorted((tmp_path / "runs" / "figures").iterdir())
    names = [f"{stem or 'figure'}-{number}.png" for number in ("01", "02")]
    assert [path.name for path in saved] == names
    assert all(Image.open(path).width > 400 for path in saved)
    assert f"A loss. Images: MNIST.\nSaved as {saved[0]}\n" in capsys.readouterr().out


def test_a_script_shows_its_figures_in_a_window(monkeypatch, tmp_path):
    monkeypatch.setattr(display, "get_ipython", lambda: None)
    monkeypatch.setattr(showing, "project_folder", lambda: tmp_path)
    open_when_shown = []
    monkeypatch.setattr(plt, "show", lambda: open_when_shown.append(plt.get_fignums()))
    figure = loss_curve(HISTORY, "MSE")
    monkeypatch.setattr(type(figure.canvas), "required_interactive_framework", "qt")
    show(figure, "A loss.", "MNIST")
    assert open_when_shown == [[figure.number]]
    assert plt.get_fignums() == []
    assert list(tmp_path.iterdir()) == []


def test_a_real_shell_takes_the_bundle_as_it_is():
    InteractiveShell.clear_instance()
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            show(loss_curve(HISTORY, "MSE"), "A loss.", "MNIST")
    finally:
        InteractiveShell.clear_instance()
    [output] = captured.outputs
    assert set(output.data) == {"image/png", "text/html", "text/plain"}
    assert output.metadata["image/png"]["alt"] == "A loss. Images: MNIST."


@pytest.mark.slow
def test_a_page_made_from_the_notebook_has_the_text_on_the_picture(notebook):
    """As JupyterLab does, nbconvert takes the HTML before the PNG, whose text its page lacks."""
    show(loss_curve(HISTORY, "MSE"), "A loss.", "MNIST")
    [(bundle, metadata)] = notebook
    output = nbformat.v4.new_output("display_data", bundle, metadata=metadata)
    cell = nbformat.v4.new_code_cell("show(figure)", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    [picture] = re.findall("<img[^>]*>", page)
    assert 'alt="A loss. Images: MNIST."' in picture
    assert bundle["image/png"] in picture


@pytest.mark.parametrize("figure", [None, "figure", 5, [], plt.Axes], ids=repr)
def test_what_is_no_figure_is_not_shown(figure):
    assert_refused(show, figure, "A loss.", "MNIST", says="figure")


@pytest.mark.parametrize("alt", [None, "", "  ", 5, ["A loss."], b"A loss."], ids=repr)
def test_a_figure_needs_a_text(alt):
    assert_refused(show, loss_curve(HISTORY, "MSE"), alt, "MNIST", says="alt")


@pytest.mark.parametrize("source", [None, "", 5, torch.rand(3), ["MNIST"]], ids=type)
def test_a_figure_needs_a_source(source):
    assert_refused(show, loss_curve(HISTORY, "MSE"), "A loss.", source, says="data")


# In words ---------------------------------------------------------------------------------------


def test_an_image_is_called_by_its_split_and_place(data):
    rows = {
        "test": data.test.images[[5, 3]],
        "training": data.train.images[[7, 0]],
        "both": torch.stack([data.full_test.images[1], data.validation.images[9]]),
        "other": torch.rand(2, 1, 28, 28),
        "nothing": torch.tensor([0.0, 0.5]).view(2, 1, 1, 1).expand(2, 1, 28, 28),
    }
    full, stable = describe(image_rows(rows, titles=["a", ""]), data)
    assert full[0] == "Row 1, test: 2 images, 2 of test (a: test 5; test 3)."
    assert full[1] == "Row 2, training: 2 images, 2 of train (train 7; train 0)."
    assert stable[1] == "Row 2, training: 2 images, 2 of train."
    assert stable[0] == "Row 1, test: 2 images, 2 of test, 1 with a title."
    assert full[2].endswith("1 of full_test, 1 of validation (full_test 1; validation 9).")
    assert full[3] == stable[3] == "Row 4, other: 2 images."
    assert full[4] == stable[4] == "Row 5, nothing: 2 images, blank."
    assert describe(image_rows(rows))[0][0] == "Row 1, test: 2 images."


@pytest.mark.slow
def test_images_kept_as_bytes_are_found_too(data):
    pixels = load_data("digits", 200, 100, 0, as_bytes=True)
    for images in (pixels.test.images[[4]], data.test.images[[4]]):
        assert "1 of test (test 4)" in words(image_rows({"image": images}), pixels)


def test_images_in_colour_are_found_too(data):
    images = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    coloured = replace(data, train=Split(images, torch.arange(4)))
    assert "2 of train (train 3; train 1)" in words(image_rows({"": images[[3, 1]]}), coloured)


def test_everything_that_is_drawn_is_in_the_words():
    figure, axis = plt.subplots()
    figure.suptitle("All")
    axis.set_title("left")
    axis.bar([0, 1, 2], [3, 1, 2], label="count")
    axis.barh([0, 1], [4, 5], label="rate")
    axis.axvspan(0, 1, label="interval")
    axis.axhline(2, label="mean")
    axis.plot(np.linspace(0, 1, 200), np.linspace(4, 5, 200), label="long")
    axis.plot([0.5, 2.5], [1.25, 7], "o")
    axis.scatter([1, 2, 3], [4, 6, 5], label="dots")
    axis.scatter([], [], label="nothing")
    axis.fill_between([0, 1], [0, 1], [1, 2], label="shade")
    axis.plot([], [], label="empty")
    axis.annotate("here", (0, 0))
    axis.set(xlabel="steps", yscale="log", xticks=[0, 1, 2], xticklabels=["a", "b", "c"])
    full, stable = describe(figure)
    assert full == [
        "Title: All.",
        "Axes “left”: x is steps; y is without a name, logarithmic.",
        "  bars “count” of 3: heights 3, 1, 2.",
        "  bars “rate” of 2: widths 4, 5.",
        "  area “interval”.",
        "  line “mean” of 2: x 0, 1; y 2, 2.",
        "  line “long” of 200: x from 0 to 1, between 0 and 1; y from 4 to 5, between 4 and 5.",
        "  line of 2: x 0.5, 2.5; y 1.25, 7.",
        "  point “empty” of 0.",
        "  points “dots” of 3: x between 1 and 3; y between 4 and 6.",
        "  points “nothing” of 0: x empty; y empty.",
        "  shapes “shade” of 1.",
        "  Along x: a, b, c.",
        "  Written in it: here.",
    ]
    assert stable == [re.sub(":(?! All| x is| a).*", ".", line) for line in full[:-1]] + [
        "  Written in it: 1 texts."
    ]


def test_a_matrix_is_told_as_it_is_written():
    told = words(confusion_matrices({"mine": [1, 2, 2]}, [1, 1, 2]))
    assert "table 10 by 10: row 0: -, 0, 0" in told
    assert "row 1: 0, -, 1, 0" in told
    assert words(confusion_matrices({"mine": [1]}, [1])).count("table") == 1


def test_a_table_without_writing_is_told_by_its_numbers():
    axis = plt.figure().add_axes([0, 0, 1, 1])
    axis.imshow([[1, 2], [3, 4]])
    axis.set_xlabel("column")
    assert words(axis.figure).endswith("table 2 by 2: row 0: 1, 2; row 1: 3, 4.")


def test_only_rows_longer_than_sixty_are_summed_up():
    figure, axis = plt.subplots()
    for count in (60, 61):
        axis.plot(np.arange(count) % 2, "o")
    _, sixty, more = describe(figure)[0]
    assert sixty.count("0, 1") == 30 and "from" not in sixty
    assert more.endswith("y from 0 to 0, between 0 and 1.")


def test_dates_and_names_on_an_axis_are_not_taken_for_numbers():
    figure, axis = plt.subplots()
    axis.plot(np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), [1, 2])
    assert "line of 2: y 1, 2." in words(figure)


@pytest.mark.parametrize(
    "codes",
    [
        torch.zeros(300, 3, 4, 4),
        torch.cat([torch.zeros(200, 48), torch.rand(100, 48)]),
        1 + 2e-7 * torch.randint(4, (300, 48), generator=torch.Generator().manual_seed(0)),
    ],
    ids=["all", "most", "nearly"],
)
def test_a_map_of_collapsed_codes_is_drawn_and_said(codes, capsys):
    """By t-SNE it would be the end of this process."""
    points = neighbour_map(codes)
    assert points.shape == (300, 2)
    assert np.isfinite(points).all()
    assert "this encoder has collapsed" in capsys.readouterr().out


def test_on_a_map_neighbours_stay_neighbours():
    centres = torch.randn(3, 48, generator=torch.Generator().manual_seed(0)) * 10
    codes = centres.repeat_interleave(40, 0) + torch.rand(120, 48)
    points = torch.tensor(neighbour_map(codes))
    nearest = torch.cdist(points, points).fill_diagonal_(torch.inf).argmin(1)
    assert (nearest // 40 == torch.arange(120) // 40).all()
