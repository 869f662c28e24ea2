"""A training is loaded where the very same has run before, and nowhere else."""

import builtins
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from functools import partial

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch import nn
from torch.nn import functional as F
from torch.nn.functional import mse_loss

import aelib.models
from aelib.data import augment
from aelib.models import Autoencoder, Encoder, Noise, RandomAffine, freeze
from aelib.studies.recipe import Reconstruction, reconstruction_error
from aelib.training import checkpoints, load_checkpoint, loop, save_checkpoint, train_or_load
from aelib.training.surroundings import digest
from tools.lessons import ROOT

SETTINGS = {"epochs": 1, "batch_size": 20, "learning_rate": 0.001, "seed": 0}
torch.manual_seed(0)
IMAGES = torch.rand(40, 1, 28, 28)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """The folder of the checkpoints, with none in it."""
    monkeypatch.setattr(checkpoints, "project_folder", lambda: tmp_path)
    return tmp_path / "runs" / "checkpoints"


def fresh(network=Autoencoder):
    torch.manual_seed(0)
    return network()


def weights(model):
    return torch.cat([tensor.flatten() for tensor in model.state_dict().values()])


def cached(model, loss_function=mse_loss, images=IMAGES, **changed):
    """The history, and whether it came from a training, which is watched from outside."""
    trainings, code = [], loop.train.__code__

    def watch(frame, event, _):
        if event == "call" and frame.f_code is code:
            trainings.append(frame)

    sys.setprofile(watch)
    try:
        settings = {**SETTINGS, **changed}
        history = train_or_load("a", model, (images, images), loss_function, **settings)
    finally:
        sys.setprofile(None)
    return history, len(trainings) == 1


NOISY = nn.Sequential(Noise(0.1), nn.BatchNorm2d(1), RandomAffine())


@pytest.mark.parametrize(
    ("network", "loss_function"),
    [
        (Autoencoder, mse_loss),
        (Autoencoder, nn.MSELoss()),
        (Autoencoder, partial(F.smooth_l1_loss, beta=0.5)),
        (
            lambda: nn.Sequential(Noise(0.1), nn.BatchNorm2d(1), RandomAffine(), Autoencoder()),
            mse_loss,
        ),
        (lambda: Reconstruction([RandomAffine()], Autoencoder()), reconstruction_error),
    ],
    ids=["function", "module", "partial", "random layers", "a study's"],
)
def test_the_very_same_training_is_loaded(folder, network, loss_function):
    first = fresh(network)
    history, trained = cached(first, loss_function)
    after = torch.rand(1)
    assert trained
    second = fresh(network)
    loaded, trained = cached(second, loss_function)
    assert (loaded, trained) == (history, False)
    assert loaded.settings == history.settings == SETTINGS
    assert loaded.targets[0] is history.targets[0] is IMAGES
    assert torch.rand(1) == after, "random numbers go on as after the training"
    assert weights(second).equal(weights(first))
    assert not second.training
    assert all(weight.grad is None for weight in (*first.parameters(), *second.parameters()))
    assert len(list(folder.glob("*.safetensors"))) == 1


# What is changed, and must not be overlooked ----------------------------------------------------

FACTOR = 1.0


def default_argument(outputs, targets, factor=FACTOR):
    return factor * mse_loss(outputs, targets)


def global_value(outputs, targets):
    return FACTOR * mse_loss(outputs, targets)


def helper(outputs, targets):
    return mse_loss(outputs, targets)


def by_helper(outputs, targets):
    return helper(outputs, targets)


def closure(factor):
    return lambda outputs, targets: factor * mse_loss(outputs, targets)


def decorated(factor):
    def decorator(function):
        return lambda *batch: factor * function(*batch)

    return decorator(mse_loss)


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, outputs, targets):
        return self.factor * mse_loss(outputs, targets)

    def method(self, outputs, targets):
        return self.factor * mse_loss(outputs, targets)


