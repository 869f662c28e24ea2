"""The training loop."""

import math

import torch

from aelib.data import scaled
from aelib.settings import check_settings
from aelib.training.checks import CheckedLoss, check_inputs, check_loss, check_training, explained
from aelib.training.identity import likeness, say_if_changed
from aelib.training.interrupt import History, interruptible
from aelib.training.processes import join_processes, mean_over_processes
from aelib.training.progress import progress
from aelib.training.resuming import resume
from aelib.training.schedule import one_cycle_schedule


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
    state_file=None,
):
    """Train `model` in place with Adam, and return how the loss went.

    Only parameters that require a gradient are trained. Interrupting it (Kernel > Interrupt)
    keeps what was learned so far, and what comes after it runs.

    In a `torch.distributed` process group each process computes its share of every batch, and all
    end with the same weights; `aelib.training.__main__` is an example.

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
        state_file: a path; what the training needs to go on is kept there after every epoch. Where
            the file is there already, the training goes on from it, with the same result.

    Returns:
        A dict of lists with one number per epoch: "training_loss", the mean over the epoch's
        samples while the weights move, and "validation_loss", the mean at its end (an empty list
        if there are no validation data). Its attribute `interrupted` is True where a person
        stopped the training; then they are shorter (see `History`).

    Raises:
        TypeError, ValueError: settings, model, data and loss function that cannot be used or do not
            fit, a batch with fewer images than there are processes, or a state file of another
            training.
        FloatingPointError: the loss is not a finite number any more.
    """
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "weight_decay": weight_decay,
        "one_cycle": one_cycle,
    }
    say_if_changed()
    check_training(
        model, training_data, validation, loss_function, state_file=state_file, **settings
    )
    key = state_file and likeness(settings, model, loss_function, [*training_data, *validation])

    device = next(model.parameters()).device
    inputs, targets = (tensor.to(device) for tensor in training_data)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=learning_rate, weight_decay=weight_decay, fused=True)
    steps = epochs * math.ceil(len(inputs) / batch_size)
    schedule = one_cycle_schedule(optimizer, learning_rate, steps) if one_cycle else None
    generator = torch.Generator().manual_seed(seed)

    history = History(training_loss=[], validation_loss=[]).of(settings, training_data, validation)
    save_state = resume(state_file, key, [model, optimizer, schedule], generator, history)
    batch_loss = CheckedLoss(loss_function, targets)
    smallest_batch = (len(inputs) - 1) % batch_size + 1
    network, loss_of_share = join_processes(model, batch_loss, smallest_batch)
    with interruptible(model, history, epochs, batch_loss), explained(inputs, batch_loss):
        for epoch in progress(len(history["training_loss"]), epochs):
            loss = train_epoch(
                network, inputs, targets, loss_of_share, optimizer, batch_size, generator
            )
            loss = mean_over_processes(loss, device)
            check_loss(loss, epoch, learning_rate)
            if validation and len(validation[0]):
                outputs, expected = infer(model, validation[0]), scaled(validation[1])
                history["validation_loss"].append(loss_function(outputs, expected).item())
            history["training_loss"].append(loss)
            save_state()
    return history


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

    Raises:
        TypeError, ValueError: the model cannot take these inputs.
    """
    check_inputs(model, inputs, fewest=0)  # None are left to validate with if all are trained on.
    check_settings(batch_size=batch_size)
    model.eval()
    device = next(model.parameters(), inputs).device
    with torch.no_grad(), explained(inputs):
        batches = [model(scaled(batch.to(device))).cpu() for batch in inputs.split(batch_size)]
    return torch.cat(batches)
