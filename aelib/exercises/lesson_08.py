"""What the exercises of lesson 8, where the time goes, are checked by."""

import itertools
import math

import numpy as np

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.words import brief


@exercise(
    "convolution_operations(size, channels_in, channels_out, kernel, stride=1, padding=0)",
    returns="a whole number of additions and multiplications",
    first_hint="how many products does one number of the output take? And how many numbers does "
    "the output have?",
)
def check_convolution_operations(answer):
    """How many additions and multiplications a convolution takes for one image.

    `convolution_operations(size, channels_in, channels_out, kernel, stride=1, padding=0)` gets the
    side of a square image, the channels that go in and come out, the side of the kernel, and stride
    and padding as for `nn.Conv2d`. It returns the number of additions and multiplications of a
    forward pass of one image, as PyTorch's `FlopCounterMode` counts: two for each weight that meets
    a number, none for a bias.
    """
    cases = [(1, 1, 1, 1), (2, 1, 1, 1), (5, 1, 1, 3), (5, 2, 3, 3), (7, 1, 4, 2, 2, 1)]
    cases += [(28, 1, 8, 3, 1, 1), (14, 8, 24, 5, 2, 2), (14, 6, 5, 1, 3), (28, 3, 16, 4, 3, 0)]
    mistakes = [
        (
            "half of it: a weight that meets a number is multiplied with it, and what comes out "
            "is added. How many operations are that?",
            _operations(double=1),
        ),
        (
            "the kernel has two sides: how many weights has one of 3 by 3?",
            _operations(kernel=lambda k: k),
        ),
        (
            "you count as many positions as the *input* has pixels. How many numbers come out?",
            _operations(side=lambda n, k, s, p: n),
        ),
        (
            "that is how many weights there are. How often does each of them meet a number, and "
            "what is done with the two?",
            _operations(double=1, positions=lambda side: 1),
        ),
        (
            "the kernel does not fit into each place: you divide the side by the stride and no "
            "more.",
            _operations(side=lambda n, k, s, p: n // s),
        ),
        (
            "one place too few along each side: count where the kernel stands, not the steps "
            "between.",
            _operations(side=lambda n, k, s, p: (n + 2 * p - k) // s),
        ),
        (
            "the bias counts in yours; as PyTorch counts, it does not.",
            _operations(bias=1),
        ),
        (
            "that is one position of the kernel. It is put down once for each number that comes "
            "out.",
            _operations(positions=lambda side: 1),
        ),
        (
            "the output has two sides: a map of 28 by 28 has 784 numbers.",
            _operations(positions=lambda side: side),
        ),
        (
            "the channels that go in make no difference in yours. A kernel looks at all of them.",
            _operations(channels=lambda i, o: o),
        ),
        (
            "the channels that come out make no difference in yours. Each has a kernel of its own.",
            _operations(channels=lambda i, o: i),
        ),
        (
            "channels are added where they should be multiplied: each that comes out looks at each "
            "that goes in.",
            _operations(channels=lambda i, o: i + o),
        ),
        (
            "the stride makes no difference in yours. With stride 2 the kernel is put down at "
            "every second place only.",
            _operations(side=lambda n, k, s, p: n + 2 * p - k + 1),
        ),
        (
            "the padding makes no difference in yours. It gives the kernel more places.",
            _operations(side=lambda n, k, s, p: (n - k) // s + 1),
        ),
        (
            "the padding is counted once; it is on both sides.",
            _operations(side=lambda n, k, s, p: (n + p - k) // s + 1),
        ),
    ]
    answer.compare(cases, _operations(), mistakes, tolerance=1e-9, whole=True)


def _operations(
    double=2,
    kernel=lambda k: k * k,
    side=lambda n, k, s, p: (n + 2 * p - k) // s + 1,
    positions=lambda side: side * side,
    channels=lambda i, o: i * o,
    bias=0,
):
    """The rule for the count, or with one of its parts mistaken."""

    def count(size, channels_in, channels_out, k, stride=1, padding=0):
        places = positions(side(size, k, stride, padding))
        products = double * places * kernel(k) * channels(channels_in, channels_out)
        return products + bias * places * channels_out

    return count


@exercise(
    "median_seconds(work, clock, rounds)",
    returns="a time in seconds, one number",
    first_hint="what does the clock say before a call of `work`, and what after it?",
)
def check_median_seconds(answer):
    """Time a piece of work as a benchmark does: warmed up, several rounds, and their median.

    `median_seconds(work, clock, rounds)` gets a function `work()`, a function `clock()` that says
    what time it is in seconds, such as `time.perf_counter`, and an odd number of rounds. It calls
    `work` once without counting it, for what happens only the first time, then `rounds` times, and
    returns the median of these times.
    """
    tables = [(9.0, 2.0), (5.0, 3.0, 1.0, 2.0), (0.5, 1.0, 1.5, 8.0, 1.25, 1.125)]
    tables.append((7.0, 2.0, 2.5, 30.0, 2.25, 2.125, 3.0, 2.75))
    got, called = [], []
    for durations in tables:
        work, clock, calls = _workplace(durations)
        got.append(float(answer.array(answer(work, clock, len(durations) - 1), ())))
        if not calls["clock"]:
            raise Wrong(
                "`clock` was never asked. You may have used another clock; what time it is, here "
                "only `clock()` says."
            )
        called.append(calls["work"])
    expected = [_median(durations) for durations in tables]
    right = np.allclose(got, expected, rtol=1e-6)
    for hint, ways in () if right else _TIMING_MISTAKES.items():
        if any(np.allclose(got, [way(one) for one in tables], rtol=1e-6) for way in ways):
            raise Wrong(hint)
    for durations, count in zip(tables, called, strict=True):
        if count != len(durations):
            raise Wrong(
                f"with {len(durations) - 1} rounds `work` was called {count} times. It takes one "
                f"call to warm up, and one for each round: {len(durations)}."
            )
    for durations, came, right in zip(tables, got, expected, strict=True):
        if not math.isclose(came, right, rel_tol=1e-6):
            raise Wrong(
                f"where the calls of `work` take {brief(list(durations))} seconds, the first to "
                f"warm up, {brief(came)} came and {brief(right)} was expected."
            )


def _workplace(durations):
    """A `work` that takes these seconds by a `clock` of its own, call by call; and their calls."""
    calls = {"work": 0, "clock": 0, "now": 100.0}
    left = itertools.chain(durations, itertools.repeat(durations[-1]))

    def work():
        calls["work"] += 1
        calls["now"] += next(left)

    def clock():
        calls["clock"] += 1
        return calls["now"]

    return work, clock, calls


def _median(durations):
    return float(np.median(durations[1:]))


_TIMING_MISTAKES = {
    "the first call is counted. It also pays for what happens only once; let it run before the "
    "rounds.": [
        lambda times: np.median(times),
        lambda times: np.mean(times),
        lambda times: np.median(times[:-1]),
        lambda times: np.mean(times[:-1]),
        lambda times: np.sort(times)[len(times) // 2],
        lambda times: np.sort(times)[(len(times) - 1) // 2],
        lambda times: np.sum(times) / (len(times) - 1),
        lambda times: np.max(times),
    ],
    "the clock is asked before the first round only, so each time has the rounds before in it.": [
        lambda times: float(np.median(np.cumsum(times[1:])))
    ],
    "the result is a thousand times as large, as if in milliseconds; seconds are asked for.": [
        lambda times: 1000 * np.median(times[1:])
    ],
    "that is the mean. One round in which the machine was busy with something else moves it; the "
    "median hardly.": [lambda times: np.mean(times[1:])],
    "that is the fastest round. The median is the one in the middle.": [
        lambda times: np.min(times[1:])
    ],
    "that is all rounds together.": [lambda times: np.sum(times[1:]), np.sum],
    "the time is negative: what comes later on the clock is larger.": [
        lambda times: -np.median(times[1:])
    ],
    "no time passes between your two looks at the clock. Does `work()` stand between them?": [
        lambda times: 0.0
    ],
    "that is what the clock says, and not how much has passed since it was asked before.": [
        lambda times: 100 + np.sum(times),
        lambda times: float(np.median(100 + np.cumsum(times)[1:])),
        lambda times: float(np.median(100 + np.cumsum(times))),
    ],
    "that is the round in the middle, in the order in which they came. Sort them first.": [
        lambda times: times[1:][(len(times) - 1) // 2]
    ],
    "that is the slowest round. The median is the one in the middle.": [
        lambda times: np.max(times[1:])
    ],
}


@exercise(
    "speed_up(share, factor)",
    returns="how many times as fast the whole is, a number",
    first_hint="say that the whole took 1 second. How long does each of its two parts take now?",
)
def check_speed_up(answer):
    """How much faster the whole becomes when a part of it does: Amdahl's law (1967).

    `speed_up(share, factor)` gets the share of the time that a part takes, from 0 to 1, and how
    many times as fast this part becomes, above 0, or `math.inf` if it will take no time at all. It
    returns how many times as fast the whole becomes. The share is below 1 where the factor is inf.
    """
    cases = [(0.5, 1.0), (0.5, 2.0), (0.5, 4.0), (0.3, 10.0), (0.9, 100.0), (0.25, 0.5)]
    edges = [(0.0, 2.0), (1.0, 2.0), (0.75, math.inf)]  # Many a mistake divides by zero here.

    def right(share, factor):
        return 1 / (1 - share + share / factor)

    answer.compare(
        cases,
        right,
        [
            (
                "that is the time that is left. How many times does it go into the time before?",
                lambda share, factor: 1 - share + share / factor,
            ),
            (
                "you take the mean of the speeds. But it is times that add up: how long does each "
                "part take?",
                lambda share, factor: 1 - share + share * factor,
            ),
            (
                "you give the speed of the part to the whole. The rest takes as long as before.",
                lambda share, factor: factor,
            ),
            (
                "your parts have changed places: `share` is the part that becomes faster.",
                lambda share, factor: 1 / (share + (1 - share) / factor),
            ),
            (
                "you leave the part out as if it took no time any more. It is faster, not gone.",
                lambda share, factor: 1 / (1 - share) if share < 1 else math.inf,
            ),
            (
                "the faster part takes `share / factor` of the time, but what becomes of the rest?",
                lambda share, factor: factor / share if share else math.inf,
            ),
            (
                "you take away what the part takes now, and not what it saves: the rest and the "
                "faster part *add up*.",
                lambda share, factor: 1 / (1 - share / factor),
            ),
            (
                "that is how much time is saved. How many times as fast is the whole?",
                lambda share, factor: share - share / factor,
            ),
            (
                "the part takes `share * factor` of the time in yours, so a faster part takes "
                "longer.",
                lambda share, factor: 1 / (1 - share + share * factor),
            ),
            (
                "the part takes `1 / factor` in yours, as if it had been the whole before.",
                lambda share, factor: 1 / (1 - share + 1 / factor),
            ),
            (
                "one too few: what is as fast as before is 1 times as fast, and not 0.",
                lambda share, factor: right(share, factor) - 1,
            ),
            (
                "percent came; how many *times* as fast is asked for: 1 is as fast as before.",
                lambda share, factor: 100 * right(share, factor),
            ),
        ],
    )
    answer.compare(edges, right)
