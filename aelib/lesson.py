"""What a lesson shows of its numbers, whether they are as they should be, and as predicted."""

import html
import json
import math
import os
import re
from functools import cache
from importlib.resources import files

from aelib.display import display_bundle, source_of
from aelib.evaluation import Accuracy, check_value
from aelib.settings import METRICS_MIME, shown


def report(data, metrics, heading=None, key="source"):
    """Display the numbers of a lesson as a table, and store them in the cell's output.

    Args:
        data: the `Data` of the lesson, or, for numbers from a table, the name of its images.
        metrics: a dict of numbers. One that knows its unit, its interval or on how many images it
            was measured, as those of `accuracy` do, is shown with them.
        heading: what was run for them, if not a single run on the data.
        key: "own_images" where the name is that of somebody's own images.

    Raises:
        ValueError: one is not finite, which a table of numbers cannot hold.
    """
    source = source_of(data)
    numbers = {name: float(value) for name, value in metrics.items()}
    if missing := [name for name, number in numbers.items() if not math.isfinite(number)]:
        raise ValueError(f"{missing[0]} is not a finite number: it was not measured; leave it out")
    heading = heading or f"Measured on {source}, a single run"
    width = max(map(len, numbers))
    lines, cells = [heading], []
    for name, metric in metrics.items():
        number, rest = _in_words(metric)
        lines.append(f"{name:<{width}}  {number:>9}  {rest}".rstrip())
        cells.append(f"<tr><th>{html.escape(name)}</th><td>{number}</td><td>{rest}</td></tr>")
    bundle = {
        "text/plain": "\n".join(lines),
        "text/html": f"<table><caption>{html.escape(heading)}</caption>{''.join(cells)}</table>",
        METRICS_MIME: {key: source, **numbers},
    }
    display_bundle(bundle)


def _in_words(metric):
    """A metric as two texts: its value with its unit, and its interval and number of images."""
    unit = getattr(metric, "unit", "")
    number = f"{float(metric):.2f} {unit}" if unit else f"{float(metric):.4f}"
    rest = []
    if isinstance(metric, Accuracy):
        rest.append("({:.1f} to {:.1f})".format(*metric.interval))
    if count := getattr(metric, "count", None):
        rest.append(f"on {count:,} images")
    return number, " ".join(rest)


def check(data, settings, metrics, *histories):
    """Check each number against its band, and say so in words that do not move with the number.

    The band is where a run with a new seed ends 999 times in 1,000: the prediction interval of a
    normal distribution with the mean and spread of the runs in `results/spread.json`.

    Args:
        data, metrics: as for `report`.
        settings: those of this run that the lesson has; bands hold for the default ones, and any
            seed.
        histories: of the trainings behind the numbers; where one was stopped, no band holds.

    Raises:
        AssertionError: a number is outside its band.
    """
    source, spread = source_of(data), _spread()
    if reason := _not_judged(settings, spread["settings"], histories):
        print(f"Not checked: {reason}.")
        return
    for name, value in metrics.items():
        measured = spread["runs"].get(source, {}).get(name)
        if measured is None:
            print(f"Not checked: no band has been measured for {name}.")
        else:
            check_value(name, value, measured, source)


def _not_judged(settings, measured, histories):
    """Why bands say nothing about a run with these settings, or None."""
    if os.environ.get("AELIB_SPREAD") == "measuring":
        return "the bands are being measured"
    for done in (len(history["training_loss"]) for history in histories):
        if done < settings["epochs"]:
            return f"a training was stopped after {done} of {settings['epochs']} epochs"
    changed = [name for name, v in measured.items() if name in settings and settings[name] != v]
    return f"the bands hold for the default {', '.join(changed)}" if changed else None


@cache
def _spread():
    """The numbers of many runs, and their settings, as `make spread` has measured them."""
    return json.loads((files("aelib") / "results" / "spread.json").read_text(encoding="utf-8"))


def predict(what, guess=None, among=None):
    """Note a prediction before a run; its `compare` says after it how far off it was.

        guess = predict("accuracy of approach 1 in percent", 90)
        guess.compare(94.5)

    Args:
        what: what is predicted.
        guess: a number or, with `among`, a word; None for no prediction, which changes nothing.
        among: the words to choose from, such as `("PCA", "autoencoder")`.

    Returns:
        A `Prediction`. A guess that is of no use is said to be so and not noted, but never stops a
        lesson.
    """
    return Prediction(what, guess, among)


class Prediction:
    """What was predicted, to be compared with what came."""

    def __init__(self, what, guess=None, among=None):
        self.what, self.among = what, among
        self.guess = None if guess is None else self._read(guess)
        if self.guess is not None:
            print(f"Noted, {what}: {_few_digits(self.guess)}.")
        elif guess is not None:
            asked = f"one of {', '.join(among)}" if among else "a number"
            print(f"Not noted: {shown(guess)} is not {asked}.")

    def compare(self, value):
        """Print what came and how far off the prediction was, if there is one."""
        came = value if self.among else float(value)
        if self.guess is None:
            print(f"{self.what}: {_few_digits(came)}. You had predicted nothing.")
            return
        if self.among:
            said = "Right!" if self.guess == self._read(came) else "Not this time. Why not?"
        else:
            said = _how_far_off(self.guess, came)
        yours = _few_digits(self.guess)
        print(f"{self.what}: you said {yours}, it is {_few_digits(came)}. {said}")

    def _read(self, guess):
        """The guess as a number or as one of the words to choose from, None if it is neither."""
        if self.among:
            words = {word.casefold(): word for word in self.among}
            return words.get(str(guess).strip().casefold())
        text = str(guess).replace("%", "").strip()
        # A comma before exactly three digits stands between thousands, any other is a point.
        if re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", text):
            text = text.replace(",", "")
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return None
        return number if math.isfinite(number) else None


def _how_far_off(guess, came):
    """How far a guess is from what came: in multiples where it is far off, else in its unit."""
    off = guess - came
    if abs(off) <= 0.01 * abs(came):
        return "As good as right!"
    if guess * came > 0 and (times := max(guess / came, came / guess)) >= 2:
        return f"That is {times:.2g} times too {'high' if abs(guess) > abs(came) else 'low'}."
    close = "Close: " if abs(off) <= 0.1 * abs(came) else "Off by some way: "
    return f"{close}{_few_digits(abs(off))} too {'high' if off > 0 else 'low'}."


def _few_digits(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
