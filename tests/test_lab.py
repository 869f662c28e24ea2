"""What JupyterLab does to a lesson, with a real server and the requests that Lab sends."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest
from jupytext import TextFileContentsManager
from tornado.web import HTTPError

from tools import lab as lab_tool
from tools.lessons import ROOT

#: What Lab puts into a notebook that it opens, and into a cell that is scrolled and run.
ADDED = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.11.99",
}
TIMES = {"iopub.execute_input": "2026-01-01T00:00:00.000000Z"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A copy of the lessons with a server in it, as `make lab` starts one; a function to ask it."""
    root = tmp_path_factory.mktemp("clone")
    for name in ("notebooks", "tools"):
        shutil.copytree(ROOT / name, root / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--no-browser", "--IdentityProvider.token=word"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(root), "no_proxy": "127.0.0.1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "tools.lab", *options],
        cwd=root,
        env=environment,
        stdout=(root / "log").open("w"),
        stderr=subprocess.STDOUT,
    )

    def ask(path, model=None, read=json.load):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/{path}",
            data=model and json.dumps(model).encode(),
            method="PUT" if model else "GET",
            headers={"Authorization": "token word"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return read(answer)

    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                ask("api/status")
                break
            time.sleep(0.2)
        yield root / "notebooks", ask
    finally:
        server.terminate()
        server.wait()


def opened(ask, name):
    """A lesson as Lab has it, after it was opened and a cell was run."""
    model = ask(f"api/contents/{name}.ipynb?content=1&type=notebook")
    model["content"]["metadata"]["language_info"] = ADDED
    for cell in model["content"]["cells"]:
        cell["metadata"].pop("trusted", None)
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"execution": TIMES, "scrolled": True}
    return {"type": "notebook", "format": "json", "content": model["content"]}


@pytest.mark.slow
def test_saving_an_unchanged_lesson_changes_no_byte(lab):
    folder, ask = lab
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        before = [one.read_bytes() for one in (path, path.with_suffix(".py"))]
        ask(f"api/contents/{path.name}", opened(ask, path.stem))
        assert [one.read_bytes() for one in (path, path.with_suffix(".py"))] == before, path.name


@pytest.mark.slow
def test_a_saved_edit_is_in_both_files_and_nothing_else_is(lab):
    folder, ask = lab
    files = [folder / f"02_autoencoder{suffix}" for suffix in (".ipynb", ".py")]
    before = [path.read_text(encoding="utf-8") for path in files]
    model = opened(ask, "02_autoencoder")
    [cell] = [c for c in model["content"]["cells"] if "parameters" in c["metadata"].get("tags", [])]
    cell["source"] = cell["source"].replace("seed = 0", "seed = 12345")
    ask("api/contents/02_autoencoder.ipynb", model)
    after = [path.read_text(encoding="utf-8") for path in files]
    assert [text.replace("seed = 12345", "seed = 0") for text in after] == before
    assert all("seed = 12345" in text for text in after)


@pytest.mark.slow
def test_an_edit_of_the_source_is_what_lab_opens_next(lab):
    folder, ask = lab
    source = folder / "03_reconstructions.py"
    text = source.read_text(encoding="utf-8").replace("seed = 0", "seed = 777")
    source.write_text(text, encoding="utf-8")
    content = ask("api/contents/03_reconstructions.ipynb?content=1&type=notebook")["content"]
    assert any("seed = 777" in cell["source"] for cell in content["cells"])


@pytest.fixture
def lessons(tmp_path):
    """The lessons as a slow checkout leaves them, each .ipynb newer than its .py."""
    now = time.time()
    for path in (ROOT / "notebooks").glob("[0-9j]*.*"):
        copy = shutil.copy(path, tmp_path)
        os.utime(copy, (now, now + 100 if path.suffix == ".ipynb" else now))
    return tmp_path, TextFileContentsManager(root_dir=str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
def test_a_notebook_that_is_only_newer_is_no_conflict(lessons, suffix):
    folder, manager = lessons
    for path in sorted(folder.glob("*.ipynb")):
        opened = manager.get(path.with_suffix(suffix).name, type="notebook")["content"]
        assert shown(opened) == shown(nbformat.read(path, as_version=4))


def shown(notebook):
    return [(cell.cell_type, cell.source, cell.get("outputs")) for cell in notebook.cells]


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
def test_a_newer_notebook_with_other_cells_is_a_conflict_and_shown(lessons, suffix):
    folder, manager = lessons
    notebook = folder / "02_autoencoder.ipynb"
    stamp = notebook.stat().st_mtime
    notebook.write_text(notebook.read_text("utf-8").replace("seed = 0", "seed = 777"), "utf-8")
    os.utime(notebook, (stamp, stamp))
    with pytest.raises(HTTPError) as refused:
        manager.get(f"02_autoencoder{suffix}", type="notebook")
    assert "-seed = 0\n+seed = 777" in str(refused.value)


def test_a_notebook_that_is_no_lesson_is_saved_as_it_is():
    content = {"cells": [], "metadata": {"language_info": ADDED}}
    for path, kind in (("notes.ipynb", "notebook"), ("01_dataset.py", "file")):
        lab_tool.before_save({"type": kind, "content": content}, f"notebooks/{path}")
        assert content["metadata"] == {"language_info": ADDED}
    lab_tool.before_save({"type": "notebook", "content": content}, "notebooks/01_dataset.ipynb")
    assert content["metadata"]["language_info"].keys() == {"file_extension", "mimetype", "name"}


@pytest.mark.parametrize("threads", [None, "2"])
def test_lab_opens_the_first_lesson_and_trainings_take_all_cores_unless_told(monkeypatch, threads):
    started = []
    monkeypatch.setattr(lab_tool.LabApp, "launch_instance", started.append)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(os, "environ", {"AELIB_THREADS": threads} if threads else {})
    lab_tool.main(["--no-browser"])
    [[lesson, hook, option]] = started
    assert lesson == str(ROOT / "notebooks" / "01_dataset.ipynb")
    assert (hook.endswith("=tools.lab.before_save"), option) == (True, "--no-browser")
    assert os.environ["AELIB_THREADS"] == (threads or "all")


@pytest.mark.parametrize(("user", "expected"), [(0, ["--allow-root"]), (1000, []), (None, [])])
def test_lab_starts_for_root_who_is_at_home_in_containers(monkeypatch, user, expected):
    started = []
    monkeypatch.setattr(lab_tool.LabApp, "launch_instance", started.append)
    monkeypatch.setattr(os, "environ", {})
    if user is None:  # Windows has no such function.
        monkeypatch.delattr(os, "geteuid", raising=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    lab_tool.main([])
    assert started[0][2:] == expected


@pytest.mark.slow
def test_lab_shows_learners_nothing_of_nbgrader(lab):
    _, ask = lab
    page = ask("lab", read=lambda answer: answer.read().decode())
    config = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    config = json.loads(config[1])
    assert "@jupyter/nbgrader" in [one["name"] for one in config["federated_extensions"]]
    assert "@jupyter/nbgrader" in config["disabledExtensions"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask("formgrader/api/assignments")