one, other = lambda a, b: mse_loss(a, b), lambda a, b: 2 * mse_loss(a, b)
#: Pairs of loss functions that look alike: the second must not get what the first trained.
PAIRS = {
    "closure": (closure(1), closure(2)),
    "two lambdas of a line": (one, other),
    "decorator": (decorated(1), decorated(2)),
    "bound method": (Scaled(1).method, Scaled(2).method),
    "callable object": (Scaled(1), Scaled(2)),
    "argument of a partial": [partial(F.smooth_l1_loss, beta=beta) for beta in (1.0, 0.5)],
    "argument of a module": [nn.SmoothL1Loss(beta=beta) for beta in (1.0, 0.5)],
    "module": (nn.MSELoss(), nn.L1Loss()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_another_loss_function_is_trained_with(folder, name):
    assert [cached(fresh(), loss_function)[1] for loss_function in PAIRS[name]] == [True, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss_function", "change"),
    [
        (default_argument, lambda patch: patch.setattr(default_argument, "__defaults__", (2.0,))),
        (global_value, lambda patch: patch.setitem(globals(), "FACTOR", 2.0)),
        (by_helper, lambda patch: patch.setitem(globals(), "helper", one)),
    ],
)
def test_a_loss_function_that_has_changed_is_trained_with(
    folder, monkeypatch, loss_function, change
):
    assert cached(fresh(), loss_function)[1]
    change(monkeypatch)
    assert cached(fresh(), loss_function)[1]


class Own(Autoencoder):
    def forward(self, images):
        return super().forward(images) / 2


class Bare(Autoencoder):
    """No code of its own is here, but in the next version of this file there may be."""


def patched(holder, name, value):
    """A change that gives a class or module another function."""
    return lambda patch, model: patch.setattr(holder, name, value, raising=False)


def changed(function):
    """A change that is made to the model."""
    return lambda patch, model: function(model)


def half(self, images):
    return self.decoder(self.encoder(images)) / 2


def global_hook(patch, model):
    handle = nn.modules.module.register_module_forward_hook(lambda module, _, output: output)
    patch.callback = handle.remove


def set_attribute(name, value):
    return changed(lambda model: setattr(model[0], name, value))


def environment(name, value):
    return lambda patch, model: patch.setenv(name, value)


def restored(change, back):
    def both(patch, model):
        change()
        patch.callback = back

    return both


def core_function(patch, model):
    library = torch.library.Library("aten", "IMPL")
    library.impl("relu", lambda images: images.abs(), "CPU")
    patch.callback = library._destroy


class Relu(nn.ReLU):
    def forward(self, images):
        return images.sigmoid()


#: Each of them changes the training of the network below, or may do so.
CHANGES = {
    "a weight": changed(lambda m: m[1].decoder[-2].bias.data.add_(1e-6)),
    "attribute": set_attribute("deviation", 0.2),
    "attribute that only is there": set_attribute("comment", "hello"),
    "attribute of any kind": set_attribute("thing", object()),
    "activation": changed(lambda m: m[1].decoder.__setitem__(1, nn.Sigmoid())),
    "activation of an own class": changed(lambda m: m[1].decoder.__setitem__(1, Relu())),
    "inplace": changed(lambda m: setattr(m[1].decoder[1], "inplace", True)),
    "dropout": changed(lambda m: m[1].encoder.append(nn.Dropout(0.5))),
    "forward hook": changed(lambda m: m[1].register_forward_hook(lambda *_: None)),
    "forward pre-hook": changed(lambda m: m[1].register_forward_pre_hook(lambda *_: None)),
    "backward hook": changed(lambda m: m[1].register_full_backward_hook(lambda *_: None)),
    "hook of a weight": changed(lambda m: m[1].encoder[0].bias.register_hook(lambda g: 2 * g)),
    "hook after a gradient": changed(
        lambda m: m[1].encoder[0].bias.register_post_accumulate_grad_hook(lambda w: None)
    ),
    "global hook": global_hook,
    "buffer not saved": changed(
        lambda m: m[0].register_buffer("scale", torch.ones(1), persistent=False)
    ),
    "buffer": changed(lambda m: m[0].register_buffer("scale", torch.ones(1))),
    "module in a list": set_attribute("layers", [nn.Linear(2, 2)]),
    "tensor": set_attribute("table", torch.ones(3)),
    "method of an instance": changed(lambda m: setattr(m[1], "forward", half.__get__(m[1]))),
    "method of a class": patched(Autoencoder, "forward", half),
    "method by another name": patched(Encoder, "__call__", nn.Module.__call__),
    "lambda as a method": patched(Noise, "forward", lambda self, images: images),
    "function of PyTorch": patched(F, "mse_loss", F.l1_loss),
    "function of PyTorch, own": patched(torch, "randn_like", torch.zeros_like),
    "method of a tensor": patched(torch.Tensor, "__mul__", torch.Tensor.__truediv__),
    "partial in PyTorch": patched(torch, "randn_like", partial(torch.zeros_like, dtype=None)),
    "object in PyTorch": patched(torch, "randn_like", Scaled(2)),
    "layer of PyTorch": patched(nn.ReLU, "forward", lambda self, images: images.sigmoid()),
    "layer of PyTorch by another": patched(nn.ReLU, "forward", nn.Sigmoid.forward),
    "layer below layers": patched(nn.Conv2d, "_conv_forward", lambda self, x, w, b: 0 * x),
    "attribute of a layer's class": patched(nn.ReLU, "inplace_too", True),
    "core of PyTorch": core_function,
    "built-in function": patched(builtins, "zip", map),
    "function of a module": patched(loop.math, "ceil", loop.math.floor),
    "optimizer": patched(torch.optim.Adam, "step", torch.optim.SGD.step),
    "schedule of aelib": patched(loop, "one_cycle_schedule", lambda *_: None),
    "scaled": patched(loop, "scaled", lambda batch: batch),
    "epoch": patched(loop, "train_epoch", lambda *_: 0.5),
    "random_affine": patched(aelib.models, "random_affine", lambda images: images),
    "code of a function": patched(
        augment.random_affine, "__code__", (lambda images: images).__code__
    ),
    "class": changed(lambda m: setattr(m[1], "__class__", Own)),
    "frozen": changed(lambda m: freeze(m[1].encoder)),
    "one frozen weight": changed(lambda m: m[1].encoder[0].bias.requires_grad_(False)),
    "evaluation mode": changed(lambda m: m[1].encoder.eval()),
    "layout": changed(lambda m: m[1].to(memory_format=torch.contiguous_format)),
    "shared weights": changed(lambda m: setattr(m[1].decoder[0], "bias", m[1].decoder[2].bias)),
    "shared memory": changed(
        lambda m: setattr(m[1].decoder[0].bias, "data", m[1].decoder[2].bias.data)
    ),
    "attribute of a weight": changed(lambda m: setattr(m[1].encoder[0].bias, "scale", 2)),
    "random numbers": changed(lambda m: torch.rand(1)),
    "default dtype": restored(
        lambda: torch.set_default_dtype(torch.float64),
        lambda: torch.set_default_dtype(torch.float32),
    ),
    "deterministic": restored(
        lambda: torch.use_deterministic_algorithms(True),
        lambda: torch.use_deterministic_algorithms(False),
    ),
    "threads": restored(lambda: torch.set_num_threads(3), lambda: torch.set_num_threads(1)),
    "mkldnn": restored(
        lambda: torch.backends.mkldnn.set_flags(False),
        lambda: torch.backends.mkldnn.set_flags(True),
    ),
    "processor": environment("ONEDNN_MAX_CPU_ISA", "AVX2"),
    "small numbers": restored(
        lambda: torch.set_flush_denormal(True), lambda: torch.set_flush_denormal(False)
    ),
}


@pytest.mark.slow_except("a weight")
@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_is_trained_again(folder, monkeypatch, name):
    def model():
        return fresh(lambda: nn.Sequential(Noise(0.1), Autoencoder(), RandomAffine()))

    assert cached(model())[1]
    assert not cached(model())[1]
    changed_model = model()
    monkeypatch.callback = lambda: None
    try:
        CHANGES[name](monkeypatch, changed_model)
        try:
            assert cached(changed_model)[1]
        except (TypeError, RuntimeError, AttributeError, ValueError) as error:
            # Some of them cannot be trained with at all; from the cache they would not fail.
            print(error)
    finally:
        monkeypatch.undo()
        monkeypatch.callback()


@pytest.mark.slow_except("values")
@pytest.mark.parametrize(
    "images",
    [
        IMAGES.view(40, 1, 56, 14),
        IMAGES.double(),
        IMAGES.clone().index_fill_(0, torch.tensor([39]), 0.5),
        IMAGES.to(memory_format=torch.channels_last).transpose(2, 3).contiguous().transpose(2, 3),
        IMAGES.mul(255).byte(),
        IMAGES[:39],
    ],
    ids=["shape", "dtype", "values", "strides", "bytes", "fewer"],
)
def test_other_images_are_trained_on(folder, images):
    layer = partial(nn.Conv2d, 1, 1, 1)
    assert cached(fresh(layer))[1]
    assert not cached(fresh(layer), images=IMAGES.clone())[1]
    model = fresh(layer).double() if images.dtype == torch.float64 else fresh(layer)
    assert cached(model, images=images)[1]


@pytest.mark.slow_except("settings0")
@pytest.mark.parametrize(
    "settings",
    [{"seed": 1}, {"epochs": 2}, {"learning_rate": 0.01}, {"batch_size": 10}, {"one_cycle": True}]
    + [{"weight_decay": 0.1}, {"validation": (IMAGES, IMAGES)}],
)
def test_other_settings_are_trained_with(folder, settings):
    layer = partial(nn.Conv2d, 1, 1, 1)
    assert cached(fresh(layer))[1]
    assert cached(fresh(layer), **settings)[1]
    assert not cached(fresh(layer), **settings)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "register",
    [
        lambda model, hook: model.register_forward_hook(hook),
        lambda model, hook: model.encoder.register_forward_pre_hook(hook),
        lambda model, hook: model.encoder[0].bias.register_hook(hook),
        lambda model, hook: model.register_state_dict_post_hook(hook),
    ],
)
def test_two_hooks_are_not_taken_for_one_another(folder, register):
    for hook in (lambda *_: None, lambda *batch: None if batch else 2):
        model = fresh()
        register(model, hook)
        assert cached(model)[1]
    assert not folder.exists()


@pytest.mark.slow
def test_weights_that_share_their_memory_are_not_those_that_are_only_equal(folder):
    def network(keep):
        model = fresh()
        model.decoder[0].bias.data = keep(model.decoder[2].bias.data)
        return model

    assert cached(network(torch.clone))[1]
    assert not cached(network(torch.clone))[1]
    assert cached(network(torch.detach))[1]


def test_autocast_around_it_is_trained_with(folder):
    assert cached(fresh())[1]
    with torch.autocast("cpu"):
        assert cached(fresh())[1]


def test_a_training_with_a_state_of_its_own_is_not_kept(folder, tmp_path):
    for file in ("one", "other"):
        assert cached(fresh(), state_file=tmp_path / file)[1]
    assert not folder.exists()


def test_a_training_that_was_interrupted_is_not_kept(folder):
    epochs, code = [], loop.train_epoch.__code__

    def interrupt(frame, event, _):
        if event == "call" and frame.f_code is code:
            epochs.append(frame)
            if len(epochs) == 3:
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(interrupt)
    try:
        history = train_or_load("a", fresh(), (IMAGES,) * 2, mse_loss, **{**SETTINGS, "epochs": 9})
    finally:
        sys.setprofile(None)
    assert history.interrupted and len(history["training_loss"]) == 2
    assert list(folder.glob("*.safetensors")) == []


@pytest.mark.parametrize("kind", [Own, Bare])
def test_a_class_of_your_own_is_trained_again(folder, kind):
    assert cached(fresh(kind))[1]
    assert cached(fresh(kind))[1]
    assert list(folder.glob("*")) == []


# Files ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_damaged_bit_is_noticed_and_the_weights_stay(folder, capsys):
    layer = partial(nn.Conv2d, 1, 1, 1)
    history, _ = cached(fresh(layer))
    [path] = folder.glob("*.safetensors")
    content = path.read_bytes()
    generator = random.Random(0)
    for bit in [*range(64), *(generator.randrange(8 * len(content)) for _ in range(300))]:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        model = fresh(layer)
        assert load_checkpoint(path, model) is None, bit
        assert weights(model).equal(weights(fresh(layer)))
    assert f"Training again, since {path} cannot be used" in capsys.readouterr().out
    assert cached(fresh(layer)) == (history, True)
    assert load_checkpoint(path, fresh(layer)) == history


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["half of it", "none of it", "another network", "a folder"])
def test_a_damaged_checkpoint_is_trained_again(folder, capsys, damage):
    first = fresh()
    history, _ = cached(first)
    [path] = folder.glob("*.safetensors")
    if damage == "half of it":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "none of it":
        path.write_bytes(b"")
    elif damage == "another network":
        save_checkpoint(path, fresh().encoder, history, {})
    else:
        path.unlink()
        path.mkdir()
    second = fresh()
    assert cached(second) == (history, True)
    assert weights(second).equal(weights(first))
    assert f"Training again, since {path} cannot be used" in capsys.readouterr().out


