"""Run the lessons with many seeds; keep their numbers, and how often each of their claims holds.

    python -m tools.spread mnist digits [LESSON ...]

With lessons named, by number or name, what was measured of the others stays.

The bands of the lessons' checks and the README's results come from aelib/results/spread.json; in
claims.json is in how many runs each sentence of tests/lessons/ held. Both stay as they are until
all seeds of all the sources named have run.
"""

import ast
import json
import os
import sys

from papermill import inspect_notebook

from aelib.files import write_whole
from tools.claims import CLAIMS_MIME, conditions
from tools.lessons import (
    ROOT,
    displayed,
    execute,
    find_lessons,
    has_tag,
    looking,
    read,
    set_environment,
    starting_order,
)
from tools.side_by_side import side_by_side

SEEDS = {"mnist": range(20), "digits": range(10)}
#: What holds torch and oneDNN to the instructions of a processor without AVX-512.
OLDER_PROCESSOR = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def main(words, root=ROOT, seeds=SEEDS):
    """Measure the sources and lessons named; return the exit status."""
    sources = [word for word in words if word in seeds]
    wanted = [word for word in words if word not in seeds]
    set_environment()
    os.environ["AELIB_SPREAD"] = "measuring"  # No run is checked by its own bands.
    lessons = starting_order(find_lessons(root / "notebooks", wanted=wanted))
    lessons = {name: path for name, path in lessons.items() if has_tag(path, "spread")}
    jobs = {
        f"{source}, seed {seed}, {name}": measurer(path, source, seed)
        for source in sources
        for seed in seeds[source]
        for name, path in lessons.items()
    }
    measured = side_by_side(jobs)
    failed = [name for name, found in measured.items() if found is None]
    if failed:
        print(f"The file stays as it was, since these failed: {'; '.join(failed)}.")
        return 1

    results = root / "aelib" / "results"
    spread, counts = (
        json.loads((results / name).read_text(encoding="utf-8"))
        for name in ("spread.json", "claims.json")
    )
    defaults = joined(inspect_notebook(path) for path in lessons.values())
    spread["settings"] |= {
        name: ast.literal_eval(one["default"])
        for name, one in defaults.items()
        if name not in ("source", "seed")
    }
    for source in sources:
        found = [
            [measured[f"{source}, seed {seed}, {name}"] for name in lessons]
            for seed in seeds[source]
        ]
        runs = [joined(metrics for metrics, _ in one) for one in found]
        held = [joined(holds for _, holds in one) for one in found]
        [name] = {run.pop("source") for run in runs}
        measured_now = {key: [run[key] for run in runs] for key in runs[0]}
        counted_now = {key: [sum(one[key] for one in held), len(held)] for key in held[0]}
        spread["runs"][name] = (spread["runs"][name] if wanted else {}) | measured_now
        counts[name] = (counts[name] if wanted else {}) | counted_now
    said = joined(table for name in lessons for table in conditions(root, name))
    counts["conditions"] = (counts["conditions"] if wanted else {}) | said
    if wanted:  # Sentences that lessons have lost since are not counted any more.
        all_lessons = find_lessons(root / "notebooks")
        every = joined(table for name in all_lessons for table in conditions(root, name))
        for table in counts.values():
            for sentence in table.keys() - every.keys():
                del table[sentence]
    write_whole(results / "spread.json", json.dumps(spread, indent=1) + "\n")
    write_whole(results / "claims.json", json.dumps(counts, indent=1) + "\n")
    return 0


def joined(dicts):
    """One dict of all."""
    return {key: value for one in dicts for key, value in one.items()}


def measurer(path, source, seed):
    """A job that runs a lesson; its result is its metrics and which sentences hold, or None.

    Every second seed runs as on an older processor.
    """
    variables = OLDER_PROCESSOR if seed % 2 else {}

    def measure():
        notebook = read(path, {"source": source, "seed": seed})
        notebook.cells += looking(path)
        try:
            execute(notebook, path.parent, variables)
        except RuntimeError as error:
            return f"failed\n{error}", None
        holds = [one["holds"] for one in displayed(notebook, CLAIMS_MIME)]
        return "ok", [joined(displayed(notebook)), joined(holds)]

    return measure


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
