"""Right and wrong answers to the exercises of lesson 8."""

import math
import statistics
import time
import timeit
from fractions import Fraction

import numpy as np
import torch
from learners import answer_tests, right, wrong
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from aelib.exercises import (
    check_convolution_operations,
    check_median_seconds,
    check_speed_up,
)


@right(check_convolution_operations)
def convolution_operations(size, channels_in, channels_out, kernel, stride=1, padding=0):
    side = (size + 2 * padding - kernel) // stride + 1
    return 2 * channels_in * channels_out * kernel**2 * side**2


@right(check_convolution_operations)
def counted_by_pytorch(size, channels_in, channels_out, kernel, stride=1, padding=0):
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, padding)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, channels_in, size, size))
    return counter.get_total_flops()


@right(check_convolution_operations)
def by_the_shapes(size, channels_in, channels_out, kernel, stride=1, padding=0):
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, padding)
    return 2 * layer.weight[0].numel() * layer(torch.zeros(1, channels_in, size, size)).numel()


def operations(n, i, o, k, s, p, double=2, square=2, side=None):
    side = (n + 2 * p - k) // s + 1 if side is None else side
    return double * i * o * k**square * side**2


@wrong(check_convolution_operations, "half of it")
def multiplications_only(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, s, p, double=1)


@wrong(check_convolution_operations, "the kernel has two sides")
def side_of_the_kernel(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, s, p, square=1)


@wrong(check_convolution_operations, "as the *input* has pixels")
def at_each_pixel_of_the_input(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, s, p, side=n)


@wrong(check_convolution_operations, "one position of the kernel")
def weights_only(n, i, o, k, s=1, p=0):
    return 2 * nn.Conv2d(i, o, k).weight.numel()


@wrong(check_convolution_operations, "channels that go in make no difference")
def without_channels_in(n, i, o, k, s=1, p=0):
    return operations(n, 1, o, k, s, p)


@wrong(check_convolution_operations, "channels that come out make no difference")
def without_channels_out(n, i, o, k, s=1, p=0):
    return operations(n, i, 1, k, s, p)


@wrong(check_convolution_operations, "channels are added")
def channels_added(n, i, o, k, s=1, p=0):
    return operations(n, i + o, 1, k, s, p)


@wrong(check_convolution_operations, "stride makes no difference")
def without_stride(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, 1, p)


@wrong(check_convolution_operations, "padding makes no difference")
def without_padding(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, s, 0)


