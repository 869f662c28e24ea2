"""The generated parts of README and TEACHING.md: what was measured, what lessons ask and answer."""

import colorsys
import html
import zlib

import numpy as np

from aelib.evaluation import mean_interval
from aelib.results import PUBLISHED
from aelib.studies import few_labels, read_rows, spread_labels

#: The question of each lesson and what comes out. What is in braces is a mean over the seeds of
#: `make spread`.
LESSONS = {
    "01_dataset": (
        "What does a network have to beat?",
        "Three nearest neighbours, which learn nothing: "
        "{nearest_neighbours_accuracy_full_test:.1f} %.",
    ),
    "02_autoencoder": (
        "How do you build an autoencoder, and why do some die?",
        "Network and loop in your own cells, and a ReLU that kills some of them.",
    ),
    "03_reconstructions": (
        "What does a code of 48 numbers keep of an image?",
        "Shape, place and slant, but no sharp edges: error {reconstruction_mse_full_test:.4f}, "
        "where PCA's is {pca_mse_full_test:.4f}.",
    ),
    "04_frozen_encoder": (
        "Approach 1: how good is an MLP on the frozen code?",
        "{approach_1_accuracy_full_test:.1f} %. On a random encoder it gets "
        "{random_encoder_accuracy_full_test:.1f} %.",
    ),
    "05_joint_training": (
        "Approach 2: what if the labels train the encoder, too?",
        "{approach_2_accuracy_full_test:.1f} %, with fewer mistakes, and dearer ones.",
    ),
    "06_replication": (
        "Can the published numbers be reproduced?",
        "By one or two seeds of sixteen, on ten times the images.",
    ),
    "07_labels": (
        "When does a code learned without labels help?",
        "When labels are few; and images without labels are worth more used twice.",
    ),
    "08_scaling_up": (
        "Where does the time of a training go?",
        "A stored run of the benchmark, taken apart.",
    ),
    "09_your_own_images": (
        "Does it help for images of your own?",
        "Give a folder; repeated draws name a method, and say how sure that is.",
    ),
}
#: The picture that has a second one for dark pages.
DRAWING = "02_autoencoder"
#: The lessons of the two sessions in TEACHING.md.
SESSIONS = (("01", "02"), ("03", "04", "05", "06"))
#: What the table of results shows: a label, its key, how many digits, and the unit.
RESULTS = [
    ("reconstruction error (clamped MSE), autoencoder", "reconstruction_mse_full_test", 4, ""),
    ("reconstruction error (clamped MSE), PCA-48", "pca_mse_full_test", 4, ""),
    ("logistic regression on pixels", "logistic_regression_accuracy_full_test", 2, " %"),
    ("3 nearest neighbours on pixels", "nearest_neighbours_accuracy_full_test", 2, " %"),
    ("random encoder, frozen, + MLP", "random_encoder_accuracy_full_test", 2, " %"),
    ("PCA-48 + MLP", "pca_mlp_accuracy_full_test", 2, " %"),
    ("**approach 1**: autoencoder, frozen, + MLP", "approach_1_accuracy_full_test", 2, " %"),
    ("**approach 2**: encoder and MLP together", "approach_2_accuracy_full_test", 2, " %"),
]


