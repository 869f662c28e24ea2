"""What teachers hand out and collect: the edition for students, solutions, nbgrader's points."""

import ast
import os
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_output

from tools import student
from tools.lessons import ROOT, displayed_alt_texts, execute, read
from tools.metadata import METADATA

LESSON = '''# %% [markdown]
# # 1. A small lesson
#
# [Colab](https://colab.research.google.com/github/some/where/blob/main/notebooks/01_small.ipynb)

# %%
from aelib.exercises import check_best_epoch, check_output_size

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
    return 1 + history["validation_loss"].index(min(history["validation_loss"]))
    ### END SOLUTION

check_best_epoch(best_epoch)

# %% [markdown]
# 1. Why?
#
# <details><summary>Answers</summary>
#
# 1. Because.
# </details>
# <details><summary>Is a ReLU
# linear?</summary>
#
# It is not.
#
# </details>
# <details><summary>What is <code>a</code>?</summary>
#
# The beginning.
# </details>
'''
CHECKS = ["check_output_size", "check_best_epoch"]


@pytest.fixture
def root(tmp_path):
    """A project with a lesson that has been run."""
    (tmp_path / "notebooks").mkdir()
    notebook = jupytext.reads(LESSON, "py:percent")
    for number, cell in enumerate(notebook.cells):  # As stored: an id that stays, and outputs.
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = 1, [new_output("stream", text="Right")]
    notebook.metadata["kernelspec"] = METADATA["kernelspec"]
    nbformat.write(notebook, tmp_path / "notebooks" / "01_small.ipynb")
    return tmp_path


def test_the_edition_has_stubs_and_neither_answers_nor_outputs(root):
    student.main(["edition"], root)
    [path] = (root / "student").iterdir()
    edition, text = student.read(path), path.read_text(encoding="utf-8")
    assert not re.search("SOLUTION|both = |Because|It is not|HIDDEN|assert|notebooks", text)
    assert edition.cells[-1].source == "1. Why?\n\n- Is a ReLU linear?\n- What is <code>a</code>?"
    assert "blob/main/student/01_small.ipynb" in text
    stubs = [cell for cell in edition.cells if "raise NotImplementedError()" in cell.source]
    assert len(stubs) == 2 and '"""The side of the output."""' in stubs[0].source
    code = [cell for cell in edition.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []
    # Its cells are those of nbgrader's release, so who took it from here can hand it in as well.
    names = [cell.metadata.nbgrader.grade_id for cell in code if "nbgrader" in cell.metadata]
    assert names == [name for check in CHECKS for name in (check.removeprefix("check_"), check)]
    assert student.edition(root) == student.edition(root)


def test_solutions_are_on_one_page(root):
    student.main(["solutions"], root)
    page = (root / "notebooks" / "SOLUTIONS.md").read_text(encoding="utf-8")
    assert "## [1. A small lesson](01_small.ipynb)" in page
    assert "both = 2 * padding" in page and "1. Because." in page
    assert "**Is a ReLU linear?**\n\nIt is not." in page and "SOLUTION" not in page


@pytest.mark.parametrize("ending", ["", "check_best_epoch(best)", "[check_best_epoch(best_epoch)]"])
def test_a_solution_needs_a_check_of_its_own(root, ending):
    lesson = student.read(root / "notebooks" / "01_small.ipynb")
    for cell in lesson.cells:
        cell.source = cell.source.replace("check_best_epoch(best_epoch)", ending)
    with pytest.raises(ValueError, match="without a check"):
        student.marked(lesson)


def test_a_course_has_settings_and_leaves_those_of_a_teacher(root, tmp_path, capsys):
    config, mine = tmp_path / "nbgrader_config.py", "c.CourseDirectory.course_id = 'mine'\n"
    for text in (student.CONFIG, mine):
        student.main(["course", str(tmp_path)], root)
        assert config.read_text(encoding="utf-8") == text
        config.write_text(mine, encoding="utf-8")
    for arguments in (["course"], ["edition", "somewhere"]):
        with pytest.raises(SystemExit):
            student.main(arguments)
    assert "needs a FOLDER" in capsys.readouterr().err


RIGHT = "    both = 2 * padding\n    return (n + both - kernel) // stride + 1"
CHEAT = "    return 1\n\ndef check_best_epoch(function):\n    return True"
#: What students hand in, by function, and the points that it is worth.
SUBMISSIONS = {
    "clever": ({"output_size": RIGHT, "best_epoch": CHEAT}, [1, 0]),
    "wrong": ({"output_size": "    return n // stride"}, [0, 0]),
}


@pytest.mark.slow
def test_nbgrader_gives_the_right_points(root, tmp_path, monkeypatch):
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader calls a program, alembic, that is installed beside it.
    places = [str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    student.main(["course", str(tmp_path)], root)
    course = {"root": str(tmp_path), "course_id": "autoencoders"}
    (tmp_path / "exchange").mkdir()  # Not the default one, which need not exist.
    exchange = {"root": str(tmp_path / "exchange")}
    api = NbGraderAPI(config=Config({"CourseDirectory": course, "Exchange": exchange}))
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
                    cell.source = cell.source.replace(stub, body)
        folder = tmp_path / "submitted" / name / "01_small"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "01_small.ipynb")
        graded = api.autograde("01_small", name)
        assert graded["success"], graded["log"] + str(graded["error"])

    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "autoencoders") as book:
        for name, (_, points) in SUBMISSIONS.items():
            submission = book.find_submission("01_small", name)
            assert (submission.score, submission.max_score) == (sum(points), 2), name
            scores = {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}
            assert [scores[check] for check in CHECKS] == points, name


