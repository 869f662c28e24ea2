"""How a figure reaches its reader: with a text for whoever cannot see it."""

import base64
import html
import io
import itertools
import sys
from importlib.resources import files
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

from aelib.display import display_bundle, in_notebook, source_of
from aelib.figures.description import describe
from aelib.settings import project_folder

plt.style.use(files("aelib") / "aelib.mplstyle")
_saved = itertools.count(1)


def show(figure, alt, data, exact=False, widget=None):
    """Display `figure` with a text for those who cannot see it, and close it.

    Below it, folded, is a longer description made from the figure itself. A script shows the
    figure in a window or, where there is none, saves it in `runs/`.

    Args:
        alt: what the figure shows, in a sentence or two.
        data: the `Data` that the images came from, or its name where there is only a table; it
            is written into the figure's corner. None for a drawing that no images went into.
        exact: whether all that is drawn is the same on every machine; then the checks of the
            stored notebooks compare the numbers of the description, too.
        widget: what stands in the figure's place where a page can run it, with its own text.

    Raises:
        ValueError: the text is empty.
    """
    if not alt.strip():
        raise ValueError("alt is empty: say what the figure shows, in a sentence or two")
    description, stable = describe(figure, None if isinstance(data, str) else data)
    if data is not None:
        source = source_of(data)
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
        if widget is not None:
            view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
            bundle["application/vnd.jupyter.widget-view+json"] = view
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
