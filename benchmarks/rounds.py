"""What the questions share: a clock, medians and ratios of rounds, the first images."""

import statistics
import time
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from aelib.models import MLP, Classifier, Encoder
from aelib.training import infer, train

#: How often each case is measured, if its question does not say otherwise; medians are reported.
ROUNDS = 7


def seconds(function, *arguments, **settings):
    """The wall time of one call; a GPU is waited for."""
    start = time.perf_counter()
    function(*arguments, **settings)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def timed(function, *arguments, **settings):
    """A case of a question: a function that returns the wall time of one call."""
    return partial(seconds, function, *arguments, **settings)


def shortest(function, budget):
    """The shortest wall time of one call, of all calls in `budget` seconds."""
    function()
    times, end = [], time.perf_counter() + budget
    while not times or time.perf_counter() < end:
        times.append(seconds(function))
    return min(times)


def medians(rounds):
    """The median of each case's rounds, by name."""
    return {name: statistics.median(values) for name, values in rounds.items()}


def ratios(rounds, to):
    """How many times as long as the case `to` each other one took: the median over the rounds."""
    return {
        name: statistics.median(a / b for a, b in zip(values, rounds[to], strict=True))
        for name, values in rounds.items()
        if name != to
    }


def first_images(count, data):
    """The first training images and their labels."""
    return data.train.images[:count], data.train.labels[:count]


def new_classifier(images, seed=0):
    """The classifier of approach 2 with fresh weights."""
    torch.manual_seed(seed)
    encoder = Encoder()
    return Classifier(encoder, MLP(infer(encoder, images[:1_000])))


def train_with_published_settings(model, data, loss_function=cross_entropy, epochs=1, **changed):
    """Train for an epoch with the published batch size and learning rate, or what is said."""
    settings = {"batch_size": 100, "learning_rate": 0.001, "seed": 0, **changed}
    train(model, data, loss_function, validation=(), epochs=epochs, **settings)


def source_setting(data):
    """What `load_data` has to be asked for, to get images of the same source."""
    return "mnist" if data.source == "MNIST" else "digits"
