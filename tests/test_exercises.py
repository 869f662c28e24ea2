"""However odd a learner's function is, it is called safely and answered in plain words."""

import builtins
import contextlib
import os
import random
import sys
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from learners import hint

import aelib.exercises
from aelib.exercises import (
    answers,
    check_best_epoch,
    check_confusion,
    check_images_needed,
    check_joint_loss,
    check_output_size,
    running,
)
from aelib.exercises.answers import Verdict
from aelib.exercises.words import brief, kind

CHECKS = [getattr(aelib.exercises, name) for name in aelib.exercises.__all__]
each = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)


def output_size(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 1


def unfilled(*args):
    # YOUR CODE HERE
    raise NotImplementedError()


def passed(*args):
    pass


def dots(*args): ...


@each
@pytest.mark.parametrize("stub", [unfilled, passed, dots])
def test_a_stub_gets_the_first_hint(check, stub, capsys):
    text = hint(check, stub, capsys)
    assert "First hint: " in text and ("nothing" in text)
    assert len(text.split("First hint: ")[1].split()) > 4


@each
def test_the_docstring_says_what_the_function_takes_and_returns(check):
    assert f"`{check.__name__.removeprefix('check_')}(" in check.__doc__
    assert "return" in check.__doc__


@each
@pytest.mark.parametrize("value", [None, 3, "return n", [1, 2], torch.zeros(3)], ids=str)
def test_what_is_no_function_is_told(check, value, capsys):
    text = hint(check, value, capsys) if callable(value) else str(check(value))
    assert "no function" in text and "without brackets" in text


@each
def test_too_few_parameters_are_told(check, capsys):
    text = hint(check, lambda: 1, capsys)
    assert "yours takes ()" in text


@each
def test_an_error_is_named_with_its_input_and_line(check, capsys):
    def fails(*args):
        return {}["digit"]

    text = hint(check, fails, capsys)
    name = check.__name__.removeprefix("check_")
    assert f"{name}(" in text
    assert "raises KeyError in its line 2: 'digit'" in text


@each
@pytest.mark.parametrize(
    "value",
    ["text", object(), [[1], [1, 2]], {1: 2}, lambda: 1, 1 + 2j, torch.nn.Linear, ()],
    ids=kind,
)
def test_a_result_of_another_type_is_told(check, value, capsys):
    if check.__name__ == "check_train_head_only":
        pytest.skip("it may return anything")
    hint(check, lambda *args: value, capsys)


def test_nan_is_explained(capsys):
    assert "NaN is no number" in hint(check_output_size, lambda *args: float("nan"), capsys)
    assert "nan" in hint(check_images_needed, lambda *args: torch.tensor(torch.nan), capsys)
    assert "nan" in hint(check_joint_loss, lambda *args: 0 * np.inf, capsys)


def test_a_print_in_the_place_of_a_result_is_told(capsys):
    def prints(*args):
        print(output_size(*args))

    assert "`return` hands it on" in hint(check_output_size, prints, capsys)


def test_prints_and_warnings_of_a_right_answer_are_left_out(capsys):
    def talks(*args):
        print("here", args)
        print("there", file=sys.stderr)
        np.log(np.zeros(1))
        return output_size(*args)

    assert check_output_size(talks)
    assert capsys.readouterr() == ("Right: output_size does what it should.\n", "")


def tight_loop(*args):
    while True:
        pass


def stubborn_loop(*args):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)


def bare_loop(*args):
    number = 0
    while True:
        try:  # noqa: SIM105
            number += 1
        except:  # noqa: E722
            pass


RELEASED = threading.Event()


def sleeper(*args):
    RELEASED.wait(60)


@pytest.mark.slow_except("bare_loop")
@pytest.mark.parametrize("function", [tight_loop, stubborn_loop, bare_loop, sleeper])
def test_what_never_ends_is_stopped(function, capsys, monkeypatch):
    if function is sleeper and sys.gettrace() and sys.version_info < (3, 12):
        pytest.skip("traced, as by coverage, Python 3.11 goes no further until the sleeper wakes")
    RELEASED.clear()
    soon = 5 * running._busy()
    monkeypatch.setattr(running, "CALL_LIMIT", 0.5)
    monkeypatch.setattr(running, "_busy", lambda: 1.0)
    before = threading.active_count()
    start = time.monotonic()
    text = hint(check_output_size, function, capsys)
    assert time.monotonic() - start < soon
    assert "had not ended after" in text and "output_size(3, 1)" in text
    assert threading.active_count() - before == (function is sleeper)
    RELEASED.set()
    assert check_output_size(output_size)


def test_the_limit_is_five_seconds_a_call():
    assert running.CALL_LIMIT == 5


