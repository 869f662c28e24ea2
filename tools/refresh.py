"""Carry every lesson's .py into its .ipynb and store the outputs of a fresh run on MNIST.

A second refresh on the same machine changes not one byte.
"""

import sys
import tempfile
from pathlib import Path

import jupytext.cli
import nbformat
from nbclient import NotebookClient

from tools.lessons import (
    KERNEL,
    ROOT,
    displayed_metrics,
    find_lessons,
    set_environment,
    write_whole,
)

# What differs between machines, such as the version of Python, is left out.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def main(root=ROOT):
    """Refresh all lessons; return the exit status."""
    set_environment()
    failed = []
    for name, source in find_lessons(root / "notebooks", ".py").items():
        print(f"{name}: ", end="", flush=True)
        try:
            notebook = execute(source)
        except Exception as error:  # Its old .ipynb stays; the other lessons are still refreshed.
            failed.append(name)
            print(f"failed, {source.with_suffix('.ipynb').name} stays as it was\n{error}")
            continue
        target = source.with_suffix(".ipynb")
        text = nbformat.writes(notebook) + "\n"
        changed = not target.exists() or target.read_text(encoding="utf-8") != text
        write_whole(target, text)
        print("refreshed" if changed else "unchanged")
    if failed:
        print(f"Not refreshed: {', '.join(failed)}.")
    return 1 if failed else 0


def execute(source):
    """The notebook of a .py, executed; cells that did not change keep their ids."""
    stored = source.with_suffix(".ipynb")
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, stored.name)
        if stored.exists():
            draft.write_bytes(stored.read_bytes())
        jupytext.cli.jupytext(
            ["--quiet", "--to", "ipynb", "--update", "--output", str(draft), str(source)]
        )
        notebook = nbformat.read(draft, as_version=4)
    for cell in notebook.cells:  # Without jupytext's remarks on blank lines, for one.
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key == "tags"}
        )
    NotebookClient(
        notebook,
        record_timing=False,
        coalesce_streams=True,  # How output is cut into messages differs from run to run.
        resources={"metadata": {"path": str(source.parent)}},
        **KERNEL,
    ).execute()
    notebook.metadata = nbformat.from_dict(METADATA)  # Without the kernel's version and widgets.
    sources = {metrics.get("source") for metrics in displayed_metrics(notebook)}
    if sources != {"MNIST"}:
        raise RuntimeError(
            f"Stored outputs must be of MNIST, but this run's metrics name {sources or 'none'}.\n"
            "Connect to a network once, or put MNIST's archives into the data root."
        )
    return notebook


if __name__ == "__main__":
    sys.exit(main())
