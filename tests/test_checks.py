"""Odd arguments get one clear error before anything is trained."""

import ast
import inspect
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss, nll_loss

from aelib.models import Autoencoder
from aelib.training import infer, loop, train, train_epoch

SETTINGS = {"epochs": 1, "batch_size": 20, "learning_rate": 0.001, "seed": 0}
IMAGES = torch.rand(40, 1, 28, 28)
LABELS = torch.arange(40) % 10
PIXELS = (255 * IMAGES).round()
WITH_NAN = IMAGES.clone().index_fill_(0, torch.tensor([3]), float("nan"))


def frozen():
    return classifier().requires_grad_(False)


def classifier():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def number():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 1))


def diverged():
    model = classifier()
    model[1].bias.data[0] = float("nan")
    return model


#: What is given to `train`: model, inputs, targets, loss function; then the error.
DATA = {
    "floats to 255": (
        Autoencoder,
        PIXELS,
        PIXELS,
        mse_loss,
        "reach from 0 to 255, not from 0 to 1",
    ),
    "floats to 255, flat": (
        classifier,
        PIXELS.flatten(1),
        LABELS,
        cross_entropy,
        "Divide them by 255",
    ),
    "floats to 255, no channel": (
        classifier,
        PIXELS[:, 0],
        LABELS,
        cross_entropy,
        "leave them as bytes",
    ),
    "targets to 255": (
        Autoencoder,
        IMAGES,
        PIXELS,
        mse_loss,
        "The targets of .* reach from 0",
    ),
    "integers": (classifier, PIXELS.long(), LABELS, cross_entropy, "inputs .* are torch.int64"),
    "truth values": (classifier, IMAGES > 0.5, LABELS, cross_entropy, "inputs .* are torch.bool"),
    "doubles": (
        classifier,
        IMAGES.double(),
        LABELS,
        cross_entropy,
        "torch.float64 and the weights",
    ),
    "numpy": (classifier, IMAGES.numpy(), LABELS, cross_entropy, r"numpy.ndarray.*from_numpy"),
    "numpy labels": (classifier, IMAGES, LABELS.numpy(), cross_entropy, "targets .* numpy.ndarray"),
    "a list": (classifier, list(IMAGES), LABELS, cross_entropy, r"are a list.*torch.stack"),
    "no image": (classifier, IMAGES[:0], LABELS[:0], cross_entropy, "There are no inputs"),
    "a number": (classifier, torch.tensor(1.0), LABELS, cross_entropy, "There are no inputs"),
    "more labels": (classifier, IMAGES[:30], LABELS, cross_entropy, "30 inputs, but 40 targets"),
    "one label": (classifier, IMAGES, torch.tensor(1), cross_entropy, "a single number as targets"),
    "NaN among the images": (
        Autoencoder,
        WITH_NAN,
        IMAGES,
        mse_loss,
        "784 of the numbers in the in",
    ),
    "NaN as targets": (
        Autoencoder,
        IMAGES,
        WITH_NAN,
        mse_loss,
        "784 of the numbers in the targets",
    ),
    "an infinite one": (Autoencoder, IMAGES / 0, IMAGES, mse_loss, "NaN or infinite"),
    "labels of bytes": (
        classifier,
        IMAGES,
        LABELS.byte(),
        cross_entropy,
        r"uint8: .*targets.long\(\)",
    ),
    "short labels": (classifier, IMAGES, LABELS.int(), cross_entropy, r"int32: .*targets.long\(\)"),
    "float labels": (classifier, IMAGES, LABELS.float(), cross_entropy, "cannot compare outputs"),
    "labels to 10": (
        classifier,
        IMAGES,
        LABELS + 1,
        cross_entropy,
        "reach from 1 to 10, but .* 10 out",
    ),
    "negative labels": (classifier, IMAGES, LABELS - 1, nn.CrossEntropyLoss(), "from -1 to 8, but"),
    "labels to 10 of nll": (classifier, IMAGES, LABELS + 1, nll_loss, "reach from 1 to 10"),
    "all ignored": (classifier, IMAGES, LABELS * 0 - 100, cross_entropy, "All targets .* -100"),
    "all ignored, too": (
        classifier,
        IMAGES,
        LABELS * 0 + 3,
        partial(cross_entropy, ignore_index=3),
        "All targets .* are 3",
    ),
    "spread": (number, IMAGES, LABELS.float(), mse_loss, r"\(20, 1\).*\(20,\).*shapes differ"),
    "spread by hand": (
        number,
        IMAGES,
        LABELS.float(),
        lambda outputs, targets: (outputs - targets).square().mean(),
        "shapes differ",
    ),
    "spread from the left": (
        number,
        IMAGES,
        LABELS.float(),
        lambda outputs, targets: (targets - outputs).square().mean(),
        "shapes differ",
    ),
    "spread images": (Autoencoder, IMAGES, IMAGES[:, 0], nn.MSELoss(), "shapes differ"),
    "other sides": (Autoencoder, IMAGES, IMAGES[..., 1:], mse_loss, "cannot compare outputs"),
    "no network for these": (
        classifier,
        IMAGES[..., 1:],
        LABELS,
        cross_entropy,
        "model cannot take",
    ),
    "frozen": (frozen, IMAGES, LABELS, cross_entropy, "nothing to train"),
    "no weights": (nn.Flatten, IMAGES, LABELS, cross_entropy, "nothing to train"),
    "no model": (lambda: "model", IMAGES, LABELS, cross_entropy, "model is a str"),
    "not a number": (diverged, IMAGES, LABELS, cross_entropy, "The model's 1.bias has NaN"),
    "loss not called": (classifier, IMAGES, LABELS, nn.CrossEntropyLoss, "with brackets"),
    "loss by name": (classifier, IMAGES, LABELS, "cross_entropy", "loss_function is a str"),
    "no mean": (
        classifier,
        IMAGES,
        LABELS,
        partial(cross_entropy, reduction="none"),
        r"returned \(20,\).*the mean",
    ),
    "loss as a float": (
        classifier,
        IMAGES,
        LABELS,
        lambda outputs, targets: cross_entropy(outputs, targets).item(),
        "returned a float, not a tensor",
    ),
    "detached": (
        classifier,
        IMAGES,
        LABELS,
        lambda outputs, targets: cross_entropy(outputs.detach(), targets),
        "does not depend on any weight",
    ),
}


