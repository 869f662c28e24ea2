"""What is freed is given back, where the system has a way to do so."""

import ctypes
import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from aelib import memory

#: Objects of 8 kB, of which every fourth stays.
HOLES = """
from pathlib import Path
from aelib.memory import give_back
def used():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
blocks = [bytes(8_000) for _ in range(20_000)]
blocks = blocks[::4]
before = used()
give_back()
print(before - used())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has such a call")
def test_holes_between_what_stays_are_given_back():
    environment = {**os.environ, "MALLOC_TRIM_THRESHOLD_": str(2**30)}
    command = [sys.executable, "-c", HOLES]
    assert float(subprocess.check_output(command, env=environment, text=True)) > 50


@pytest.mark.parametrize("name", ["posix", "nt"])
def test_where_there_is_no_such_call_nothing_is_done(monkeypatch, name):
    def library(path):
        assert name == "posix", "on Windows None is not a library"
        return object()

    monkeypatch.setattr(ctypes, "CDLL", library)
    monkeypatch.setattr(memory, "os", SimpleNamespace(name=name))
    memory.give_back()
