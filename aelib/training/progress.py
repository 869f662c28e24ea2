"""The progress bar of a training."""

import os
import sys

from tqdm import tqdm


def progress(done, epochs):
    """Count the epochs from `done` to `epochs`, with a bar where a person may be looking.

    `AELIB_PROGRESS=off` in the environment turns it off. A bar inside another one is not shown: who
    counts trainings need not count their epochs, and JupyterLab hides what follows 50 outputs.
    """
    ipython = sys.modules.get("IPython")
    notebook = ipython is not None and hasattr(ipython.get_ipython(), "kernel")
    watched = os.environ.get("AELIB_PROGRESS") != "off" and (notebook or sys.stdout.isatty())
    # What tqdm itself knows to be counting: a set of ours would be reached from `train`, and the
    # cache keeps no training that may depend on such a thing.
    watched = watched and not getattr(tqdm, "_instances", ())
    # Not to stderr, tqdm's default: notebooks print that on red.
    file = _Output() if watched and notebook else sys.stdout
    show = {"disable": not watched, "file": file, "leave": False}
    return tqdm(range(done, epochs), desc="epochs", initial=done, total=epochs, **show)


class _Output:
    """An output of a notebook's cell that shows the last line written, and vanishes after a blank
    one. What is printed can only be overwritten by blanks, which would stay."""

    def __init__(self):
        from IPython.display import display  # Only a notebook is sure to have it.

        self.handle = display({}, raw=True, display_id=True)

    def write(self, text):
        line = text.strip()
        self.handle.update({"text/plain": line} if line else {}, raw=True)

    def flush(self):
        """Nothing waits to be written."""
