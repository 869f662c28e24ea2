"""The runner and the refresher do what they say, on tiny lessons and with real kernels."""

import json
import os
import signal
import subprocess
import sys
import time

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import refresh, run

METRICS = "display({{'application/vnd.aelib.metrics+json': {}}}, raw=True)"
MNIST = METRICS.format("{'source': 'MNIST'}")
FIGURE = """
import matplotlib.pyplot as plt
from aelib.figures import show
show(plt.subplots()[0], "An <empty> figure.", "nowhere")
"""


def lesson(*sources, parameters="epochs = 20\nseed = 0"):
    """A notebook with a cell of text, one of parameters, and code cells."""
    cells = [new_code_cell(source) for source in (parameters, *sources)]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        cells=[new_markdown_cell("# A lesson"), *cells], metadata={"kernelspec": kernel}
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project of three lessons, of which the second fails; with traces of an older run."""
    root = tmp_path_factory.mktemp("project")
    lessons = {
        "01_first": lesson(
            METRICS.format("{'source': 'MNIST', 'has_epochs': 'epochs' in globals()}"),
            parameters="seed = 0",
        ),
        "02_broken": lesson("before = 1", "# divide\n1 / 0", "after = 1"),
        "03_last": lesson(
            METRICS.format("{'source': 'MNIST', 'accuracy': 95.5, 'given': [epochs, seed]}"),
            FIGURE,
        ),
    }
    (root / "notebooks").mkdir()
    (root / "runs").mkdir()
    for name, notebook in lessons.items():
        nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
        (root / "runs" / f"{name}.html").write_text("of an older run")
    (root / "runs" / "metrics.json").write_text('{"source": "of an older run"}')
    return root


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["04"], ["'04' is not a lesson", "01_first, 02_broken, 03_last"]),
        (["--params", "epoch=5"], ["'epoch' is not a parameter", "seed, epochs"]),
        (["01", "--params", "epochs=5"], ["'epochs' is not a parameter of 01_first", "seed"]),
        (["--params", "epochs=0"], ["epochs=0", "from 1 to"]),
        (["--params", "epochs=many"], ["epochs='many'", "whole number"]),
        (["--params", "seed=1.5"], ["seed=1.5", "whole number"]),
        (["--params", "seed=10**12"], ["seed='10**12'", "whole number"]),
        (["--params", "epochs"], ["'epochs' is not a parameter", "name=value"]),
        (["--params", "epochs="], ["'epochs=' is not a parameter", "name=value"]),
        (["--params", "seed=1", "seed=2"], ["'seed' is given twice"]),
    ],
)
def test_bad_input_is_refused_before_anything_runs(root, arguments, expected):
    before = contents(root)
    with pytest.raises(SystemExit) as refusal:
        run.main(arguments, root)
    message = str(refusal.value.code)
    assert [part for part in expected if part not in message] == [], message
    assert contents(root) == before


def test_without_lessons_there_is_nothing_to_run(tmp_path):
    with pytest.raises(SystemExit, match="There are no lessons"):
        run.main([], tmp_path)


def test_a_failing_lesson_is_named_and_the_others_still_run(root, capsys):
    committed = contents(root / "notebooks")
    status = run.main(["--params", "epochs=5", "seed=7"], root)
    printed = capsys.readouterr().out
    assert status == 1
    assert "02_broken, cell 5 of 6, In [4], ZeroDivisionError: division by zero" in printed
    assert "the cell begins: # divide" in printed
    assert "accuracy 95.5" in printed
    assert contents(root / "notebooks") == committed

    # The tiny lessons' own parameters, in the lessons that have them.
    metrics = json.loads((root / "runs" / "metrics.json").read_text())
    lessons = metrics.pop("lessons")
    assert metrics == {
        "source": "MNIST",
        "has_epochs": False,
        "accuracy": 95.5,
        "given": [5, 7],
        "settings": {"epochs": 5, "seed": 7},
    }
    assert {name: one["status"] for name, one in lessons.items()} == {
        "01_first": "ok",
        "02_broken": "failed",
        "03_last": "ok",
    }
    assert all(0 < one["seconds"] < 60 for one in lessons.values())

    # Of the lesson that failed, what ran is there to look at; nothing is of the older run.
    partial = nbformat.read(root / "runs" / "02_broken.ipynb", as_version=4)
    assert any("ZeroDivisionError" in str(cell.get("outputs")) for cell in partial.cells)
    for name in lessons:
        assert "A lesson" in (root / "runs" / f"{name}.html").read_text()
    last = (root / "runs" / "03_last.html").read_text()
    assert 'alt="An &lt;empty&gt; figure. Images: nowhere."' in last
    assert run.NO_ALT not in last


def test_one_lesson_runs_alone(root):
    assert run.main(["03"], root) == 0
    metrics = json.loads((root / "runs" / "metrics.json").read_text())
    assert list(metrics["lessons"]) == ["03_last"]
    assert metrics["given"] == [20, 0]


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ({"source": "digits"}, "source is 'MNIST' in 01_a, 'digits' in 02_b"),
        ({"source": "MNIST", "mse": 0.2}, "mse is 0.1 in 01_a, 0.2 in 02_b"),
        ({"mse": 0.1}, "02_b: metrics without their source"),
    ],
)
def test_lessons_that_disagree_leave_no_metrics(tmp_path, capsys, second, complaint):
    first = {"source": "MNIST", "mse": 0.1}
    results = {
        name: {"status": "ok", "seconds": 1.0, "metrics": [metrics]}
        for name, metrics in {"01_a": first, "02_b": second}.items()
    }
    assert run.report(results, {}, tmp_path) == 1
    assert complaint in capsys.readouterr().out
    assert not (tmp_path / "metrics.json").exists()


def test_an_interrupt_stops_the_run(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "metrics.json").write_text('{"source": "of an older run"}')
    started = tmp_path / "started"
    slow = lesson(f"open({str(started)!r}, 'w').close()\nimport time; time.sleep(60)")
    nbformat.write(slow, tmp_path / "notebooks" / "01_slow.ipynb")
    code = "import pathlib, run_notebooks, sys; sys.exit(run.main([], pathlib.Path('.')))"
    runner = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.path.dirname(run.__file__)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        runner.send_signal(signal.SIGINT)
        printed, _ = runner.communicate(timeout=30)
    finally:
        runner.kill()
    assert runner.returncode == 130
    assert "Stopped by hand" in printed
    assert not (tmp_path / "runs" / "metrics.json").exists()


def test_refresh_stores_whole_runs_on_mnist_and_nothing_else(tmp_path, capsys):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    lessons = {
        "01_good": lesson(
            "print('one', flush=True)\nimport time; time.sleep(1)\nprint('two')", MNIST
        ),
        "02_broken": lesson("1 / 0", MNIST),
        "03_standin": lesson(METRICS.format("{'source': 'digits'}")),
    }
    for name, notebook in lessons.items():
        jupytext.write(notebook, folder / f"{name}.py", fmt="py:percent")
        (folder / f"{name}.ipynb").write_bytes(nbformat.writes(lesson("old")).encode())
    before = contents(folder)
    assert refresh.main(tmp_path) == 1
    printed = capsys.readouterr().out
    assert "Not refreshed: 02_broken, 03_standin." in printed
    assert "ZeroDivisionError" in printed
    assert "Stored outputs must be of MNIST" in printed
    first = contents(folder)
    good = folder / "01_good.ipynb"
    assert {path for path in first if first[path] != before.get(path)} == {good}
    assert b'"one\\n",' in first[good]

    for name in ("02_broken", "03_standin"):
        (folder / f"{name}.py").unlink()
    assert refresh.main(tmp_path) == 0
    assert contents(folder)[good] == first[good]
