"""What JupyterLab does to a lesson; `tests/lab` has the same in a browser."""

import os
import shutil
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_core.paths import jupyter_config_path
from jupyter_server.extension.config import ExtensionConfigManager
from jupyterlab_server.config import get_page_config
from jupytext import TextFileContentsManager
from tornado.web import HTTPError

from tools import lab
from tools.lessons import ROOT, find_lessons

#: What Lab puts into a notebook that it opens, among else, and into a cell that is run.
ADDED = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "version": "3.99"}
TIMES = {"iopub.execute_input": "2026-01-01T00:00:00.000000Z"}


@pytest.fixture
def manager(tmp_path):
    """What opens and saves files in Lab, in a copy of the lessons, as `make lab` sets it.

    They are as a slow checkout leaves them: each .ipynb is newer than its .py.
    """
    now = time.time()
    for path in (ROOT / "notebooks").glob("[0-9j]*.*"):
        copy = shutil.copy(path, tmp_path)
        os.utime(copy, (now, now + 100 if path.suffix == ".ipynb" else now))
    return TextFileContentsManager(root_dir=str(tmp_path), pre_save_hook=lab.before_save)


def opened(manager, file):
    """A lesson as Lab has it, after it was opened and its cells were run."""
    model = manager.get(file, type="notebook")
    model["content"]["metadata"]["language_info"] = ADDED
    for cell in model["content"]["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"execution": TIMES, "scrolled": True}
    return {"type": "notebook", "format": "json", "content": model["content"]}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
def test_what_is_opened_and_saved_is_in_both_files_and_nothing_else_is(manager, suffix):
    for name in find_lessons(ROOT / "notebooks"):
        files = [Path(manager.root_dir) / f"{name}{end}" for end in (".ipynb", ".py")]
        before = [path.read_text(encoding="utf-8") for path in files]
        model = opened(manager, name + suffix)
        for seed in ("seed = 0", "seed = 12345"):
            for cell in model["content"]["cells"]:
                cell["source"] = cell["source"].replace("\nseed = 0", f"\n{seed}")
            manager.save(model, name + suffix)
            texts = [path.read_text(encoding="utf-8") for path in files]
            assert [text.replace(seed, "seed = 0") for text in texts] == before, name
            assert all((seed in text) == ("\nseed = 0" in before[1]) for text in texts), name


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
def test_a_newer_notebook_with_other_cells_is_a_conflict_that_is_shown(manager, suffix):
    notebook = Path(manager.root_dir) / "02_autoencoder.ipynb"
    content = manager.get(f"02_autoencoder{suffix}", type="notebook")["content"]
    assert shown(content) == shown(nbformat.read(notebook, as_version=4))
    notebook.write_text(notebook.read_text("utf-8").replace("seed = 0", "seed = 777"), "utf-8")
    os.utime(notebook, (time.time(), time.time() + 100))
    with pytest.raises(HTTPError) as refused:
        manager.get(f"02_autoencoder{suffix}", type="notebook")
    assert "-seed = 0\n+seed = 777" in str(refused.value)


def shown(notebook):
    return [(cell.cell_type, cell.source, cell.get("outputs")) for cell in notebook.cells]


@pytest.mark.parametrize(
    ("threads", "user", "options"), [(None, 1000, []), ("2", 0, ["--allow-root"]), (None, None, [])]
)
def test_lab_opens_lesson_1_and_shows_nothing_of_nbgrader(monkeypatch, threads, user, options):
    """Trainings take all cores unless told, and it starts for root, as containers have it."""
    started = []
    monkeypatch.setattr(lab.LabApp, "launch_instance", started.append)
    monkeypatch.setattr(os, "environ", {"AELIB_THREADS": threads} if threads else {})
    if user is None:  # Windows has no such function.
        monkeypatch.delattr(os, "geteuid", raising=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    lab.main(["--no-browser"])
    [[lesson, hook, *others]] = started
    assert lesson == str(ROOT / "notebooks" / "01_dataset.ipynb")
    assert hook.endswith("=tools.lab.before_save") and others == [*options, "--no-browser"]
    assert os.environ["AELIB_THREADS"] == (threads or "all")
    paths = jupyter_config_path()
    assert "@jupyter/nbgrader" in get_page_config([])["disabledExtensions"]
    extensions = ExtensionConfigManager(read_config_path=paths).get_jpserver_extensions()
    assert not any(on for name, on in extensions.items() if name.startswith("nbgrader"))