def state(model):
    return [tensor.clone() for tensor in model.state_dict().values()] if model != "model" else []


@pytest.mark.parametrize("by", ["train", "train_epoch"])
@pytest.mark.parametrize("name", DATA)
def test_odd_data_are_refused_before_anything_is_trained(name, by):
    make, inputs, targets, loss_function, error = DATA[name]
    model = make()
    before = state(model)
    with pytest.raises((TypeError, ValueError), match=error):
        if by == "train":
            train(model, (inputs, targets), loss_function, **SETTINGS)
        elif name == "not a number":
            pytest.skip("of an epoch alone the loss says so")
        else:
            weights = [nn.Parameter(torch.zeros(1))]
            optimizer = torch.optim.Adam(weights)
            generator = torch.Generator()
            train_epoch(model, inputs, targets, loss_function, optimizer, 20, generator)
    assert all(a.equal(b) or a.isnan().any() for a, b in zip(state(model), before, strict=True))


@pytest.mark.parametrize(
    ("inputs", "targets", "loss_function"),
    [
        (3 * IMAGES - 1, LABELS, cross_entropy),
        (IMAGES, LABELS, nn.CrossEntropyLoss(ignore_index=3)),
        (IMAGES, LABELS, partial(cross_entropy, label_smoothing=0.1)),
        (IMAGES, torch.eye(10)[LABELS], cross_entropy),
        (IMAGES, 300 * torch.eye(10)[LABELS], mse_loss),
        (20 * torch.rand(40, 16, 7, 7), LABELS, cross_entropy),
        (20 * torch.rand(40, 784), LABELS, cross_entropy),
        (PIXELS.byte(), torch.randn(40, 1), lambda out, want: (out - want).square().mean()),
    ],
    ids=["standardized", "ignored", "smooth", "one-hot", "regression", "codes", "flat", "own"],
)
def test_what_makes_sense_is_trained(inputs, targets, loss_function):
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, targets[:1].numel() if targets.ndim > 1 else 10)
    )
    history = train(
        model, (inputs, targets), loss_function, validation=(inputs, targets), **SETTINGS
    )
    assert len(history["training_loss"]) == len(history["validation_loss"]) == 1


