"""Which builds of torch a set-up installs, against small indexes of our own."""

import functools
import http.server
import subprocess
import sys
import threading
import time
import types
import zipfile
from pathlib import Path

import pytest

from tools import setup

UV = [sys.executable, "-m", "uv"]


def add_wheel(folder, name, version, requires=()):
    """A package of nothing but metadata, where an index has it."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {line}" for line in requires]
    with zipfile.ZipFile(folder / name / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A server with what PyPI has and what PyTorch's own index has, and no way to others."""
    usual, own = tmp_path / "served" / "simple", tmp_path / "served" / "whl"
    add_wheel(usual, "torch", "9.1", ["nvidia-thing==13.0; sys_platform == 'linux'"])
    add_wheel(usual, "torchvision", "9.2", ["torch==9.1"])
    add_wheel(usual, "nvidia_thing", "13.0")
    (usual / "nvidia_thing").rename(usual / "nvidia-thing")
    add_wheel(usual, "small", "1.0")
    for builds in ("cpu", "cu130"):
        add_wheel(own / builds, "torch", f"9.1+{builds}")
        add_wheel(own / builds, "torchvision", f"9.2+{builds}", ["torch==9.1"])
        add_wheel(own / builds, "small", "6.6")  # PyTorch's index has other packages, too.
    handler = functools.partial(Quiet, directory=tmp_path / "served")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_FIND_LINKS", "AELIB_TORCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{address}/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(setup, "INDEX", f"{address}/whl/")
    (tmp_path / "lock").write_text("small==1.0\ntorch==9.1\ntorchvision==9.2\n")
    yield
    server.shutdown()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def installed(tmp_path, *builds):
    """What is in a new environment after one set-up, or several, by name."""
    subprocess.run([*UV, "venv", "--quiet", tmp_path / "env"], check=True)
    python = next(path for path in tmp_path.glob("env/*/python*") if path.stem == "python")
    for kind in builds:
        setup.install(python, tmp_path / "lock", kind, UV)
    freeze = [*UV, "pip", "freeze", "--python", python]
    lines = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.split()
    return dict(line.split("==") for line in lines)


USUAL = {"torch": "9.1", "torchvision": "9.2", "small": "1.0"}
if sys.platform == "linux":
    USUAL["nvidia-thing"] = "13.0"
CPU = {"torch": "9.1+cpu", "torchvision": "9.2+cpu", "small": "1.0"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("builds", "expected"),
    [
        (["usual"], USUAL),
        (["cpu"], CPU),
        (["cu130"], {**CPU, "torch": "9.1+cu130", "torchvision": "9.2+cu130"}),
        (["cpu", "cpu"], CPU),
        (["cpu", "usual"], USUAL),
        (["cu130", "cpu"], CPU),
    ],
    ids=" then ".join,
)
def test_the_builds_asked_for_are_installed_and_the_rest_as_locked(
    index, tmp_path, builds, expected
):
    assert installed(tmp_path, *builds) == expected


@pytest.mark.parametrize(
    ("platform", "gpu", "told", "expected"),
    [
        ("linux", False, None, "cpu"),
        ("linux", True, None, "usual"),
        ("linux", True, "cpu", "cpu"),
        ("linux", False, "usual", "usual"),
        ("linux", False, "cu130", "cu130"),
        ("darwin", False, None, "usual"),
        ("darwin", False, "cpu", "usual"),
        ("win32", False, None, "usual"),
        ("win32", True, "cu130", "cu130"),
    ],
)
def test_the_machine_decides_unless_told(index, monkeypatch, platform, gpu, told, expected):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(setup, "has_nvidia", lambda: gpu)
    if told:
        monkeypatch.setenv("AELIB_TORCH", told)
    assert setup.choose_builds() == expected


def test_where_the_small_builds_are_out_of_reach_the_usual_ones_come_with_a_word(
    monkeypatch, capsys
):
    monkeypatch.delenv("AELIB_TORCH", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(setup, "has_nvidia", lambda: False)
    monkeypatch.setattr(setup, "INDEX", "http://127.0.0.1:9/")
    assert setup.choose_builds() == "usual"
    assert "cannot be reached (http://127.0.0.1:9/)" in capsys.readouterr().out


def test_a_name_that_is_looked_up_for_long_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(20))
    start = time.monotonic()
    assert not setup.reachable("http://example.org/", seconds=0.5)
    assert time.monotonic() - start < 10


