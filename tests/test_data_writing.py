"""What is written below the data root is there whole or not at all, whoever is killed half-way."""

import os
import subprocess
import sys
import tempfile

import pytest
import torch

from aelib import files
from aelib.data import digits, search
from aelib.files import draft_of
from aelib.training import save_checkpoint

pytest_plugins = ["mnist_fixtures"]
NAMES = list(search.FILES)
WRITE_AND_WAIT = """
import fcntl, pathlib, sys
from aelib import files
lock = fcntl.flock
def locked(*args):
    lock(*args)
    print("here", flush=True)
    input()
fcntl.flock = locked
files.write_whole(pathlib.Path(sys.argv[1]), b"content")
"""


@pytest.mark.slow
def test_what_the_dead_leave_is_cleared_and_what_the_living_write_is_not(small):
    pytest.importorskip("fcntl")
    small.put(small.archives)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_AND_WAIT, str(small.raw / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("dead", "alive")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "here\n"
    writers[0].kill()
    writers[0].wait()
    (small.raw / ".part-xyz" / "MNIST").mkdir(parents=True)  # As an earlier version left them.
    assert len(list(small.raw.glob(".part-*"))) == 3
    small.load()
    assert len(list(small.raw.glob(".part-*"))) == 1
    writers[1].communicate("go on", timeout=60)
    assert small.found() == small.archives | small.unpacked | {"alive": b"content"}


def test_a_part_that_is_cleared_in_the_moment_between_is_written_again(tmp_path, monkeypatch):
    replace, lost = os.replace, []

    def replace_later(part, path):
        if len(lost) < 2:
            lost.append(part)
            part.unlink()
        replace(part, path)

    monkeypatch.setattr(os, "replace", replace_later)
    files.write_whole(tmp_path / "name", b"content")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"name": b"content"}
    lost[:] = []
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(PermissionError()))
    with pytest.raises(PermissionError):
        files.write_whole(tmp_path / "other", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_windows_without_locks(small, monkeypatch):
    monkeypatch.setattr(files, "fcntl", None)
    small.put(small.archives | {".part-dead": b"half"})
    small.load()
    assert small.found() == small.archives | small.unpacked


def test_files_written_may_be_read_by_others_as_the_umask_says(small):
    small.put(small.archives)
    before = os.umask(0o022)
    try:
        small.load()
    finally:
        os.umask(before)
    assert {(small.raw / name).stat().st_mode & 0o777 for name in NAMES} == {0o644}


def test_a_draft_lies_beside_its_target(tmp_path, monkeypatch):
    """On another file system it could not be moved there as a whole."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with draft_of(tmp_path / "folder" / "target") as draft:
        draft.write_text("whole")
    save_checkpoint(tmp_path / "a.safetensors", torch.nn.Linear(1, 1), {}, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.safetensors", "folder"]
    assert (tmp_path / "folder" / "target").read_text() == "whole"


def test_pixels_of_the_stand_in_are_rounded(monkeypatch):
    values = torch.tensor([0.4, 0.6, 1.4, 254.6]) / 255
    monkeypatch.setattr(digits, "random_affine", lambda *_, **__: values.clone())
    assert digits._as_mnist(torch.ones(1, 8, 8), None).tolist() == [0, 1, 1, 255]
