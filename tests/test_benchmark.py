"""The benchmark compares what does the whole work, and counts what it says."""

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from types import SimpleNamespace

import pytest

from aelib.data import load_data
from benchmarks import (
    __main__,
    environment,
    peers,
    quiet,
    rounds,
    store,
)


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", 600, 100)


def in_another_process(function, *arguments):
    """For libraries that change what they are imported into."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(function, *arguments).result(timeout=900)


def test_ratios_are_medians_of_the_rounds():
    times = {"ours": [1.0, 2.0, 4.0], "theirs": [3.0, 10.0, 8.0]}
    assert rounds.ratios(times, "ours") == {"theirs": 3.0}
    assert rounds.medians(times) == {"ours": 2.0, "theirs": 8.0}


@pytest.mark.slow
def test_rounds_of_all_questions_come_in_random_order(monkeypatch, digits):
    calls = []

    def question(name, **settings):
        def case(letter):
            return lambda: calls.append((name, letter)) or len(calls)

        made = {letter: case(letter) for letter in "abc"}
        module = SimpleNamespace(cases=lambda data, quick: made, **settings)
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)

    question("one")
    question("two", ROUNDS=20)
    measured, probes = __main__.run_rounds(["one", "two"], digits, quick=False)
    assert {len(values) for values in measured["one"].values()} == {rounds.ROUNDS}
    assert {len(values) for values in measured["two"].values()} == {20}
    assert len(probes) == rounds.ROUNDS + 20 + 1
    # Where each call came, in the order of the calls.
    assert all(calls[place - 1] == ("two", "b") for place in measured["two"]["b"])
    in_threes = [calls[start : start + 3] for start in range(0, len(calls), 3)]
    assert all(len({name for name, _ in three}) == 1 for three in in_threes)
    assert len({tuple(letter for _, letter in three) for three in in_threes}) > 2
    names = [three[0][0] for three in in_threes]
    assert names not in (sorted(names), sorted(names, reverse=True))


@pytest.mark.slow
def test_a_quick_run_reports_what_its_stored_rounds_say():
    names = [name for name in __main__.QUESTIONS if name not in ("lessons", "gpu")]
    text = in_another_process(quick_run, [*names, "procedure"])
    report = json.loads(text)
    assert set(report["rounds"]) == {*names, "procedure"}
    assert all(len(v) == 1 for cases in report["rounds"].values() for v in cases.values())
    assert {name: report[name] for name in ("quick", "threads", "cores")} == {
        "quick": True, "threads": 1, "cores": environment.describe()["cores"],
    }  # fmt: skip
    again = __main__.reported(report["rounds"])
    assert again and {name: report[name] for name in again} == again
    for approach in (1, 2):
        assert report[f"time_ratio_approach_{approach}"] == pytest.approx(
            report[f"published_seconds_approach_{approach}"]
            / report[f"seconds_approach_{approach}"]
        )
    libraries = [name for name in peers.LIBRARIES if find_spec(name)]
    for suffix in ("", "_large"):
        assert list(report[f"throughput_ratio{suffix}_tuned"]) == libraries
        assert {"published loop", *libraries} <= set(report[f"throughput_ratio{suffix}"])
    assert store.objections(report)  # Never mistaken for a real one.


def quick_run(names):
    return json.dumps(__main__.measure(names, load_data("digits", 600, 100), quick=True))


@pytest.mark.slow
def test_a_run_is_written_with_its_rounds(monkeypatch, tmp_path, digits):
    monkeypatch.setattr(__main__, "project_folder", lambda: tmp_path)
    __main__.main(["--quick", "head"])
    report = json.loads((tmp_path / "runs" / "benchmark.json").read_text())
    [took] = report["rounds"]["head"]["ours"]
    assert report["head_seconds"]["ours"] == took
    assert len(report["load_before"]) == len(report["load_after"]) == 3
    with pytest.raises(SystemExit):
        __main__.main(["haed"])


def probes(count=50, took=0.2, core=0.2, busy=0.2):
    return [{"seconds": took, "core_seconds": core, "busy_seconds": busy}] * count


@pytest.mark.parametrize(
    "sign, disturbed",
    [
        ("waiting", probes(core=0.17, busy=0.17)),
        ("others", probes(busy=0.2 + 0.1 * 0.2 * os.cpu_count())),
        ("spread", probes(40) + probes(10, took=0.3, core=0.3, busy=0.3)),
    ],
)
def test_each_sign_of_a_disturbance_is_seen(sign, disturbed):
    assert quiet.results(probes())["disturbed"] is False
    result = quiet.results(disturbed)
    assert result["disturbed"] is True
    assert quiet.results(probes(), spread_of_epochs=0.5)["disturbed"] is True
    signs = result["disturbance"]["signs"]
    assert [name for name, bound in quiet.BOUNDS.items() if signs[name] > bound] == [sign]


@pytest.mark.slow
def test_a_real_disturbance_is_seen():
    probe = quiet.new_probe()
    with quiet.busy_processes(2 * os.cpu_count()):
        assert quiet.results([probe() for _ in range(6)])["disturbed"] is True


def good_report():
    cases = {name: {"case": [1.0] * rounds.ROUNDS} for name in (*__main__.QUESTIONS, "procedure")}
    signs = {"waiting": 0.0, "others": 0.0, "spread": 0.0}
    return {
        "disturbed": False, "disturbance": {"signs": signs, "bounds": quiet.BOUNDS},
        "data": "MNIST", "threads": 1, "not_installed": [], "rounds": cases,
    }  # fmt: skip


@pytest.mark.parametrize(
    "change, said",
    [
        ({"disturbed": True}, "disturbed"),
        ({"data": "digits (stand-in)"}, "not on MNIST"),
        ({"threads": 2}, "2 threads"),
        ({"not_installed": ["keras"]}, "not installed: keras"),
        ({"rounds": good_report()["rounds"] | {"growth": {"case": [1.0]}}}, "growth, case"),
        ({"rounds": {**good_report()["rounds"], "procedure": None}}, "no procedure"),
    ],
)
def test_only_a_good_run_is_stored(change, said, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "project_folder", lambda: tmp_path)
    source, target = (tmp_path / part / "benchmark.json" for part in ("runs", "aelib/results"))
    source.parent.mkdir()
    bad = good_report() | change
    bad["rounds"] = {name: cases for name, cases in bad["rounds"].items() if cases}
    source.write_text(json.dumps(bad))
    with pytest.raises(SystemExit, match=said):
        store.main()
    assert not target.exists()
    source.write_text(json.dumps(good_report()))
    store.main()
    assert json.loads(target.read_text()) == good_report()


def test_a_processor_is_named_by_family_and_model(monkeypatch):
    text = (
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n"
        "model name\t: AMD EPYC\nflags\t\t: fpu avx2 fma sse\n\nprocessor\t: 1\n"
    )
    monkeypatch.setattr(environment, "Path", lambda _: SimpleNamespace(read_text=lambda: text))
    found = environment.processor()
    assert found["name"] == "AMD EPYC (family 25, model 1)"
    assert found["instructions"] == ["avx2", "fma"]
