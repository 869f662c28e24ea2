"""The training loop."""

import math
import os
import sys

import torch
import torch.distributed
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from aelib.data import scaled
from aelib.settings import check_settings
from aelib.training.processes import join_processes
from aelib.training.resuming import load_state, save_state, training_key


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
    validation=(),
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
    end with the same weights; `aelib.training.__main__` is an example.

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
        key = training_key(settings, model, loss_function, training_data)
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
