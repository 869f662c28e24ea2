"""The training loop, and a cache for what it has trained."""

import hashlib
import inspect
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from pickle import UnpicklingError

import torch
import torch.distributed
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from aelib import models
from aelib.data import scaled
from aelib.settings import check_settings, project_folder


def pick_device():
    """The fastest device that torch finds here: a CUDA or Apple (MPS) GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def train(
    model,
    training_data,
    loss_function,
    *,
    validation,
    epochs,
    batch_size,
    learning_rate,
    seed,
    weight_decay=0.0,
    one_cycle=False,
    state_file=None,
):
    """Train `model` in place with Adam, and return how the loss went.

    Only parameters that require a gradient are trained. Interrupting it (Kernel > Interrupt)
    keeps what was learned so far, and goes on if that is at least one epoch.

    In a `torch.distributed` process group each process computes its share of every batch, and all
    end with the same weights; `aelib.parallel` is an example.

    Args:
        training_data: a pair of inputs `(N, ...)` and targets `(N, ...)`; of bytes each batch is
            brought to [0, 1].
        loss_function: called with outputs and targets of a batch, returns the mean over it.
        validation: a pair like `training_data`, to measure the loss on after every epoch, or ().
        seed: the order in which the training data are drawn.
        weight_decay: how hard each weight is pulled to zero: this times the weight is added to its
            gradient.
        one_cycle: let the learning rate rise to `learning_rate` over the first 30 % of the steps
            and fall to almost nothing over the rest (Smith, 2017, arXiv:1708.07120).
        state_file: a path; what the training needs to go on is kept there after every epoch. Where
            the file is there already, the training goes on from it, with the same result.

    Returns:
        A dict of lists with one number per epoch: "training_loss", the mean over the epoch's
        samples while the weights move, and "validation_loss", the mean at its end (an empty list
        if there are no validation data). They are shorter where a person stopped the training.

    Raises:
        ValueError: a setting out of range, a batch with fewer images than there are processes, or
            a state file of another training.
        FloatingPointError: the loss is not a finite number any more.
    """
    check_settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed)
    device = next(model.parameters()).device
    inputs, targets = (tensor.to(device) for tensor in training_data)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=learning_rate, weight_decay=weight_decay, fused=True)
    steps = epochs * math.ceil(len(inputs) / batch_size)
    schedule = OneCycleLR(optimizer, learning_rate, total_steps=steps) if one_cycle else None
    generator = torch.Generator().manual_seed(seed)
    history = {"training_loss": [], "validation_loss": []}
    rank, processes, network = join_processes(model, (len(inputs) - 1) % batch_size + 1)
    if state_file:
        settings = [epochs, batch_size, learning_rate, seed, weight_decay, one_cycle]
        made_by = [*settings, repr(model), inspect.getsource(loss_function)]
        key = digest(made_by, training_data)
        parts = [model, optimizer, *([schedule] if schedule else [])]
        history = load_state(state_file, key, parts, rank, processes) or history
    try:
        # Not to stderr, tqdm's default: notebooks print that on red.
        show = {"disable": not _watched(), "file": sys.stdout, "leave": False}
        for epoch in tqdm(range(epochs), desc="epochs", **show):
            order = torch.randperm(len(inputs), generator=generator).to(device)
            if epoch < len(history["training_loss"]):
                continue  # Done before the training was stopped.
            set_training_mode(model)
            total = torch.zeros((), device=device)
            for batch in order.split(batch_size):
                share = batch[rank::processes]
                loss = loss_function(network(scaled(inputs[share])), scaled(targets[share]))
                optimizer.zero_grad()
                (loss * (len(share) * processes / len(batch))).backward()
                optimizer.step()
                if schedule:
                    schedule.step()
                total += loss.detach() * len(share)
            if processes > 1:
                torch.distributed.all_reduce(total)
            if not total.isfinite():
                raise FloatingPointError(
                    f"The loss is {total.item()} in epoch {len(history['training_loss']) + 1}: "
                    f"training diverged. Try a learning rate below {learning_rate}."
                )
            if validation and len(validation[0]):
                outputs, expected = infer(model, validation[0]), scaled(validation[1])
                history["validation_loss"].append(loss_function(outputs, expected).item())
            history["training_loss"].append(total.item() / len(inputs))
            if state_file and rank == 0:
                save_state(state_file, key, parts, history)
    except KeyboardInterrupt:
        done = len(history["training_loss"])
        print(f"Interrupted after {done} whole epochs of {epochs}. What follows is of these.")
        if not history["training_loss"]:
            raise  # There is no loss yet that the next lines of a lesson could show.
    finally:
        model.eval()
    return history


def join_processes(model, last_batch):
    """What `train` has to know of the process group it runs in, if it runs in one.

    Args:
        last_batch: how many images the smallest batch has.

    Returns:
        The rank of this process, the number of processes, and the model; among several processes
        one that averages the gradients of all.

    Raises:
        ValueError: there are more processes than images in the last batch.
    """
    if not torch.distributed.is_initialized():
        return 0, 1, model
    processes = torch.distributed.get_world_size()
    if last_batch < processes:
        raise ValueError(
            f"{processes} processes cannot share the last batch of an epoch, which has "
            f"{last_batch} images: choose another batch size."
        )
    return torch.distributed.get_rank(), processes, DistributedDataParallel(model)


def set_training_mode(model):
    """Put `model` in training mode, but for what is frozen in it, weightless layers included."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


@torch.no_grad()
def infer(model, inputs, batch_size=1_000):
    """The outputs of `model`, in evaluation mode and without gradients, for all `inputs`, of bytes
    too.

    Returns:
        `(N, ...)` on the CPU.
    """
    model.eval()
    device = next(model.parameters()).device
    return torch.cat([model(scaled(batch.to(device))).cpu() for batch in inputs.split(batch_size)])


def _watched():
    """Whether a person may be looking at a progress bar: in a notebook or a terminal."""
    if os.environ.get("AELIB_PROGRESS") == "off":
        return False
    return "ipykernel" in sys.modules or sys.stdout.isatty()


# Stopped and continued ---------------------------------------------------------------------------


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


# The cache --------------------------------------------------------------------------------------

#: The code that runs in this process, whatever becomes of the files meanwhile.
CODE = [inspect.getsource(sys.modules[__name__]), inspect.getsource(models)]


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
