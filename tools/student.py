"""Make the edition for students, the page of solutions for teachers, and a course for nbgrader.

    python -m tools.student edition
    python -m tools.student solutions
    python -m tools.student course FOLDER

A lesson holds its solutions between the lines `### BEGIN SOLUTION` and `### END SOLUTION`, each in
a cell that ends with its check, such as `check_output_size(output_size)`. Questions are summaries
of `<details>`, in which their answers are folded away. The edition has stubs for the solutions, and
neither answers nor outputs. The folder of a course is what `nbgrader generate_assignment` starts
from. In both a check is a cell of its own, worth a point.
"""

import argparse
import copy
import re
from pathlib import Path

import nbformat

from aelib.files import write_whole
from tools.lessons import ROOT, find_lessons

BEGIN = "### BEGIN SOLUTION"
#: A check that ends its cell: what it is called, and which function it is given.
CHECK = re.compile(r"^(check_\w+)\((\w+)\)\s*\Z", re.MULTILINE)
#: What is folded away in a lesson: its summary and its text.
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>\n?", re.DOTALL)
#: What nbgrader takes as it is run in the folder of a course. Its own limits, 30 s for a cell and
#: 4 s for what it prints to arrive, are too short for a training on a busy machine.
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "autoencoders"
c.Execute.timeout = 600
c.Execute.iopub_timeout = 60
"""
#: Not seen by students. The check is imported anew, lest it be one of their own.
HIDDEN_TEST = """
### BEGIN HIDDEN TESTS
from aelib.exercises import {check}
verdict = {check}({function})
assert verdict, verdict.text
### END HIDDEN TESTS"""


def main(arguments=None, root=ROOT):
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description="What teachers hand out, made from the lessons.")
    parser.add_argument("what", choices=["edition", "solutions", "course"])
    parser.add_argument("folder", nargs="?", type=Path, help="the folder of the course")
    options = parser.parse_args(arguments)
    if (options.what == "course") != bool(options.folder):
        parser.error("a course needs a FOLDER, and nothing else does")
    make = {"edition": edition, "solutions": solutions, "course": course}[options.what]
    contents = make(root, options.folder) if options.folder else make(root)
    for path, text in contents.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text)
            print(f"written: {path}")


def edition(root=ROOT):
    """The text of each notebook of the edition for students, by path."""
    lessons = find_lessons(root / "notebooks")
    return {root / "student" / path.name: student_text(read(path)) for path in lessons.values()}


def course(root, folder):
    """The text of each assignment in the folder of a course, by path, and of nbgrader's settings
    there, unless the teacher has some already."""
    config = folder / "nbgrader_config.py"
    contents = {} if config.exists() else {config: CONFIG}
    for name, path in find_lessons(root / "notebooks").items():
        notebook = without_answers(marked(read(path)))
        contents[folder / "source" / name / path.name] = nbformat.writes(notebook) + "\n"
    return contents


def solutions(root=ROOT):
    """The text of the teacher's page, by its path."""
    parts = [
        "# Solutions\n\nMade by `make solutions` from the lessons: what stands there between the "
        "markers, and what is folded away. Other answers are right as well if their check says so."
    ]
    for path in find_lessons(root / "notebooks").values():
        notebook, found = read(path), []
        for cell in notebook.cells:
            if BEGIN in cell.source:
                lines = [line for line in cell.source.splitlines() if " SOLUTION" not in line]
                found.append("```python\n" + "\n".join(lines) + "\n```")
            for question, text in FOLDED.findall(cell.source):
                found += [f"**{' '.join(question.split())}**", text.strip()]
        if found:
            title = re.search(r"^# (.*)$", notebook.cells[0].source, re.MULTILINE)[1]
            parts += [f"## [{title}]({path.name})", *found]
    return {root / "notebooks" / "SOLUTIONS.md": "\n\n".join(parts) + "\n"}


def read(path):
    return nbformat.read(path, as_version=4)


def student_text(lesson):
    """A lesson as students get it, cleared by the preprocessors of nbgrader."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions

    notebook = without_answers(marked(lesson))
    for preprocessor in (ClearSolutions, ClearOutput, ClearHiddenTests):
        notebook, _ = preprocessor().preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("/blob/main/notebooks/", "/blob/main/student/")
    return nbformat.writes(notebook) + "\n"


def marked(lesson):
    """A copy of a lesson in which nbgrader knows the solutions and, in their own cells, the checks.

    Raises:
        ValueError: a solution with no check of its own after it.
    """
    notebook = copy.deepcopy(lesson)
    notebook.cells = []
    for cell in copy.deepcopy(lesson.cells):
        notebook.cells.append(cell)
        if BEGIN not in cell.source:
            continue
        check = CHECK.search(cell.source)
        if not check or f"def {check[2]}(" not in cell.source:
            raise ValueError(f"a solution without a check of it at its end:\n{cell.source}")
        test = copy.deepcopy(cell)
        test.id = f"{cell.id}-check"
        cell.source = cell.source[: check.start()].rstrip()
        cell.metadata["nbgrader"] = _nbgrader(check[1].removeprefix("check_"), solution=True)
        test.source = check[0].rstrip() + HIDDEN_TEST.format(check=check[1], function=check[2])
        test.metadata["nbgrader"] = _nbgrader(check[1], points=1, grade=True, locked=True)
        notebook.cells.append(test)
    return notebook


def _nbgrader(name, **kind):
    flags = {"solution": False, "grade": False, "locked": False, "task": False, **kind}
    return {"schema_version": 3, "grade_id": name, "cell_type": "code", **flags}


def without_answers(notebook):
    """The notebook, in place, with the questions that were summaries, and without their answers."""

    def question(folded):
        text = " ".join(folded[1].split())
        return f"- {text}\n" if text.endswith("?") else ""

    for cell in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
        text = FOLDED.sub(question, cell.source).rstrip()
        cell.source = re.sub(r"\n{3,}", "\n\n", text)
    return notebook


if __name__ == "__main__":
    main()
