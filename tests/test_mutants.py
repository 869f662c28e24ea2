"""The faults that `make mutants` plants, and how it finds out whether anybody notices them."""

import json
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import mutants as planting
from tools.lessons import ROOT
from tools.mutants import (
    covering,
    lines_left_alone,
    main,
    read_survivors,
    refreshed_alike,
    show_lesson,
)
from tools.mutations import is_code, mutants

SOURCE = '''"""Words."""
def half(x, y=2):
    """More words."""
    if not x < y:
        raise ValueError("text")
    print(x)
    return min(x, y) / 2
'''
FAULTS = [
    ("2", "3"),
    ("not x < y", "(x < y)"),
    ("x < y", "(x <= y)"),
    ('raise ValueError("text")', "pass"),
    ("print(x)", "pass"),
    ("return min(x, y) / 2", "return"),
    ("min(x, y) / 2", "(min(x, y) * 2)"),
    ("min", "max"),
    ("min(x, y)", "min(y, x)"),
    ("2", "3"),
]


def test_the_faults_of_a_function():
    found = mutants("half.py", SOURCE)
    assert sorted(one.key[1:] for one in found) == sorted(FAULTS)
    for one in found:
        assert is_code(one, SOURCE)
        assert (
            one.apply(SOURCE).replace(one.text, "", 1) == SOURCE.replace(one.before, "", 1)
            or SOURCE.count(one.before) > 1
        )


def test_what_only_looks_are_made_of_is_left_alone():
    found = mutants("figure.py", "plot(x, figsize=(1, 2), alpha=3, label='a', marker=4)")
    assert sorted(one.key[1:] for one in found) == [
        ("'a'", "'ax'"),
        ("4", "5"),
        *[
            ("plot(x, figsize=(1, 2), alpha=3, label='a', marker=4)", without)
            for without in (
                "pass",
                "plot(x, figsize=(1, 2), alpha=3, label='a')",
                "plot(x, figsize=(1, 2), alpha=3, marker=4)",
            )
        ],
    ]


@pytest.mark.slow
def test_a_module_is_tested_by_what_imports_it():
    found = [path.name for path in covering("aelib/settings.py", ROOT)]
    assert found[0] == "test_settings.py" and "test_notebooks.py" in found
    assert "test_processes.py" in [
        path.name for path in covering("aelib/training/__main__.py", ROOT)
    ]
    # By a helper of the tests.
    found = {path.name for path in covering("aelib/data/mnist.py", ROOT)}
    assert {"test_data_files.py", "test_data_network.py"} < found
    # No test imports it; what it is for does.
    assert "test_folder.py" in [path.name for path in covering("aelib/data/duplicates.py", ROOT)]


def test_cells_that_are_not_run_are_left_alone():
    text = '# %% tags=["install"]\na = 1\n# %%\nb = 1\n# %% tags=["parameters"]\nc = 1\n'
    assert lines_left_alone(text) == {1, 2, 5, 6}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "aelib").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "aelib" / "half.py").write_text("def half(x):\n    return x / 2\n")
    (tmp_path / "tests" / "survivors.csv").write_text("path,before,after,why\n")
    test = tmp_path / "tests" / "test_half.py"
    test.write_text("from aelib.half import half\n\ndef test_half():\n    assert half(4) == 2\n")
    return test


@pytest.mark.slow
def test_a_fault_that_nobody_notices_is_printed(project, capsys):
    assert main(["aelib/half.py"], project.parent.parent) == 0
    assert "3 of 3 faults were noticed, 100 %; 0 may live." in capsys.readouterr().out
    project.write_text("from aelib.half import half\n\ndef test_half():\n    assert half(0) == 0\n")
    assert main(["aelib/half.py"], project.parent.parent) == 1
    printed = capsys.readouterr().out
    assert "aelib/half.py:2: 2 -> 3\n" in printed
    assert "1 of 3 faults were noticed" in printed
    assert (project.parent.parent / "aelib" / "half.py").read_text().endswith("return x / 2\n")


HEADER = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
epochs = 20

# %%
"""


@pytest.mark.slow
def test_a_fault_in_a_lesson_is_noticed_by_what_it_prints(project, capsys):
    root = project.parent.parent
    shutil.rmtree(root / "aelib")  # The real one takes its place.
    (root / "tools").symlink_to(ROOT / "tools", target_is_directory=True)
    (root / "notebooks").mkdir()
    (root / "tests" / "test_lesson_code.py").write_text("def test_nothing():\n    pass\n")
    (root / "notebooks" / "01_half.py").write_text(
        HEADER + 'print(epochs)\n\n# %% tags=["nbval-ignore-output"]\nprint("it varies")\n'
    )
    assert main(["notebooks/01_half.py"], root) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        'notebooks/01_half.py:16: print("it varies") -> pass',
        "1 of 2 faults were noticed, 50 %; 0 may live.",
    ]
    (root / "tests" / "test_lesson_code.py").write_text(
        "from pathlib import Path\n\ndef test_words():\n"
        "    assert 'varies' in Path('notebooks/01_half.py').read_text()\n"
    )
    assert main(["notebooks/01_half.py"], root) == 0
    assert "2 of 2 faults were noticed" in capsys.readouterr().out
    (root / "notebooks" / "01_half.py").write_text(HEADER + "print(nothing)\n")
    with pytest.raises(AssertionError, match="stops without a fault(.|\n)*NameError"):
        main(["notebooks/01_half.py"], root)


@pytest.mark.slow
def test_of_a_lesson_is_shown_what_is_compared(tmp_path, capsys):
    path = tmp_path / "01_half.py"
    path.write_text(
        HEADER + 'import sys\nprint(epochs)\nprint("odd", file=sys.stderr)\n\n'
        '# %% tags=["nbval-ignore-output"]\nprint("it varies")\n'
    )
    show_lesson(str(path))
    assert json.loads(capsys.readouterr().out) == [{"text": "2\n"}, {}]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("status", "text", "alike"), [(0, "3", True), (0, "4", False), (1, "3", False)]
)
def test_a_whole_lesson_is_the_last_to_notice(tmp_path, monkeypatch, status, text, alike):
    path = tmp_path / "01_half.ipynb"

    def write(shown):
        output = new_output("stream", text=shown)
        nbformat.write(new_notebook(cells=[new_code_cell(outputs=[output])]), path)

    def refresh(command, folder):
        assert command[1:] == ["-m", "tools.refresh", "01_half"] and folder == tmp_path
        write(text)
        return status, b"", b""

    write("3")
    monkeypatch.setattr(planting, "run", refresh)
    assert refreshed_alike(path.with_suffix(".py"), tmp_path) == alike


def test_what_may_live_still_stands_in_the_code_and_has_a_reason():
    for (path, *fault), why in read_survivors(ROOT).items():
        source = (ROOT / path).read_text(encoding="utf-8")
        assert [path, *fault] in [list(one.key) for one in mutants(path, source)], (path, fault)
        assert len(why.split()) > 2
