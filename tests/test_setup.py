"""Which builds of torch a set-up installs, against small indexes of our own."""

import functools
import http.server
import subprocess
import sys
import threading
import time
import zipfile

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
    threading.Thread(target=server.serve_forever, daemon=True).start()
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
