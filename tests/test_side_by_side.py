"""Several lessons at a time: in which order, how many, and what is said of them."""

import asyncio
import re

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tools import side_by_side
from tools.lessons import starting_order


def tagged(*tags):
    """A lesson of a cell that has these tags."""
    return new_notebook(cells=[new_code_cell("1", metadata={"tags": list(tags)})])


def test_one_lesson_trains_what_the_others_load_at_the_end(tmp_path):
    lessons = {
        "01_plain": tagged(),
        "02_loads": tagged("pretrained"),
        "03_loads": tagged("readme", "pretrained"),
        "04_plain": tagged("readme"),
    }
    for name, notebook in lessons.items():
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    order = starting_order({name: tmp_path / f"{name}.ipynb" for name in lessons})
    assert list(order) == ["02_loads", "04_plain", "01_plain", "03_loads"]


def test_as_many_run_at_a_time_as_there_are_cores_and_in_order(monkeypatch, capsys):
    monkeypatch.setattr(side_by_side, "cpu_count", lambda: 2)
    under_way, most, begun = set(), [], []

    def sleeper(name):
        async def sleep(job):
            under_way.add(name)
            begun.append(name)
            most.append(len(under_way))
            await asyncio.sleep(0.05)
            under_way.remove(name)
            job.state = "slept"
            return name.upper()

        return sleep

    finished = {}
    side_by_side.side_by_side({name: sleeper(name) for name in "abcde"}, finished)
    assert begun == list("abcde")
    assert max(most) == 2
    assert finished == {name: name.upper() for name in "abcde"}
    printed = capsys.readouterr().out
    assert all(
        f"[{number}/5] {name}: slept, 0 s" in printed for number, name in enumerate("abcde", 1)
    )


def test_lines_in_a_terminal_do_not_mix(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    progress = side_by_side.Progress()
    progress.jobs = [side_by_side.Job(f"lesson {n}", progress) for n in range(3)]
    progress.show()
    progress.jobs.pop().say("done", "and why")
    progress.show()
    assert screen(capsys.readouterr().out) == [
        "lesson 2: done",
        "and why",
        "lesson 0: starting, 0 s",
        "lesson 1: starting, 0 s",
    ]


def screen(text):
    """What a terminal shows after `text`, which moves up and clears what is below."""
    lines = [""]
    for part in re.split(r"(\n|\r|\x1b\[\d*[AJ])", text):
        if part == "\n":
            lines.append("")
        elif up := re.fullmatch(r"\x1b\[(\d+)A", part):
            row = len(lines) - 1 - int(up[1])
        elif part == "\x1b[J":
            lines = lines[: row + 1] if lines[-1] == "" and len(lines) > 1 else lines
            lines[-1] = ""
        else:
            lines[-1] += part.strip("\r")
    return lines[:-1]
