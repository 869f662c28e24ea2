"""Figures draw the data they are given, and say in words what they draw."""

import base64
import io
import itertools
import re
import sys

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from IPython.utils.capture import capture_output
from nbconvert import HTMLExporter
from numpy.testing import assert_array_equal
from PIL import Image

from aelib import display, figures
from aelib.data import Data, Split
from aelib.evaluation import accuracy
from aelib.figures import image_rows, loss_curve, neighbour_map, show, showing
from aelib.figures.description import describe
from aelib.figures.diagram import system_diagram
from aelib.models import MLP, Decoder, Encoder

HISTORY = {"training_loss": [0.5, 0.3, 0.2], "validation_loss": [0.6, 0.4, 0.35]}


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")


@pytest.fixture(scope="module")
def data():
    """Splits of noise, with `test` within `full_test`."""
    generator = torch.Generator().manual_seed(0)
    train, validation, full = (
        Split(torch.rand(50, 1, 28, 28, generator=generator), torch.arange(50) % 10)
        for _ in range(3)
    )
    return Data("MNIST", train, validation, Split(*(one[20:40] for one in full)), full)


def drawn(axis):
    """The one picture in an axis, as an array."""
    [image] = axis.images
    return np.asarray(image.get_array())


def test_rows_of_images_are_drawn_in_their_places(data):
    images = data.test.images[:3]
    figure = image_rows({"image": images, "half": images.numpy() / 2}, titles=[7, "b", "c"])
    assert len(figure.axes) == 6
    for place, axis in enumerate(figure.axes):
        row, column = divmod(place, 3)
        assert_array_equal(drawn(axis), (images / (row + 1))[column, 0])
        assert axis.images[0].get_clim() == (0, 1) and axis.images[0].get_cmap().name == "gray"
        assert axis.get_title("center") == (["7", "b", "c"][column] if row == 0 else "")
        assert axis.get_ylabel() == (["image", "half"][row] if column == 0 else "")
    [axis] = image_rows({"lost": images[:0]}, titles=[]).axes
    assert axis.get_ylabel() == "lost" and [text.get_text() for text in axis.texts] == ["none"]
    for rows, titles in (({"a": images, "b": images[:2]}, None), ({"a": images}, [1, 2])):
        with pytest.raises(ValueError):
            image_rows(rows, titles)


def test_bytes_and_colours_are_drawn_as_they_are():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    assert drawn(image_rows({"": pixels}).axes[0]).ravel().tolist() == [0, np.float32(0.2), 1]
    images = torch.rand(2, 3, 4, 5) * 1.2
    shown = [drawn(axis) for axis in image_rows({"": images}).axes]
    assert_array_equal(shown, images.clamp(0, 1).permute(0, 2, 3, 1))


@pytest.mark.parametrize("value", [255.0, 255, float("inf"), -9.0])
def test_pixels_that_would_all_be_drawn_white_are_refused(value):
    with pytest.raises(ValueError, match="cannot be drawn: bring them to"):
        image_rows({"image": torch.full((3, 1, 28, 28), value)})


def test_codes_are_drawn_as_tiles_below_their_images(data):
    images = data.test.images[:3]
    codes = {"a": torch.rand(3, 2, 4, 4), "b": -torch.rand(3, 1, 4, 4)}
    figure = figures.code_tiles(images, codes, titles=["x", 1, 2])
    assert len(figure.axes) == 4 * 3 + 2  # A scale for each.
    above, *tiles = np.reshape(figure.axes[:12], (4, 3))
    assert [axis.get_title("center") for axis in above] == ["x", "1", "2"]
    assert_array_equal([drawn(axis) for axis in above], images[:, 0])
    rows = [("a", 0), ("a", 1), ("b", 0)]
    for (name, channel), row in zip(rows, tiles, strict=True):
        assert row[0].get_ylabel() == f"{name}, channel {channel + 1}"
        assert_array_equal([drawn(axis) for axis in row], codes[name][:, channel])
        limit = codes[name].abs().max().item()
        assert {axis.images[0].get_clim() for axis in row} == {(-limit, limit)}


