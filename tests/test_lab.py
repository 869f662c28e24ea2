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

#: What Lab puts into a notebook that it opens, among else, and into a cell that is run.
ADDED = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "version": "3.99"}
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
    command = [sys.executable, "-m", "tools.lab", *options]
    output = {"stdout": (root / "log").open("w"), "stderr": subprocess.STDOUT}
    server = subprocess.Popen(command, cwd=root, env=environment, **output)

    def ask(path, model=None, read=json.load):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}")
        request.add_header("Authorization", "token word")
        request.data, request.method = (
            (json.dumps(model).encode(), "PUT") if model else (None, "GET")
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return read(answer)

    try:
        for _ in range(300):
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
def test_what_lab_opens_and_saves_is_in_both_files_and_nothing_else_is(lab):
    folder, ask = lab
    names = sorted(path.stem for path in folder.glob("[0-9]*.ipynb"))
    for name in names:
        files = [folder / f"{name}{suffix}" for suffix in (".ipynb", ".py")]
        before = [path.read_text(encoding="utf-8") for path in files]
        model = opened(ask, name)
        ask(f"api/contents/{name}.ipynb", model)
        assert [path.read_text(encoding="utf-8") for path in files] == before, name
    [cell] = [c for c in model["content"]["cells"] if "parameters" in c["metadata"].get("tags", [])]
    cell["source"] = cell["source"].replace("seed = 0", "seed = 12345")
    ask(f"api/contents/{name}.ipynb", model)
    after = [path.read_text(encoding="utf-8") for path in files]
    assert [text.replace("seed = 12345", "seed = 0") for text in after] == before != after
    # An edit of the source is what Lab opens next.
    source = folder / f"{names[0]}.py"
    text = source.read_text(encoding="utf-8").replace("seed = 0", "seed = 777")
    source.write_text(text, encoding="utf-8")
    content = ask(f"api/contents/{names[0]}.ipynb?content=1&type=notebook")["content"]
    assert any("seed = 777" in cell["source"] for cell in content["cells"])


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


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
def test_a_notebook_that_is_only_newer_is_no_conflict_but_one_with_other_cells_is(tmp_path, suffix):
    """As a slow checkout leaves them, each .ipynb is newer than its .py."""
    now, name = time.time(), "02_autoencoder"
    for file, age in ((f"{name}.ipynb", 100), (f"{name}.py", 0), ("jupytext.toml", 0)):
        os.utime(shutil.copy(ROOT / "notebooks" / file, tmp_path), (now, now + age))
    manager = TextFileContentsManager(root_dir=str(tmp_path))
    notebook = tmp_path / f"{name}.ipynb"
    content = manager.get(f"{name}{suffix}", type="notebook")["content"]
    assert shown(content) == shown(nbformat.read(notebook, as_version=4))
    notebook.write_text(notebook.read_text("utf-8").replace("seed = 0", "seed = 777"), "utf-8")
    os.utime(notebook, (now, now + 100))
    with pytest.raises(HTTPError) as refused:
        manager.get(f"{name}{suffix}", type="notebook")
    assert "-seed = 0\n+seed = 777" in str(refused.value)


def shown(notebook):
    return [(cell.cell_type, cell.source, cell.get("outputs")) for cell in notebook.cells]


@pytest.mark.parametrize(
    ("threads", "user", "options"), [(None, 1000, []), ("2", 0, ["--allow-root"]), (None, None, [])]
)
def test_lab_opens_lesson_1_takes_all_cores_unless_told_and_starts_for_root(
    monkeypatch, threads, user, options
):
    started = []
    monkeypatch.setattr(lab_tool.LabApp, "launch_instance", started.append)
    monkeypatch.setattr(os, "environ", {"AELIB_THREADS": threads} if threads else {})
    if user is None:  # Windows has no such function.
        monkeypatch.delattr(os, "geteuid", raising=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    lab_tool.main(["--no-browser"])
    [[lesson, hook, *others]] = started
    assert lesson == str(ROOT / "notebooks" / "01_dataset.ipynb")
    assert hook.endswith("=tools.lab.before_save") and others == [*options, "--no-browser"]
    assert os.environ["AELIB_THREADS"] == (threads or "all")
