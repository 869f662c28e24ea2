"""To call a function that may do anything, without harm to the notebook that it is called from."""

import ctypes
import io
import os
import random
import sys
import threading
import time
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import numpy as np
import torch

#: How long one call may take, in seconds.
CALL_LIMIT = 5
#: How often it is looked at meanwhile, in seconds.
STEP = 0.05


class _Stop(SystemExit):
    """Raised in a thread to end it; of a kind that `except Exception` does not catch."""


def call_limited(function, args, chance):
    """Call in a thread that can be stopped: a signal would not do on Windows, nor a new process,
    which does not know a function from a notebook.

    A loop in Python is stopped at once. What waits or computes outside of Python is left behind and
    stops when it comes back.

    Returns:
        What came back, the error if there was one, whether it has ended, what it printed, and how
        many seconds it took, imports left out and counted as of a machine with nothing else to do:
        on a busy one a right answer takes longer, and its first step of an optimizer imports a lot.
    """
    outcome = {}

    def work():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outcome["value"] = function(*args)
        except BaseException as error:
            outcome["error"] = error
        outcome["ended"] = True

    _set_chance(chance)
    printed = io.StringIO()
    thread = threading.Thread(target=work, daemon=True)
    with redirect_stdout(printed), redirect_stderr(io.StringIO()):
        thread.start()
        took, busy = 0.0, _busy()
        try:
            while took < CALL_LIMIT and thread.is_alive():
                start = time.monotonic()
                thread.join(STEP)
                if not _importing(thread):
                    took += (time.monotonic() - start) / busy
            ended = "ended" in outcome
        finally:  # Also after Kernel > Interrupt.
            _stop(thread)
    return outcome.get("value"), outcome.get("error"), ended, printed.getvalue(), took


def _stop(thread):
    stop = ctypes.pythonapi.PyThreadState_SetAsyncExc
    for _ in range(20):  # More than once: a bare `except:` in a loop may swallow one.
        if not thread.is_alive():
            return
        stop(ctypes.c_ulong(thread.ident), ctypes.py_object(_Stop))
        thread.join(0.05)


def _busy():
    """How many programs want each core, one at least; 1 where the system does not tell."""
    try:
        return max(1.0, os.getloadavg()[0] / os.cpu_count())
    except (AttributeError, OSError):
        return 1.0


def _importing(thread):
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def line_of(error, function):
    """In which of its lines `function` failed, counted from 1; None if that cannot be told."""
    code = getattr(function, "__code__", None)
    lines, place = [], error.__traceback__
    while code and place:
        if place.tb_frame.f_code is code:
            lines.append(place.tb_lineno - code.co_firstlineno + 1)
        place = place.tb_next
    return lines[-1] if lines else None


def _set_chance(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)


@contextmanager
def own_chance():
    """Leave the global random states as they were, so that no later cell depends on a check."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
