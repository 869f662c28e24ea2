"""What the draws say, with no more certainty than they have."""

import json

import numpy as np
import pandas as pd
import scipy

from aelib.evaluation import accuracy_interval, mean_interval
from aelib.files import write_whole
from aelib.own_images.methods import BY_CODE, METHODS

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
    latter. So many `comparisons` are to hold all at once (Bonferroni's correction).
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
    width = max(width / np.sqrt(len(differences)), 300 / tested)
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
    """Mean accuracy and a 95 % interval that covers the luck of the draw (Student's t) and that of
    the images tested (Wilson's), all in percent, as a dict."""
    mean = rows.accuracy.mean()
    ends = [*accuracy_interval(mean, rows.tested.sum()), *mean_interval(rows.accuracy)]
    low, high = np.clip([min(ends), max(ends)], 0, 100)
    return {"accuracy": float(mean), "low": float(low), "high": float(high)}


def judge(rows, guessing):
    """Name a method, and say how sure that is.

    Of the methods that cannot be told from the best, and are less than a point behind it, the
    simplest is named. It is `sure` where no other can be more than a point better, and it `learned`
    where it is better than always naming the largest class, which is `guessing` percent right.
    `ties` are the methods that were not told from it, `code` is what the code brings at each number
    of labels, and `twice` what twice the labels would bring. `rows` are those of `run_contest`.
    """
    labels = int(rows.labels.max())
    last = rows[rows.labels == labels]
    best = leader(last)
    intervals = against(last, best)
    near = [name for name, (low, high) in intervals.items() if low >= -MARGIN and high >= 0]
    named = min([best, *near], key=METHODS.index)
    ahead = against(last, named)
    behind, own = max(0.0, *(high for _, high in ahead.values())), score(last[last.method == named])
    learned = own["low"] > guessing
    return {
        "method": named,
        **own,
        "sure": learned and behind <= MARGIN,
        "labels": labels,
        "draws": int(rows.draw.nunique()),
        "learned": learned,
        "guessing": guessing,
        "ties": [method for method, (low, high) in ahead.items() if low <= 0 <= high],
        "at_most_behind": behind,
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
    on logarithmic scales along the line through the errors at the two largest numbers of labels,
    draw by draw."""
    fewer, labels = sorted(rows.labels.unique())[-2:]
    # Half an image more: an error of 0 has no logarithm.
    rows = rows.assign(error=100 - rows.accuracy + 50 / rows.tested)
    errors = rows.pivot(index="draw", columns="labels", values="error")[[fewer, labels]].dropna()
    falls = (errors[labels] / errors[fewer]) ** (np.log(2) / np.log(labels / fewer))
    gains = errors[labels] * (1 - falls)
    low, high = map(float, mean_interval(gains))
    return dict(labels=int(2 * labels), gain=float(gains.mean()), low=low, high=high)


def in_words(verdict):
    """The verdict as sentences, one a line."""
    if not verdict["learned"]:
        return [
            f"No method does better than always naming the largest class ({verdict['guessing']:.1f}"
            " %). Either the images do not show what the labels say, or there are too few."
        ]
    method, behind = f"“{verdict['method']}”", verdict["at_most_behind"]
    first = f"Take {method}: it is ahead of every other by more than chance explains."
    if not verdict["sure"]:
        first = f"Not sure: take {method}, but another may be up to {behind:.1f} points better."
    elif verdict["ties"]:
        first = f"Take {method}: no other is more than a point better."
    if verdict["ties"]:
        names = ", ".join(verdict["ties"])
        first += f" The {verdict['draws']} draws do not tell it from {names}."
    lines = [
        first,
        f"Expect {verdict['accuracy']:.1f} % right ({verdict['low']:.1f} to {verdict['high']:.1f}) "
        f"on new images, with {verdict['labels']:,} labels.",
    ]
    for part in verdict["code"]:
        says = "makes no difference that the draws could show" if part["low"] <= 0 else "helps"
        says = "does not help" if part["high"] < 0 else says
        pair = f"{part['method']} minus {part['against']}"
        lines.append(f"With {part['labels']:,} labels the code {says}: {pair} is {_points(part)}.")
    twice = verdict["twice"]
    lines.append(f"Twice the labels, {twice['labels']:,}, would bring about {_points(twice)}.")
    return lines


def _points(part):
    return f"{part['gain']:+.1f} points ({part['low']:+.1f} to {part['high']:+.1f})"


def save_verdict(path, verdict):
    """Write a verdict as JSON, with its sentences, to `path`; numbers get two digits."""
    words = {**verdict, "in_words": in_words(verdict)}
    short = json.loads(json.dumps(words), parse_float=lambda number: round(float(number), 2))
    write_whole(path, json.dumps(short, indent=1, ensure_ascii=False) + "\n")