def test_maps_of_a_code_with_relu_are_no_pixels():
    codes = 9 * torch.rand(40, 3, 4, 4)
    train(
        nn.Sequential(nn.Flatten(), nn.Linear(48, 10)), (codes, LABELS), cross_entropy, **SETTINGS
    )


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"one_cycle": "no"}, "one_cycle='no' cannot be used"),
        ({"one_cycle": 1}, "one_cycle=1 cannot be used"),
        ({"weight_decay": -0.1}, "weight_decay=-0.1 cannot be used"),
        ({"weight_decay": "0.1"}, "weight_decay='0.1' cannot be used"),
        ({"weight_decay": float("nan")}, "weight_decay=nan cannot be used"),
        ({"epochs": 0}, "epochs=0 cannot be used"),
        ({"batch_size": -3}, "batch_size=-3 cannot be used"),
        ({"seed": 0.5}, "seed=0.5 cannot be used"),
        ({"learning_rate": "high"}, "learning_rate='high' cannot be used"),
        ({"state_file": 3}, "state_file=3 cannot be used"),
        ({"state_file": "."}, "state_file='.' is no file"),
        ({"state_file": ""}, "state_file='' is no file"),
        ({"validation": IMAGES}, "validation is a pair of tensors"),
        ({"validation": (IMAGES, LABELS[:9])}, "validation has 40 inputs, but 9 targets"),
        ({"validation": (PIXELS, LABELS)}, "inputs of validation reach from 0 to 255"),
    ],
)
def test_odd_settings_are_refused(changed, error):
    with pytest.raises((TypeError, ValueError), match=error):
        train(classifier(), (IMAGES, LABELS), cross_entropy, **{**SETTINGS, **changed})


@pytest.mark.parametrize("data", [IMAGES, IMAGES[:2], (IMAGES,), [IMAGES, LABELS, LABELS], None])
def test_training_data_that_are_no_pair_are_refused(data):
    with pytest.raises(TypeError, match="training_data is a pair of tensors"):
        train(classifier(), data, cross_entropy, **SETTINGS)


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        (PIXELS, "reach from 0 to 255"),
        (PIXELS.long(), "inputs are torch.int64"),
        (IMAGES.numpy(), "inputs are a numpy.ndarray"),
        (torch.tensor(1.0), "There are no inputs"),
        (WITH_NAN, "NaN or infinite"),
        (IMAGES.double(), "torch.float64"),
        (IMAGES[..., 1:], r"The model cannot take inputs of shape \(N, 1, 28, 27\)"),
        (None, "inputs are a NoneType"),
    ],
)
def test_infer_refuses_odd_inputs(inputs, error):
    with pytest.raises((TypeError, ValueError), match=error):
        infer(classifier(), inputs)


def test_infer_refuses_what_is_no_model_and_no_batch_size():
    with pytest.raises(TypeError, match="model is a function"):
        infer(infer, IMAGES)
    with pytest.raises(ValueError, match="batch_size=0 cannot be used"):
        infer(classifier(), IMAGES, batch_size=0)
    assert infer(nn.Flatten(), IMAGES).shape == (40, 784)


@pytest.mark.parametrize(
    ("optimizer", "batch_size", "generator", "error"),
    [
        ("Adam", 20, torch.Generator(), "optimizer is a str"),
        (None, 20, 3, "optimizer is a NoneType"),
        (torch.optim.SGD([nn.Parameter(torch.zeros(1))]), 20, 3, "generator is a torch.Generator"),
        (torch.optim.SGD([nn.Parameter(torch.zeros(1))]), 0, torch.Generator(), "batch_size=0"),
    ],
)
def test_train_epoch_refuses_odd_settings(optimizer, batch_size, generator, error):
    with pytest.raises((TypeError, ValueError), match=error):
        train_epoch(classifier(), IMAGES, LABELS, cross_entropy, optimizer, batch_size, generator)


@pytest.mark.parametrize("scale", [1e19, float("inf"), float("nan"), -1e19])
def test_a_loss_beyond_all_measure_ends_a_training(scale):
    with pytest.raises(FloatingPointError, match="The loss is .* in epoch 1: .* below 0.001"):
        train(
            classifier(),
            (IMAGES, LABELS),
            lambda outputs, targets: scale * cross_entropy(outputs, targets),
            **SETTINGS,
        )


def test_an_error_in_a_models_own_code_is_left_as_it_is():
    class Broken(nn.Linear):
        def forward(self, inputs):
            return inputs.no_such_method()

    with pytest.raises(AttributeError, match="no_such_method"):
        train(Broken(784, 10), (IMAGES, LABELS), cross_entropy, **SETTINGS)


def test_an_epoch_is_short_and_train_reads_top_to_bottom():
    """Without the docstrings. Lesson 2 shows the epoch."""
    lengths = {}
    for function in (loop.train_epoch, loop.train):
        [tree] = ast.parse(inspect.getsource(function)).body
        lengths[function.__name__] = tree.end_lineno - tree.body[1].lineno + 1
        kinds = {type(node) for node in ast.walk(tree)}
        if function is loop.train_epoch:
            assert not kinds & {ast.If, ast.IfExp, ast.Try, ast.With}
    assert lengths["train_epoch"] <= 12
    assert lengths["train"] <= 40, lengths
