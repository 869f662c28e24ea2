"""Training repeats, learns, is the loop that it says, and leaves alone what is frozen."""

import os
import signal
import subprocess
import sys
from functools import partial
from itertools import groupby

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from aelib import pretrained
from aelib.data import Data, Split, load_data
from aelib.models import MLP, Autoencoder, Classifier, Encoder, Noise, RandomAffine, freeze
from aelib.pretrained import pretrained_autoencoder
from aelib.training import infer, train

SETTINGS = {"epochs": 2, "batch_size": 20, "learning_rate": 0.001, "seed": 0}


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", 1_000, 100)


@pytest.fixture
def few(digits):
    """A hundred images: five batches an epoch."""
    return digits.train.images[:100]


def fresh():
    torch.manual_seed(0)
    return Autoencoder()


def weights(model):
    return torch.cat([tensor.flatten() for tensor in model.state_dict().values()])


def reconstruct(model, images, loss_function=mse_loss, validation=None, **changed):
    """Train `model` to reconstruct `images`; returns the history."""
    validation = images[:0] if validation is None else validation
    settings = {**SETTINGS, **changed}
    return train(model, (images, images), loss_function, validation=(validation,) * 2, **settings)


# The loop ----------------------------------------------------------------------------------------


def test_a_training_repeats_bit_for_bit_and_a_seed_is_an_order(few):
    models = [fresh() for _ in range(3)]
    histories = [reconstruct(m, few, seed=s) for m, s in zip(models, (1, 1, 2), strict=True)]
    assert histories[0] == histories[1] != histories[2]
    assert weights(models[0]).equal(weights(models[1]))


@pytest.mark.slow
def test_the_autoencoder_learns(digits):
    images, others = digits.train.images, digits.validation.images
    mean_image = mse_loss(images.mean(0).expand_as(others), others)
    history = reconstruct(fresh(), images, validation=others, epochs=4)
    assert [len(losses) for losses in history.values()] == [4, 4]
    assert history["validation_loss"][-1] < mean_image / 2


@pytest.mark.parametrize("frozen", [False, True])
def test_a_classifier_learns_and_of_a_frozen_encoder_not_one_weight_moves(digits, frozen):
    encoder = nn.Sequential(*fresh().encoder, nn.BatchNorm2d(3), nn.Dropout(0.1))
    encoder = freeze(encoder) if frozen else encoder
    modes = set()
    encoder[-1].register_forward_hook(lambda layer, *_: modes.add(layer.training))
    before = weights(encoder)
    model = Classifier(encoder, MLP(infer(encoder, digits.train.images)))
    train(model, digits.train, cross_entropy, **{**SETTINGS, "epochs": 4})
    predicted = infer(model, digits.validation.images).argmax(1)
    assert (predicted == digits.validation.labels).float().mean() > 0.5  # Guessing gives 0.1.
    assert weights(encoder).equal(before) == frozen
    assert modes == ({False} if frozen else {False, True})


def test_what_is_not_frozen_is_in_training_mode(digits):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Dropout())
    modes = []
    model[-1].register_forward_hook(lambda layer, *_: modes.append(layer.training))
    settings = {**SETTINGS, "batch_size": 500}
    train(model, digits.train, cross_entropy, validation=digits.validation, **settings)
    assert [mode for mode, _ in groupby(modes)] == [True, False] * 2
    assert not model.training


@pytest.mark.parametrize("learning_rate", [1e-4, 1e-2])
def test_the_first_step_of_adam_is_as_long_as_the_learning_rate(learning_rate, few):
    """Kingma and Ba (2015), section 2.1: its first step is the rate times the gradient's sign."""
    model = fresh()
    before = weights(model)
    reconstruct(model, few, epochs=1, batch_size=100, learning_rate=learning_rate)
    steps = (weights(model) - before).abs()
    assert steps.median().item() == pytest.approx(learning_rate, rel=0.01)


def step_lengths(**settings):
    """How far each of ten steps moves a single weight whose gradient is always 1."""
    model, weight_before = nn.Linear(1, 1, bias=False), []
    model.register_forward_pre_hook(lambda layer, _: weight_before.append(layer.weight.item()))
    settings = {**SETTINGS, "epochs": 1, "batch_size": 1, **settings}
    train(
        model, (torch.ones(10, 1), torch.zeros(10)), lambda outputs, _: outputs.mean(), **settings
    )
    return -np.diff([*weight_before, model.weight.item()])


def test_one_cycle_rises_to_the_learning_rate_and_falls_to_nothing():
    assert step_lengths(learning_rate=0.01) == pytest.approx([0.01] * 10, rel=1e-3)
    lengths = step_lengths(learning_rate=0.01, one_cycle=True)
    assert lengths[0] == pytest.approx(0.01 / 25, rel=1e-3)
    # It shifts Adam's momentum too, so the steps are not exactly as long as the rate.
    assert 0.007 < lengths.max() <= 0.01
    assert np.argmax(lengths) in (2, 3)
    assert lengths[-1] < 0.01 / 1_000


