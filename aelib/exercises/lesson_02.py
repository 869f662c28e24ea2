"""What the exercises of lesson 2, the autoencoder, are checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Wrong, exercise


@exercise(
    "output_size(n, kernel, stride=1, padding=0)",
    "a whole number",
    "on a row of n pixels, with stride 1, in how many places does the kernel fit?",
)
def check_output_size(answer):
    """The side of what a convolution returns: how many places its kernel visits along a side.

    `n` is the side of the image, the others are named as in `nn.Conv2d`; all are whole numbers.
    """
    first = [(3, 1), (4, 2), (5, 2, 2), (6, 3, 2), (4, 3, 1, 1), (5, 3, 2, 1), (7, 3, 2, 1)]
    everywhere = [
        (n, k, s, p) for n in (7, 10, 28) for k in (2, 5) for s in (1, 2, 3) for p in (0, 2)
    ]
    answer.compare(first + everywhere, _size, SIZE_MISTAKES, tolerance=1e-6)


def _size(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 1


SIZE_MISTAKES = {
    "the kernel makes no difference in yours. Where is it? It has to fit in whole.": [
        lambda n, k, s=1, p=0: n // s,
        lambda n, k, s=1, p=0: -(-n // s),
    ],
    "the padding counts once in yours, or not at all. It is on both sides.": [
        lambda n, k, s=1, p=0: (n + p - k) // s + 1,
        lambda n, k, s=1, p=0: (n - k) // s + 1,
    ],
    "the stride makes no difference in yours.": lambda n, k, s=1, p=0: n + 2 * p - k + 1,
    "the last step would not fit: a kernel cannot stand in half a place, nor hang over the edge.": [
        lambda n, k, s=1, p=0: (n + 2 * p - k) / s + 1,
        lambda n, k, s=1, p=0: -(-(n + 2 * p - k) // s) + 1,
    ],
}


@exercise(
    "build_encoder(code_channels)",
    "a network, an `nn.Module`",
    "start with one convolution, and look at the shape it returns before you add the next layer.",
)
def check_build_encoder(answer):
    """Build an encoder of your own: images `(N, 1, 28, 28)` to codes `(N, code_channels, 4, 4)`.

    For any number of images, with fewer than 20,000 weights at `code_channels = 3`. A number of the
    code can be negative.
    """
    lowest = []
    for channels, seed in ((3, 0), (3, 1), (3, 2), (5, 0)):
        network = answer.network(answer(channels, chance=seed)).eval()
        for count in (1, 7):
            codes = _code(answer, network, torch.rand(count, 1, 28, 28), channels)
            lowest.append(codes.min())
        if np.ptp(codes, axis=0).max() == 0:
            raise Wrong("seven different images have one and the same code.")
        weights = sum(parameter.numel() for parameter in network.parameters())
        if channels == 3 and not 0 < weights < 20_000:
            raise Wrong(f"it has {weights:,} weights; some, but fewer than 20,000 are allowed.")
    if min(lowest) >= 0:
        raise Wrong(
            "no number of the code is ever below 0. What does your last layer do with such?"
        )


def _code(answer, network, images, channels):
    shown = f"the network that build_encoder({channels}) returns, on images {tuple(images.shape)},"
    with torch.no_grad():
        codes, _ = answer.run(network, images, shown=shown)
    if codes is None:
        raise Wrong(f"{shown} returns nothing (None). Does its `forward` end with `return`?")
    codes, asked = answer.array(codes), (len(images), channels, 4, 4)
    if codes.shape != asked:
        knows = channels == 3 or codes.size == np.prod(asked)
        hint = "Print the shape after each layer" if knows else "Which layer has to know `channels`"
        raise Wrong(f"{shown} gives the shape {codes.shape}, and {asked} was expected. {hint}.")
    return codes


@exercise(
    "train_epoch(model, inputs, targets, optimizer, batch_size, generator)",
    "the mean loss of the epoch, a plain number",
    "draw an order of all the inputs with `torch.randperm(..., generator=generator)` "
    "and split it into batches. What are the four lines for one batch?",
)
def check_train_epoch(answer):
    """Train for one epoch: every input once, in random order, one step for each batch.

    The loss is the mean squared error of `model(inputs)` and `targets`, both `(N, ...)`, its mean
    over all samples, each as it was before the step of its batch.
    """
    for count, batch_size in ((3, 3), (6, 3), (10, 4)):
        setting = f"with {count} inputs in batches of {batch_size}"
        model, value = _epoch(answer, count, batch_size)
        batches = _batches(model, count, batch_size, setting)
        _explain(_weights(model), f"{setting}, the weights after the epoch", batches, count, 0)
        if isinstance(value, torch.Tensor) and value.requires_grad:
            raise Wrong("a tensor came back that still carries its graph, and no plain number.")
        value = answer.array(value, ()).reshape(1)
        _explain(value, f"{setting}, the weights are right, but the loss", batches, count, 1)
    orders = [_epoch(answer, 10, 4, *chance)[0].batches for chance in ((5, 0), (6, 0), (5, 1))]
    if orders[0] != orders[2]:
        raise Wrong("one seed of `generator` gave two orders. Something is drawn without it.")
    if orders[0] == orders[1]:
        raise Wrong("the order of the inputs does not change with the seed of `generator`.")


class _Recorder(nn.Module):
    """A small network that keeps which inputs it was trained on, batch by batch."""

    def __init__(self, inputs):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, kernel_size=3, padding=1)
        self.inputs, self.batches = inputs.clone(), []

    def forward(self, batch):
        if torch.is_grad_enabled():
            same = (batch.detach()[:, None] == self.inputs).flatten(2).all(2)
            self.batches.append([row.nonzero().flatten().tolist() for row in same])
        return self.layer(batch)


def _training(count):
    """A fresh model with its inputs, targets and optimizer; the same for the same `count`."""
    torch.default_generator.manual_seed(count)
    inputs, targets = 2 * torch.rand(2, count, 1, 4, 4)
    model = _Recorder(inputs)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    return model, inputs, targets * torch.arange(count).view(-1, 1, 1, 1), optimizer


def _epoch(answer, count, batch_size, seed=5, chance=0):
    """The model after the learner's epoch, and what came back."""
    arguments = _training(count)
    value = answer(
        *(*arguments, batch_size, torch.Generator().manual_seed(seed)),
        may_change=("model", "optimizer"),
        chance=chance,
        raised={
            "backward through the graph a second time": "Compute the loss of each batch anew.",
            "does not require grad": "Is the model called under `no_grad`, or something detached?",
        },
    )
    return arguments[0], value


