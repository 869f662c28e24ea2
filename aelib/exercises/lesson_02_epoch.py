"""What the exercise of lesson 2 on the training loop is checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Raised, Wrong, exercise
from aelib.exercises.words import brief


@exercise(
    "train_epoch(model, inputs, targets, optimizer, batch_size, generator)",
    returns="the mean loss of the epoch, a plain number",
    first_hint="draw an order of all the inputs with `torch.randperm(..., generator=generator)` "
    "and split it into batches. What are the four lines for one batch?",
)
def check_train_epoch(answer):
    """Train for one epoch: every input once, in random order, one step for each batch.

    `train_epoch(model, inputs, targets, optimizer, batch_size, generator)` gets `inputs` and
    `targets` of shape `(N, ...)` and an optimizer of the model's weights. It draws the order by
    `generator`, splits it into batches (the last may be smaller), and takes a step on the mean
    squared error of each. It returns the mean loss over all samples, each as it was before the step
    of its batch, as a plain number.
    """
    for count, batch_size in ((3, 3), (6, 3), (10, 4)):
        _examine_epoch(answer, count, batch_size)
    orders = [_epoch(answer, 10, 4, seed, chance)[1] for seed, chance in ((5, 0), (6, 0), (5, 1))]
    if orders[0] != orders[2]:
        raise Wrong(
            "one and the same seed of `generator` gave two orders. Something is drawn without it."
        )
    if orders[0] == orders[1]:
        raise Wrong("the order of the inputs does not change with the seed of `generator`.")


class _Recorder(nn.Module):
    """A small network that keeps which inputs it was trained on, batch by batch."""

    def __init__(self, inputs):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, kernel_size=3, padding=1)
        self.inputs, self.batches = inputs.clone(), []

    def forward(self, batch):
        outputs = self.layer(batch)
        if torch.is_grad_enabled() and batch.ndim == 4:
            same = (batch.detach()[:, None] == self.inputs[None]).flatten(2).all(2)
            self.batches.append([row.nonzero().flatten().tolist() for row in same])
        return outputs


def _training(count):
    """A fresh model with its inputs, targets and optimizer; the same for the same `count`."""
    generator = torch.Generator().manual_seed(count)
    inputs = torch.rand(count, 1, 4, 4, generator=generator)
    targets = (
        2 * torch.rand(count, 1, 4, 4, generator=generator) * torch.arange(count).view(-1, 1, 1, 1)
    )
    model = _Recorder(inputs)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.3)
    return model, inputs, targets, torch.optim.SGD(model.parameters(), lr=0.02)


def _epoch(answer, count, batch_size, seed, chance=0):
    """The model after the learner's epoch, the batches it has seen, and what came back."""
    model, inputs, targets, optimizer = _training(count)
    generator = torch.Generator().manual_seed(seed)
    changing = ("model", "optimizer")
    try:
        value = answer(
            model,
            inputs,
            targets,
            optimizer,
            batch_size,
            generator,
            may_change=changing,
            may_be_none=True,
            chance=chance,
        )
    except Raised as raised:
        if "backward through the graph a second time" in str(raised.error):
            raise Wrong("a graph is used twice: compute the loss of each batch anew.") from None
        if "does not require grad" in str(raised.error):
            raise Wrong(
                "the loss has no gradient. Is the model called under `no_grad`, or something "
                "detached on the way?"
            ) from None
        raise
    moved = any(
        not torch.equal(*pair)
        for pair in zip(model.parameters(), _training(count)[0].parameters(), strict=True)
    )
    if value is None and not moved:
        raise Wrong(f"it returns nothing yet (None). First hint: {answer.first_hint}")
    return model, model.batches, value


def _examine_epoch(answer, count, batch_size):
    model, batches, value = _epoch(answer, count, batch_size, seed=5)
    setting = f"with {count} inputs in batches of {batch_size}"
    if not batches:
        raise Wrong(f"{setting}, the model was never called with a batch and with gradients on.")
    if any(len(row) != 1 for batch in batches for row in batch):
        raise Wrong(f"{setting}, the model was called with something else than some of `inputs`.")
    batches = [[row[0] for row in batch] for batch in batches]
    sizes = [len(batch) for batch in batches]
    seen = sorted(index for batch in batches for index in batch)
    asked = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    if sizes != asked:
        missing = sorted(set(range(count)) - set(seen))
        if sizes == asked[:1] and asked[-1] == batch_size:
            raise Wrong(f"{setting}, it ends after the first. Where does `return` stand?")
        if sizes == asked[:-1] and missing:
            raise Wrong(f"{setting}, the last batch is left out: {len(missing)} were never seen.")
        raise Wrong(f"{setting}, the batches had sizes {sizes}; {asked} was expected.")
    if seen != list(range(count)):
        raise Wrong(f"{setting}, some were seen twice and some never; an epoch sees each once.")
    _examine_weights(model, batches, count, setting)
    _examine_loss(answer, value, batches, count, setting)


