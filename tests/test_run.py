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
FIGURE = """
import matplotlib.pyplot as plt
from aelib.figures import show
show(plt.subplots()[0], "An <empty> figure.", "nowhere")
"""
LINKS = "[a](02_broken.ipynb) [b](03_last.ipynb#end) [c](http://example.org/05_x.ipynb)"


def lesson(*sources, parameters="epochs = 20\nseed = 0", tags=()):
    """A notebook with a cell of text, one of parameters, and code cells, the last with tags."""
    cells = [new_code_cell(source) for source in (parameters, *sources)]
    cells[-1].metadata["tags"] = list(tags)
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        cells=[new_markdown_cell("# A lesson"), *cells], metadata={"kernelspec": kernel}
    )


def project(root, lessons, claims=None):
    """A project of these lessons, of which the first has a file of checks."""
    for folder in ("notebooks", "runs", "tests/lessons", "aelib/results"):
        (root / folder).mkdir(parents=True)
    for name, notebook in lessons.items():
        nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
        jupytext.write(notebook, root / "notebooks" / f"{name}.py", fmt="py:percent")
        checks = "FACTS = {'A.': None, 'B.': None}\nHEDGED = {'C.': None, 'D.': None}"
        checks = "FACTS = {}\nHEDGED = {}" if name != next(iter(lessons)) else checks
        (root / "tests" / "lessons" / f"lesson_{name[:2]}.py").write_text(checks)
    (root / "aelib" / "results" / "claims.json").write_text(json.dumps(claims or {}))
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project of which two lessons fail, with traces of an older run."""
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
        "04_dies": lesson("import os\nos._exit(1)"),
    }
    lessons["03_last"].cells.append(new_markdown_cell(LINKS))
    counts = {"MNIST": {"A.": [19, 20], "B.": [18, 20], "C.": [3, 20], "gone": [0, 20]}}
    root = project(tmp_path_factory.mktemp("project"), lessons, counts)
    (root / "runs" / "metrics.json").write_text('{"source": "of an older run"}')
    (root / "runs" / "01_first.html").write_text("of an older run")
    return root


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["05"], ["'05' is not a lesson", "01_first, 02_broken, 03_last"]),
        (["--params", "epoch=5"], ["'epoch' is not a parameter", "seed, epochs"]),
        (["01", "--params", "epochs=5"], ["'epochs' is not a parameter of 01_first", "seed"]),
        (["--params", "epochs=0"], ["epochs=0", "from 1 to"]),
        (["--params", "epochs=many"], ["epochs='many'", "whole number"]),
        (["--params", "seed=1.5"], ["seed=1.5", "whole number"]),
        (["--params", "seed=10**12"], ["seed='10**12'", "whole number"]),
        (["--params", "epochs"], ["'epochs' is not a parameter", "name=value"]),
        (["--params", "epochs="], ["'epochs=' is not a parameter", "name=value"]),
        (["--params", "epochs=5", "--params", "epochs=5"], ["'epochs' is given twice"]),
        (["--params", "seed='5'"], ["seed='5'", "whole number"]),
        (["--params", "epochs=" + "[" * 10_000], ["whole number"]),
        (["--params", "seed=" + "9" * 10_000], ["seed=", "whole number"]),
    ],
)
def test_bad_input_is_refused_before_anything_runs(root, arguments, expected):
    before = contents(root)
    with pytest.raises(SystemExit) as refusal:
        run.main(arguments, root)
    message = str(refusal.value.code)
    assert [part for part in expected if part not in message] == [] and len(message) < 400, message
    assert contents(root) == before


def test_values_are_numbers_truth_values_or_texts_and_a_folder_may_have_spaces(monkeypatch):
    monkeypatch.chdir("/")
    words = ["seed=5", "learning_rate=1e-3", "moves='small'", "images=my", "own", "x.npz"]
    assert run.read_settings([*words, "skip_unreadable=True", "source=mnist"]) == {
        "seed": 5,
        "learning_rate": 0.001,
        "moves": "small",
        "images": os.path.abspath("/my own x.npz"),
        "skip_unreadable": True,
        "source": "mnist",
    }
    assert run.read_settings(["images=''"]) == {"images": ""}
    assert run.read_settings(["images=~/7"]) == {"images": os.path.expanduser("~/7")}


@pytest.mark.slow
def test_failing_lessons_are_named_and_the_others_still_run(root, capsys):
    committed = contents(root / "notebooks")
    assert run.main(["--params", "epochs=5", "--params", "seed=7"], root) == 1
    printed = capsys.readouterr().out
    assert "02_broken, cell 5 of 6, In [4], ZeroDivisionError: division by zero" in printed
    assert "the cell begins: # divide" in printed
    assert "04_dies, cell 4 of 4" in printed and "DeadKernelError" in printed
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
        "claims": 3,
        "claims_below_19_of_20": 1,
        "settings": {"epochs": 5, "seed": 7},
    }
    assert [one["status"] for one in lessons.values()] == ["ok", "failed", "ok", "failed"]
    assert all(0 < one["seconds"] < 60 for one in lessons.values())

    # Of the lesson that failed, what ran is there to look at; nothing is of the older run.
    assert "ZeroDivisionError" in (root / "runs" / "02_broken.ipynb").read_text()
    for name in lessons:
        assert "A lesson" in (root / "runs" / f"{name}.html").read_text()
    last = (root / "runs" / "03_last.html").read_text()
    assert 'alt="An &lt;empty&gt; figure. Images: nowhere."' in last
    assert pages.NO_ALT not in last
    assert 'href="02_broken.html"' in last and 'href="03_last.html#end"' in last
    assert 'href="http://example.org/05_x.ipynb"' in last
    assert last.count("<style>\n.jp-MarkdownOutput") == 1


def test_lessons_that_disagree_leave_no_metrics(tmp_path, capsys):
    results = {
        name: {"status": "ok", "seconds": 1.0, "metrics": [{"source": "MNIST", "mse": mse}]}
        for name, mse in {"01_a": 0.1, "02_b": 0.2}.items()
    }
    assert run.report(results, {}, tmp_path) == 1
    assert "mse is 0.1, but 0.2 in 02_b" in capsys.readouterr().out
    assert not (tmp_path / "runs" / "metrics.json").exists()


def test_the_first_that_loads_a_shared_network_trains_it_and_the_others_come_last(tmp_path):
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
        together.wait(timeout=10)  # Until another one runs, too.
        time.sleep(0.05)
        return f"slept\nwell, {name}", name.upper()

    jobs = {name: lambda name=name: job(name) for name in "abcd"}
    assert side_by_side.side_by_side(jobs) == {name: name.upper() for name in "abcd"}
    assert {*begun[:2]} == {"a", "b"} and {*begun[2:]} == {"c", "d"}
    assert "[3/4] c: slept, 0 s\nwell, c\n" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_a_run_leaves_no_process_behind(tmp_path, sent):
    computing = tmp_path / "computing"
    waiting = f"""import os, pathlib, subprocess, sys, time
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({str(computing)!r}).write_text(f"{{os.getpid()}} {{helper.pid}} ")
time.sleep(60)"""
    project(tmp_path, {"01_never": lesson("1"), "02_slow": lesson(waiting), "03_quick": lesson()})
    code = """import pathlib, sys
