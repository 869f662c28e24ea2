"""What runs, refreshes, checks and measures lessons does what it says, on tiny ones."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import jupytext
import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from aelib.settings import METRICS_MIME
from tools import check, pages, refresh, run, side_by_side, spread
from tools.claims import CLAIMS_MIME
from tools.lessons import ROOT, find_lessons, starting_order

METRICS = f"display({{{{{METRICS_MIME!r}: {{}}}}}}, raw=True)"
MNIST = METRICS.format("{'source': 'MNIST'}")
FIGURE = """import matplotlib.pyplot as plt
from aelib.figures import show
show(plt.subplots()[0], "An <empty> figure.", "nowhere")"""


def lesson(*sources, parameters="epochs = 20\nseed = 0", tags=()):
    """A notebook with a cell of text, one of parameters, and code cells, the last with tags."""
    cells = [new_code_cell(source) for source in (parameters, *sources)]
    cells[-1].metadata["tags"], cells[0].metadata["tags"] = [*tags], ["parameters"]
    links = "# A [lesson](02_broken.ipynb#end) of [c](http://example.org/05_x.ipynb)"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=[new_markdown_cell(links), *cells], metadata={"kernelspec": kernel})


def project(root, lessons, counts=None):
    """A project of these lessons, with their files of checks."""
    for folder in ("notebooks", "runs", "tests/lessons", "aelib/results"):
        (root / folder).mkdir(parents=True)
    for name, notebook in lessons.items():
        nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
        jupytext.write(notebook, root / "notebooks" / f"{name}.py", fmt="py:percent")
        checks = f"FACTS = {{'A{name}': 1, 'B{name}': 1}}\nHEDGED = {{'C{name}': 1}}"
        (root / "tests" / "lessons" / f"lesson_{name[:2]}.py").write_text(checks)
    (root / "aelib" / "results" / "claims.json").write_text(json.dumps(counts or {}))
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project of which two lessons fail, with traces of an older run."""
    last = METRICS.format("{'source': 'MNIST', 'accuracy': 95.5, 'given': [epochs, seed]}")
    first = METRICS.format("{'source': 'MNIST', 'has_epochs': 'epochs' in globals()}")
    lessons = {
        "01_first": lesson(first, parameters="seed = 0"),
        "02_broken": lesson("before = 1", "# divide\n1 / 0", "after = 1"),
        "03_last": lesson(last, FIGURE),
        "04_dies": lesson("import os\nos._exit(1)"),
    }
    counts = {"A01_first": [19, 20], "B03_last": [18, 20], "C03_last": [3, 20], "gone": [0, 20]}
    root = project(tmp_path_factory.mktemp("project"), lessons, {"MNIST": counts})
    (root / "runs" / "metrics.json").write_text('{"source": "of an older run"}')
    return root


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["05"], ["'05' is not a lesson", "01_first, 02_broken, 03_last"]),
        (["01", "--params", "epochs=5"], ["'epochs' is not a parameter of 01_first", "seed"]),
        (["--params", "epochs=0"], ["epochs=0", "from 1 to"]),
        (["--params", "epochs=many"], ["epochs='many'", "whole number"]),
        (["--params", "seed=1.5"], ["seed=1.5", "whole number"]),
        (["--params", "epochs="], ["'epochs=' is not a parameter", "name=value"]),
        (["--params", "epochs=5", "--params", "epochs=5"], ["'epochs' is given twice"]),
        (["--params", "epochs=" + "[" * 10_000], ["whole number"]),
    ],
)
def test_bad_input_is_refused_before_anything_runs(root, arguments, expected):
    before = contents(root)
    with pytest.raises(SystemExit) as refusal:
        run.main(arguments, root)
    message = str(refusal.value.code)
    assert [part for part in expected if part not in message] == [] and len(message) < 400, message
    assert contents(root) == before


def test_values_are_numbers_truth_values_or_texts_and_a_folder_may_have_spaces():
    words = ["seed=5", "images=/my", "own", "x.npz", "moves='small'", "skip_unreadable=True"]
    expected = {"seed": 5, "moves": "small", "skip_unreadable": True}
    assert run.read_settings(words) == {**expected, "images": os.path.abspath("/my own x.npz")}
    assert run.read_settings(["images=''"]) == {"images": ""}


