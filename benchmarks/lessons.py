"""How long does each lesson run, with nothing in the cache, and what is the time spent on?"""

import ast
import shutil
import time
from datetime import datetime
from functools import partial

from IPython.core.inputtransformer2 import TransformerManager

from aelib.settings import project_folder
from benchmarks.rounds import seconds
from tools.lessons import ROOT, execute, find_lessons, read, starting_order
from tools.side_by_side import side_by_side

#: They run once: more would take longer than all other questions.
ROUNDS = 1
#: What a cell's time is counted as: the first part of which it calls, or imports, a name.
PARTS = {
    "imports": {"aelib"},
    "training": {"train", "train_or_load", "pretrained_autoencoder", "run_row", "fit"},
    "data": {"load_data", "read_rows"},
    "figures": {"show"},
}


def cases(data, quick, folder=ROOT / "notebooks"):
    """All lessons, side by side as `make run-notebooks` runs them; in the quick mode the first."""
    lessons = find_lessons(folder)
    return {"all": partial(run_all, dict(list(lessons.items())[:1]) if quick else lessons)}


def run_all(lessons):
    """The seconds of all of them together, and what `run` returns for each."""
    shutil.rmtree(project_folder() / "runs" / "checkpoints", ignore_errors=True)
    jobs = {name: partial(run, path) for name, path in starting_order(lessons).items()}
    finished = {}
    took = seconds(side_by_side, jobs, finished)
    return {"seconds": took, "lessons": {name: finished[name] for name in lessons}}


async def run(path, job):
    """The seconds of a lesson, those of its parts, and those to the first figure."""
    notebook = read(path)
    job.state = "running"
    start = time.perf_counter()
    await execute(notebook, path.parent)
    took = time.perf_counter() - start
    job.state = "ok"
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
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(source))):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call):
            names.add(getattr(node.func, "attr", getattr(node.func, "id", None)))
    return next((part for part, members in PARTS.items() if members & names), "other")


def results(rounds):
    (measured,) = rounds["all"]
    return {"lessons": measured["lessons"], "lessons_seconds": measured["seconds"]}
