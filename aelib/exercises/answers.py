"""How a learner's function is called and answered: safely, within seconds, in plain words.

A check hands over small inputs and looks at what comes back, never at the source text. So an answer
that is right in another way is right. What is wrong is told by `Wrong`, whose text is for learners.
"""

import copy
import functools
import inspect
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch

from aelib.exercises.running import CALL_LIMIT, call_limited, line_of, own_chance
from aelib.exercises.words import brief, kind, shown_call

#: How long all calls of one check may take together, in seconds.
CHECK_LIMIT = 20


class Wrong(Exception):
    """What a learner is told of an answer that is not right yet."""


class Raised(Wrong):
    """The same where the learner's function raised `error`."""

    def __init__(self, text, error):
        super().__init__(text)
        self.error = error


class Verdict:
    """Whether an answer is right: true or false, with the `text` that was printed.

    A cell that ends in a check shows nothing but that text; a cell that grades asserts the verdict.
    """

    def __init__(self, right, text):
        self.right, self.text = right, text

    def __bool__(self):
        return self.right

    def __repr__(self):
        return self.text

    def _ipython_display_(self):
        """Show nothing: the text has been printed."""


def exercise(call, returns, first_hint):
    """Make a check of a function that examines an `Answer` and raises `Wrong` if it is not right.

    Args:
        call: the function's name and parameters, such as `"best_epoch(history)"`.
        returns: what it should return, as a part of a sentence.
        first_hint: for a learner who has not begun.
    """

    def decorate(examine):
        @functools.wraps(examine)
        def check(your_function):
            answer = Answer(call, returns, first_hint, your_function)
            right = False
            try:
                with own_chance():
                    examine(answer)
                right, text = True, f"Right: {answer.name} does what it should."
            except Wrong as wrong:
                text = f"{answer.name}: {wrong}"
            except Exception as error:  # Whatever came back, it is no reason for a traceback.
                text = (
                    f"{answer.name}: what came back could not be read "
                    f"({type(error).__name__}: {error}). It should return {returns}."
                )
            print(text)
            return Verdict(right, text)

        del check.__wrapped__  # So that its help says `your_function`.
        return check

    return decorate


