"""Was the machine quiet while it measured?

    python -m benchmarks.quiet

A probe, the same training steps on one core, runs before every round of every question. Three signs
tell of a disturbance:

- "waiting": the share of the probes' time in which they did not get a core;
- "others": the share of all cores' time that something else took, or the host of a virtual machine
  (only where Linux counts it);
- "spread": how far the slowest and the fastest tenth of the probes are apart, over their median, as
  where another process takes the caches and the memory, or the clock changes.

The module's own run measures them in a quiet machine, again and again, and beside one, two and four
busy processes. A bound is twice the largest value of the quiet runs, rounded up to whole percents.
"""

import math
import multiprocessing
import os
import statistics
import time
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.nn.functional import mse_loss

from aelib.models import Autoencoder
from benchmarks.limits import training_step

#: Training steps of a probe: some 0.2 s.
STEPS = 20
#: What a quiet run stays below, by this module's run on two cores of a virtual machine. Its spread
#: is large: probably others on the host slow the clock down and let it go.
BOUNDS = {"waiting": 0.01, "others": 0.01, "spread": 0.47}


def new_probe():
    """A function that measures the same training steps: its seconds, and those of the core."""
    torch.manual_seed(0)
    batch = torch.rand(100, 1, 28, 28)
    step = training_step(Autoencoder(), mse_loss, batch, batch)

    def probe():
        start = time.perf_counter(), time.process_time(), busy_seconds()
        for _ in range(STEPS):
            step()
        end = time.perf_counter(), time.process_time(), busy_seconds()
        names = ("seconds", "core_seconds", "busy_seconds")
        return {name: b - a for name, a, b in zip(names, start, end, strict=True)}

    probe()
    return probe


def busy_seconds():
    """The time that all cores together have been busy, or held back by a host; 0 if not counted."""
    try:
        first_line = Path("/proc/stat").read_text().splitlines()[0]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting_for_disk, *rest = map(int, first_line.split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def signs(probes):
    """The signs of a disturbance, by name, over all probes of a run."""
    took, core, busy = (
        [probe[name] for probe in probes] for name in ("seconds", "core_seconds", "busy_seconds")
    )
    tenths = statistics.quantiles(took, n=10, method="inclusive")
    others = max(sum(busy) - sum(core), 0) / ((os.cpu_count() or 1) * sum(took))
    return {
        "waiting": 1 - sum(core) / sum(took),
        "others": others,
        "spread": (tenths[-1] - tenths[0]) / statistics.median(took),
    }


def results(probes, spread_of_epochs=0.0):
    """Whether the run was disturbed, by which signs, and what was allowed.

    Args:
        spread_of_epochs: another spread, of what ran so long that no probe came between.
    """
    found = signs(probes)
    found["spread"] = max(found["spread"], spread_of_epochs)
    return {
        "disturbed": any(found[name] > bound for name, bound in BOUNDS.items()),
        "disturbance": {"signs": found, "bounds": BOUNDS},
    }


@contextmanager
def busy_processes(count):
    """So many processes that each keep a core busy by the same steps."""
    context = multiprocessing.get_context("spawn")
    started = [context.Process(target=_never_rest, daemon=True) for _ in range(count)]
    for process in started:
        process.start()
    if started:
        time.sleep(10)  # They have to import torch.
    try:
        yield
    finally:
        for process in started:
            process.terminate()
            process.join()


def _never_rest():
    probe = new_probe()
    while True:
        probe()


def main(probes=60, quiet_runs=5):
    probe, found = new_probe(), []
    for count in (*[0] * quiet_runs, 1, 2, 4):
        with busy_processes(count):
            found.append(signs([probe() for _ in range(probes)]))
        shown = ", ".join(f"{name} {value:.3f}" for name, value in found[-1].items())
        print(f"beside {count} busy processes: {shown}", flush=True)
    for name in BOUNDS:
        largest = max(one[name] for one in found[:quiet_runs])
        print(f"bound of {name}, if the first runs were quiet: {math.ceil(200 * largest) / 100}")


if __name__ == "__main__":
    main()
