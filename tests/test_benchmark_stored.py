"""The stored run of the benchmark has every number, and lesson 8 says of it what is so."""

import json
import re

import pytest

from aelib.results import results_folder
from benchmarks import __main__, peers, store
from benchmarks.limits import LAYER
from tools.lessons import ROOT, find_lessons

STORED = json.loads(results_folder().joinpath("benchmark.json").read_text())
LESSON = (ROOT / "notebooks" / "08_scaling_up.py").read_text(encoding="utf-8")


def of(key, *names):
    """Numbers of the stored run: one, or those of these names."""
    return [STORED[key][name] for name in names] if names else STORED[key]


def share_of_layers(names, of_what):
    """The share of some layers of the autoencoder in the operations or seconds of all."""
    layers = STORED["layers"]
    return sum(layers[name][of_what] for name in names) / sum(x[of_what] for x in layers.values())


def by(what):
    """The layers, those with most seconds or operations last."""
    return sorted(STORED["layers"], key=lambda name: STORED["layers"][name][what])


def by_arithmetic():
    """The layers that compute, those with most arithmetic last."""
    return [name for name in by("operations") if STORED["layers"][name]["operations"]]


def fewest_channels(name):
    """How many channels a layer has, such as "Conv2d 8x14x14 to 4x14x14", before it or after."""
    return min(int(shape.split("x")[0]) for shape in name.split()[1::2])


def speed_up(what):
    """By how much two are faster than one."""
    one, two = of(f"epoch_seconds_by_{what}", "1", "2")
    return one / two


#: What the lesson says, and when it is so.
SENTENCES = {
    "ours is the fastest": lambda: (
        max(STORED["images_per_second"], key=STORED["images_per_second"].get) == "ours"
    ),
    "the slowest takes more than twice as long": lambda: max(of("throughput_ratio").values()) > 2,
    "PyTorch itself is not always the fastest": lambda: (
        of("head_seconds", "scikit-learn") < of("head_seconds", "ours")
    ),
    "in less time": lambda: of("head_seconds", "scikit-learn") < of("head_seconds", "ours"),
    "more than a quarter of the published loop's time went into fetching": lambda: (
        of("step_milliseconds", "images in memory")[0]
        < 0.75 * of("step_milliseconds", "published loop")[0]
    ),
    "The first change brings the most": lambda: (
        max(drops := [a - b for a, b in pairs(list(of("step_milliseconds").values())[:5])])
        == drops[0]
    ),
    "All together save more than a third of the step": lambda: (
        of("step_milliseconds", "pooling before ReLU")[0]
        < of("step_milliseconds", "published loop")[0] * 2 / 3
    ),
    "Close to a billion": lambda: (
        0.75e9 < STORED["training_steps"]["autoencoder"]["operations"] < 1e9
    ),
    "much less than the machine can do at its best": lambda: of("share_of_peak") < 0.75,
    "far more bytes could be moved": lambda: (
        STORED["training_steps"]["autoencoder"]["share_of_copy_rate"] < 0.4
    ),
    "Yes, but less than their share": lambda: (
        set(by_arithmetic()[-2:]) == set(by("seconds")[-2:])
        and share_of_layers(by_arithmetic()[-2:], "seconds")
        < share_of_layers(by_arithmetic()[-2:], "operations")
    ),
    "two large convolutions hold five sixths of the arithmetic": lambda: (
        abs(share_of_layers(by_arithmetic()[-2:], "operations") - 5 / 6) < 0.02
    ),
    "and less of the time": lambda: share_of_layers(by_arithmetic()[-2:], "seconds") < 0.75,
    "The four small ones have four channels or fewer on one side": lambda: (
        [fewest_channels(name) <= 4 for name in by_arithmetic()] == [True] * 4 + [False] * 2
    ),
    "more of the time than their sixth of the arithmetic": lambda: (
        share_of_layers(by_arithmetic()[:-2], "seconds") > 1 / 6
    ),
    "they compute so little that none of it is counted": lambda: (
        {name.split()[0] for name in STORED["layers"]} - {n.split()[0] for n in by_arithmetic()}
        == {"MaxPool2d", "ReLU", "PixelShuffle"}
    ),
    "longer than hundreds of plain ones": lambda: (
        of("first_step_seconds", "torch.compile")[0]
        > 200 * STORED["training_steps"]["approach 2"]["seconds"]
    ),
    "passes the published accuracies within two seconds": lambda: all(
        of(f"seconds_approach_{a}") < 2 and of(f"seeds_below_approach_{a}") == 0 for a in (1, 2)
    ),
    "and with most seeds it does not": lambda: all(
        of(f"published_seeds_below_approach_{a}") > of(f"published_seeds_approach_{a}") / 2
        for a in (1, 2)
    ),
    "Nearly in proportion": lambda: 8.5 < of("growth_60k_over_6k") < 11.5,
    "faster than one, but not twice as fast": lambda: 1 < speed_up("threads") < 1.9,
    "Two processes are not twice as fast either": lambda: speed_up("processes") < 1.9,
    "without them it takes many times as long": lambda: (
        {"avx512_bf16", "amx_bf16"} & set(STORED["processor"]["instructions"])
        or STORED["step_over_plain_step"]["bfloat16"] > 3
    ),
    "same recipe with our loop** is faster by the factor above": lambda: all(
        1.3 < of(f"published_seconds_approach_{a}") / of(f"same_recipe_seconds_approach_{a}") < 10
        for a in (1, 2)
    ),
    "Tuned, Lightning and skorch come closer": lambda: all(
        tuned < written
        for tuned, written in zip(
            of("throughput_ratio_tuned", "lightning", "skorch"),
            of("throughput_ratio", "lightning", "skorch"),
            strict=True,
        )
    ),
    "With the large network all of them come closer": lambda: all(
        of("throughput_ratio_large", name)[0] < of("throughput_ratio", name)[0]
        for name in ("published loop", *peers.LIBRARIES)
    ),
    "the tuned ones nearly catch up": lambda: (
        max(of("throughput_ratio_large_tuned", "lightning", "skorch")) < 1.3
    ),
    "The best use of two cores is two trainings at once": lambda: (
        speed_up("trainings_at_once") > 0.8
        and 2 * speed_up("trainings_at_once") > max(speed_up("threads"), speed_up("processes"))
    ),
}


