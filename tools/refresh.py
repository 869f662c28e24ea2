"""Carry every lesson's .py into its .ipynb and store the outputs of a fresh run on MNIST.

    python -m tools.refresh [LESSON ...]

A second refresh on the same machine changes not one byte. What has moved is printed: numbers,
claims, and what figures show. A lesson that stops, as at a number outside its band, is not
stored, nor is one in which a claim fails that has held in nearly all measured runs, or in which the
witness sees something else than what the lesson says.
"""

import sys
import tempfile
from pathlib import Path

import jupytext.cli
import nbformat

from aelib.files import write_whole
from aelib.results import claim_counts, is_fact
from aelib.settings import CLAIMS_MIME
from tools.lessons import (
    ROOT,
    choose,
    displayed,
    displayed_metrics,
    execute,
    find_lessons,
    set_environment,
    starting_order,
    witness,
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
            notebook = await executed(source, job)
            refuse_false_facts(notebook)
            text = nbformat.writes(notebook) + "\n"
        except Exception as error:  # Its old .ipynb stays; the other lessons are still refreshed.
            job.state = "failed"
            job.say(f"failed, {target.name} stays as it was", *str(error).splitlines())
            return False
        changed = not target.exists() or target.read_text(encoding="utf-8") != text
        if changed and target.exists():
            lines = moved(nbformat.read(target, as_version=4), notebook)
            job.say("what moved", *lines or ["no number, claim or figure"])
        write_whole(target, text)
        job.state = "refreshed" if changed else "unchanged"
        return True

    return refresh


def contents(notebook):
    """A lesson's numbers, claims and texts of figures, by what they are called."""
    found = {}
    for metrics in displayed_metrics(notebook):
        found |= {f"number {name}": value for name, value in metrics.items()}
    for shown in displayed(notebook, CLAIMS_MIME):
        found |= {f"claim {name}": holds for name, holds in shown["claims"].items()}
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    for number, figure in enumerate(figures, 1):
        found[f"figure {number}"] = figure.metadata["image/png"]["alt"]
        lines = figure.data.get("text/plain", "").splitlines()
        found |= {f"figure {number}, line {n}": line.strip() for n, line in enumerate(lines, 1)}
    return found


def moved(before, after):
    """A line for each number, claim and figure that is new, is gone or has changed."""
    before, after = contents(before), contents(after)
    return [
        f"{name}: {before.get(name, 'not there')} -> {after.get(name, 'gone')}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]


def refuse_false_facts(notebook):
    """Raise where a claim fails that the lesson states as a fact."""
    for shown in displayed(notebook, CLAIMS_MIME):
        counts = claim_counts(shown["source"])
        for name, holds in shown["claims"].items():
            if not holds and is_fact(*counts.get(name, (0, 0))):
                raise RuntimeError(f"The claim {name!r} is stated as a fact and does not hold now.")


async def executed(source, job):
    """The notebook of a .py, executed; cells that did not change keep their ids."""
    notebook = carried(source)

    def on_cell_start(cell, cell_index):
        job.state = f"cell {cell_index + 1} of {len(notebook.cells)}"

    lesson = list(notebook.cells)
    notebook.cells += witness(source)
    await execute(notebook, source.parent, on_cell_start)
    notebook.cells = lesson
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
