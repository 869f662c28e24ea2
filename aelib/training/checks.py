"""What a training is given, looked at before it begins."""

import functools
import math
import os
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from aelib.settings import check_settings, shown

#: A mean loss above this is taken for a training that has diverged.
HIGHEST_LOSS = 1e15
#: Functions that take outputs and targets of one shape, and spread the smaller one otherwise.
ELEMENTWISE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "sub", "rsub", "__rsub__")
WRITE_BYTES = "Divide them by 255, or leave them as bytes (uint8), which are divided for you."


def check_training(model, training_data, validation, loss_function, **settings):
    """Say what is wrong with the first argument of `train` that cannot be used.

    Raises:
        TypeError: something of the wrong kind.
        ValueError: a value that cannot be used.
    """
    rest = {name: settings.pop(name) for name in ("weight_decay", "one_cycle", "state_file")}
    check_settings(**settings)
    decay = rest["weight_decay"]
    if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not 0 <= decay <= 1e3:
        raise ValueError(f"weight_decay={shown(decay)} cannot be used: a number from 0 to 1000 can")
    one_cycle = rest["one_cycle"]
    if not isinstance(one_cycle, bool):
        raise ValueError(f"one_cycle={shown(one_cycle)} cannot be used: it is True or False")
    file = rest["state_file"]
    if not isinstance(file, (str, os.PathLike, type(None))):
        raise TypeError(f"state_file={shown(file)} cannot be used: a path can")
    if file == "" or (file and os.path.isdir(file)):
        raise ValueError(f"state_file={str(file)!r} is no file: give a path with a file's name")
    for name, data in (("training_data", training_data), ("validation", validation)):
        if name == "validation" and isinstance(data, (tuple, list)) and len(data) == 0:
            continue
        if not isinstance(data, (tuple, list)) or len(data) != 2:
            raise TypeError(f"{name} is a pair of tensors, inputs and targets, not {_kind(data)}")
        if name == "training_data" or not all(
            isinstance(t, torch.Tensor) and len(t) == 0 for t in data
        ):
            check_data(model, *data, loss_function, name)
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise ValueError(
                f"The model's {name} has NaN or infinite numbers: begin with a new one."
            )


def check_data(model, inputs, targets, loss_function, name="training_data"):
    """Say what is wrong with a model, inputs, targets or a loss function before they are used."""
    if not callable(loss_function) or isinstance(loss_function, type):
        raise TypeError(
            f"loss_function is {_kind(loss_function)}: it is a function of outputs and targets, "
            "such as torch.nn.functional.mse_loss or, with brackets, torch.nn.MSELoss()."
        )
    check_inputs(model, inputs, f"inputs of {name}")
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError(
            "There is nothing to train: the model has no weights, or all are frozen. "
            "model.requires_grad_(True) lets them learn."
        )
    if not isinstance(targets, torch.Tensor):
        raise TypeError(f"The targets of {name} are {_kind(targets)}: make them a tensor.")
    if targets.ndim == 0 or len(inputs) != len(targets):
        count = f"{len(targets):,}" if targets.ndim else "a single number as"
        raise ValueError(f"{name} has {len(inputs):,} inputs, but {count} targets: one each.")
    if targets.is_floating_point() or targets.dtype == torch.int64:
        _check_values(targets, f"targets of {name}")
    elif targets.dtype != torch.uint8 or targets[0].numel() == 1:
        raise TypeError(
            f"The targets of {name} are {targets.dtype}: classes are int64 (targets.long()), "
            "images bytes with a height and width, all else floats (targets.float())."
        )
    ignored = _ignored_class(loss_function)
    if targets.dtype == torch.int64 and ignored is not None and (targets == ignored).all():
        raise ValueError(f"All targets of {name} are {ignored}, the class that the loss ignores.")


def check_inputs(model, inputs, name="inputs", fewest=1):
    """Say what is wrong with a model or its inputs, before it is given them."""
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"model is {_kind(model)}: a torch.nn.Module is needed, such as Autoencoder()."
        )
    if not isinstance(inputs, torch.Tensor):
        hint = "torch.from_numpy(array)" if hasattr(inputs, "__array__") else "torch.stack(list)"
        raise TypeError(f"The {name} are {_kind(inputs)}: make them a tensor, such as by {hint}.")
    if inputs.ndim == 0 or len(inputs) < fewest:
        raise ValueError(f"There are no {name}: their shape is {tuple(inputs.shape)}.")
    if inputs.dtype != torch.uint8 and not inputs.is_floating_point():
        raise TypeError(
            f"The {name} are {inputs.dtype}: images are floats from 0 to 1, or bytes from 0 to 255 "
            "(uint8), so try inputs.byte() or inputs.float()."
        )
    given = torch.float32 if inputs.dtype == torch.uint8 else inputs.dtype
    weights = {weight.dtype for weight in model.parameters()}
    if weights and given not in weights and not torch.is_autocast_enabled(inputs.device.type):
        raise TypeError(
            f"The {name} are {given} and the weights of the model {next(iter(weights))}: use "
            "inputs.float(), or model.to(inputs.dtype)."
        )
    if len(inputs):
        _check_values(inputs, name)


