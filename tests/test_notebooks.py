"""What must hold for the lessons as they are stored; `make refresh` and an editor put it right."""

import ast
import copy
import re
import shutil

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from aelib.settings import check_settings
from tools.lessons import ROOT, displayed, displayed_alt_texts, execute, find_lessons, outputs
from tools.metadata import tidy

#: Every tag that a cell may have, and what is done with such a cell or its lesson.
TAGS = {
    "install": "generated; the same in all lessons",
    "parameters": "plain literals that papermill can replace",
    "readme": "its figure is shown in the README",
    "spread": "its numbers have bands, measured over many seeds",
    "pretrained": "it loads a network that several lessons use; the first of them trains it",
    "build": "the learner builds it; aelib has the same",
    "nbval-ignore-output": "its output moves with the processor, and is not compared",
    "nbval-check-output": "its output is compared on the stand-in, too",
}
PATHS = find_lessons(ROOT / "notebooks")
STORED = {name: nbformat.read(path, as_version=4) for name, path in PATHS.items()}
CODE = {name: [c for c in one.cells if c.cell_type == "code"] for name, one in STORED.items()}
each = pytest.mark.parametrize("name", STORED)


def tags(cell):
    return cell.metadata.get("tags", [])


def parameters(name):
    """Names and values of the `parameters` cell; anything but plain literals is an error."""
    [cell] = [cell for cell in CODE[name] if "parameters" in tags(cell)]
    statements = ast.parse(cell.source).body
    return {one.targets[0].id: ast.literal_eval(one.value) for one in statements}


@each
def test_a_source_and_its_notebook_have_the_same_cells(name):
    def cells(notebook):
        return [(cell.cell_type, cell.source, tags(cell)) for cell in notebook.cells]

    assert cells(jupytext.read(PATHS[name].with_suffix(".py"))) == cells(STORED[name])
    assert list(PATHS) == list(find_lessons(ROOT / "notebooks", ".py"))


@each
def test_outputs_are_whole_and_of_mnist_and_figures_have_words(name):
    counts, shown = [cell.execution_count for cell in CODE[name]], outputs(STORED[name])
    assert counts == list(range(1, len(counts) + 1))
    assert [one for one in shown if one.output_type == "error" or one.get("name") == "stderr"] == []
    # The images of lesson 9 are a reader's own: without any, the digits that it writes itself.
    expected = {"own_images": "digits"} if "images" in parameters(name) else {"source": "MNIST"}
    assert any(expected.items() <= metrics.items() for metrics in displayed(STORED[name]))
    assert {kind for one in shown for kind in one.get("data", ()) if "image/" in kind} == {
        "image/png"
    }
    assert [alt for alt in displayed_alt_texts(STORED[name]) if len(alt.split()) < 4] == []
    texts = [str({**one, "data": {**one.get("data", {}), "image/png": ""}}) for one in shown]
    assert re.findall(rf"/(?:home|root|tmp|Users)/\S*|{ROOT}", "\n".join(texts)) == []
    assert PATHS[name].stat().st_size < 1_500_000
    tidied = copy.deepcopy(STORED[name])
    tidy(tidied)  # Papermill's metadata break JupyterLab, timings change with each run.
    assert tidied == STORED[name]


@each
def test_parameters_and_tags_are_known(name):
    own = {"images", "moves", "skip_unreadable", "seed"}
    common = {"source", "train_size", "test_size", "seed"}
    assert parameters(name).keys() >= (own if "images" in parameters(name) else common)
    check_settings(**parameters(name))
    everywhere = {item for other in STORED for item in parameters(other).items()}
    assert len(everywhere) == len(dict(everywhere)), "one has two values"
    assert {tag for cell in CODE[name] for tag in tags(cell)} <= TAGS.keys()
    checks = [cell for cell in CODE[name] if "nbval-check-output" in tags(cell)]
    assert checks and all(cell.outputs for cell in checks)
    bands = [cell for cell in CODE[name] if re.search(r"^check\(", cell.source, re.M)]
    assert bands == [cell for cell in CODE[name] if "spread" in tags(cell)]


@each
def test_the_skeleton_is_whole_and_cells_are_short(name):
    cells = STORED[name].cells
    text = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert text[0].startswith("# ")
    opening = " ".join(text[:3]).lower()
    assert [one for one in ("you will learn", "you need", "minute") if one not in opening] == []
    closing = re.findall(r"^##+ (Exercises|Summary)$", "\n".join(text), re.M)
    assert closing == ["Exercises", "Summary"]
    following = [other for other in STORED if other > name][:1]
    assert [other for other in following if f"({other}.ipynb)" not in text[-1]] == []
    assert len([one for one in CODE[name] if re.search(r"^report\(", one.source, re.M)]) == 1

    first = next(n for n, one in enumerate(cells) if re.search("^## ", one.source, re.M))
    code = "\n".join(one.source for one in cells[:first] if one.cell_type == "code")
    assert len(re.findall(r"^.*\w", code, re.M)) <= 15, "the first idea comes late"
    imports = re.compile(r"^(from|import) (.*\([^)]*\)|.*)\n", re.M)
    lengths = {one.source: len(imports.sub("", one.source).splitlines()) for one in CODE[name]}
    assert [source for source, lines in lengths.items() if lines > 24] == []


@pytest.mark.slow
def test_where_aelib_is_missing_it_is_installed_or_two_lines_say_what_to_do(tmp_path, monkeypatch):
    """In a kernel that does not see `aelib`, from a folder, and from an address nobody is at."""
    [install] = [cell.source for cell in CODE["01_dataset"] if "install" in tags(cell)]
    (tmp_path / "source").mkdir()
    hide = "import importlib.util\nimportlib.util.find_spec = lambda name: None"
    for path in ("pyproject.toml", "README.md", "aelib"):  # A build leaves files where it is made.
        copied = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        copied(ROOT / path, tmp_path / "source" / path)
    notebook = new_notebook(cells=[new_code_cell(hide), new_code_cell(install)])
    monkeypatch.setenv("PIP_TARGET", str(tmp_path))
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # Builds with what is here: no network.
    execute(notebook, tmp_path, {"AELIB_INSTALL": str(tmp_path / "source")})
    assert (tmp_path / "aelib" / "__init__.py").exists()
    with pytest.raises(RuntimeError, match="SystemExit"):
        execute(notebook, tmp_path, {"AELIB_INSTALL": "http://127.0.0.1:9/aelib.zip"})
    [error] = [one for one in outputs(notebook) if one.get("name") != "stderr"]
    assert error.evalue.splitlines() == [
        "Cannot install http://127.0.0.1:9/aelib.zip:",
        "connect, or set AELIB_INSTALL to where a copy is.",
    ]
    assert "File" not in "\n".join(error.traceback)
