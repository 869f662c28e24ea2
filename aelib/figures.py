"""Figures that several lessons draw, all in one look."""

import base64
import html
import io
import itertools
import sys
from importlib.resources import files
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from aelib.arguments import array, classes, kind, number, shape
from aelib.description import describe
from aelib.display import display_bundle, in_notebook, source_of
from aelib.evaluation import Accuracy
from aelib.settings import project_folder

plt.style.use(files("aelib") / "aelib.mplstyle")
_saved = itertools.count(1)


def show(figure, alt, data, exact=False):
    """Display `figure` with a text for those who cannot see it, and close it.

    Below it, folded, is a longer description made from the figure itself. A script shows the
    figure in a window or, where there is none, saves it in `runs/`.

    Args:
        alt: what the figure shows, in a sentence or two.
        data: the `Data` that the images came from, or its name where there is only a table; it
            is written into the figure's corner.
        exact: whether all that is drawn is the same on every machine; then the checks of the
            stored notebooks compare the numbers of the description, too.

    Raises:
        TypeError, ValueError: no figure, no alternative text, or no source.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"figure is {kind(figure)}: give a figure, as `plt.subplots` returns first")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt is {kind(alt)}: say what the figure shows, in a sentence or two")
    source = source_of(data)
    description, stable = describe(figure, None if isinstance(data, str) else data)
    figure.text(1, 0, f"images: {source}", ha="right", va="top", size=8, color="0.45")
    alt = f"{alt} Images: {source}."
    if in_notebook():
        png = _png(figure)
        # JupyterLab and VS Code take the HTML, where `img` has its text; of a PNG they would drop
        # it. So do nbconvert and what is built on it, GitHub's viewer among them. The PNG is for
        # whatever knows no HTML, and the plain text for what knows neither; that one is compared
        # with the stored one, as pictures differ from one processor to the next.
        bundle = {
            "image/png": png,
            "text/html": _html(png, alt, description),
            "text/plain": "\n".join(description if exact else stable),
        }
        display_bundle(bundle, {"image/png": {"alt": alt}})
    elif figure.canvas.required_interactive_framework:
        plt.show()
    else:
        folder = project_folder() / "runs" / "figures"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{Path(sys.argv[0]).stem or 'figure'}-{next(_saved):02}.png"
        figure.savefig(path, bbox_inches="tight")
        print(f"{alt}\nSaved as {path}")
    plt.close(figure)


def _png(figure):
    """The figure as base64 of a PNG of 256 colours, a fraction of the size of one of millions."""
    picture, small = io.BytesIO(), io.BytesIO()
    figure.savefig(picture, format="png", bbox_inches="tight")
    image = Image.open(picture).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def _html(png, alt, description):
    lines = "".join(f"<li>{html.escape(line.strip())}</li>" for line in description)
    return (
        f'<figure style="margin: 0"><img alt="{html.escape(alt)}" '
        f'src="data:image/png;base64,{png}"><details><summary>The figure in words</summary>'
        f"<ul>{lines}</ul></details></figure>"
    )


def image_rows(rows, titles=None):
    """Draw rows of images.

    Args:
        rows: a dict from the name of a row to its images, `(N, 1, 28, 28)` or `(N, 3, H, W)`, the
            same N for all, floats in [0, 1] or bytes. Floats a little outside are drawn as 0 or 1.
        titles: N short texts above the columns.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: there are no such rows, or not as many titles as columns.
    """
    if not isinstance(rows, dict) or not rows:
        raise TypeError(f"rows is {kind(rows)}: give a dict from a name to images, one or more")
    rows = {name: _images(f"the row {name!r}", images) for name, images in rows.items()}
    counts = {len(images) for images in rows.values()}
    titles = [""] * max(counts) if titles is None else [str(title) for title in titles]
    if counts != {len(titles)}:
        said = ", ".join(f"{len(images)} in {name!r}" for name, images in rows.items())
        raise ValueError(f"not equally many: {said}, {len(titles)} titles")
    columns = max(len(titles), 1)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(0.85 * columns + 0.9, 0.85 * len(rows) + 0.3), squeeze=False
    )
    for (name, images), row in zip(rows.items(), axes, strict=True):
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
        for image, axis in zip(images, row, strict=False):
            axis.imshow(image, vmin=0, vmax=1)
        if not len(images):
            row[0].text(0.5, 0.5, "none", ha="center", va="center")
    for axis, title in zip(axes[0], titles, strict=False):
        axis.set_title(title, size=9, loc="center")
    return figure


def _images(name, images):
    """Images `(N, C, H, W)` as an array `(N, H, W, C)` of floats that can be drawn."""
    pixels = array(name, images)
    if pixels.dtype != np.uint8 and pixels.dtype.kind != "f":
        raise TypeError(f"{name} holds {pixels.dtype}: give images, floats in [0, 1] or bytes")
    if pixels.ndim != 4 or pixels.shape[1] not in (1, 3):
        raise ValueError(f"{name} is {shape(pixels)}: images (N, 1 or 3, height, width) are needed")
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.float32) / 255
    pixels = pixels.transpose(0, 2, 3, 1)
    if (np.abs(pixels) > 2).any():
        low, high = np.nanmin(pixels), np.nanmax(pixels)
        raise ValueError(f"{name} goes from {low:.3g} to {high:.3g}: bring it to [0, 1] first")
    return pixels.clip(0, 1) if pixels.shape[3] == 3 else pixels


def loss_curve(history, loss_name):
    """Draw the training and validation loss of every epoch.

    Args:
        history: what `train` returned.
        loss_name: what the loss is called.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: that is no history, or one without an epoch.
    """
    if not isinstance(history, dict) or "training_loss" not in history:
        raise TypeError(f"history is {kind(history)}: give what `train` returned")
    if not len(history["training_loss"]):
        raise ValueError("history has no epoch: there is no loss to draw; train again")
    figure, axis = plt.subplots(figsize=(6, 3.2))
    styles = {"training_loss": ("o-", "training"), "validation_loss": ("s--", "validation")}
    for key, (style, label) in styles.items():
        losses = history.get(key, [])
        if len(losses):
            axis.plot(range(1, len(losses) + 1), losses, style, label=label, markersize=4)
    axis.set(xlabel="epoch", ylabel=loss_name, ylim=(0, None))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    return figure


def confusion_matrices(predictions, labels):
    """Draw the confusion matrices of several classifiers side by side, mistakes only.

    Args:
        predictions: a dict from a title to predicted classes, `(N,)`.
        labels: the true classes, `(N,)`.

    Returns:
        The figure, with numbers of images. The correct answers on the diagonal are left out, since
        they would drown the rest.

    Raises:
        TypeError, ValueError: as for `accuracy`.
    """
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix  # Slow, so not above.

    if not isinstance(predictions, dict) or not predictions:
        raise TypeError(f"predictions is {kind(predictions)}: give a dict from a title to classes")
    named = {f"the prediction {title!r}": p for title, p in predictions.items()}
    *predicted, labels = classes(**named, labels=labels)
    highest = max(9, labels.max(), *(p.max() for p in predicted))
    matrices = [confusion_matrix(labels, p, labels=range(highest + 1)) for p in predicted]
    for matrix in matrices:
        np.fill_diagonal(matrix, 0)
    # One scale for all, up to a colour on which black numbers can still be read.
    scale = {"vmin": 0, "vmax": 1.6 * max(1, *(matrix.max() for matrix in matrices))}
    side = 1 + 0.36 * (highest + 1)
    figure, axes = plt.subplots(
        1, len(matrices), figsize=(side * len(matrices), side), squeeze=False
    )
    for title, matrix, axis in zip(predictions, matrices, axes[0], strict=True):
        drawn = ConfusionMatrixDisplay(matrix).plot(
            ax=axis, cmap="Oranges", colorbar=False, im_kw=scale, text_kw={"color": "black"}
        )
        for text in drawn.text_.diagonal():
            text.set_text("")
        axis.set(title=title, xlabel="predicted class", ylabel="true class")
        axis.grid(False)
    return figure


def neighbour_map(codes):
    """Points `(N, 2)` on paper for codes `(N, ...)`, so that neighbours stay neighbours, by t-SNE.

    Where most codes are the same, as those of an encoder that has collapsed, scikit-learn's t-SNE
    ends the whole process. Then the points are their first two principal components, and a line
    says so.
    """
    from sklearn.decomposition import PCA  # Slow, so not above.
    from sklearn.manifold import TSNE

    codes = codes.flatten(1).numpy()
    different = len(np.unique(codes, axis=0))
    if different > len(codes) / 2 and codes.std(0).max() > 1e-6 * np.abs(codes).max():
        return TSNE(init="pca", max_iter=500, random_state=0).fit_transform(codes)
    print(f"{different:,} different codes of {len(codes):,} images: this encoder has collapsed.")
    with np.errstate(invalid="ignore"):  # Shares of a variance of zero.
        return PCA(2, svd_solver="full").fit_transform(codes)


def code_map(axis, points, labels):
    """Draw `points`, `(N, 2)`, on `axis` as digits: the class of each, `(N,)`, is its marker.

    Raises:
        TypeError, ValueError: the points are no such array, the labels no classes, or not as many.
    """
    points = array("points", points)
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind != "f":
        raise ValueError(f"points are {shape(points)} {points.dtype}: floats (N, 2) are needed")
    _, labels = classes(points=np.zeros(len(points), int), labels=labels)
    for label in np.unique(labels):
        colour = f"C{(0, 0, 1, 2, 1, 3, 4, 4, 5, 6)[label % 10]}"  # Shared by digits unlike.
        axis.scatter(
            *points[labels == label].T,
            **{"marker": f"${label}$", "s": 30 * len(str(label)), "linewidths": 0.3},
            **{"color": colour, "alpha": 0.8, "label": str(label)},
        )
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def score_chart(scores):
    """Draw scores with their intervals, the first at the top.

    Args:
        scores: a dict from a name to an `Accuracy`, or to a plain number, in percent, for a
            published score, of which no interval is known.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: there are no such scores.
    """
    if not isinstance(scores, dict) or not scores:
        raise TypeError(f"scores is {kind(scores)}: give a dict from a name to a score")
    figure, axis = plt.subplots(figsize=(7, 0.42 * len(scores) + 0.8))
    for place, (name, score) in enumerate(scores.items()):
        if isinstance(score, Accuracy):
            axis.plot(score.interval, [place, place], color="C0", label=f"interval of {name}")
            axis.plot(score, place, "o", color="C0", label=name)
        else:
            if not 0 <= number(f"the score {name!r}", score) <= 100:
                raise ValueError(f"the score {name!r} is {score}: percent are from 0 to 100")
            axis.plot(score, place, "D", color="C1", label=name)
        axis.annotate(
            f"{score:.1f}", (score, place), (0, 6), textcoords="offset points", ha="center", size=8
        )
    axis.set(yticks=range(len(scores)), yticklabels=scores, xlabel="accuracy (%)")
    axis.set_ylim(len(scores) - 0.5, -0.7)
    return figure


def code_tiles(images, codes, titles):
    """Draw images above their codes, each channel of a code as a tile.

    Args:
        images: `(N, 1, 28, 28)`.
        codes: a dict from a name to codes `(N, C, H, W)`. Each has a scale of its own, with white
            at zero and equally far to both sides.
        titles: N short texts above the columns.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: there are no such images or codes, or not equally many.
    """
    images = _images("images", images)
    codes = _codes(codes, len(images))
    if len(titles) != len(images):
        raise ValueError(f"not equally many: {len(images)} images, {len(titles)} titles")
    channels = next(iter(codes.values())).shape[1]
    rows, count = 1 + channels * len(codes), len(images)
    figure, axes = plt.subplots(rows, count, figsize=(0.75 * count + 2, 0.75 * rows + 0.3))
    for column, (image, title) in enumerate(zip(images, titles, strict=True)):
        axes[0, column].imshow(image, vmin=0, vmax=1)
        axes[0, column].set_title(title, size=9, loc="center")
    for place, (name, values) in enumerate(codes.items()):
        group = axes[1 + place * channels : 1 + (place + 1) * channels]
        limit = np.abs(values).max()
        for column, code in enumerate(values):
            for channel, tile in enumerate(code):
                drawn = group[channel, column].imshow(tile, "RdBu_r", vmin=-limit, vmax=limit)
        for channel in range(channels):
            label = f"{name}, channel {channel + 1}"
            group[channel, 0].set_ylabel(label, rotation=0, ha="right", va="center")
        figure.colorbar(drawn, ax=group, aspect=30)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    return figure


def _codes(codes, count):
    """Codes `(N, C, H, W)` by name as arrays, all of one shape, for `count` images."""
    if not isinstance(codes, dict) or not codes:
        raise TypeError(f"codes is {kind(codes)}: give a dict from a name to codes, one or more")
    codes = {name: array(f"the codes {name!r}", values) for name, values in codes.items()}
    first = next(iter(codes.values()))
    for name, values in codes.items():
        if values.dtype.kind != "f":
            raise TypeError(f"the codes {name!r} hold {values.dtype}: give floats")
        if values.ndim != 4 or len(values) != count or values.shape != first.shape or not count:
            raise ValueError(
                f"the codes {name!r} are {shape(values)}: (N, channels, height, width) are needed, "
                f"the same for all, with N = {count} as there are images"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"the codes {name!r} hold NaN or infinity: has training diverged?")
    return codes