def test_losses_are_means_over_samples_and_not_over_batches():
    model = nn.Linear(1, 1)
    inputs, targets = torch.zeros(10, 1), torch.arange(10.0).square().unsqueeze(1)

    def mean_target(outputs, wanted):  # Whatever the order, the last of three batches has two.
        return (wanted + 0 * outputs).mean()

    settings = {**SETTINGS, "batch_size": 4}
    held_out = inputs[:3], targets[:3]
    history = train(model, (inputs, targets), mean_target, validation=held_out, **settings)
    assert history["training_loss"] == pytest.approx([28.5, 28.5])
    assert history["validation_loss"] == pytest.approx([5 / 3, 5 / 3])


def plain_loop(
    model,
    inputs,
    targets,
    loss_function,
    *,
    epochs,
    batch_size,
    learning_rate,
    seed,
    one_cycle,
    weight_decay,
):
    """What `train` does, for a tutorial's reader who would write it out in one piece."""
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(trainable, learning_rate, weight_decay=weight_decay, fused=True)
    steps = epochs * -(-len(inputs) // batch_size)
    if one_cycle:
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, steps)
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        model.train()
        for layer in model.modules():
            learns = [weight.requires_grad for weight in layer.parameters()]
            if learns and not any(learns):
                layer.eval()
        total = torch.zeros(())
        for batch in torch.randperm(len(inputs), generator=generator).split(batch_size):
            loss = loss_function(model(inputs[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if one_cycle:
                schedule.step()
            total += loss.detach() * len(batch)
        losses.append(total.item() / len(inputs))
    return losses


def frozen_network():
    torch.manual_seed(0)
    encoder = freeze(nn.Sequential(Encoder(), nn.BatchNorm2d(3), nn.Dropout(0.5)))
    return nn.Sequential(Noise(0.1), encoder, MLP(torch.randn(10, 48)))


def moved_network():
    torch.manual_seed(0)
    return nn.Sequential(RandomAffine(), nn.BatchNorm2d(1), Autoencoder())


@pytest.mark.parametrize(("one_cycle", "weight_decay"), [(False, 0.0), (True, 0.01)])
@pytest.mark.parametrize("network", [fresh, frozen_network, moved_network])
def test_training_is_a_plain_loop_bit_for_bit(digits, network, one_cycle, weight_decay):
    images, labels = digits.train.images[:90], digits.train.labels[:90]
    targets, loss = (labels, cross_entropy) if network is frozen_network else (images, mse_loss)
    asked = {**SETTINGS, "one_cycle": one_cycle, "weight_decay": weight_decay}
    twin = network()
    expected = plain_loop(twin, images, targets, loss, **asked)
    model = network()  # And with it, the same random numbers.
    assert train(model, (images, targets), loss, **asked)["training_loss"] == expected
    assert weights(model).equal(weights(twin))


def test_bytes_train_to_the_same_weights_as_numbers(few):
    pixels = few.mul(255).round().byte()
    models = fresh(), fresh()
    histories = [
        reconstruct(model, images, validation=images)
        for model, images in zip(models, (few, pixels), strict=True)
    ]
    assert histories[0] == histories[1]
    assert weights(models[0]).equal(weights(models[1]))
    assert infer(models[0], few).equal(infer(models[1], pixels))


def test_inference_is_in_batches_and_without_gradients(few):
    model, sizes = fresh().train(), []
    model.register_forward_hook(lambda _, inputs, outputs: sizes.append(len(outputs)))
    outputs = infer(model, few, batch_size=30)
    assert sizes == [30, 30, 30, 10]
    assert not outputs.requires_grad and not model.training
    assert outputs.allclose(model(few), atol=1e-6)
    assert infer(Encoder(), torch.empty(0, 1, 28, 28)).shape == (0, 3, 4, 4)


@pytest.mark.parametrize(("at_call", "whole_epochs"), [(3, 0), (6, 0), (8, 1), (12, 1)])
def test_an_interrupt_keeps_what_was_learned(few, capsys, at_call, whole_epochs):
    calls = []

    def interrupted(outputs, wanted):  # Five batches, then validation, twice.
        calls.append(1)
        if len(calls) == at_call:
            signal.raise_signal(signal.SIGINT)
        return mse_loss(outputs, wanted)

    model = fresh()
    history = reconstruct(model, few, interrupted, validation=few)
    assert [len(losses) for losses in history.values()] == [max(whole_epochs, 1), whole_epochs]
    assert history["training_loss"][0] < 1
    assert f"Interrupted in epoch {whole_epochs + 1} of 2" in capsys.readouterr().out
    assert not model.training
    assert mse_loss(infer(model, few), few) < mse_loss(infer(fresh(), few), few)


# What would go wrong in silence -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["epochs", "batch_size", "learning_rate", "seed"])
def test_a_setting_that_cannot_be_used_is_named(few, name):
    with pytest.raises(ValueError, match=f"{name}=-1 cannot be used"):
        reconstruct(fresh(), few, **{name: -1})


def test_pixels_to_255_are_refused_and_large_codes_are_not(few):
    with pytest.raises(ValueError, match="The inputs reach 255. Pixels go from 0 to 1"):
        reconstruct(fresh(), few * 255)
    codes = torch.rand(20, 3, 8, 8) * 9
    train(nn.Conv2d(3, 1, 8), (codes, torch.zeros(20, 1, 1, 1)), mse_loss, **SETTINGS)


@pytest.mark.parametrize("loss_function", [mse_loss, nn.L1Loss(), partial(mse_loss)])
def test_shapes_that_spread_inside_a_loss_are_refused(loss_function):
    data = torch.rand(20, 4), torch.rand(20)
    with pytest.raises(UserWarning, match="target size"):
        train(nn.Linear(4, 1), data, loss_function, **SETTINGS)


def test_training_that_diverges_says_so(few):
    with pytest.raises(FloatingPointError, match="loss is (inf|nan) in epoch 1: .* below 0.001"):
        reconstruct(fresh(), few * 1e-3 - 1e25)


# The one network that is kept ---------------------------------------------------------------------


@pytest.fixture
def shared(digits, tmp_path, monkeypatch):
    """`pretrained_autoencoder` in a project of its own; returns what it trained, too."""
    monkeypatch.setattr(pretrained, "project_folder", lambda: tmp_path)
    trained = []

    def watched(model, *args, **settings):
        trained.append(settings)
        return train(model, *args, **settings)

    monkeypatch.setattr(pretrained.training, "train", watched)
    images, labels = digits.train

    def get(first=0, **changed):
        few = Split(images[first : first + 100], labels[first : first + 100])
        data = Data("digits", few, Split(images[:20], labels[:20]), few, few)
        model, history = pretrained_autoencoder(data, "cpu", **{**SETTINGS, **changed})
        return weights(model), history, len(trained)

    get.folder = tmp_path / "runs" / "checkpoints"
    return get


def test_it_is_trained_once_and_then_the_very_same(shared):
    first, history, _ = shared()
    again, history_again, trainings = shared()
    assert trainings == 1 and again.equal(first) and history_again == history
    assert [path.suffix for path in shared.folder.iterdir()] == [".safetensors"]


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"epochs": 1}, {"learning_rate": 0.01}, {"first": 1}]
)
def test_other_data_and_settings_are_another_training(shared, changed):
    shared()
    assert shared(**changed)[2] == 2