def answer(runs):
    """The answer of the whole tutorial, in four lines; `runs` has the lessons' numbers by name."""
    one, two = (np.mean(runs[f"{name}_accuracy_full_test"]) for name in PUBLISHED)
    rows = read_rows("few_labels")
    rows = rows[(rows.source == "mnist") & (rows.variant == "plain") & (rows.labels == 10)]
    scores = few_labels.unchosen(rows).pivot(index="seed", columns="method", values="accuracy")
    gain = scores[few_labels.FROZEN] - scores[few_labels.PIXELS]
    low, high = mean_interval(gain)
    twice = read_rows("spread_labels")
    twice = twice[twice.unlabelled == spread_labels.ALL["unlabelled"]]
    rivals = twice[twice.code == spread_labels.PIXELS].seed.nunique()
    twice = twice[twice.code == spread_labels.AUTOENCODER]
    used = twice.groupby("labels").again_accuracy.mean()
    ten = twice[twice.labels == 10].again_accuracy
    published = read_rows("replication")
    published = published[(published.train_size == 60_000) & (published.change == "as published")]
    reached = [int((published[name] >= value).sum()) for name, value in PUBLISHED.items()]
    lines = [
        f"With 6,000 labels, not by itself. An MLP on the frozen encoder's code (approach 1) gets "
        f"{one:.1f} %, encoder and MLP trained together (approach 2) get {two:.1f} %.",
        f"With 10 labels, a little. The frozen code is {gain.mean():.1f} points better than "
        f"logistic regression on the pixels (95 % interval {low:.1f} to {high:.1f}, "
        f"{len(gain)} draws).",
        f"With images that have no label used twice, very much. Labels spread over a graph of "
        f"codes, a classifier trained on them, and both once more: 10 labels get {used[10]:.1f} % "
        f"({ten.min():.1f} to {ten.max():.1f} in single draws), "
        f"100 get {used[100]:.1f} % ({twice.seed.nunique()} draws). Pixels or PCA in the "
        f"code's place got as far ({rivals} draws).",
        f"The published numbers that this tutorial rebuilds are near the top of what their recipe "
        f"gives. Of {len(published)} runs of it on 60,000 images, {reached[0]} reach its "
        f"{PUBLISHED['approach_1']} % for approach 1, {reached[1]} its "
        f"{PUBLISHED['approach_2']} % for approach 2:",
    ]
    return "\n".join(f"- {line}" for line in lines)


def lessons(titles, runs, badge):
    """A line for each lesson: its title, by its name, and its address in Colab, by `badge`."""
    means = {name: np.mean(values) for name, values in runs.items()}
    return "\n".join(
        f"{number}. **[{title}](notebooks/{name}.ipynb).** {LESSONS[name][0]} "
        f"*{LESSONS[name][1].format(**means)}* [Open in Colab]({badge(name)})"
        for number, (name, title) in enumerate(titles.items(), 1)
    )


def results(runs):
    """The table of results: means over seeds, with the 95 % interval of the mean."""
    count = len(runs["approach_1_accuracy_full_test"])
    rows = [f"| mean of {count} runs, all 10,000 test images | this tutorial | original, one run |"]
    rows += ["|---|---|---|"]
    theirs = {f"{name}_accuracy_full_test": f"{value} %" for name, value in PUBLISHED.items()}
    for label, key, digits, unit in RESULTS:
        low, high = mean_interval(runs[key])
        ours = f"{np.mean(runs[key]):.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"
        rows.append(f"| {label} | {ours} | {theirs.get(key, '')} |")
    return "\n".join(rows)


def timings(titles, reading, benchmark):
    """How long lessons take to run, as measured, and to read, as estimated, by their names."""
    measured = {name: one["seconds"] for name, one in benchmark["lessons"].items()}
    rows = ["| | to run, measured | to read, estimated |", "|---|---|---|"]
    rows += [
        f"| {number}. {title} | {measured[name]:.0f} s | {reading[name]} min |"
        for number, (name, title) in enumerate(titles.items(), 1)
        if name in measured
    ]
    one, two = (
        sum(seconds for name, seconds in measured.items() if name[:2] in session)
        for session in SESSIONS
    )
    text = (
        f"\nMeasured in one run on {benchmark['lessons_machine']}, all lessons side by side and "
        f"each on one core, with nothing in the cache. In the first session {one:.0f} s go by "
        f"while lessons run, in the second {two:.0f} s. All else is there to guess, look and talk."
    )
    return "\n".join([*rows, text])


def picture(name, alt):
    """The lines that show a picture."""
    path = f"images/{name}.png"
    if name != DRAWING:
        return f"![{alt}]({path})"
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="images/{name}_dark.png">'
    return f'<picture>\n{dark}\n<img alt="{html.escape(alt)}" src="{path}">\n</picture>'


def darkened(png):
    """The same picture for a dark page: light becomes dark, and hues stay.

    Only the palette of `png` is exchanged, so that the same comes out on every machine.
    """
    start = png.index(b"PLTE")
    end = start + 4 + int.from_bytes(png[start - 4 : start], "big")
    colours = b""
    for place in range(start + 4, end, 3):
        hue, light, strength = colorsys.rgb_to_hls(*(one / 255 for one in png[place : place + 3]))
        # White becomes the dark grey that GitHub has behind it.
        colour = colorsys.hls_to_rgb(hue, 1 - 0.93 * light, strength)
        colours += bytes(round(255 * one) for one in colour)
    palette = b"PLTE" + colours
    return png[:start] + palette + zlib.crc32(palette).to_bytes(4, "big") + png[end + 4 :]
