"""Run the lessons with many seeds; keep their numbers, and how often each of their claims holds.

    python -m tools.spread mnist digits

The bands of the lessons' checks and the README's results come from aelib/results/spread.json, the
counts beside claims from claims.json, which has the conditions that were counted, too. Both stay as
they are until all seeds of all the sources named have run.
"""

import json
import os
import sys

from aelib.files import write_whole
from aelib.settings import CLAIMS_MIME
from tools.lessons import (
    ROOT,
    claim_conditions,
    displayed,
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
#: What holds torch and oneDNN to the instructions of a processor without AVX-512.
OLDER_PROCESSOR = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


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

    results = root / "aelib" / "results"
    spread = json.loads((results / "spread.json").read_text(encoding="utf-8"))
    counts = json.loads((results / "claims.json").read_text(encoding="utf-8"))
    values = {k: v for lesson in lessons.values() for k, v in parameters(lesson).items()}
    spread["settings"] = {k: v for k, v in values.items() if k not in ("source", "seed")}
    for source in sources:
        runs = []
        for seed in seeds[source]:
            shown = [measured[f"{source}, seed {seed}, {name}"] for name in lessons]
            runs.append({key: value for one in shown for key, value in one.items()})
            runs[-1]["claims"] = {k: v for one in shown for k, v in one["claims"].items()}
        [name] = {run.pop("source") for run in runs}
        verdicts = [run.pop("claims") for run in runs]
        spread["runs"][name] = {key: [run[key] for run in runs] for key in runs[0]}
        counts[name] = {
            claim: [sum(verdict[claim] for verdict in verdicts), len(runs)] for claim in verdicts[0]
        }
    counts["conditions"] = {
        claim: condition
        for lesson in lessons.values()
        for cell in read(lesson).cells
        if cell.cell_type == "code"
        for claim, condition in claim_conditions(cell.source).items()
    }
    write_whole(results / "spread.json", json.dumps(spread, indent=1) + "\n")
    write_whole(results / "claims.json", json.dumps(counts, indent=1) + "\n")
    return 0


def measurer(path, source, seed):
    """A job that runs a lesson; it returns its metrics and its claims, or None where it failed.

    Every second seed runs as on an older processor.
    """
    variables = OLDER_PROCESSOR if seed % 2 else {}

    async def measure(job):
        notebook = read(path, {"source": source, "seed": seed})
        job.state = "running"
        try:
            await execute(notebook, path.parent, variables=variables)
        except Exception as error:
            job.state = "failed"
            job.say("failed", *str(error).splitlines())
            return None
        job.state = "ok"
        metrics = {k: v for shown in displayed_metrics(notebook) for k, v in shown.items()}
        claims = [shown["claims"] for shown in displayed(notebook, CLAIMS_MIME)]
        return {**metrics, "claims": {k: v for shown in claims for k, v in shown.items()}}

    return measure


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
