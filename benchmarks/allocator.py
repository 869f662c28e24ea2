"""What does it bring that freed memory is kept, and not given back to the system?

glibc's allocator gives large blocks back as soon as they are free, and asks for them again in the
next step; two settings in the environment of a process, read when it starts, make it keep them.
"""

import os
from functools import partial

from benchmarks import epochs
from benchmarks.rounds import medians, ratios

#: Keep blocks of up to 256 MiB, and up to 1 GiB in all.
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**30)}


def settings():
    """Those settings of the allocator that this process has."""
    return {name: os.environ[name] for name in KEEP if name in os.environ}


def cases(data, quick):
    """Seconds for an epoch of approach 2, in a process with and in one without the settings."""
    workers = {
        "default": epochs.start(data, **dict.fromkeys(KEEP)),
        "memory kept": epochs.start(data, **KEEP),
    }
    for process in workers.values():
        epochs.epoch(process)
    return {name: partial(epochs.epoch, process) for name, process in workers.items()}


def results(rounds):
    return {
        "allocator_epoch_seconds": medians(rounds),
        "allocator_ratio": ratios(rounds, "memory kept")["default"],
    }
