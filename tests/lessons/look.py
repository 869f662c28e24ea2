"""A look at what a lesson has done, in its kernel, once its last cell has run.

A lesson's file of checks, such as `lesson_04.py`, has

- `FACTS`: sentences of the lesson, word by word, each with a function of the lesson's variables
  that says whether it holds in this run;
- `HEDGED`: the same for what the lesson says with a word such as "mostly" or "in our run";
- `second_look(v)`: the lesson's main numbers computed once more, in another way.
"""

import os
import runpy
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

from IPython.display import display

from tools.claims import CLAIMS_MIME, claim_counts

ROOT = Path(__file__).parent.parent.parent


def look(stem, variables, storing=False, root=ROOT):
    """Raise where a run of a lesson, with its own parameters, is not what the lesson says.

    On MNIST a sentence about stored rows, which nobody counts over seeds, has to hold. One that was
    counted has to hold in a run that is to be stored; another run, on another processor, may be the
    one of twenty in which it does not. While the spread is measured no run is judged, but it is
    displayed which sentences hold.

    Args:
        stem: the name of the lesson; its file of checks is found by its number.
        variables: by name, as they are after the last cell.
        storing: whether the outputs of this run are to be stored in the lesson.
        root: of the project.

    Raises:
        AssertionError: it says at which line of the file of checks, or for which sentence.
    """
    v = SimpleNamespace(**variables)
    checks = runpy.run_path(str(root / "tests" / "lessons" / f"lesson_{stem[:2]}.py"))
    source = v.data.source if "data" in variables else "MNIST"  # One's own images are no stand-in.
    measuring = os.environ.get("AELIB_SPREAD") == "measuring"
    try:
        if not measuring:
            checks["second_look"](v)
        sentences = checks["FACTS"] | checks["HEDGED"] if measuring or source == "MNIST" else {}
        holding = {sentence: bool(holds(v)) for sentence, holds in sentences.items()}
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        at = [one for one in frames if one.filename == checks["__file__"]][-1]
        raise AssertionError(
            f"A second look at {stem} sees something else, {Path(at.filename).name}, "
            f"line {at.lineno}: {at.line} ({type(error).__name__} {error})"
        ) from error
    if measuring:
        display({CLAIMS_MIME: {"source": source, "holds": holding}}, raw=True)
    elif source == "MNIST":
        counts = claim_counts(root, source)
        judged = [one for one in checks["FACTS"] if storing or one not in counts]
        untrue = [one for one in judged if not holding[one]]
        if untrue:
            raise AssertionError(f"Stated as a fact, and not so in this run: {untrue}")
    keep_coverage()


def keep_coverage():
    """Write down what coverage has measured, if it does: kernels are ended without a last word."""
    coverage = sys.modules.get("coverage")
    if coverage and (measuring := coverage.Coverage.current()):
        measuring.save()
