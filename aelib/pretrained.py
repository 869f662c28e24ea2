"""The autoencoder of lesson 2, from which other lessons start: trained once, then read from a file.

Nothing else is ever kept, and nothing of a learner's own, so nothing that is kept can be stale.
"""

import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from aelib import data as data_module
from aelib import models, training
from aelib.files import draft_of
from aelib.settings import project_folder

SOURCES = [Path(module.__file__) for module in (data_module, models, training)]
IMPORTED = [path.read_bytes() for path in SOURCES]


def pretrained_autoencoder(data, device, **settings):
    """The autoencoder of lesson 2, trained on `data.train` or, where it was so before, loaded.

    Args:
        settings: the epochs, batch_size, learning_rate and seed of the training.

    Returns:
        The autoencoder, in evaluation mode, and the history of its training.
    """
    torch.manual_seed(settings["seed"])
    autoencoder = models.Autoencoder().to(device)
    pairs = [(split.images, split.images) for split in (data.train, data.validation)]
    key = digest(
        *autoencoder.state_dict().values(),
        *(images for images, _ in pairs),
        sorted(settings.items()),
        (torch.__version__, torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()),
        (str(device), os.environ.get("ONEDNN_MAX_CPU_ISA")),
        *IMPORTED,
    )
    path = project_folder() / "runs" / "checkpoints" / f"autoencoder-{key}.safetensors"
    # What runs here is what was imported: where an editor has changed that since, the file would
    # be of another code.
    usable = [file.read_bytes() for file in SOURCES] == IMPORTED
    history = load(path, autoencoder) if usable and path.exists() else None
    if history is None:
        loss = torch.nn.functional.mse_loss
        history = training.train(autoencoder, pairs[0], loss, validation=pairs[1], **settings)
        if usable and len(history["training_loss"]) == settings["epochs"]:
            save(path, autoencoder, history)
    return autoencoder.eval(), history


def save(path, model, history):
    """Write weights and history to `path`: all of it or, where the disk is full, nothing."""
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    text = json.dumps(history)
    try:
        with draft_of(path) as draft:
            save_file(weights, draft, {"history": text, "sha256": digest(text, *weights.values())})
    except (OSError, SafetensorError) as error:
        print(f"Trained, but not kept for next time: {path} cannot be written: {error}")


def load(path, model):
    """Load the weights at `path` into `model`; return the history, or None where it is damaged."""
    try:
        with safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in model.state_dict()}
            kept = file.metadata()
        if kept["sha256"] != digest(kept["history"], *weights.values()):
            raise ValueError("its checksum is another")
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        print(f"Training again, since {path} is damaged: {error}")
        return None
    model.load_state_dict(weights)
    return json.loads(kept["history"])


def digest(*parts):
    """A short text that is another one where any part is: tensors, bytes, or what `repr` tells."""
    hashed = hashlib.sha256()
    for part in parts:
        if isinstance(part, torch.Tensor):
            part = part.detach().cpu().contiguous().numpy().tobytes()
        hashed.update(part if isinstance(part, bytes) else repr(part).encode())
    return hashed.hexdigest()[:32]
