"""The faults that `make mutants` plants, and how it finds out whether anybody notices them."""

import pytest

from tools.lessons import ROOT
from tools.mutants import covering, lines_left_alone, main, read_survivors
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


def test_a_module_is_tested_by_what_imports_it():
    found = [path.name for path in covering("aelib/settings.py", ROOT)]
    assert found[0] == "test_settings.py" and "test_notebooks.py" in found
    assert "test_processes.py" in [
        path.name for path in covering("aelib/training/__main__.py", ROOT)
    ]
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


def test_a_fault_that_nobody_notices_is_printed(project, capsys):
    assert main(["aelib/half.py"], project.parent.parent) == 0
    assert "3 of 3 faults were noticed, 100 %; 0 may live." in capsys.readouterr().out
    project.write_text("from aelib.half import half\n\ndef test_half():\n    assert half(0) == 0\n")
    assert main(["aelib/half.py"], project.parent.parent) == 1
    printed = capsys.readouterr().out
    assert "aelib/half.py:2: 2 -> 3\n" in printed
    assert "1 of 3 faults were noticed" in printed
    assert (project.parent.parent / "aelib" / "half.py").read_text().endswith("return x / 2\n")


def test_what_may_live_still_stands_in_the_code_and_has_a_reason():
    for (path, *fault), why in read_survivors(ROOT).items():
        source = (ROOT / path).read_text(encoding="utf-8")
        assert [path, *fault] in [list(one.key) for one in mutants(path, source)], (path, fault)
        assert len(why.split()) > 2
