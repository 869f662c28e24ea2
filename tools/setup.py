"""Make .venv with the locked packages: `make setup` or, where there is no make,

    python -m tools.setup

It needs nothing but Python 3.11 or newer. Which builds of torch are installed follows the machine,
or the environment variable AELIB_TORCH: `cpu`, `usual` for those of the index that pip uses, or
what another kind is called in PyTorch's own index, such as `cu130`.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: PyTorch's own index has a folder for each kind of build.
INDEX = "https://download.pytorch.org/whl/"
REACH_SECONDS = 8
TORCH = ("torch", "torchvision")


def main(root=ROOT):
    """Make the environment, or bring it in line with the lock; return the exit status."""
    folder = root / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    lock = root / "requirements.lock"
    try:
        if not works(python):
            run(sys.executable, "-m", "venv", "--clear", folder)
        builds = choose_builds()
        print("Installing the locked packages into .venv; the first time takes some minutes.")
        run(*pip, f"uv=={locked(lock)['uv']}")
        try:
            install(python, lock, builds)
        except subprocess.CalledProcessError:
            if builds != "usual":
                raise
            print("uv did not manage; trying pip.", flush=True)
            run(*pip, "-r", lock)
        run(*pip, "--no-deps", "--no-build-isolation", "-e", root)
    except subprocess.CalledProcessError as error:
        print(f"The set-up has failed, at: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    (folder / ".ready").touch()  # Last, so that a set-up that was stopped is done again.
    print(".venv is ready.")
    return 0


def works(python):
    """Whether there is an environment, whole and of a Python that is new enough."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", check]).returncode == 0


def choose_builds():
    """The kind of builds of torch that this machine can use: `cpu`, `usual`, or as it was told."""
    wanted = os.environ.get("AELIB_TORCH", "")
    if wanted and not re.fullmatch(r"usual|cpu|xpu|cu\d+|rocm[\d.]+", wanted):
        sys.exit(f"AELIB_TORCH={wanted!r} names no builds: use cpu, usual, or one like cu130.")
    if sys.platform == "darwin" and wanted in ("", "cpu"):
        return "usual"  # For macOS there are no others.
    if wanted:
        return wanted
    if sys.platform != "linux" or has_nvidia():
        return "usual"  # On Windows these have no CUDA.
    if reachable(f"{INDEX}cpu/torch/"):
        return "cpu"
    print("There is no NVIDIA GPU here, but the index with the small builds of torch cannot be")
    print(f"reached ({INDEX}). Installing the usual builds, with 3 GB of CUDA libraries.")
    return "usual"


def has_nvidia():
    """Whether there is an NVIDIA GPU with its driver."""
    smi = shutil.which("nvidia-smi")
    listed = smi and subprocess.run([smi, "-L"], capture_output=True).returncode == 0
    return bool(listed) or Path("/proc/driver/nvidia/version").exists()


def reachable(address, seconds=REACH_SECONDS):
    """Whether a server answers. Another process asks: to look up a name has no time limit."""
    ask = f"import urllib.request; urllib.request.urlopen({address!r})"
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run([sys.executable, "-c", ask], capture_output=True, timeout=seconds)
        return done.returncode == 0
    return False


def install(python, lock, builds):
    """Install what is locked into the environment of `python`, by its uv."""
    uv, there = [python, "-m", "uv", "pip"], ["--python", python]
    # A number such as 2.14.1 is also satisfied by 2.14.1+cpu. So that one is put there first, or
    # taken away where the usual builds are asked for; then the rest of the lock goes round it.
    if builds == "usual":
        special = python.parent.parent.rglob("torch*+*.dist-info")
        if names := [path.name.partition("-")[0] for path in special]:
            run(*uv, "uninstall", *there, *names)
    else:
        pins = [f"{name}=={locked(lock)[name]}+{builds}" for name in TORCH]
        run(*uv, "install", *there, "--no-deps", "--default-index", INDEX + builds, *pins)
    run(*uv, "install", *there, "-r", lock)


def locked(lock):
    """The versions in a lock, by name."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return dict(line.partition(" ;")[0].split("==") for line in lines)


def run(*command):
    """Run a program; what it prints is shown."""
    subprocess.run([str(word) for word in command], check=True)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 (nobody has checked it before this line)
        sys.exit(f"This is Python {sys.version.split()[0]}; it takes 3.11 or newer.")
    sys.exit(main())
