"""What teachers hand out and collect: the edition for students, solutions, nbgrader's points."""

import ast
import asyncio
import os
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from tools import student
from tools.lessons import ROOT, execute, read

LESSON = '''
# %% [markdown]
# # 1. A small lesson
#
# [Colab](https://colab.research.google.com/github/some/where/blob/main/notebooks/01_small.ipynb)

# %%
from aelib.exercises import check_best_epoch, check_output_size, check_walk

print("loaded")

# %% [markdown]
# How large is what a convolution returns?

# %%
def output_size(n, kernel, stride=1, padding=0):
    """The side of the output."""
    ### BEGIN SOLUTION
    both = 2 * padding
    return (n + both - kernel) // stride + 1
    ### END SOLUTION


check_output_size(output_size)

# %%
def best_epoch(history):
    ### BEGIN SOLUTION
    losses = history["validation_loss"]
    return 1 + losses.index(min(losses))
    ### END SOLUTION


check_best_epoch(best_epoch)

# %%
import torch

# %%
def my_walk(decoder, a, b, steps):
    ### BEGIN SOLUTION
    return decoder(a + torch.linspace(0, 1, steps).view(-1, 1, 1, 1) * (b - a))
    ### END SOLUTION


check_walk(my_walk)

# %% [markdown]
# ## Questions
#
# 1. Why?
#
# <details><summary>Answers</summary>
#
# 1. Because.
#
# </details>
#
# <details><summary>Is a ReLU
# linear?</summary>
#
# It is not.
#
# </details>
# <details><summary>What is <code>a</code>?</summary>
#
# The beginning.
#
# </details>

# %%
print("the end")
'''


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project with a lesson that has been run."""
    root = tmp_path_factory.mktemp("project")
    (root / "notebooks").mkdir()
    notebook = jupytext.reads(LESSON.lstrip(), "py:percent")
    for number, cell in enumerate(notebook.cells):  # As stored: an id that stays.
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(run(notebook), root / "notebooks" / "01_small.ipynb")
    return root


def run(notebook):
    asyncio.run(execute(notebook, ROOT))
    return notebook


def texts(notebook):
    """What the code cells of a notebook have printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} <= {"stream"}
    return [output.text.strip() for output in outputs]


@pytest.mark.slow
def test_a_lesson_with_its_solutions_says_right(root):
    lesson = student.read(root / "notebooks" / "01_small.ipynb")
    names = ("output_size", "best_epoch", "walk")
    right = [f"Right: {name} does what it should." for name in names]
    assert texts(lesson) == ["loaded", *right, "the end"]


