"""How a learner's function is called and answered, in plain words.

A check hands over small inputs and looks at what comes back, never at the source text. So an answer
that is right in another way is right. A loop that never ends is stopped by Kernel > Interrupt.
"""

import functools
import inspect
import io
import pickle
import random
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch

from aelib.exercises.words import brief, kind
from aelib.threads import set_threads


class Wrong(Exception):
    """What a learner is told of an answer that is not right yet."""


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
            set_threads()
            answer, right = Answer(call, returns, first_hint, your_function), False
            try:
                with _own_chance():
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
        check.__doc__ = f"{examine.__doc__}\n    `{call}` returns {returns}."
        return check

    return decorate


class Answer:
    """A learner's function; a call of it ends with its result or with `Wrong`."""

    def __init__(self, call, returns, first_hint, function):
        self.call, self.returns, self.first_hint = call, returns, first_hint
        self.function = function
        self.name, _, parameters = call.rstrip(")").partition("(")
        self.parameters = [one.split("=")[0].strip() for one in parameters.split(",")]

    def __call__(self, *args, may_change=(), may_be_none=False, chance=0, raised=None):
        """What the function returns for `args`.

        Args:
            may_change: the parameters that it is there to change; `may_be_none`: what it returns.
            chance: the seed of everything random but the generators in `args`.
            raised: hints by words of the errors that deserve them.
        """
        self._check_parameters(args)
        before = [_bytes(value) for value in args]
        value, printed = self.run(self.function, *args, chance=chance, raised=raised)
        for name, value_before, arg in zip(self.parameters, before, args, strict=False):
            if name not in may_change and value_before != _bytes(arg):
                raise Wrong(
                    f"it changes what it is given: after the call `{name}` is not what it was. "
                    "Others may still need it; work on a copy."
                )
        if value is None and not may_be_none:
            if printed:
                raise Wrong("it prints something but returns nothing (None): `return` hands it on.")
            raise Wrong(f"{self.shown(args)} gives nothing (None). First hint: {self.first_hint}")
        return value

    def run(self, function, *args, chance=0, raised=None, shown=None):
        """What `function`, the learner's or a part of it, returns for `args`, and what it printed.

        An error is `Wrong`, told with the call as it is `shown`, else this function's name.
        """
        _set_chance(chance)
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return function(*args), printed.getvalue()
            except (Exception, SystemExit) as caught:
                error = caught
        if isinstance(error, Wrong):
            raise error
        if type(error) is NotImplementedError and function is self.function:
            raise Wrong(f"nothing here yet. First hint: {self.first_hint}")
        message = " ".join(str(error).split())
        hints = (f". {hint}" for words, hint in (raised or {}).items() if words in message)
        message = message[:200].rstrip(".") + " ..." * (len(message) > 200)
        line = _line_of(error, self.function)
        place = f" in its line {line}" if line else ""
        shown = shown or self.shown(args)
        raise Wrong(f"{shown} raises {type(error).__name__}{place}: {message}{next(hints, '')}")

    def shown(self, args):
        """The call with `args`, as a learner might type it."""
        return f"{self.name}({', '.join(map(brief, args))})"

    def array(self, value, shape=None):
        """`value` as a NumPy array, whether it came as a number, a list, an array or a tensor.

        Args:
            value: what the function has returned.
            shape: the shape that it must have; `()` is one number, in brackets or not.
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
        return array

    def network(self, value):
        """`value` once it is seen to be an `nn.Module`."""
        if not isinstance(value, torch.nn.Module):
            more = " Add brackets and its arguments." if isinstance(value, type) else ""
            raise Wrong(f"it should return {self.returns}, but {kind(value)} came.{more}")
        return value

    def compare(
        self, cases, right, mistakes=None, tolerance=1e-4, shape=None, read=None, shown=None
    ):
        """Ask for every case; say what mistake explains the answers, or where they first differ.

        Args:
            cases: tuples of arguments, the smallest first.
            right: gives the expected value for a case.
            mistakes: by its hint, a function that makes a mistake, or a list of some.
            tolerance: how far the values may lie apart, as a share and absolutely.
            shape: as for `array`, if it is not the shape of what `right` gives.
            read: makes an array of a value and the arguments it came for, in the place of `array`.
            shown: each case in words, if not the call with its arguments.
        """

        def values(way):
            with np.errstate(all="ignore"):
                found = [way(*case) for case in cases]
            return [
                read(value, *case) if read else _array(value)
                for value, case in zip(found, cases, strict=True)
            ]

        expected, got = values(right), []
        for case, value in zip(cases, expected, strict=True):
            came = self(*case)
            wanted = value.shape if shape is None else shape
            got.append(read(came, *case) if read else self.array(came, wanted))
        if _close(got, expected, tolerance):
            return
        for hint, ways in (mistakes or {}).items():
            for way in ways if isinstance(ways, list) else [ways]:
                try:
                    explains = _close(got, values(way), tolerance)
                except Exception:  # A mistake may be one that cannot answer every case.
                    continue
                if explains:
                    raise Wrong(hint)
        for hint, slip in SLIPS.items():
            if _close(got, [slip(value.astype(float)) for value in expected], tolerance):
                raise Wrong(hint)
        for number, (came, value) in enumerate(zip(got, expected, strict=True)):
            if not _close([came], [value], tolerance):
                words = shown[number] if shown else self.shown(cases[number])
                raise Wrong(_difference(words, came, value, tolerance))

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
            raise Wrong(
                f"it is called as {self.call}, and what has a default there may be left out. "
                f"Yours takes {signature}."
            ) from None


#: What happens in any exercise.
SLIPS = {
    "the other way round: True and False have changed places, or it is 1 minus the share that is "
    "asked for.": lambda right: 1 - right,
    "the sign is turned round.": lambda right: -right,
    "one too few: do you count steps where places count, or from 0 what counts from 1?": (
        lambda right: right - 1
    ),
    "percent came: 1 stands for 100 % here.": lambda right: 100 * right,
    "the numbers are right, and in another order, or rows and columns have changed places.": (
        lambda right: right.T if right.ndim in (0, 2) else right[::-1]
    ),
}


def _difference(shown, came, expected, tolerance):
    """Where `came` first differs from `expected`, in words."""
    where = ""
    if came.shape == expected.shape:
        wrong = ~np.isclose(came.astype(float), expected.astype(float), tolerance, tolerance, True)
        place = tuple(np.argwhere(wrong)[0])
        where = f" at {[int(index) for index in place]}" if place else ""
        came, expected = came[place], expected[place]
        if expected.dtype.kind == "b" and came in (0, 1):
            came = came.astype(bool)
    text = f"the smallest input that was found to differ: {shown} gives {brief(came)}{where}, "
    text += f"and {brief(expected)} was expected."
    if brief(came) == "nan":
        text += " (NaN is no number: it comes of 0 / 0, inf - inf or the root of a negative.)"
    return text


def _close(firsts, seconds, tolerance):
    """Whether the arrays in two lists are of one shape and nearly equal; NaN equals NaN."""
    return all(
        a.shape == b.shape
        and np.allclose(a.astype(float), b.astype(float), tolerance, tolerance, equal_nan=True)
        for a, b in zip(firsts, seconds, strict=True)
    )


def _array(value):
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (value.double() if value.is_floating_point() else value).numpy()
    if isinstance(value, list | tuple):
        return np.asarray([_array(one) for one in value])
    if isinstance(value, Fraction | Decimal):
        value = float(value)
    return np.asarray(value)


def _bytes(value):
    """What a function may not change in `value`; generators and functions are there to be used."""
    if isinstance(value, torch.nn.Module):
        value = value.state_dict()
    return None if isinstance(value, torch.Generator) or callable(value) else pickle.dumps(value)


def _line_of(error, function):
    """In which of its lines `function` failed, counted from 1; None if that cannot be told."""
    code = getattr(function, "__code__", None)
    lines, place = [None], error.__traceback__
    while code and place:
        if place.tb_frame.f_code is code:
            lines.append(place.tb_lineno - code.co_firstlineno + 1)
        place = place.tb_next
    return lines[-1]


def _set_chance(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)


@contextmanager
def _own_chance():
    """The same chance at each check, and the global random states after it as they were."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    _set_chance(0)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
