"""Measure the training: against what people would use instead, and against the machine's limit.

    python -m benchmarks [limits] [steps] [peers] [growth] [time_to_accuracy] [lessons]

Those named, or all, are measured in rounds of random order: so a disturbance of a moment meets a
round or two of each, and medians are reported. With its rounds it is in runs/benchmark.json. A run
of all may become aelib/results/benchmark.json, which lesson 8 reads; `make test` says if it lacks
anything.
"""

import argparse
import json
import os
import random
import statistics
from importlib import import_module

os.environ |= {"TQDM_DISABLE": "1", "AELIB_THREADS": "1"}  # Both are looked at only once.

import psutil
import torch

from aelib.data import load_data
from aelib.files import write_whole
from aelib.settings import project_folder
from benchmarks.rounds import machine

QUESTIONS = ("limits", "steps", "peers", "growth", "time_to_accuracy", "lessons")
#: How often each case is measured, if its question does not say otherwise.
ROUNDS = 7


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("questions", nargs="*", choices=QUESTIONS, metavar="QUESTION")
    parser.add_argument("--quick", action="store_true", help="little data, one round: for tests")
    options = parser.parse_args(arguments)
    report = measure(options.questions or QUESTIONS, options.quick)
    runs = project_folder() / "runs"
    runs.mkdir(exist_ok=True)
    write_whole(runs / "benchmark.json", json.dumps(report, indent=1) + "\n")
    print(json.dumps({**report, "rounds": "in runs/benchmark.json"}, indent=1))


def measure(names, quick=False):
    """The report: on what, beside what, the numbers, and the rounds that they are from."""
    data = load_data(*(("digits", 600, 100) if quick else ("mnist", 60_000, 10_000)))
    questions = {name: import_module(f"benchmarks.{name}") for name in names}
    cases = {name: question.cases(data, quick) for name, question in questions.items()}
    counts = [1 if quick else getattr(one, "ROUNDS", ROUNDS) for one in questions.values()]
    order = random.sample(list(names), counts=counts, k=sum(counts))
    rounds, others = {name: {case: [] for case in cases[name]} for name in names}, []
    for place, name in enumerate(order, 1):
        print(f"[{place}/{len(order)}] {name}", flush=True)
        others.append(psutil.cpu_percent(interval=0.1 if quick else 1))
        for case in random.sample(list(cases[name]), len(cases[name])):
            rounds[name][case].append(cases[name][case]())
    where = {"machine": machine(), "threads": torch.get_num_threads(), "data": data.source}
    where["others_percent"] = statistics.mean(others)  # What others took of all cores.
    return {**where, **reported(rounds), "rounds": rounds}


def reported(rounds):
    """The numbers that all stored rounds give."""
    report = {}
    for name, measured in rounds.items():
        report |= import_module(f"benchmarks.{name}").results(measured)
    return report


if __name__ == "__main__":
    main()
