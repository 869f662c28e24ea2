"""Several processes, started by the real torchrun, train what one process trains."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from aelib.training.__main__ import main
from aelib.training.processes import join_processes

#: No batch can be halved, and the last one of an epoch is smaller.
SETTINGS = {"source": "digits", "train-size": 1_000, "batch-size": 97, "epochs": 8}


def arguments(output, settings):
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [*options, f"--output={output}"]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """What a single process trains."""
    path = tmp_path_factory.mktemp("one") / "one.safetensors"
    main(arguments(path, SETTINGS))
    return path


@pytest.fixture
def start():
    """Start two processes; what they print goes to a file beside the output."""
    jobs = []

    def start_job(output):
        torchrun = [str(Path(sys.executable).with_name("torchrun")), "--standalone"]
        command = [*torchrun, "--nproc-per-node=2", "-m", "aelib.training"]
        with output.with_suffix(".log").open("w") as log:
            command += arguments(output, SETTINGS)
            jobs.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))
        return jobs[-1]

    yield start_job
    for job in jobs:
        job.terminate()
        job.wait()


def processes(job):
    """The process ids of a job's processes, by rank."""
    found = {}
    for pid in Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split():
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        ranks = [one for one in environment if one.startswith(b"RANK=")]
        if ranks:
            found[int(ranks[0][5:])] = int(pid)
    return found


def losses(path):
    """The training loss of each epoch."""
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["history"])["training_loss"]


def assert_alike(path, other):
    """The same losses up to rounding, which grows from step to step."""
    assert losses(path)[:3] == pytest.approx(losses(other)[:3], rel=1e-3)
    assert losses(path) == pytest.approx(losses(other), rel=0.05)


@pytest.mark.slow
def test_two_processes_train_what_one_trains(tmp_path, one, start):
    two = tmp_path / "two.safetensors"
    job = start(two)
    assert job.wait(timeout=100) == 0, two.with_suffix(".log").read_text()
    assert_alike(two, one)
    assert "2 processes: 9" in two.with_suffix(".log").read_text()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".log", ".safetensors"]


#: `main`, and then which threads there are.
MAIN = """
import sys
from pathlib import Path
from aelib.training.__main__ import main
main(sys.argv[1:])
print(*(path.read_text() for path in Path("/proc/self/task").glob("*/comm")), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for the threads in /proc")
def test_no_thread_of_gloo_is_left_that_could_abort_a_process_at_its_end(tmp_path):
    (tmp_path / "main.py").write_text(MAIN)
    settings = {"source": "digits", "train-size": 100, "epochs": 1}
    torchrun = [str(Path(sys.executable).with_name("torchrun")), "--standalone"]
    command = [*torchrun, "--nproc-per-node=2", str(tmp_path / "main.py")]
    found = subprocess.check_output([*command, *arguments(tmp_path / "two", settings)], text=True)
    assert "2 processes: " in found
    assert "python" in found and "gloo" not in found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for the processes in /proc")
def test_a_killed_process_ends_the_job_and_the_next_one_goes_on(tmp_path, one, start):
    stopped = tmp_path / "stopped.safetensors"
    log, state = stopped.with_suffix(".log"), stopped.with_suffix(".state")
    job = start(stopped)
    while not state.exists():
        assert job.poll() is None, log.read_text()
        time.sleep(0.01)
    os.kill(processes(job)[1], signal.SIGKILL)
    assert job.wait(timeout=100) != 0
    for text in ("Root Cause", "rank      : 1", "Signal 9 (SIGKILL)"):
        assert text in log.read_text()
    assert not stopped.exists()

    assert start(stopped).wait(timeout=100) == 0, log.read_text()
    assert "Going on after the last whole epoch" in log.read_text()
    assert_alike(stopped, one)
    assert not state.exists()


def test_more_processes_than_images_in_a_batch_are_refused(monkeypatch):
    """The group of three is not a real one."""
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 0)
    with pytest.raises(ValueError, match="3 processes cannot share .* has 2 images"):
        join_processes(None, None, 2)


def test_a_setting_out_of_range_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--epochs=0"])
    assert "epochs=0 cannot be used" in capsys.readouterr().err


#: Trains a network with noise, whole or until the third epoch, and prints its weights.
NOISY = """
import hashlib, sys
import torch
from aelib.models import Autoencoder, Noise
from aelib.training import loop, train
state_file, stop = sys.argv[1] or None, sys.argv[2] == "stop"
torch.distributed.init_process_group("gloo")
epochs, train_epoch = [], loop.train_epoch
def epoch(*arguments):
    epochs.append(1)
    if stop and len(epochs) == 3:
        torch.distributed.destroy_process_group()
        sys.exit()
    return train_epoch(*arguments)
loop.train_epoch = epoch
torch.manual_seed(0)
model, images = torch.nn.Sequential(Noise(0.5), Autoencoder()), torch.rand(40, 1, 28, 28)
torch.manual_seed(torch.distributed.get_rank())
settings = dict(epochs=4, batch_size=15, learning_rate=0.01, seed=0, state_file=state_file)
history = train(model, (images, images), torch.nn.functional.mse_loss, **settings)
found = b"".join(tensor.numpy().tobytes() for tensor in model.state_dict().values())
if torch.distributed.get_rank() == 0:
    print(len(epochs), hashlib.sha256(found + repr(history).encode()).hexdigest())
torch.distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_go_on_with_the_random_numbers_of_each(tmp_path):
    (tmp_path / "noisy.py").write_text(NOISY)
    torchrun = [str(Path(sys.executable).with_name("torchrun")), "--standalone"]
    command = [*torchrun, "--nproc-per-node=2", str(tmp_path / "noisy.py")]
    state = str(tmp_path / "state")
    outputs = [
        subprocess.check_output([*command, *arguments], text=True).split()
        for arguments in (["", "whole"], [state, "stop"], [state, "go on"])
    ]
    assert outputs[1] == []
    assert [outputs[0][0], outputs[2][0]] == ["4", "2"]
    assert outputs[0][1] == outputs[2][1]
