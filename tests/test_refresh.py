"""What `make refresh` says has moved, and what it refuses to store."""

import asyncio
import copy
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from aelib.settings import CLAIMS_MIME, METRICS_MIME
from tools import refresh
from tools.lessons import ROOT, find_lessons, read
from tools.metadata import tidy


def executed(mse, holds, alt):
    bundles = [
        ({METRICS_MIME: {"source": "MNIST", "mse": mse}}, {}),
        ({CLAIMS_MIME: {"source": "MNIST", "claims": {"gap": holds, "rare": holds}}}, {}),
        ({"image/png": "AA==", "text/plain": f"Axes.\n  {alt}"}, {"image/png": {"alt": alt}}),
    ]
    outputs = [new_output("display_data", data, metadata=about) for data, about in bundles]
    return new_notebook(cells=[new_code_cell(outputs=outputs)])


def test_what_has_moved_is_named_with_both_values():
    before, after = executed(0.25, True, "Two lines."), executed(0.5, False, "Three lines.")
    assert refresh.moved(before, before) == []
    assert refresh.moved(before, after) == [
        "number mse: 0.25 -> 0.5",
        "claim gap: True -> False",
        "claim rare: True -> False",
        "figure 1: Two lines. -> Three lines.",
        "figure 1, line 2: Two lines. -> Three lines.",
    ]
    assert refresh.moved(new_notebook(), before)[1] == "number mse: not there -> 0.25"
    assert refresh.moved(before, new_notebook())[1] == "number mse: 0.25 -> gone"


def test_a_fact_that_does_not_hold_is_not_stored(monkeypatch):
    counts = {"gap": (19, 20), "rare": (18, 20)}
    monkeypatch.setattr(refresh, "claim_counts", lambda source: counts)
    refresh.refuse_false_facts(executed(0.25, True, "One."))
    with pytest.raises(RuntimeError, match="'gap' is stated as a fact"):
        refresh.refuse_false_facts(executed(0.25, False, "One."))
    counts["gap"] = (18, 20)
    refresh.refuse_false_facts(executed(0.25, False, "One."))
    counts.clear()
    refresh.refuse_false_facts(executed(0.25, False, "One."))


@pytest.mark.parametrize(
    ("sources", "stored"),
    [
        (["MNIST"], True),
        (["MNIST", "MNIST"], True),
        (["MNIST", "digits (stand-in)"], False),
        (["digits (stand-in)"], False),
        ([], False),
    ],
)
def test_outputs_of_mnist_alone_are_stored_and_not_the_witness(
    monkeypatch, tmp_path, sources, stored
):
    lesson = tmp_path / "01_half.py"
    lesson.write_text("# %%\nx = 1\n")
    looking = new_code_cell("look()")

    async def execute(notebook, folder, on_cell_start):
        assert notebook.cells[-1] is looking and folder == tmp_path
        shown = [{METRICS_MIME: {"source": source}} for source in sources]
        notebook.cells[0].outputs = [new_output("display_data", one) for one in shown]

    monkeypatch.setattr(refresh, "witness", lambda path: [looking])
    monkeypatch.setattr(refresh, "execute", execute)
    if stored:
        notebook = asyncio.run(refresh.executed(lesson, SimpleNamespace()))
        assert [cell.source for cell in notebook.cells] == ["x = 1"]
        assert len(notebook.cells[0].outputs) == len(sources)
    else:
        with pytest.raises(RuntimeError, match="Stored outputs must be of MNIST"):
            asyncio.run(refresh.executed(lesson, SimpleNamespace()))


def test_stored_lessons_are_tidy():
    for path in find_lessons(ROOT / "notebooks").values():
        notebook = read(path)
        before = copy.deepcopy(notebook)
        tidy(notebook)
        assert notebook == before, path
