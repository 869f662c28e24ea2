"""A kernel that goes on while aelib's files are edited."""

import shutil
import subprocess
import sys

import pytest

from tools.lessons import ROOT

PROGRAM = """
import torch
from pathlib import Path
import aelib
from aelib.training import train

def one_epoch():
    images = torch.rand(10, 1, 2, 2)
    model = torch.nn.Conv2d(1, 1, 1)
    settings = {"epochs": 1, "batch_size": 10, "learning_rate": 0.01, "seed": 0}
    train(model, (images, images), torch.nn.functional.mse_loss, **settings)

file = Path(aelib.__file__).parent / "models.py"
for change in ("", "", "# one\\n", "", "# two\\n"):
    file.write_text(file.read_text(encoding="utf-8") + change, encoding="utf-8")
    print("training")
    one_epoch()
"""


@pytest.mark.slow
def test_each_change_of_aelib_is_told_once_to_who_trains(tmp_path):
    shutil.copytree(ROOT / "aelib", tmp_path / "aelib")
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    told = [part.count("restart the kernel") for part in done.stdout.split("training\n")[1:]]
    assert told == [0, 0, 1, 0, 1]
