"""Trainings that were stopped and go on."""

import hashlib
import inspect
import json
import os
from pickle import UnpicklingError

import torch
import torch.distributed


def training_key(settings, model, loss_function, training_data):
    """What tells a training from all others, as a short text."""
    return digest([*settings, repr(model), inspect.getsource(loss_function)], training_data)


def save_state(path, key, parts, history):
    """Write what `train` needs to go on after an epoch: all of it or nothing."""
    state = {"key": key, "history": history, "random": torch.get_rng_state()}
    state["parts"] = [part.state_dict() for part in parts]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    torch.save(state, draft)
    os.replace(draft, path)


def load_state(path, key, parts, rank, processes):
    """Put `parts` into the state in which `save_state` found them, in every process.

    Only the first process needs the file: the others may be on machines without it.

    Returns:
        The history, or None where there is no file.

    Raises:
        ValueError: the file is of a training with another key, or no such file at all.
    """
    state = None
    if rank == 0 and path.exists():
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            if state["key"] != key:
                raise ValueError("settings or data differ")
        except (RuntimeError, KeyError, TypeError, ValueError, EOFError, UnpicklingError) as error:
            raise ValueError(
                f"{path} is not of this training: delete it, to begin anew. ({error})"
            ) from error
    if processes > 1:
        states = [state]
        torch.distributed.broadcast_object_list(states)
        state = states[0]
    if state is None:
        return None
    for part, saved in zip(parts, state["parts"], strict=True):
        part.load_state_dict(saved)
    torch.set_rng_state(state["random"])
    return state["history"]


def digest(made_by, tensors):
    """A text that is the same for the same `made_by`, of plain values, and the same tensors."""
    hashed = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode())
    for tensor in tensors:
        hashed.update(tensor.cpu().contiguous().numpy())
    return hashed.hexdigest()[:16]
