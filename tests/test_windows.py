"""Nothing in aelib and tools needs what only POSIX systems have."""

import os
import subprocess
import sys

import pytest

from tools.lessons import ROOT

pytestmark = pytest.mark.slow

#: Hides, once other people's libraries are loaded, what Windows does not have.
HIDE = """
import os, signal, sys
import IPython, joblib, jupyterlab.labapp, jupytext.cli, matplotlib.pyplot, nbclient, nbconvert
import pandas, papermill, scipy.stats, sklearn.manifold, torch, torchvision

class Posix:
    def find_spec(self, name, *_):
        if name in ("fcntl", "grp", "posix", "pty", "pwd", "resource", "termios"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Posix())
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
    sys.modules.pop(name, None)
for name in ("getuid", "geteuid", "getpgid", "killpg", "setsid", "fork", "uname", "nice", "chown",
             "sched_getaffinity", "statvfs", "mkfifo", "getloadavg", "WNOHANG", "O_NONBLOCK"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM", "SIGPIPE", "SIGCHLD", "alarm"):
    if hasattr(signal, name):
        delattr(signal, name)
"""
IMPORTS = """
import importlib, pkgutil
import aelib, tools
modules = [
    one.name
    for package in (aelib, tools)
    for one in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if not one.name.endswith("__main__")
]
for name in modules:
    importlib.import_module(name)
print(len(modules), "modules")
"""
LESSON = """
import sys
from pathlib import Path
import torch
from aelib.data import load_data
from aelib.training import load_checkpoint, pretrained_autoencoder
data = load_data("digits", 100, 100)
folder = Path(sys.argv[1])
from aelib.training import checkpoints
checkpoints.project_folder = lambda: folder
settings = {"epochs": 1, "batch_size": 50, "learning_rate": 0.001, "seed": 0}
for _ in range(2):
    _, history = pretrained_autoencoder(data, torch.device("cpu"), **settings)
from aelib.files import write_whole
write_whole(folder / "deep" / "text", "one\\n")
assert (folder / "deep" / "text").read_bytes() == b"one\\n"
print(len(list((folder / "runs" / "checkpoints").glob("*.safetensors"))), "checkpoints")
"""


@pytest.mark.parametrize(
    ("what", "expected"), [(IMPORTS, "modules"), (LESSON, "1 checkpoints")], ids=["import", "train"]
)
def test_it_works_without_what_only_posix_has(tmp_path, what, expected):
    done = subprocess.run(
        [sys.executable, "-c", HIDE + what, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "AELIB_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert expected in done.stdout


def test_files_are_read_and_written_in_utf_8_everywhere():
    """A console of Windows has another encoding: nothing may fall back on it."""
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", FALLBACKS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


FALLBACKS = """
import warnings
from pathlib import Path
ours = Path.cwd()
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always", EncodingWarning)
    from aelib import lesson
    from aelib.studies import read_rows
    from tools import generate, lessons
    generate.generated()
    read_rows("replication")
    lesson._spread()
found = {(str(one.filename), one.lineno) for one in seen if one.category is EncodingWarning}
bad = [place for place in found if str(ours) in place[0] and ".venv" not in place[0]]
bad = [place for place in bad if Path(place[0]).name != "threads.py"]  # It reads what Linux has.
assert not bad, bad
"""
