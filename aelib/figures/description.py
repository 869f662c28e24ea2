"""A figure in words, made from what is drawn in it, so that it cannot say anything else."""

from functools import lru_cache

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.ticker import FuncFormatter

from aelib.data import scaled

#: Longer rows of numbers are summed up.
LONGEST = 60


def describe(figure, data=None):
    """What `figure` shows, as a list of lines.

    Args:
        data: the `Data` of a lesson; images that are in it are called by split and position.

    Returns:
        The lines, and the same without what may move from one processor to the next: numbers,
        which images were chosen, the titles above them.
    """
    full, stable = [], []
    if title := figure.get_suptitle():
        full.append(f"Title: {title}.")
        stable += full
    rows = {}
    for axis in figure.axes:
        if axis.images and not axis.get_xlabel() and axis.get_subplotspec():
            rows.setdefault(axis.get_subplotspec().rowspan.start, []).append(axis)
        else:
            for line, short in _of_axis(axis):
                full.append(line)
                stable.append(short)
    for number, axes in rows.items():
        line, short = _of_row(number, axes, data)
        full.append(line)
        stable.append(short)
    return full, stable


def _of_row(number, axes, data):
    """A row of pictures: its name, how many of which split, and each by its title and place."""
    places = [_place(axis.images[0], data) for axis in axes]
    found = [place.split(" ")[0] for place in places if place]
    splits = [f"{found.count(split)} of {split}" for split in dict.fromkeys(found)]
    name = axes[0].get_ylabel()
    head = f"Row {number + 1}{f', {name}' if name else ''}: {_count(len(axes), 'image')}"
    if splits:
        head += f", {', '.join(splits)}"
    if not any(np.ptp(axis.images[0].get_array()) for axis in axes):
        head += ", blank"
    titles = [_title(axis) for axis in axes]
    each = [": ".join(filter(None, pair)) for pair in zip(titles, places, strict=True)]
    full = f"{head} ({'; '.join(filter(None, each))})." if any(each) else f"{head}."
    return full, f"{head}, {sum(map(bool, titles))} with a title." if any(titles) else f"{head}."


def _place(image, data):
    """Where a picture is in the splits, such as "test 17", or ""."""
    if data is None:
        return ""
    pixels = np.asarray(image.get_array(), dtype=np.float32)
    return _places(data).get(hash(pixels.tobytes()), "")


@lru_cache(maxsize=1)
def _places(data):
    """The place of every image of the data, by a hash of its pixels."""
    places = {}
    for name in ("test", "full_test", "validation", "train"):
        for number, image in enumerate(getattr(data, name).images):
            pixels = scaled(image).permute(1, 2, 0).numpy()  # As `image_rows` draws it.
            places.setdefault(hash(pixels.tobytes()), f"{name} {number}")
    return places


def _of_axis(axis):
    """Lines on one part of a figure, each with its stable form."""
    labels = [
        f"{name} is {label or 'without a name'}{', logarithmic' if scale == 'log' else ''}"
        for name, label, scale in (
            ("x", axis.get_xlabel(), axis.get_xscale()),
            ("y", axis.get_ylabel(), axis.get_yscale()),
        )
    ]
    title = _title(axis)
    head = f"Axes{f' “{title}”' if title else ''}: {'; '.join(labels)}."
    yield head, head
    bars = [bar for container in axis.containers for bar in container]
    for container in axis.containers:
        if isinstance(container, BarContainer):
            side = "width" if container.orientation == "horizontal" else "height"
            sizes = [getattr(bar, f"get_{side}")() for bar in container]
            yield _series("bars", container.get_label(), len(sizes), _numbers(f"{side}s", sizes))
    for patch in axis.patches:
        if patch not in bars:
            yield _series("area", patch.get_label(), None, "")
    for line in axis.lines:
        x, y = line.get_data()
        yield _series(
            "line" if len(x) > 1 else "point",
            line.get_label(),
            len(x),
            "; ".join(filter(None, (_numbers("x", x), _numbers("y", y)))),
        )
    for collection in axis.collections:
        if isinstance(collection, PathCollection):
            x, y = np.asarray(collection.get_offsets()).T
            ranges = f"{_range('x', x)}; {_range('y', y)}"
            yield _series("points", collection.get_label(), len(x), ranges)
        else:
            yield _series("shapes", collection.get_label(), len(collection.get_paths()), "")
    for image in axis.images:
        table = np.asarray(image.get_array())
        if table.dtype.kind in "iu":
            written = [text.get_text() or "-" for text in axis.texts]
            if len(written) == table.size:  # Where a number is left out, it is left out here, too.
                table = np.reshape(written, table.shape)
            rows = "; ".join(f"row {n}: {', '.join(map(str, row))}" for n, row in enumerate(table))
            yield _series("table", "", None, rows, f"{table.shape[0]} by {table.shape[1]}")
    for name, one in (("x", axis.xaxis), ("y", axis.yaxis)):
        ticks = [label.get_text() for label in one.get_ticklabels() if label.get_text()]
        if isinstance(one.get_major_formatter(), FuncFormatter) and ticks:
            yield (line := f"  Along {name}: {', '.join(ticks)}."), line
    texts = [text.get_text() for text in axis.texts if text.get_text()]
    if texts and not axis.images:
        yield f"  Written in it: {', '.join(texts)}.", f"  Written in it: {len(texts)} texts."


def _series(kind, label, count, numbers, size=""):
    name = f" “{label}”" if label and not label.startswith("_") else ""
    head = f"  {kind}{name}" + (f" of {count}" if count is not None else f" {size}".rstrip())
    return f"{head}: {numbers}." if numbers else f"{head}.", f"{head}."


def _numbers(name, values):
    """A row of numbers, or what sums it up."""
    values = np.asarray(values)
    if values.dtype.kind not in "iuf" or len(values) == 0:
        return ""
    if len(values) > LONGEST:
        return f"{name} from {values[0]:.4g} to {values[-1]:.4g}, {_range('', values).strip()}"
    if len(values) > 2 and np.array_equal(values, np.arange(values[0], values[0] + len(values))):
        return f"{name} {values[0]:.4g} to {values[-1]:.4g}"
    return f"{name} {', '.join(f'{value:.4g}' for value in values)}"


def _range(name, values):
    if len(values) == 0:
        return f"{name} empty"
    return f"{name} between {np.min(values):.4g} and {np.max(values):.4g}"


def _title(axis):
    return " ".join(filter(None, (axis.get_title(loc) for loc in ("left", "center", "right"))))


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
