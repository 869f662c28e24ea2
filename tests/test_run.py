"""The runner and the refresher do what they say, on tiny lessons and with real kernels."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import jupytext
import nbformat
import psutil
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from aelib.settings import CHOICES, METRICS_MIME, NUMBERS
from tools import check, pages, refresh, run, spread
from tools.lessons import ROOT, choose, read

METRICS = f"display({{{{{METRICS_MIME!r}: {{}}}}}}, raw=True)"
MNIST = METRICS.format("{'source': 'MNIST'}")
FIGURE = """
import matplotlib.pyplot as plt
from aelib.figures import show
show(plt.subplots()[0], "An <empty> figure.", "nowhere")
"""
LINKS = "[a](02_broken.ipynb) [b](03_last.ipynb#end) [c](http://example.org/05_x.ipynb)"


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
    lessons["03_last"].cells.append(new_markdown_cell(LINKS))
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
        (["--params", "seed=1", "--params", "epochs=0"], ["epochs=0", "from 1 to"]),
        (["--params", "epochs=5", "--params", "epochs=5"], ["'epochs' is given twice"]),
        (["--params", "seed=1=2"], ["seed='1=2'", "whole number"]),
        (["--params", "seed=5#comment"], ["seed='5#comment'", "whole number"]),
        (["--params", "seed='5'"], ["seed='5'", "whole number"]),
        (["--params", " seed=5"], ["' seed' is not a parameter", "seed, epochs"]),
        (["--params", "epochs=" + "[" * 10_000], ["whole number"]),
        (["--params", "seed=" + "9" * 10_000], ["seed=inf", "whole number"]),
        (["--params", "seed=nan"], ["seed=nan", "whole number"]),
    ],
)
def test_bad_input_is_refused_before_anything_runs(root, arguments, expected):
    before = contents(root)
    with pytest.raises(SystemExit) as refusal:
        run.main(arguments, root)
    message = str(refusal.value.code)
    assert [part for part in expected if part not in message] == [], message
    assert contents(root) == before


#: What somebody may type after an equal sign.
odd = some.one_of(
    some.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text),
    some.integers().map(str),
    some.integers(0, 1_000).map(str),
    some.floats().map(str),
    some.floats(0, 1).map(str),
    some.sampled_from(["'digits'", '"auto"', "mnist", "MNIST", "True", "None", "1e400", "0x5"]),
    some.sampled_from(["'small'", "mirror", "False", "''", '""', "~", "~nobody/here", "../a b"]),
    some.text("0123456789_.eE+- '\"=#", min_size=1, max_size=8),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A lesson that has every parameter."""
    values = {name: low for name, (_, low, _) in NUMBERS.items()}
    values |= {name: choices[0] for name, choices in CHOICES.items()} | {"images": ""}
    path = tmp_path_factory.mktemp("any") / "01_any.ipynb"
    text = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    nbformat.write(lesson(parameters=text), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["images", *CHOICES, *NUMBERS])
@hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
@given(value=odd)
def test_any_value_is_refused_in_one_sentence_or_is_what_the_lesson_gets(whole, name, value):
    try:
        settings = run.read_settings([f"{name}={value}"])
        run.accepted_settings({"01_any": whole}, settings)
    except SystemExit as refusal:
        assert name in refusal.code  # noqa: PT017
        assert len(refusal.code) < 300
        assert meant(name, value) is None
    else:
        [cell] = [c for c in read(whole, settings).cells if "injected" in str(c.metadata)]
        got = {}
        exec(cell.source, got)
        assert got[name] == meant(name, value)
        assert isinstance(got[name], bool) == (name == "skip_unreadable")


def meant(name, value):
    """What a text says of a parameter; None if that is nothing that the parameter may be."""
    plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] in "'\"" else value
    if name == "images":
        path = os.path.expanduser(plain)
        known = path != plain or not plain.startswith("~")
        return (path and os.path.realpath(path)) if known else None
    if name in CHOICES:
        said = value if name == "skip_unreadable" else plain
        return {str(choice): choice for choice in CHOICES[name]}.get(said)
    kind, low, high = NUMBERS[name]
    try:
        return kind(value) if low <= kind(value) <= high else None
    except ValueError:
        return None


def test_without_lessons_there_is_nothing_to_run(tmp_path):
    with pytest.raises(SystemExit, match="There are no lessons"):
        run.main([], tmp_path)


@pytest.mark.slow
def test_a_failing_lesson_is_named_and_the_others_still_run(root, capsys):
    committed = contents(root / "notebooks")
    status = run.main(["--params", "epochs=5", "--params", "seed=7"], root)
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
        "claims": 0,
        "claims_below_19_of_20": None,
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
    assert pages.NO_ALT not in last
    assert 'href="02_broken.html"' in last and 'href="03_last.html#end"' in last
    assert 'href="http://example.org/05_x.ipynb"' in last
    assert last.count("<style>\n.jp-MarkdownOutput") == 1