def test_a_full_disk_leaves_no_checkpoint_and_costs_no_training(folder, capsys):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OSError):
            save_checkpoint(folder / "a.safetensors", fresh(), {}, {})
        model = fresh()
        history, _ = cached(model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(history["training_loss"]) == 1
    assert not weights(model).equal(weights(fresh()))
    assert "not kept for next time" in capsys.readouterr().out
    assert list(folder.glob("*.safetensors")) == list(folder.glob(".part-*")) == []


# Processes --------------------------------------------------------------------------------------

#: For every line of input prints whether it trained, and what the weights are.
RUN = """
import hashlib, json, sys, torch
from aelib import models
from aelib.training import loop, train_or_load
print("ready", flush=True)
for _ in sys.stdin:
    torch.manual_seed(0)
    model, images = models.Autoencoder(), torch.rand(200, 1, 28, 28)
    trainings, code = [], loop.train.__code__
    sys.setprofile(lambda f, e, _: trainings.append(1) if e == "call" and f.f_code is code else 0)
    settings = {"epochs": 3, "batch_size": 20, "learning_rate": 0.001, "seed": 0}
    train_or_load("a", model, (images, images), torch.nn.functional.mse_loss, **settings)
    sys.setprofile(None)
    found = [tensor.numpy().tobytes() for tensor in model.state_dict().values()]
    print(json.dumps([len(trainings), hashlib.md5(b"".join(found)).hexdigest()]), flush=True)
"""


@pytest.mark.slow
def test_processes_agree_and_share_a_checkpoint_until_the_code_changes(tmp_path):
    shutil.copytree(ROOT / "aelib", tmp_path / "aelib")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def start():
        return stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", RUN],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(tmp_path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )

    def ask(*processes):
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return [answer(process) for process in processes]

    def answer(process):
        while not (line := process.stdout.readline()).startswith("["):
            assert "waiting for it" in line or "files have changed" in line, line
        return json.loads(line)

    with ExitStack() as stack:
        pair = start(), start()
        assert [process.stdout.readline() for process in pair] == ["ready\n"] * 2
        (first_trained, first), (second_trained, second) = ask(*pair)
        assert first == second
        assert first_trained + second_trained == 1, "one trains, the other waits for it"
        checkpoints = list((tmp_path / "runs" / "checkpoints").glob("*.safetensors"))
        assert len(checkpoints) == 1
        assert ask(*pair) == [[0, first]] * 2
        models = tmp_path / "aelib" / "models.py"
        code = models.read_text()
        models.write_text(code.replace("self.encoder(images)", "self.encoder(2 * images)"))
        assert ask(pair[0]) == [[1, first]], "it trains with what it had imported"
        later = start()
        assert later.stdout.readline() == "ready\n"
        [(trained, other)] = ask(later)
        assert trained and other != first
        assert ask(later) == [[0, other]]
        assert ask(pair[0]) == [[1, first]]


CELL = """
%matplotlib inline
import torch
from torch import nn
from aelib.models import Autoencoder
from aelib.training import checkpoints, train_or_load
from pathlib import Path

checkpoints.project_folder = lambda: Path({folder!r})
settings = dict(epochs=1, batch_size=20, learning_rate=0.001, seed=0)
for _ in range(2):
    torch.manual_seed(0)
    model, images = Autoencoder(), torch.rand(40, 1, 28, 28)
    train_or_load("a", model, (images, images), nn.functional.mse_loss, **settings)

class Mine(Autoencoder):
    pass

torch.manual_seed(0)
train_or_load("b", Mine(), (images, images), nn.functional.mse_loss, **settings)
"""


@pytest.mark.slow
def test_in_a_notebook_too_a_training_is_kept_but_that_of_its_own_class_is_not(tmp_path):
    cell = nbformat.v4.new_code_cell(CELL.format(folder=str(tmp_path)))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3").execute()
    found = (tmp_path / "runs" / "checkpoints").glob("*.safetensors")
    assert [path.name[0] for path in found] == ["a"]


def test_functions_that_differ_in_an_operator_have_different_digests():
    plus, minus, same = (lambda x: x + 1), (lambda x: x - 1), (lambda x: x + 1)
    assert digest(plus.__code__) == digest(same.__code__) != digest(minus.__code__)
