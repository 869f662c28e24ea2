"""A code to play with: move it, and see what it decodes to and what two classifiers make of that.

Where no widget can run, a still grid of the same stands in its place.
"""

import base64
import html
import io
import os
from copy import deepcopy

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import cross_entropy

from aelib.display import in_notebook
from aelib.figures import image_rows, show
from aelib.models import MLP, Classifier, Encoder, freeze
from aelib.training import infer, train

#: How far the still grid goes, in standard deviations; the sliders go as far.
SHIFTS = (-3, -2, -1, 0, 1, 2, 3)


def both_approaches(autoencoder, data, device, **settings):
    """The classifiers of lessons 4 and 5, trained, by name; `autoencoder` stays as it is."""
    encoder = freeze(deepcopy(autoencoder.encoder))
    codes = infer(encoder, data.train.images)
    torch.manual_seed(settings["seed"])
    approach_1 = Classifier(encoder, MLP(codes)).to(device)
    train(approach_1.mlp, (codes, data.train.labels), cross_entropy, **settings)
    torch.manual_seed(settings["seed"])
    encoder = Encoder().to(device)
    approach_2 = Classifier(encoder, MLP(infer(encoder, data.train.images))).to(device)
    train(approach_2, data.train, cross_entropy, **settings)
    return {"approach 1": approach_1, "approach 2": approach_2}


def strongest_directions(codes, count=6):
    """The principal directions of `codes`, `(N, C, H, W)`, each as long as its standard deviation.

    Returns:
        `(count, C, H, W)`, the one along which the codes vary most first.
    """
    centred = codes.flatten(1) - codes.flatten(1).mean(0)
    _, sizes, directions = torch.linalg.svd(centred, full_matrices=False)
    steps = directions[:count] * sizes[:count, None] / (len(codes) - 1) ** 0.5
    # Either end of a direction could be its positive one.
    largest = steps.gather(1, steps.abs().argmax(1, keepdim=True))
    return (steps * largest.sign()).unflatten(1, codes.shape[1:])


def play(autoencoder, classifiers, directions, data, digit):
    """Display sliders that move the code of a test image along `directions`, and what comes of it.

    Nobody can move a slider where `TQDM_DISABLE` is in the environment, in a script, or
    where only a stored notebook is shown: there a grid of pictures stands instead.

    Args:
        classifiers: a dict from a name to a network from images to class scores.
        directions: `(count, C, H, W)`, each as far as a slider moves a code by 1.
        digit: the class of the image to begin with, the first such one of `data.test`.
    """
    live = in_notebook() and not os.environ.get("TQDM_DISABLE")
    show(
        still_grid(autoencoder, classifiers, directions, data, digit),
        f"A test image of class {digit}, decoded from codes moved along {len(directions)} "
        "directions, one a row, with the unmoved code in the middle; above each picture the "
        f"answers of {' and '.join(classifiers)}.",
        data,
        widget=playground(autoencoder, classifiers, directions, data, digit) if live else None,
    )


def still_grid(autoencoder, classifiers, directions, data, digit):
    """A figure of what each direction does to the code of an image, alone; arguments as `play`."""
    code = infer(autoencoder.encoder, _first(data, digit))
    shifts = torch.tensor(SHIFTS).view(-1, 1, 1, 1)
    rows = {
        f"direction {number}": infer(autoencoder.decoder, code + shifts * direction).clamp(0, 1)
        for number, direction in enumerate(directions, 1)
    }
    figure = image_rows(rows)
    axes = iter(figure.axes)
    for pictures in rows.values():
        answers = [infer(model, pictures).argmax(1).tolist() for model in classifiers.values()]
        for said in zip(*answers, strict=True):
            weight = "normal" if set(said) == {digit} else "bold"
            next(axes).set_title(" | ".join(map(str, said)), size=9, loc="center", weight=weight)
    return figure


def playground(autoencoder, classifiers, directions, data, digit):
    """The sliders and what they change, as a widget; arguments as `play`."""
    import ipywidgets  # Only here, for whoever does not play.

    labels = sorted(set(data.test.labels.tolist()))
    chosen = ipywidgets.Dropdown(options=labels, value=digit, description="digit")
    names = [f"direction {number}" for number in range(1, len(directions) + 1)]
    ends = {"min": SHIFTS[0], "max": SHIFTS[-1]}
    sliders = [ipywidgets.FloatSlider(0, **ends, step=0.1, description=name) for name in names]
    back = ipywidgets.Button(description="back to 0")
    view = ipywidgets.HTML()

    def update(_change=None):
        image = _first(data, chosen.value)
        shifts = torch.tensor([slider.value for slider in sliders]).view(-1, 1, 1, 1)
        code = infer(autoencoder.encoder, image) + (shifts * directions).sum(0)
        painted = infer(autoencoder.decoder, code).clamp(0, 1)
        said = {name: infer(model, painted)[0].softmax(0) for name, model in classifiers.items()}
        view.value = _page(torch.cat([image, painted]), said, chosen.value)

    def to_zero(_button):
        for slider in sliders:
            slider.value = 0

    for control in (chosen, *sliders):
        control.observe(update, "value")
    back.on_click(to_zero)
    update()
    return ipywidgets.VBox([ipywidgets.HBox([chosen, back]), *sliders, view])


def _first(data, digit):
    """The first test image of a class, `(1, 1, 28, 28)`."""
    return data.test.images[data.test.labels == digit][:1]


def _page(pictures, opinions, digit):
    """Two pictures side by side, and a bar for each class that a classifier can name."""
    said = "; ".join(
        f"{name} says {shares.argmax()} ({shares.max():.0%})" for name, shares in opinions.items()
    )
    alt = f"Left: a test image of class {digit}. Right: what its moved code decodes to. {said}."
    image = (
        f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{_png(pictures)}" '
        'style="image-rendering: pixelated; width: 296px; height: 140px">'
    )
    bars = "".join(_bars(name, shares.tolist()) for name, shares in opinions.items())
    look = "display: flex; flex-wrap: wrap; gap: 24px"
    return f'<div style="{look}">{image}{bars}</div><div>{said}.</div>'


def _bars(name, shares):
    rows = "".join(
        f'<tr><td>{label}</td><td style="width: 110px"><div style="height: 10px; '
        f'background: #0072B2; width: {share:.1%}"></div></td><td>{share:.0%}</td></tr>'
        for label, share in enumerate(shares)
    )
    return f'<table style="line-height: 1.1"><caption>{html.escape(name)}</caption>{rows}</table>'


def _png(pictures):
    """Pictures `(2, 1, H, W)` beside each other, as base64 of a PNG."""
    left, right = (255 * pictures[:, 0]).byte().numpy()
    gap = np.full((len(left), len(left) // 9), 255, np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.hstack([left, gap, right])).save(file, format="png")
    return base64.b64encode(file.getvalue()).decode()
