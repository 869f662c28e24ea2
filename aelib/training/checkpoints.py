"""A cache for what has been trained."""

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from safetensors.torch import load, save

from aelib import models
from aelib.files import write_whole
from aelib.settings import project_folder
from aelib.training.identity import CannotTellError, identity
from aelib.training.interrupt import History
from aelib.training.loop import train

#: How long to wait for another process that trains the same, in seconds.
PATIENCE = 600
#: Where the checksum of a file goes, while it is computed.
NO_CHECKSUM = "-" * 64


def train_or_load(name, model, training_data, loss_function, *, validation=(), **settings):
    """Do what `train` does, or load its result where the very same training has run before.

    The same means everything that can change the result, down to the code of each function that
    takes part. This can be told of networks and loss functions that aelib and PyTorch define, and
    only their trainings are kept, as `runs/checkpoints/NAME-KEY.safetensors` with settings and
    history inside. With anything else, such as a class or function of your own, it always trains.
    Of two processes with the same training, one trains and the other waits for it.

    Returns:
        The history, as `train` does.
    """

    def train_now():
        return train(model, training_data, loss_function, validation=validation, **settings)

    try:
        if settings.get("state_file"):
            raise CannotTellError("what is in the file takes part")
        key = identity(model, loss_function, training_data, validation, settings, train)
    except (CannotTellError, AttributeError, RuntimeError, StopIteration, TypeError, ValueError):
        key = None
    if key is None:
        return train_now()  # Which says what is wrong with an argument, if that was it.
    path = project_folder() / "runs" / "checkpoints" / f"{name}-{key}.safetensors"
    with _only_process(path):
        history = load_checkpoint(path, model)
        if history is None:
            history = train_now()
            if not history.interrupted:
                try:
                    save_checkpoint(path, model, history, settings)
                except OSError as error:
                    print(f"Trained, but not kept for next time: {path} cannot be written: {error}")
    model.zero_grad()  # Those of the last step are there only after a training.
    return history.of(settings, training_data, validation)


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
    path = Path(path)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    metadata = {"history": json.dumps(history), "settings": json.dumps(settings)}
    metadata |= {"random": torch.get_rng_state().numpy().tobytes().hex(), "sha256": NO_CHECKSUM}
    content = save(weights, metadata)
    checksum = hashlib.sha256(content).hexdigest()
    write_whole(path, content.replace(NO_CHECKSUM.encode(), checksum.encode(), 1))


def load_checkpoint(path, model):
    """Load the weights at `path` into `model`, and let PyTorch's random numbers go on as after the
    training; return the history, or None if there is no such file.

    A file that is damaged, or of another network, counts as none and is said to: it is only a
    cache. The weights of `model` are then as they were.
    """
    path = Path(path)
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        checksum = metadata["sha256"]
        content_then = content.replace(checksum.encode(), NO_CHECKSUM.encode(), 1)
        if hashlib.sha256(content_then).hexdigest() != checksum:
            raise ValueError("it is damaged: its checksum is another")
        weights = load(content)
        if _shapes(weights) != _shapes(model.state_dict()):
            raise ValueError("it is of another network")
        random = torch.frombuffer(bytearray.fromhex(metadata["random"]), dtype=torch.uint8)
        history = History(json.loads(metadata["history"]))
    except (OSError, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
        print(f"Training again, since {path} cannot be used: {error}")
        return None
    model.load_state_dict(weights)
    model.eval()
    torch.set_rng_state(random)
    return history


def _shapes(weights):
    return {name: (tensor.shape, tensor.dtype) for name, tensor in weights.items()}


@contextmanager
def _only_process(path):
    """Wait until no other process trains what goes to `path`, and let none begin meanwhile."""
    lock = FileLock(path.parent / ".locks" / f"{path.stem}.lock")
    try:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print("Another process is training the same: waiting for it.", flush=True)
            lock.acquire(timeout=PATIENCE)
    except (OSError, NotImplementedError, Timeout):
        pass  # A folder without locks; or it takes too long, and both train.
    try:
        yield
    finally:
        lock.release()
