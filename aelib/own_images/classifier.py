"""A trained classifier as one file, with the names of its classes and how images are prepared."""

import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from aelib.contest.methods import PIXELS, PRINCIPAL, Projection, head
from aelib.files import draft_of
from aelib.models import Encoder

FORMAT = "aelib classifier 1"


def save_classifier(path, model, method, image_set):
    """Write a model of `learn` to `path`, whole or not at all.

    Args:
        method: the one it was made by.
        image_set: the `ImageSet` it has learned from.
    """
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "method": method,
        "classes": json.dumps(image_set.classes),
        "preparation": json.dumps(image_set.preparation),
    }
    with draft_of(path) as draft:
        save_file(weights, draft, metadata=metadata)


def load_classifier(path):
    """Read a classifier that `save_classifier` has written.

    Returns:
        The model, the names of its classes, and how images are prepared.

    Raises:
        ValueError: there is no such file, or it is none of these.
    """
    try:
        with safe_open(path, framework="pt") as file:
            known = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read as a classifier: {error}") from error
    if known.get("format") != FORMAT:
        raise ValueError(f"{path} is no classifier of lesson 9: that saves runs/model.safetensors")
    classes, preparation = json.loads(known["classes"]), json.loads(known["preparation"])
    channels, size = preparation["channels"], preparation["size"]
    if known["method"] == PIXELS:
        front = nn.Flatten()
    elif known["method"] == PRINCIPAL:
        front = Projection(weights["0.layer.weight"])
    else:
        front = Encoder(image_channels=channels, image_size=size)
    model = nn.Sequential(front, head(torch.zeros(2, len(weights["1.0.mean"])), len(classes)))
    model.load_state_dict(weights)
    return model.eval(), classes, preparation
