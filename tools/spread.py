"""Run the lessons with many seeds, and keep their numbers in aelib/results/spread.json.

    python -m tools.spread mnist digits

The bands of the lessons' checks and the README's results come from this file. It stays as it is
until all seeds of all the sources named have run.
"""

import json
import os
import sys

from aelib.files import write_whole
from tools.lessons import (
    ROOT,
    displayed_metrics,
    execute,
    find_lessons,
    parameters,
    read,
    set_environment,
    starting_order,
    tags,
)
from tools.side_by_side import side_by_side

SEEDS = {"mnist": range(20), "digits": range(10)}


def main(sources, root=ROOT, seeds=SEEDS):
    """Measure the sources named; return the exit status."""
    for source in sources:
        if source not in seeds:
            raise SystemExit(f"{source!r} is not a source. The sources are: {', '.join(seeds)}.")
    set_environment()
    os.environ["AELIB_SPREAD"] = "measuring"  # No run is checked by its own bands.
    lessons = {
        name: path
        for name, path in starting_order(find_lessons(root / "notebooks")).items()
        if "spread" in tags(read(path))
    }
    jobs = [
        (source, seed, name) for source in sources for seed in seeds[source] for name in lessons
    ]
    functions = {
        f"{source}, seed {seed}, {name}": measurer(lessons[name], source, seed)
        for source, seed, name in jobs
    }
    measured = {}
    try:
        side_by_side(functions, measured)
    except KeyboardInterrupt:
        print("Stopped by hand: the file stays as it was.")
        return 130
    failed = [name for name, metrics in measured.items() if metrics is None]
    if failed:
        print(f"The file stays as it was, since these failed: {'; '.join(failed)}.")
        return 1

    path = root / "aelib" / "results" / "spread.json"
    spread = json.loads(path.read_text(encoding="utf-8"))
    values = {k: v for lesson in lessons.values() for k, v in parameters(lesson).items()}
    spread["settings"] = {k: v for k, v in values.items() if k not in ("source", "seed")}
    for source in sources:
        runs = []
        for seed in seeds[source]:
            shown = [measured[f"{source}, seed {seed}, {name}"] for name in lessons]
            runs.append({key: value for metrics in shown for key, value in metrics.items()})
        [name] = {run.pop("source") for run in runs}
        spread["runs"][name] = {key: [run[key] for run in runs] for key in runs[0]}
    write_whole(path, json.dumps(spread, indent=1) + "\n")
    return 0


def measurer(path, source, seed):
    """A job that runs a lesson; it returns its metrics, or None where it failed."""

    async def measure(job):
        notebook = read(path, {"source": source, "seed": seed})
        job.state = "running"
        try:
            await execute(notebook, path.parent)
        except Exception as error:
            job.state = "failed"
            job.say("failed", *str(error).splitlines())
            return None
        job.state = "ok"
        metrics = displayed_metrics(notebook)
        return {key: value for shown in metrics for key, value in shown.items()}

    return measure


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
