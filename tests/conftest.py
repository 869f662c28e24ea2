"""The surroundings of every test."""

import os
import shutil
import signal
import sys

import hypothesis
import pytest
from joblib import cpu_count

# On a busy machine anything may take long for once.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
os.environ["AELIB_PROGRESS"] = "off"
# A shell starts its background jobs with interrupts ignored, and their children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config):
    """As many as there are cores to use: in a container those of its quota."""
    return cpu_count()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of a test with the mark `slow_except` only the parameters named are not slow."""
    for item in items:
        for mark in item.iter_markers("slow_except"):
            if item.callspec.id not in mark.args:
                item.add_marker("slow")


@pytest.fixture(autouse=True)
def closed_figures():
    """No test finds a figure that another has left open."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    driver = pytest.importorskip(
        "playwright.sync_api", reason="`make test-web` and `make test-lab` install it"
    )
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("Chromium is not installed: on Debian, `apt-get install chromium`")
    # Chromium's sandbox does not work for the user root, which containers often run as.
    arguments = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()
