"""Training repeats, learns, leaves alone what is frozen, and goes on where it was stopped."""

import random
import signal
import sys
from functools import partial
from itertools import groupby

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from nbclient import NotebookClient
from odd_calls import ANYTHING
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from aelib.data import load_data
from aelib.models import MLP, Autoencoder, Classifier, Encoder, Noise, RandomAffine, freeze
from aelib.training import checkpoints, infer, loop, train, train_or_load
from aelib.training.progress import progress

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


def reconstruct(model, images, loss_function=mse_loss, by=train, validation=None, **changed):
    """Train `model` to reconstruct `images`; returns the history."""
    validation = images[:0] if validation is None else validation
    settings = {**SETTINGS, **changed}
    return by(model, (images, images), loss_function, validation=(validation,) * 2, **settings)


# The loop ---------------------------------------------------------------------------------------


def test_a_training_repeats_bit_for_bit(few):
    models = [fresh() for _ in range(3)]
    histories = [reconstruct(m, few, seed=s) for m, s in zip(models, (1, 1, 2), strict=True)]
    assert histories[0] == histories[1] != histories[2]
    assert weights(models[0]).equal(weights(models[1]))
    assert not weights(models[0]).equal(weights(models[2]))


@pytest.mark.slow
def test_the_autoencoder_learns(digits):
    images, others = digits.train.images, digits.validation.images
    mean_image = mse_loss(images.mean(0).expand_as(others), others)
    history = reconstruct(fresh(), images, validation=others, epochs=4)
    assert [len(losses) for losses in history.values()] == [4, 4]
    assert history["validation_loss"][-1] < mean_image / 2


def classify(digits, encoder, epochs):
    model = Classifier(encoder, MLP(infer(encoder, digits.train.images)))
    settings = {**SETTINGS, "epochs": epochs}
    train(model, digits.train, cross_entropy, validation=digits.validation, **settings)
    predicted = infer(model, digits.validation.images).argmax(1)
    return (predicted == digits.validation.labels).float().mean()


@pytest.mark.slow
def test_a_classifier_learns_and_its_encoder_moves(digits):
    encoder = fresh().encoder
    before = weights(encoder)
    assert classify(digits, encoder, epochs=4) > 0.7  # Guessing gives 0.1.
    assert not weights(encoder).equal(before)


def test_of_a_frozen_encoder_not_one_weight_moves(digits):
    encoder = freeze(nn.Sequential(*fresh().encoder, nn.Dropout(0.9)))
    modes = set()
    encoder[-1].register_forward_hook(lambda layer, *_: modes.add(layer.training))
    before = weights(encoder)
    assert classify(digits, encoder, epochs=4) > 0.6
    assert weights(encoder).equal(before)
    assert modes == {False}, "dropout was at work in a frozen encoder"


def test_what_is_not_frozen_is_in_training_mode(digits):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Dropout())
    modes = []
    model[-1].register_forward_hook(lambda layer, *_: modes.append(layer.training))
    settings = {**SETTINGS, "epochs": 2, "batch_size": 500}
    train(model, digits.train, cross_entropy, validation=digits.validation, **settings)
    assert [mode for mode, _ in groupby(modes)] == [True, False] * 2
    assert modes.count(True) == 4
    assert not model.training


@pytest.mark.parametrize("learning_rate", [1e-4, 1e-3, 1e-2])
def test_the_first_step_of_adam_is_as_long_as_the_learning_rate(learning_rate, few):
    """Kingma and Ba (2015), section 2.1: its first step is the rate times the gradient's sign."""
    model = fresh()
    before = weights(model)
    reconstruct(model, few, epochs=1, batch_size=100, learning_rate=learning_rate)
    steps = (weights(model) - before).abs()
    assert steps.median().item() == pytest.approx(learning_rate, rel=0.01)
    assert steps.max() < 1.01 * learning_rate + 1e-7