@wrong(check_convolution_operations, "it is on both sides")
def padding_once(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, s, p / 2 if p % 2 == 0 else p, side=(n + p - k) // s + 1)


@wrong(check_convolution_operations, "the output has two sides")
def one_row_of_the_output(n, i, o, k, s=1, p=0):
    return 2 * i * o * k**2 * ((n + 2 * p - k) // s + 1)


@wrong(check_convolution_operations, "the bias counts in yours")
def with_a_bias(n, i, o, k, s=1, p=0):
    return operations(n, i, o, k, s, p) + o * ((n + 2 * p - k) // s + 1) ** 2


@right(check_median_seconds)
def median_seconds(work, clock, rounds):
    work()
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return sorted(times)[rounds // 2]


@right(check_median_seconds)
def by_differences(work, clock, rounds):
    looks = []
    for _ in range(rounds + 1):
        work()
        looks.append(clock())
    return np.median(np.diff(looks))


@right(check_median_seconds)
def in_tensors(work, clock, rounds):
    work()
    return torch.tensor([-(clock() - (work(), clock())[1]) for _ in range(rounds)]).median()


def timed(work, clock, rounds):
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return times


@wrong(check_median_seconds, "the first call is counted")
def no_warm_up(work, clock, rounds):
    return statistics.median(timed(work, clock, rounds))


@wrong(check_median_seconds, "the first call is counted")
def first_call_among_the_times(work, clock, rounds):
    return statistics.median(timed(work, clock, rounds + 1))


@wrong(check_median_seconds, "that is the mean")
def mean_of_rounds(work, clock, rounds):
    work()
    start = clock()
    for _ in range(rounds):
        work()
    return (clock() - start) / rounds


@wrong(check_median_seconds, "that is the fastest round")
def fastest(work, clock, rounds):
    work()
    return min(timed(work, clock, rounds))


@wrong(check_median_seconds, "that is the slowest round")
def slowest(work, clock, rounds):
    work()
    return max(timed(work, clock, rounds))


@wrong(check_median_seconds, "all rounds together")
def total(work, clock, rounds):
    work()
    return sum(timed(work, clock, rounds))


@wrong(check_median_seconds, "the time is negative")
def backwards(work, clock, rounds):
    return -median_seconds(work, clock, rounds)


@wrong(check_median_seconds, "no time passes")
def work_is_not_called(work, clock, rounds):
    work()
    return statistics.median([clock() - clock() for _ in range(rounds)])


@wrong(check_median_seconds, "what the clock says")
def time_of_day(work, clock, rounds):
    for _ in range(rounds + 1):
        work()
    return clock()


@wrong(check_median_seconds, "Sort them first")
def middle_of_the_unsorted(work, clock, rounds):
    work()
    return timed(work, clock, rounds)[rounds // 2]


@wrong(check_median_seconds, "`clock` was never asked")
def another_clock(work, clock, rounds):
    return median_seconds(work, time.perf_counter, rounds)


@wrong(check_median_seconds, "times. It takes one call to warm up")
def once_more_at_the_end(work, clock, rounds):
    median = median_seconds(work, clock, rounds)
    work()
    return median


@wrong(check_median_seconds, "12 came and 2 was expected")
def ten_more(work, clock, rounds):
    return median_seconds(work, clock, rounds) + 10


@right(check_speed_up)
def speed_up(share, factor):
    return 1 / (1 - share + share / factor)


@right(check_speed_up)
def speed_up_of_an_hour(share, factor):
    fast, rest = 3600 * share, 3600 * (1 - share)
    return 3600 / (rest + (0 if factor == math.inf else fast / factor))


@right(check_speed_up)
def speed_up_in_fractions(share, factor):
    share = Fraction(share)
    part = 0 if math.isinf(factor) else share / Fraction(factor)
    return 1 / (1 - share + part)


@wrong(check_speed_up, "that is the time that is left")
def time_left(share, factor):
    return 1 - share + share / factor


@wrong(check_speed_up, "the mean of the speeds")
def mean_of_speeds(share, factor):
    return (1 - share) * 1 + share * factor


@wrong(check_speed_up, "the speed of the part to the whole")
def of_the_part(share, factor):
    return factor


@wrong(check_speed_up, "changed places")
def the_other_part(share, factor):
    return speed_up(1 - share, factor)


@wrong(check_speed_up, "as if it took no time")
def the_limit(share, factor):
    return 1 / (1 - share) if share < 1 else math.inf


@wrong(check_speed_up, "what becomes of the rest")
def rest_forgotten(share, factor):
    return factor / share if share else math.inf


@wrong(check_speed_up, "*add up*")
def subtracted(share, factor):
    return 1 / (1 - share / factor)


@wrong(check_speed_up, "how much time is saved")
def saved(share, factor):
    return share * (1 - 1 / factor)


@wrong(check_speed_up, "speed_up(0.5, 1) gives 0.5, and 1 was expected")
def nonsense(share, factor):
    return 0.5


@wrong(check_convolution_operations, "how many weights there are")
def weights_once(n, i, o, k, s=1, p=0):
    return i * o * k * k


@wrong(check_convolution_operations, "divide the side by the stride and no more")
def side_over_stride(n, i, o, k, s=1, p=0):
    return 2 * (n // s) ** 2 * i * o * k * k


@wrong(check_median_seconds, "before the first round only")
def one_start_for_all(work, clock, rounds):
    work()
    start, ends = clock(), []
    for _ in range(rounds):
        work()
        ends.append(clock())
    return statistics.median(ends) - start


@wrong(check_median_seconds, "as if in milliseconds")
def in_milliseconds(work, clock, rounds):
    return 1000 * median_seconds(work, clock, rounds)


@right(check_median_seconds)
def by_a_timer(work, clock, rounds):
    work()
    return np.median(timeit.repeat(work, timer=clock, repeat=rounds, number=1))


@wrong(check_speed_up, "a faster part takes longer")
def multiplied(share, factor):
    return 1 / (1 - share + share * factor)


@wrong(check_speed_up, "as if it had been the whole before")
def share_forgotten(share, factor):
    return 1 / (1 - share + 1 / factor)


@wrong(check_speed_up, "one too few")
def how_much_faster(share, factor):
    return speed_up(share, factor) - 1


@wrong(check_speed_up, "percent came")
def in_percent(share, factor):
    return 100 * speed_up(share, factor)


test_right, test_wrong = answer_tests(__name__)
