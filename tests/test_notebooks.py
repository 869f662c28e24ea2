"""What must hold for the lessons as they are stored; `make refresh` and an editor put it right."""

import ast
import asyncio
import re
import shutil

import jupytext
import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from aelib.settings import check_settings
from tools.lessons import ROOT, TAGS, displayed_metrics, execute

FOLDER = ROOT / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9]*.py"))
STORED = {path: nbformat.read(path, as_version=4) for path in sorted(FOLDER.glob("*.ipynb"))}
#: Runs a test on each stored lesson.
each = pytest.mark.parametrize("lesson", STORED.values(), ids=[path.stem for path in STORED])


def code_cells(lesson):
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def outputs(lesson):
    return [output for cell in code_cells(lesson) for output in cell.outputs]


def tags(cell):
    return cell.metadata.get("tags", [])


def parameters(lesson):
    """Names and values of the `parameters` cell; anything but plain literals is an error."""
    [cell] = [cell for cell in code_cells(lesson) if "parameters" in tags(cell)]
    statements = ast.parse(cell.source).body
    return {one.targets[0].id: ast.literal_eval(one.value) for one in statements}


def test_the_lessons_are_numbered_and_paired():
    names = [path.stem for path in STORED]
    assert [path.stem for path in SOURCES] == names
    assert len(names) >= 5
    assert [int(name[:2]) for name in names] == list(range(1, len(names) + 1))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_source_and_its_notebook_have_the_same_cells(source):
    def cells(notebook):
        return [(cell.cell_type, cell.source, tags(cell)) for cell in notebook.cells]

    assert cells(jupytext.read(source)) == cells(STORED[source.with_suffix(".ipynb")])


@each
def test_outputs_are_stored_in_order_and_without_errors(lesson):
    cells = code_cells(lesson)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert len(outputs(lesson)) > 3
    assert [one for one in outputs(lesson) if one.output_type == "error"] == []
    assert [one for one in outputs(lesson) if one.get("name") == "stderr"] == []


@each
def test_outputs_are_of_mnist(lesson):
    shown = displayed_metrics(lesson)
    # The images of lesson 9 are a reader's own: without any, the digits that it writes itself.
    expected = {"own_images": "digits"} if "images" in parameters(lesson) else {"source": "MNIST"}
    assert shown
    assert [one for one in shown if not expected.items() <= one.items()] == []


@each
def test_outputs_name_no_folder_of_the_machine_that_made_them(lesson):
    texts = [one.get("text", "") for one in outputs(lesson)]
    for output in outputs(lesson):
        texts += [str(data) for kind, data in output.get("data", {}).items() if kind != "image/png"]
    assert re.findall(r"/(?:home|root|tmp|Users)/\S*", "\n".join(texts)) == []
    assert [text for text in texts if str(ROOT) in text] == []


@each
def test_every_figure_has_alt_text(lesson):
    images = [
        (kind, output.metadata.get(kind, {}).get("alt", ""))
        for output in outputs(lesson)
        for kind in output.get("data", {})
        if kind.startswith("image/")
    ]
    assert images
    assert [kind for kind, _ in images if kind != "image/png"] == []
    assert [alt for _, alt in images if len(alt.split()) < 4] == []


@each
def test_parameters_are_plain_and_allowed(lesson):
    own = {"images", "moves", "skip_unreadable", "seed"}
    common = {"source", "train_size", "test_size", "seed"}
    assert set(parameters(lesson)) >= (own if "images" in parameters(lesson) else common)
    check_settings(**parameters(lesson))


def test_a_parameter_has_the_same_value_in_every_lesson():
    values = {item for lesson in STORED.values() for item in parameters(lesson).items()}
    assert len(values) == len(dict(values)), sorted(values)