@pytest.mark.slow
def test_the_edition_has_stubs_and_neither_answers_nor_outputs(root):
    assert student.main(["edition"], root) == 0
    [path] = (root / "student").iterdir()
    edition = student.read(path)
    text = path.read_text(encoding="utf-8")
    for word in ("SOLUTION", "both = ", "linspace", "Because", "It is not", "HIDDEN", "assert"):
        assert word not in text, word
    questions = "1. Why?\n\n- Is a ReLU linear?\n- What is <code>a</code>?"
    assert [cell for cell in edition.cells if cell.source.endswith(questions)]
    assert "blob/main/student/01_small.ipynb" in text and "notebooks" not in text
    stubs = [cell for cell in edition.cells if "raise NotImplementedError()" in cell.source]
    assert len(stubs) == 3 and '"""The side of the output."""' in stubs[0].source
    lesson = student.read(root / "notebooks" / "01_small.ipynb")
    cells = {cell.id: cell.source for cell in edition.cells}
    assert len(cells) == len(lesson.cells) + 3  # The checks stand in cells of their own.
    changed = [cell for cell in lesson.cells if cells[cell.id] != cell.source]
    assert len(changed) == 5  # Three stubs, the answers, and the badge.
    code = [cell for cell in edition.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []


@pytest.mark.slow
def test_the_edition_runs_to_its_end_with_a_first_hint_for_each_stub(root):
    [text] = student.edition(root).values()
    said = texts(run(nbformat.reads(text, as_version=4)))
    assert (said[0], said[-1]) == ("loaded", "the end")
    hints = [line.split(": nothing here yet. First hint: ")[0] for line in said[1:-1]]
    assert hints == ["output_size", "best_epoch", "walk"]


@pytest.mark.slow
def test_the_edition_is_the_same_when_made_again(root):
    assert student.edition(root) == student.edition(root)


def test_solutions_are_on_one_page(root):
    assert student.main(["solutions"], root) == 0
    page = (root / "notebooks" / "SOLUTIONS.md").read_text(encoding="utf-8")
    assert "## [1. A small lesson](01_small.ipynb)" in page
    assert "both = 2 * padding" in page and "1. Because." in page
    assert "**Is a ReLU linear?**\n\nIt is not." in page
    assert "SOLUTION" not in page


@pytest.mark.parametrize("ending", ["", "check_walk(walk)", "print(check_walk(my_walk))"])
def test_a_solution_needs_a_check_of_its_own(root, ending):
    lesson = student.read(root / "notebooks" / "01_small.ipynb")
    for cell in lesson.cells:
        cell.source = cell.source.replace("check_walk(my_walk)", ending)
    with pytest.raises(ValueError, match="without a check"):
        student.marked(lesson)


def test_a_course_needs_a_folder_and_nothing_else_does(capsys):
    for arguments in (["course"], ["edition", "somewhere"]):
        with pytest.raises(SystemExit):
            student.main(arguments)
    assert "needs a FOLDER" in capsys.readouterr().err


def test_a_course_has_settings_and_leaves_those_of_a_teacher(root, tmp_path):
    config = tmp_path / "nbgrader_config.py"
    for text in (student.CONFIG, "c.CourseDirectory.course_id = 'mine'\n"):
        assert student.main(["course", str(tmp_path)], root) == 0
        assert config.read_text(encoding="utf-8") == text
        config.write_text("c.CourseDirectory.course_id = 'mine'\n", encoding="utf-8")


WRONG = "    return n // stride"
LATE = "    return len(history['validation_loss'])"
RIGHT = "    both = 2 * padding\n    return (n + both - kernel) // stride + 1"
RIGHT_EPOCH = "    return 1 + history['validation_loss'].index(min(history['validation_loss']))"
CHEAT = "    return 1\n\ndef check_best_epoch(function):\n    return True"
#: What students hand in, by function, and the points that it is worth.
SUBMISSIONS = {
    "all_but_one": ({"output_size": RIGHT, "best_epoch": RIGHT_EPOCH}, [1, 1, 0]),
    "one_right": ({"output_size": RIGHT, "best_epoch": LATE}, [1, 0, 0]),
    "none_right": ({"output_size": WRONG, "best_epoch": LATE}, [0, 0, 0]),
    "clever": ({"output_size": RIGHT, "best_epoch": CHEAT}, [1, 0, 0]),
    "nothing": ({}, [0, 0, 0]),
}


@pytest.mark.slow
def test_nbgrader_gives_the_right_points(root, tmp_path, monkeypatch):
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader calls a program, alembic, that is installed beside it.
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    assert student.main(["course", str(tmp_path)], root) == 0
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.course_id = "autoencoders"
    config.Exchange.root = str(tmp_path / "exchange")  # Not the default: it need not exist.
    (tmp_path / "exchange").mkdir()
    api = NbGraderAPI(config=config)
    made = api.generate_assignment("01_small")
    assert made["success"], made["log"] + str(made["error"])
    released = (tmp_path / "release" / "01_small" / "01_small.ipynb").read_text(encoding="utf-8")
    assert "HIDDEN" not in released and "both = " not in released

    for name, (answers, _) in SUBMISSIONS.items():
        notebook = nbformat.reads(released, as_version=4)
        for cell in notebook.cells:
            for function, body in answers.items():
                if f"def {function}(" in cell.source:
                    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()"
                    assert stub in cell.source
                    cell.source = cell.source.replace(stub, body)
        folder = tmp_path / "submitted" / name / "01_small"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "01_small.ipynb")
        graded = api.autograde("01_small", name)
        assert graded["success"], graded["log"] + str(graded["error"])

    checks = ["check_output_size", "check_best_epoch", "check_walk"]
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "autoencoders") as book:
        for name, (_, points) in SUBMISSIONS.items():
            submission = book.find_submission("01_small", name)
            assert (submission.score, submission.max_score) == (sum(points), 3), name
            scores = {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}
            assert [scores[check] for check in checks] == points, name


