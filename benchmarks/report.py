"""How the numbers of a run are shown."""

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.lessons import PARTS


def print_table(result, indent=0):
    """Print every number, a line each."""
    for name, value in result.items():
        if isinstance(value, dict):
            print(f"{'':<{indent}}{name}")
            print_table(value, indent + 2)
        else:
            shown = f"{value:,.4g}" if isinstance(value, float) else value
            print(f"{'':<{indent}}{name:<{44 - indent}} {shown}")


def draw(result):
    """How fast each trains the published network, and what the lessons' time is spent on."""
    plt.style.use(files("aelib") / "aelib.mplstyle")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained")
    rates = result["images_per_second"]
    left.barh(list(rates), list(rates.values()), label="as most would write it")
    tuned = result["images_per_second_tuned"]
    left.barh(list(tuned), list(tuned.values()), height=0.2, label="tuned")
    left.set(xlabel="images per second, published network")
    left.invert_yaxis()
    left.legend()
    bottom = np.zeros(len(result["lessons"]))
    for part in ("kernel", *PARTS, "other"):
        values = np.array([lesson[part] for lesson in result["lessons"].values()])
        right.barh(list(result["lessons"]), values, left=bottom, label=part)
        bottom += values
    right.set(xlabel="seconds")
    right.invert_yaxis()
    right.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
