"""The surroundings of every test."""

import os
import shutil
import signal
import sys

import pytest

from aelib.settings import data_root, project_folder
from aelib.threads import usable_cores

os.environ["TQDM_DISABLE"] = "1"
# A shell starts its background jobs with interrupts ignored, and their children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config):
    """As many as there are cores to use: in a container those of its quota."""
    return usable_cores()


@pytest.fixture(autouse=True)
def closed_figures():
    """No test finds a figure that another has left open."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture
def mnist_root(monkeypatch):
    """A data root with MNIST's four files: the one in use, or one beside the clone."""
    for root in (data_root(), project_folder().parent / "shared" / "mnist"):
        if len(list(root.glob("MNIST/raw/*-ubyte"))) == 4:
            monkeypatch.setenv("AELIB_DATA", str(root))
            return root
    pytest.skip("MNIST's four files are not in the data root; run a lesson once to get them")


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
