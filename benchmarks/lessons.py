"""How long does each lesson run, all side by side and with nothing in the cache?"""

import json
import shutil
import subprocess
import sys

from aelib.settings import project_folder
from benchmarks.rounds import machine, seconds

ROUNDS = 1  # More would take longer than most other questions.


def cases(data, quick):
    runs, command = project_folder() / "runs", [sys.executable, "-m", "tools.run"]

    def run():
        shutil.rmtree(runs / "checkpoints", ignore_errors=True)
        took = seconds(subprocess.run, command + quick * ["01"], cwd=runs.parent, check=True)
        metrics = json.loads((runs / "metrics.json").read_text())
        where = {"lessons_machine": machine(), "lessons_seconds": took}
        return {**where, "lessons": metrics["lessons"]}

    return {"all": run}


def results(rounds):
    return rounds["all"][0]
