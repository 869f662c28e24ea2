"""One drawing of the whole system, made from the shapes that the layers really return."""

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle

INK = "0.15"
COLOURS = {"trained": "C1", "frozen": "C0"}


def system_diagram(encoder, decoder, mlp):
    """Draw the autoencoder, and below it the two ways to classify with its encoder.

    Every map is a square as large as it has pixels, with its channels and its side below it. Layers
    that return what has the size of their input are not drawn.

    Args:
        encoder, decoder: layers in a row, from images `(N, 1, 28, 28)` to codes and back.
        mlp: from codes to class scores `(N, classes)`.
    """
    images = torch.zeros(2, 1, 28, 28)
    to_code, codes = shapes_on_the_way(encoder, images)
    to_image, _ = shapes_on_the_way(decoder, codes)
    classes = mlp(codes).shape[1]
    figure, axes = plt.subplots(3, 1, figsize=(9, 6))
    rows = (
        ("Autoencoder: trained by images, without labels", "trained", to_image[1:]),
        ("Approach 1: labels train the MLP, the encoder is frozen", "frozen", None),
        ("Approach 2: labels train encoder and MLP together", "trained", None),
    )
    for axis, (title, encoder_state, decoder_shapes) in zip(axes, rows, strict=True):
        axis.set_title(title, color=INK)
        pencil = Pencil(axis)
        pencil.draw_maps(to_code[:1], "image")
        pencil.draw_maps(to_code[1:], "encoder", encoder_state)
        pencil.name_last("code")
        if decoder_shapes:
            pencil.draw_maps(decoder_shapes, "decoder", "trained")
            pencil.name_last("reconstruction")
        else:
            pencil.draw_bar(classes, "MLP", "trained")
        axis.set(xlim=(-4, 350), ylim=(-17, 37), aspect="equal")
        axis.axis("off")
    return figure


def shapes_on_the_way(layers, tensor):
    """The `(channels, side)` of a tensor `(N, C, H, H)` and of each map of another size after it.

    Returns:
        The list of these pairs, and what the last layer returns.
    """
    shapes = [tuple(tensor.shape[1:3])]
    with torch.no_grad():
        for layer in layers:
            tensor = layer(tensor)
            if tuple(tensor.shape[1:3]) != shapes[-1]:
                shapes.append(tuple(tensor.shape[1:3]))
    return shapes, tensor


class Pencil:
    """Draws one row of the diagram from left to right, and knows where it is."""

    def __init__(self, axis):
        self.axis, self.x = axis, 0

    def draw_maps(self, shapes, name, state=None):
        """Draw the maps of `shapes`; with a `state` each gets an arrow to it in its colour."""
        start = self.x
        for channels, side in shapes:
            if state:
                self.draw_arrow(state)
            for shift in (3, 1.5, 0) if channels > 1 else (0,):
                corner = self.x + shift, 14 - side / 2 + shift
                self.axis.add_patch(Rectangle(corner, side, side, fc="white", ec=INK))
            self.write(self.x + side / 2, -6, f"{channels} × {side}×{side}", size=8)
            self.last, self.x = self.x + side / 2, self.x + max(side, 12) + 6
        if state:
            self.write((start + self.x) / 2, 33, f"{name}, {state}", COLOURS[state])
        else:
            self.name_last(name)

    def draw_bar(self, classes, name, state):
        """Draw the scores as a column of `classes` cells."""
        start = self.x
        self.draw_arrow(state)
        height = 28 / classes
        for place in range(classes):
            corner = self.x, 28 - height * (place + 1)
            self.axis.add_patch(Rectangle(corner, 4, height, fc="white", ec=INK))
        self.write(self.x + 2, -6, str(classes), size=8)
        self.last = self.x + 2
        self.name_last("scores")
        self.write((start + self.x) / 2, 33, f"{name}, {state}", COLOURS[state])

    def draw_arrow(self, state):
        # Dashed, too, for whoever cannot tell the colours apart.
        line = "--" if state == "frozen" else "-"
        arrow = {"arrowstyle": "-|>", "color": COLOURS[state], "lw": 1.6, "ls": line}
        self.axis.annotate("", (self.x + 16, 14), (self.x + 2, 14), arrowprops=arrow)
        self.x += 19

    def name_last(self, name):
        self.write(self.last, -14, name)

    def write(self, x, y, text, colour=None, size=9):
        self.axis.text(x, y, text, color=colour or INK, size=size, ha="center")
