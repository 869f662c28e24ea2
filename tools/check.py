"""Run every lesson and compare its outputs with the stored ones (nbval).

    python -m tools.check [--offline]

On MNIST all outputs are compared; on the stand-in, whose numbers differ, only those of the check
cells. After its last cell the witness looks at what a lesson has done. `--offline` makes sure of
the stand-in: an empty data root and no way to the network.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from collections import defaultdict

from tools.lessons import ROOT, find_lessons, set_environment, starting_order, witness
from tools.side_by_side import side_by_side


def pytest_collectstart(collector):
    """As a pytest plugin: what is not compared.

    Warnings on stderr come and go with versions; the HTML of a figure holds its picture, and
    pictures differ between processors.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "text/html")


def pytest_collection_modifyitems(items):
    """As a pytest plugin: the witness comes after the last cell, and prints nothing."""
    for last in items[-1:]:
        items += [
            type(last).from_parent(
                last.parent,
                name="Witness",
                cell_num=last.cell_num + 1,
                cell=cell,
                options=defaultdict(bool),
            )
            for cell in witness(last.parent.path)
        ]


def main(offline, root=ROOT):
    """Check all lessons; return the exit status."""
    set_environment()
    from aelib.data import load_data  # Reads the environment that was just set.

    source = load_data(source="auto").source
    if offline and source == "MNIST":
        raise SystemExit("Offline, and yet MNIST was found: the check would not be what it says.")
    if source == "MNIST":
        mode, meaning = "--nbval", "all outputs are compared"
    else:
        mode, meaning = "--nbval-lax", "the outputs of check cells are compared"
    print(f"The lessons will run on {source}: {meaning} ({mode}).", flush=True)
    lessons = find_lessons(root / "notebooks")
    checks = {name: checker(path, mode) for name, path in starting_order(lessons).items()}
    passed = {}
    try:
        side_by_side(checks, passed)
    except KeyboardInterrupt:
        good = [name for name in lessons if passed.get(name)]
        print(f"Stopped by hand. Passed before: {', '.join(good) or 'no lesson'}.")
        return 130
    bad = [name for name in lessons if not passed[name]]
    print(f"Failed: {', '.join(bad)}." if bad else f"All {len(lessons)} lessons passed.")
    return 1 if bad else 0


def checker(path, mode):
    """A job that checks one lesson; it returns whether it passed."""

    async def check(job):
        options = [mode, "--nbval-current-env", "-p", "tools.check", "-p", "no:cacheprovider"]
        command = ["-m", "pytest", *options, f"--rootdir={path.parent}", str(path)]
        pytest = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdout=PIPE, stderr=STDOUT
        )
        job.state = "running"
        try:
            printed, _ = await pytest.communicate()
        except asyncio.CancelledError:  # Interrupted, pytest ends its kernel before itself.
            pytest.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            await pytest.communicate()
            raise
        lines = printed.decode(errors="replace").splitlines()
        job.state = "ok" if pytest.returncode == 0 else "failed"
        if pytest.returncode:
            job.say("failed, pytest says", *lines)
        return pytest.returncode == 0

    return check


def check_offline():
    """Check all lessons without MNIST's files and with proxies that nobody listens at."""
    with tempfile.TemporaryDirectory() as empty, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # Ours, so that nobody else listens there; nor do we.
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            os.environ[name] = os.environ[name.upper()] = nowhere
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = ""
        os.environ["AELIB_DATA"] = empty
        return main(offline=True)


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--offline"]):
        sys.exit("usage: python -m tools.check [--offline]")
    sys.exit(check_offline() if sys.argv[1:] else main(offline=False))