@pytest.mark.parametrize("damage", ["a bit", "half of it", "none left", "another history"])
def test_a_damaged_file_is_trained_again(shared, capsys, damage):
    first, history, _ = shared()
    [path] = shared.folder.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    content = {"a bit": content, "half of it": content[:9_000], "none left": b""}.get(damage)
    if content is None:
        save_file(load_file(path), path, {"history": "{}", "sha256": "0"})
    else:
        path.write_bytes(content)
    again, history_again, trainings = shared()
    assert trainings == 2 and again.equal(first) and history_again == history
    assert f"Training again, since {path} is damaged" in capsys.readouterr().out
    assert shared()[2] == 2


def test_what_an_editor_changed_since_the_import_is_not_kept(shared, monkeypatch):
    monkeypatch.setattr(pretrained, "IMPORTED", [b"what was imported"])
    assert shared()[2] == 1 and shared()[2] == 2
    assert not shared.folder.exists()


def test_a_training_that_was_stopped_or_cannot_be_written_is_not_kept(shared, monkeypatch, capsys):
    def stopped(model, *args, **settings):
        return {"training_loss": [0.1], "validation_loss": []}

    with monkeypatch.context() as patch:
        patch.setattr(pretrained.training, "train", stopped)
        shared()
    assert not shared.folder.exists()
    shared.folder.parent.mkdir()
    shared.folder.write_text("a file in the way of the folder")
    shared()
    assert "Trained, but not kept for next time" in capsys.readouterr().out


BARS = """
from aelib.training import progress_bar
for _ in progress_bar(range(7), "outer"):
    for _ in progress_bar(range(99), "inner"):
        pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("disable", ["", "1"])
def test_one_bar_is_shown_and_none_inside_it(disable):
    environment = {**os.environ, "TQDM_DISABLE": disable}
    said = subprocess.check_output([sys.executable, "-c", BARS], env=environment, text=True)
    assert ("/7" in said) != bool(disable) and "/99" not in said