def test_a_code_map_draws_every_point_as_its_class():
    points, labels = torch.rand(60, 2), torch.arange(60) % 13
    axis = plt.figure().subplots()
    figures.code_map(axis, points, labels)
    parts = {int(part.get_label()): part for part in axis.collections}
    assert sorted(parts) == list(range(13))
    for label, part in parts.items():
        assert_array_equal(part.get_offsets(), points[labels == label])
    # A glyph of their own for all, and no two that look alike share a colour.
    assert len({part.get_paths()[0].vertices.tobytes() for part in parts.values()}) == 13
    colours = [tuple(parts[digit].get_facecolor()[0]) for digit in range(10)]
    alike = ((4, 9), (3, 5), (3, 8), (1, 7), (5, 8), (7, 9))
    assert all(colours[one] != colours[other] for one, other in alike)


@pytest.mark.slow
def test_a_map_of_collapsed_codes_is_drawn_and_said(capsys):
    """By t-SNE it would be the end of this process."""
    some = torch.cat([torch.zeros(200, 48), torch.rand(100, 48)])
    nearly = 1 + 2e-7 * torch.randint(4, (300, 48), generator=torch.Generator().manual_seed(0))
    for codes in (torch.zeros(300, 3, 4, 4), some, nearly):
        assert neighbour_map(codes).shape == (300, 2)
        assert "this encoder has collapsed" in capsys.readouterr().out