def step_lengths(**settings):
    """How far each of ten steps moves a single weight whose gradient is always 1."""
    model, weight_before = nn.Linear(1, 1, bias=False), []
    model.register_forward_pre_hook(lambda layer, _: weight_before.append(layer.weight.item()))
    training_data = torch.ones(10, 1), torch.zeros(10)
    settings = {**SETTINGS, "epochs": 1, "batch_size": 1, **settings}
    train(model, training_data, lambda outputs, _: outputs.mean(), validation=(), **settings)
    return -np.diff([*weight_before, model.weight.item()])


def test_one_cycle_rises_to_the_learning_rate_and_falls_to_nothing():
    assert step_lengths(learning_rate=0.01) == pytest.approx([0.01] * 10, rel=1e-3)
    lengths = step_lengths(learning_rate=0.01, one_cycle=True)
    assert lengths[0] == pytest.approx(0.01 / 25, rel=1e-3)
    # It shifts Adam's momentum too, so the steps are not exactly as long as the rate.
    assert 0.007 < lengths.max() <= 0.01
    assert np.argmax(lengths) in (2, 3)
    assert lengths[-1] < 0.01 / 1_000


def test_weight_decay_pulls_every_weight_to_zero(few):
    model = fresh()
    before = weights(model)
    settings = {"epochs": 1, "batch_size": 100, "weight_decay": 0.01}
    reconstruct(model, few, lambda outputs, _: 0 * outputs.sum(), **settings)
    moved = weights(model) - before
    # All but a few weights so close to zero that Adam's epsilon counts.
    assert ((moved + 0.001 * before.sign()).abs() < 5e-5).float().mean() > 0.999


def test_losses_are_means_over_samples_and_not_over_batches():
    model = nn.Linear(1, 1)
    inputs, targets = torch.zeros(10, 1), torch.arange(10.0).square().unsqueeze(1)

    def mean_target(outputs, wanted):  # Whatever the order, the last of three batches has two.
        return (wanted + 0 * outputs).mean()

    settings = {**SETTINGS, "batch_size": 4}
    history = train(
        model, (inputs, targets), mean_target, validation=(inputs[:3], targets[:3]), **settings
    )
    assert history["training_loss"] == pytest.approx([28.5, 28.5])
    assert history["validation_loss"] == pytest.approx([5 / 3, 5 / 3])


def test_training_that_diverges_says_so(few):
    with pytest.raises(FloatingPointError, match="loss is (inf|nan|.*e.*) in epoch 1: .* 0.001"):
        reconstruct(fresh(), few * 1e25 - 1)


def plain_loop(
    model,
    inputs,
    targets,
    loss_function,
    validation,
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
    history = {"training_loss": [], "validation_loss": []}
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
        model.eval()
        with torch.no_grad():
            loss = loss_function(model(validation[0]), validation[1])
        history["training_loss"].append(total.item() / len(inputs))
        history["validation_loss"].append(loss.item())
    return history


def frozen_network():
    torch.manual_seed(0)
    encoder = freeze(nn.Sequential(Encoder(), nn.BatchNorm2d(3), nn.Dropout(0.5)))
    return nn.Sequential(Noise(0.1), encoder, MLP(torch.randn(10, 48)))


def moved_network():
    torch.manual_seed(0)
    return nn.Sequential(RandomAffine(), nn.BatchNorm2d(1), Autoencoder())


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
@pytest.mark.parametrize("one_cycle", [False, True])
@pytest.mark.parametrize("network", [fresh, frozen_network, moved_network])
def test_training_is_a_plain_loop_bit_for_bit(digits, network, one_cycle, weight_decay):
    images, labels = digits.train.images[:90], digits.train.labels[:90]
    if network is frozen_network:
        targets, loss_function = labels, cross_entropy
    else:
        targets, loss_function = images, mse_loss
    validation = images[:30], targets[:30]
    asked = {**SETTINGS, "one_cycle": one_cycle, "weight_decay": weight_decay}
    model, twin = network(), network()
    expected = plain_loop(twin, images, targets, loss_function, validation, **asked)
    model = network()  # And with it, the same random numbers.
    history = train(model, (images, targets), loss_function, validation=validation, **asked)
    assert history == expected
    assert weights(model).equal(weights(twin))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SETTINGS, "one_cycle", "weight_decay"])