def _check_values(tensor, name):
    """Refuse what is not finite, and pixels that should be divided by 255."""
    if not tensor.is_floating_point():
        return
    low, high = (value.item() for value in tensor.detach().aminmax())
    if not math.isfinite(high - low):
        count = (~tensor.isfinite()).sum().item()
        raise ValueError(
            f"{count:,} of the numbers in the {name} are NaN or infinite: look for them with "
            "tensor.isfinite(), and leave out what they are in."
        )
    # Codes may reach far above 1 as well, but their maps are small.
    image = tensor.ndim == 3 or (tensor.ndim == 4 and tensor.shape[1] in (1, 3))
    image = image and min(tensor.shape[-2:]) >= 8
    flat = not image and "inputs" in name and 100 < high <= 255 and tensor[0].numel() >= 64
    if low >= 0 and high > 1.5 and (image or (flat and tensor.equal(tensor.round()))):
        raise ValueError(
            f"The {name} reach from {low:g} to {high:g}, not from 0 to 1. {WRITE_BYTES}"
        )


def _kind(value):
    return f"a {type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")


def _ignored_class(loss_function):
    """The class that a loss function of classes ignores; None if it is no such function."""
    while isinstance(loss_function, functools.partial):
        if "ignore_index" in loss_function.keywords:
            return loss_function.keywords["ignore_index"]
        loss_function = loss_function.func
    if isinstance(loss_function, (nn.CrossEntropyLoss, nn.NLLLoss)):
        return loss_function.ignore_index
    return -100 if loss_function in (F.cross_entropy, F.nll_loss) else None


class CheckedLoss:
    """A loss function that looks at the first batch, and remembers its last loss.

    Args:
        targets: of all batches.
    """

    def __init__(self, function, targets):
        self.function = function
        self.targets = targets
        self.last_loss = float("nan")
        self.called = False

    def __call__(self, outputs, targets):
        loss = self.function(outputs, targets) if self.called else self.first(outputs, targets)
        self.last_loss = loss.detach()
        return loss

    def first(self, outputs, targets):
        """The loss, where nothing is wrong with it.

        Raises:
            TypeError: it is no tensor.
            ValueError: outputs, targets and function do not fit.
        """
        self.called = True
        ignored = _ignored_class(self.function)
        if ignored is not None and isinstance(outputs, torch.Tensor) and outputs.ndim > 1:
            self.check_classes(outputs.shape[1], ignored)
        try:
            with _NoSpreading(outputs, targets):
                loss = self.function(outputs, targets)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise ValueError(
                f"The loss function cannot compare outputs, {_described(outputs)}, with targets, "
                f"{_described(targets)}: {error}"
            ) from error
        if not isinstance(loss, torch.Tensor):
            raise TypeError(
                f"The loss function returned {_kind(loss)}, not a tensor of one number."
            )
        if loss.numel() != 1:
            raise ValueError(
                f"The loss function returned {_described(loss)}: it should return the mean of it."
            )
        if not loss.requires_grad:
            raise ValueError(
                "The loss does not depend on any weight that can learn: was it computed from "
                "something detached, or with torch.no_grad() around?"
            )
        return loss

    def check_classes(self, classes, ignored):
        """Refuse labels that are not one of the classes."""
        if self.targets.dtype == torch.int64:
            labels = self.targets[self.targets != ignored]
            low, high = labels.min().item(), labels.max().item()
            if low < 0 or high >= classes:
                raise ValueError(
                    f"The labels reach from {low} to {high}, but the model has {classes} outputs: "
                    f"for these they are from 0 to {classes - 1}."
                )


class _NoSpreading(TorchFunctionMode):
    """Refuses to subtract targets of one shape from outputs of another."""

    def __init__(self, outputs, targets):
        super().__init__()
        self.pair = outputs, targets

    def __torch_function__(self, function, types, args=(), kwargs=None):
        both = all(any(arg is one for arg in args) for one in self.pair)
        if both and getattr(function, "__name__", "") in ELEMENTWISE:
            first, second = (tuple(tensor.shape) for tensor in self.pair)
            if first != second:
                raise ValueError("their shapes differ")
        return function(*args, **(kwargs or {}))


def _described(value):
    if isinstance(value, torch.Tensor):
        return f"{tuple(value.shape)} of {value.dtype}"
    return _kind(value)


@contextmanager
def explained(inputs, batch_loss=None):
    """Say what was given to a model that could not take it.

    Args:
        batch_loss: a `CheckedLoss`. Once it was called, the model can take its inputs.
    """
    try:
        yield
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        begun = batch_loss is not None and batch_loss.called
        if begun or isinstance(error, torch.OutOfMemoryError):
            raise
        shape = ("N", *inputs.shape[1:])
        raise ValueError(
            f"The model cannot take inputs of shape ({', '.join(map(str, shape))}): {error}"
        ) from error


def check_loss(loss, epoch, learning_rate):
    """Raise FloatingPointError where the mean loss of an epoch, counted from 0, has diverged."""
    if not math.isfinite(loss) or abs(loss) > HIGHEST_LOSS:
        raise FloatingPointError(
            f"The loss is {loss:.3g} in epoch {epoch + 1}: training diverged. "
            f"Try a learning rate below {learning_rate}."
        )


def checked(train_epoch):
    """`train_epoch` for a person: its arguments are looked at first."""

    @functools.wraps(train_epoch)
    def checked_epoch(model, inputs, targets, loss_function, optimizer, batch_size, generator):
        check_data(model, inputs, targets, loss_function, "the epoch")
        check_settings(batch_size=batch_size)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(f"optimizer is {_kind(optimizer)}: it is one of torch.optim's.")
        if not isinstance(generator, torch.Generator) or generator.device.type != "cpu":
            raise TypeError("generator is a torch.Generator() on the CPU, which draws the order.")
        batch_loss = CheckedLoss(loss_function, targets)
        with explained(inputs, batch_loss):
            return train_epoch(model, inputs, targets, batch_loss, optimizer, batch_size, generator)

    return checked_epoch
