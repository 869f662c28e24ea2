"""Plant small faults in aelib, tools and the lessons, and see which of them nobody notices.

    python -m tools.mutants [PATH ...] [--sample N] [--seed S] [--minutes M]

A fault in a module is noticed where a test fails that imports the module; one in a lesson where a
test of its code fails, or where it stops or has other outputs in a run for two epochs on the
stand-in, at the end of which the witness looks at it. Each is planted in a copy of the project.
Faults that live are printed, but for those in tests/survivors.csv, which has the reason why each of
them may live. Only with --slow are slow tests run, and lessons that look well refreshed on MNIST.

mutmut and cosmic-ray do the same for modules that one test command covers; neither knows lessons.
"""

import argparse
import ast
import asyncio
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from joblib import cpu_count

from tools.lessons import (
    ROOT,
    execute,
    find_lessons,
    parameters,
    read,
    set_environment,
    witness,
)
from tools.mutations import is_code, mutants

#: So many of a hundred faults must be noticed.
GOAL = 90
SURVIVORS = "tests/survivors.csv"
#: Settings with which a lesson takes seconds, where it has them.
QUICK = {
    **{"source": "digits", "epochs": 2, "train_size": 500, "test_size": 200},
    # Not the usual ones, or nobody would see that they do not arrive where they should.
    **{"seed": 3, "batch_size": 50, "learning_rate": 0.002},
}
#: What reads the code of the lessons.
LESSON_TESTS = "tests/test_lesson_code.py"
#: Cells that are not run as they stand, or are the same in all lessons.
NOT_MUTATED = {"install", "parameters"}
LONGEST = 300


def main(arguments=None, root=ROOT):
    """Plant a sample of the faults, or all; return the exit status."""
    parser = argparse.ArgumentParser(description="Plant small faults; print those that live.")
    parser.add_argument("paths", nargs="*", help="files; aelib, tools and lessons without any")
    parser.add_argument("--sample", type=int, help="how many faults; all without it")
    parser.add_argument("--seed", type=int, default=0, help="which faults are in the sample")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start none after them")
    parser.add_argument("--slow", action="store_true", help="run the slow tests, and whole lessons")
    options = parser.parse_args(arguments)
    end = time.monotonic() + 60 * options.minutes
    chosen = choose_mutants(root, options.paths or default_paths(root), options)
    known = read_survivors(root)
    allowed = [one for one in chosen if one.key in known]
    chosen = [one for one in chosen if one.key not in known]

    seen, outputs = {}, {}

    def plant(mutant):
        if time.monotonic() > end:
            return
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            copy = copy_project(root, Path(folder, "project"))
            seen[mutant] = is_seen(mutant, copy, outputs, options.slow)
        if not seen[mutant]:
            print(f"{mutant.path}:{mutant.line}: {mutant.key[1]} -> {mutant.key[2]}", flush=True)

    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(plant, chosen))
    killed = sum(seen.values())
    share = 100 * killed / max(1, len(seen))
    print(f"{killed} of {len(seen)} faults were noticed, {share:.0f} %; {len(allowed)} may live.")
    if len(seen) < len(chosen):
        print(f"For {len(chosen) - len(seen)} more there was no time.")
    return 0 if share >= GOAL else 1


def default_paths(root):
    """The files of aelib, tools and the lessons, but the tool that this is."""
    modules = [*sorted(root.glob("aelib/**/*.py")), *sorted(root.glob("tools/*.py"))]
    modules = [path for path in modules if path.stem not in ("mutants", "mutations")]
    return [*modules, *find_lessons(root / "notebooks", ".py").values()]


def choose_mutants(root, paths, options):
    """The faults of the sample, in random order."""
    found = []
    for path in paths:
        path = Path(root, path)
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        left_alone = lines_left_alone(source) if name.startswith("notebooks/") else set()
        found += [one for one in mutants(name, source) if one.line not in left_alone]
    random.Random(options.seed).shuffle(found)
    sources = {one.path: (root / one.path).read_text(encoding="utf-8") for one in found}
    chosen = []
    for one in found:
        if len(chosen) == options.sample:
            break
        if is_code(one, sources[one.path]):
            chosen.append(one)
    return chosen


def lines_left_alone(source):
    """The numbers of those lines of a lesson that belong to cells of `NOT_MUTATED`."""
    lines, inside = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        if line.startswith("# %%"):
            inside = any(f'"{tag}"' in line for tag in NOT_MUTATED)
        if inside:
            lines.add(number)
    return lines


def read_survivors(root):
    """The reasons of faults that may live, by `Mutant.key`."""
    with (root / SURVIVORS).open(encoding="utf-8", newline="") as file:
        return {
            (row["path"], row["before"], row["after"]): row["why"] for row in csv.DictReader(file)
        }