@pytest.mark.slow
def test_one_lesson_runs_alone(root):
    assert run.main(["03"], root) == 0
    metrics = json.loads((root / "runs" / "metrics.json").read_text())
    assert list(metrics["lessons"]) == ["03_last"]
    assert metrics["given"] == [20, 0]


def test_claims_are_counted_and_facts_that_held_too_seldom(monkeypatch):
    counts = {"one": (18, 20), "two": (19, 20), "three": (2, 20), "gone": (0, 20)}
    monkeypatch.setattr(run, "claim_counts", lambda source: counts if source == "MNIST" else {})
    first = {"source": "MNIST", "claims": {"one": True, "two": True}, "facts": ["one", "two"]}
    second = {"source": "MNIST", "claims": {"three": False, "new": True}, "facts": ["new"]}
    assert run.count_claims([first, second]) == {"claims": 4, "claims_below_19_of_20": 1}
    elsewhere = run.count_claims([{**first, "source": "digits"}])
    assert elsewhere == {"claims": 2, "claims_below_19_of_20": None}


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
        name: {"status": "ok", "seconds": 1.0, "metrics": [metrics], "claims": []}
        for name, metrics in {"01_a": first, "02_b": second}.items()
    }
    assert run.report(results, {}, tmp_path) == 1
    assert complaint in capsys.readouterr().out
    assert not (tmp_path / "metrics.json").exists()


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


@pytest.mark.slow
def test_an_interrupt_stops_all_that_is_under_way(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "metrics.json").write_text('{"source": "of an older run"}')
    started = [tmp_path / "second", tmp_path / "third"]
    cells = {"04_quick": "1", "01_waiting": "1"}
    for name, path in zip(("02_slow", "03_slow"), started, strict=True):
        cells[name] = f"""import os, pathlib, time
pathlib.Path({str(path)!r}).write_text(str(os.getpid()))
time.sleep(60)"""
    for name, source in cells.items():
        nbformat.write(lesson(source), tmp_path / "notebooks" / f"{name}.ipynb")
    code = """import pathlib, sys
from tools import run, side_by_side
side_by_side.cpu_count = lambda: 2
sys.exit(run.main([], pathlib.Path('.')))"""
    runner = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: all(path.exists() and path.read_text() for path in started))
        kernels = [int(path.read_text()) for path in started]
        runner.send_signal(signal.SIGINT)
        printed, _ = runner.communicate(timeout=30)
    finally:
        runner.kill()
    assert runner.returncode == 130
    assert "Stopped by hand. Finished before: 04_quick." in printed
    assert {name for name in cells if f"{name}: stopped" in printed} == {"02_slow", "03_slow"}
    wait_for(lambda: not any(map(psutil.pid_exists, kernels)))
    assert not (tmp_path / "runs" / "metrics.json").exists()


@pytest.mark.slow
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
    assert refresh.main([], tmp_path) == 1
    printed = capsys.readouterr().out
    assert "Not refreshed: 02_broken, 03_standin." in printed
    assert "ZeroDivisionError" in printed
    assert "Stored outputs must be of MNIST" in printed
    first = contents(folder)
    good = folder / "01_good.ipynb"
    assert {path for path in first if first[path] != before.get(path)} == {good}
    assert b'"one\\n",' in first[good]

    assert refresh.main(["01"], tmp_path) == 0
    assert "01_good: unchanged" in capsys.readouterr().out
    assert contents(folder) == first


