"""Changes what a witness looks at, one thing at a time, and tells which changes go unnoticed.

Tables, fitted models of scikit-learn and sets of images stay as they are.
"""

import ast
import copy
import functools
import inspect
from unittest import mock

import numpy as np
import torch
from torch import nn

from tools import witness

#: What is looked at only together with others, or as it stands.
GIVEN = {"data", "epochs", "seed", "batch_size", "train_size", "test_size"}
#: What a long witness calls.
CHAPTERS = ("claims_of", "figures_of")
#: How a training went can only be computed once more by another training.
PAST = {"training_loss", "validation_loss"}


def looked_at(function):
    """The names that a witness reads of a lesson, in the functions that it calls, too."""
    names = set()
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "seen":
            names.add(node.attr)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").startswith(CHAPTERS):
            names |= looked_at(getattr(witness, node.func.id))
    return names - GIVEN


def changes(value):
    """Copies of a value, each with one thing in it changed."""
    if isinstance(value, nn.Module):
        other = copy.deepcopy(value)
        for weight in other.parameters():
            weight.data.mul_(1.1)
            weight.data.add_(0.1 * torch.randn_like(weight))
        yield "", other
    elif isinstance(value, dict):
        for key in value.keys() - PAST:
            for where, other in changes(value[key]):
                new = copy.copy(value)
                new[key] = other
                yield f"[{key!r}]{where}", new
    elif isinstance(value, list | tuple) and value and not isinstance(value[0], int | float | str):
        for place in {0, len(value) - 1}:
            for where, other in changes(value[place]):
                yield f"[{place}]{where}", [*value[:place], other, *value[place + 1 :]]
    elif isinstance(value, bool):
        yield "", not value
    elif isinstance(value, int | float | np.number):
        yield "", value + 1 if isinstance(value, int | np.integer) else value * 1.02 + 0.01
    elif isinstance(value, list | tuple) and value and not isinstance(value[0], str):
        yield "", [one + 1 if isinstance(one, int) else 1.02 * one + 0.01 for one in value]
    elif isinstance(value, torch.Tensor):
        if value.dtype == torch.bool:
            yield "", ~value
        else:
            yield "", value * 1.02 + 0.01 if value.is_floating_point() else value + 1
    elif isinstance(value, np.ndarray) and value.size:
        yield "", value * 1.02 + 0.01 if value.dtype.kind == "f" else value + 1


def remembered(infer):
    """`infer`, which looks up what the same model has said of the same images."""
    known = {}

    def answer(model, images):
        key = id(model), images.data_ptr(), images.shape
        if key not in known:
            known[key] = infer(model, images), model, images  # Kept, so that the key is theirs.
        return known[key][0]

    return answer


def unnoticed(name, variables):
    """The changes with which the witness still lets a lesson pass."""
    passed = []
    with mock.patch.multiple(
        witness,
        load_data=functools.cache(witness.load_data),
        principal=functools.cache(witness.principal),
        infer=remembered(witness.infer),
    ):
        witness.look(name, variables)
        for one in sorted(looked_at(witness.WITNESSES[name])):
            for where, other in changes(variables[one]):
                try:
                    witness.look(name, {**variables, one: other})
                except Exception:
                    continue
                passed.append(one + where)
    return passed