def _batches(model, count, batch_size, setting):
    """The places of the inputs in each batch, once they are seen to be right."""
    if any(len(row) != 1 for batch in model.batches for row in batch):
        raise Wrong(f"{setting}, the model was called with something else than some of `inputs`.")
    batches = [[row[0] for row in batch] for batch in model.batches]
    sizes = [len(batch) for batch in batches]
    asked = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    if sizes != asked:
        hint = "Where does `return` stand, and is the last batch left out?"
        raise Wrong(f"{setting}, the batches had sizes {sizes}; {asked} was expected. {hint}")
    if sorted(sum(batches, [])) != list(range(count)):
        raise Wrong(f"{setting}, some were seen twice and some never; an epoch sees each once.")
    return batches


def _explain(came, what, batches, count, part):
    """Raise `Wrong` with what explains weights (part 0) or a loss (part 1) that are not right."""
    expected = _replay(batches, count)[part]
    if np.allclose(came, expected, rtol=1e-3, atol=1e-5):
        return
    for hint, how in EPOCH_MISTAKES.items():
        if np.allclose(came, _replay(batches, count, **how)[part], rtol=1e-3, atol=1e-5):
            raise Wrong(hint)
    place = int(np.argmax(~np.isclose(came, expected, rtol=1e-3, atol=1e-5)))
    raise Wrong(f"{what}: {came[place]:.6g} came and {expected[place]:.6g} was expected.")


