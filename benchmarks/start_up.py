"""What does a process pay before it trains?"""

import subprocess
import sys
from functools import partial

from benchmarks.rounds import medians, timed

IMPORTS = {
    "python": [],
    "torch": ["torch"],
    "aelib": ["aelib.data", "aelib.training", "aelib.evaluation", "aelib.figures"],
}
#: What the names of cases begin with.
IMPORT, STEPS = "import: ", "first two steps"


def cases(data, quick):
    """Seconds of a new process: for imports, and for its first two training steps."""
    imports = {"python": []} if quick else IMPORTS
    result = {
        IMPORT + name: timed(run_module, "imports", *modules) for name, modules in imports.items()
    }
    return result | {STEPS: partial(run_module, "first_step")}


def run_module(name, *arguments):
    """The numbers that a module of `benchmarks` prints in a new process."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]


def results(rounds):
    first, second = zip(*rounds[STEPS], strict=True)
    times = {"first_step_of_a_process_seconds": first, "second_step_of_a_process_seconds": second}
    imports = {
        name.removeprefix(IMPORT): values
        for name, values in rounds.items()
        if name.startswith(IMPORT)
    }
    return {"import_seconds": medians(imports), **medians(times)}