@pytest.mark.slow
def test_on_a_map_neighbours_stay_neighbours():
    codes = torch.eye(3, 48).repeat_interleave(40, 0) * 50 + torch.rand(120, 48)
    [axis] = figures.code_maps({"a": codes}, torch.arange(120) // 40).axes
    points = torch.cat([torch.tensor(part.get_offsets()) for part in axis.collections])
    nearest = torch.cdist(points, points).fill_diagonal_(torch.inf).argmin(1)
    assert axis.get_title("left") == "a"
    assert (nearest // 40 == torch.arange(120) // 40).all()


def test_a_plane_of_codes_decodes_each_place_where_it_is_drawn(data):
    """With a decoder that paints the first number on the left and the second on the right."""

    def decode(codes):
        return codes.view(-1, 1, 1, 2).expand(-1, 1, 2, 2)

    codes, labels = torch.rand(20, 2, 1, 1), data.test.labels
    left, right = figures.code_plane(codes, labels, decode, side=5).axes
    low, high = (codes.flatten(1).quantile(share, 0).numpy() for share in (0.01, 0.99))
    mosaic, places = drawn(right), np.linspace(low, high, 5)
    assert np.allclose(mosaic[::2, ::2], np.tile(places[:, 0], (5, 1)), atol=1e-5)
    assert np.allclose(mosaic[::2, 1::2].T, np.tile(places[::-1, 1], (5, 1)), atol=1e-5)
    ends = np.ravel([low - (high - low) / 8, high + (high - low) / 8], "F")
    for axis in (left, right):
        assert np.allclose([*axis.get_xlim(), *axis.get_ylim()], ends)
    assert np.allclose(right.images[0].get_extent(), ends)
    assert_array_equal(left.collections[0].get_offsets(), codes[labels == 0].flatten(1))
    figures.code_plane(0 * codes, labels, decode)  # An encoder that has collapsed.


def test_pictures_are_stretched_each_and_around_grey_all_together():
    pictures = torch.tensor([[-1.0, 0.0, 3.0], [2.0, 2.0, 2.0]]).view(2, 1, 1, 3)
    assert_array_equal(figures.stretched(pictures).flatten(), [0, 0.25, 1, 0, 0, 0])
    grey = figures.around_grey(pictures).flatten()
    assert np.allclose(grey, [1 / 3, 0.5, 1, 5 / 6, 5 / 6, 5 / 6])


def test_a_loss_curve_shows_every_loss_of_every_epoch_by_name():
    other = {"training_loss": [0.4, 0.1]}
    figure = loss_curve(HISTORY, "MSE", {"PCA": 0.25}, {"other": other}, logarithmic=True)
    [axis] = figure.axes
    assert {line.get_label(): list(line.get_ydata()) for line in axis.lines} == {
        "training": HISTORY["training_loss"],
        "validation": HISTORY["validation_loss"],
        "training, other": [0.4, 0.1],
        "PCA": [0.25, 0.25],
    }
    assert_array_equal(axis.lines[0].get_xdata(), [1, 2, 3])
    assert len({line.get_linestyle() + line.get_color() for line in axis.lines}) == 4
    assert [text.get_text() for text in axis.get_legend().texts][:2] == ["training", "validation"]
    figure.canvas.draw()
    ticks = {label.get_text() for label in axis.get_yticklabels()}
    assert {"0.2", "0.5"} <= ticks and not any("^" in text for text in ticks)
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "MSE")
    assert all(float(tick).is_integer() for tick in axis.get_xticks())


def test_scores_are_drawn_with_their_intervals_the_first_at_the_top():
    ours = accuracy([1] * 900 + [2] * 100, [1] * 1_000)
    [axis] = figures.score_chart({"approach 1": ours, "approach 1, published": 87.34}).axes
    interval, own, published = axis.lines
    assert_array_equal(interval.get_xydata(), [(ours.interval[0], 0), (ours.interval[1], 0)])
    assert_array_equal(own.get_xydata(), [(90, 0)])
    assert_array_equal(published.get_xydata(), [(87.34, 1)])
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ["approach 1", "approach 1, published"] and axis.get_ylim() == (1.5, -0.7)
    assert [(t.get_text(), t.xy) for t in axis.texts] == [("90.0", (90, 0)), ("87.3", (87.34, 1))]


def test_a_confusion_matrix_counts_mistakes_by_row_of_truth():
    predictions = {"first": [9, 9, 4, 4, 0], "second": np.array([4, 4, 4, 9, 1])}
    figure = figures.confusion_matrices(predictions, torch.tensor([4, 4, 4, 9, 0]))
    expected = [np.zeros((10, 10), int) for _ in range(2)]
    expected[0][4, 9], expected[0][9, 4], expected[1][0, 1] = 2, 1, 1
    assert [axis.get_title("left") for axis in figure.axes] == ["first", "second"]
    for axis, matrix in zip(figure.axes, expected, strict=True):
        assert_array_equal(drawn(axis), matrix)
        assert axis.images[0].get_clim() == (0, 1.6 * 2)
        assert (axis.get_ylabel(), axis.get_xlabel()) == ("true class", "predicted class")
        written = {text.get_position(): text.get_text() for text in axis.texts}
        for (true, answer), count in np.ndenumerate(matrix):
            assert written[answer, true] == ("" if true == answer else str(count))
    [axis] = figures.confusion_matrices({"a": [11, 0]}, [0, 12]).axes  # No class is dropped.
    assert drawn(axis).shape == (13, 13) and drawn(axis)[0, 11] == drawn(axis)[12, 0] == 1
    with pytest.raises(ValueError, match="classes are"):
        figures.confusion_matrices({"a": [1]}, [1, 2, 3])


def test_the_error_of_each_digit_and_of_each_size_is_its_mean():
    labels, errors = torch.arange(30) % 10, torch.arange(30.0)
    errors[20:] += 6  # So that a mean is no median.
    [axis] = figures.error_by_digit({"a": errors, "b": 2 * errors}, labels).axes
    for line, name, times in zip(axis.lines, "ab", (1, 2), strict=True):
        assert line.get_label() == name
        assert_array_equal(line.get_ydata(), [times * (12.0 + digit) for digit in range(10)])
    rows = {"numbers": [12, 12, 12, 48], "mse": [1, 2, 6, 1.0], "pca_mse": [2, 3, 7, 3.0]}
    [axis] = figures.error_by_size(pd.DataFrame(rows)).axes
    for container, name, more in zip(axis.containers, ("autoencoder", "PCA"), (0, 1), strict=True):
        assert container.get_label() == name
        assert_array_equal(container.lines[0].get_xydata(), [(12, 3 + more), (48, 1 + 2 * more)])
        lowest_and_highest = container.lines[2][0].get_segments()[0][:, 1]
        assert np.allclose(lowest_and_highest, (1 + more, 6 + more))


def test_histograms_count_everything_once():
    [axis] = figures.pixel_histogram(torch.tensor([0.0, 0, 0, 1])).axes
    assert [axis.patches[place].get_height() for place in (0, 15, -1)] == [75, 0, 25]
    [axis] = figures.draws_histogram([90.0, 90.1, 91.0], 90.5, (89, 92)).axes
    assert sum(bar.get_height() for bar in axis.containers[0]) == 3
    assert list(axis.lines[0].get_xdata()) == [90.5, 90.5]
    [axis] = figures.code_spread(torch.tensor([1.0, 3.0, 2.0])).axes
    assert [bar.get_height() for bar in axis.patches] == [3, 2, 1]


def test_the_drawing_says_what_the_networks_are(notebook):
    figure = system_diagram(Encoder(5), Decoder(5), MLP(torch.rand(2, 80), classes=7))
    to_code = ["1 × 28×28", "24 × 14×14", "24 × 7×7", "64 × 7×7", "5 × 4×4"]
    to_image = ["32 × 7×7", "8 × 14×14", "4 × 14×14", "1 × 28×28"]
    parts = {"image", "code", "reconstruction", "scores", "7"}
    frozen = []
    rows = [
        (to_code + to_image, "trained", "decoder", ["image", "code", "reconstruction"]),
        (to_code, "frozen", "MLP", ["image", "code", "7", "scores"]),
        (to_code, "trained", "MLP", ["image", "code", "7", "scores"]),
    ]
    for axis, (shapes, encoder, other, made_of) in zip(figure.axes, rows, strict=True):
        texts = [text.get_text() for text in axis.texts]
        assert [text for text in texts if "×" in text] == shapes
        assert [t for t in texts if ", " in t] == [f"encoder, {encoder}", f"{other}, trained"]
        assert [text for text in texts if text in parts] == made_of
        arrows = [text for text in axis.texts if getattr(text, "arrow_patch", None)]
        frozen.append([arrow.arrow_patch.get_linestyle() == "--" for arrow in arrows])
        starts = [arrow.xyann[0] for arrow in arrows]
        assert starts == sorted(starts) and all(a.xy[0] > a.xyann[0] for a in arrows)
    assert frozen == [[False] * 8, [True] * 4 + [False], [False] * 5]
    # Maps of several channels are three squares, and a class is a cell.
    assert [len(axis.patches) for axis in figure.axes] == [1 + 4 * 3 + 3 * 3 + 1, 20, 20]
    show(figure, "The networks.", None)  # No images went into it.
    assert notebook.outputs[0].metadata == {"image/png": {"alt": "The networks."}}


@pytest.fixture
def notebook():
    """What is displayed in a notebook, as in `notebook.outputs[0].data`."""
    InteractiveShell.clear_instance()
    InteractiveShell.instance()
    with capture_output() as captured:
        yield captured
    InteractiveShell.clear_instance()


def test_a_figure_is_shown_with_its_text_in_every_form(notebook, data):
    figure = image_rows({"image": data.test.images[:2]}, titles=["a", "<b>"])
    show(figure, 'Two "digits" & more.', data)
    [shown] = notebook.outputs
    bundle = shown.data
    assert set(bundle) == {"image/png", "text/html", "text/plain"}
    assert shown.metadata == {"image/png": {"alt": 'Two "digits" & more. Images: MNIST.'}}
    escaped = "Two &quot;digits&quot; &amp; more. Images: MNIST."
    picture = f'<img alt="{escaped}" src="data:image/png;base64,{bundle["image/png"]}">'
    assert picture in bundle["text/html"]
    assert "<summary>The figure in words</summary><ul><li>Row 1, image:" in bundle["text/html"]
    assert "(a: test 0; &lt;b&gt;: test 1)" in bundle["text/html"]
    assert bundle["text/plain"] == "Row 1, image: 2 images, 2 of test, 2 with a title."
    assert plt.get_fignums() == [] and figure.texts[-1].get_text() == "images: MNIST"
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, " ", data)


