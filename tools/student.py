"""Make the edition for students, the page of solutions for teachers, and a course for nbgrader.

    python -m tools.student edition
    python -m tools.student solutions
    python -m tools.student course FOLDER

A lesson holds its solutions between the lines `### BEGIN SOLUTION` and `### END SOLUTION`. The cell
after one is its check, such as `check_output_size(output_size)`. Answers are folded into
`<details><summary>Answers</summary>`. The edition has stubs for the solutions, and neither answers
nor outputs. The folder of a course is what `nbgrader generate_assignment` starts from: there, each
check is worth a point.
"""

import argparse
import copy
import re
import sys
from pathlib import Path

import nbformat

from aelib.files import write_whole
from tools.lessons import ROOT, find_lessons

BEGIN = "### BEGIN SOLUTION"
#: A check that ends its cell: what it is called and which function it is given.
CHECK = re.compile(r"^(check_\w+)\((\w+)\)$\s*\Z", re.MULTILINE)
#: What is folded away in a lesson, with its summary and its text.
FOLDED = re.compile(
    r"\n*<details>\s*<summary>(?:Answers?|Reasons?)</summary>(.*?)</details>", re.DOTALL
)
#: Not seen by students. The check is imported anew, lest it be one of their own.
HIDDEN_TEST = """
### BEGIN HIDDEN TESTS
from aelib.exercises import {check}
verdict = {check}({function})
assert verdict, verdict.text
### END HIDDEN TESTS"""


def main(arguments=None, root=ROOT):
    """Write what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description="What teachers hand out, made from the lessons.")
    parser.add_argument("what", choices=["edition", "solutions", "course"])
    parser.add_argument("folder", nargs="?", type=Path, help="the folder of the course")
    options = parser.parse_args(arguments)
    if (options.what == "course") != bool(options.folder):
        parser.error("a course needs a FOLDER, and nothing else does")
    if options.what == "course":
        contents = course(root, options.folder)
    else:
        contents = {"edition": edition, "solutions": solutions}[options.what](root)
    for path, text in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text)
            print(f"written: {path}")
    return 0


def edition(root=ROOT):
    """The text of each notebook of the edition for students, by path."""
    lessons = find_lessons(root / "notebooks")
    return {root / "student" / path.name: student_text(read(path)) for path in lessons.values()}


def course(root, folder):
    """The text of each assignment's notebook in the folder of a course, by path."""
    contents = {}
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
        notebook = read(path)
        found = []
        for cell in notebook.cells:
            if BEGIN in cell.source:
                lines = [line for line in cell.source.splitlines() if " SOLUTION" not in line]
                found.append("```python\n" + "\n".join(lines) + "\n```")
            found += [text.strip() for text in FOLDED.findall(cell.source)]
        if found:
            title = re.search(r"^# (.*)$", notebook.cells[0].source, re.MULTILINE)[1]
            parts += [f"## [{title}]({path.name})", *found]
    return {root / "notebooks" / "SOLUTIONS.md": "\n\n".join(parts) + "\n"}


def read(path):
    return nbformat.read(path, as_version=4)


def student_text(lesson):
    """A lesson as students get it, cleared by the preprocessors of nbgrader."""
    try:
        from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions
    except ImportError:
        raise SystemExit(
            "The edition for students is made by nbgrader, which is not installed here: "
            'pip install "aelib[nbgrader]", or in a clone pip install -e ".[nbgrader]".'
        ) from None
    notebook = without_answers(marked(lesson))
    for preprocessor in (ClearSolutions(), ClearOutput(), ClearHiddenTests()):
        notebook, _ = preprocessor.preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("/blob/main/notebooks/", "/blob/main/student/")
    return nbformat.writes(notebook) + "\n"


def marked(lesson):
    """A copy of a lesson in which nbgrader knows the solutions and the checks.

    Raises:
        ValueError: a solution that no check follows, or two exercises of one name.
    """
    notebook = copy.deepcopy(lesson)
    names, waiting = set(), None
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        check = CHECK.search(cell.source)
        if BEGIN in cell.source:
            if waiting:
                raise ValueError(f"the solution of {waiting} has no check after it")
            [*_, waiting] = re.findall(r"^(?:def|class) (\w+)", cell.source, re.MULTILINE) or [None]
            if waiting is None or waiting in names:
                raise ValueError(f"a solution must define a new name:\n{cell.source}")
            names.add(waiting)
            cell.metadata["nbgrader"] = _nbgrader(waiting, solution=True)
        elif check and check[2] == waiting:
            cell.metadata["nbgrader"] = _nbgrader(check[1], points=1, grade=True, locked=True)
            cell.source += HIDDEN_TEST.format(check=check[1], function=check[2])
            waiting = None
    if waiting:
        raise ValueError(f"the solution of {waiting} has no check after it")
    return notebook


def _nbgrader(name, solution=False, grade=False, locked=False, **points):
    flags = {"solution": solution, "grade": grade, "locked": locked, "task": False}
    return {"schema_version": 3, "grade_id": name, "cell_type": "code", **flags, **points}


def without_answers(notebook):
    """The notebook, in place, without what is folded away."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = FOLDED.sub("", cell.source).rstrip()
    return notebook


if __name__ == "__main__":
    sys.exit(main())