def test_any_value_of_a_setting_is_followed_or_refused_by_name(name):
    pair = torch.rand(5, 3), torch.rand(5, 2)
    usual = {**SETTINGS, "batch_size": 3, "one_cycle": False, "weight_decay": 0.0}

    def line():
        torch.manual_seed(0)
        return nn.Linear(3, 2)

    @hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
    @given(value=ANYTHING)
    def followed_or_refused(value):
        model, twin, asked = line(), line(), usual | {name: value}
        try:
            history = train(model, pair, mse_loss, validation=pair, **asked)
        except ValueError as error:
            assert str(error).startswith(f"{name}=")
            assert len(str(error)) < 200
            return
        assert history == plain_loop(twin, *pair, mse_loss, pair, **asked)
        assert weights(model).equal(weights(twin))

    followed_or_refused()


@pytest.mark.parametrize("loss_function", [nn.MSELoss(), partial(mse_loss, reduction="mean")])
def test_a_loss_function_may_be_any_callable(few, tmp_path, loss_function):
    for changed in ({}, {"state_file": tmp_path / "state"}):
        models = fresh(), fresh()
        histories = [
            reconstruct(model, few, one, **changed)
            for model, one in zip(models, (mse_loss, loss_function), strict=True)
            if not changed or one is loss_function
        ]
        assert histories[0] == histories[-1]


@pytest.mark.parametrize(("at_call", "whole_epochs"), [(3, 0), (6, 0), (8, 1), (12, 1)])
def test_an_interrupt_keeps_what_was_learned_and_nothing_is_cached(
    few, capsys, at_call, whole_epochs, monkeypatch, tmp_path
):
    monkeypatch.setattr(checkpoints, "project_folder", lambda: tmp_path)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # In a background job it is ignored.
    calls = []

    def interrupted(outputs, wanted):  # Five batches, then validation, twice.
        calls.append(1)
        if len(calls) == at_call:
            signal.raise_signal(signal.SIGINT)
        return mse_loss(outputs, wanted)

    model = fresh()
    history = reconstruct(model, few, interrupted, partial(train_or_load, "a"), validation=few)
    assert history.interrupted
    # Of no whole epoch, the loss of the last batch.
    assert [len(losses) for losses in history.values()] == [max(whole_epochs, 1), whole_epochs]
    assert history["training_loss"][0] < 1
    assert f"Interrupted in epoch {whole_epochs + 1} of 2" in capsys.readouterr().out
    assert not model.training
    assert mse_loss(infer(model, few), few) < mse_loss(infer(fresh(), few), few)
    assert list(tmp_path.glob("*")) == []


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
    assert not outputs.requires_grad
    assert not model.training
    assert outputs.allclose(model(few), atol=1e-6)


def test_no_images_have_no_outputs():
    """As where all images are trained on, and none are left to validate with."""
    assert infer(Encoder(), torch.empty(0, 1, 28, 28)).shape == (0, 3, 4, 4)


@pytest.mark.parametrize(
    ("switch", "terminal", "bar"), [("", True, True), ("", False, False), ("off", True, False)]
)
def test_a_progress_bar_is_shown_in_a_terminal(monkeypatch, capsys, few, switch, terminal, bar):
    monkeypatch.setenv("AELIB_PROGRESS", switch)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    reconstruct(fresh(), few)
    assert ("epochs" in capsys.readouterr().out) == bar


BAR = """
from aelib.training.progress import progress
print("before")
for epoch in progress(0, 3):
    if epoch == {stop_at}:
        raise ValueError("stopped")
print("after")
"""


