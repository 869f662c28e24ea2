"""Settings, files and threads: what is accepted is right, and anything else is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aelib import settings
from aelib.files import draft_of, write_whole
from aelib.settings import NUMBERS, check_settings, data_root, project_folder

LIMITS = {
    "train_size": (100, 60_000, 1),  # MNIST has no more.
    "test_size": (100, 10_000, 1),
    "seed": (0, 2_000_000_000, 1),
    "epochs": (1, 1_000, 1),
    "batch_size": (1, 60_000, 1),
    "learning_rate": (1e-7, 1.0, 1e-8),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_number_is_accepted_up_to_its_limits_and_not_beyond(name):
    assert LIMITS.keys() == NUMBERS.keys()
    lowest, highest, step = LIMITS[name]
    for value in (lowest, highest):
        assert check_settings(**{name: value}) == {name: value}
    odd = [None, True, "100", [100], np.array([100]), float("nan"), float("inf"), 10**5_000]
    for value in (lowest - step, highest + step, *odd):
        with pytest.raises(ValueError, match=f"^{name}=.* cannot be used: a .*number from"):
            check_settings(**{name: value})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"source": "fashion"}, "source='fashion' is not a source: use one of"),
        ({"source": np.array(["auto"])}, "source=array"),
        ({"moves": None}, "moves=None cannot be used: use one of"),
        ({"images": 3}, "images=3 is not a path: put it in quotes"),
        ({"epoch": 3}, "'epoch' is not a setting: the settings are source, train_size"),
    ],
)
def test_other_values_and_misspelt_names_are_refused(given, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        check_settings(**given)


def test_the_data_root_is_where_the_person_says(monkeypatch, tmp_path):
    for said, expected in (
        (str(tmp_path), tmp_path),
        ("~/images", Path.home() / "images"),
        ("", project_folder() / "data"),
    ):
        monkeypatch.setenv("AELIB_DATA", said)
        assert data_root() == expected


def test_where_aelib_is_installed_alone_the_project_is_the_current_folder(monkeypatch, tmp_path):
    assert (project_folder() / "pyproject.toml").is_file()
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "site-packages/aelib/settings.py"))
    monkeypatch.chdir(tmp_path)
    assert project_folder() == tmp_path


# Files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["text, in UTF-8: ä", b"\x00bytes"])
def test_a_file_is_written_whole_over_an_old_one(tmp_path, content):
    path = tmp_path / "new folder" / "file"
    for _ in range(2):
        write_whole(path, content)
    written = path.read_bytes()
    assert written == (content.encode() if isinstance(content, str) else content)
    assert list(path.parent.iterdir()) == [path]


def test_whoever_is_stopped_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "old")
    with pytest.raises(KeyboardInterrupt), draft_of(path) as draft:
        draft.write_text("ha")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


# Threads -----------------------------------------------------------------------------------------

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
SEE = """
import json, sys
{before}
import sklearn.linear_model, torch
from threadpoolctl import threadpool_info
print(json.dumps([torch.get_num_threads(), *(one["num_threads"] for one in threadpool_info())]))
"""
LOAD = "from aelib.data import load_data; load_data('digits', 100, 100)"


def counts(setting, before=LOAD, **changed):
    """The threads that PyTorch takes in a new process, and those of every library with a pool."""
    environment = {**os.environ, "PYTHONPATH": str(project_folder()), "AELIB_THREADS": setting}
    result = subprocess.run(
        [sys.executable, "-c", SEE.format(before=before)],
        env=environment | changed,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout) if result.returncode == 0 else result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "expected"), [("", 1), ("all", CORES), ("2", min(2, CORES))])
def test_every_library_takes_the_threads_that_were_set(setting, expected):
    """Whatever OpenMP's own variable says."""
    found = counts(setting, OMP_NUM_THREADS="3", OPENBLAS_NUM_THREADS="3")
    assert len(found) > 2
    assert set(found) == {expected}


@pytest.mark.slow
def test_importing_aelib_changes_no_threads():
    found = counts("", "import aelib.pretrained", OMP_NUM_THREADS="2", MKL_NUM_THREADS="2")
    assert found[0] == min(2, CORES)


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["0", "1.5", "many"])
def test_a_setting_that_is_no_number_of_threads_is_refused(setting):
    assert f"ValueError: AELIB_THREADS={setting!r} cannot be used" in counts(setting)
