"""Run the lessons headless; leave executed copies and metrics.json in runs/.

    python -m tools.run [LESSON ...] [--params NAME=VALUE ...]

The committed notebooks stay as they are.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import nbformat

from aelib.files import write_whole
from aelib.results import claim_counts, is_fact
from aelib.settings import CLAIMS_MIME, check_settings
from tools.lessons import (
    ROOT,
    choose,
    displayed,
    displayed_metrics,
    execute,
    failure,
    find_lessons,
    parameters,
    read,
    read_value,
    set_environment,
    starting_order,
    unquoted,
)
from tools.pages import export
from tools.side_by_side import side_by_side


def main(arguments=None, root=ROOT):
    """Run the lessons that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Run the lessons headless, into runs/.")
    parser.add_argument("lessons", nargs="*", help="numbers or names; all without any")
    parser.add_argument(
        "--params", nargs="*", action="extend", default=[], metavar="NAME=VALUE", dest="words"
    )
    options = parser.parse_args(arguments)
    lessons = choose(find_lessons(root / "notebooks"), options.lessons)
    settings = read_settings(options.words)
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
        side_by_side(
            {
                name: lesson_runner(
                    path, runs, {k: settings[k] for k in settings.keys() & accepted[name]}
                )
                for name, path in starting_order(lessons).items()
            },
            results,
        )
    except KeyboardInterrupt:
        finished = [name for name in lessons if name in results]
        print(f"Stopped by hand. Finished before: {', '.join(finished) or 'no lesson'}.")
        return 130
    return report({name: results[name] for name in lessons}, settings, runs)


def read_settings(words):
    """Turn NAME=VALUE words into a dict of whole numbers, numbers and texts."""
    settings, joined = {}, []
    for word in words:  # Those of a path with spaces belong together.
        if joined and joined[-1].startswith("images=") and "=" not in word:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    for word in joined:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise SystemExit(f"{word!r} is not a parameter: write name=value, such as epochs=5.")
        if name in settings:
            raise SystemExit(f"The parameter {name!r} is given twice.")
        settings[name] = folder(unquoted(value)) if name == "images" else read_value(value)
    return settings


def folder(path):
    """A folder as a path from the root, since kernels start in notebooks/; none stays none."""
    try:
        return path and str(Path(path).expanduser().resolve())
    except (RuntimeError, ValueError) as error:  # As of somebody whom this machine does not know.
        raise SystemExit(f"images={path!r:.80} cannot be used: {error}") from None


def accepted_settings(lessons, settings):
    """The parameter names of each lesson, once the settings given are known to be good."""
    names = {name: parameters(path).keys() for name, path in lessons.items()}
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


def lesson_runner(path, runs, settings):
    """A job that runs one lesson; it returns status, seconds and metrics, or what went wrong."""

    async def run(job):
        notebook = read(path, settings)
        result = {"status": "ok", "metrics": [], "claims": []}
        at = {"cell": None, "index": 0}

        def on_cell_start(cell, cell_index):
            at.update(cell=cell, index=cell_index)
            job.state = f"cell {cell_index + 1} of {len(notebook.cells)}"

        try:
            await execute(notebook, path.parent, on_cell_start)
            result["metrics"] = displayed_metrics(notebook)
            result["claims"] = displayed(notebook, CLAIMS_MIME)
        except Exception as error:  # Whatever it is, the other lessons still run.
            result["status"] = "failed"
            result["error"] = failure(error, notebook=notebook, **at)
        write_whole(runs / path.name, nbformat.writes(notebook) + "\n")
        try:
            await asyncio.to_thread(export, notebook, (runs / path.name).with_suffix(".html"))
        except Exception as error:
            result["status"] = "failed"
            result.setdefault("error", f"no page for it, {type(error).__name__}: {error}")
        result["seconds"] = round(job.seconds, 1)
        job.state = result["status"]
        return result

    return run


def report(results, settings, runs):
    """Print the table, name what went wrong, write metrics.json; return the exit status."""
    metrics, clashes = merge({name: result["metrics"] for name, result in results.items()})
    images = metrics.get("source", metrics.get("own_images", "no data"))
    print(f"\n{'lesson':24}{'seconds':>8}   numbers, on {images}")
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
        metrics.update(count_claims([shown for one in results.values() for shown in one["claims"]]))
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


def count_claims(displays):
    """How many claims the lessons made, and how many stand as fact and held too seldom.

    The second is None as long as nobody has counted them by `make spread`.
    """
    counted = any(claim_counts(shown["source"]) for shown in displays)
    seldom = [
        name
        for shown in displays
        for name, pair in claim_counts(shown["source"]).items()
        if name in shown["facts"] and not is_fact(*pair)
    ]
    made = sum(len(shown["claims"]) for shown in displays)
    return {"claims": made, "claims_below_19_of_20": len(seldom) if counted else None}


def show(value):
    """A metric as the table shows it, numbers with four digits that count."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def merge(displays):
    """All metrics in one flat dict, and what the lessons disagree about."""
    metrics, said_by, clashes = {}, {}, []
    for name, shown in displays.items():
        unnamed = [one for one in shown if not {"source", "own_images"} & one.keys()]
        clashes += [f"{name}: metrics without their source" for _ in unnamed]
        for key, value in (item for one in shown for item in one.items()):
            if metrics.setdefault(key, value) != value:
                clashes.append(f"{key} is {metrics[key]!r} in {said_by[key]}, {value!r} in {name}")
            said_by.setdefault(key, name)
    return metrics, clashes


if __name__ == "__main__":
    sys.exit(main())
