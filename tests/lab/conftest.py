"""Lessons in a real JupyterLab, as `make lab` starts it, in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from lesson import Lesson

from tools.lessons import ROOT


def git(folder, *arguments):
    who = ["-c", "user.name=test", "-c", "user.email=test"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def clone(browser, tmp_path_factory):
    """A fresh repository of the files as they are here, for a browser to look at."""
    root = tmp_path_factory.mktemp("clone")
    for name in git(ROOT, "ls-files", "-z", "-co", "--exclude-standard").split("\0"):
        if name and (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "as it is"]):
        git(root, *arguments)
    return root


@pytest.fixture(autouse=True)
def restored(clone):
    """Each test begins with the files as they are here."""
    yield
    git(clone, "checkout", "-q", ".")


@pytest.fixture(scope="session")
def address(clone, tmp_path_factory):
    """What `python -m tools.lab` has the browser open: a page that leads to lesson 1."""
    own = tmp_path_factory.mktemp("own")
    told, log = own / "told", own / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    browser = own / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {told}\n')
    browser.chmod(0o755)
    environment = os.environ | {
        "BROWSER": f"{browser} %s",
        "JUPYTER_CONFIG_DIR": str(own),
        "JUPYTER_RUNTIME_DIR": str(own),
        "PYTHONPATH": str(clone),
    }
    del environment["TQDM_DISABLE"]
    options = [f"--port={port}", "--expose-app-in-browser"]
    server = subprocess.Popen(
        [sys.executable, "-m", "tools.lab", *options, "--IdentityProvider.token=word"],
        cwd=clone,
        env=environment,
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 120
        while not told.exists() or not told.read_text():
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
        yield told.read_text().strip(), f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def new_page(browser, address):
    """Opens JupyterLab in a window of its own, where `make lab` does or at another path."""
    contexts = []

    def new_page(path=None):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(180_000)
        first, server = address
        page.goto(first if path is None else server + path)
        page.wait_for_function("window.jupyterapp")
        return page

    yield new_page
    for context in contexts:
        context.close()


@pytest.fixture
def open_lesson(new_page):
    """Opens a lesson, of lesson 2 "02_autoencoder.ipynb" or its .py, and waits for its kernel."""
    lessons = []

    def open_lesson(name, **parameters):
        lesson = Lesson(new_page("/lab/workspaces/test?reset&token=word"), name)
        lessons.append(lesson)
        lesson.change_parameters(parameters)
        return lesson

    yield open_lesson
    for lesson in lessons:
        lesson.close()
