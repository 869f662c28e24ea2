"""Run the lessons headless; leave executed copies and metrics.json in runs/.

    python -m tools.run [LESSON ...] [--params NAME=VALUE ...]

The committed notebooks stay as they are.
"""

import argparse
import ast
import json
import shutil
import sys
import threading
import time
import warnings
from html import escape

import nbformat
import papermill
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError

from aelib.settings import check_settings
from tools.lessons import (
    KERNEL,
    ROOT,
    displayed_alt_texts,
    displayed_metrics,
    find_lessons,
    set_environment,
    write_whole,
)

#: What nbconvert writes for every image: it does not look into an output's metadata.
NO_ALT = 'alt="No description has been provided for this image"'


def main(arguments=None, root=ROOT):
    """Run the lessons that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Run the lessons headless, into runs/.")
    parser.add_argument("lessons", nargs="*", help="numbers or names; all without any")
    parser.add_argument("--params", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args(arguments)
    lessons = choose(find_lessons(root / "notebooks"), options.lessons)
    settings = read_settings(options.params)
    accepted = accepted_settings(lessons, settings)

    set_environment()
    runs = root / "runs"
    runs.mkdir(exist_ok=True)
    (runs / "metrics.json").unlink(missing_ok=True)
    for name in lessons:  # So that what lies there after this run is of this run.
        (runs / f"{name}.ipynb").unlink(missing_ok=True)
        (runs / f"{name}.html").unlink(missing_ok=True)

    results = {}
    try:
        for number, (name, path) in enumerate(lessons.items(), 1):
            known = {key: value for key, value in settings.items() if key in accepted[name]}
            with Progress(f"[{number}/{len(lessons)}] {name}") as progress:
                results[name] = run_lesson(path, runs, known, progress)
    except KeyboardInterrupt:
        print(f"Stopped by hand. Finished before: {', '.join(results) or 'no lesson'}.")
        return 130
    return report(results, settings, runs)


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


def read_settings(words):
    """Turn NAME=VALUE words into a dict; a value that is not a Python literal is a string."""
    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise SystemExit(f"{word!r} is not a parameter: write name=value, such as epochs=5.")
        if name in settings:
            raise SystemExit(f"The parameter {name!r} is given twice.")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


def accepted_settings(lessons, settings):
    """The parameter names of each lesson, once the settings given are known to be good."""
    names = {name: list(papermill.inspect_notebook(path)) for name, path in lessons.items()}
    existing = list(dict.fromkeys(name for known in names.values() for name in known))
    for name in settings:
        if name not in existing:
            raise SystemExit(
                f"{name!r} is not a parameter of {', '.join(lessons)}. "
                f"Parameters there: {', '.join(existing) or 'none'}."
            )
    try:
        check_settings(**settings)
    except ValueError as error:
        raise SystemExit(f"{error}.") from None
    return names


class Progress:
    """Says which lesson and cell is running and for how long.

    In a terminal that is one line, redrawn every second; in a log, a new line every half minute.
    """

    def __init__(self, lesson):
        self.lesson, self.cell, self.index, self.cells = lesson, None, 0, 0
        self.outcome = "stopped"
        self.live = sys.stdout.isatty()

    def __enter__(self):
        self.start = time.monotonic()
        self.finished = threading.Event()
        self.thread = threading.Thread(target=self.show, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.finished.set()
        self.thread.join()
        self.write(f"{self.outcome}, {self.seconds:.0f} s", last=True)

    @property
    def seconds(self):
        return time.monotonic() - self.start

    def show(self):
        self.write("starting")
        while not self.finished.wait(1 if self.live else 30):
            cell = f"cell {self.index + 1} of {self.cells}" if self.cells else "starting"
            self.write(f"{cell}, {self.seconds:.0f} s")

    def write(self, state, last=False):
        line = f"{self.lesson}: {state}"
        if self.live:  # Back to the start of the line, and clear what was there.
            line = f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}"
        print(line, end="\n" if last or not self.live else "", flush=True)

    def on_notebook_start(self, notebook):
        self.cells = len(notebook.cells)

    def on_cell_start(self, cell, cell_index):
        self.cell, self.index = cell, cell_index


def run_lesson(path, runs, settings, progress):
    """Run one lesson; return its status, seconds and metrics, or what went wrong where."""
    copy = runs / path.name
    result = {"status": "ok", "metrics": []}
    try:
        notebook = papermill.execute_notebook(
            path,
            copy,
            settings,
            cwd=path.parent,
            progress_bar=False,
            on_notebook_start=progress.on_notebook_start,
            on_cell_start=progress.on_cell_start,
            **KERNEL,
        )
        result["metrics"] = displayed_metrics(notebook)
    except Exception as error:  # Whatever it is, the other lessons still run.
        if isinstance(error, PapermillExecutionError):
            reason = f"In [{error.exec_count}], {error.ename}: {error.evalue}"
        else:
            reason = f"{type(error).__name__}: {error}"
        source = progress.cell.source.strip() if progress.cell else "(the kernel did not start)"
        result["status"] = "failed"
        result["error"] = (
            f"cell {progress.index + 1} of {progress.cells}, {reason}\n"
            f"    the cell begins: {source.splitlines()[0]}"
        )
    if copy.exists():
        warnings.filterwarnings("ignore", "Your element with mimetype")  # The metrics have no HTML.
        html, _ = HTMLExporter().from_filename(str(copy))
        for alt in displayed_alt_texts(nbformat.read(copy, as_version=4)):
            html = html.replace(NO_ALT, f'alt="{escape(alt)}"', 1)
        write_whole(copy.with_suffix(".html"), html)
    result["seconds"] = round(progress.seconds, 1)
    progress.outcome = result["status"]
    return result


def report(results, settings, runs):
    """Print the table, name what went wrong, write metrics.json; return the exit status."""
    metrics, clashes = merge({name: result["metrics"] for name, result in results.items()})
    print(f"\n{'lesson':24}{'seconds':>8}   numbers, on {metrics.get('source', 'no data')}")
    for name, result in results.items():
        numbers = {key: value for shown in result["metrics"] for key, value in shown.items()}
        rows = [f"{key} {show(value)}" for key, value in numbers.items() if key != "source"]
        rows = rows or ["-" if result["status"] == "ok" else result["status"]]
        print(f"{name:24}{result['seconds']:8.1f}   {rows[0]}")
        print("".join(f"{'':35}{row}\n" for row in rows[1:]), end="")
    failures = [f"{name}, {one['error']}" for name, one in results.items() if "error" in one]
    if clashes:
        clashes.append("so there is no metrics.json of this run")
    else:
        metrics["settings"] = settings
        metrics["lessons"] = {
            name: {"seconds": result["seconds"], "status": result["status"]}
            for name, result in results.items()
        }
        write_whole(runs / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    for problem in failures + clashes:
        print(f"\n{problem}")
    print(f"\nThe executed lessons are in {runs}")
    return 1 if failures or clashes else 0


def show(value):
    """A metric as the table shows it, numbers with four digits that count."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def merge(displays):
    """All metrics in one flat dict, and what the lessons disagree about."""
    metrics, said_by, clashes = {}, {}, []
    for name, shown in displays.items():
        clashes += [f"{name}: metrics without their source" for one in shown if "source" not in one]
        for key, value in (item for one in shown for item in one.items()):
            if metrics.setdefault(key, value) != value:
                clashes.append(f"{key} is {metrics[key]!r} in {said_by[key]}, {value!r} in {name}")
            said_by.setdefault(key, name)
    return metrics, clashes


if __name__ == "__main__":
    sys.exit(main())