@pytest.mark.slow
def test_measuring_the_spread_leaves_the_file_until_all_is_known(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    stored = tmp_path / "aelib" / "results" / "spread.json"
    stored.parent.mkdir(parents=True)
    stored.write_text('{"settings": {}, "runs": {"digits": {"mse": [9]}}}')
    counts = stored.with_name("claims.json")
    counts.write_text('{"digits": {"old": [1, 1]}}')
    measured = lesson(
        f"import pathlib\nassert '[9]' in pathlib.Path({str(stored)!r}).read_text()",
        METRICS.format("{'source': 'MNIST', 'mse': seed + 0.5}"),
        "from aelib.lesson import check, claim, show_claims\n"
        "check('MNIST', {}, {'approach_1_accuracy': 0.0})\n"
        "claim('first', 'This is seed 0.', seed == 0)\nshow_claims('MNIST', {})",
        "assert seed < 2",
        parameters="source = 'auto'\ntrain_size = 6_000\nseed = 0",
    )
    measured.cells[-1].metadata["tags"] = ["spread"]
    nbformat.write(measured, tmp_path / "notebooks" / "01_measured.ipynb")
    nbformat.write(lesson("1 / 0"), tmp_path / "notebooks" / "02_other.ipynb")
    before = stored.read_text()
    assert spread.main(["mnist"], tmp_path, {"mnist": [1, 2]}) == 1
    assert "mnist, seed 2, 01_measured" in capsys.readouterr().out.splitlines()[-1]
    assert stored.read_text() == before
    assert spread.main(["mnist"], tmp_path, {"mnist": [0, 1]}) == 0
    assert json.loads(stored.read_text()) == {
        "settings": {"train_size": 6000},
        "runs": {"digits": {"mse": [9]}, "MNIST": {"mse": [0.5, 1.5]}},
    }
    assert json.loads(counts.read_text()) == {
        "digits": {"old": [1, 1]},
        "MNIST": {"first": [1, 2]},
        "conditions": {"first": "seed == 0"},
    }


@pytest.mark.slow
def test_a_lesson_with_other_outputs_is_named_and_shown(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    for name, stored in (("01_same", "3"), ("02_other", "4")):
        notebook = lesson("1 + 2")
        notebook.cells[-1].execution_count = 2
        notebook.cells[-1].outputs = [
            new_output("execute_result", {"text/plain": stored}, execution_count=2)
        ]
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    assert check.main(False, tmp_path) == 1
    printed = capsys.readouterr().out
    assert "01_same: ok" in printed
    assert "Failed: 02_other." in printed
    assert "02_other.ipynb::Cell 1" in printed


def test_lessons_are_chosen_by_number_or_name_in_reading_order():
    lessons = dict.fromkeys(["01_one", "02_two", "03_three"])
    assert list(choose(lessons, [])) == list(lessons)
    assert list(choose(lessons, ["03", "01_one"])) == ["01_one", "03_three"]
    for word in ("2", "02_", "two"):
        with pytest.raises(SystemExit, match=f"'{word}' is not a lesson. .*: 01_one, 02_two"):
            choose(lessons, ["01", word])


def test_offline_means_no_files_and_no_way_to_the_network(monkeypatch):
    seen = {}

    def watch(offline):
        seen.update(os.environ, offline=offline, files=os.listdir(os.environ["AELIB_DATA"]))
        return 7

    monkeypatch.setattr(os, "environ", {"no_proxy": "localhost", "HTTP_PROXY": "http://real"})
    monkeypatch.setattr(check, "main", watch)
    assert check.check_offline() == 7
    assert seen["offline"] and seen["files"] == [] and not os.path.exists(seen["AELIB_DATA"])
    proxies = {seen[f"{kind}_proxy".upper()] for kind in ("http", "https", "all")}
    proxies |= {seen[f"{kind}_proxy"] for kind in ("http", "https", "all")}
    [address] = proxies
    assert address.startswith("http://127.0.0.1:")
    assert seen["no_proxy"] == seen["NO_PROXY"] == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=5)


def test_an_offline_check_that_would_find_mnist_is_none(monkeypatch):
    monkeypatch.setattr("aelib.data.load_data", lambda **_: SimpleNamespace(source="MNIST"))
    with pytest.raises(SystemExit, match="Offline, and yet MNIST was found"):
        check.main(True)


@pytest.mark.parametrize(
    ("tool", "call", "says"),
    [
        (check, lambda root: check.main(False, root), "Passed before: 02_second."),
        (refresh, lambda root: refresh.main([], root), "Refreshed before: 02_second."),
        (spread, lambda root: spread.main(["digits"], root), "the file stays as it was."),
    ],
    ids=["check", "refresh", "spread"],
)
def test_who_stops_a_tool_learns_what_is_done(tmp_path, monkeypatch, capsys, tool, call, says):
    def stopped(functions, finished):
        finished[next(iter(functions))] = True
        raise KeyboardInterrupt

    (tmp_path / "notebooks").mkdir()
    for name in ("01_first", "02_second"):
        notebook = lesson("1")
        notebook.cells[-1].metadata["tags"] = ["spread"]
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
        jupytext.write(notebook, tmp_path / "notebooks" / f"{name}.py", fmt="py:percent")
    monkeypatch.setattr(tool, "side_by_side", stopped)
    monkeypatch.setenv("AELIB_SPREAD", "")  # So that it is put back.
    assert call(tmp_path) == 130
    assert f"Stopped by hand{':' if tool is spread else '.'} {says}" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notebooks"]


def test_a_source_that_there_is_not_has_no_spread(tmp_path):
    with pytest.raises(SystemExit, match="'mnisst' is not a source. The sources are: mnist"):
        spread.main(["mnisst"], tmp_path)
