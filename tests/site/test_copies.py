"""The pages that the runner leaves in runs/, in a real browser."""

import re

import nbformat
import pytest
from test_site import serious_faults

from tools import pages, web
from tools.lessons import ROOT, find_lessons

pytestmark = pytest.mark.slow
LESSONS = find_lessons(ROOT / "notebooks")
#: By how much the content of an element is wider than its place on the page.
SCROLLED = """[...document.querySelectorAll('body, pre, table, .jp-OutputArea-output')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1
                     || one.getBoundingClientRect().right > innerWidth)
    .map((one) => [one.tagName, one.className, one.scrollWidth, one.innerText.slice(0, 100)])"""


@pytest.fixture(scope="module", autouse=True)
def axe():
    try:
        web.install_packages()
    except SystemExit as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", LESSONS)
def test_a_copy_of_a_lesson_is_for_everyone(browser, tmp_path, name):
    pages.export(nbformat.read(LESSONS[name], as_version=4), tmp_path / f"{name}.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route(re.compile("^https?:"), lambda route: route.abort())
    page.goto((tmp_path / f"{name}.html").as_uri())
    assert not serious_faults(page)
    page.set_viewport_size({"width": 390, "height": 900})
    assert not serious_faults(page)
    assert page.evaluate(SCROLLED) == []
    page.close()
