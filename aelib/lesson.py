"""What a lesson shows of its numbers, and whether they are what they should be."""

import json
import os
from functools import cache

from IPython.display import display

from aelib.evaluation import check_value
from aelib.results import results_folder
from aelib.settings import METRICS_MIME


def report(source, metrics, heading=None, kind="source"):
    """Display the numbers of a lesson as a table, and store them in the cell's output.

    Args:
        source: where the images came from, as `Data.source` says.
        metrics: a dict of numbers.
        heading: what was run for them, if not a single run on `source`.
        kind: "own_images" where `source` is the name of a folder of one's own.
    """
    width = max(map(len, metrics))
    lines = [
        f"{name:<{width}}  {value:.2f} %" if "accuracy" in name else f"{name:<{width}}  {value:.4f}"
        for name, value in metrics.items()
    ]
    text = "\n".join([heading or f"Measured on {source}, a single run", *lines])
    display({"text/plain": text, METRICS_MIME: {kind: source, **metrics}}, raw=True)


def check(source, settings, metrics):
    """Check each number against its band, and say so in words that do not move with the number.

    The band is where a run with a new seed ends 999 times in 1,000: the prediction interval of a
    normal distribution with the mean and spread of the runs in `spread.json`.

    Args:
        source: as for `report`.
        settings: those of this run that the lesson has; bands hold for the default ones, and any
            seed.
        metrics: as for `report`.

    Raises:
        AssertionError: a number is outside its band.
    """
    if os.environ.get("AELIB_SPREAD") == "measuring":
        print("Not checked: the bands are being measured.")
        return
    spread = _spread()
    defaults = {name: value for name, value in spread["settings"].items() if name in settings}
    changed = [name for name, value in defaults.items() if settings[name] != value]
    if changed:
        print(f"Not checked: the bands hold for the default {', '.join(changed)}.")
        return
    for name, value in metrics.items():
        measured = spread["runs"].get(source, {}).get(name)
        if measured is None:
            print(f"Not checked: no band has been measured for {name}.")
            continue
        check_value(name, value, measured, source)


@cache
def _spread():
    return json.loads(results_folder().joinpath("spread.json").read_text())
