"""Lessons that are run in JupyterLab, to their end and interrupted."""

import re

import pytest
from conftest import git
from lesson import bars, errors, printed, source

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

    assert bars(cells) == []
    assert sum(lesson.page.evaluate(EMPTY)) == 0
    assert not re.search(r"\r| {80}|\d+it/s", printed(cells))

    lesson.save()
    stored = git(clone, "diff", f"notebooks/{name}.ipynb")
    assert '"data": {}' not in stored
    assert "jupyter:" not in git(clone, "diff", f"notebooks/{name}.py")
    assert not re.search(r'(?m)^[+-].*"(metadata|execution|scrolled|version)": ', stored)


def displayed(cell):
    return [output["data"] for output in cell["outputs"] if "data" in output]


def test_a_training_interrupted_after_two_epochs_is_known_as_such(open_lesson):
    lesson = open_lesson(f"{STEM['04']}.ipynb", **SMALL | {"epochs": 400, "seed": 4321})
    lesson.start()
    lesson.until(lambda: any(done >= 2 for done in bars(lesson.cells())))
    assert any(bars(lesson.cells()))
    lesson.page.evaluate("lesson.sessionContext.session.kernel.interrupt()")
    lesson.wait(400)
    cells = lesson.cells()
    assert errors(cells) == []
    assert re.search(r"Interrupted in epoch \d+ of 400\. The network keeps", printed(cells))
    assert re.search(r"Not checked: a training was stopped after \d+ of 400", printed(cells))
    assert cells_after(cells, "Interrupted in epoch")
    assert bars(cells) == []


def test_a_training_interrupted_before_its_first_epoch_ends(open_lesson):
    settings = {"train_size": 1_000, "batch_size": 5, "seed": 4321}
    lesson = open_lesson(f"{STEM['04']}.ipynb", **SMALL | settings)
    lesson.start()
    lesson.until(lambda: 0 in bars(lesson.cells()))
    lesson.page.evaluate("lesson.sessionContext.session.kernel.interrupt()")
    lesson.wait(400)
    cells = lesson.cells()
    assert errors(cells) == []
    said = printed(cells)
    assert "Interrupted in epoch 1 of 2" in said and "only that of the last batch" in said
    assert "Traceback" not in said
    assert "Not checked: a training was stopped after 1 of 2" in said
    assert cells_after(cells, "Interrupted in epoch")


def test_the_loop_of_lesson_2_can_be_interrupted(open_lesson):
    lesson = open_lesson(f"{STEM['02']}.ipynb", **SMALL | {"epochs": 300})
    loop = lesson.index("except KeyboardInterrupt")
    lesson.start()
    lesson.until(lambda: lesson.running(loop))
    lesson.page.wait_for_timeout(1_000)
    lesson.page.evaluate("lesson.sessionContext.session.kernel.interrupt()")
    lesson.wait(300)
    cells = lesson.cells()
    assert errors(cells) == []
    assert re.search(r"Interrupted after \d+ whole epochs of 300", printed(cells))
    assert "Not checked: a training was stopped" in printed(cells)
    assert cells_after(cells, "Interrupted after")


def cells_after(cells, text):
    """Whether all code cells after the one that printed a text have been run."""
    code = [cell for cell in cells if cell["cell_type"] == "code" and source(cell).strip()]
    [at] = [i for i, cell in enumerate(code) if text in printed([cell])]
    return all(cell["execution_count"] for cell in code[at:])
