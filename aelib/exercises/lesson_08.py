"""What the exercises of lesson 8, where the time goes, are checked by."""

import itertools
import math

import numpy as np

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.words import brief


@exercise(
    "convolution_operations(size, channels_in, channels_out, kernel, stride=1, padding=0)",
    "a whole number of additions and multiplications",
    "how many products does one number of the output take? And how many numbers does "
    "the output have?",
)
def check_convolution_operations(answer):
    """How many additions and multiplications a convolution takes for one image.

    `size` is the side of the image; the others are named as in `nn.Conv2d`. As PyTorch's
    `FlopCounterMode` counts: two for each weight that meets a number, none for a bias.
    """
    cases = [(1, 1, 1, 1), (2, 1, 1, 1), (5, 1, 1, 3), (5, 2, 3, 3), (7, 1, 4, 2, 2, 1)]
    cases += [(28, 1, 8, 3, 1, 1), (14, 8, 24, 5, 2, 2), (14, 6, 5, 1, 3), (28, 3, 16, 4, 3, 0)]
    answer.compare(cases, _operations, OPERATION_MISTAKES, tolerance=1e-9)


def _operations(n, i, o, k, s=1, p=0):
    return 2 * i * o * k**2 * ((n + 2 * p - k) // s + 1) ** 2


def _with_side(side):
    return lambda n, i, o, k, s=1, p=0: 2 * i * o * k**2 * side(n, k, s, p) ** 2


OPERATION_MISTAKES = {
    "half of it: a weight that meets a number is multiplied with it, and what comes out is added. "
    "How many operations are that?": lambda *case: _operations(*case) / 2,
    "kernel and output have two sides each: how many weights has a kernel of 3 by 3, and how many "
    "numbers a map of 28 by 28?": [
        lambda n, i, o, k, *more: _operations(n, i, o, k, *more) / k,
        lambda n, i, o, k, s=1, p=0: 2 * i * o * k**2 * ((n + 2 * p - k) // s + 1),
    ],
    "that is one position of the kernel, or the number of its weights. It is put down once for "
    "each number that comes out.": [
        lambda n, i, o, k, *_: 2 * i * o * k**2,
        lambda n, i, o, k, *_: i * o * k**2,
    ],
    "the side of the output is not what a convolution with this kernel, stride and padding has. "
    "`output_size` of lesson 2 gives it.": [
        _with_side(lambda n, k, s, p: n),
        _with_side(lambda n, k, s, p: n // s),
        _with_side(lambda n, k, s, p: n + 2 * p - k + 1),
        _with_side(lambda n, k, s, p: (n - k) // s + 1),
    ],
    "each channel that comes out looks at each that goes in: how many kernels are there?": [
        lambda n, i, o, *more: _operations(n, i, 1, *more),
        lambda n, i, o, *more: _operations(n, 1, o, *more),
        lambda n, i, o, *more: _operations(n, i + o, 1, *more),
    ],
}


@exercise(
    "median_seconds(work, clock, rounds)",
    "a time in seconds, one number",
    "what does the clock say before a call of `work`, and what after it?",
)
def check_median_seconds(answer):
    """Time a piece of work as a benchmark does: warmed up, several rounds, and their median.

    `work()` is called once without counting it, then `rounds` times, an odd number, and `clock()`
    says what time it is in seconds, as `time.perf_counter` does.
    """
    tables = [(9.0, 2.0), (5.0, 3.0, 1.0, 2.0), (0.5, 1.0, 1.5, 8.0, 1.25, 1.125)]
    tables.append((7.0, 2.0, 2.5, 30.0, 2.25, 2.125, 3.0, 2.75))
    desks = [_Desk(durations) for durations in tables]

    def of_times(rule):
        return lambda work, clock, rounds: rule(np.array(work.__self__.durations))

    cases = [(desk.work, desk.clock, len(desk.durations) - 1) for desk in desks]
    shown = [
        f"where the calls of `work` take {brief(list(durations))} seconds, the first to warm up, it"
        for durations in tables
    ]
    mistakes = {hint: [*map(of_times, ways)] for hint, ways in TIMING_MISTAKES.items()}
    right = of_times(lambda times: np.median(times[1:]))
    answer.compare(cases, right, mistakes, tolerance=1e-6, shape=(), shown=shown)
    for desk in desks:
        if desk.calls != len(desk.durations):
            raise Wrong(
                f"with {len(desk.durations) - 1} rounds `work` was called {desk.calls} times. It "
                f"takes one call to warm up, and one for each round: {len(desk.durations)}."
            )


class _Desk:
    """A `work` that takes these seconds by a `clock` of its own, call by call."""

    def __init__(self, durations):
        self.durations, self.calls, self.now = durations, 0, 100.0
        self.left = itertools.chain(durations, itertools.repeat(durations[-1]))

    def work(self):
        self.calls += 1
        self.now += next(self.left)

    def clock(self):
        return self.now


TIMING_MISTAKES = {
    "the first call is counted. It also pays for what happens only once; let it run before the "
    "rounds.": [np.median, np.mean, lambda times: np.median(times[:-1])],
    "that is the mean. One round in which the machine was busy with something else moves it; the "
    "median hardly.": [lambda times: np.mean(times[1:])],
    "that is the round in the middle, in the order in which they came. Sort them first.": [
        lambda times: times[1:][(len(times) - 1) // 2]
    ],
    "no time passes between your two looks at the clock. Does `work()` stand between them? And "
    "what time it is, here only `clock()` says.": [lambda times: 0.0],
}


@exercise(
    "speed_up(share, factor)",
    "how many times as fast the whole is, a number",
    "say that the whole took 1 second. How long does each of its two parts take now?",
)
def check_speed_up(answer):
    """How much faster the whole becomes when a part of it does: Amdahl's law (1967).

    `share` is the part's share of the time, from 0 to 1, and `factor` how many times as fast it
    becomes, or `math.inf`. The share is below 1 where the factor is inf.
    """
    cases = [(0.5, 1.0), (0.5, 2.0), (0.5, 4.0), (0.3, 10.0), (0.9, 100.0), (0.25, 0.5)]
    answer.compare(cases, _speed_up, SPEED_MISTAKES)
    edges = [(0.0, 2.0), (1.0, 2.0), (0.75, math.inf)]  # Many a mistake divides by zero here.
    answer.compare(edges, _speed_up)


def _speed_up(share, factor):
    return 1 / (1 - share + share / factor)


SPEED_MISTAKES = {
    "that is the time that is left, or what is saved of it. How many times does the time now go "
    "into the time before?": [
        lambda share, factor: 1 - share + share / factor,
        lambda share, factor: share - share / factor,
    ],
    "you take the mean of the speeds. But it is times that add up: how long does each part "
    "take?": lambda share, factor: 1 - share + share * factor,
    "you give the speed of the part to the whole. The rest takes as long as before.": [
        lambda share, factor: factor,
        lambda share, factor: factor / share,
    ],
}
