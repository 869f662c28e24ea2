"""What the questions share: a clock, medians and ratios of rounds, a network and its training."""

import platform
import re
import statistics
import timeit
from functools import partial
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from aelib.models import MLP, Classifier, Encoder
from aelib.threads import usable_cores
from aelib.training import infer, train


def seconds(work, *arguments, **settings):
    """The wall time of one call."""
    return timeit.timeit(partial(work, *arguments, **settings), number=1)


def medians(rounds):
    """The median of each case's rounds, by name."""
    return {name: statistics.median(values) for name, values in rounds.items()}


def ratio(values, others):
    """How many times as much as the others these are: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(values, others, strict=True))


def new_classifier(images, seed=0):
    """The classifier of approach 2 with fresh weights."""
    torch.manual_seed(seed)
    encoder = Encoder()
    return Classifier(encoder, MLP(infer(encoder, images[:1_000])))


def learn(model, data, loss_function=cross_entropy, **changed):
    """Train with the published settings, for an epoch, or as is said."""
    published = {"epochs": 1, "batch_size": 100, "learning_rate": 0.001, "seed": 0}
    train(model, data, loss_function, **published | changed)


def machine():
    """Processor, cores and torch; many processors share a name such as "AMD EPYC"."""
    lines = r"cpu family\s*: (.*)\nmodel\s*: (.*)\nmodel name\s*: (.*)"
    about = Path("/proc/cpuinfo")
    found = about.exists() and re.search(lines, about.read_text())
    name = "{2} (family {0}, model {1})".format(*found.groups()) if found else platform.machine()
    return f"{name}, {usable_cores()} cores, torch {torch.__version__}"
