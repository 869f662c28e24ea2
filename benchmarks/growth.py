"""How does the time of an epoch grow: by images, threads, processes, trainings at once?"""

from functools import partial

import torch

from aelib.threads import usable_cores
from benchmarks import epochs
from benchmarks.rounds import (
    first_images,
    medians,
    new_classifier,
    ratios,
    seconds,
    train_with_published_settings,
)

#: What the names of cases begin with.
IMAGES, THREADS, PROCESSES, TRAININGS = "images: ", "threads: ", "processes: ", "trainings: "


def cases(data, quick):
    """Seconds for an epoch of approach 2.

    By processes: a group, each process with its share of every batch. By trainings: several at
    once, each in a process of its own that knows nothing of the others.
    """
    sizes = (60, 600) if quick else (600, 6_000, 60_000)
    middle = min(6_000, len(data.train.labels))
    result = {f"{IMAGES}{size}": partial(epoch, first_images(size, data)) for size in sizes}
    counts = range(1, usable_cores() + 1)
    for count in counts:
        result[f"{THREADS}{count}"] = partial(epoch, first_images(middle, data), threads=count)
    at_most = 1 if quick else 2
    for count in range(1, at_most + 1):
        group = epochs.start(data, count, group=True)
        result[f"{PROCESSES}{count}"] = partial(epochs.epoch, group)
    trainings = epochs.start(data, at_most)
    for count in range(1, at_most + 1):
        result[f"{TRAININGS}{count}"] = partial(epochs.epoch, trainings[:count])
    for case in result.values():  # What happens once; and all processes are there.
        case()
    return result


def epoch(images, threads=1):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return seconds(train_with_published_settings, new_classifier(images[0]), images)
    finally:
        torch.set_num_threads(before)


def results(rounds):
    took = medians(rounds)

    def by(what):
        return {name.removeprefix(what): took[name] for name in took if name.startswith(what)}

    middle, most = list(by(IMAGES))[-2:]
    sizes = {name: rounds[name] for name in (IMAGES + middle, IMAGES + most)}
    return {
        "epoch_seconds": by(IMAGES),
        "growth_60k_over_6k": ratios(sizes, IMAGES + middle)[IMAGES + most],
        "epoch_seconds_by_threads": by(THREADS),
        "epoch_seconds_by_processes": by(PROCESSES),
        "epoch_seconds_by_trainings_at_once": by(TRAININGS),
    }
