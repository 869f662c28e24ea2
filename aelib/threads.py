"""How many threads the arithmetic of this process takes: one, unless a person says otherwise.

Two trainings side by side on two threads each take several times as long as on one, since threads
wait for each other by spinning: so a class on one server, or a container with a part of a machine.
And the numbers of a training depend on its threads, so with one they are the same on any number of
cores.
"""

import os
from functools import cache

import torch
from threadpoolctl import threadpool_limits


@cache  # Once a process: a later `torch.set_num_threads` counts.
def set_threads():
    """Give PyTorch and the libraries below NumPy and scikit-learn `AELIB_THREADS` threads.

    That environment variable holds a number, or "all" for as many as there are cores to use; never
    are they more than those.

    Raises:
        ValueError: `AELIB_THREADS` is something else.
    """
    wanted = os.environ.get("AELIB_THREADS") or "1"
    if wanted != "all" and not (wanted.isascii() and wanted.isdigit() and int(wanted) >= 1):
        raise ValueError(
            f"AELIB_THREADS={wanted!r} cannot be used: set the environment variable to a whole "
            'number from 1, or to "all" for as many threads as this process has cores.'
        )
    cores = usable_cores()
    threads = cores if wanted == "all" else min(int(wanted), cores)
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    # For those libraries that are loaded later.
    for name in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)


def usable_cores():
    """How many cores this process may use: by its affinity, and by the quota of its container."""
    from joblib import cpu_count  # Half a second that only who asks has to wait.

    return cpu_count()
