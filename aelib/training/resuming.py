"""Trainings that were stopped and go on."""

import hashlib
import io
import os
import random
from pathlib import Path

import numpy as np
import torch
import torch.distributed

from aelib.files import write_whole
from aelib.training.processes import rank_and_processes


def resume(path, key, parts, generator, history):
    """Put a training into the state that its file has, in every process.

    Only the first process needs the file: the others may be on machines without it. A file that is
    damaged is set aside, and the training begins anew.

    Args:
        path: the file, which need not exist; None, if nothing is to be kept.
        key: what tells this training from others, a short text.
        parts: what has a state: the model first, the optimizer and so on, some of them None.
        generator: draws the order of the training data.
        history: is brought to what it was.

    Returns:
        A function to call after every epoch, that writes the file: all of it or nothing.

    Raises:
        ValueError: the file is of a training with another key.
    """
    if path is None:
        return lambda: None
    path, parts = Path(path), [part for part in parts if part is not None]
    rank, processes = rank_and_processes()

    def save():
        draws = [_random_state(parts[0])]
        if processes > 1:
            draws *= processes
            torch.distributed.all_gather_object(draws, draws[0])
        if rank == 0:
            state = {"key": key, "history": dict(history), "order": generator.get_state()}
            state |= {"parts": [part.state_dict() for part in parts], "random": draws}
            _write(path, state)

    state = _read(path) if rank == 0 else None
    if processes > 1:
        states = [state]
        torch.distributed.broadcast_object_list(states)
        state = states[0]
    if state is not None:
        if state["key"] != key:
            raise ValueError(
                f"{path} is not of this training: its settings, network, loss function or data "
                "differ. Delete it, to begin anew, or name another file."
            )
        for part, saved in zip(parts, state["parts"], strict=True):
            part.load_state_dict(saved)
        generator.set_state(state["order"])
        _restore_random_state(parts[0], state["random"][rank])
        history.update(state["history"])
    return save


def _write(path, state):
    content = io.BytesIO()
    torch.save(state, content)
    content = content.getvalue()
    write_whole(path, hashlib.sha256(content).digest() + content)


def _read(path):
    """The state in the file; None if there is none, or a damaged one."""
    if not path.exists():
        return None
    checksum, content = (whole := path.read_bytes())[:32], whole[32:]
    if hashlib.sha256(content).digest() == checksum:
        return torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    aside = path.with_name(path.name + ".damaged")
    os.replace(path, aside)
    print(f"Training from the beginning, since {path} is damaged. (It is kept as {aside}.)")
    return None


def _random_state(model):
    """The state of every generator that `model` may draw from in this process."""
    drawn = np.random.get_state(legacy=False)
    return {
        "torch": torch.get_rng_state(),
        "device": [module.get_rng_state() for module in _accelerator(model)],
        "own": [generator.get_state() for generator in _own_generators(model)],
        "python": random.getstate(),
        "numpy": {**drawn, "state": {**drawn["state"], "key": drawn["state"]["key"].tolist()}},
    }


def _restore_random_state(model, state):
    torch.set_rng_state(state["torch"])
    for module, saved in zip(_accelerator(model), state["device"], strict=True):
        module.set_rng_state(saved)
    for generator, saved in zip(_own_generators(model), state["own"], strict=True):
        generator.set_state(saved)
    random.setstate(state["python"])
    drawn = state["numpy"]
    key = np.array(drawn["state"]["key"], dtype=np.uint32)
    np.random.set_state({**drawn, "state": {**drawn["state"], "key": key}})


def _accelerator(model):
    """`torch.cuda` or `torch.mps` where the model is on one, as a list of one or none."""
    kind = next(model.parameters()).device.type
    return [getattr(torch, kind)] if kind in ("cuda", "mps") else []


def _own_generators(model):
    values = [value for module in model.modules() for value in vars(module).values()]
    return [value for value in values if isinstance(value, torch.Generator)]