def test_many_slow_calls_end_too(capsys, monkeypatch):
    monkeypatch.setattr(answers, "CHECK_LIMIT", 0.2)
    monkeypatch.setattr(running, "_busy", lambda: 1.0)

    def slow(*args):
        time.sleep(0.05)
        return output_size(*args)

    assert "takes too long" in hint(check_output_size, slow, capsys)


def test_on_a_busy_machine_a_call_is_given_more_time(monkeypatch):
    monkeypatch.setattr(running, "CALL_LIMIT", 0.3)

    def slow(*args):
        time.sleep(0.5)

    for load, ended in ((0.0, False), (8.0 * os.cpu_count(), True)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0, 0), raising=False)
        assert running.call_limited(slow, (), 0)[2] == ended
    monkeypatch.delattr(os, "getloadavg")  # As on Windows.
    assert not running.call_limited(slow, (), 0)[2]


@pytest.mark.slow
def test_an_import_is_given_more_time(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(running, "CALL_LIMIT", 0.3)
    (tmp_path / "slow_to_import.py").write_text("import time\nfor _ in range(9): time.sleep(0.1)\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports(*args):
        import slow_to_import  # noqa: F401

        return output_size(*args)

    assert check_output_size(imports)


def test_leaving_the_program_is_only_an_error(capsys):
    assert "raises SystemExit" in hint(check_output_size, lambda *args: sys.exit(1), capsys)

    def interrupted(*args):
        raise KeyboardInterrupt

    assert "raises KeyboardInterrupt" in hint(check_output_size, interrupted, capsys)


def test_endless_recursion_is_only_an_error(capsys):
    def deeper(*args):
        return deeper(*args)

    assert "raises RecursionError" in hint(check_output_size, deeper, capsys)


def test_a_changed_argument_is_named(capsys):
    def sorts(history):
        history["validation_loss"].sort()
        return 1

    assert "`history` is not what it was" in hint(check_best_epoch, sorts, capsys)

    def counts(true, predicted):
        true *= 10
        return (true + predicted).bincount(minlength=100).view(10, 10)

    assert "`true` is not what it was" in hint(check_confusion, counts, capsys)


@each
def test_chance_elsewhere_does_not_depend_on_a_check(check):
    def uses_chance(*args):
        torch.manual_seed(5)
        np.random.seed(5)
        random.seed(5)
        return random.random() + torch.rand(()) + np.random.rand()

    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    check(uses_chance)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert states == after


@each
def test_a_wrong_answer_gets_the_same_answer_twice(check):
    def guesses(*args):
        return torch.rand(())

    first = check(guesses).text
    torch.rand(1)  # Whatever has been drawn in the meantime.
    assert check(guesses).text == first


def test_what_cannot_be_read_is_no_reason_for_a_traceback(capsys):
    class Odd:
        def __array__(self, *args, **kwargs):
            raise KeyError("odd")

    verdict = check_output_size(lambda *args: Odd())
    assert not verdict and "could not be read (KeyError: 'odd')" in verdict.text


def test_a_verdict_is_true_or_false_and_shows_nothing_in_a_notebook():
    verdict = check_output_size(output_size)
    assert isinstance(verdict, Verdict) and bool(verdict) is True
    assert verdict._ipython_display_() is None
    assert repr(verdict) == verdict.text
    assert not check_output_size(passed)


def test_methods_partials_and_callables_are_functions_too():
    class Size:
        def __call__(self, n, kernel, stride=1, padding=0):
            return output_size(n, kernel, stride, padding)

        def method(self, n, kernel, stride=1, padding=0):
            return output_size(n, kernel, stride, padding)

    assert check_output_size(Size()) and check_output_size(Size().method)
    assert check_output_size(lambda *args, **kwargs: output_size(*args, **kwargs))
    assert not check_output_size(builtins.max) and not check_output_size(builtins.print)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner), max_leaves=8
)
SHAPES = st.lists(st.integers(0, 4), max_size=4)
TYPES = st.sampled_from([torch.float16, torch.bfloat16, torch.int8, torch.bool, torch.complex64])
TENSORS = st.builds(lambda shape, dtype: torch.zeros(shape, dtype=dtype), SHAPES, TYPES)


@each
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(value=VALUES | TENSORS)
def test_no_result_leads_to_a_traceback(check, value):
    verdict = check(lambda *args: value)
    assert not verdict or check.__name__ == "check_is_dead"
    assert "could not be read" not in verdict.text
    assert len(verdict.text) < 600


@settings(deadline=None)
@given(VALUES)
def test_values_are_told_in_few_words(value):
    assert isinstance(brief(value), str) and isinstance(kind(value), str)
