"""What a lesson shows of its numbers, whether they are as they should be, and as predicted."""

import html
import json
import math
import os
import re
from functools import cache, lru_cache

import numpy as np
import torch

from aelib.arguments import kind, number
from aelib.data import Data
from aelib.display import display_bundle, source_of
from aelib.evaluation import Accuracy, check_value, fingerprint
from aelib.results import claim_counts, results_folder
from aelib.settings import CLAIMS_MIME, METRICS_MIME

SPLITS = ("test", "full_test", "validation", "train")
#: What has been claimed so far in this lesson: by name, a sentence and whether it holds.
_claims = {}
#: How a sentence begins that is not said as a fact.
HEDGES = ("Mostly, ", "Sometimes, ")


def report(data, metrics, heading=None, key="source"):
    """Display the numbers of a lesson as a table, and store them in the cell's output.

    Args:
        data: the `Data` of the lesson, or, for numbers from a table, the name of its images.
        metrics: a dict of numbers. One that knows its unit, its interval or its images, as those
            of `accuracy` do, is shown with them.
        heading: what was run for them, if not a single run on the data.
        key: "own_images" where the name is that of somebody's own images.

    Raises:
        TypeError, ValueError: there are none, one is not a finite number, or was measured on
            another split than its name says.
    """
    source = source_of(data)
    rows = [_row(name, value, data) for name, value in _checked(metrics).items()]
    missing = [name for name, value in metrics.items() if not np.isfinite(float(value))]
    if missing:
        raise ValueError(f"{missing[0]} is not a finite number: it was not measured; leave it out")
    heading = heading or f"Measured on {source}, a single run"
    width = max(len(name) for name, *_ in rows)
    lines = [f"{name:<{width}}  {value:>9}  {rest}".rstrip() for name, value, rest in rows]
    cells = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{value}</td><td>{rest}</td></tr>"
        for name, value, rest in rows
    )
    bundle = {
        "text/plain": "\n".join([heading, *lines]),
        "text/html": f"<table><caption>{html.escape(heading)}</caption>{cells}</table>",
        METRICS_MIME: {key: source, **{name: float(v) for name, v in metrics.items()}},
    }
    display_bundle(bundle)


def _checked(metrics):
    """The metrics, or what is wrong with the first that is no number with a name."""
    if not isinstance(metrics, dict) or not metrics:
        raise TypeError(f"metrics is {kind(metrics)}: give a dict from names to numbers")
    for name, value in metrics.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name {name!r} of a metric is no text")
        number(name, value)
    return metrics


def _row(name, value, data):
    """A metric as texts: its name, its value, its interval and images."""
    split = _split(value, data)
    said = next((other for other in SPLITS[1:] if name.endswith(f"_{other}")), "test")
    if split and split != said:
        raise ValueError(
            f"{name} was measured on the {split} split: give it a name that ends in _{split}, or "
            f"measure it on the {said} split"
        )
    unit = getattr(value, "unit", "")
    text = f"{float(value):.2f} {unit}" if unit else f"{float(value):.4f}"
    rest = []
    if isinstance(value, Accuracy):
        rest.append("({:.1f} to {:.1f})".format(*value.interval))
    if getattr(value, "count", None):
        rest.append(f"on {value.count:,} images" + (f" of {split}" if split else ""))
    return name, text, " ".join(rest)


def _split(value, data):
    """The split that a number was measured on, by the fingerprint that it carries, or None."""
    digest = getattr(value, "digest", None)
    return _splits(data).get(digest) if digest and isinstance(data, Data) else None


@lru_cache(maxsize=1)
def _splits(data):
    """The split of each fingerprint, of images and of labels."""
    pairs = [(name, values) for name in SPLITS for values in getattr(data, name)]
    # In reverse, so that of two splits with the same images the first in `SPLITS` is named.
    return {fingerprint(values): name for name, values in reversed(pairs) if len(values)}


def check(data, settings, metrics, *histories):
    """Check each number against its band, and say so in words that do not move with the number.

    The band is where a run with a new seed ends 999 times in 1,000: the prediction interval of a
    normal distribution with the mean and spread of the runs in `spread.json`.

    Args:
        data: as for `report`.
        settings: those of this run that the lesson has; bands hold for the default ones, and any
            seed.
        metrics: as for `report`.
        histories: of the trainings behind them; where one was stopped, or had other settings or
            learned from another split, no band holds.

    Raises:
        AssertionError: a number is outside its band.
        TypeError, ValueError: as for `report`.
    """
    source = source_of(data)
    for name, value in _checked(metrics).items():
        _row(name, value, data)
    spread = _spread()
    reason = _not_judged(data, settings, spread["settings"], histories)
    if os.environ.get("AELIB_SPREAD") == "measuring":
        reason = "the bands are being measured"
    if reason:
        print(f"Not checked: {reason}.")
        return
    for name, value in metrics.items():
        measured = spread["runs"].get(source, {}).get(name)
        if measured is None:
            print(f"Not checked: no band has been measured for {name}.")
            continue
        check_value(name, value, measured, source)


