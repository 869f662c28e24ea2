"""What the tools share: where the lessons are, how one is executed, and what it displays."""

import os
from pathlib import Path

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from aelib.settings import METRICS_MIME, project_folder

ROOT = project_folder()


def find_lessons(folder, suffix=".ipynb", wanted=()):
    """The files of the lessons in reading order: all, or those wanted by number or name."""
    lessons = {path.stem: path for path in sorted(folder.glob(f"[0-9][0-9]_*{suffix}"))}
    if not lessons:
        raise SystemExit(f"There are no lessons in {folder}: expected files like 01_name{suffix}.")
    for word in wanted:
        if not any(word in (name, name[:2]) for name in lessons):
            raise SystemExit(f"{word!r} is not a lesson. The lessons are: {', '.join(lessons)}.")
    chosen = [name for name in lessons if not wanted or {name, name[:2]} & {*wanted}]
    return {name: lessons[name] for name in chosen}


def has_tag(path, tag):
    """Whether a cell of a lesson, a notebook or its source, has this tag."""
    return f'"{tag}"' in path.read_text(encoding="utf-8")


def starting_order(lessons):
    """The lessons in the order in which to start them side by side.

    The first of those that share a network comes first, since it trains it for the others. Then
    comes the last lesson, which takes longest, and the rest as they are read.
    """
    shared = [name for name, path in lessons.items() if has_tag(path, "pretrained")]
    first = dict.fromkeys((*shared[:1], *list(lessons)[-1:]))
    return {name: lessons[name] for name in {**first, **lessons}}


def read(path, values=None):
    """The notebook at `path`, with a cell that sets `values` below its own parameters."""
    notebook = load_notebook_node(str(path))
    if values:
        notebook = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    for part in (notebook, *notebook.cells):  # Papermill's metadata are in the way of JupyterLab.
        part.metadata.pop("papermill", None)
    return notebook


def looking(path, storing=False):
    """The cell to run after the last one of a lesson, which looks at what it has done, in a list.

    It is seen in no lesson; those of another project than this one have none.
    """
    if not Path(path).is_relative_to(ROOT):
        return []
    return [
        new_code_cell(
            f"import sys\n\nsys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
            "from lessons.look import look\n\n"
            f"look({Path(path).stem!r}, dict(globals()), {storing})"
        )
    ]


def execute(notebook, folder, variables=None):
    """Run a notebook in a kernel of its own that starts in `folder`, and put its outputs into it.

    Args:
        variables: environment variables that only this kernel gets.

    Raises:
        RuntimeError: a cell raised, or the kernel died; it says in which cell. The outputs up to
            there are kept.
    """
    begun = []
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        # The kernel keeps remarks on itself to itself.
        extra_arguments=["--IPKernelApp.log_level=50"],
        # In the end it is stopped at once: to wait for it to leave takes a second or two.
        shutdown_kernel="immediate",
        coalesce_streams=True,  # How output is cut into messages differs from run to run.
        timeout=None,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: begun.append((cell, cell_index + 1)),
    )
    try:
        client.execute(env={**os.environ, **(variables or {})})
    except Exception as error:
        what = f"{getattr(error, 'ename', type(error).__name__)}: {getattr(error, 'evalue', error)}"
        if not begun:
            raise RuntimeError(f"the kernel did not start, {what}") from error
        cell, number = begun[-1]
        raise RuntimeError(
            f"cell {number} of {len(notebook.cells)}, In [{cell.execution_count}], {what}\n"
            f"    the cell begins: {cell.source.strip().splitlines()[0]}"
        ) from error


def outputs(notebook):
    """The outputs of all cells of a notebook, in order."""
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def displayed(notebook, kind=METRICS_MIME):
    """What an executed notebook displays of a MIME type, in order; without one, its metrics."""
    bundles = [output.get("data", {}) for output in outputs(notebook)]
    return [bundle[kind] for bundle in bundles if kind in bundle]


def displayed_alt_texts(notebook):
    """The alt texts of an executed notebook's figures, in order."""
    figures = [one for one in outputs(notebook) if "image/png" in one.get("data", {})]
    return [figure.metadata["image/png"]["alt"] for figure in figures]


def set_environment():
    """Set what the kernels inherit, so that a lesson gives the same outputs from every tool."""
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["AELIB_THREADS"] = "1"  # Lessons run side by side instead.
    os.environ.pop("MPLBACKEND", None)  # Figures belong in the notebook.
    if os.environ.get("AELIB_DATA"):  # Kernels start in notebooks/, the user typed it here.
        os.environ["AELIB_DATA"] = str(Path(os.environ["AELIB_DATA"]).expanduser().resolve())