def test_an_edition_has_the_cells_of_the_release(root):
    """So that a student who took it from the repository can hand it in as well."""
    [text] = student.edition(root).values()
    cells = nbformat.reads(text, as_version=4).cells
    names = [cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata]
    functions = ("output_size", "best_epoch", "walk")
    assert names == [name for one in functions for name in (one, f"check_{one}")]


def exercises(lesson):
    """Run nothing of a lesson but its imports and exercises; return how many checks there were."""
    names, checks = {}, 0
    for cell in lesson.cells:
        if cell.cell_type != "code" or "install" in cell.metadata.get("tags", []):
            continue
        tree = ast.parse(cell.source)
        if "nbgrader" not in cell.metadata:
            imports = (ast.Import, ast.ImportFrom)
            tree.body = [one for one in tree.body if isinstance(one, imports)]
        exec(compile(tree, "lesson", "exec"), names)
        checks += cell.metadata.get("nbgrader", {}).get("grade", False)
    return checks


LESSONS = sorted((ROOT / "notebooks").glob("0*.py"))
each = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@each
def test_each_solution_of_a_lesson_is_right(path, capsys):
    count = exercises(student.marked(jupytext.read(path)))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 * count >= 6  # Once for the student, once hidden.
    assert [line for line in said if not line.startswith("Right: ")] == []


@each
def test_each_stub_of_a_lesson_gets_its_first_hint(path, capsys):
    count = exercises(nbformat.reads(student.student_text(jupytext.read(path)), as_version=4))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == count >= 3
    assert [line for line in said if "nothing here yet. First hint: " not in line] == []


@pytest.mark.slow
@each
def test_a_lesson_of_the_edition_runs_to_its_end_whatever_is_still_empty(path, monkeypatch):
    monkeypatch.setenv("AELIB_THREADS", "1")
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Figures belong in the notebook.
    few = {"source": "digits", "train_size": 500, "test_size": 100, "epochs": 2}
    notebook = read(ROOT / "student" / f"{path.stem}.ipynb", few)
    for cell in notebook.cells:  # Ten draws of lesson 9 would take minutes.
        cell.source = cell.source.replace("(mine, moves, seed)", "(mine, moves, seed, draws=2)")
    asyncio.run(execute(notebook, ROOT / "student"))
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    said = ["".join(output.text for output in cell.outputs) for cell in checks]
    assert len(said) >= 3
    assert [text for text in said if "nothing here yet. First hint: " not in text] == []


def test_the_edition_on_disk_is_that_of_the_lessons():
    stale = [str(path) for path, text in student.edition(ROOT).items() if not holds(path, text)]
    assert stale == [], "run make student"


def test_the_solutions_on_disk_are_those_of_the_lessons():
    [(path, text)] = student.solutions(ROOT).items()
    assert holds(path, text), "run make solutions"


def holds(path, text):
    return path.exists() and path.read_text(encoding="utf-8") == text


def test_the_lessons_can_be_handed_out():
    for path, text in student.edition(ROOT).items():
        nbformat.validate(nbformat.reads(text, as_version=4))
        assert re.search(r"SOLUTION|HIDDEN|<details>", text) is None, path
