"""What the benchmark measures does the whole work, and counts what it says."""

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
from aelib.models import count_parameters
from aelib.training import infer
from benchmarks import (
    alternatives,
    epochs,
    gpu,
    lessons,
    limits,
    peers,
    published_epochs,
    rounds,
    time_to_accuracy,
)
from benchmarks.networks import Large, Published


def in_another_process(function, *arguments):
    """For libraries that change what they are imported into."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(function, *arguments).result(timeout=900)


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", 600, 100)


@pytest.mark.parametrize("pictures", [peers.Pictures, peers.PicturePairs])
def test_the_published_procedure_sees_every_picture_in_every_epoch(pictures):
    images = (torch.rand(10, 1, 28, 28) * 255).round() / 255
    seen = []

    def loss_function(outputs, targets):
        seen.extend(targets)
        return outputs.square().mean()

    batches = peers.loader(pictures(images, torch.arange(10)), batch_size=4)
    took = peers.fit(nn.Conv2d(1, 1, 3), batches, loss_function, epochs=3)
    assert len(took) == 3 and min(took) > 0
    assert len(seen) == 30
    for epoch in (seen[:10], seen[10:20], seen[20:]):
        if pictures is peers.PicturePairs:
            assert sorted(map(torch.sum, epoch)) == sorted(image.sum() for image in images)
        else:
            assert sorted(epoch) == list(range(10))


def test_batches_by_index_hold_every_image_once_and_in_random_order():
    images = torch.arange(25.0).view(25, 1, 1, 1)
    batches = list(peers.loader_by_index((images, torch.arange(25)), 10))
    assert [len(labels) for _, labels in batches] == [10, 10, 5]
    order = torch.cat([labels for _, labels in batches])
    assert order.tolist() != list(range(25)) and sorted(order) == list(range(25))
    assert all((inputs.flatten() == labels).all() for inputs, labels in batches)


def test_the_networks_have_the_sizes_that_are_said():
    for network in (Published, Large):
        assert f"{count_parameters(network()):,} weights" in network.__doc__
    assert not Published()[0][3].weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.slow
@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_trains_both_networks_as_written_and_tuned(name):
    if name in peers.LIBRARIES and not find_spec(name):
        pytest.skip(f"{name} is not installed")
    for variant, (steps, fused, channels_last) in in_another_process(adam_of, name).items():
        assert steps == 2 * 5, variant
        if name != "keras":  # It has an Adam and a layout of its own.
            assert (fused, channels_last) == ((True,) * 2 if variant[1] else (False,) * 2), variant


def adam_of(name):
    """How many steps Adam takes in two epochs of five batches; how it was set, on which layout.

    By the network, and whether the peer is tuned; ours always is.
    """
    adam, step, seen = torch.optim.Adam, "step", []
    if name == "keras":
        os.environ["KERAS_BACKEND"] = "torch"
        adam, step = import_module("keras").optimizers.Adam, "apply"
    original = getattr(adam, step)

    def watched(self, *arguments, **settings):
        if name == "keras":
            seen.append((None, None))
        else:
            weights = self.param_groups[0]["params"]
            [kernel] = [one for one in weights if one.ndim == 4 and one.shape[1] > 1][:1]
            layout = kernel.is_contiguous(memory_format=torch.channels_last)
            seen.append((bool(self.defaults["fused"]), layout and not kernel.is_contiguous()))
        return original(self, *arguments, **settings)

    setattr(adam, step, watched)
    data, result = (torch.rand(50, 1, 28, 28), torch.randint(10, (50,))), {}
    for network in (Published, Large):
        for tuned in (False, True) if name in peers.LIBRARIES else (name == "ours",):
            seen.clear()
            settings = {"tuned": tuned} if name in peers.LIBRARIES else {}
            peers.PEERS[name](network, data, 2, 10, **settings)
            result[network.__name__, tuned] = (len(seen), *seen[0])
    return result


@pytest.mark.slow
def test_processes_train_an_epoch_when_told_to_and_end_well(digits):
    workers = epochs.start(digits, 2, group=True)
    assert [epochs.epoch(workers) > 0 for _ in range(2)] == [True] * 2
    assert [worker.poll() for worker in workers] == [None, None]
    epochs.stop(workers)
    assert [worker.poll() for worker in workers] == [0, 0]


def test_bytes_are_counted_once_for_each_operation():
    numbers = torch.rand(1_000)
    with limits.ByteCounter() as moved:
        (numbers + 1).view(10, 100)
    assert moved.total == 2 * 4 * 1_000


@pytest.mark.slow
def test_every_layer_has_its_operations_and_all_of_them_those_of_a_step(digits):
    cases = limits.cases(digits, quick=True)
    report = limits.results({name: [case(), case()] for name, case in cases.items()})
    assert len(report["layers"]) == 13
    total = sum(layer["operations"] for layer in report["layers"].values())
    assert total == report["training_steps"]["autoencoder"]["operations"] > 8e8
    assert min(layer["seconds"] for layer in report["layers"].values()) > 0
    assert 0 < report["share_of_peak"] < 1


def test_each_of_four_seeds_in_one_model_takes_the_step_that_it_would_take_alone(
    digits, monkeypatch
):
    stacked = []

    class Watched(torch.optim.Adam):
        def __init__(self, parameters, **settings):
            stacked.extend(parameters)
            super().__init__(stacked, **settings)

    batch, labels = rounds.first_images(100, digits)
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim, "Adam", Watched)
        alternatives.step_of_four_seeds(batch, labels)()
    for seed in range(4):
        alone = rounds.new_classifier(batch, seed)
        optimizer = torch.optim.Adam(alone.parameters(), fused=True)
        nn.functional.cross_entropy(alone(batch), labels).backward()
        optimizer.step()
        for weights, expected in zip(stacked, alone.parameters(), strict=True):
            # Adam's first step goes by the sign of a gradient, and one that is 0 has none.
            assert ((weights[seed] - expected).abs() < 1e-5).float().mean() > 0.97


@pytest.mark.parametrize(
    "training", [published_epochs.published_training, published_epochs.our_training]
)
def test_both_loops_follow_the_published_recipe(training, digits):
    torch.manual_seed(0)
    model, took = training("autoencoder", digits.train, 1)
    assert len(took) == 1 and took[0] > 0
    encoder = model[0]
    before = [weights.clone() for weights in encoder.parameters()]
    model, took = training("MLP", digits.train, 2, encoder)
    assert model[0] is encoder and len(took) == 2
    assert all(map(torch.equal, before, encoder.parameters()))
    model, _ = training("together", digits.train, 1, encoder)
    assert not all(map(torch.equal, before, model[0].parameters()))


def test_the_whole_is_reckoned_from_epochs_only_where_it_was_not_measured():
    of = published_epochs.EPOCHS
    times = {name: [1.0] * 7 for name in of} | {name + ", our loop": [0.5] * 7 for name in of}
    report = published_epochs.results(times)
    assert report["published_seconds_approach_1"] == 10 * (20 + 10)
    assert report["same_recipe_seconds_approach_2"] == 10 * 20 * 0.5
    assert report["published_seconds_reckoned"] is True


def test_seeds_are_counted_by_what_they_reached():
    runs = [{"seed": i, "seconds": i, "accuracy": 87.33 + i / 100} for i in range(3)]
    report = time_to_accuracy.results({"approach_1": runs, "approach_2": runs})
    assert report["seeds_below_approach_1"] == 1
    assert report["seeds_below_approach_2"] == report["seeds_approach_2"] == 3
    assert report["seconds_approach_1"] == 1
    assert report["published_seeds_approach_1"] == 16


@pytest.mark.slow
@pytest.mark.parametrize("approach", [gpu.approach_1, gpu.approach_2])
def test_what_a_gpu_would_train_learns_on_this_processor(approach, digits):
    torch.manual_seed(0)
    model = approach(digits.train, torch.device("cpu"), epochs=20)
    predicted = infer(model, digits.validation.images).argmax(1)
    assert accuracy(predicted, digits.validation.labels) > 60


@pytest.mark.parametrize(
    "part, source",
    [
        ("imports", "import os\nfrom aelib.models import MLP"),
        ("training", "%matplotlib inline\nhistory = train(model, data)"),
        ("training", "for seed in (0, 1):\n    network.fit(codes, labels)"),
        ("data", "data = load_data(source)"),
        ("figures", "show(figure, 'what train( looks like')"),
        ("other", "print('load_data()')"),
    ],
)
def test_a_cell_is_counted_by_what_it_calls(part, source):
    assert lessons.part_of(source) == part
