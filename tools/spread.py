"""Run the lessons with many seeds, and keep their numbers in aelib/results/spread.json.

    python -m tools.spread mnist digits

The bands of the lessons' checks and the README's results come from this file. The seeds
run side by side, one on each core; a process runs all lessons of its seeds, so that nothing is
imported a hundred times.
"""

import json
import sys

import nbformat
import papermill
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from joblib import Parallel, delayed
from tqdm import tqdm

from aelib.lesson import METRICS_MIME
from tools.lessons import ROOT, find_lessons, set_environment, write_whole
from tools.run import read_settings

SEEDS = {"mnist": range(20), "digits": range(10)}
SPREAD = ROOT / "aelib" / "results" / "spread.json"


def main(sources):
    """Measure the sources named."""
    set_environment()
    spread = json.loads(SPREAD.read_text())
    lessons = [
        path
        for path in find_lessons(ROOT / "notebooks", ".ipynb").values()
        if "check(data" in path.read_text()  # The others read what was run before.
    ]
    known = {k: v for path in lessons for k, v in papermill.inspect_notebook(path).items()}
    defaults = read_settings(f"{name}={one['default']}" for name, one in known.items())
    spread["settings"] = {k: v for k, v in defaults.items() if k not in ("source", "seed")}
    SPREAD.write_text('{"settings": {}, "runs": {}}\n')  # No run is checked by its own bands.
    try:
        for source in sources:
            jobs = (delayed(run_all)(lessons, source, seed) for seed in SEEDS[source])
            runs = Parallel(n_jobs=-1, return_as="generator")(jobs)
            runs = list(tqdm(runs, desc=source, total=len(SEEDS[source])))
            names = {run.pop("source") for run in runs}
            spread["runs"][names.pop()] = {key: [run[key] for run in runs] for key in runs[0]}
    finally:
        write_whole(SPREAD, json.dumps(spread, indent=1) + "\n")


def run_all(lessons, source, seed):
    """Run the lessons with a seed in this process; return their metrics."""
    metrics = {}
    for path in lessons:
        metrics |= run(path, source, seed)
    return metrics


def run(path, source, seed):
    """Run a lesson in this process; return its metrics."""
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    with capture_output() as captured:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                shell.run_cell(cell.source).raise_error()
            if "parameters" in cell.metadata.get("tags", []):
                shell.push({"source": source, "seed": seed})
    return next(o.data[METRICS_MIME] for o in captured.outputs if METRICS_MIME in o.data)


if __name__ == "__main__":
    main(sys.argv[1:])
