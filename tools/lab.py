"""Open lesson 1 in JupyterLab, where a training may take all cores: `make lab`, or

    python -m tools.lab

Lessons are saved as `make refresh` stores them.
"""

import os
import re
import sys
from pathlib import Path

from jupyterlab.labapp import LabApp

from tools.metadata import tidy

FIRST = Path(__file__).resolve().parent.parent / "notebooks" / "01_dataset.ipynb"
#: What is set here for Lab: nothing of nbgrader, which is for teachers, and on the command line.
SETTINGS = Path(__file__).resolve().parent / "jupyter"


def before_save(model, path, **_):
    """Take out of a lesson that is saved what would differ from machine to machine."""
    if model["type"] == "notebook" and re.match(r"\d\d_", Path(path).name):
        tidy(model["content"])


def main(options, lesson=FIRST):
    """Start JupyterLab with further options of its own."""
    os.environ.setdefault("AELIB_THREADS", "all")
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    hook = "--ContentsManager.pre_save_hook=tools.lab.before_save"
    # In a container one often is root, whom Lab would send away; it listens to this machine alone.
    if getattr(os, "geteuid", lambda: 1)() == 0:
        options = ["--allow-root", *options]
    LabApp.launch_instance([str(lesson), hook, *options])


if __name__ == "__main__":
    main(sys.argv[1:])
