"""The benchmark compares what does the same work, and its stored run is whole and computed."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import torch

from aelib.results import results_folder
from benchmarks import __main__, limits, peers, rounds

STORED = json.loads(results_folder().joinpath("benchmark.json").read_text())


def apart(function, *arguments):
    """For settings of a whole process, and libraries that change what they are imported into."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(function, *arguments).result(timeout=900)


def test_the_stored_numbers_are_those_of_its_rounds():
    again = __main__.reported(STORED["rounds"])
    assert {name: STORED[name] for name in again} == again


def test_the_stored_run_is_whole_and_quiet():
    """Where it fails for a new run, that run is none to store."""
    assert (STORED["data"], STORED["threads"]) == ("MNIST", 1)
    assert STORED["others_percent"] < 2
    assert set(STORED["rounds"]) == set(__main__.QUESTIONS)
    for name in ("limits", "steps", "peers", "growth"):
        for case, values in STORED["rounds"][name].items():
            assert len(values) >= __main__.ROUNDS or "peak_rss_mb" in case, case
    assert len(STORED["layers"]) == 13
    for suffix in peers.NETWORKS:
        assert set(STORED[f"throughput_ratio{suffix}_tuned"]) == set(peers.LIBRARIES)


@pytest.mark.slow
def test_a_quick_run_gives_the_numbers_of_a_stored_one():
    names = [name for name in __main__.QUESTIONS if name != "lessons"]
    report = apart(__main__.measure, names, True)
    assert set(STORED) - set(report) == {"lessons", "lessons_machine", "lessons_seconds"}
    assert __main__.reported(report["rounds"]).items() <= report.items()
    for name, cases in report["rounds"].items():
        assert {len(values) for values in cases.values()} == {1}, name
    assert 200 < report["peak_rss_mb_import"] < report["peak_rss_mb_60k"]
    parts = [layer["operations"] for layer in report["layers"].values()]
    assert sum(parts) == report["training_steps"]["autoencoder"]["operations"] > 8e8
    once = json.loads(results_folder().joinpath("once.json").read_text())
    assert not set(once) & set(report)  # Lesson 8 reads both into one.


def test_ratios_are_medians_of_the_rounds():
    assert rounds.ratio([3.0, 10.0, 8.0], [1.0, 2.0, 4.0]) == 3.0
    rates = {"ours": [4.0, 4.0, 12.0], "published loop": [2.0, 1.0, 4.0]}
    cases = {name + suffix: rates[name] for name in rates for suffix in peers.NETWORKS}
    cases |= {f"{peers.HEAD}ours": [1.0], f"{peers.HEAD}scikit-learn": [0.5]}
    found = peers.results(cases)
    assert found["throughput_ratio"] == {"published loop": 3.0, "scikit-learn": 0.5}
    assert found["images_per_second_large"] == {"ours": 4.0, "published loop": 2.0}


def test_the_limit_is_the_best_round_and_a_step_the_median_one():
    def case(operations, moved, *times):
        return [{"operations": operations, "bytes": moved, "seconds": took} for took in times]

    best = {f"{limits.PEAK}a": case(10, 1, 2, 1, 4), limits.COPY: case(0, 8, 2, 1, 1)}
    found = limits.results(best | {limits.STEP: case(20, 4, 3, 8, 4)})
    assert found["share_of_peak"] == 20 / 4 / 10
    assert found["training_steps"]["autoencoder"]["share_of_copy_rate"] == 4 / 4 / 8


def test_bytes_are_counted_once_for_each_operation():
    numbers = torch.rand(1_000)
    with limits.ByteCounter() as moved:
        (numbers + 1).view(10, 100)
    assert moved.total == 2 * 4 * 1_000
