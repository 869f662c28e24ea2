"""Arithmetic takes one thread unless a person says otherwise, and never more than it may use."""

import json
import os
import subprocess
import sys

import pytest

from aelib import threads
from aelib.threads import usable_cores
from tools.lessons import ROOT

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
SEE = """
import json, os, sys
{before}
from aelib.training import train
import sklearn.linear_model, torch
from threadpoolctl import threadpool_info
print(json.dumps([torch.get_num_threads(), *(one["num_threads"] for one in threadpool_info())]))
"""


def counts(setting, before="", **changed):
    """The threads that PyTorch takes in a new process, and those of every library with a pool."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **changed, "AELIB_THREADS": setting}
    result = subprocess.run(
        [sys.executable, "-c", SEE.format(before=before)],
        env=environment,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout) if result.returncode == 0 else result.stderr


@pytest.mark.slow_except("2-expected3-")
@pytest.mark.parametrize(
    ("setting", "expected", "before"),
    [
        ("", 1, ""),
        ("", 1, "import sklearn.linear_model, torch"),
        ("all", CORES, "import sklearn.linear_model, torch"),
        ("2", min(2, CORES), ""),
    ],
)
def test_every_library_takes_the_threads_that_were_set(setting, expected, before):
    """Whatever OpenMP's own variable says."""
    found = counts(setting, before, OMP_NUM_THREADS="3", OPENBLAS_NUM_THREADS="3")
    assert len(found) > 2
    assert set(found) == {expected}


@pytest.mark.slow
@pytest.mark.skipif(CORES < 2, reason="there is only one core")
def test_an_affinity_is_never_exceeded():
    only = f"os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})"
    assert set(counts("all", only)) == set(counts("2", only)) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["0", "-1", "1.5", "many", "²"])
def test_a_setting_that_is_no_number_of_threads_is_refused(setting):
    assert f"ValueError: AELIB_THREADS={setting!r} cannot be used" in counts(setting)


@pytest.mark.parametrize(
    ("group", "quotas", "expected"),
    [
        ("0::/", {"cpu.max": "200000 100000"}, 2),
        ("0::/", {"cpu.max": "max 100000"}, 8),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "350000 100000"}, 3),
        ("0::/a/b", {"a/b/cpu.max": "50000 100000"}, 1),
        ("0::/seen/from/outside", {"cpu.max": "100000 100000"}, 1),
        ("0::/", {"cpu.max": "nonsense"}, 8),
        ("0::/a", {"unified/a/cpu.max": "200000 100000"}, 2),
        ("3:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        (
            "4:memory:/m\n3:cpu,cpuacct:/a",
            {
                "cpu,cpuacct/a/cpu.cfs_quota_us": "200000",
                "cpu,cpuacct/a/cpu.cfs_period_us": "50000",
            },
            4,
        ),
    ],
)
def test_the_quota_of_a_container_counts(tmp_path, monkeypatch, group, quotas, expected):
    monkeypatch.setattr(threads, "SYSTEM", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    assert usable_cores() == 8
    files = {"proc/self/cgroup": group, **{f"sys/fs/cgroup/{k}": v for k, v in quotas.items()}}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert usable_cores() == expected


TRAIN = """
import hashlib, os, sys, torch
os.sched_setaffinity(0, [int(core) for core in sys.argv[1:]])
from aelib.models import Autoencoder
from aelib.training import infer, train
torch.manual_seed(0)
images, model = torch.rand(300, 1, 28, 28), Autoencoder()
settings = {"epochs": 2, "batch_size": 100, "learning_rate": 0.001, "seed": 0}
history = train(model, (images, images), torch.nn.functional.mse_loss, **settings)
found = infer(model, images).numpy().tobytes() + repr(history).encode()
print(hashlib.sha256(found).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif(CORES < 2, reason="there is only one core")
def test_a_training_is_the_same_on_one_core_and_on_two():
    first, second, *_ = map(str, sorted(os.sched_getaffinity(0)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # This is what a machine's numbers must not depend on.
    environment = {k: v for k, v in environment.items() if not k.endswith("_THREADS")}
    found = {
        subprocess.check_output([sys.executable, "-c", TRAIN, *cores], env=environment)
        for cores in ([first], [first, second])
    }
    assert len(found) == 1


@pytest.mark.slow
def test_nothing_is_imported_that_only_a_notebook_has():
    """The processes of torchrun take long enough to start."""
    program = "import sys, aelib.training.__main__; print('IPython' in sys.modules)"
    found = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert found == "False\n"
