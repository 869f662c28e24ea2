"""The figures of lesson 9."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from aelib.figures.images import drawable, without_frames
from aelib.own_images.methods import BY_CODE, METHODS
from aelib.own_images.pictures import lost_detail, open_picture

MARKERS = "osv^DXP*<>"


def before_and_after(image_set, positions):
    """Draw images as they came, and below as the network gets them, with how much was lost."""
    figure, axes = plt.subplots(2, len(positions), figsize=(0.95 * len(positions) + 0.9, 2.5))
    for (above, below), position in zip(axes.T, positions, strict=True):
        original = open_picture(image_set.pictures[position], 112)
        above.imshow(original)
        above.set_title(shortened(class_name(image_set, position)), size=8, loc="center")
        below.imshow(drawable(image_set.images[[position]])[0], vmin=0, vmax=1)
        lost = 100 * lost_detail(original, image_set.images.shape[-1])
        below.set_xlabel(f"{lost:.0f} %", size=8)
    axes[0, 0].set_ylabel("as it came", rotation=0, ha="right", va="center")
    axes[1, 0].set_ylabel("as it is used", rotation=0, ha="right", va="center")
    without_frames(axes)
    return figure


def picture_grid(images, titles, columns=10):
    """Draw images, `(N, C, H, H)`, in rows, each with a short text above it."""
    rows = -(-len(images) // columns)
    figure = plt.figure(figsize=(0.95 * columns, 1.25 * rows + 0.1))
    axes = figure.subplots(rows, columns, squeeze=False)
    without_frames(axes)
    for axis, image, title in zip(axes.flat, drawable(images), titles, strict=False):
        axis.imshow(image, vmin=0, vmax=1)
        axis.set_title(title, size=7, loc="center")
    return figure


def class_name(image_set, position):
    """The name of an image's class, or a dash where it has none."""
    return ["-", *image_set.classes][image_set.labels[position] + 1]


def shortened(name, most=12):
    """A name that fits above a small picture."""
    name = name if len(name) <= most else f"{name[: most - 1]}…"
    return name.replace("$", r"\$")  # Which would begin a formula.


def class_map(points, labels, classes):
    """Draw points `(N, 2)`: the ten largest classes with colour and marker, the rest in grey."""
    figure, axis = plt.subplots(figsize=(7, 4.6))
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    largest = np.argsort(-counts, kind="stable")[:10]
    for place, label in enumerate(largest):
        look = {"s": 12, "marker": MARKERS[place], "color": f"C{place % 7}"}
        name = shortened(classes[label]).lstrip("_")  # Matplotlib hides names that begin with it.
        axis.scatter(*points[labels == label].T, label=name, **look)
    rest = points[~np.isin(labels, largest)]
    if len(rest):
        axis.scatter(*rest.T, s=8, color="0.8", label="others, or unlabelled", zorder=0)
    without_frames(axis)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def contest_chart(rows):
    """Draw the `contest` of a verdict: mean accuracies, with their intervals, by labels; dashed
    without a code."""
    figure, axis = plt.subplots(figsize=(7.5, 4))
    table, counts = pd.DataFrame(rows), sorted({row["labels"] for row in rows})
    for place, method in enumerate(METHODS):
        mine = table[table.method == method].sort_values("labels")
        nudged, mean = mine.labels * 1.03 ** (place - 4), mine.accuracy
        ends = mean - mine.low, mine.high - mean
        form = f"{MARKERS[place]}{'-' if method in BY_CODE else '--'}"
        axis.errorbar(nudged, mean, ends, fmt=form, label=method)
    axis.set(xscale="log", xlabel="labelled images", ylabel="test accuracy (%)")
    axis.set_xticks(counts, [f"{count:,}" for count in counts])
    axis.minorticks_off()
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
