"""Run the lessons with many seeds, and keep their numbers in aelib/spread.json.

    python tools/measure_spread.py mnist digits

The bands of the lessons' checks and the README's results come from this file. All lessons run in
this one process, one after the other, so that nothing is imported a hundred times.
"""

import json
import sys
from collections import defaultdict

import nbformat
import papermill
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from tqdm import tqdm

from lessons import METRICS_TYPE, ROOT, find_lessons, set_environment, write_whole
from run_notebooks import read_settings

SEEDS = {"mnist": range(20), "digits": range(10)}
SPREAD = ROOT / "aelib" / "spread.json"


def main(sources):
    """Measure the sources named."""
    set_environment()
    spread = json.loads(SPREAD.read_text())
    lessons = list(find_lessons(ROOT / "notebooks", ".ipynb").values())
    known = [papermill.inspect_notebook(path) for path in lessons]
    defaults = read_settings(f"{name}={one['default']}" for name, one in known[-1].items())
    spread["settings"] = {k: v for k, v in defaults.items() if k not in ("source", "seed")}
    SPREAD.write_text('{"settings": {}, "runs": {}}\n')  # No run is checked by its own bands.
    try:
        for source in sources:
            values = defaultdict(list)
            for seed in tqdm(SEEDS[source], desc=source):
                metrics = {}
                for path in lessons:
                    metrics |= run(path, source, seed)
                name = metrics.pop("source")
                for key, value in metrics.items():
                    values[key].append(value)
            spread["runs"][name] = values
    finally:
        write_whole(SPREAD, json.dumps(spread, indent=1) + "\n")


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
    return next(o.data[METRICS_TYPE] for o in captured.outputs if METRICS_TYPE in o.data)


if __name__ == "__main__":
    main(sys.argv[1:])
