"""What the checks of the exercises accept, refuse and say."""

import importlib
import random
import re
import subprocess
import sys

import jupytext
import nbformat
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aelib.exercises
from aelib.exercises import check_best_epoch, check_confusion, check_output_size
from tools.lessons import ROOT, find_lessons

CHECKS = [getattr(aelib.exercises, name) for name in aelib.exercises.__all__]
each = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
ANSWERS = [importlib.import_module(f"exercises.answers_0{number}") for number in range(1, 10)]
RIGHT = [
    pytest.param(name, answer, id=f"{name}-{number}")
    for lesson in ANSWERS
    for name, answers in lesson.RIGHT.items()
    for number, answer in enumerate(answers)
]
WRONG = [
    pytest.param(name, answer, words, id=f"{name}-{words}")
    for lesson in ANSWERS
    for name, answers in lesson.WRONG.items()
    for words, answer in answers.items()
]


@pytest.mark.parametrize("name, answer", RIGHT)
def test_a_right_answer_is_accepted(name, answer, capsys):
    verdict = getattr(aelib.exercises, name)(answer)
    assert verdict, verdict.text
    assert capsys.readouterr().out.startswith("Right")


@pytest.mark.parametrize("name, answer, words", WRONG)
def test_a_wrong_answer_is_refused_with_its_hint(name, answer, words, capsys):
    text = refused(getattr(aelib.exercises, name), answer, capsys)
    assert words in text


SOLUTIONS = [
    pytest.param(path, cell.source, id=re.search(r"check_\w+", cell.source)[0])
    for path in find_lessons(ROOT / "notebooks").values()
    for cell in nbformat.read(path, as_version=4).cells
    if "### BEGIN SOLUTION" in cell.source
]


@pytest.mark.parametrize("path, source", SOLUTIONS)
def test_the_solution_of_a_lesson_is_accepted(path, source, capsys):
    lesson = jupytext.read(path.with_suffix(".py"))
    code = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "code")
    imports = re.findall(r"^(?:import|from) .*?(?:\([^)]*\))?$", code, re.MULTILINE)
    names = {}
    for line in imports:
        if not line.startswith("from aelib.") or "models" in line or "exercises" in line:
            exec(line, names)
    exec(source, names)
    assert capsys.readouterr().out.startswith("Right")


def refused(check, answer, capsys):
    """What `check` says of a wrong answer: one line, no traceback, and the same as it returns."""
    verdict = check(answer)
    assert not verdict, f"{check.__name__} accepts it"
    assert capsys.readouterr() == (verdict.text + "\n", "")
    assert "Traceback" not in verdict.text and "could not be read" not in verdict.text
    return verdict.text


def unfilled(*args):
    # YOUR CODE HERE
    raise NotImplementedError()


@each
@pytest.mark.parametrize("stub", [unfilled, lambda *args: None], ids=["unfilled", "passed"])
def test_a_stub_gets_the_first_hint(check, stub, capsys):
    text = refused(check, stub, capsys)
    assert "First hint: " in text and "nothing" in text


@each
def test_the_docstring_says_what_the_function_takes_and_returns(check):
    assert f"`{check.__name__.removeprefix('check_')}(" in check.__doc__
    assert "return" in check.__doc__


@each
def test_what_is_no_such_function_is_told(check, capsys):
    assert "without brackets" in refused(check, torch.zeros(3), capsys)
    assert "Yours takes ()" in refused(check, lambda: 1, capsys)


@each
def test_an_error_is_named_with_its_line(check, capsys):
    def fails(*args):
        return {}["digit"]

    assert "raises KeyError in its line 2: 'digit'" in refused(check, fails, capsys)


@each
@pytest.mark.parametrize("value", ["text", object(), [[1], [1, 2]], 1 + 2j, torch.nn.Linear, ()])
def test_a_result_of_another_kind_is_told(check, value, capsys):
    refused(check, lambda *args: value, capsys)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda one: st.lists(one, max_size=4) | st.tuples(one, one))
SHAPES, TYPES = st.lists(st.integers(0, 4), max_size=4), [torch.float16, torch.int8, torch.bool]
TENSORS = st.builds(
    lambda shape, kind: torch.zeros(shape, dtype=kind), SHAPES, st.sampled_from(TYPES)
)


@each
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(value=VALUES | TENSORS)
def test_no_result_leads_to_a_traceback(check, value):
    verdict = check(lambda *args: value)
    assert not verdict and "could not be read" not in verdict.text
    assert len(verdict.text) < 600


@each
def test_chance_elsewhere_does_not_depend_on_a_check_nor_a_check_on_it(check):
    def uses_chance(*args):
        return random.random() + torch.rand(()) + np.random.rand()

    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    first = check(uses_chance).text
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert states == after
    torch.rand(1)
    assert check(uses_chance).text == first


def right_size(n, kernel, stride=1, padding=0):
    print("here", n)
    print("there", file=sys.stderr)
    np.log(np.zeros(1))
    return (n + 2 * padding - kernel) // stride + 1


def test_prints_and_warnings_of_a_right_answer_are_left_out(capsys):
    assert check_output_size(right_size)
    assert capsys.readouterr() == ("Right: output_size does what it should.\n", "")


def test_a_print_in_the_place_of_a_result_is_told(capsys):
    assert "`return` hands it on" in refused(check_output_size, lambda *args: print(3), capsys)


def test_nan_is_explained(capsys):
    assert "NaN is no number" in refused(check_output_size, lambda *args: float("nan"), capsys)


def test_a_changed_argument_is_named(capsys):
    def sorts(history):
        history["validation_loss"].sort()
        return 1

    def counts(true, predicted):
        true *= 10
        return (true + predicted).bincount(minlength=100).view(10, 10)

    assert "`history` is not what it was" in refused(check_best_epoch, sorts, capsys)
    assert "`true` is not what it was" in refused(check_confusion, counts, capsys)


def test_leaving_the_program_is_only_an_error_and_an_interrupt_is_the_learners(capsys):
    def deeper(*args):
        return deeper(*args)

    def interrupted(*args):
        raise KeyboardInterrupt

    assert "raises SystemExit" in refused(check_output_size, lambda *args: sys.exit(1), capsys)
    assert "raises RecursionError" in refused(check_output_size, deeper, capsys)
    with pytest.raises(KeyboardInterrupt):
        check_output_size(interrupted)


def test_what_cannot_be_read_is_no_reason_for_a_traceback(capsys):
    class Odd:
        def __array__(self, *args, **kwargs):
            raise KeyError("odd")

    verdict = check_output_size(lambda *args: Odd())
    assert not verdict and "could not be read (KeyError: 'odd')" in verdict.text


def test_a_verdict_is_true_or_false_and_shows_nothing_in_a_notebook():
    verdict = check_output_size(right_size)
    assert bool(verdict) is True and repr(verdict) == verdict.text
    assert verdict._ipython_display_() is None


def test_no_points_without_asserts():
    code = "from aelib.exercises import check_walk; print(bool(check_walk(lambda *args: 3)))"
    run = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == "False", run.stderr