from tools import run, side_by_side
side_by_side.usable_cores = lambda: 1
sys.exit(run.main([], pathlib.Path('.')))"""
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runner = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: computing.exists() and computing.read_text().endswith(" "))
        runner.send_signal(sent)
        printed, _ = runner.communicate(timeout=30)
    finally:
        runner.kill()
    assert runner.returncode == 130
    assert printed.endswith("Stopped by hand. Finished before: 03_quick.\n")
    assert "01_never" not in printed and "02_slow: failed" not in printed
    wait_for(lambda: not any(map(psutil.pid_exists, map(int, computing.read_text().split()))))
    assert not (tmp_path / "runs" / "metrics.json").exists()


def wait_for(condition):
    deadline = time.monotonic() + 60
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
    monkeypatch.setattr(refresh, "looking", lambda path: lies.get(path.stem, [new_code_cell("1")]))
    before = contents(folder)
    assert refresh.main([], tmp_path) == 1
    printed = capsys.readouterr().out
    assert "Not refreshed: 02_broken, 03_standin, 04_untrue." in printed
    for words in ("ZeroDivisionError", "Stored outputs must be of MNIST", "Stated as a fact"):
        assert words in printed
    first = contents(folder)
    good = folder / "01_good.ipynb"
    assert {path for path in first if first[path] != before[path]} == {good}
    assert b'"one\\n",' in first[good] and first[good].count(b"execution_count") == 3
    assert "01_good: refreshed" in printed and "\n+one\n+two\n" in printed

    assert refresh.main(["01"], tmp_path) == 0
    assert "01_good: unchanged" in capsys.readouterr().out
    assert contents(folder) == first


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
    results = project(tmp_path, lessons, {"digits": {"A.": [1, 1]}}) / "aelib" / "results"
    (results / "spread.json").write_text('{"settings": {}, "runs": {"digits": {"mse": [9]}}}')
    verdict = f"display({{{CLAIMS_MIME!r}: {{'holds': {{'A.': seed == 0}}}}}}, raw=True)"
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
    assert list(counts.pop("conditions")) == ["A.", "B.", "C.", "D."]
    assert counts == {"digits": {"A.": [1, 1]}, "MNIST": {"A.": [1, 2]}}


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
    assert "Failed: 98_other, 99_same." in printed
    assert "98_other.ipynb::Cell 1" in printed and "99_same.ipynb::Cell 1" not in printed
    assert "99_same.ipynb::Cell 2" in printed and "lesson_99.py" in printed


def test_offline_means_no_files_and_no_way_to_the_network(tmp_path, monkeypatch, capsys):
    def load_data(source):
        names = [f"{kind}_proxy" for kind in ("http", "https", "all")]
        [address] = {os.environ[name] for one in names for name in (one, one.upper())}
        assert os.environ["no_proxy"] == "" and os.listdir(os.environ["AELIB_DATA"]) == []
        return SimpleNamespace(source=address)

    project(tmp_path, {"01_any": lesson("1")})
    monkeypatch.setattr(os, "environ", {"no_proxy": "localhost", "HTTP_PROXY": "http://real"})
    monkeypatch.setattr("aelib.data.load_data", load_data)
    monkeypatch.setattr(check, "side_by_side", lambda jobs: dict.fromkeys(jobs, True))
    assert check.main(True, tmp_path) == 0
    assert "run on http://127.0.0.1:9 (--nbval-lax)" in capsys.readouterr().out
