"""What the functions of `aelib` accept: each argument brought to one form, or one clear error."""

import math
import operator

import numpy as np
import torch


def classes(**named):
    """Each argument as an array `(N,)` of whole numbers from 0, the same N for all.

    Raises:
        TypeError, ValueError: one is something else; the message names it.
    """
    arrays = {name: array(name, values) for name, values in named.items()}
    for name, values in arrays.items():
        if values.ndim == 2 and values.shape[1] > 1:
            raise ValueError(
                f"{name} is {shape(values)}: classes (N,) are needed; of class scores or one-hot "
                "rows take `.argmax(1)` first"
            )
        if values.ndim != 1:
            advice = "flatten it first" if values.ndim else "give one class for each image"
            raise ValueError(f"{name} is {shape(values)}: classes (N,) are needed; {advice}")
        if len(values) == 0:
            raise ValueError(f"{name} is empty: give at least one class")
        if values.dtype.kind not in "iu":
            raise TypeError(f"{name} holds {values.dtype}: classes are whole numbers (integers)")
        if values.min() < 0:
            raise ValueError(
                f"{name} holds {values.min()}: classes count from 0; leave out images without one"
            )
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise ValueError(f"not equally many: {said}; all must be about the same images")
    return arrays.values()


def sample(values):
    """`values` as an array of at least two finite numbers, which can be squared.

    Raises:
        TypeError, ValueError: they are something else.
    """
    values = array("values", values)
    if values.ndim != 1:
        raise ValueError(f"values are {shape(values)}: a row of numbers (N,) is needed")
    if len(values) < 2:
        raise ValueError(f"{len(values)} values have no spread: give two or more")
    if values.dtype.kind not in "iuf":
        raise TypeError(f"values hold {values.dtype}: give numbers")
    values = values.astype(float)
    usable = np.abs(values) < 1e150
    if not usable.all():
        count = (~usable).sum()
        raise ValueError(f"{count} of {len(values)} values are NaN or infinite: leave them out")
    return values


def number(name, value):
    """`value` as a float; NaN and infinity are let through.

    Raises:
        TypeError: it is something else, text and truth values among it.
    """
    try:
        if isinstance(value, str | bytes | bool | np.bool_) or getattr(value, "ndim", 0):
            raise TypeError
        return float(value.detach() if isinstance(value, torch.Tensor) else value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} is {kind(value)}: give a number") from None


def whole_number(name, value):
    """`value` as an int.

    Raises:
        TypeError: it is something else, 5.0 and True among it.
    """
    try:
        if isinstance(value, bool | np.bool_) or getattr(value, "ndim", 0):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {kind(value)}: give a whole number") from None


def last_kernel_size(code_channels, image_channels, image_size):
    """The kernel that brings a quarter of `image_size` to 4, or what is wrong with the three."""
    limits = {"code_channels": (1, 1_000), "image_channels": (1, 100), "image_size": (16, 256)}
    values = {"code_channels": code_channels, "image_channels": image_channels}
    for name, value in (values | {"image_size": image_size}).items():
        low, high = limits[name]
        if not low <= whole_number(name, value) <= high:
            raise ValueError(f"{name}={value} cannot be used: {low} to {high} can")
    if image_size % 4:
        raise ValueError(f"image_size={image_size} cannot be used: a multiple of 4 can")
    return image_size // 4 - 3


def check_input(network, inputs, takes, weight, flat=False):
    """Raise where `inputs` are not floats `(N, *takes)`.

    Args:
        network: its name.
        weight: one of its weights.
        flat: whether the numbers of each input may also have another shape than `takes`.
    """
    said = f"{network} takes floats (N, {', '.join(map(str, takes))})"
    if not isinstance(inputs, torch.Tensor):
        raise TypeError(f"{said}, a tensor: this is {kind(inputs)}")
    numbers = inputs.shape[1:]
    if inputs.ndim < 2 or ((math.prod(numbers),) if flat else numbers) != takes:
        raise ValueError(f"{said}: these are {shape(inputs)}")
    if not inputs.is_floating_point():
        raise TypeError(f"{said}: these are {inputs.dtype}; bring bytes to [0, 1] by `scaled`")
    if inputs.dtype == torch.float64 != weight.dtype:
        raise TypeError(f"{said}: these are of double precision; use `.float()`")


def check_images(images):
    """Raise where `images` are not floats `(N, C, H, W)`, at least one."""
    said = "images have to be floats (N, C, H, W), a tensor"
    if not isinstance(images, torch.Tensor):
        raise TypeError(f"{said}: this is {kind(images)}")
    if images.ndim != 4 or images.numel() == 0:
        raise ValueError(f"{said}: these are {shape(images)}")
    if not images.is_floating_point():
        raise TypeError(f"{said}: these are {images.dtype}; bring bytes to [0, 1] by `scaled`")


def check_generator(generator):
    """Raise where `generator` is neither None nor what draws torch's random numbers."""
    if not isinstance(generator, torch.Generator | None):
        said = "give a torch.Generator(), with .manual_seed(...), or None"
        raise TypeError(f"generator is {kind(generator)}: {said}")


def check_model(model):
    """Raise where `model` is no network."""
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model is {kind(model)}: give a network, such as Encoder()")


def check_codes(codes, width, classes):
    """Raise where an MLP cannot take its scale from `codes`, or cannot be so wide."""
    for name, value in (("width", width), ("classes", classes)):
        if not 1 <= whole_number(name, value) <= 100_000:
            raise ValueError(f"{name}={value} cannot be used: 1 to 100,000 can")
    if not isinstance(codes, torch.Tensor) or not codes.is_floating_point():
        what = codes.dtype if isinstance(codes, torch.Tensor) else kind(codes)
        raise TypeError(f"codes are {what}: give those of the training images, a tensor of floats")
    if codes.ndim < 2 or len(codes) < 2 or codes.numel() == 0:
        raise ValueError(
            f"codes are {shape(codes)}: those of two images or more are needed, (N, 48) or "
            "(N, 3, 4, 4), since each number is brought to a standard deviation of 1"
        )
    if not codes.isfinite().all():
        raise ValueError("codes hold NaN or infinity: has the training of the encoder diverged?")


def array(name, values):
    """A tensor, on whatever device, an array or a list, as an array.

    Raises:
        TypeError: it makes none.
    """
    try:
        tensor = isinstance(values, torch.Tensor)
        return values.detach().cpu().numpy() if tensor else np.asarray(values)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} is {kind(values)}: it cannot be made an array") from None


def kind(value):
    """What `value` is, for an error message: itself where it is short, else its type and shape."""
    if value is None or isinstance(value, bool | int | float | str):
        return f"{value!r:.60}"
    described = f"a {type(value).__name__}"
    return f"{described} {shape(value)}" if hasattr(value, "shape") else described


def shape(values):
    """The shape of a tensor or an array as text, such as (10, 1, 28, 28)."""
    return str(tuple(values.shape))
