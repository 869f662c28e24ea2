"""What the tests of the page do with it: draw with the mouse, and read what it shows."""

import functools
import json
import os

import numpy as np
import pytest

from aelib.data import NoNetworkError, load_data
from tools.lessons import ROOT

#: The drawings in examples.json: lists of points on a paper of 100 x 100, by stroke.
EXAMPLES = json.loads((ROOT / "web" / "examples.json").read_text(encoding="utf-8"))
DIGITS = [example for example in EXAMPLES if example["digit"] is not None]


@functools.cache
def mnist():
    """MNIST's test images and labels; skips where they cannot be had."""
    try:
        return load_data("mnist", train_size=100).full_test
    except NoNetworkError as error:
        pytest.skip(str(error))


def skip_where_busy():
    """Skip where other programs wait for the cores: times would say nothing of the page."""
    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) > 1.5 * os.cpu_count():
        pytest.skip(f"the machine is too busy to measure times: its load is {load:.0f}")


def settle(page):
    """Wait until the page has looked at the last change."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")
    page.wait_for_function("!document.body.classList.contains('busy')")


def draw(page, strokes):
    """Draw `strokes`, lists of points on a paper of 100 x 100, with the mouse, on a clear paper."""
    if page.is_enabled("#clear"):
        page.click("#clear")
    box = page.locator("#paper").bounding_box()

    def place(point):
        return [box[start] + point[axis] * box["width"] / 100 for axis, start in enumerate("xy")]

    for first, *rest in strokes:
        page.mouse.move(*place(first))
        page.mouse.down()
        for point in rest:
            page.mouse.move(*place(point), steps=3)
        page.mouse.up()
    settle(page)


def set_pen(page, width):
    page.locator("#thickness").fill(str(width))


def verdict(page):
    return page.inner_text("#verdict")


def opinions(page):
    """The class that each approach says, and the runner-up."""
    said = [page.inner_text(f"#approach{approach} .says") for approach in (1, 2)]
    return [tuple(map(int, text.removeprefix("says ").split(", then "))) for text in said]


def pixels(page, selector):
    return page.evaluate(
        """(selector) => {
            const canvas = document.querySelector(selector);
            const whole = [0, 0, canvas.width, canvas.height];
            return [...canvas.getContext("2d").getImageData(...whole).data];
        }""",
        selector,
    )


def paper(page):
    """The side of the drawing area in pixels, whether its corner is dark, and how much of it is."""
    return page.evaluate(
        """() => {
            const { width, height } = document.querySelector("#paper");
            const context = document.querySelector("#paper").getContext("2d");
            const { data } = context.getImageData(0, 0, width, height);
            let dark = 0;
            for (let i = 0; i < data.length; i += 4) dark += data[i] < 128;
            return [width, data[0] < 128, dark / width / height];
        }"""
    )


def moved(strokes, scale=1.0, right=0.0, down=0.0, turn=0.0, slant=0.0):
    """Strokes scaled, turned and slanted around the middle of the paper, then shifted."""
    matrix = np.array([[np.cos(turn), slant - np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.array([50 + right, 50 + down])
    return [
        np.clip((np.array(points) - 50) @ (scale * matrix).T + shift, 0, 100).tolist()
        for points in strokes
    ]
