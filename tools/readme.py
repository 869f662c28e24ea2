"""The generated parts of README and TEACHING.md: what was measured, what lessons ask and answer."""

import colorsys
import html
import zlib

import numpy as np

from aelib.evaluation import mean_interval
from aelib.results import PUBLISHED
from aelib.studies import read_rows, representations

#: The question of each lesson and what comes out. What is in braces is a mean over the seeds of
#: `make spread`.
LESSONS = {
    "01_dataset": (
        "What does a network have to beat?",
        "A support vector machine on deskewed images: {simple_best_accuracy:.1f} %, in seconds.",
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
        "{approach_2_accuracy_full_test:.1f} %, with fewer but more confident mistakes. The best "
        "simple method gets {simple_best_accuracy:.1f} %.",
    ),
    "06_replication": (
        "Can the published numbers be reproduced?",
        "Only by one or two of 16 seeds, and only with 60,000 images.",
    ),
    "07_labels": (
        "When does a code learned without labels help?",
        "Hardly ever, beside the best without it. Ten labels spread over a graph go much farther.",
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
    ("**best simple method**: RBF machine, deskewed", "simple_best_accuracy", 2, " %"),
    ("random encoder, frozen, + MLP", "random_encoder_accuracy_full_test", 2, " %"),
    ("PCA-48 + MLP", "pca_mlp_accuracy_full_test", 2, " %"),
    ("**approach 1**: autoencoder, frozen, + MLP", "approach_1_accuracy_full_test", 2, " %"),
    ("**approach 2**: encoder and MLP together", "approach_2_accuracy_full_test", 2, " %"),
]


def answer(runs):
    """The answer of the whole tutorial, in five lines; `runs` has the lessons' numbers by name."""
    one, two, simple = (
        np.mean(runs[name])
        for name in (*(f"{name}_accuracy_full_test" for name in PUBLISHED), "simple_best_accuracy")
    )
    scores = representations.accuracies(read_rows("representations"), "mnist")
    known, unknown = (representations.gains(scores, knowing).gain for knowing in (True, False))
    twice = read_rows("spread_labels")
    twice = twice[twice.source == "mnist"].groupby("labels").all_accuracy
    published = read_rows("replication")
    published = published[(published.train_size == 60_000) & (published.change == "as published")]
    reached = [int((published[name] >= value).sum()) for name, value in PUBLISHED.items()]

    def told(gains, counts):
        parts = [
            f"{gains[count].mean():+.1f} points with {count:,} labels "
            "({:+.1f} to {:+.1f})".format(*mean_interval(gains[count]))
            for count in counts
        ]
        return f"{', '.join(parts[:-1])} and {parts[-1]}"

    lines = [
        f"Where somebody knows what varies in the images, no. The best method with the "
        f"autoencoder's code, minus the best without one: {told(known, (10, 100, 6_000))}.",
        f"Where nobody does, hardly: {told(unknown, (10, 300, 6_000))}.",
        f"With 6,000 labels a support vector machine on *deskewed* images (each sheared until it "
        f"stands upright) gets {simple:.1f} % in seconds. An MLP on the frozen encoder's code "
        f"(approach 1) gets {one:.1f} %, encoder and MLP trained together (approach 2) get "
        f"{two:.1f} %.",
        f"With 10 labels, images without labels do far more than a code does. Labels spread over "
        f"a graph of the images, and a classifier trained on them, get {twice.mean()[10]:.1f} % "
        f"(the worst of {twice.size()[10]} draws {twice.min()[10]:.1f} %).",
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
        f"while lessons run, in the second {two:.0f} s. The rest is for predicting and discussion."
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
