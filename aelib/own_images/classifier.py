"""A trained classifier as one file, with the names of its classes and how images are prepared."""

import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from aelib.files import draft_of
from aelib.models import Encoder
from aelib.own_images.methods import PIXELS, PRINCIPAL
from aelib.studies.parts import Projection, head

FORMAT = "aelib classifier 1"


def save_classifier(path, model, method, image_set):
    """Write a model that `method` made of an `ImageSet` to `path`, whole or not at all."""
    about = {name: json.dumps(getattr(image_set, name)) for name in ("classes", "preparation")}
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    with draft_of(path) as draft:
        save_file(weights, draft, metadata={"format": FORMAT, "method": method, **about})


def load_classifier(path):
    """Read what `save_classifier` has written: the model, its classes, and how images are prepared.

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
    if known["method"] == PIXELS:
        front = nn.Flatten()
    elif known["method"] == PRINCIPAL:
        front = Projection(weights["0.layer.weight"])
    else:
        front = Encoder(image_channels=preparation["channels"], image_size=preparation["size"])
    model = nn.Sequential(front, head(torch.zeros(2, len(weights["1.0.mean"])), len(classes)))
    model.load_state_dict(weights)
    return model.eval(), classes, preparation
