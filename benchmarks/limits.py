"""Where does the time of a training step go, and how close is it to the limits of the machine?"""

import timeit
from functools import partial

import torch
from torch.nn.functional import conv2d, mse_loss
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from aelib.models import Autoencoder
from benchmarks.rounds import medians

PEAK, COPY, STEP, LAYER = "peak: ", "copy", "step: autoencoder", "layer: "


class ByteCounter(TorchDispatchMode):
    """Counts the bytes that operations read and write: each tensor once for each operation."""

    total = 0

    def __torch_dispatch__(self, operation, _types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        if not operation.is_view:
            leaves = tree_leaves((args, kwargs, result))
            self.total += sum(leaf.nbytes for leaf in leaves if isinstance(leaf, torch.Tensor))
        return result


def cases(data, quick):
    """What one call does, as PyTorch counts operations, and its shortest seconds of many calls."""
    model, batch = Autoencoder(), data.train.images[:100]
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step():
        optimizer.zero_grad()
        mse_loss(model(batch), batch).backward()
        optimizer.step()

    source, target = torch.rand(2, 200_000 if quick else 64_000_000)
    maps, kernel = torch.rand(64, 64, 28, 28), torch.rand(64, 64, 3, 3)
    maps, kernel = (one.to(memory_format=torch.channels_last) for one in (maps, kernel))
    functions = {
        f"{PEAK}matrices of 1,024": partial(torch.matmul, *torch.rand(2, 1_024, 1_024)),
        f"{PEAK}matrices of 2,048": partial(torch.matmul, *torch.rand(2, 2_048, 2_048)),
        f"{PEAK}convolution": partial(conv2d, maps, kernel, padding=1),
        COPY: partial(target.copy_, source),
        STEP: step,
        **layers_alone(batch, *model.encoder, *model.decoder),
    }
    return {name: partial(measure, one, 1 if quick else 15) for name, one in functions.items()}


def measure(function, calls):
    function()
    with FlopCounterMode(display=False) as operations, ByteCounter() as moved:
        function()
    took = min(timeit.repeat(function, number=1, repeat=calls))
    return {"operations": operations.get_total_flops(), "bytes": moved.total, "seconds": took}


def layers_alone(inputs, *layers):
    """Each layer forward and backward, as a function without arguments."""
    functions = {}
    for layer in layers:
        outputs = layer(inputs).detach().requires_grad_()
        before, after = ("x".join(map(str, one.shape[1:])) for one in (inputs, outputs))
        both_ways = partial(lambda layer, x, gradient: layer(x).backward(gradient), layer, inputs)
        name = f"{LAYER}{type(layer).__name__} {before} to {after}"
        functions[name] = partial(both_ways, torch.rand_like(outputs))
        inputs = outputs
    return functions


def results(rounds):
    """Rates of the median round, against the best of all rounds: a limit is a limit."""
    times = {name: [one["seconds"] for one in values] for name, values in rounds.items()}
    done = {name: rounds[name][0] | {"seconds": took} for name, took in medians(times).items()}
    peak = max(done[name]["operations"] / min(times[name]) for name in times if PEAK in name)
    copy_rate, step = done[COPY]["bytes"] / min(times[COPY]), done[STEP]
    step["share_of_peak"] = step["operations"] / peak / step["seconds"]
    step["share_of_copy_rate"] = step["bytes"] / copy_rate / step["seconds"]
    layers = {name.removeprefix(LAYER): done[name] for name in done if LAYER in name}
    report = {"peak_gflops": peak / 1e9, "share_of_peak": step["share_of_peak"], "layers": layers}
    return report | {"training_steps": {"autoencoder": step}}
