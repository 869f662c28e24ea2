"""Carry every lesson's .py into its .ipynb and store the outputs of a fresh run on MNIST.

    python -m tools.refresh [LESSON ...]

A second refresh on the same machine changes not one byte.
"""

import sys
import tempfile
from pathlib import Path

import jupytext.cli
import nbformat

from aelib.files import write_whole
from tools.lessons import (
    ROOT,
    choose,
    displayed_metrics,
    execute,
    find_lessons,
    set_environment,
    starting_order,
)
from tools.metadata import tidy
from tools.side_by_side import side_by_side


def main(arguments=(), root=ROOT):
    """Refresh the lessons named, or all of them; return the exit status."""
    set_environment()
    lessons = choose(find_lessons(root / "notebooks", ".py"), arguments)
    refreshed = {}
    try:
        side_by_side(
            {name: refresher(path) for name, path in starting_order(lessons).items()}, refreshed
        )
    except KeyboardInterrupt:
        done = [name for name in lessons if refreshed.get(name)]
        print(f"Stopped by hand. Refreshed before: {', '.join(done) or 'no lesson'}.")
        return 130
    failed = [name for name in lessons if not refreshed[name]]
    if failed:
        print(f"Not refreshed: {', '.join(failed)}.")
    return 1 if failed else 0


def refresher(source):
    """A job that refreshes one lesson; it returns whether it did."""

    async def refresh(job):
        target = source.with_suffix(".ipynb")
        try:
            text = nbformat.writes(await executed(source, job)) + "\n"
        except Exception as error:  # Its old .ipynb stays; the other lessons are still refreshed.
            job.state = "failed"
            job.say(f"failed, {target.name} stays as it was", *str(error).splitlines())
            return False
        changed = not target.exists() or target.read_text(encoding="utf-8") != text
        write_whole(target, text)
        job.state = "refreshed" if changed else "unchanged"
        return True

    return refresh


async def executed(source, job):
    """The notebook of a .py, executed; cells that did not change keep their ids."""
    notebook = carried(source)

    def on_cell_start(cell, cell_index):
        job.state = f"cell {cell_index + 1} of {len(notebook.cells)}"

    await execute(notebook, source.parent, on_cell_start)
    tidy(notebook)
    sources = {  # One's own images are no stand-in for MNIST.
        "MNIST" if "own_images" in metrics else metrics.get("source")
        for metrics in displayed_metrics(notebook)
    }
    if sources != {"MNIST"}:
        raise RuntimeError(
            f"Stored outputs must be of MNIST, but this run's metrics name {sources or 'none'}.\n"
            "Connect to a network once, or put MNIST's archives into the data root."
        )
    return notebook


def carried(source):
    """The notebook of a .py, with the ids of those cells that its old .ipynb has, too."""
    stored = source.with_suffix(".ipynb")
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, stored.name)
        if stored.exists():
            draft.write_bytes(stored.read_bytes())
        jupytext.cli.jupytext(
            ["--quiet", "--to", "ipynb", "--update", "--output", str(draft), str(source)]
        )
        return nbformat.read(draft, as_version=4)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
