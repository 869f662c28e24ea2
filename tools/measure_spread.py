"""Run the lessons with many seeds, and keep their numbers in aelib/spread.json.

    python tools/measure_spread.py [mnist] [digits]

The bands of the lessons' checks and the README's results come from this file.
"""

import json
import sys
from collections import defaultdict

import papermill

import run_notebooks
from lessons import ROOT, find_lessons, write_whole

SEEDS = range(20)
SPREAD = ROOT / "aelib" / "spread.json"


def main(sources):
    spread = json.loads(SPREAD.read_text())
    parameters = papermill.inspect_notebook(list(find_lessons(ROOT / "notebooks").values())[-1])
    defaults = run_notebooks.read_settings(
        f"{name}={parameter['default']}" for name, parameter in parameters.items()
    )
    spread["settings"] = {k: v for k, v in defaults.items() if k not in ("source", "seed")}
    for source in sources:
        values = defaultdict(list)
        for seed in SEEDS:
            print(f"\n{source}, seed {seed}")
            if run_notebooks.main(["--params", f"source={source}", f"seed={seed}"]) != 0:
                return 1
            metrics = json.loads((ROOT / "runs" / "metrics.json").read_text())
            for name, value in metrics.items():
                if isinstance(value, float):
                    values[name].append(value)
        spread["runs"][metrics["source"]] = values
        write_whole(SPREAD, json.dumps(spread, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["mnist", "digits"]))
