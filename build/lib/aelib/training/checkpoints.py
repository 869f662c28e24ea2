"""A cache for what has been trained."""

import inspect
import json
import os
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from aelib import models
from aelib.settings import project_folder
from aelib.training import loop
from aelib.training.loop import train
from aelib.training.resuming import digest

#: The code that runs in this process, whatever becomes of the files meanwhile.
CODE = [inspect.getsource(loop), inspect.getsource(models)]


def train_or_load(name, model, training_data, loss_function, *, validation, **settings):
    """Do what `train` does, or load its result where the very same training has run before.

    The same means: same initial weights, data, loss function, settings, and code of this module
    and of the models, same torch, device and number of threads. The result is kept as
    `runs/checkpoints/NAME-KEY.safetensors`, with the settings and the history inside.

    Returns:
        The history, as `train` does.
    """
    made_by = {
        "model": repr(model),
        "frozen": [not parameter.requires_grad for parameter in model.parameters()],
        "loss_function": inspect.getsource(loss_function),
        "settings": settings,
        "code": CODE,
        "torch": torch.__version__,
        "device": str(next(model.parameters()).device),
        "threads": torch.get_num_threads(),
    }
    key = digest(made_by, (*model.state_dict().values(), *training_data, *validation))
    path = project_folder() / "runs" / "checkpoints" / f"{name}-{key}.safetensors"
    history = load_checkpoint(path, model)
    if history is None:
        history = train(model, training_data, loss_function, validation=validation, **settings)
        if len(history["training_loss"]) == settings["epochs"]:
            try:
                save_checkpoint(path, model, history, settings)
            except (OSError, SafetensorError) as error:
                print(f"Trained, but not kept for next time: {path} cannot be written: {error}")
    return history


def pretrained_autoencoder(data, device, **settings):
    """The autoencoder of lesson 2, trained on `data.train` or loaded, and its history."""
    torch.manual_seed(settings["seed"])
    autoencoder = models.Autoencoder().to(device)
    history = train_or_load(
        "autoencoder",
        autoencoder,
        (data.train.images, data.train.images),
        torch.nn.functional.mse_loss,
        validation=(data.validation.images, data.validation.images),
        **settings,
    )
    return autoencoder, history


def save_checkpoint(path, model, history, settings):
    """Write the weights of `model`, and what made them, to `path`: all of it or nothing."""
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"history": json.dumps(history), "settings": json.dumps(settings)}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as part:
        save_file(weights, Path(part, path.name), metadata=metadata)
        os.replace(Path(part, path.name), path)


def load_checkpoint(path, model):
    """Load the weights at `path` into `model`; return the history, or None if there is none.

    A file that cannot be read counts as none: it is only a cache.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            history = json.loads(file.metadata()["history"])
            model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
            model.eval()
            return history
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        print(f"Training again, since {path} cannot be used: {error}")
        return None
