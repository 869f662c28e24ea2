"""What the draws say, with no more certainty than they have."""

import json

import numpy as np
import pandas as pd
import scipy

from aelib.evaluation import accuracy_interval
from aelib.files import write_whole
from aelib.own_images.methods import BY_CODE, METHODS

FOLDS = 5  # In each draw one of so many parts of the labelled images is tested.
#: Draws learn from much the same images, so the mean of many is less sure than if each had its own:
#: its variance has tested over left to learn from besides one over draws (Nadeau and Bengio, 2003).
SHARING = 1 / (FOLDS - 1)
MARGIN = 1.0  # In percentage points: what is less than this behind is as good.


def by_draw(rows):
    """Accuracies, a row for each draw and a column for each method, the simplest first."""
    wide = rows.pivot(index="draw", columns="method", values="accuracy")
    return wide[[method for method in METHODS if method in wide]]


def paired_interval(rows, one, other, comparisons=1):
    """The 95 % interval around the mean of `one` minus `other` in the draws that both took part in.

    Few draws say little about how far a single difference spreads. So its deviation is the larger
    of two: its own, and what draws and methods leave unexplained in all the rows, those of one
    number of labels (a two-way layout; Fisher, 1925). Student's t has the degrees of freedom of the
    latter. So many `comparisons` are to hold all at once (Bonferroni's correction), and it is
    widened by what draws share (`SHARING`).
    """
    wide = by_draw(rows)
    differences = (wide[one] - wide[other]).dropna()
    effects = pd.get_dummies(rows[["draw", "method"]].astype(str), dtype=float).to_numpy()
    coefficients, _, rank, _ = np.linalg.lstsq(effects, rows.accuracy, rcond=None)
    freedom = len(rows) - rank
    unexplained = np.square(rows.accuracy - effects @ coefficients).sum() / freedom
    deviation = max(differences.std(ddof=1), np.sqrt(2 * unexplained))
    width = scipy.stats.t.ppf(1 - 0.025 / comparisons, freedom) * deviation
    # Draws that agree by chance are no proof: three images either way at least (rule of three).
    tested = rows[(rows.method == one) & rows.draw.isin(differences.index)].tested.sum()
    width = max(width * np.sqrt(1 / len(differences) + SHARING), 300 / tested)
    return float(differences.mean() - width), float(differences.mean() + width)


def leader(rows):
    """The method with the best mean, of those that took part in all draws."""
    return by_draw(rows).dropna(axis=1).mean().idxmax()


def surely_behind(rows):
    """The methods that are behind the `leader` by more than chance explains: they cannot win."""
    return [name for name, (_, high) in against(rows, leader(rows)).items() if high < 0]


def against(rows, one):
    """The `paired_interval` of each other method minus `one`, all at once, from the simplest on."""
    others = [method for method in by_draw(rows) if method != one]
    return {name: paired_interval(rows, name, one, len(others)) for name in others}


def score(rows):
    """Mean accuracy and a 95 % interval that covers the luck of the draw (Student's t, widened by
    what draws share) and that of the images tested (Wilson's), all in percent, as a dict."""
    mean, deviation = rows.accuracy.mean(), rows.accuracy.std() * np.sqrt(1 / len(rows) + SHARING)
    reach = scipy.stats.t.ppf(0.975, len(rows) - 1) * deviation
    ends = [*accuracy_interval(mean, rows.tested.sum()), mean - reach, mean + reach]
    low, high = np.clip([min(ends), max(ends)], 0, 100)
    return {"accuracy": float(mean), "low": float(low), "high": float(high)}


