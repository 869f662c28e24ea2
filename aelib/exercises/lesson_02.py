"""What the exercises of lesson 2, the autoencoder, are checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.words import kind


@exercise(
    "output_size(n, kernel, stride=1, padding=0)",
    returns="a whole number",
    first_hint="on a row of n pixels, with stride 1, in how many places does the kernel fit?",
)
def check_output_size(answer):
    """The side of what a convolution returns: how many places its kernel visits along a side.

    `output_size(n, kernel, stride=1, padding=0)` gets the side of the image and what `nn.Conv2d`
    calls `kernel_size`, `stride` and `padding`, all whole numbers. It returns a whole number.
    """
    shown = [(3, 1), (4, 2), (5, 2, 2), (6, 3, 2), (4, 3, 1, 1), (5, 3, 2, 1), (7, 3, 2, 1)]
    cases = [*shown, (7, 7), (9, 2, 3, 1), (14, 5, 3, 2), (28, 5), (28, 5, 2, 2), (28, 4, 4, 3)]
    everywhere = [
        (n, k, s, p) for n in (7, 10, 28) for k in (2, 5) for s in (1, 2, 3) for p in (0, 2)
    ]
    answer.compare(
        cases + everywhere,
        _size,
        [
            (
                "you divide the side by the stride and no more. Where is the kernel? It has to fit "
                "in whole.",
                lambda n, k, s=1, p=0: n // s,
            ),
            *[
                (
                    "the kernel makes no difference in yours. Where is it? It has to fit in whole.",
                    way,
                )
                for way in (
                    lambda n, k, s=1, p=0: (n + 2 * p) // s,
                    lambda n, k, s=1, p=0: -(-n // s),
                    lambda n, k, s=1, p=0: -(-(n + 2 * p) // s),
                    lambda n, k, s=1, p=0: (n + 2 * p - 1) // s + 1,
                )
            ],
            (
                "the padding seems to count once. Both sides have it.",
                lambda n, k, s=1, p=0: (n + p - k) // s + 1,
            ),
            (
                "one too few: count positions, not gaps: where the kernel stands, not the steps "
                "between them.",
                lambda n, k, s=1, p=0: (n + 2 * p - k) // s,
            ),
            (
                "one too few wherever there is room for nothing else. A fence of three posts has "
                "two gaps: which of them do you count?",
                lambda n, k, s=1, p=0: -(-(n + 2 * p - k) // s),
            ),
            (
                "one too many where the last step would not fit: the kernel stops before it hangs "
                "over the edge.",
                lambda n, k, s=1, p=0: -(-(n + 2 * p - k) // s) + 1,
            ),
            (
                "you divide by the stride after adding the first place. Which of the places is "
                "there whatever the stride?",
                lambda n, k, s=1, p=0: (n + 2 * p - k + 1) // s,
            ),
            (
                "the padding is added to what comes out. It is put around what goes in, before the "
                "kernel takes its steps.",
                lambda n, k, s=1, p=0: (n - k) // s + 1 + 2 * p,
            ),
            (
                "that is what a *transposed* convolution returns, the way back.",
                lambda n, k, s=1, p=0: (n - 1) * s - 2 * p + k,
            ),
            (
                "that is how many numbers come out. The side of the picture is asked for.",
                lambda n, k, s=1, p=0: _size(n, k, s, p) ** 2,
            ),
            (
                "the padding makes no difference in yours.",
                lambda n, k, s=1, p=0: (n - k) // s + 1,
            ),
            (
                "the stride makes no difference in yours.",
                lambda n, k, s=1, p=0: n + 2 * p - k + 1,
            ),
            (
                "part of a step came out. A kernel cannot stand in half a place: what becomes of "
                "the rest?",
                lambda n, k, s=1, p=0: (n + 2 * p - k) / s + 1,
            ),
        ],
        tolerance=1e-6,
    )


def _size(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 1


@exercise(
    "build_encoder(code_channels)",
    returns="a network, an `nn.Module`",
    first_hint="start with one convolution in an `nn.Sequential`, and look at the shape it returns "
    "before you add the next layer.",
)
def check_build_encoder(answer):
    """Build an encoder of your own: images `(N, 1, 28, 28)` to codes `(N, code_channels, 4, 4)`.

    `build_encoder(code_channels)` returns an `nn.Module` for any number of images, one included,
    with fewer than 20,000 weights at `code_channels = 3`. A number of the code can be negative.
    """
    lowest = []
    for channels, seed in ((3, 0), (3, 1), (3, 2), (5, 0)):
        network = answer(channels, chance=seed)
        if not isinstance(network, nn.Module):
            more = " Add brackets and its arguments." if isinstance(network, type) else ""
            raise Wrong(f"it should return {answer.returns}, but {kind(network)} came.{more}")
        network.eval()
        for count in (1, 7):
            images = torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
            codes = _code(answer, network, images, channels)
            if count > 1 and np.ptp(codes, axis=0).max() == 0:
                raise Wrong("seven different images have one and the same code.")
            lowest.append(codes.min())
        weights = sum(parameter.numel() for parameter in network.parameters())
        if channels == 3 and weights >= 20_000:
            raise Wrong(f"it has {weights:,} weights; fewer than 20,000 are allowed.")
        if weights == 0:
            raise Wrong("it has no weights, so there is nothing to train.")
    if min(lowest) >= 0:
        raise Wrong(
            "no number of the code is negative, for no image. Look at your last layer: what does "
            "it do with numbers below 0?"
        )


def _code(answer, network, images, channels):
    shown = f"the network that build_encoder({channels}) returns, on images {tuple(images.shape)},"
    with torch.no_grad():
        codes, _ = answer.run(_without_gradients(network), images, shown=shown)
    if codes is None:
        raise Wrong(f"{shown} returns nothing (None). Does its `forward` end with `return`?")
    codes = answer.array(codes)
    count, asked = len(images), (len(images), channels, 4, 4)
    came = f"for images {tuple(images.shape)} codes of shape {codes.shape} came"
    if codes.shape == asked:
        if not np.isfinite(codes).all():
            raise Wrong(f"{came}, and some of their numbers are not finite.")
        return codes
    if codes.shape == (count, 16 * channels):
        raise Wrong(f"{came}: flattened. Keep {channels} maps of 4 x 4; the decoder needs them.")
    if codes.shape == (count, 4, 4, channels):
        raise Wrong(f"{came}: where does PyTorch have the channels?")
    if codes.ndim == 4 and codes.shape[2:] == (4, 4) and codes.shape[1] != channels:
        raise Wrong(f"{came}. `code_channels` was {channels}: which layer has to know it?")
    if codes.ndim == 4 and codes.shape[2:] != (4, 4):
        raise Wrong(f"{came}, and {asked} was asked for. Print the shape after each layer.")
    raise Wrong(f"{came}, and {asked} was asked for.")


def _without_gradients(network):
    def call(*args):
        with torch.no_grad():
            return network(*args)

    return call


@exercise(
    "is_dead(network, images)",
    returns="True or False",
    first_hint="a network is dead if its last ReLU lets nothing through, whatever it is shown. "
    "Look at its output.",
)
def check_is_dead(answer):
    """Tell whether a network is dead: its last layer, a ReLU, is 0 everywhere, for all images.

    `is_dead(network, images)` gets a network `(N, 1, 28, 28)` to `(N, 1, 28, 28)`, an
    `nn.Sequential` that ends with an `nn.ReLU`, and images. It returns True or False.
    """
    images = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 0.2
    images[3, :, 10:14, 10:14] += 2
    first_alone = torch.cat([images[3:4], images[:3]])
    last_of_twelve = torch.cat([images[:3]] * 4)
    last_of_twelve[-1] = images[3]
    all_but_the_first = images + 2
    all_but_the_first[0] = 0
    networks = [
        ("a network whose last bias is 0.5, on one image,", _tiny(1.0, 0.5), images[:1]),
        ("a network whose last bias is -9, on one image,", _tiny(1.0, -9.0), images[:1]),
        ("a network with a bias above and weights below 0", _tiny(-1.0, 0.1), images + 0.5),
        ("a network with a bias just below 0", _tiny(1.0, -0.01), images),
        ("a network that paints one image of six", _tiny(1.0, -1.9), images),
        ("a network that paints the first image of four", _tiny(1.0, -1.0), first_alone),
        ("a network that paints the last of twelve images", _tiny(1.0, -1.9), last_of_twelve),
        ("a network that paints all images but the first", _tiny(1.0, -1.0), all_but_the_first),
        ("a network that paints one grey everywhere", _tiny(0.0, 0.5), images),
        ("a network with weights and bias below 0", _tiny(-9.0, -0.01), images),
        ("a network that paints a few pixels, and faintly,", _tiny(0.001, -0.0015), images),
        *[("a fresh network of several layers", _published(seed), images) for seed in range(6)],
    ]
    cases = [case for _, *case in networks]

    def output(network, pictures):
        with torch.no_grad():
            return network(pictures)

    answer.compare(
        cases,
        _dead,
        [
            ("the other way round: True is for a network that is dead.", lambda *c: not _dead(*c)),
            (
                "you go by the bias of the last layer. A bias below 0 can be outweighed, and some "
                "networks with one live: look at what comes out.",
                lambda network, _: (network[-2].bias < 0).all(),
            ),
            (
                "you look at one image only. Another may wake the network.",
                lambda network, pictures: _dead(network, pictures[:1]),
            ),
            (
                "one image that comes out black is enough for yours. Another may come out alive.",
                lambda *c: (output(*c) == 0).flatten(1).all(1).any(),
            ),
            (
                "one pixel that is 0 is enough for yours. Every live network paints black pixels.",
                lambda *c: (output(*c) == 0).any(),
            ),
            (
                "yours calls every network alive. What is the lowest number that a ReLU returns?",
                lambda network, pictures: False,
            ),
            (
                "yours calls every network dead.",
                lambda network, pictures: True,
            ),
            (
                "you look at a mean of what reaches the last ReLU. One pixel above 0 is a sign of "
                "life.",
                lambda network, pictures: output(network[:-1], pictures).mean() <= 0,
            ),
        ],
        shape=(),
        shown=[words for words, *_ in networks],
    )


def _dead(network, images):
    with torch.no_grad():
        return bool((network(images) <= 0).all())


def _tiny(weight, bias):
    """A network of a single weight, which paints what it sees times `weight`, plus `bias`."""
    layer = nn.Conv2d(1, 1, kernel_size=1)
    with torch.no_grad():
        layer.weight.fill_(weight)
        layer.bias.fill_(bias)
    return nn.Sequential(nn.Identity(), layer, nn.ReLU())


def _published(seed):
    """A network in the style of the published one, with the fresh weights of `seed`."""
    torch.default_generator.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, kernel_size=2, stride=2),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 4, kernel_size=2),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1),
        nn.ConvTranspose2d(4, 1, kernel_size=2, stride=2),
        nn.ReLU(),
    )
