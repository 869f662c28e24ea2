"""Run every lesson and compare its outputs with the stored ones (nbval).

    python -m tools.check [--offline]

On MNIST all outputs are compared; on the stand-in, whose numbers differ, only those of the check
cells. After its last cell `tests/lessons/look.py` looks at what a lesson has done. `--offline`
makes sure of the stand-in: an empty data root and no way to the network.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict

from tools.lessons import ROOT, find_lessons, looking, set_environment, starting_order
from tools.side_by_side import side_by_side


def pytest_collectstart(collector):
    """As a pytest plugin: what is not compared.

    Warnings on stderr come and go with versions; the HTML of a figure holds its picture, and
    pictures differ between processors.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "text/html")


def pytest_collection_modifyitems(items):
    """As a pytest plugin: the look at a lesson comes after its last cell, and prints nothing."""
    for last in items[-1:]:
        items += [
            type(last).from_parent(
                last.parent,
                name="Look",
                cell_num=last.cell_num + 1,
                cell=cell,
                options=defaultdict(bool),
            )
            for cell in looking(last.parent.path)
        ]


def main(offline, root=ROOT):
    """Check all lessons; return the exit status."""
    if offline:
        os.environ["AELIB_DATA"] = tempfile.mkdtemp()
        nowhere = "http://127.0.0.1:9"  # The port of a service that throws away what it gets.
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            os.environ[name] = os.environ[name.upper()] = nowhere
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = ""
    set_environment()
    from aelib.data import load_data  # Reads the environment that was just set.

    source = load_data(source="auto").source
    mode = "--nbval" if source == "MNIST" else "--nbval-lax"
    print(f"The lessons will run on {source} ({mode}).", flush=True)
    lessons = find_lessons(root / "notebooks")
    passed = side_by_side(
        {name: checker(path, mode) for name, path in starting_order(lessons).items()}
    )
    bad = [name for name in lessons if not passed[name]]
    print(f"Failed: {', '.join(bad)}." if bad else f"All {len(lessons)} lessons passed.")
    return 1 if bad else 0


def checker(path, mode):
    """A job that checks one lesson; its result is whether it passed."""
    options = [mode, "--nbval-current-env", "-p", "nbval.plugin", "-p", "tools.check"]
    options += ["-p", "no:cacheprovider", f"--rootdir={path.parent}"]
    # No other plugins: to load those that happen to be installed takes longer than to start.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def check():
        pytest = subprocess.run(
            [sys.executable, "-m", "pytest", *options, str(path)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
        )
        passed = pytest.returncode == 0
        return "ok" if passed else f"failed\n{pytest.stdout}", passed

    return check


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--offline"]):
        sys.exit("usage: python -m tools.check [--offline]")
    sys.exit(main(offline="--offline" in sys.argv))
