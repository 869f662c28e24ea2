"""How long does each lesson run, with nothing in the cache, and what is the time spent on?"""

import ast
import asyncio
import shutil
from datetime import datetime
from functools import partial

import nbformat

from aelib.settings import project_folder
from benchmarks.rounds import seconds
from tools.lessons import ROOT, execute, find_lessons

#: Each lesson runs once: more would take longer than all other questions.
ROUNDS = 1
#: What a cell's time is counted as: the first part of which it calls, or imports, a name.
PARTS = {
    "imports": {"aelib"},
    "training": {"train", "train_or_load", "pretrained_autoencoder", "run_row", "fit"},
    "data": {"load_data", "read_rows"},
    "figures": {"show"},
}


def cases(data, quick, folder=ROOT / "notebooks"):
    """Each lesson alone, one after the other; what they keep for each other is deleted before.

    In the quick mode only the first.
    """
    shutil.rmtree(project_folder() / "runs" / "checkpoints", ignore_errors=True)
    lessons = find_lessons(folder)
    names = list(lessons)[:1] if quick else lessons
    return {name: partial(run, lessons[name]) for name in names}


def run(path):
    """The seconds of a lesson, those of its parts, and those to the first figure."""
    notebook = nbformat.read(path, as_version=4)
    took = seconds(asyncio.run, execute(notebook, path.parent))
    parts = dict.fromkeys((*PARTS, "other"), 0.0)
    figures, begin = [], None
    for cell in notebook.cells:
        if moments := cell.metadata.get("execution"):
            start, end = (
                datetime.fromisoformat(moments[name]).timestamp()
                for name in ("iopub.execute_input", "iopub.status.idle")
            )
            parts[part_of(cell.source)] += end - start
            begin = begin or start
            if "image/png" in str(cell.outputs):
                figures.append(end - begin)
    kernel = took - sum(parts.values())
    first_figure = kernel + figures[0] if figures else None
    return {"seconds": took, **parts, "kernel": kernel, "first_figure": first_figure}


def part_of(source):
    """Which of the parts the time of a cell is counted as."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call):
            names.add(getattr(node.func, "attr", getattr(node.func, "id", None)))
    return next((part for part, members in PARTS.items() if members & names), "other")


def results(rounds):
    measured = {name: values[0] for name, values in rounds.items()}
    total = sum(one["seconds"] for one in measured.values())
    return {"lessons": measured, "lessons_seconds": total}
