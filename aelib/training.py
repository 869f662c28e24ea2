"""Training: an epoch, the loop around it, and the outputs of a network without training it."""

import io
import math
import sys
import warnings

import torch
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from aelib.data import scaled
from aelib.settings import check_settings


def pick_device():
    """The fastest device that torch finds here: a CUDA or Apple (MPS) GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def train_epoch(model, inputs, targets, loss_function, optimizer, batch_size, generator):
    """Train `model` on every input once, in random order, batch by batch.

    Args:
        inputs, targets: `(N, ...)` each, on the device of the model; of bytes each batch is brought
            to [0, 1].
        loss_function: called with outputs and targets of a batch, returns the mean over it.
        optimizer: has the parameters to train.
        generator: draws the order.

    Returns:
        The mean loss over the epoch's samples, while the weights move.
    """
    set_training_mode(model)
    total = torch.zeros((), device=inputs.device)
    order = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    for batch in order.split(batch_size):
        outputs = model(scaled(inputs[batch]))
        loss = loss_function(outputs, scaled(targets[batch]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(batch)
    return total.item() / len(inputs)


def train(
    model,
    training_data,
    loss_function,
    *,
    epochs,
    batch_size,
    learning_rate,
    seed,
    validation=(),
    weight_decay=0.0,
    one_cycle=False,
):
    """Train `model` in place with Adam, and return how the loss went.

    Only parameters that require a gradient are trained. Interrupting it (Kernel > Interrupt)
    keeps what was learned so far, and what comes after it runs. Afterwards `model` is in
    evaluation mode. The bar is tqdm's, which `TQDM_DISABLE=1` in the environment turns off.

    Args:
        training_data: a pair of inputs `(N, ...)` and targets `(N, ...)`; of bytes each batch is
            brought to [0, 1].
        loss_function: called with outputs and targets of a batch, returns the mean over it.
        validation: a pair like `training_data`, to measure the loss on after every epoch.
        seed: the order in which the training data are drawn.
        weight_decay: how hard each weight is pulled to zero: this times the weight is added to its
            gradient.
        one_cycle: let the learning rate rise to `learning_rate` over the first 30 % of the steps
            and fall to almost nothing over the rest (Smith, 2017, arXiv:1708.07120).

    Returns:
        A dict of lists with one number per epoch: "training_loss", the mean over the epoch's
        samples while the weights move, and "validation_loss", the mean at its end (an empty list
        if there are no validation data). They are shorter where a person stopped the training.

    Raises:
        ValueError: a setting that cannot be used, or pixels from 0 to 255 that are floats.
        UserWarning: outputs and targets of another shape, which the loss would compare crosswise.
        FloatingPointError: the loss is not a finite number any more.
    """
    check_settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed)
    check_pixels(training_data[0])
    device = next(model.parameters()).device
    inputs, targets = (tensor.to(device) for tensor in training_data)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=learning_rate, weight_decay=weight_decay, fused=True)
    if one_cycle:
        steps = epochs * math.ceil(len(inputs) / batch_size)
        schedule = OneCycleLR(optimizer, learning_rate, total_steps=steps)
        optimizer.register_step_post_hook(lambda *_: schedule.step())
    generator = torch.Generator().manual_seed(seed)
    history = {"training_loss": [], "validation_loss": []}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Using a target size")
            for epoch in progress_bar(range(epochs), "epochs"):
                loss = train_epoch(
                    model, inputs, targets, loss_function, optimizer, batch_size, generator
                )
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"The loss is {loss} in epoch {epoch + 1}: training diverged. "
                        f"Try a learning rate below {learning_rate}."
                    )
                if validation and len(validation[0]):
                    held_out = mean_loss(model, validation, loss_function)
                    history["validation_loss"].append(held_out)
                history["training_loss"].append(loss)
    except KeyboardInterrupt:
        done = len(history["training_loss"])
        print(f"Interrupted in epoch {done + 1} of {epochs}: kept is what was learned by then.")
        if done == 0:  # What comes after this shall have a number to show.
            history["training_loss"].append(mean_loss(model, training_data, loss_function))
        del history["validation_loss"][done:]
    model.eval()
    return history


def mean_loss(model, data, loss_function):
    """The loss over all of `data`, a pair of inputs and targets, without training on it."""
    device = next(model.parameters()).device  # Where a loss function with weights has them, too.
    outputs, targets = infer(model, data[0]).to(device), scaled(data[1]).to(device)
    return loss_function(outputs, targets).item()


def check_pixels(inputs):
    """Raise ValueError where `inputs` look like pixels from 0 to 255 that are floats already.

    They would train, badly, and nothing would say so.
    """
    if inputs.is_floating_point() and inputs[0].numel() >= 64 and inputs.max() > 100:
        raise ValueError(
            f"The inputs reach {inputs.max():g}. Pixels go from 0 to 1: divide them by 255, or "
            "leave them as bytes (uint8), which are divided for you."
        )


def set_training_mode(model):
    """Put `model` in training mode, but for what is frozen in it, weightless layers included."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


def infer(model, inputs, batch_size=250):
    """The outputs of `model`, in evaluation mode and without gradients, for all `inputs`, of bytes
    too.

    Returns:
        `(N, ...)` on the CPU.
    """
    model.eval()
    device = next(model.parameters(), inputs).device
    with torch.no_grad():
        batches = [model(scaled(batch.to(device))).cpu() for batch in inputs.split(batch_size)]
    return torch.cat(batches)


def progress_bar(items, name):
    """`items` with a bar of tqdm, and none inside another; a notebook keeps nothing of it."""
    if getattr(tqdm, "_instances", None):
        return items
    file = NotebookLine() if "ipykernel" in sys.modules else sys.stdout
    return tqdm(items, desc=name, leave=False, file=file)


class NotebookLine(io.StringIO):
    """A line in a notebook that shows what was written last, and vanishes when that is blank."""

    place = None

    def write(self, text):
        from IPython.display import display  # Only a notebook is sure to have it.

        shown = {"text/plain": text.strip()} if text.strip() else {}
        if self.place:
            self.place.update(shown, raw=True)
        elif shown:
            self.place = display(shown, raw=True, display_id=True)
