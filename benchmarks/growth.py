"""How do time and memory of an epoch grow: by images, by threads, by trainings at once?"""

import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import torch

from aelib.data import load_data
from aelib.threads import usable_cores
from benchmarks.rounds import learn, medians, new_classifier, ratio, seconds


def cases(data, quick):
    """Seconds for an epoch of approach 2; of two trainings at once, those of the slower one.

    And megabytes at the peak of a process of its own, with the imports and with a training.
    """
    source, sizes = ("digits", (100, 600)) if quick else ("mnist", (600, 6_000, 60_000))
    new = partial(ProcessPoolExecutor, 1, get_context("spawn"))
    pools, middle = [new(), new()], (source, sizes[-2])
    result = {f"epoch_seconds {size}": partial(epoch, source, size) for size in sizes}
    for count in range(1, usable_cores() + 1):
        result[f"epoch_seconds_by_threads {count}"] = partial(epoch, *middle, count)
    for count in (1, 2):
        at_once = partial(slowest, pools[:count], *middle)
        result[f"epoch_seconds_by_trainings_at_once {count}"] = at_once
    for case in result.values():  # What happens once; and both processes are there.
        case()
    for name, size in {"import": 0, "60k": sizes[-1]}.items():
        result[f"peak_rss_mb {name}"] = lambda size=size: new().submit(peak, source, size).result()
    return result


images_of = cache(lambda source, size: load_data(source, size, 100).train)


def epoch(source, size, threads=1):
    images = images_of(source, size)
    model = new_classifier(images[0])
    torch.set_num_threads(threads)
    took = seconds(learn, model, images)
    torch.set_num_threads(1)
    return took


def slowest(pools, *asked):
    return max(training.result() for training in [pool.submit(epoch, *asked) for pool in pools])


def peak(source, size):
    if size:  # The images stay bytes.
        data = load_data(source, size, 100, as_bytes=True).train
        learn(new_classifier(data.images), data)
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def results(rounds):
    tables = {}
    for case, value in medians(rounds).items():
        key, name = case.split()
        tables.setdefault(key, {})[name] = value
    middle, most = [rounds[f"epoch_seconds {size}"] for size in tables["epoch_seconds"]][-2:]
    memory = {f"peak_rss_mb_{name}": value for name, value in tables.pop("peak_rss_mb").items()}
    return tables | memory | {"growth_60k_over_6k": ratio(most, middle)}