def _examine_weights(model, batches, count, setting):
    came = _weights(model)
    if np.allclose(came, _replay(batches, count)[0], rtol=1e-3, atol=1e-5):
        return
    mistakes = {
        "the weights have not moved. Which line takes the step, and are there gradients by then?": {
            "step": False
        },
        "right after one step, wrong after two: what adds up from batch to batch?": {
            "clear": False
        },
        "there seems to be one step for the whole epoch; each batch should get its own.": {
            "once": True
        },
        "the steps are far too large: is the loss of a batch a mean or a sum?": {
            "loss": lambda out, aim: (out - aim).square().sum()
        },
        "the outputs are compared with the inputs. What are `targets` for?": {"aim": "inputs"},
        "inputs and targets of a batch do not belong together: are both taken in the same order?": {
            "aim": "unshuffled"
        },
    }
    for hint, how in mistakes.items():
        if np.allclose(came, _replay(batches, count, **how)[0], rtol=1e-3, atol=1e-5):
            raise Wrong(hint)
    expected = _replay(batches, count)[0]
    place = int(np.argmax(~np.isclose(came, expected, rtol=1e-3, atol=1e-5)))
    raise Wrong(
        f"{setting}, the weights are not what one step for each batch with the optimizer makes of "
        f"them: weight {place} is {brief(came[place])}, {brief(expected[place])} was expected."
    )


def _examine_loss(answer, value, batches, count, setting):
    if value is None:
        raise Wrong("it trains, but returns nothing. The mean loss of the epoch is asked for.")
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise Wrong(
            "a tensor came back that still carries the graph it was computed by. A plain number is "
            "asked for."
        )
    came = float(answer.array(value, ()))
    losses = np.array(_replay(batches, count)[1])
    sizes = np.array([len(batch) for batch in batches])
    right = (losses * sizes).sum() / count
    if np.isclose(came, right, rtol=1e-3):
        return
    mistakes = {
        "that is the mean of the batches' means. The last batch is smaller: should each of its "
        "samples count for more?": losses.mean(),
        "that is the loss of the last batch only; the mean over all samples is asked for.": losses[
            -1
        ],
        "that is the sum of the batches' losses; a mean over samples is asked for.": losses.sum(),
        "that is a sum over samples; the mean is asked for.": (losses * sizes).sum(),
        "each batch's loss is a mean already, and yours divides it once more.": losses.sum()
        / count,
        "you count the loss of the last batch as that of a full one, but it has fewer samples.": (
            losses.sum() * sizes.max() / count
        ),
        "each loss counts as often as it has samples. Divide by all samples, not by batches.": (
            (losses * sizes).sum() / len(sizes)
        ),
    }
    if len(set(sizes)) > 1 or len(sizes) > 1:
        for hint, mistake in mistakes.items():
            if np.isclose(came, mistake, rtol=1e-3):
                raise Wrong(hint)
    elif np.isclose(came, losses[0] * count, rtol=1e-3) or np.isclose(
        came, losses[0] / count, rtol=1e-3
    ):
        return  # The larger settings tell which mistake it is.
    raise Wrong(
        f"{setting}, the weights are right, but the mean loss is {brief(came)} and {brief(right)} "
        "was expected. It is measured on each batch before its step, and averaged over samples."
    )


def _weights(model):
    return torch.cat([one.detach().flatten() for one in model.parameters()]).double().numpy()


def _replay(
    batches, count, step=True, clear=True, loss=nn.functional.mse_loss, aim=None, once=False
):
    """The weights after a training on these very batches, and each batch's loss before its step."""
    model, inputs, targets, optimizer = _training(count)
    losses, place = [], 0
    for batch in batches:
        expected = inputs[batch] if aim == "inputs" else targets[batch]
        if aim == "unshuffled":
            expected = targets[place : place + len(batch)]
        place += len(batch)
        value = loss(model(inputs[batch]), expected)
        losses.append(value.item())
        if clear and not once:
            optimizer.zero_grad()
        value.backward()
        if step and (not once or place == count):
            optimizer.step()
    return _weights(model), losses
