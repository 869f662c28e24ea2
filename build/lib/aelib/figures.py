"""Figures that several lessons draw, all in one look."""

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

plt.style.use(files("aelib") / "aelib.mplstyle")


def show(figure, alt, source):
    """Display `figure` with a text for those who cannot see it, and close it.

    Args:
        alt: what the figure shows, in a sentence or two.
        source: where the images came from; it is written into the figure's corner.
    """
    figure.text(1, 0, f"images: {source}", ha="right", va="top", size=8, color="0.45")
    display(figure, metadata={"image/png": {"alt": f"{alt} Images: {source}."}})
    plt.close(figure)


def image_rows(rows, titles=None):
    """Draw rows of images.

    Args:
        rows: a dict from the name of a row to its images, `(N, 1, 28, 28)`, the same N for all.
        titles: N short texts above the columns.

    Returns:
        The figure.
    """
    count = len(next(iter(rows.values())))
    figure, axes = plt.subplots(
        len(rows), count, figsize=(0.85 * count + 0.9, 0.85 * len(rows) + 0.3), squeeze=False
    )
    for (name, images), row in zip(rows.items(), axes, strict=True):
        for image, axis in zip(images, row, strict=True):
            axis.imshow(image.squeeze(0), vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axis, title in zip(axes[0], titles or [], strict=False):
        axis.set_title(title, size=9, loc="center")
    return figure


def loss_curve(history, loss_name):
    """Draw the training and validation loss of every epoch; returns the figure."""
    figure, axis = plt.subplots(figsize=(6, 3.2))
    styles = {"training_loss": ("o-", "training"), "validation_loss": ("s--", "validation")}
    for key, (style, label) in styles.items():
        losses = history[key]
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
    """
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix  # Slow, so not above.

    matrices = [confusion_matrix(labels, p, labels=range(10)) for p in predictions.values()]
    for matrix in matrices:
        np.fill_diagonal(matrix, 0)
    # One scale for all, up to a colour on which black numbers can still be read.
    scale = {"vmin": 0, "vmax": 1.6 * max(matrix.max() for matrix in matrices)}
    count = len(matrices)
    figure, axes = plt.subplots(1, count, figsize=(4.6 * count, 4.6), squeeze=False)
    for title, matrix, axis in zip(predictions, matrices, axes[0], strict=True):
        ConfusionMatrixDisplay(matrix).plot(
            ax=axis, cmap="Oranges", colorbar=False, im_kw=scale, text_kw={"color": "black"}
        )
        axis.set(title=title, xlabel="predicted class", ylabel="true class")
        axis.grid(False)
    return figure


def code_map(axis, points, labels):
    """Draw `points`, `(N, 2)`, on `axis` as digits: the class of each, `(N,)`, is its marker."""
    for digit in range(10):
        colour = f"C{(0, 0, 1, 2, 1, 3, 4, 4, 5, 6)[digit]}"  # Shared by digits unlike each other.
        chosen = points[labels == digit]
        axis.scatter(*chosen.T, marker=f"${digit}$", s=30, linewidths=0.3, color=colour, alpha=0.8)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def score_chart(scores):
    """Draw scores with their intervals, the first at the top.

    Args:
        scores: a dict from a name to (score, low, high), all in percent; low and high may be None.

    Returns:
        The figure.
    """
    figure, axis = plt.subplots(figsize=(7, 0.42 * len(scores) + 0.8))
    for place, (score, low, high) in enumerate(scores.values()):
        published = low is None
        colour = "C1" if published else "C0"
        axis.plot(score, place, "D" if published else "o", color=colour)
        if not published:
            axis.plot([low, high], [place, place], color=colour)
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
    """
    channels = next(iter(codes.values())).shape[1]
    rows, count = 1 + channels * len(codes), len(images)
    figure, axes = plt.subplots(rows, count, figsize=(0.75 * count + 2, 0.75 * rows + 0.3))
    for column, (image, title) in enumerate(zip(images, titles, strict=True)):
        axes[0, column].imshow(image.squeeze(0), vmin=0, vmax=1)
        axes[0, column].set_title(title, size=9, loc="center")
    for place, (name, values) in enumerate(codes.items()):
        group = axes[1 + place * channels : 1 + (place + 1) * channels]
        limit = values.abs().max().item()
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
