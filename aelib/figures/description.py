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
    lines = [(f"Title: {title}.",) * 2] if (title := figure.get_suptitle()) else []
    rows = {}
    for axis in figure.axes:
        if axis.images and not axis.get_xlabel() and axis.get_subplotspec():
            rows.setdefault(axis.get_subplotspec().rowspan.start, []).append(axis)
        else:
            lines += _of_axis(axis)
    lines += [_of_row(number, axes, data) for number, axes in rows.items()]
    return [full for full, _ in lines], [stable for _, stable in lines]


def _of_row(number, axes, data):
    """A row of pictures: its name, how many of which split, and each by its title and place."""
    places = [_places(data).get(_key(axis.images[0].get_array()), "") for axis in axes]
    found = [place.split(" ")[0] for place in places if place]
    name = axes[0].get_ylabel()
    head = f"Row {number + 1}{f', {name}' if name else ''}: {len(axes)} image"
    head = ", ".join(
        [
            head if len(axes) == 1 else f"{head}s",
            *(f"{found.count(split)} of {split}" for split in dict.fromkeys(found)),
            *([] if any(np.ptp(axis.images[0].get_array()) for axis in axes) else ["blank"]),
        ]
    )
    titles = [_title(axis) for axis in axes]
    each = [": ".join(filter(None, pair)) for pair in zip(titles, places, strict=True)]
    full = f"{head} ({'; '.join(filter(None, each))})." if any(each) else f"{head}."
    return full, f"{head}, {sum(map(bool, titles))} with a title." if any(titles) else f"{head}."


@lru_cache(maxsize=1)
def _places(data):
    """The place of every image of the data, such as "test 17", by a key of its pixels."""
    places = {}
    for name in ("test", "full_test", "validation", "train") if data else ():
        for number, image in enumerate(getattr(data, name).images):
            # As `image_rows` draws it.
            places.setdefault(_key(scaled(image).permute(1, 2, 0)), f"{name} {number}")
    return places


def _key(pixels):
    return hash(np.asarray(pixels, dtype=np.float32).tobytes())


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
    yield (f"Axes{f' “{title}”' if title else ''}: {'; '.join(labels)}.",) * 2
    bars = [container for container in axis.containers if isinstance(container, BarContainer)]
    for container in bars:
        side = "width" if container.orientation == "horizontal" else "height"
        sizes = _numbers(f"{side}s", [getattr(bar, f"get_{side}")() for bar in container])
        yield _series("bars", container, sizes, f"of {len(container)}")
    for patch in axis.patches:
        if not any(patch in container for container in bars):
            yield _series("area", patch)
    for line in axis.lines:
        x, y = line.get_data()
        numbers = "; ".join(filter(None, (_numbers("x", x), _numbers("y", y))))
        yield _series("line" if len(x) > 1 else "point", line, numbers, f"of {len(x)}")
    for collection in axis.collections:
        if isinstance(collection, PathCollection):
            x, y = np.asarray(collection.get_offsets()).T
            yield _series(
                "points", collection, f"{_range('x', x)}; {_range('y', y)}", f"of {len(x)}"
            )
        else:
            yield _series("shapes", collection, "", f"of {len(collection.get_paths())}")
    for image in axis.images:
        table = np.asarray(image.get_array())
        if table.dtype.kind in "iu":
            written = [text.get_text() or "-" for text in axis.texts]
            if len(written) == table.size:  # Where a number is left out, it is left out here, too.
                table = np.reshape(written, table.shape)
            rows = "; ".join(f"row {n}: {', '.join(map(str, row))}" for n, row in enumerate(table))
            yield _series("table", None, rows, f"{table.shape[0]} by {table.shape[1]}")
    for name, one in (("x", axis.xaxis), ("y", axis.yaxis)):
        ticks = [label.get_text() for label in one.get_ticklabels() if label.get_text()]
        if isinstance(one.get_major_formatter(), FuncFormatter) and ticks:
            yield (f"  Along {name}: {', '.join(ticks)}.",) * 2
    texts = [text.get_text() for text in axis.texts if text.get_text()]
    if texts and not axis.images:
        yield f"  Written in it: {', '.join(texts)}.", f"  Written in it: {len(texts)} texts."


def _series(kind, drawn, numbers="", size=""):
    """A kind of thing that is drawn, by its label and size, with its numbers and without."""
    label = drawn.get_label() if drawn is not None else ""
    name = f"“{label}”" if label and not label.startswith("_") else ""
    head = "  " + " ".join(filter(None, (kind, name, size)))
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