def judge(rows, guessing):
    """Name a method, and say how sure that is.

    `ties` are the methods that cannot be told from the best, and it. Of those that no other can be
    more than a point better than, the simplest is named; that is `sure`. Where there is none, the
    simplest of all ties is. `learned` says whether the best is better than always naming the
    largest class, which is `guessing` percent right, `code` what the code brings at each number of
    labels, and `twice` what twice the labels may bring. `rows` are those of `run_contest`.
    """
    labels = int(rows.labels.max())
    last = rows[rows.labels == labels]
    gone = surely_behind(last)
    ties = [name for name in by_draw(last).dropna(axis=1) if name not in gone]
    behind = {name: max(0.0, *(high for _, high in against(last, name).values())) for name in ties}
    named = next((name for name in ties if behind[name] <= MARGIN), ties[0])
    learned = score(last[last.method == leader(last)])["low"] > guessing
    return {
        "method": named,
        **score(last[last.method == named]),
        "sure": learned and behind[named] <= MARGIN,
        "labels": labels,
        "draws": int(rows.draw.nunique()),
        "learned": learned,
        "guessing": guessing,
        "ties": ties,
        "at_most_behind": behind[named],
        "code": [gain_of_code(part) for _, part in rows.groupby("labels")],
        "twice": twice_the_labels(rows[rows.method == named]),
        "contest": [
            {"method": method, "labels": int(count), "draws": len(part), **score(part)}
            for (count, method), part in rows.groupby(["labels", "method"], sort=False)
        ],
    }


def gain_of_code(rows):
    """The best method with a code minus the best without, at one number of labels, paired."""
    wide = by_draw(rows)
    behind = wide.sub(wide[leader(rows)], axis=0).mean()  # In the draws of either.
    with_code, without = behind[behind.index.isin(BY_CODE)], behind[~behind.index.isin(BY_CODE)]
    method, other = with_code.idxmax(), without.idxmax()
    # Any pair could have been picked.
    low, high = paired_interval(rows, method, other, len(with_code) * len(without))
    gain, labels = float((wide[method] - wide[other]).mean()), int(rows.labels.iloc[0])
    return dict(labels=labels, method=method, against=other, gain=gain, low=low, high=high)


def twice_the_labels(rows):
    """What twice as many labels would bring, if the error of one method goes on falling as it did:
    on logarithmic scales along the line through its means at the two largest numbers of labels."""
    # Half an image more: an error of 0 has no logarithm.
    errors = (100 - rows.accuracy + 50 / rows.tested).groupby(rows.labels).mean()
    (fewer, before), (labels, now) = list(errors.items())[-2:]
    fall = (now / before) ** (np.log(2) / np.log(labels / fewer))
    return {"labels": int(2 * labels), "gain": float(now * (1 - fall))}


def in_words(verdict):
    """The verdict as sentences, one a line."""
    if not verdict["learned"]:
        naming = f"always naming the largest class ({verdict['guessing']:.1f} %)"
        why = "Either the images do not show what the labels say, or there are too few."
        return [f"No method does better than {naming}. {why}"]
    take, tied = f"Take “{verdict['method']}”", ", ".join(f"“{one}”" for one in verdict["ties"])
    first = f"The {verdict['draws']} draws do not tell which of these is best: {tied}. "
    if len(verdict["ties"]) == 1:
        first = f"{take}: it is ahead of every other by more than chance explains."
    elif verdict["sure"]:
        first += f"{take}: no other is more than a point better."
    else:
        behind = f"another may be up to {verdict['at_most_behind']:.1f} points better"
        first += f"{take}, the simplest of them. That is not sure: {behind}."
    hope = "Expect {accuracy:.1f} % right ({low:.1f} to {high:.1f}) on new images, with {labels:,}"
    hope += " labels. It may be a little too good: it is the score that the method was chosen by."
    lines = [first, hope.format(**verdict)]
    for part in verdict["code"]:
        says = "makes no difference that the draws could show" if part["low"] <= 0 else "helps"
        says = "does not help" if part["high"] < 0 else says
        pair = f"“{part['method']}” minus the best without it, “{part['against']}”, is"
        gain = f"{part['gain']:+.1f} points ({part['low']:+.1f} to {part['high']:+.1f})"
        lines.append(f"With {part['labels']:,} labels the code {says}: {pair} {gain}.")
    twice = "Twice the labels, {labels:,}, may bring {gain:+.1f} points: a guess from two points."
    return [*lines, twice.format(**verdict["twice"])]


def save_verdict(path, verdict):
    """Write a verdict as JSON, with its sentences, to `path`; numbers get two digits."""
    words = {**verdict, "in_words": in_words(verdict)}
    short = json.loads(json.dumps(words), parse_float=lambda number: round(float(number), 2))
    write_whole(path, json.dumps(short, indent=1, ensure_ascii=False) + "\n")