def test_a_server_that_does_not_answer_is_not_waited_for():
    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as silent:  # Takes, and never answers.
        assert not setup.reachable(f"http://127.0.0.1:{silent.server_port}/", seconds=0.5)


def test_a_kind_of_builds_that_there_is_not_is_refused(monkeypatch):
    monkeypatch.setenv("AELIB_TORCH", "gpu; rm")
    with pytest.raises(SystemExit, match="'gpu; rm' names no builds: use cpu"):
        setup.choose_builds()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project to set up, and what is run for it: `commands`, of which `failing` ones fail."""
    lock = tmp_path / "requirements.lock"
    lock.write_text("small==1.0\ntorch==9.1\ntorchvision==9.2\nuv==0.5 ; python_version > '3'\n")
    (tmp_path / ".venv").mkdir()
    found = types.SimpleNamespace(root=tmp_path, lock=lock, commands=[], failing=None)

    def run(*command):
        words = " ".join(map(str, command)).replace(str(tmp_path), "ROOT")
        found.commands.append(words.replace("ROOT/.venv/bin/python", "PYTHON"))
        if found.failing and found.failing in words:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(setup, "run", run)
    monkeypatch.setattr(setup, "works", lambda python: False)
    monkeypatch.setattr(setup, "choose_builds", lambda: "usual")
    return found


PIP = "PYTHON -m pip --disable-pip-version-check install --quiet"
posix = pytest.mark.skipif(sys.platform == "win32", reason="its environments have other folders")


@posix
def test_a_set_up_makes_the_environment_and_says_so_last(project, capsys):
    assert setup.main(project.root) == 0
    assert project.commands == [
        f"{sys.executable} -m venv --clear ROOT/.venv",
        f"{PIP} uv==0.5",
        "PYTHON -m uv pip install --python PYTHON -r ROOT/requirements.lock",
        f"{PIP} --no-deps --no-build-isolation -e ROOT",
    ]
    assert (project.root / ".venv" / ".ready").exists()
    assert capsys.readouterr().out.splitlines()[-1] == ".venv is ready."


@posix
def test_an_environment_that_works_is_only_brought_in_line(project, monkeypatch):
    monkeypatch.setattr(setup, "works", lambda python: True)
    monkeypatch.setattr(setup, "choose_builds", lambda: "cpu")
    monkeypatch.setattr(setup, "INDEX", "http://index/")
    assert setup.main(project.root) == 0
    assert project.commands[0] == f"{PIP} uv==0.5"
    assert project.commands[1] == (
        "PYTHON -m uv pip install --python PYTHON --no-deps --default-index http://index/cpu "
        "torch==9.1+cpu torchvision==9.2+cpu"
    )


@posix
def test_where_uv_does_not_manage_pip_tries(project, capsys):
    project.failing = "uv pip install"
    assert setup.main(project.root) == 0
    assert f"{PIP} -r ROOT/requirements.lock" in project.commands
    assert "uv did not manage; trying pip." in capsys.readouterr().out


@posix
@pytest.mark.parametrize(("failing", "builds"), [("-e ", "usual"), ("uv pip install", "cpu")])
def test_a_set_up_that_fails_says_where_and_is_not_ready(
    project, monkeypatch, capsys, failing, builds
):
    """The small builds are no others' with pip, so there is no second try for them."""
    project.failing = failing
    monkeypatch.setattr(setup, "choose_builds", lambda: builds)
    assert setup.main(project.root) == 1
    assert failing in capsys.readouterr().err.splitlines()[0]
    assert not (project.root / ".venv" / ".ready").exists()


def test_an_environment_works_if_its_python_is_new_and_has_pip(tmp_path):
    assert not setup.works(tmp_path / "python")
    assert setup.works(Path(sys.executable))


@pytest.mark.parametrize(("status", "found"), [(0, True), (1, False), (None, False)])
def test_a_gpu_is_there_if_its_driver_says_so(tmp_path, monkeypatch, status, found):
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("there is a GPU here")
    smi = tmp_path / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\nexit {status}\n")
    smi.chmod(0o755)
    monkeypatch.setattr(setup.shutil, "which", lambda name: status is not None and str(smi))
    if sys.platform == "win32":
        pytest.skip("it runs no shell scripts")
    assert setup.has_nvidia() == found
