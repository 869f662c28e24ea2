"""What the tools share: where the lessons are, what they run in, and the metrics they display."""

import os
from pathlib import Path

from aelib.lesson import METRICS_MIME
from aelib.settings import project_folder

ROOT = project_folder()
#: Kernels start as the kernel of this environment, and keep remarks on themselves to themselves.
#: In the end they are stopped at once: to wait for each to leave takes a second or two.
KERNEL = {
    "kernel_name": "python3",
    "extra_arguments": ["--IPKernelApp.log_level=50"],
    "shutdown_kernel": "immediate",
}


def find_lessons(folder, suffix=".ipynb"):
    """The files of all lessons by lesson name, in reading order."""
    lessons = {path.stem: path for path in sorted(folder.glob(f"[0-9][0-9]_*{suffix}"))}
    if not lessons:
        raise SystemExit(f"There are no lessons in {folder}: expected files like 01_name{suffix}.")
    return lessons


def displayed_metrics(notebook):
    """The metrics that an executed notebook displays, one dict for each display."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    bundles = [output.get("data", {}) for output in outputs]
    return [bundle[METRICS_MIME] for bundle in bundles if METRICS_MIME in bundle]


def displayed_alt_texts(notebook):
    """The alt texts of an executed notebook's figures, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [o.metadata["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})]


def set_environment():
    """Set what the kernels inherit, so that a lesson gives the same outputs from every tool."""
    os.environ["AELIB_PROGRESS"] = "off"
    os.environ.pop("MPLBACKEND", None)  # Figures belong in the notebook.
    if os.environ.get("AELIB_DATA"):  # Kernels start in notebooks/, the user typed it here.
        os.environ["AELIB_DATA"] = str(Path(os.environ["AELIB_DATA"]).expanduser().resolve())


def write_whole(path, text):
    """Write a file so that it is either the old one or the new one, at any moment."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
