"""Which builds of torch a set-up installs, against small indexes of our own."""

import functools
import http.server
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tools import setup

#: What PyPI has and what PyTorch's own index has, which has other packages, too.
SERVED = {
    "simple": {"torch": "9.1", "torchvision": "9.2", "nvidia_thing": "13.0", "small": "1.0"},
    "whl/cpu": {"torch": "9.1+cpu", "torchvision": "9.2+cpu", "small": "6.6"},
    "whl/cu130": {"torch": "9.1+cu130", "torchvision": "9.2+cu130", "small": "6.6"},
}
NEEDS = {("simple", "torch"): "Requires-Dist: nvidia-thing==13.0\n"}


def add_wheel(folder, name, version, needs):
    """A package of nothing but metadata, where an index has it."""
    folder.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in {"METADATA": metadata, "WHEEL": tags, "RECORD": ""}.items():
            wheel.writestr(f"{name}-{version}.dist-info/{file}", text)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A server of what is `SERVED`, and no way to others."""
    for folder, packages in SERVED.items():
        for name, version in packages.items():
            place = tmp_path / "served" / folder / name.replace("_", "-")
            add_wheel(place, name, version, NEEDS.get((folder, name), ""))
    handler = functools.partial(Quiet, directory=tmp_path / "served")
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_FIND_LINKS", "AELIB_TORCH"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{address}/simple")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(setup, "INDEX", f"{address}/whl/")
        yield
        server.shutdown()


USUAL = {"torch": "9.1", "torchvision": "9.2", "small": "1.0", "nvidia-thing": "13.0"}
CPU = {"torch": "9.1+cpu", "torchvision": "9.2+cpu", "small": "1.0"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("builds", "expected"),
    [(["cpu", "cpu"], CPU), (["cu130", "cpu"], CPU), (["cpu", "usual"], USUAL)],
    ids=" then ".join,
)
def test_the_builds_asked_for_are_installed_and_the_rest_as_locked(
    index, tmp_path, monkeypatch, builds, expected
):
    def run(_python, *rest):  # Here uv is not in the environment that it fills.
        done = subprocess.run([sys.executable, *map(str, rest)], stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().split()

    monkeypatch.setattr(setup, "run", run)
    (tmp_path / "lock").write_text("small==1.0\ntorch==9.1\ntorchvision==9.2\n")
    run("", "-m", "uv", "venv", "--quiet", tmp_path / "env")
    python = next(path for path in tmp_path.glob("env/*/python*") if path.stem == "python")
    for kind in builds:
        setup.install(python, tmp_path / "lock", kind)
    lines = run("", "-m", "uv", "pip", "freeze", "--python", python)
    assert dict(line.split("==") for line in lines) == expected


@pytest.mark.parametrize(
    ("platform", "gpu", "told", "expected"),
    [
        ("linux", False, "", "cpu"),
        ("linux", True, "", "usual"),
        ("linux", True, "cpu", "cpu"),
        ("linux", False, "cu130", "cu130"),
        ("darwin", False, "cpu", "usual"),
        ("win32", False, "", "usual"),
    ],
)
def test_the_machine_decides_unless_told(index, monkeypatch, platform, gpu, told, expected):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(setup, "has_nvidia", lambda: gpu)
    monkeypatch.setenv("AELIB_TORCH", told)
    assert setup.choose_builds() == expected


def test_where_the_small_builds_are_out_of_reach_the_usual_ones_come_with_a_word(
    monkeypatch, capsys
):
    monkeypatch.setenv("AELIB_TORCH", "")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(setup, "has_nvidia", lambda: False)
    monkeypatch.setattr(setup, "INDEX", "http://127.0.0.1:9/")
    assert setup.choose_builds() == "usual"
    assert "reached (http://127.0.0.1:9/)" in capsys.readouterr().out
    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as silent:  # Takes, and never answers.
        assert not setup.reachable(f"http://127.0.0.1:{silent.server_port}/", seconds=0.5)
    monkeypatch.setenv("AELIB_TORCH", "gpu; rm")
    with pytest.raises(SystemExit, match="'gpu; rm' names no builds: use cpu"):
        setup.choose_builds()


PIP = "PYTHON -m pip --disable-pip-version-check install --quiet"
UV_PIP = "PYTHON -m uv pip install --python PYTHON"
LOCKED, SMALL = "-r ROOT/requirements.lock", "torch==9.1+cpu torchvision==9.2+cpu"
OURS = f"{PIP} --no-deps --no-build-isolation -e ROOT"
posix = pytest.mark.skipif(sys.platform == "win32", reason="its environments have other folders")


@posix
@pytest.mark.parametrize(
    ("builds", "failing", "between"),
    [
        ("usual", None, [f"{UV_PIP} {LOCKED}", OURS]),
        ("usual", "uv pip", [f"{UV_PIP} {LOCKED}", f"{PIP} {LOCKED}", OURS]),
        ("cpu", "uv pip", [f"{UV_PIP} --no-deps --default-index http://x/cpu {SMALL}"]),
        ("usual", "-e ROOT", [f"{UV_PIP} {LOCKED}", OURS]),
    ],
    ids=["well", "uv fails", "uv fails with small builds", "the last step fails"],
)
def test_a_set_up_goes_step_by_step_and_says_where_it_fails(
    tmp_path, monkeypatch, capsys, builds, failing, between
):
    """The small builds are no others' with pip, so there is no second try for them."""
    commands, lock = [], tmp_path / "requirements.lock"
    lock.write_text("small==1.0\ntorch==9.1\ntorchvision==9.2\nuv==0.5 ; python_version > '3'\n")
    (tmp_path / ".venv").mkdir()

    def run(*command):
        words = " ".join(map(str, command)).replace(str(tmp_path), "ROOT")
        commands.append(words.replace("ROOT/.venv/bin/python", "PYTHON"))
        if failing and failing in words:
            raise subprocess.CalledProcessError(1, words.split())

    monkeypatch.setattr(setup, "run", run)
    monkeypatch.setattr(setup, "INDEX", "http://x/")
    monkeypatch.setattr(setup, "choose_builds", lambda: builds)
    status = setup.main(tmp_path)
    venv = f"{sys.executable} -m venv --clear ROOT/.venv"
    assert commands == [venv, f"{PIP} uv==0.5", *between]
    well = between[-1] == OURS and failing != "-e ROOT"
    assert (status == 0) == well == (tmp_path / ".venv" / ".ready").exists()
    said = capsys.readouterr()
    assert said.out.endswith(".venv is ready.\n") if well else failing in said.err


def test_an_environment_works_if_its_python_is_new_and_has_pip(tmp_path):
    assert not setup.works(tmp_path / "python")
    assert setup.works(Path(sys.executable))
