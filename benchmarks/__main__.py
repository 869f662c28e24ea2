"""Measure the training: against what people would use instead, and against the machine's limit.

    python -m benchmarks [QUESTION ...] [--procedure]

All questions that are named, or all of them, are measured in one run, in rounds of random order: so
a disturbance of a moment meets a round or two of each, and medians are reported. It prints a table,
and writes runs/benchmark.json, with every round in it, and runs/benchmark.png.
"""

import argparse
import importlib
import json
import random
import time

import torch

from aelib.data import load_data
from aelib.files import write_whole
from aelib.settings import project_folder
from benchmarks import environment, quiet, time_to_accuracy
from benchmarks.report import draw, print_table
from benchmarks.rounds import ROUNDS
from tools.lessons import set_environment

#: The modules of this folder that are questions, in the order in which they are reported.
QUESTIONS = (
    *("limits", "throughput", "head", "steps", "alternatives", "growth", "allocator"),
    *("published_epochs", "time_to_accuracy", "start_up", "memory", "gpu", "lessons"),
)


def main(arguments=None):
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(QUESTIONS))
    parser.add_argument(
        "--procedure",
        action="store_true",
        help="time the whole published procedure, too: some ten minutes more",
    )
    parser.add_argument("--quick", action="store_true", help="little data, one round: for tests")
    options = parser.parse_args(arguments)
    if unknown := set(options.questions) - set(QUESTIONS):
        parser.error(
            f"no such question: {', '.join(sorted(unknown))}. There are {parser.format_usage()}"
        )
    set_environment()
    names = [*(options.questions or QUESTIONS), *(["procedure"] if options.procedure else [])]
    torch.set_num_threads(1)  # Whatever `AELIB_THREADS` is.
    data = load_data("digits", 600, 100) if options.quick else load_data("auto", 60_000, 10_000)
    result = measure(names, data, options.quick)
    runs = project_folder() / "runs"
    runs.mkdir(exist_ok=True)
    write_whole(runs / "benchmark.json", json.dumps(result, indent=1) + "\n")
    print_table({name: value for name, value in result.items() if name not in ("rounds", "probes")})
    if {"images_per_second", "lessons"} <= set(result):
        draw(result).savefig(runs / "benchmark.png")


def measure(names, data, quick=False):
    """The report: the numbers, and the rounds that they are from."""
    report = {
        **environment.describe(),
        "data": data.source,
        "quick": quick,
        "load_before": environment.load(),
    }
    begin = time.perf_counter()
    rounds, probes = run_rounds(names, data, quick)
    report |= reported(rounds)
    # No probe runs for the minutes of the procedure, but its epochs are as good.
    report |= quiet.results(probes, report.get("published_procedure_spread", 0.0))
    report["load_after"] = environment.load()
    report["seconds"] = time.perf_counter() - begin
    return report | {"probes": probes, "rounds": rounds}


def run_rounds(names, data, quick):
    """Every round of every question, and the probes before them.

    Returns:
        What each case has returned, by question and case, in the order of the calls; the probes.
    """
    questions = {name: importlib.import_module(f"benchmarks.{name}") for name in names}
    cases = {}
    for name, question in questions.items():
        print(f"{name}: getting ready", flush=True)
        cases[name] = question.cases(data, quick)
    order = [
        name
        for name, question in questions.items()
        for _ in range(1 if quick else getattr(question, "ROUNDS", ROUNDS))
    ]
    random.shuffle(order)
    rounds = {name: {case: [] for case in cases[name]} for name in names}
    probe, probes = quiet.new_probe(), []
    for place, name in enumerate(order, 1):
        probes.append(probe())
        start = time.perf_counter()
        for case in random.sample(list(cases[name]), len(cases[name])):
            rounds[name][case].append(cases[name][case]())
        took = time.perf_counter() - start
        print(f"[{place}/{len(order)}] {name}: {took:.1f} s", flush=True)
    probes.append(probe())
    return rounds, probes


def reported(rounds):
    """The numbers that all stored rounds give."""
    report = {}
    for name, measured in rounds.items():
        question = importlib.import_module(f"benchmarks.{name}")
        for key, value in question.results(measured).items():
            if isinstance(value, dict) and isinstance(report.get(key), dict):
                value = report[key] | value
            report[key] = value
    return report | time_to_accuracy.time_ratios(report)


if __name__ == "__main__":
    main()