def exercises(lesson):
    """Run nothing of a lesson but its imports and exercises; return how many checks there were.

    No cell after it may need what a learner has defined in an exercise.
    """
    names, checks, solved = {}, 0, set()
    for cell in lesson.cells:
        if cell.cell_type != "code" or "install" in cell.metadata.get("tags", []):
            continue
        tree = ast.parse(cell.source)
        marks = cell.metadata.get("nbgrader", {})
        checks += marks.get("grade", False)
        if marks.get("solution"):
            solved |= {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
        if not marks:
            assert not solved & {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
            imports = (ast.Import, ast.ImportFrom)
            tree.body = [one for one in tree.body if isinstance(one, imports)]
        exec(compile(tree, "lesson", "exec"), names)
    assert len(solved) == checks >= 3
    return checks


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("0*.py")), ids=lambda path: path.stem
)
def test_the_solutions_of_a_lesson_are_right_and_its_stubs_get_a_first_hint(path, capsys):
    lesson = jupytext.read(path)
    count = exercises(student.marked(lesson))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 * count  # Once for the student, once hidden.
    assert [line for line in said if not line.startswith("Right: ")] == []
    count = exercises(nbformat.reads(student.student_text(lesson), as_version=4))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == count
    assert [line for line in said if "nothing here yet. First hint: " not in line] == []


@pytest.mark.slow
def test_a_lesson_of_the_edition_runs_to_its_end_whatever_is_still_empty(monkeypatch):
    """The shortest; of all others the test above says that no cell needs an exercise."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Figures belong in the notebook.
    few = {"source": "digits", "train_size": 500, "test_size": 100}
    notebook = read(ROOT / "student" / "01_dataset.ipynb", few)
    execute(notebook, ROOT / "student")
    texts = [
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    assert "".join(texts).count("nothing here yet. First hint: ") >= 3
    assert displayed_alt_texts(notebook)


def test_the_edition_and_the_solutions_on_disk_are_those_of_the_lessons():
    made = {"student": student.edition(ROOT), "solutions": student.solutions(ROOT)}
    for target, contents in made.items():
        for path, text in contents.items():
            assert path.exists() and path.read_text(encoding="utf-8") == text, f"run make {target}"
            if path.suffix == ".ipynb":
                nbformat.validate(nbformat.reads(text, as_version=4))
                assert re.search(r"SOLUTION|HIDDEN|<details>", text) is None, path
