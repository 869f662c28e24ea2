"""The studies: their rows are whole and true, and a stopped study goes on where it was."""

import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed import LocalCluster

from aelib import training
from aelib.studies import read_rows, replication
from run_studies import STUDIES, key, read_draft, run_study, workers

SETTINGS = {"source": "digits", "train_size": 100, "test_size": 100, "epochs": 2}
SMALL = SimpleNamespace(
    JOBS=[
        ({**SETTINGS, "change": change}, seed) for change in replication.CHANGES for seed in (1, 2)
    ],
    run=replication.run,
)
#: What runs the small study in a process of its own.
SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = ["tools", "tests"]
from run_studies import run_study, workers
from test_studies import SMALL
with workers():
    run_study(SMALL, Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def no_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "project_folder", lambda: tmp_path)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The small study run on this machine's cores."""
    folder = tmp_path_factory.mktemp("here")
    run_study(SMALL, folder / "draft.csv", folder / "results" / "small.csv")
    assert list(folder.glob("*.csv")) == []
    return (folder / "results" / "small.csv").read_text()


def test_a_study_has_every_row_once_and_in_order(here):
    header, *lines = here.splitlines()
    assert header.startswith("source,train_size,test_size,epochs,change,seed,mse,approach_1")
    assert header.endswith("torch")
    assert [tuple(line.split(",")[:6]) for line in lines] == [key(*job) for job in SMALL.JOBS]
    assert len(set(lines)) == len(SMALL.JOBS)


def test_a_study_stopped_on_a_cluster_goes_on_and_ends_with_the_same_rows(
    here, tmp_path, monkeypatch
):
    draft, target = tmp_path / "draft.csv", tmp_path / "results" / "small.csv"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setenv("AELIB_SCHEDULER", cluster.scheduler_address)
        command = [sys.executable, "-c", SCRIPT, str(draft), str(target)]
        process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, env=os.environ)
        try:
            while not draft.exists() or draft.read_text().count("\n") < 4:
                assert process.poll() is None
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
        _, before = read_draft(draft)
        assert 3 <= len(before) < len(SMALL.JOBS)
        assert not target.exists()
        with workers():
            run_study(SMALL, draft, target)
    assert target.read_text() == here


def test_half_a_line_at_the_end_of_a_stopped_study_is_run_again(here, tmp_path):
    draft, target = tmp_path / "draft.csv", tmp_path / "small.csv"
    draft.write_text(here[: here.rindex("\n", 0, -1) + 20])
    run_study(SMALL, draft, target)
    assert target.read_text() == here


def test_rows_of_other_columns_are_not_mixed(here, tmp_path):
    draft = tmp_path / "draft.csv"
    draft.write_text(here.replace("approach_1,", "approach_one,", 1).splitlines()[0] + "\n")
    with pytest.raises(SystemExit, match="other columns"):
        run_study(SMALL, draft, tmp_path / "small.csv")


@pytest.mark.parametrize("name", STUDIES)
def test_the_committed_rows_are_those_of_the_study(name):
    rows = read_rows(name)
    jobs = import_module(f"aelib.studies.{name}").JOBS
    assert [key(*job) for job in jobs] == [
        tuple(map(str, row))
        for row in rows[[*jobs[0][0], "seed"]].itertuples(index=False, name=None)
    ]
    assert not rows.isna().any(axis=None)