def test_the_picture_is_the_figure(notebook):
    """256 colours are as good as millions, and a third of the size."""
    figure, whole = loss_curve(HISTORY, "MSE"), io.BytesIO()
    show(figure, "A loss.", "MNIST")
    small = base64.b64decode(notebook.outputs[0].data["image/png"])
    figure.savefig(whole, format="png", bbox_inches="tight")
    pictures = [np.asarray(Image.open(f).convert("RGB"), int) for f in (io.BytesIO(small), whole)]
    assert pictures[0].shape == pictures[1].shape
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5
    assert len(small) < 0.5 * len(whole.getvalue())


def test_what_is_exact_is_compared_with_its_numbers(notebook):
    for exact in (True, False):
        show(loss_curve(HISTORY, "MSE"), "A loss.", "MNIST", exact=exact)
    first, second = (shown.data["text/plain"].splitlines()[1] for shown in notebook.outputs)
    assert first == "  line “training” of 3: x 1 to 3; y 0.5, 0.3, 0.2."
    assert second == "  line “training” of 3."


def test_a_terminal_is_no_notebook(monkeypatch):
    shells = {None: False, TerminalInteractiveShell: False, InteractiveShell: True}
    for shell, is_notebook in shells.items():
        running = shell and shell.__new__(shell)
        monkeypatch.setattr(display, "get_ipython", lambda running=running: running)
        assert display.in_notebook() == is_notebook


