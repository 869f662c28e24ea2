"""Run the lessons headless; leave executed copies and metrics.json in runs/.

    python -m tools.run [LESSON ...] [--params NAME=VALUE ...]

The committed notebooks stay as they are.
"""

import argparse
import ast
import json
import re
import sys
import time
from pathlib import Path

import nbformat
from papermill import inspect_notebook

from aelib.files import write_whole
from aelib.settings import check_settings
from tools.claims import claim_counts, conditions, is_fact
from tools.lessons import (
    ROOT,
    displayed,
    execute,
    find_lessons,
    read,
    set_environment,
    starting_order,
)
from tools.side_by_side import side_by_side


def main(arguments=None, root=ROOT):
    """Run the lessons that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Run the lessons headless, into runs/.")
    parser.add_argument("lessons", nargs="*", help="numbers or names; all without any")
    parser.add_argument(
        "--params", nargs="*", action="extend", default=[], metavar="NAME=VALUE", dest="words"
    )
    options = parser.parse_args(arguments)
    lessons = find_lessons(root / "notebooks", wanted=options.lessons)
    settings = read_settings(options.words)
    accepted = accepted_settings(lessons, settings)

    set_environment()
    runs = root / "runs"
    runs.mkdir(exist_ok=True)
    for old in (
        "metrics.json",
        *(f"{name}.{kind}" for name in lessons for kind in ("ipynb", "html")),
    ):
        (runs / old).unlink(missing_ok=True)  # So that what lies there after this run is of it.
    jobs = {
        name: lesson_runner(path, runs, {k: settings[k] for k in settings.keys() & accepted[name]})
        for name, path in starting_order(lessons).items()
    }
    results = side_by_side(jobs)
    return report({name: results[name] for name in lessons}, settings, root)


def read_settings(words):
    """Turn NAME=VALUE words into a dict of numbers, truth values and texts."""
    settings = {}
    # The shell has cut at every space; those of a path belong to it.
    for word in re.split(r"\s+(?=\w*=)", " ".join(words)) if words else []:
        name, equals, text = word.partition("=")
        if not (name and equals and text):
            raise SystemExit(f"{word!r} is not a parameter: write name=value, such as epochs=5.")
        if name in settings:
            raise SystemExit(f"The parameter {name!r} is given twice.")
        try:
            settings[name] = ast.literal_eval(text)
        except Exception:  # Whatever it says of it, what is no literal is a text.
            settings[name] = text
        if name == "images" and settings[name] != "":  # Kernels start in notebooks/.
            path = Path(settings[name] if isinstance(settings[name], str) else text)
            settings[name] = str(path.expanduser().resolve())
    return settings


def accepted_settings(lessons, settings):
    """The parameter names of each lesson, once the settings given are known to be good."""
    names = {name: inspect_notebook(path) for name, path in lessons.items()}
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
    """A job that runs one lesson; its result has status, seconds, metrics and what went wrong."""

    def run():
        start = time.monotonic()
        notebook = read(path, settings)
        result = {"status": "ok", "metrics": []}
        try:
            execute(notebook, path.parent)
            result["metrics"] = displayed(notebook)
        except RuntimeError as error:
            result |= {"status": "failed", "error": str(error)}
        write_whole(runs / path.name, nbformat.writes(notebook) + "\n")
        from tools.pages import export  # Half a second, in which the others compute.

        export(notebook, (runs / path.name).with_suffix(".html"))
        result["seconds"] = round(time.monotonic() - start, 1)
        return result["status"], result

    return run


def report(results, settings, root):
    """Print the table, name what went wrong, write metrics.json; return the exit status."""
    metrics, problems = merge({name: result["metrics"] for name, result in results.items()})
    images = metrics.get("source", metrics.get("own_images", "no data"))
    print(f"\n{'lesson':24}{'seconds':>8}   numbers, on {images}")
    for name, result in results.items():
        numbers = {key: value for shown in result["metrics"] for key, value in shown.items()}
        rows = [
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in numbers.items()
            if key != "source"
        ] or [result["status"]]
        print(f"{name:24}{result['seconds']:8.1f}   {rows[0]}")
        print("".join(f"{'':35}{row}\n" for row in rows[1:]), end="")
    if problems:
        problems.append("so there is no metrics.json of this run")
    else:
        metrics |= count_claims(results, metrics.get("source"), root)
        metrics["settings"] = settings
        metrics["lessons"] = {
            name: {key: result[key] for key in ("seconds", "status")}
            for name, result in results.items()
        }
        write_whole(root / "runs" / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    problems += [f"{name}, {one['error']}" for name, one in results.items() if "error" in one]
    for problem in problems:
        print(f"\n{problem}")
    print(f"\nThe executed lessons are in {root / 'runs'}")
    return 1 if problems else 0


def count_claims(lessons, source, root):
    """How many sentences of these lessons have been counted on the source, and how many of them
    stand as fact and held too seldom; None where nobody has counted any by `make spread`.
    """
    counts = claim_counts(root, source)
    tables = [conditions(root, name) for name in lessons] if counts else []
    facts, hedged = ([one for t in tables for one in t[i] if one in counts] for i in (0, 1))
    seldom = sum(not is_fact(*counts[one]) for one in facts) if counts else None
    return {"claims": len(facts) + len(hedged), "claims_below_19_of_20": seldom}


def merge(displays):
    """All metrics in one flat dict, and what the lessons disagree about."""
    metrics, clashes = {}, []
    for name, shown in displays.items():
        for key, value in (item for one in shown for item in one.items()):
            if metrics.setdefault(key, value) != value:
                clashes.append(f"{key} is {metrics[key]!r}, but {value!r} in {name}")
    return metrics, clashes


if __name__ == "__main__":
    sys.exit(main())
