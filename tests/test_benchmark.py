"""The benchmark compares what does the whole work, and counts what it says."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context

import pytest
import torch
from torch import nn

from aelib.data import load_data
from aelib.evaluation import accuracy
from aelib.models import Autoencoder
from aelib.results import results_folder
from aelib.training import infer
from benchmarks import benchmark, peers
from tools.lessons import ROOT

STORED = json.loads(results_folder().joinpath("benchmark.json").read_text())


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", 1_000, 100)


@pytest.mark.parametrize("pictures", [peers.Pictures, peers.PicturePairs])
def test_the_published_procedure_sees_every_picture_in_every_epoch(pictures):
    images = (torch.rand(10, 1, 28, 28) * 255).round() / 255
    seen = []

    def loss_function(outputs, targets):
        seen.extend(targets)
        return outputs.square().mean()

    batches = peers.loader(pictures(images, torch.arange(10)), batch_size=4)
    peers.fit(nn.Conv2d(1, 1, 3), batches, loss_function, epochs=3)
    assert len(seen) == 30
    for epoch in (seen[:10], seen[10:20], seen[20:]):
        if pictures is peers.PicturePairs:
            assert sorted(map(torch.sum, epoch)) == sorted(image.sum() for image in images)
        else:
            assert sorted(epoch) == list(range(10))


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_trains_the_published_classifier(name):
    if name in ("lightning", "skorch", "keras") and not find_spec(name):
        pytest.skip(f"{name} is not installed")
    # In a process of its own, since these libraries change what they are imported into.
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        assert other.submit(count_steps, name).result(timeout=100) == 2 * 5


def count_steps(name):
    """How many steps Adam takes in two epochs of five batches."""
    adam, step = torch.optim.Adam, "step"
    if name == "keras":  # It has an Adam of its own.
        os.environ["KERAS_BACKEND"] = "torch"
        adam, step = import_module("keras").optimizers.Adam, "apply"
    counted, original = [], getattr(adam, step)
    setattr(adam, step, lambda *args, **kw: counted.append(1) or original(*args, **kw))
    peers.PEERS[name]((torch.rand(50, 1, 28, 28), torch.randint(10, (50,))), 2, 10)
    return len(counted)


def test_times_are_taken_in_turn_and_the_first_call_is_not_counted():
    calls = []
    functions = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    times = benchmark.in_turn(functions, rounds=2)
    assert "".join(calls) == "ababab"
    assert [len(values) for values in times.values()] == [2, 2]


def test_ratios_are_medians_of_the_rounds():
    times = {"ours": [1.0, 2.0, 4.0], "theirs": [3.0, 10.0, 8.0]}
    assert benchmark.ratios(times, "ours") == {"theirs": 3.0}


def test_bytes_are_counted_once_for_each_operation():
    numbers = torch.rand(1_000)
    with benchmark.ByteCounter() as moved:
        (numbers + 1).view(10, 100)
    assert moved.total == 2 * 4 * 1_000


def test_every_layer_has_its_operations_and_all_of_them_those_of_a_step():
    layers = benchmark.layer_times(Autoencoder(), torch.rand(100, 1, 28, 28))
    assert len(layers) == 13
    total = sum(layer["operations"] for layer in layers.values())
    assert total == STORED["training_steps"]["autoencoder"]["operations"]
    assert min(layer["seconds"] for layer in layers.values()) > 0


def test_each_of_four_seeds_in_one_model_takes_the_step_that_it_would_take_alone(
    digits, monkeypatch
):
    stacked = []

    class Watched(torch.optim.Adam):
        def __init__(self, parameters, **settings):
            stacked.extend(parameters)
            super().__init__(stacked, **settings)

    batch, labels = benchmark.first(100, digits)
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim, "Adam", Watched)
        benchmark.four_seeds(batch, labels)()
    for seed in range(4):
        alone = benchmark.new_classifier(batch, seed)
        optimizer = torch.optim.Adam(alone.parameters(), fused=True)
        nn.functional.cross_entropy(alone(batch), labels).backward()
        optimizer.step()
        for weights, expected in zip(stacked, alone.parameters(), strict=True):
            # Adam's first step goes by the sign of a gradient, and one that is 0 has none.
            assert ((weights[seed] - expected).abs() < 1e-5).float().mean() > 0.97


@pytest.mark.parametrize("approach", [benchmark.approach_1, benchmark.approach_2])
def test_what_a_gpu_would_train_learns_on_this_processor(digits, approach):
    torch.manual_seed(0)
    model = approach(digits.train, torch.device("cpu"), epochs=20)
    predicted = infer(model, digits.validation.images).argmax(1)
    assert accuracy(predicted, digits.validation.labels) > 60


def test_the_stored_benchmark_has_every_number():
    """Those that a GPU adds apart."""
    assert STORED["data"] == "MNIST"
    assert STORED["not_installed"] == []
    assert set(STORED["images_per_second"]) == set(peers.PEERS)
    assert set(STORED["throughput_ratio"]) == {*peers.PEERS, "scikit-learn"} - {"ours"}
    names = ("time_ratio_approach_1", "time_ratio_approach_2", "share_of_peak")
    names += ("growth_60k_over_6k", "peak_rss_mb_60k", "lessons_seconds")
    assert [name for name in names if not STORED[name] > 0] == []
    lessons = sorted(path.stem for path in benchmark.find_lessons(ROOT / "notebooks").values())
    assert sorted(STORED["lessons"]) == lessons
    total = sum(lesson["seconds"] for lesson in STORED["lessons"].values())
    assert STORED["lessons_seconds"] == pytest.approx(total)


def test_what_lesson_8_says_of_the_stored_benchmark_is_true():
    milliseconds = STORED["step_milliseconds"]
    slow, in_memory = milliseconds["published loop"], milliseconds["images in memory"]
    assert 0.55 < (slow - in_memory) / slow < 0.78, "two thirds"
    assert 0.25 < 1 - milliseconds["pooling before ReLU"] / in_memory < 0.36, "nearly a third"
    layout = milliseconds["fused Adam"] - milliseconds["channels-last"]
    assert layout > (in_memory - milliseconds["pooling before ReLU"]) / 2, "most of it"
    assert max(STORED["images_per_second"], key=STORED["images_per_second"].get) == "ours"
    assert STORED["head_seconds"]["scikit-learn"] < STORED["head_seconds"]["ours"]

    layers = STORED["layers"].values()
    large = sorted(layers, key=lambda layer: layer["operations"])[-2:]
    shares = [sum(x[k] for x in large) / sum(x[k] for x in layers) for k in large[0]]
    assert shares[0] == pytest.approx(5 / 6, abs=0.02)
    assert shares[1] < 0.5
    small = [layer for layer in layers if layer["operations"] and layer not in large]
    taken = sum(layer["seconds"] for layer in small) / sum(layer["seconds"] for layer in layers)
    assert len(small) == 4
    assert 0.75 * shares[1] < taken < shares[1], "nearly as long"
    assert max(layers, key=lambda layer: layer["seconds"]) is large[1]
    assert 0.33 < STORED["share_of_peak"] < 0.45, "little more than a third"
    assert STORED["training_steps"]["autoencoder"]["share_of_copy_rate"] < 0.3

    assert min(STORED["step_over_plain_step"].values()) > 1, "none pays"
    assert STORED["step_over_plain_step"]["bfloat16"] > 3, "many times as long"
    plain = STORED["training_steps"]["approach 2"]["seconds"]
    assert STORED["first_step_seconds"]["torch.compile"] > 1_200 * plain
    factor = STORED["throughput_ratio"]["published loop"]
    assert 3 <= factor <= 4.2, "a factor of three to four"
    for approach in (1, 2):
        ratio = STORED[f"time_ratio_approach_{approach}"]
        assert ratio > 200, "hundreds of times"
        assert 60 < ratio / factor < 170, "about a hundred"
        published = STORED[f"published_seeds_approach_{approach}"]
        assert STORED[f"published_seeds_below_approach_{approach}"] > published / 2

    assert 9 < STORED["growth_60k_over_6k"] < 11, "in proportion"
    threads, processes = (STORED[f"epoch_seconds_by_{what}"] for what in ("threads", "processes"))
    assert processes["1"] / processes["2"] < threads["1"] / threads["2"] - 0.1
    assert 1 < threads["1"] / threads["2"] < 2