def pairs(values):
    return zip(values, values[1:], strict=False)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_sentence_stands_in_the_lesson(sentence):
    prose = " ".join(re.sub(r"(?m)^# ?", "", LESSON).split())
    assert sentence in prose, "a sentence that has changed needs another test"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_sentence_holds_for_the_stored_run(sentence):
    assert SENTENCES[sentence]()


def test_no_ratio_of_three_digits_is_told():
    """What a whole procedure takes over another one, with another network, is no speed."""
    notebook = json.loads((ROOT / "notebooks" / "08_scaling_up.ipynb").read_text("utf-8"))
    told = json.dumps(notebook["cells"]) + (ROOT / "README.md").read_text("utf-8")
    assert "time_ratio" not in LESSON
    assert not re.search(r"\b\d{3,}(\.\d+)? times as (fast|long)", told)
    assert not re.search(r"hundreds of times as (fast|long)", told)


def test_the_stored_run_has_every_number():
    """Those that a GPU adds apart."""
    assert STORED["data"] == "MNIST"
    assert STORED["not_installed"] == []
    assert set(STORED["images_per_second"]) == set(peers.PEERS)
    assert set(STORED["throughput_ratio"]) == {*peers.PEERS, "scikit-learn"} - {"ours"}
    names = ("time_ratio_approach_1", "time_ratio_approach_2", "share_of_peak")
    names += ("growth_60k_over_6k", "peak_rss_mb_60k", "lessons_seconds")
    assert [name for name in names if not STORED[name] > 0] == []
    known = set(find_lessons(ROOT / "notebooks"))
    assert set(STORED["lessons"]) <= known


def test_each_lesson_ran_in_a_minute_or_two():
    assert max(lesson["seconds"] for lesson in STORED["lessons"].values()) < 120


def test_the_stored_run_was_quiet_and_whole():
    assert store.objections(STORED) == []
    assert STORED["disturbed"] is False
    assert STORED["published_seconds_reckoned"] is False
    for suffix in ("", "_large"):
        assert set(STORED[f"throughput_ratio{suffix}_tuned"]) == set(peers.LIBRARIES)
    for name in ("name", "family", "model", "instructions"):
        assert STORED["processor"][name], name
    assert len(STORED["load_before"]) == len(STORED["load_after"]) == 3


def test_the_stored_numbers_are_those_of_its_rounds():
    again = __main__.reported({n: r for n, r in STORED["rounds"].items() if r and n != "gpu"})
    # Those of the study of lesson 6, and not of a round, are left out.
    again = {name: value for name, value in again.items() if "published_seeds" not in name}
    assert {name: STORED[name] for name in again} == again
    layers = [name for name in STORED["rounds"]["limits"] if name.startswith(LAYER)]
    assert len(layers) == len(STORED["layers"]) == 13
