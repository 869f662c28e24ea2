"""Nothing in aelib and tools needs what only POSIX systems have, or a network to be imported."""

import os
import subprocess
import sys

import pytest

from tools.lessons import ROOT

#: Hides, once other people's libraries are loaded, what Windows does not have, and notes each
#: file that is read or written in the encoding of the system, which is another one there.
HIDE = """
import importlib, os, pkgutil, signal, sys, warnings
from pathlib import Path
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
USE = """
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        sys.exit(f"{event} {arguments}")

sys.addaudithook(refuse)
import aelib, tools
ours, root = Path.cwd(), Path(sys.argv[1])
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always", EncodingWarning)
    for package in (aelib, tools):
        for one in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(one.name)
    from aelib import pretrained
    from aelib.data import load_data
    from aelib.studies import read_rows
    pretrained.project_folder = lambda: root
    settings = {"epochs": 1, "batch_size": 50, "learning_rate": 0.001, "seed": 0}
    for _ in range(2):
        data = load_data("digits", 100, 100)
        pretrained.pretrained_autoencoder(data, torch.device("cpu"), **settings)
    tools.generate.generated()
    read_rows("replication")
kept = list(root.glob("runs/checkpoints/*.safetensors"))
assert len(kept) == 1, kept
found = {(str(one.filename), one.lineno) for one in seen if one.category is EncodingWarning}
bad = [place for place in found if str(ours) in place[0] and ".venv" not in place[0]]
bad = [place for place in bad if Path(place[0]).name != "threads.py"]  # It reads what Linux has.
assert not bad, bad
"""


@pytest.mark.slow
def test_it_works_without_what_only_posix_has(tmp_path):
    command = [sys.executable, "-X", "warn_default_encoding", "-c", HIDE + USE, str(tmp_path)]
    variables = {**os.environ, "AELIB_DATA": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
