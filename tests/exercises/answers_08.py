"""Right and wrong answers to the exercises of lesson 8."""

import math
import statistics
import timeit

import numpy as np
import torch
from torch import nn


def by_the_shapes(size, channels_in, channels_out, kernel, stride=1, padding=0):
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, padding)
    return 2 * layer.weight[0].numel() * layer(torch.zeros(1, channels_in, size, size)).numel()


def operations(n, i, o, k, s, p, double=2, square=2, side=None):
    side = (n + 2 * p - k) // s + 1 if side is None else side
    return double * i * o * k**square * side**2


def median_seconds(work, clock, rounds):
    work()
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return sorted(times)[rounds // 2]


def timed(work, clock, rounds):
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return times


def mean_of_rounds(work, clock, rounds):
    work()
    start = clock()
    for _ in range(rounds):
        work()
    return (clock() - start) / rounds


def middle_of_the_unsorted(work, clock, rounds):
    work()
    return timed(work, clock, rounds)[rounds // 2]


def once_more_at_the_end(work, clock, rounds):
    median = median_seconds(work, clock, rounds)
    work()
    return median


def speed_up(share, factor):
    return 1 / (1 - share + share / factor)


def speed_up_of_an_hour(share, factor):
    fast, rest = 3600 * share, 3600 * (1 - share)
    return 3600 / (rest + (0 if factor == math.inf else fast / factor))


def by_a_timer(work, clock, rounds):
    work()
    return np.median(timeit.repeat(work, timer=clock, repeat=rounds, number=1))


RIGHT = {
    "check_convolution_operations": [by_the_shapes],
    "check_median_seconds": [by_a_timer],
    "check_speed_up": [speed_up_of_an_hour],
}

WRONG = {
    "check_convolution_operations": {
        "half of it: a weight": lambda n, i, o, k, s=1, p=0: operations(n, i, o, k, s, p, double=1),
        "kernel and output have two": lambda n, i, o, k, s=1, p=0: operations(
            n, i, o, k, s, p, square=1
        ),
        "the side of the output": lambda n, i, o, k, s=1, p=0: operations(n, i, o, k, s, p, side=n),
        "that is one position of": lambda n, i, o, k, s=1, p=0: (
            2 * nn.Conv2d(i, o, k).weight.numel()
        ),
        "each channel that comes out": lambda n, i, o, k, s=1, p=0: operations(n, 1, o, k, s, p),
    },
    "check_median_seconds": {
        "the first call is counted.": lambda w, c, n: statistics.median(timed(w, c, n)),
        "that is the mean. One": mean_of_rounds,
        "the sign is turned round.": lambda w, c, n: -median_seconds(w, c, n),
        "that is the round in": middle_of_the_unsorted,
        "with 1 rounds `work` was": once_more_at_the_end,
    },
    "check_speed_up": {
        "that is the time that": lambda s, f: 1 - s + s / f,
        "you take the mean of": lambda s, f: (1 - s) * 1 + s * f,
        "one too few: do you": lambda s, f: speed_up(s, f) - 1,
        "percent came": lambda s, f: 100 * speed_up(s, f),
    },
}