@each
def test_what_is_not_compared_is_checked_by_a_cell(lesson):
    marked = [tag for cell in code_cells(lesson) for tag in tags(cell)]
    assert set(marked) <= set(TAGS)
    checks = [cell for cell in code_cells(lesson) if "nbval-check-output" in tags(cell)]
    assert checks
    assert [cell.source for cell in checks if not cell.outputs] == []


@each
def test_numbers_with_bands_are_those_that_the_spread_measures(lesson):
    measured = [cell for cell in code_cells(lesson) if "spread" in tags(cell)]
    bands = [cell for cell in code_cells(lesson) if re.search(r"^check\(", cell.source, flags=re.M)]
    assert measured == bands


@each
def test_cells_are_short(lesson):
    assert [cell.source for cell in lesson.cells if len(cell.source.splitlines()) >= 25] == []


@each
def test_the_first_idea_comes_after_fifteen_lines_of_code(lesson):
    lines = []
    for cell in lesson.cells:
        if "## " in cell.source and cell.cell_type == "markdown":
            break
        if cell.cell_type == "code":
            lines += [one for one in cell.source.splitlines() if one.strip(" #")]
    assert 0 < len(lines) <= 15, lines


@pytest.mark.slow
def test_where_aelib_is_missing_it_is_installed_or_two_lines_say_what_to_do(tmp_path, monkeypatch):
    """In a kernel that does not see `aelib`, from a folder, and from an address nobody is at."""
    [install] = {
        cell.source for one in STORED.values() for cell in one.cells[:3] if "install" in tags(cell)
    }
    (tmp_path / "source").mkdir()
    hide = "import importlib.util\nimportlib.util.find_spec = lambda name: None"
    for path in ("pyproject.toml", "README.md", "aelib"):  # A build leaves files where it is made.
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        copy(ROOT / path, tmp_path / "source" / path)
    monkeypatch.setenv("PIP_TARGET", str(tmp_path))
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # Builds with what is here: no network.
    monkeypatch.setenv("AELIB_INSTALL", str(tmp_path / "source"))
    asyncio.run(
        execute(new_notebook(cells=[new_code_cell(hide), new_code_cell(install)]), tmp_path)
    )
    assert (tmp_path / "aelib" / "__init__.py").exists()

    monkeypatch.setenv("AELIB_INSTALL", "http://127.0.0.1:9/aelib.zip")
    failing = new_notebook(cells=[new_code_cell(hide), new_code_cell(install)])
    with pytest.raises(CellExecutionError):
        asyncio.run(execute(failing, tmp_path))
    [error] = [one for one in outputs(failing) if one.output_type == "error"]
    assert error.evalue.splitlines() == [
        "Cannot install http://127.0.0.1:9/aelib.zip:",
        "connect, or set AELIB_INSTALL to where a copy is.",
    ]
    assert "File" not in "\n".join(error.traceback)
    assert [one.text for one in outputs(failing) if one.get("name") == "stdout"] == []


@each
def test_metadata_are_few(lesson):
    """Papermill's break JupyterLab. What Lab itself adds to a file is harmless, and left out by
    `make lab`; see test_lab.py."""
    assert set(lesson.metadata) == {"jupytext", "kernelspec", "language_info"}
    assert [cell.metadata for cell in lesson.cells if "papermill" in cell.metadata] == []


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_files_are_small(path):
    assert path.stat().st_size < 1_500_000


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_the_skeleton_is_whole(path):
    cells = STORED[path].cells
    text = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert cells[0].source.startswith("# ")
    opening = " ".join(text[:3]).lower()
    expected = ("you will learn", "you need", "minute")
    assert [words for words in expected if words not in opening] == []
    sections = re.findall(r"^##+ (.*)", "\n".join(text), flags=re.MULTILINE)
    closing = [one for one in sections if one in ("Exercises", "Summary")]
    assert closing == ["Exercises", "Summary"], sections
    following = [other.name for other in STORED if other > path][:1]
    assert [name for name in following if f"({name})" not in text[-1]] == []
