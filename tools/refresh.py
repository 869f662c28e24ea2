"""Carry every lesson's .py into its .ipynb and store the outputs of a fresh run on MNIST.

    python -m tools.refresh [LESSON ...]

A second refresh on the same machine changes not one byte. What has moved is printed: numbers, and
what figures show, in words. A lesson that stops is not stored, as at a number outside its band, nor
is one in which `tests/lessons/look.py` sees something else than what the lesson says.
"""

import sys
from difflib import unified_diff

import jupytext
import nbformat
from jupytext.combine import combine_inputs_with_outputs

from aelib.files import write_whole
from tools.lessons import (
    ROOT,
    displayed,
    execute,
    find_lessons,
    looking,
    outputs,
    set_environment,
    starting_order,
)
from tools.metadata import tidy
from tools.side_by_side import side_by_side


def main(arguments=(), root=ROOT):
    """Refresh the lessons named, or all of them; return the exit status."""
    set_environment()
    lessons = find_lessons(root / "notebooks", ".py", arguments)
    refreshed = side_by_side(
        {name: refresher(path) for name, path in starting_order(lessons).items()}
    )
    failed = [name for name in lessons if not refreshed[name]]
    if failed:
        print(f"Not refreshed: {', '.join(failed)}.")
    return 1 if failed else 0


def refresher(source):
    """A job that refreshes one lesson; its result is whether it did."""

    def refresh():
        target = source.with_suffix(".ipynb")
        before = nbformat.read(target, as_version=4) if target.exists() else None
        try:
            notebook = executed(source, before)
            text = nbformat.writes(notebook) + "\n"
        except Exception as error:  # Its old .ipynb stays; the other lessons are still refreshed.
            return f"failed, {target.name} stays as it was\n{error}", False
        if before and target.read_text(encoding="utf-8") == text:
            return "unchanged", True
        lines = moved(before, notebook) if before else []
        write_whole(target, text)
        return "\n".join(["refreshed", *lines]), True

    return refresh


def executed(source, before=None):
    """The notebook of a .py, executed; cells that are in the one before, too, keep their ids."""
    notebook = jupytext.read(source)
    if before:
        notebook = combine_inputs_with_outputs(notebook, before, fmt="ipynb")
    lesson = list(notebook.cells)
    notebook.cells += looking(source, storing=True)
    execute(notebook, source.parent)
    notebook.cells = lesson
    tidy(notebook)
    # One's own images, of which no source is told, are no stand-in.
    sources = {metrics.get("source", "MNIST") for metrics in displayed(notebook)}
    if sources != {"MNIST"}:
        raise RuntimeError(
            f"Stored outputs must be of MNIST, but this run's metrics name {sources or 'none'}.\n"
            "Connect to a network once, or put MNIST's archives into the data root."
        )
    return notebook


def words(notebook):
    """What a lesson prints and shows, as lines of text; its figures, too, are in words there."""
    lines = []
    for output in outputs(notebook):
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        for text in (output.get("text", ""), alt, output.get("data", {}).get("text/plain", "")):
            lines += text.splitlines()
    return lines


def moved(before, after):
    """A line for each line of text that has gone, and for each that has come."""
    lines = unified_diff(words(before), words(after), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
