"""Values and calls in few words, for the messages of the checks."""

import numpy as np
import torch


def brief(value):
    """`value` in a few words: small ones whole, large ones by their shape."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.double() if value.is_floating_point() else value).numpy()
    if isinstance(value, np.ndarray | np.generic):
        if value.size > 12:
            return f"<{' x '.join(map(str, value.shape))} numbers>"
        value = value.tolist()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        inner = ", ".join(map(brief, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {brief(one)}" for key, one in value.items()) + "}"
    if isinstance(value, torch.Generator):
        return f"<generator with seed {value.initial_seed()}>"
    if callable(value) or isinstance(value, torch.optim.Optimizer):
        return f"<{getattr(value, '__name__', type(value).__name__)}>"
    text = repr(value)
    return text if len(text) < 60 else text[:60] + "..."


def kind(value):
    """What `value` is, such as "a list of 3" or "the str '14'"."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, bool | int | float | str | np.generic):
        return f"the {type(value).__name__} {brief(value)}"
    if isinstance(value, torch.Tensor | np.ndarray):
        word = "a tensor" if isinstance(value, torch.Tensor) else "an array"
        return f"{word} of shape {tuple(value.shape)} and type {str(value.dtype).split('.')[-1]}"
    if isinstance(value, list | tuple | dict | set):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"an object of type {type(value).__name__}"
