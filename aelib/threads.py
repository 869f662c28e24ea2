"""How many threads the arithmetic of this process takes: one, unless a person says otherwise.

Two trainings side by side on two threads each take several times as long as on one, since threads
wait for each other by spinning: so a class on one server, or a container with a part of a machine.
And the numbers of a training depend on its threads, so with one they are the same on any number of
cores.
"""

import os
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

#: Where Linux says what the process may use.
SYSTEM = Path("/")


def set_threads():
    """Give PyTorch and the libraries below NumPy and scikit-learn `AELIB_THREADS` threads.

    That environment variable holds a number, or "all" for as many as there are cores to use; never
    are they more than those. A later `torch.set_num_threads` counts.

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
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min([cores, *_quotas()]))


def _quotas():
    """The quotas of the process's control groups and of all above them, in whole cores."""
    root = SYSTEM / "sys/fs/cgroup"
    try:
        lines = (SYSTEM / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # In version 2 all controllers share a folder, and the line names none.
        folders = [root / "cpu", root / controllers] if controllers else [root, root / "unified"]
        group = Path(group.lstrip("/"))
        for folder in {top / part for top in folders for part in (group, *group.parents)}:
            try:
                if controllers:
                    quota = (folder / "cpu.cfs_quota_us").read_text()
                    period = (folder / "cpu.cfs_period_us").read_text()
                else:
                    quota, period = (folder / "cpu.max").read_text().split()
                if quota != "max" and int(quota) > 0:
                    yield int(quota) // int(period)
            except (OSError, ValueError):
                continue  # It is seen from elsewhere under another name, or has no quota.