@pytest.mark.slow
def test_failing_lessons_are_named_and_the_others_still_run(root, capsys):
    committed = contents(root / "notebooks")
    assert run.main(["--params", "epochs=5", "--params", "seed=7"], root) == 1
    printed = capsys.readouterr().out
    assert "02_broken, cell 5 of 6, In [4], ZeroDivisionError: division by zero" in printed
    assert "the cell begins: # divide" in printed and "04_dies, cell 4 of 4" in printed
    assert contents(root / "notebooks") == committed
    metrics = json.loads((root / "runs" / "metrics.json").read_text())
    lessons = metrics.pop("lessons")
    assert metrics == {
        "source": "MNIST",
        "has_epochs": False,
        "accuracy": 95.5,
        "given": [5, 7],  # The tiny lessons' own parameters, in the lessons that have them.
        "claims": 3,
        "claims_below_19_of_20": 1,
        "settings": {"epochs": 5, "seed": 7},
    }
    assert [one["status"] for one in lessons.values()] == ["ok", "failed", "ok", "failed"]
    assert all(0 < one["seconds"] < 120 for one in lessons.values())
    assert "ZeroDivisionError" in (root / "runs" / "02_broken.ipynb").read_text()
    for name in lessons:
        page = (root / "runs" / f"{name}.html").read_text()
        assert 'href="02_broken.html#end"' in page and ".org/05_x.ipynb" in page
        assert page.count("<style>\n.jp-MarkdownOutput") == 1 and pages.NO_ALT not in page
        assert ('alt="An &lt;empty&gt; figure. Images: nowhere."' in page) == (name == "03_last")


def test_lessons_that_disagree_leave_no_metrics(tmp_path, capsys):
    shown = {"01_a": [{"source": "MNIST", "mse": 0.1}], "02_b": [{"source": "MNIST", "mse": 0.2}]}
    results = {n: {"status": "ok", "seconds": 1.0, "metrics": one} for n, one in shown.items()}
    assert run.report(results, {}, tmp_path) == 1 and list(tmp_path.iterdir()) == []
    assert "mse is 0.1, but 0.2 in 02_b" in capsys.readouterr().out


def test_who_trains_for_others_begins_and_then_the_last_lesson_which_takes_longest(tmp_path):
    tags = {"01_a": [], "02_b": ["pretrained"], "03_c": ["readme", "pretrained"], "04_d": []}
    project(tmp_path, {name: lesson("1", tags=those) for name, those in tags.items()})
    lessons = find_lessons(tmp_path / "notebooks")
    assert list(starting_order(lessons)) == ["02_b", "04_d", "01_a", "03_c"]
    assert list(find_lessons(tmp_path / "notebooks", wanted=["03", "01_a"])) == ["01_a", "03_c"]


def test_as_many_run_at_a_time_as_there_are_cores_and_in_order(monkeypatch, capsys):
    monkeypatch.setattr(side_by_side, "usable_cores", lambda: 2)
    together, begun = threading.Barrier(2), []

    def job(name):
        begun.append(name)
        together.wait(timeout=60)  # Until another one runs, too.
        return f"done\nwell, {name}", name.upper()

    jobs = {name: lambda name=name: job(name) for name in "abcd"}
    assert side_by_side.side_by_side(jobs) == {name: name.upper() for name in "abcd"}
    assert {*begun[:2]} == {"a", "b"} and {*begun[2:]} == {"c", "d"}
    assert "[3/4] c: done, 0 s\nwell, c\n" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_a_run_leaves_no_process_behind(tmp_path, sent):
    pids = tmp_path / "pids"
    slow = f"""import os, pathlib, subprocess, sys, time
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path({str(pids)!r}).write_text(f"{{os.getpid()}} {{helper.pid}} ")
time.sleep(300)"""
    project(tmp_path, {"01_slow": lesson(slow), "02_never": lesson("1"), "03_quick": lesson()})
    code = """import pathlib, sys; from tools import run, side_by_side
side_by_side.usable_cores = lambda: 1
sys.exit(run.main([], pathlib.Path('.')))"""
    command, path = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=path, stdout=-1, text=True) as runner:
        wait_for(lambda: pids.exists() and pids.read_text().endswith(" "))
        runner.send_signal(sent)
        printed, _ = runner.communicate(timeout=60)
    assert runner.returncode == 130
    assert printed.endswith("Stopped by hand. Finished before: 03_quick.\n")
    assert "02_never" not in printed and "01_slow: failed" not in printed
    wait_for(lambda: not any(psutil.pid_exists(int(pid)) for pid in pids.read_text().split()))
    assert not (tmp_path / "runs" / "metrics.json").exists()


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


@pytest.mark.slow
def test_refresh_stores_whole_runs_on_mnist_and_nothing_else(tmp_path, capsys, monkeypatch):
    lessons = {
        "01_good": lesson("print('one')\nimport time; time.sleep(0.5)\nprint('two')", MNIST),
        "02_broken": lesson("1 / 0", MNIST),
        "03_standin": lesson(MNIST, METRICS.format("{'source': 'digits'}")),
        "04_untrue": lesson(MNIST),
    }
    folder = project(tmp_path, lessons) / "notebooks"
    lies = {"04_untrue": [new_code_cell("assert False, 'Stated as a fact'")]}
    usual = [new_code_cell("1")]
    monkeypatch.setattr(refresh, "looking", lambda path, storing: lies.get(path.stem, usual))
    before = contents(folder)
    assert refresh.main([], tmp_path) == 1
    printed = capsys.readouterr().out
    assert "Not refreshed: 02_broken, 03_standin, 04_untrue." in printed
    for words in ("ZeroDivisionError", "Stored outputs must be of MNIST", "Stated as a fact"):
        assert words in printed
    first, good = contents(folder), folder / "01_good.ipynb"
    assert {path for path in first if first[path] != before[path]} == {good}
    assert b'"one\\n",' in first[good] and first[good].count(b"execution_count") == 3
    assert "01_good: refreshed" in printed and "\n+one\n+two\n" in printed
    assert refresh.main(["01"], tmp_path) == 0
    assert "01_good: unchanged" in capsys.readouterr().out and contents(folder) == first


