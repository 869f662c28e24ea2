"""The sliders of lesson 3 in JupyterLab."""

import pytest
from lesson import errors
from test_runs import SMALL, STEM

pytestmark = pytest.mark.slow
PICTURE = "document.querySelector('.widget-html img')"


def test_a_slider_moves_the_picture_and_what_is_said_of_it(open_lesson):
    lesson = open_lesson(f"{STEM['03']}.ipynb", **SMALL)
    lesson.start()
    lesson.wait(500)
    assert errors(lesson.cells()) == []
    page = lesson.page
    page.wait_for_function(f"{PICTURE} && {PICTURE}.alt.includes('approach 2 says')")
    assert page.locator(".widget-slider").count() == 6
    before = page.evaluate(f"{PICTURE}.src")
    page.locator(".widget-slider .noUi-handle").first.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"before => {PICTURE}.src != before", arg=before)
    assert page.locator(".widget-readout").first.inner_text() == "2.00"
    page.locator("button", has_text="back to 0").click()
    page.wait_for_function(f"before => {PICTURE}.src == before", arg=before)
    page.locator(".widget-dropdown select").select_option("7")
    page.wait_for_function(f"{PICTURE}.alt.includes('class 7')")
