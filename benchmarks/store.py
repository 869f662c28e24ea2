"""Bring a run of the benchmark into the file that lesson 8 and the README read.

    python -m benchmarks.store

A run that was disturbed, or lacks something, is refused.
"""

import json
import sys

from aelib.files import write_whole
from aelib.settings import project_folder
from benchmarks import peers
from benchmarks.__main__ import QUESTIONS
from benchmarks.rounds import ROUNDS


def objections(report):
    """Why a run cannot be what the lesson speaks of: a list of reasons, empty for a good run."""
    found = []
    missing = [name for name in (*QUESTIONS, "procedure") if name not in report.get("rounds", {})]
    if missing:
        found.append(f"it has no {', '.join(missing)}: run `python -m benchmarks --procedure`")
    if report["disturbed"]:
        shown = ", ".join(
            f"{name} {value:.3f} (allowed {report['disturbance']['bounds'][name]})"
            for name, value in report["disturbance"]["signs"].items()
        )
        found.append(f"the machine was disturbed: {shown}; wait until it is quiet, and run again")
    if report["data"] != "MNIST":
        found.append(f"it was measured on {report['data']}, not on MNIST")
    if report["threads"] != 1:
        found.append(f"it was measured with {report['threads']} threads, not with one")
    absent = report.get("not_installed", list(peers.LIBRARIES))
    if absent:
        found.append(f"not installed: {', '.join(absent)}; pip install -e '.[benchmark]'")
    short = [
        f"{name}, {case}"
        for name in ("limits", "throughput", "steps", "growth")
        for case, values in report.get("rounds", {}).get(name, {}).items()
        if len(values) < ROUNDS
    ]
    if short:
        found.append(f"fewer than {ROUNDS} rounds: {'; '.join(short)}")
    return found


def main():
    source = project_folder() / "runs" / "benchmark.json"
    if not source.exists():
        raise SystemExit(f"There is no {source}: run `python -m benchmarks --procedure` first.")
    text = source.read_text()
    if found := objections(json.loads(text)):
        sys.exit("\n".join([f"{source} is not stored:", *found]))
    write_whole(project_folder() / "aelib" / "results" / "benchmark.json", text)


if __name__ == "__main__":
    main()