@pytest.mark.slow
def test_measuring_the_spread_leaves_the_files_until_all_is_known(tmp_path, capsys, monkeypatch):
    measured = lesson(
        METRICS.format("{'source': 'MNIST', 'mse': seed + 0.5}"),
        "from aelib.lesson import check\ncheck('MNIST', {}, {'approach_1_accuracy': 0.0})",
        "assert seed < 2",
        parameters="source = 'auto'\ntrain_size = 6_000\nseed = 0",
        tags=["spread"],
    )
    lessons = {"01_measured": measured, "02_other": lesson("1 / 0")}
    results = project(tmp_path, lessons, {"digits": {"A": [1, 1]}}) / "aelib" / "results"
    (results / "spread.json").write_text('{"settings": {}, "runs": {"digits": {"mse": [9]}}}')
    verdict = f"display({{{CLAIMS_MIME!r}: {{'holds': {{'A': seed == 0}}}}}}, raw=True)"
    monkeypatch.setattr(spread, "looking", lambda path: [new_code_cell(verdict)])
    monkeypatch.setenv("AELIB_SPREAD", "")  # So that it is put back.
    before = contents(results)
    assert spread.main(["mnist"], tmp_path, {"mnist": [1, 2]}) == 1
    assert "mnist, seed 2, 01_measured" in capsys.readouterr().out.splitlines()[-1]
    assert contents(results) == before
    assert spread.main(["mnist"], tmp_path, {"mnist": [0, 1]}) == 0
    assert json.loads((results / "spread.json").read_text()) == {
        "settings": {"train_size": 6000},
        "runs": {"digits": {"mse": [9]}, "MNIST": {"mse": [0.5, 1.5]}},
    }
    counts = json.loads((results / "claims.json").read_text())
    assert list(counts.pop("conditions")) == ["A01_measured", "B01_measured", "C01_measured"]
    assert counts == {"digits": {"A": [1, 1]}, "MNIST": {"A": [1, 2]}}
    # One lesson by its number: what is measured of others stays, but no sentence that is gone.
    assert spread.main(["mnist", "01"], tmp_path, {"mnist": [0, 1]}) == 0
    counts = json.loads((results / "claims.json").read_text())
    assert len(counts.pop("conditions")) == 3 and counts == {"digits": {}, "MNIST": {}}
    assert list(json.loads((results / "spread.json").read_text())["runs"]) == ["digits", "MNIST"]


@pytest.mark.slow
def test_a_lesson_with_other_outputs_fails_and_so_does_one_that_nobody_can_look_at(capsys):
    (ROOT / "runs").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "runs") as root:  # Of this project: looked at.
        (Path(root) / "notebooks").mkdir()
        for name, stored in {"98_other": "4", "99_same": "3"}.items():
            notebook = lesson("1 + 2")
            data = new_output("execute_result", {"text/plain": stored}, execution_count=2)
            notebook.cells[-1].update(execution_count=2, outputs=[data])
            nbformat.write(notebook, Path(root) / "notebooks" / f"{name}.ipynb")
        assert check.main(False, Path(root)) == 1
    printed = capsys.readouterr().out
    assert "98_other.ipynb::Cell 1" in printed and "99_same.ipynb::Cell 1" not in printed
    assert "99_same.ipynb::Cell 2" in printed and "lesson_99.py" in printed


def test_offline_means_no_files_and_no_way_to_the_network(tmp_path, monkeypatch, capsys):
    def load_data(source):
        assert os.environ["no_proxy"] == "" and os.listdir(os.environ["AELIB_DATA"]) == []
        assert os.environ["HTTP_PROXY"] == os.environ["https_proxy"]
        return SimpleNamespace(source=os.environ["http_proxy"])

    project(tmp_path, {"01_any": lesson("1")})
    monkeypatch.setattr(os, "environ", {"no_proxy": "localhost", "HTTP_PROXY": "http://real"})
    monkeypatch.setattr("aelib.data.load_data", load_data)
    monkeypatch.setattr(check, "side_by_side", lambda jobs: dict.fromkeys(jobs, True))
    assert check.main(True, tmp_path) == 0
    assert "run on http://127.0.0.1:9 (--nbval-lax)" in capsys.readouterr().out