class Answer:
    """A learner's function; to call it is safe, and ends with its result or with `Wrong`."""

    def __init__(self, call, returns, first_hint, function):
        self.call, self.returns, self.first_hint, self.function = (
            call,
            returns,
            first_hint,
            function,
        )
        self.name, _, parameters = call.rstrip(")").partition("(")
        self.parameters = [one.split("=")[0].strip() for one in parameters.split(",")]
        self.seconds = 0.0

    def __call__(self, *args, may_change=(), may_be_none=False, chance=0):
        """What the function returns for `args`.

        Args:
            may_change: names of the parameters that the function is there to change.
            may_be_none: for a function that need not return anything.
            chance: the seed of everything random but the generators in `args`.
        """
        self._check_parameters(args)
        before = {
            name: _copied(value)
            for name, value in zip(self.parameters, args, strict=False)
            if name not in may_change
        }
        value, printed = self.run(self.function, *args, chance=chance)
        for name, value_before in before.items():
            if not _same(value_before, args[self.parameters.index(name)]):
                raise Wrong(
                    f"it changes what it is given: after the call `{name}` is not what it was. "
                    "Others may still need it; work on a copy."
                )
        if value is None and not may_be_none:
            if printed:
                raise Wrong(
                    "it prints something but returns nothing (None). To print shows a result to "
                    "you; `return` hands it on."
                )
            raise Wrong(f"it returns nothing yet (None). First hint: {self.first_hint}")
        return value

    def run(self, function, *args, chance=0, shown=None):
        """What `function` returns for `args`, and what it printed; `Wrong` if it does not end well.

        Args:
            function: the learner's, or something that it has returned.
            shown: the call in words, if not this function's name and `args`.
        """
        shown = shown or shown_call(self.name, args)
        if self.seconds > CHECK_LIMIT:
            raise Wrong(f"it takes too long: more than {CHECK_LIMIT} s for all that was asked.")
        value, error, ended, printed, took = call_limited(function, args, chance)
        self.seconds += took
        if not ended:
            raise Wrong(
                f"{shown} had not ended after {CALL_LIMIT} seconds and was stopped. "
                "Is there a loop whose end is never reached?"
            )
        if type(error) is NotImplementedError and function is self.function:
            raise Wrong(f"nothing here yet. First hint: {self.first_hint}")
        if error is not None:
            message = " ".join(str(error).split())
            message = message if len(message) < 200 else message[:200] + " ..."
            line = function is self.function and line_of(error, function)
            place = f" in its line {line}" if line else ""
            raise Raised(f"{shown} raises {type(error).__name__}{place}: {message}", error)
        return value, printed

    def array(self, value, shape=None, whole=False):
        """`value` as a NumPy array, whether it came as a number, a list, an array or a tensor.

        Args:
            value: what the function has returned.
            shape: the shape that it must have; `()` is one number, in brackets or not.
            whole: whether it must be whole numbers.
        """
        try:
            array = _array(value)
        except (TypeError, ValueError, RuntimeError):
            array = None
        if array is None or array.dtype.kind not in "biuf":
            raise Wrong(f"it should return {self.returns}, but yours returned {kind(value)}.")
        if shape == () and array.size == 1:
            array = array.reshape(())
        if shape is not None and array.shape != tuple(shape):
            came = kind(value) if array.ndim == 0 else f"the shape {array.shape}"
            asked = f", the shape {tuple(shape)}" if shape else ""
            raise Wrong(f"it should return {self.returns}{asked}, but {came} came.")
        if whole and not (np.isfinite(array).all() and (array == array.round()).all()):
            raise Wrong(f"it should return {self.returns}, but {brief(value)} came.")
        return array

    def compare(
        self, cases, right, mistakes=(), tolerance=1e-4, shape=None, whole=False, shown=None
    ):
        """Ask for every case; say what mistake explains the answers, or where they first differ.

        Args:
            cases: tuples of arguments, the smallest first.
            right: gives the expected value for a case.
            mistakes: pairs of a hint and a function that makes this mistake.
            tolerance: how far the values may lie apart, as a share and absolutely.
            shape: what `array` asks for, if not the shape of what `right` gives.
            whole: as for `array`.
            shown: each case in words, if not the call with its arguments.
        """
        expected = [_array(right(*case)) for case in cases]
        got = []
        for case, value in zip(cases, expected, strict=True):
            wanted = value.shape if shape is None else shape
            got.append(self.array(self(*case), wanted, whole))
        if all_close(got, expected, tolerance):
            return
        for hint, mistake in mistakes:
            if all_close(got, [_tried(mistake, case) for case in cases], tolerance):
                raise Wrong(hint)
        shown = shown or [shown_call(self.name, case) for case in cases]
        for words, came, value in zip(shown, got, expected, strict=True):
            if not close(came, value, tolerance):
                raise Wrong(self.difference(words, came, value, tolerance))

    def difference(self, shown, came, expected, tolerance=1e-4):
        """Where `came` first differs from `expected`, two arrays of one shape, in words."""
        asked_for_truth = np.asarray(expected).dtype.kind == "b"
        came, expected = np.asarray(came, float), np.asarray(expected, float)
        wrong = ~np.isclose(came, expected, rtol=tolerance, atol=tolerance)
        place = np.argwhere(wrong)[0]
        came, expected = (
            brief(bool(one) if asked_for_truth and one in (0, 1) else float(one))
            for one in (came[tuple(place)], expected[tuple(place)])
        )
        where = f" at {[int(index) for index in place]}" if len(place) else ""
        text = f"the smallest input that was found to differ: {shown} gives {came}{where}, "
        text += f"and {expected} was expected."
        if came == "nan":
            text += " (NaN is no number: it comes of 0 / 0, inf - inf or the root of a negative.)"
        return text

    def _check_parameters(self, args):
        if not callable(self.function):
            raise Wrong(
                f"this is {kind(self.function)}, and no function. Hand over the function itself, "
                f"by its name and without brackets: check_{self.name}({self.name})."
            )
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):  # Some functions written in C do not tell.
            return
        try:
            signature.bind(*args)
        except TypeError:
            few = len(args) < len(self.parameters)
            defaults = " What has a default there may be left out." if few else ""
            raise Wrong(
                f"it is called as {self.call}, here with {len(args)} "
                f"{'value' if len(args) == 1 else 'values'}, but yours takes {signature}.{defaults}"
            ) from None


def close(first, second, tolerance):
    """Whether two arrays are of one shape and nearly equal; NaN equals NaN."""
    if first is None or second is None or first.shape != second.shape:
        return False
    return np.allclose(
        first.astype(float), second.astype(float), rtol=tolerance, atol=tolerance, equal_nan=True
    )


def all_close(firsts, seconds, tolerance):
    """Whether `close` holds for each pair."""
    return all(close(*pair, tolerance) for pair in zip(firsts, seconds, strict=True))


def _array(value):
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (value.double() if value.is_floating_point() else value).numpy()
    if isinstance(value, list | tuple):
        return np.asarray([_array(one) for one in value])
    if isinstance(value, Fraction | Decimal):
        value = float(value)
    return np.asarray(value)


def _tried(mistake, case):
    """What `mistake` gives for a case, or None if it cannot."""
    try:
        with np.errstate(all="ignore"):
            return _array(mistake(*case))
    except Exception:
        return None


def _copied(value):
    if isinstance(value, torch.Generator):
        return None  # It is there to be used.
    return copy.deepcopy(value)


def _same(before, after):
    if isinstance(after, torch.Generator):
        return True
    if isinstance(after, torch.nn.Module):
        return _same(before.state_dict(), after.state_dict())
    if isinstance(after, torch.Tensor):
        return before.shape == after.shape and torch.equal(before, after)
    if isinstance(after, np.ndarray):
        return np.array_equal(before, after)
    if isinstance(after, dict):
        return before.keys() == after.keys() and all(_same(before[k], after[k]) for k in after)
    if isinstance(after, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    return before == after
