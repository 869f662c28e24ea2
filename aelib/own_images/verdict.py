"""What the draws say, with no more certainty than they have."""

import json

import numpy as np
import scipy

from aelib.contest.methods import BY_CODE, METHODS
from aelib.evaluation import accuracy_interval, mean_interval
from aelib.files import write_whole

#: In percentage points: what is less than this behind is as good.
MARGIN = 1.0


def paired_interval(differences, tested, comparisons=1):
    """The 95 % interval around the mean of paired differences (Student's t).

    Args:
        differences: one for each draw, in percentage points.
        tested: how many images all draws tested together. Draws that agree by chance are no proof:
            the interval reaches three images to either side at least (the rule of three).
        comparisons: how many such intervals are to hold all at once (Bonferroni's correction).
    """
    differences = np.asarray(differences)
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    width = error * scipy.stats.t.ppf(1 - 0.025 / comparisons, len(differences) - 1)
    width = max(width, 300 / tested)
    return differences.mean() - width, differences.mean() + width


def score(rows):
    """The mean accuracy of some draws, and the 95 % interval around it, all in percent.

    The interval covers the luck of the draw and that of the images tested: what Student's t over
    draws spans, or Wilson's over images.
    """
    mean = float(rows.accuracy.mean())
    low, high = accuracy_interval(mean, rows.tested.sum())
    if np.ptp(rows.accuracy):
        least, most = mean_interval(rows.accuracy)
        low, high = min(low, least), max(high, most)
    return mean, max(float(low), 0.0), min(float(high), 100.0)


def judge(rows, guessing):
    """Name a method, and say how sure that is.

    Of the methods that cannot be told from the best, and are less than a point behind it, the
    simplest is named. It is `sure` where no other can be more than a point better.

    Args:
        rows: the data frame of `run_contest`.
        guessing: the accuracy of always naming the largest class, in percent.

    Returns:
        A dict with `method`, `accuracy`, `low`, `high`, `sure`, `labels`, `contest`, and
        `learned` (better than guessing), `ties` (methods that were not told from the named one),
        `code` (what the code brings at each number of labels), `twice` (what twice the labels
        would bring).
    """
    labels = int(rows.labels.max())
    last = rows[rows.labels == labels]
    tested = last[last.method == METHODS[0]].tested.sum()
    wide = last.pivot(index="draw", columns="method", values="accuracy")
    best = max(METHODS, key=lambda method: wide[method].mean())

    def ahead(method, other):
        return paired_interval(wide[method] - wide[other], tested, len(METHODS) - 1)

    def ties_with_best(method):
        low, high = ahead(best, method)
        return method == best or (low <= 0 and high <= MARGIN)

    named = next(method for method in METHODS if ties_with_best(method))
    others = {method: ahead(method, named) for method in METHODS if method != named}
    mean, low, high = score(last[last.method == named])
    learned = bool(low > guessing)
    return {
        "method": named,
        "accuracy": mean,
        "low": low,
        "high": high,
        "sure": learned and all(most <= MARGIN for _, most in others.values()),
        "labels": labels,
        "learned": learned,
        "guessing": guessing,
        "ties": [method for method, (least, most) in others.items() if least <= 0 <= most],
        "at_most_behind": max(0.0, *(float(most) for _, most in others.values())),
        "code": [gain_of_code(part) for _, part in rows.groupby("labels")],
        "twice": twice_the_labels(rows[rows.method == named]),
        "contest": [
            dict(zip(("accuracy", "low", "high"), score(part), strict=True))
            | {"method": method, "labels": int(count)}
            for (count, method), part in rows.groupby(["labels", "method"], sort=False)
        ],
    }


def gain_of_code(rows):
    """The best method with a code minus the best without, at one number of labels, paired."""
    wide = rows.pivot(index="draw", columns="method", values="accuracy")
    means = wide.mean()
    without = [method for method in METHODS if method not in BY_CODE]
    by_code, other = means[list(BY_CODE)].idxmax(), means[without].idxmax()
    tested = rows[rows.method == other].tested.sum()
    # Both were picked among three, so nine pairs could have been looked at.
    low, high = paired_interval(wide[by_code] - wide[other], tested, len(BY_CODE) * len(without))
    gain = float(means[by_code] - means[other])
    return {
        "labels": int(rows.labels.iloc[0]),
        "method": by_code,
        "against": other,
        "gain": gain,
        "low": float(low),
        "high": float(high),
    }


def twice_the_labels(rows):
    """What twice as many labels would bring, if the error of one method goes on falling as it did.

    On logarithmic scales the line through the errors at the two largest numbers of labels is drawn
    on, draw by draw.
    """
    fewer, labels = sorted(rows.labels.unique())[-2:]
    wide = rows.pivot(index="draw", columns="labels", values="accuracy")
    tested = rows[rows.labels == labels].set_index("draw").tested
    # Half an image more: an error of 0 has no logarithm.
    errors = 100 - wide[[fewer, labels]] + np.asarray(50 / tested)[:, None]
    falls = (errors[labels] / errors[fewer]) ** (np.log(2) / np.log(labels / fewer))
    gains = errors[labels] * (1 - falls)
    low, high = mean_interval(gains) if np.ptp(gains) else (gains.mean(), gains.mean())
    return {
        "labels": int(2 * labels),
        "gain": float(gains.mean()),
        "low": float(low),
        "high": float(high),
    }


def in_words(verdict):
    """The verdict as sentences, one a line."""
    method, labels = verdict["method"], verdict["labels"]
    if not verdict["learned"]:
        return [
            f"No method does better than always naming the largest class ({verdict['guessing']:.1f}"
            " %). Either the images do not show what the labels say, or there are too few."
        ]
    told = "Ten draws do not tell it from " + ", ".join(verdict["ties"])
    if not verdict["sure"]:
        first = (
            f"Not sure: take “{method}”, but another may be up to "
            f"{verdict['at_most_behind']:.1f} points better. {told}."
        )
    elif verdict["ties"]:
        first = f"Take “{method}”: no other is more than a point better. {told}."
    else:
        first = f"Take “{method}”: it is ahead of every other by more than chance explains."
    lines = [
        first,
        f"Expect {verdict['accuracy']:.1f} % right ({verdict['low']:.1f} to {verdict['high']:.1f}) "
        f"on new images, with {labels:,} labels.",
    ]
    lines += [code_in_words(part) for part in verdict["code"]]
    twice = verdict["twice"]
    more = f"{twice['gain']:+.1f} points ({twice['low']:+.1f} to {twice['high']:+.1f})"
    lines.append(f"Twice the labels, {twice['labels']:,}, would bring about {more}.")
    return lines


def code_in_words(part):
    """What the code brings at one number of labels, as a sentence."""
    if part["low"] > 0:
        says = "the code helps"
    elif part["high"] < 0:
        says = "the code does not help"
    else:
        says = "the code makes no difference that the draws could show"
    return (
        f"With {part['labels']:,} labels {says}: {part['method']} minus {part['against']} is "
        f"{part['gain']:+.1f} points ({part['low']:+.1f} to {part['high']:+.1f})."
    )


def save_verdict(path, verdict):
    """Write a verdict as JSON, with its sentences, to `path`; numbers get two digits."""

    def short(value):
        if isinstance(value, dict):
            return {name: short(part) for name, part in value.items()}
        if isinstance(value, list):
            return [short(part) for part in value]
        return round(value, 2) if isinstance(value, float) else value

    words = {**short(verdict), "in_words": in_words(verdict)}
    write_whole(path, json.dumps(words, indent=1, ensure_ascii=False) + "\n")
