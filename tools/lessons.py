"""What the tools share: where the lessons are, how one is executed, and what it displays."""

import ast
import asyncio
import os
from pathlib import Path

import jupytext
import papermill
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from aelib.settings import METRICS_MIME, project_folder

ROOT = project_folder()
#: Every tag that a cell may have, and what is done with such a cell or its lesson.
TAGS = {
    "install": "generated; the same in all lessons",
    "parameters": "plain literals that papermill can replace",
    "readme": "its figure is shown in the README",
    "spread": "its numbers have bands, measured over many seeds",
    "pretrained": "it loads a network that several lessons use; the first of them trains it",
    "build": "the learner builds it; aelib has the same",
    "nbval-ignore-output": "its output moves with the processor, and is not compared",
    "nbval-check-output": "its output is compared on the stand-in, too",
}


def find_lessons(folder, suffix=".ipynb"):
    """The files of all lessons by lesson name, in reading order."""
    lessons = {path.stem: path for path in sorted(folder.glob(f"[0-9][0-9]_*{suffix}"))}
    if not lessons:
        raise SystemExit(f"There are no lessons in {folder}: expected files like 01_name{suffix}.")
    return lessons


def choose(lessons, wanted):
    """The lessons named by number or name, in reading order; all of them without any."""
    matches = {word: {name for name in lessons if word in (name, name[:2])} for word in wanted}
    for word, names in matches.items():
        if not names:
            raise SystemExit(f"{word!r} is not a lesson. The lessons are: {', '.join(lessons)}.")
    return {
        name: path
        for name, path in lessons.items()
        if not wanted or any(name in names for names in matches.values())
    }


def tags(notebook):
    """The tags of all cells of a notebook."""
    return {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}


def starting_order(lessons):
    """The lessons in the order in which to start them side by side.

    One that trains what others load comes first, and the others last, to wait as little as they
    can. Between them the later lessons come first: they take longest.
    """
    shared = [name for name, path in lessons.items() if "pretrained" in tags(jupytext.read(path))]
    alone = [name for name in lessons if name not in shared]
    return {name: lessons[name] for name in (*shared[:1], *reversed(alone), *shared[1:])}


def parameters(path):
    """The names and values of a notebook's parameters."""
    inspected = papermill.inspect_notebook(path)
    return {name: read_value(one["default"]) for name, one in inspected.items()}


def read_value(text):
    """The number or truth value that a text is, or else the text without quotes around it."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return unquoted(text)


def unquoted(text):
    """A text without the quotes around it, if there are any."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def read(path, values=None):
    """The notebook at `path`, with a cell that sets `values` below its own parameters."""
    notebook = load_notebook_node(str(path))
    if values:
        notebook = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    for part in (notebook, *notebook.cells):  # Papermill's metadata are in the way of JupyterLab.
        part.metadata.pop("papermill", None)
    return notebook


async def execute(notebook, folder, on_cell_start=None, variables=None):
    """Run a notebook in a kernel of its own that starts in `folder`, and put its outputs into it.

    Args:
        on_cell_start: called with `cell` and `cell_index` when a cell begins.
        variables: environment variables that only this kernel gets.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised; outputs up to there are kept.
    """
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
        on_cell_start=on_cell_start,
    )
    try:
        await client.async_execute(env={**os.environ, **(variables or {})})
    except DeadKernelError:  # What nbclient says, too, when this task has been cancelled.
        if asyncio.current_task().cancelling():
            raise asyncio.CancelledError from None
        raise


def witness(path):
    """The cells to run after those of a lesson, in which `tools.witness` looks at what it has done.

    Lessons of another project than this one have none.
    """
    if not Path(path).is_relative_to(ROOT):
        return []
    return [
        new_code_cell(
            f"import sys\n\nsys.path.insert(0, {str(ROOT)!r})\n"
            f"from tools.witness import look\n\nlook({Path(path).stem!r}, globals())"
        )
    ]


def claim_conditions(code):
    """What each claim in the code of a lesson depends on, as code, by the name of the claim."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    claims = [call.args for call in calls if getattr(call.func, "id", None) == "claim"]
    return {name.value: ast.unparse(holds) for name, _, holds in claims}


def failure(error, cell, index, notebook):
    """What went wrong in which cell, in two lines; `cell` is None where none has begun."""
    name, value = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", error)
    if cell is None:
        return f"the kernel did not start, {name}: {value}"
    return (
        f"cell {index + 1} of {len(notebook.cells)}, In [{cell.execution_count}], {name}: {value}\n"
        f"    the cell begins: {cell.source.strip().splitlines()[0]}"
    )


def displayed(notebook, kind):
    """What an executed notebook displays of a MIME type, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    bundles = [output.get("data", {}) for output in outputs]
    return [bundle[kind] for bundle in bundles if kind in bundle]


def displayed_metrics(notebook):
    """The metrics that an executed notebook displays, one dict for each display."""
    return displayed(notebook, METRICS_MIME)


def displayed_alt_texts(notebook):
    """The alt texts of an executed notebook's figures, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [o.metadata["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})]


def set_environment():
    """Set what the kernels inherit, so that a lesson gives the same outputs from every tool."""
    os.environ["AELIB_PROGRESS"] = "off"
    os.environ["AELIB_THREADS"] = "1"  # Lessons run side by side instead.
    os.environ.pop("MPLBACKEND", None)  # Figures belong in the notebook.
    if os.environ.get("AELIB_DATA"):  # Kernels start in notebooks/, the user typed it here.
        os.environ["AELIB_DATA"] = str(Path(os.environ["AELIB_DATA"]).expanduser().resolve())