def copy_project(root, target):
    """A copy of what tests need, data too: what a fault deletes or writes is not the original."""
    left_out = (".git", ".venv", "runs", "__pycache__", ".hypothesis", ".pytest_cache")
    shutil.copytree(root, target, ignore=shutil.ignore_patterns(*left_out))
    return target


def is_seen(mutant, copy, outputs, slow):
    """Whether somebody notices the fault, planted in a copy of the project."""
    path = copy / mutant.path
    source = path.read_text(encoding="utf-8")
    lesson = mutant.path.startswith("notebooks/")
    if lesson and mutant.path not in outputs:
        outputs[mutant.path], why = lesson_outputs(path, copy)
        assert outputs[mutant.path] is not None, f"{mutant.path} stops without a fault: {why}"
    path.write_text(mutant.apply(source), encoding="utf-8")
    if lesson:
        if lesson_outputs(path, copy)[0] != outputs[mutant.path]:
            return True
        if run_tests([LESSON_TESTS], "not slow", copy):
            return True
        return slow and not refreshed_alike(path, copy)
    tests = [str(test) for test in covering(mutant.path, copy)]
    speeds = ("not slow", "slow") if slow else ("not slow",)
    return any(run_tests(tests, speed, copy) for speed in speeds)


def covering(path, root):
    """The test files that import a module, themselves or by a package; or else all that import
    what imports it."""
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    stem = Path(path).stem
    files = {test: imported(test) for test in sorted(root.glob("tests/*.py"))}
    helpers = {test.stem: names for test, names in files.items() if not is_test(test)}
    files = {
        test: names.union(*(helpers[name] for name in names & helpers.keys()))
        for test, names in files.items()
        if is_test(test)
    }
    wanted = {module}
    for _ in range(3):
        tests = [test for test, names in files.items() if names & wanted]
        if tests:  # First those that have its name.
            return sorted(tests, key=lambda test: not test.stem.startswith(f"test_{stem}"))
        modules = [*root.glob("aelib/**/*.py"), *root.glob("tools/*.py")]
        wanted |= {
            str(one.relative_to(root).with_suffix(""))
            .replace(os.sep, ".")
            .removesuffix(".__init__")
            for one in modules
            if imported(one) & wanted
        }
    return list(files)


def is_test(path):
    return path.name.startswith("test_")


def imported(path):
    """The names of all modules that a file may mean by imports or in a text, and other words."""
    names = set()
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.update(node.value.split())
    return names


def run_tests(tests, speed, copy):
    """Whether a test fails, or all of them take too long."""
    options = ["-x", "-q", "-m", speed, "-p", "no:cacheprovider"]
    status, _, _ = run([sys.executable, "-m", "pytest", *options, *tests], copy)
    return status not in (0, 5)  # 5: there is none of that speed.


def run(command, folder):
    """The exit status of a command and what it prints; one that takes too long has failed."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return 1, b"", f"it took more than {LONGEST} s".encode()
    return done.returncode, done.stdout, done.stderr


def lesson_outputs(path, copy):
    """What a quick run of a lesson shows in words and numbers, or None and why it stopped."""
    shutil.rmtree(copy / "runs", ignore_errors=True)
    program = "import sys; from tools.mutants import show_lesson; show_lesson(sys.argv[1])"
    status, output, why = run([sys.executable, "-c", program, str(path)], copy)
    return (None if status else output), why.decode(errors="replace")


def refreshed_alike(path, copy):
    """Whether a lesson can be refreshed, and has the outputs that are stored."""
    stored = compared(read(path.with_suffix(".ipynb")))
    status, _, _ = run([sys.executable, "-m", "tools.refresh", path.stem], copy)
    return status == 0 and compared(read(path.with_suffix(".ipynb"))) == stored


def show_lesson(path):
    """Run a lesson and print what nbval would compare, as JSON."""
    import jupytext

    set_environment()
    draft = Path(path).with_suffix(".mutant.ipynb")
    jupytext.write(jupytext.read(path), draft)
    try:
        known = parameters(draft)
        notebook = read(draft, {name: v for name, v in QUICK.items() if name in known})
    finally:
        draft.unlink()
    notebook.cells += witness(path)
    asyncio.run(execute(notebook, Path(path).parent))
    print(json.dumps(compared(notebook), sort_keys=True))


def compared(notebook):
    """What nbval compares of the outputs of a notebook."""
    shown = []
    for cell in notebook.cells:
        if "nbval-ignore-output" not in cell.metadata.get("tags", []):
            for output in cell.get("outputs", []):
                data = dict(output.get("data", {}), text=output.get("text", ""))
                data = {k: v for k, v in data.items() if k not in ("image/png", "text/html")}
                shown.append({} if output.get("name") == "stderr" else data)
    return shown


if __name__ == "__main__":
    sys.exit(main())
