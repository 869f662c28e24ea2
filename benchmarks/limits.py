"""How close is a training step to the limits of the machine, in operations and in bytes?"""

from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from aelib.models import Autoencoder
from benchmarks.rounds import first_images, medians, new_classifier, shortest

#: What the names of cases begin with.
PEAK, COPY, STEP, LAYER = "peak: ", "copy", "step: ", "layer: "


class ByteCounter(TorchDispatchMode):
    """Counts the bytes that operations read and write: each tensor once for each operation."""

    def __init__(self):
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, operation, _types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        if not operation.is_view:
            leaves = tree_leaves((args, kwargs, result))
            self.total += sum(leaf.nbytes for leaf in leaves if isinstance(leaf, torch.Tensor))
        return result


def cases(data, quick):
    """What one call does, and the shortest seconds that it takes in a moment of calls."""
    batch, labels = first_images(100, data)
    models = {
        "autoencoder": (Autoencoder(), mse_loss, batch),
        "approach 2": (new_classifier(batch), cross_entropy, labels),
    }
    functions = best_of_the_machine(200_000 if quick else 64_000_000)
    for name, (model, loss_function, targets) in models.items():
        functions[STEP + name] = training_step(model, loss_function, batch, targets)
    functions |= layers_alone(Autoencoder(), batch)
    budget = 0.001 if quick else 0.15
    return {name: partial(measure, function, budget) for name, function in functions.items()}


def measure(function, budget):
    """The operations and bytes of one call, and its shortest seconds.

    Operations are counted as PyTorch does: those of convolutions and matrix products.
    """
    function()
    with FlopCounterMode(display=False) as operations, ByteCounter() as moved:
        function()
    return {
        "operations": operations.get_total_flops(),
        "bytes": moved.total,
        "seconds": shortest(function, budget),
    }


def best_of_the_machine(numbers_to_copy):
    """Functions that compute, or copy, as fast as the machine can."""
    layer = nn.Conv2d(64, 64, 3, padding=1).requires_grad_(False)
    layer.to(memory_format=torch.channels_last)
    images = torch.rand(64, 64, 28, 28).to(memory_format=torch.channels_last)
    source, target = torch.rand(2, numbers_to_copy)
    return {
        f"{PEAK}matrices of 1,024": partial(torch.matmul, *torch.rand(2, 1_024, 1_024)),
        f"{PEAK}matrices of 2,048": partial(torch.matmul, *torch.rand(2, 2_048, 2_048)),
        f"{PEAK}convolution": partial(layer, images),
        COPY: partial(target.copy_, source),
    }


def training_step(model, loss_function, batch, targets):
    """A training step, as a function without arguments."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step():
        optimizer.zero_grad()
        loss_function(model(batch), targets).backward()
        optimizer.step()

    return step


def layers_alone(autoencoder, batch):
    """Each layer forward and backward, as a function without arguments."""
    functions, inputs = {}, batch
    for layer in (*autoencoder.encoder, *autoencoder.decoder):
        outputs = layer(inputs).detach().requires_grad_()
        gradient = torch.rand_like(outputs)

        def both_ways(layer=layer, inputs=inputs, gradient=gradient):
            layer(inputs).backward(gradient)

        before, after = ("x".join(map(str, one.shape[1:])) for one in (inputs, outputs))
        functions[f"{LAYER}{type(layer).__name__} {before} to {after}"] = both_ways
        inputs = outputs
    return functions


def results(rounds):
    """Rates of the median round, against the best of all rounds: a limit is a limit."""
    best = {name: min(one["seconds"] for one in values) for name, values in rounds.items()}
    took = medians({name: [one["seconds"] for one in rounds[name]] for name in rounds})
    amount = {name: values[0] for name, values in rounds.items()}
    peak = max(amount[name]["operations"] / best[name] for name in rounds if PEAK in name)
    copy_rate = amount[COPY]["bytes"] / best[COPY]
    steps, layers = {}, {}
    for name in rounds:
        operations, moved = (amount[name][kind] for kind in ("operations", "bytes"))
        if name.startswith(STEP):
            steps[name.removeprefix(STEP)] = {
                "operations": operations,
                "bytes": moved,
                "seconds": took[name],
                "share_of_peak": operations / peak / took[name],
                "share_of_copy_rate": moved / copy_rate / took[name],
            }
        elif name.startswith(LAYER):
            values = {"operations": operations, "seconds": took[name]}
            layers[name.removeprefix(LAYER)] = values
    return {
        "peak_gflops": peak / 1e9,
        "copy_gbytes_per_second": copy_rate / 1e9,
        "training_steps": steps,
        "layers": layers,
        "share_of_peak": steps["autoencoder"]["share_of_peak"],
    }