EPOCH_MISTAKES = {
    "the weights have not moved. Which line takes the step, and are there gradients by then?": {
        "step": False
    },
    "right after one step, wrong after two: what adds up from batch to batch?": {"clear": False},
    "the steps are far too large: is the loss of a batch a mean or a sum?": {
        "loss": lambda outputs, aims: (outputs - aims).square().sum()
    },
    "the outputs are compared with the inputs. What are `targets` for?": {"aim": "inputs"},
    "inputs and targets of a batch do not belong together: are both taken in the same order?": {
        "aim": "unshuffled"
    },
    "that is a sum over samples, or one divided by the number of batches. Divide it by the number "
    "of all samples.": {"mean": lambda losses, sizes: losses @ sizes},
    "that is the loss of the last batch only.": {"mean": lambda losses, sizes: losses[-1]},
    "that is the mean of the batches' means. The last batch is smaller: should each of its samples "
    "count for more?": {"mean": lambda losses, sizes: losses.mean()},
}


def _weights(model):
    return torch.cat([one.detach().flatten() for one in model.parameters()]).double().numpy()


def _replay(
    batches,
    count,
    step=True,
    clear=True,
    loss=nn.functional.mse_loss,
    aim="targets",
    mean=lambda losses, sizes: losses @ sizes / sizes.sum(),
):
    """The weights and the mean loss after a training on these very batches, `(10,)` and `(1,)`."""
    model, inputs, targets, optimizer = _training(count)
    losses = []
    places = torch.arange(count).split(max(map(len, batches)))
    for batch, place in zip(batches, places, strict=True):
        aims = {"targets": targets[batch], "inputs": inputs[batch], "unshuffled": targets[place]}
        value = loss(model(inputs[batch]), aims[aim])
        losses.append(value.item())
        if clear:
            optimizer.zero_grad()
        value.backward()
        if step:
            optimizer.step()
    return _weights(model), np.array([mean(np.array(losses), np.array([*map(len, batches)]))])


@exercise(
    "is_dead(network, images)",
    "True or False",
    "a network is dead if its last ReLU lets nothing through. Look at its output.",
)
def check_is_dead(answer):
    """Tell whether a network is dead: its last layer, a ReLU, is 0 everywhere, for all images.

    The network, an `nn.Sequential`, goes from `(N, 1, 28, 28)` to `(N, 1, 28, 28)`.
    """
    images = torch.rand(6, 1, 28, 28) * 0.2
    images[3, :, 10:14, 10:14] += 2
    all_but_the_first = images + 2
    all_but_the_first[0] = 0
    networks = {
        "a network whose last bias is 0.5, on one image,": (_tiny(1.0, 0.5), images[:1]),
        "a network whose last bias is -9, on one image,": (_tiny(1.0, -9.0), images[:1]),
        "a network with weights below 0": (_tiny(-1.0, 0.1), images + 0.5),
        "a network that paints one image of six": (_tiny(1.0, -1.9), images),
        "a network that paints the last of many": (_tiny(1.0, -1.9), images[[0, 1, 2] * 4 + [3]]),
        "a network that paints all images but the first": (_tiny(1.0, -1.0), all_but_the_first),
        "a network that paints one grey everywhere": (_tiny(0.0, 0.5), images),
        "a network that paints a few pixels, and faintly,": (_tiny(0.001, -0.0015), images[3:4]),
    }
    answer.compare(networks.values(), _dead, DEAD_MISTAKES, shape=(), shown=[*networks])


def _output(network, images):
    with torch.no_grad():
        return network(images)


def _dead(network, images):
    return bool((_output(network, images) <= 0).all())


def _tiny(weight, bias):
    """A network of a single weight, which paints what it sees times `weight`, plus `bias`."""
    layer = nn.Conv2d(1, 1, kernel_size=1)
    with torch.no_grad():
        layer.weight.fill_(weight)
        layer.bias.fill_(bias)
    return nn.Sequential(nn.Identity(), layer, nn.ReLU())


DEAD_MISTAKES = {
    "you go by the bias of the last layer. A bias below 0 can be outweighed, and some networks "
    "with one live: look at what comes out.": lambda network, images: (network[-2].bias < 0).all(),
    "one image alone decides in yours. Another may come out alive.": [
        lambda network, images: _dead(network, images[:1]),
        lambda *case: (_output(*case) == 0).flatten(1).all(1).any(),
    ],
    "one pixel that is 0 is enough for yours. Every live network paints "
    "black pixels.": lambda *case: (_output(*case) == 0).any(),
}