def _not_judged(data, settings, measured, histories):
    """Why bands and claims say nothing about this run, or None."""
    if not isinstance(settings, dict):
        raise TypeError(f"settings is {kind(settings)}: give a dict, as `check_settings` returns")
    for history in histories:
        if not isinstance(history, dict) or "training_loss" not in history:
            raise TypeError(f"history is {kind(history)}: give what `train` returned")
        if reason := _another_training(data, settings, history):
            return reason
        done, epochs = len(history["training_loss"]), settings.get("epochs", 0)
        if done < epochs:
            return f"a training was stopped after {done} of {epochs} epochs"
    changed = [name for name, v in measured.items() if name in settings and settings[name] != v]
    return f"the bands hold for the default {', '.join(changed)}" if changed else None


def _another_training(data, settings, history):
    """In what a training, as it knows of itself, was not that of the lesson, or None."""
    for name, value in getattr(history, "settings", {}).items():
        if settings.get(name, value) != value:
            return f"a training had {name}={value}, not {settings[name]}"
    pairs = zip(("train", "validation"), getattr(history, "targets", ()), strict=False)
    for said, targets in pairs:
        known = isinstance(data, Data) and len(targets)
        if known and _splits(data).get(fingerprint(targets)) != said:
            return f"a training had other targets than those of the {said} split"
    return None


def claim(name, sentence, holds):
    """Note whether a sentence about this run holds; say so at once only where it does not.

    Args:
        name: what the claim is called, in lower case with underscores, in no two lessons the same.
        sentence: what the text says; it begins with "Mostly, " or "Sometimes, " where it held in
            fewer than 19 of 20 runs, and everything else is said as a fact.
        holds: whether this run bears it out.

    Raises:
        TypeError, ValueError: one of the three is something else.
    """
    if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ValueError(f"the name {name!r} of a claim must be lower case, such as codes_help")
    if not isinstance(sentence, str) or not sentence.strip():
        raise TypeError(f"the sentence of {name} is {kind(sentence)}: give a text")
    if isinstance(holds, np.bool_) or isinstance(holds, torch.Tensor) and holds.numel() == 1:
        holds = holds.item()
    if not isinstance(holds, bool):
        raise TypeError(f"whether {name} holds is {kind(holds)}: give True or False")
    _claims[name] = sentence, holds
    if not holds:
        print(f"In this run it does not hold: {sentence}")


def show_claims(data, settings, *histories):
    """Display what was claimed in this lesson, folded, and store which claims hold in this run.

    Beside each stands in how many of the runs of `make spread` it held, where that is known.

    Args:
        data, settings, histories: as for `check`; where no band holds, no claim is judged.

    Raises:
        TypeError, ValueError: as for `check`.
    """
    source = source_of(data)
    reason = _not_judged(data, settings, _spread()["settings"], histories)
    counts = claim_counts(source)
    lines = []
    for name, (sentence, holds) in _claims.items():
        verdict = "not judged" if reason else "holds" if holds else "does not hold in this run"
        held, runs = counts.get(name, (0, 0))
        share = f" (in {held} of {runs} runs)" if runs else ""
        lines.append(f"{verdict}: {sentence}{share}")
    holding = sum(holds for _, holds in _claims.values())
    head = f"Claims of this lesson: {holding} of {len(lines)} hold in this run"
    if reason:
        head = f"Claims of this lesson: {len(lines)}, not judged, as {reason}"
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    bundle = {
        "text/plain": "\n".join([head, *lines]),
        "text/html": f"<details><summary>{head}</summary><ul>{items}</ul></details>",
    }
    if not reason:
        verdicts = {name: holds for name, (_, holds) in _claims.items()}
        facts = [name for name, (text, _) in _claims.items() if not text.startswith(HEDGES)]
        bundle[CLAIMS_MIME] = {"source": source, "claims": verdicts, "facts": facts}
    display_bundle(bundle)


@cache
def _spread():
    return json.loads(results_folder().joinpath("spread.json").read_text(encoding="utf-8"))


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
        if guess is not None:
            asked = f"one of {', '.join(among)}" if among else "a number"
            noted = f"Noted, {what}: {_few_digits(self.guess)}."
            print(noted if self.guess is not None else f"Not noted: {guess!r} is not {asked}.")

    def compare(self, value):
        """Print what came and how far off the prediction was, if there is one."""
        came = value if self.among else float(value)
        if self.guess is None:
            print(f"{self.what}: {_few_digits(came)}. You had predicted nothing.")
        else:
            said = self._chosen(came) if self.among else _how_far_off(self.guess, came)
            yours = _few_digits(self.guess)
            print(f"{self.what}: you said {yours}, it is {_few_digits(came)}. {said}")

    def _chosen(self, came):
        return "Right!" if self.guess == self._read(came) else "Not this time. Why not?"

    def _read(self, guess):
        """The guess as a number or as one of the words to choose from, None if it is neither."""
        if self.among:
            words = {word.casefold(): word for word in self.among}
            return words.get(str(guess).strip().casefold())
        try:
            number = float(str(guess).replace("%", "").replace(",", ".").strip())
        except ValueError:
            return None
        return number if math.isfinite(number) else None


def _how_far_off(guess, came):
    """How far a guess is from what came: in multiples where it is far off, else in its unit."""
    off = guess - came
    if abs(off) <= 0.01 * abs(came):
        return "As good as right!"
    direction = "high" if off > 0 else "low"
    if guess * came > 0:
        times = max(guess / came, came / guess)
        if times >= 2:
            return f"That is {times:.2g} times too {'high' if abs(guess) > abs(came) else 'low'}."
    close = "Close: " if abs(off) <= 0.1 * abs(came) else "Off by some way: "
    return f"{close}{_few_digits(abs(off))} too {direction}."


def _few_digits(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
