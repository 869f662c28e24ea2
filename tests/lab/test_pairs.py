"""What opening and saving lessons in JupyterLab does to their files."""

import os
import time

import pytest
from conftest import git

from tools.lessons import ROOT, find_lessons

pytestmark = pytest.mark.slow
NAMES = list(find_lessons(ROOT / "notebooks", ".py").values())


def test_make_lab_opens_lesson_1(new_page):
    page = new_page()
    page.wait_for_function("jupyterapp.shell.currentWidget?.context?.path == '01_dataset.ipynb'")


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
@pytest.mark.parametrize("path", NAMES, ids=lambda path: path.stem)
def test_opening_and_saving_leaves_an_empty_diff(open_lesson, clone, path, suffix):
    lesson = open_lesson(path.with_suffix(suffix).name)
    lesson.save()
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
def test_a_saved_edit_is_in_both_files_and_nowhere_else(open_lesson, clone, suffix):
    lesson = open_lesson(f"02_autoencoder{suffix}", seed=12345)
    lesson.save()
    changed = git(clone, "diff", "--numstat").splitlines()
    assert changed == [f"1\t1\tnotebooks/02_autoencoder{one}" for one in (".ipynb", ".py")]


def test_a_save_over_a_newer_source_is_asked_about(open_lesson, clone):
    lesson = open_lesson("02_autoencoder.ipynb", seed=12345)
    source = clone / "notebooks" / "02_autoencoder.py"
    newer = source.read_text(encoding="utf-8").replace("seed = 0", "seed = 777")
    source.write_text(newer, encoding="utf-8")
    lesson.start("docmanager:save")
    assert "has changed on disk" in dialog(lesson.page)
    assert source.read_text(encoding="utf-8") == newer
    lesson.page.click(".jp-Dialog >> text=Cancel")
    assert any("seed = 12345" in cell["source"] for cell in lesson.cells())


def test_a_notebook_newer_than_its_source_is_shown_with_the_difference(new_page, clone):
    notebook = clone / "notebooks" / "02_autoencoder.ipynb"
    newer = notebook.read_text(encoding="utf-8").replace("seed = 0", "seed = 777")
    notebook.write_text(newer, encoding="utf-8")
    later = time.time() + 100
    os.utime(notebook, (later, later))
    page = new_page("/lab/tree/02_autoencoder.ipynb?token=word")
    said = dialog(page)
    assert "-seed = 0 +seed = 777" in " ".join(said.split())
    assert notebook.read_text(encoding="utf-8") == newer


def dialog(page):
    return page.wait_for_selector(".jp-Dialog").inner_text()