def test_a_script_saves_its_figures_or_shows_them_in_a_window(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(display, "get_ipython", lambda: None)
    monkeypatch.setattr(showing, "project_folder", lambda: tmp_path)
    monkeypatch.setattr(showing, "_saved", itertools.count(1))
    for command in ("02_autoencoder.py", ""):
        monkeypatch.setattr(sys, "argv", [command])
        show(loss_curve(HISTORY, "MSE"), "A loss.", "MNIST")
    saved = sorted((tmp_path / "runs" / "figures").iterdir())
    assert [path.name for path in saved] == ["02_autoencoder-01.png", "figure-02.png"]
    assert all(Image.open(path).width > 400 for path in saved)
    assert f"A loss. Images: MNIST.\nSaved as {saved[0]}\n" in capsys.readouterr().out
    open_when_shown = []
    monkeypatch.setattr(plt, "show", lambda: open_when_shown.extend(plt.get_fignums()))
    figure = loss_curve(HISTORY, "MSE")
    monkeypatch.setattr(type(figure.canvas), "required_interactive_framework", "qt")
    show(figure, "A loss.", "MNIST")
    assert open_when_shown == [figure.number] and plt.get_fignums() == []


@pytest.mark.slow
def test_a_page_made_from_the_notebook_has_the_text_on_the_picture(notebook):
    """As JupyterLab does, nbconvert takes the HTML before the PNG, whose text its page lacks."""
    show(loss_curve(HISTORY, "MSE"), "A loss.", "MNIST")
    [shown] = notebook.outputs
    output = nbformat.v4.new_output("display_data", shown.data, metadata=shown.metadata)
    cell = nbformat.v4.new_code_cell("show(figure)", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    [picture] = re.findall("<img[^>]*>", page)
    assert 'alt="A loss. Images: MNIST."' in picture and shown.data["image/png"] in picture


def test_an_image_is_called_by_its_split_and_place(data):
    rows = {
        "test": data.test.images[[5, 3]],
        "both": torch.stack([data.full_test.images[1], data.train.images[9]]),
        "other": torch.tensor([0.0, 0.5]).view(2, 1, 1, 1).expand(2, 1, 28, 28),
    }
    full, stable = describe(image_rows(rows, titles=["a", ""]), data)
    assert full == [
        "Row 1, test: 2 images, 2 of test (a: test 5; test 3).",
        "Row 2, both: 2 images, 1 of full_test, 1 of train (full_test 1; train 9).",
        "Row 3, other: 2 images, blank.",
    ]
    assert stable[0] == "Row 1, test: 2 images, 2 of test, 1 with a title."
    assert stable[1:] == [full[1].replace(" (full_test 1; train 9)", ""), full[2]]
    assert describe(image_rows(rows))[0][0] == "Row 1, test: 2 images."
    for images in (torch.rand(3, 3, 8, 8), (255 * torch.rand(3, 1, 8, 8)).byte()):
        kept = Data("", *[Split(images, torch.arange(3))] * 4)
        assert "1 of test (test 2)" in describe(image_rows({"": images[[2]]}), kept)[0][0]


def test_everything_that_is_drawn_is_in_the_words():
    figure, axis = plt.subplots()
    figure.suptitle("All")
    axis.bar([0, 1, 2], [3, 1, 2], label="count")
    axis.barh([0, 1], [4, 5], label="rate")
    axis.axvspan(0, 1, label="interval")
    axis.axhline(2, label="mean")
    axis.plot(np.linspace(0, 1, 61), np.linspace(4, 5, 61), label="long")
    axis.plot([0.5, 2.5], [1.25, 7], "o")
    axis.scatter([1, 2, 3], [4, 6, 5], label="dots")
    axis.scatter([], [], label="nothing")
    axis.fill_between([0, 1], [0, 1], [1, 2], label="shade")
    axis.plot([], [], label="empty")
    axis.annotate("here", (0, 0))
    axis.set(
        title="left", xlabel="steps", yscale="log", xticks=[0, 1, 2], xticklabels=["a", "b", "c"]
    )
    full, stable = describe(figure)
    assert full == [
        "Title: All.",
        "Axes “left”: x is steps; y is without a name, logarithmic.",
        "  bars “count” of 3: heights 3, 1, 2.",
        "  bars “rate” of 2: widths 4, 5.",
        "  area “interval”.",
        "  line “mean” of 2: x 0, 1; y 2, 2.",
        "  line “long” of 61: x from 0 to 1, between 0 and 1; y from 4 to 5, between 4 and 5.",
        "  line of 2: x 0.5, 2.5; y 1.25, 7.",
        "  point “empty” of 0.",
        "  points “dots” of 3: x between 1 and 3; y between 4 and 6.",
        "  points “nothing” of 0: x empty; y empty.",
        "  shapes “shade” of 1.",
        "  Along x: a, b, c.",
        "  Written in it: here.",
    ]
    short = [re.sub(":(?! All| x is| a).*", ".", line) for line in full[:-1]]
    assert stable == [*short, "  Written in it: 1 texts."]


def test_a_matrix_is_told_as_it_is_written():
    matrix = figures.confusion_matrices({"mine": [1, 2, 2]}, [1, 1, 2])
    told = "\n".join(describe(matrix)[0])
    assert "table 10 by 10: row 0: -, 0, 0" in told and "row 1: 0, -, 1, 0" in told
    axis = plt.figure().add_axes([0, 0, 1, 1])
    axis.imshow([[1, 2], [3, 4]])
    axis.set_xlabel("column")
    assert describe(axis.figure)[0][-1] == "  table 2 by 2: row 0: 1, 2; row 1: 3, 4."
