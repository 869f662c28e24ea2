"""Lessons that are run in JupyterLab, to their end and interrupted."""

import re

import pytest
from conftest import git
from lesson import errors, printed, source

from tools.lessons import ROOT, find_lessons

pytestmark = pytest.mark.slow
SMALL = {"source": "digits", "train_size": 300, "test_size": 100, "epochs": 2}
STEM = {path.stem[:2]: path.stem for path in find_lessons(ROOT / "notebooks", ".py").values()}
IMAGES = "[...lesson.node.querySelectorAll('.jp-OutputArea-output img')].map(i => i.alt)"
#: The heights in pixels of outputs that have no content.
EMPTY = """[...lesson.node.querySelectorAll('.jp-OutputArea-child')]
    .filter(one => !one.textContent.trim() && !one.querySelector('img, svg, table'))
    .map(one => one.getBoundingClientRect().height)"""


def small(name):
    """The small settings that a lesson has."""
    text = (ROOT / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
    return {key: value for key, value in SMALL.items() if re.search(f"(?m)^{key} = ", text)}


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
@pytest.mark.parametrize("name", STEM.values())
def test_a_lesson_runs_and_leaves_what_it_should(open_lesson, clone, name, suffix):
    lesson = open_lesson(name + suffix, **small(name))
    lesson.start()
    lesson.wait(500)
    cells = lesson.cells()
    assert errors(cells) == []
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))

    figures = [d for cell in code for d in displayed(cell) if "image/png" in d]
    alts = lesson.page.evaluate(IMAGES)
    assert len(alts) == len(figures) > 0 and all(alts)
    for data in figures:  # The same picture for GitHub, and its description folded.
        assert data["image/png"].strip() in data["text/html"]
        assert "<details>" in data["text/html"] and data["text/plain"]

    assert lesson.bars() == []
    assert sum(lesson.page.evaluate(EMPTY)) == 0
    assert not re.search(r"\r| {80}|\d+it/s", printed(cells))

    lesson.save()
    stored = git(clone, "diff", f"notebooks/{name}.ipynb")
    assert not re.search(r'(?m)^\+.*("data": \{\}|it/s)', stored)  # Nothing of a bar.
    assert "jupyter:" not in git(clone, "diff", f"notebooks/{name}.py")
    assert not re.search(r'(?m)^[+-].*"(metadata|execution|scrolled|version)": ', stored)


def displayed(cell):
    return [output["data"] for output in cell["outputs"] if "data" in output]


@pytest.mark.parametrize(
    ("settings", "done", "epoch"),
    [({"epochs": 400}, 2, r"\d+ of 400"), ({"train_size": 6_000, "batch_size": 5}, 0, "1 of 2")],
    ids=["after two epochs", "in the first epoch"],
)
def test_an_interrupted_training_is_known_as_such_and_what_comes_after_it_runs(
    open_lesson, settings, done, epoch
):
    lesson = open_lesson(f"{STEM['04']}.ipynb", **SMALL | {"seed": 4321} | settings)
    lesson.start()
    lesson.until(lambda: any(one >= done for one in lesson.bars()))
    lesson.page.evaluate("lesson.sessionContext.session.kernel.interrupt()")
    lesson.wait(400)
    cells = lesson.cells()
    assert errors(cells) == []
    assert re.search(f"Interrupted in epoch {epoch}: kept is", printed(cells))
    assert re.search(f"Not checked: a training was stopped after {epoch}", printed(cells))
    assert cells_after(cells, "Interrupted in epoch")


def cells_after(cells, text):
    """Whether all code cells after the one that printed a text have been run."""
    code = [cell for cell in cells if cell["cell_type"] == "code" and source(cell).strip()]
    [at] = [i for i, cell in enumerate(code) if text in printed([cell])]
    return all(cell["execution_count"] for cell in code[at:])