@pytest.mark.slow
@pytest.mark.parametrize("stop_at", [1, None])
def test_a_progress_bar_leaves_nothing_in_a_notebook(monkeypatch, stop_at):
    """In a real kernel: while it counts there is a bar, and then not even a line of blanks."""
    monkeypatch.setenv("AELIB_PROGRESS", "")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(BAR.format(stop_at=stop_at))]
    )
    seen = []
    client = NotebookClient(notebook, kernel_name="python3", allow_errors=True)
    client.process_message = lambda message, *rest, by=client.process_message: (
        seen.append(message["content"]) or by(message, *rest)
    )
    client.execute()
    bars = [content["data"].get("text/plain", "") for content in seen if "transient" in content]
    assert any("epochs" in bar for bar in bars) and bars[-1] == ""
    outputs = notebook.cells[0].outputs
    assert [one.output_type for one in outputs][1] == "display_data" and outputs[1].data == {}
    texts = [one.text for one in outputs if one.output_type == "stream"]
    assert texts == (["before\n", "after\n"] if stop_at is None else ["before\n"])
    nbformat.validate(notebook)


def test_a_bar_inside_another_is_not_shown_and_one_after_a_stop_is(monkeypatch, capsys):
    monkeypatch.setenv("AELIB_PROGRESS", "")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(ValueError, match="stopped"):
        for outer in progress(0, 7):
            for _ in progress(0, 99):
                pass
            if outer == 1:
                raise ValueError("stopped")
    said = capsys.readouterr().out
    assert "/7" in said and "/99" not in said
    for _ in progress(0, 5):
        pass
    assert "/5" in capsys.readouterr().out


# Stopped and continued ---------------------------------------------------------------------------


class OwnNoise(nn.Module):
    """Noise from every generator that a layer might draw from."""

    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(1)

    def forward(self, images):
        drawn = random.random() + np.random.rand() + torch.rand((), generator=self.generator)
        return images + 0.01 * drawn


def random_network():
    torch.manual_seed(0)
    return nn.Sequential(Noise(0.1), OwnNoise(), RandomAffine(), nn.Dropout(0.1), Autoencoder())


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_training_that_was_stopped_goes_on_to_the_same_result(
    few, tmp_path, monkeypatch, stop_after
):
    settings = {"epochs": 4, "one_cycle": True, "state_file": str(tmp_path / "training.state")}

    def seed():
        random.seed(0), np.random.seed(0)

    seed()
    whole = random_network()
    history = reconstruct(whole, few, validation=few, **{**settings, "state_file": None})
    draws = []

    def train_epoch(*arguments):
        if len(draws) == stop_after:
            raise RuntimeError("the power went off")
        draws.append(arguments[-1].get_state())
        return loop_epoch(*arguments)

    loop_epoch = loop.train_epoch
    monkeypatch.setattr(loop, "train_epoch", train_epoch)
    seed()
    with pytest.raises(RuntimeError, match="the power went off"):
        reconstruct(random_network(), few, validation=few, **settings)
    stop_after = None
    continued = random_network()
    torch.manual_seed(7), random.seed(7), np.random.seed(7)
    assert reconstruct(continued, few, validation=few, **settings) == history
    assert len(draws) == 4, "no epoch is done twice"
    assert weights(continued).equal(weights(whole))


def test_a_state_of_another_loss_function_is_refused(few, tmp_path):
    def times(factor):
        return lambda outputs, targets: factor * mse_loss(outputs, targets)

    path = tmp_path / "training.state"
    reconstruct(fresh(), few, times(1), state_file=path)
    reconstruct(fresh(), few, times(1), state_file=path)
    with pytest.raises(ValueError, match="is not of this training"):
        reconstruct(fresh(), few, times(2), state_file=path)


def test_a_state_of_another_training_is_refused(few, tmp_path):
    path = tmp_path / "training.state"
    reconstruct(fresh(), few, state_file=path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="training.state is not of this training: .* Delete it"):
        reconstruct(fresh(), few, state_file=path, learning_rate=0.01)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["a bit", "half of it", "none left"])
def test_a_damaged_state_is_set_aside_and_the_training_begins_anew(few, tmp_path, capsys, damage):
    path = tmp_path / "training.state"
    history = reconstruct(fresh(), few, state_file=str(path))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    content = {"a bit": content, "half of it": content[:9_000], "none left": b""}[damage]
    path.write_bytes(content)
    assert reconstruct(fresh(), few, state_file=str(path)) == history
    assert f"Training from the beginning, since {path} is damaged" in capsys.readouterr().out
    assert path.with_name("training.state.damaged").read_bytes() == content
