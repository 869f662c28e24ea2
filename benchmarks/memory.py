"""How much memory does a training of 60,000 images take?"""

from functools import partial

from benchmarks.rounds import medians, source_setting
from benchmarks.start_up import run_module

#: No time: it hardly differs from round to round.
ROUNDS = 1


def cases(data, quick):
    """Megabytes at the peak: after the imports, and with a training."""
    size = "600" if quick else "60000"
    return {"peaks": partial(run_module, "peak_memory", source_setting(data), size)}


def results(rounds):
    names = ("peak_rss_mb_import", "peak_rss_mb_60k")
    return medians(dict(zip(names, zip(*rounds["peaks"], strict=True), strict=True)))
