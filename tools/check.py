"""Run every lesson and compare its outputs with the stored ones (nbval).

On MNIST all outputs are compared; on the stand-in, whose numbers differ, only those of the check
cells. `--offline` makes sure of the stand-in: an empty data root and no way to the network.
"""

import os
import socket
import sys
import tempfile

import pytest

from tools.lessons import ROOT, set_environment


class SkipStderr:
    """A pytest plugin: warnings on stderr come and go with versions, and are not compared."""

    def pytest_collectstart(self, collector):
        if hasattr(collector, "skip_compare"):
            # Pictures differ between processors, and the HTML of a figure holds its picture.
            collector.skip_compare += ("stderr", "text/html")


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
    options = [mode, "--nbval-current-env", "-p", "no:cacheprovider", f"--rootdir={root}"]
    return pytest.main([*options, str(root / "notebooks")], plugins=[SkipStderr()])


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
