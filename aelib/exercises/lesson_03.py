"""What the exercises of lesson 3, reconstructions and the code, are checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Wrong, close, exercise
from aelib.exercises.words import brief


@exercise(
    "walk(decoder, a, b, steps)",
    returns="the decoded images, `(steps, 1, 28, 28)`",
    first_hint="what is the code halfway between the codes a and b? And a quarter of the way?",
)
def check_walk(answer):
    """Walk from one code to another: decode the points of a straight line between them.

    `walk(decoder, a, b, steps)` gets a decoder, a network from codes `(N, 3, 4, 4)` to images
    `(N, 1, 28, 28)`, two codes `(3, 4, 4)`, and how many images to return, both ends included: the
    first is the decoded `a`, the last the decoded `b`, and the codes between are equally far apart.
    """
    decoder = _Bending().eval()
    generator = torch.Generator().manual_seed(0)
    a, b = 2 * torch.randn(2, 3, 4, 4, generator=generator)
    cases = [(decoder, a, b, steps) for steps in (2, 3, 5, 9)]
    got = [_frames(answer, answer(*case), case) for case in cases]
    expected = [_walk(*case) for case in cases]
    if _all(got, expected):
        return
    for hint, mistake in WALK_MISTAKES.items():
        if _all(got, [mistake(*case) for case in cases]):
            raise Wrong(hint)
    for (*_, steps), came, right in zip(cases, got, expected, strict=True):
        for frame in (0, -1, *range(1, steps - 1)):
            if not close(came[frame], right[frame], 1e-3):
                what = {
                    0: "the first image is not the decoded a",
                    -1: "the last image is not the decoded b",
                }.get(
                    frame,
                    f"both ends are right, but the image {frame}, "
                    "counted from 0, is not: its code should lie on a straight line from a to "
                    "b, in equal steps",
                )
                raise Wrong(f"with steps = {steps}, {what}.")


class _Bending(nn.Module):
    """A decoder that is far from linear."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.layer = nn.ConvTranspose2d(3, 1, kernel_size=7, stride=7)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))

    def forward(self, codes):
        return self.layer(codes).tanh()


def _decoded(decoder, codes):
    with torch.no_grad():
        return decoder(codes).double().numpy()


def _walk(decoder, a, b, steps, shares=None):
    shares = torch.linspace(0, 1, steps) if shares is None else shares
    return _decoded(decoder, a + shares.view(-1, 1, 1, 1) * (b - a))


def _blended(decoder, a, b, steps):
    ends = _decoded(decoder, torch.stack([a, b]))
    shares = np.linspace(0, 1, steps).reshape(-1, 1, 1, 1)
    return ends[:1] + shares * (ends[1:] - ends[:1])


WALK_MISTAKES = {
    "you decode the two ends and blend the images. That is the walk through pixels; where do the "
    "steps belong?": _blended,
    "the last frame is not b: the walk ends one step too early.": lambda decoder, a, b, steps: (
        _walk(decoder, a, b, steps, torch.arange(steps) / steps)
    ),
    "the first frame is not a: the walk begins one step too late.": lambda decoder, a, b, steps: (
        _walk(decoder, a, b, steps, torch.arange(1, steps + 1) / steps)
    ),
    "neither end is there: both a and b belong to the walk.": lambda decoder, a, b, steps: _walk(
        decoder, a, b, steps, torch.arange(1, steps + 1) / (steps + 1)
    ),
    "it walks from b to a.": lambda decoder, a, b, steps: _walk(decoder, b, a, steps),
    "the end is missing and the images are blended. Steps belong between codes.": lambda *case: (
        _blended(*case[:3], case[3] + 1)[:-1]
    ),
}


def _frames(answer, value, case):
    """The frames as an array `(steps, 1, 28, 28)`, or what is the matter with them."""
    steps = case[-1]
    frames = answer.array(value)
    if frames.shape in ((steps, 28, 28), (steps, 1, 1, 28, 28)):
        frames = frames.reshape(steps, 1, 28, 28)
    if frames.shape == (steps, 3, 4, 4):
        raise Wrong("these are codes, equally many as asked; decode them.")
    if frames.ndim > 1 and len(frames) != steps:
        raise Wrong(
            f"with steps = {steps} there are {len(frames)} images. Both ends count, and {steps} "
            "images are asked for in all."
        )
    if frames.shape != (steps, 1, 28, 28):
        raise Wrong(
            f"with steps = {steps} the shape {frames.shape} came, not {(steps, 1, 28, 28)}."
        )
    return frames


def _all(got, expected):
    return all(close(*pair, 1e-3) for pair in zip(got, expected, strict=True))


@exercise(
    "neighbour_agreement(codes, labels, k=5)",
    returns="a share from 0 to 1",
    first_hint="begin with the distances of one code to all others. Which k are the smallest?",
)
def check_neighbour_agreement(answer):
    """How often neighbours agree: the share of each code's `k` nearest others with its own label.

    `neighbour_agreement(codes, labels, k=5)` gets codes `(N, D)` and labels `(N,)`. For each code
    it finds the `k` nearest *other* codes, by the root of the summed squared differences, and takes
    the share of them that has the same label; it returns the mean of these shares, from 0 to 1.
    """
    small, middle, large = (_points(count, count) for count in (7, 12, 60))
    cases = [(*small, 1), (*small, 2), (*middle, 1), (*middle, 4), (*large, 3), large]
    agreement = _agreement
    answer.compare(
        cases,
        agreement,
        [
            (
                "with k = 1 it is 100 % for any codes: who is nearest to you?",
                lambda *case: agreement(*case, first=0),
            ),
            (
                "there is one neighbour too many, and it always agrees: who is nearest to you?",
                lambda codes, labels, k=5: agreement(codes, labels, k + 1, first=0),
            ),
            (
                "who is nearest to you? You seem to leave yourself out after taking k, so one "
                "neighbour is missing.",
                lambda codes, labels, k=5: agreement(codes, labels, k - 1) * (k - 1) / k,
            ),
            (
                "who is nearest to you? You seem to leave yourself out after taking k, so one "
                "neighbour is missing.",
                lambda codes, labels, k=5: agreement(codes, labels, k - 1) if k > 1 else np.nan,
            ),
            (
                "these are the strangers: neighbours are those with the smallest distance.",
                lambda *case: agreement(*case, first=0, far=True),
            ),
            (
                "these are the strangers: neighbours are those with the smallest distance.",
                lambda *case: agreement(*case, far=True),
            ),
            (
                "percent came, and a share from 0 to 1 is asked for.",
                lambda *case: 100 * agreement(*case),
            ),
            (
                "that is how often neighbours disagree.",
                lambda *case: 1 - agreement(*case),
            ),
            (
                "that is a number of neighbours; their share of k is asked for.",
                lambda codes, labels, k=5: k * agreement(codes, labels, k),
            ),
            (
                "that is a number of neighbours; their share of k is asked for.",
                lambda codes, labels, k=5: k * len(codes) * agreement(codes, labels, k),
            ),
            (
                "that is a sum over all codes; the mean is asked for.",
                lambda codes, labels, k=5: len(codes) * agreement(codes, labels, k),
            ),
            (
                "k makes no difference in yours.",
                lambda codes, labels, k=5: agreement(codes, labels, min(5, len(codes) - 1)),
            ),
            (
                "k makes no difference in yours.",
                lambda codes, labels, k=5: agreement(codes, labels, 1),
            ),
            (
                "you seem to let the neighbours vote. Asked for is the share of them that agrees.",
                _voted,
            ),
            (
                "you compare the places of neighbours with labels. Which label stands at a place?",
                lambda codes, labels, k=5: (
                    (_order(codes)[:, 1 : 1 + k] == labels[:, None]).double().mean()
                ),
            ),
            (
                "one neighbour that agrees is enough in yours, or all have to. Asked for is their "
                "share.",
                lambda *case: _agreement(*case, over=lambda agrees: agrees.amax(1)),
            ),
            (
                "one neighbour that agrees is enough in yours, or all have to. Asked for is their "
                "share.",
                lambda *case: _agreement(*case, over=lambda agrees: agrees.amin(1)),
            ),
            (
                "you take products of codes for closeness. A long code is not a near one.",
                lambda *case: agreement(*case, products=True),
            ),
            (
                "you compare directions, as a cosine does. Two codes in one direction can be far "
                "apart.",
                lambda codes, *rest: agreement(
                    torch.nn.functional.normalize(codes), *rest, products=True
                ),
            ),
        ],
        tolerance=1e-4,
        shape=(),
    )


def _points(count, seed):
    """Codes around three centres, of several lengths, and their labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    codes = torch.randn(count, 4, generator=generator)
    codes[:, :3] += 1.5 * torch.eye(3)[labels]
    return codes * 2 ** torch.randn(count, 1, generator=generator).div(2), labels


def _order(codes, far=False, products=False):
    codes = codes.double()
    distances = (codes[:, None] - codes[None]).square().sum(2)
    if products:
        distances = -(codes @ codes.T).fill_diagonal_(torch.inf)
    return distances.argsort(1, descending=far)


def _agreement(codes, labels, k=5, first=1, far=False, products=False, over=lambda agrees: agrees):
    order = _order(codes, far, products)
    neighbours = labels[order[:, first : first + k]]
    return over((neighbours == labels[:, None]).double()).mean().item()


def _voted(codes, labels, k=5):
    votes = labels[_order(codes)[:, 1 : 1 + k]].mode(1).values
    return (votes == labels).double().mean().item()


@exercise(
    "shift_beats_black(image)",
    returns="True or False",
    first_hint="there are two candidates, the shifted image and a black one. How far is each from "
    "the image?",
)
def check_shift_beats_black(answer):
    """Does the MSE prefer a good copy? Compare a shift by one pixel with nothing at all.

    `shift_beats_black(image)` gets an image `(1, 28, 28)`. It returns True if the image, shifted to
    the right by one pixel, has a smaller mean squared error against the image than all black has,
    else False. What leaves on the right is lost; the column that becomes free on the left is black,
    and the mean is over all 28 x 28 pixels. (The two errors as a pair, first that of the shifted
    image, are welcome, too.)
    """
    # Images that look the same from all four sides: so a shift to another side passes as well.
    images = _symmetric_images()
    cases = [(image,) for image in images]
    values = [answer(*case) for case in cases]
    pairs = [_errors(answer, value) for value in values]
    crop = (
        "you compare only what is left after cropping. Keep 28 x 28: what stands in the column "
        "that becomes free?"
    )
    mistakes = [
        (crop, _cropped),
        (crop, lambda image: (_cropped(image)[0], float(image[..., 1:].square().mean()))),
        ("it wraps round: what leaves on one side comes back on the other.", _wrapped),
        (
            "True comes for every image. Is there none that a shift takes farther away than black?",
            lambda image: (0.0, 1.0),
        ),
        (
            "False comes for every image. How far is black from a bright image?",
            lambda image: (1.0, 0.0),
        ),
        (
            "you compare means of differences with their signs. What is squared in the MSE?",
            lambda image: (-float(image[..., -1].sum()), float(image.sum())),
        ),
        (
            "you compare absolute differences. What is squared in the MSE?",
            _absolute,
        ),
        (
            "you compare with a white image; black is 0 everywhere.",
            lambda image: (_shifted(image)[0], float((1 - image).square().mean())),
        ),
        (
            "these are sums; a mean squared error is asked for.",
            lambda image: [784 * error for error in _shifted(image)],
        ),
        (
            "the other way round: the shifted image comes first, and True means that it is closer.",
            lambda image: _shifted(image)[::-1],
        ),
    ]
    as_pairs = all(pair is not None for pair in pairs)
    if as_pairs:
        got = np.array(pairs)
    else:
        got = np.array([answer.array(value, ()) for value in values], float)

    def read(errors):
        errors = np.array([errors(image) for image in images])
        return errors if as_pairs else (errors[:, 0] < errors[:, 1]).astype(float)

    expected = read(_shifted)
    if close(got, expected, 1e-4):
        return
    for hint, mistake in mistakes:
        if close(got, read(mistake), 1e-4):
            raise Wrong(hint)
    wrong = int(np.argwhere(~np.isclose(got, expected, rtol=1e-4, atol=1e-4))[0][0])
    asked, came = (
        (brief(tuple(one[wrong])) if one.ndim == 2 else str(bool(one[wrong])))
        for one in (expected, got)
    )
    errors = _shifted(images[wrong])
    raise Wrong(
        f"for an image where the shift has an error of {errors[0]:.4f} and black one of "
        f"{errors[1]:.4f}, {came} came and {asked} was expected."
    )


def _errors(answer, value):
    if isinstance(value, tuple | list) or getattr(value, "shape", None) in ((2,), torch.Size([2])):
        return tuple(answer.array(value, (2,)))
    return None


def _shifted(image):
    moved = torch.zeros_like(image)
    moved[..., 1:] = image[..., :-1]
    return float((moved - image).square().mean()), float(image.square().mean())


def _absolute(image):
    moved = torch.zeros_like(image)
    moved[..., 1:] = image[..., :-1]
    return float((moved - image).abs().mean()), float(image.mean())


def _wrapped(image):
    moved = image.roll(1, -1)
    return float((moved - image).square().mean()), float(image.square().mean())


def _cropped(image):
    moved, rest = image[..., :-1], image[..., 1:]
    return float((moved - rest).square().mean()), float(image.square().mean())


def _symmetric_images():
    """Images of a blob, edge and noise in many strengths, the same after a turn and in a mirror."""
    generator = torch.Generator().manual_seed(0)
    images = []
    for _ in range(60):
        image = torch.zeros(28, 28)
        middle, edge, noise = torch.rand(3, generator=generator)
        image[11:17, 11:17] = middle
        image[0, ::3] = edge
        image[6:22, 6:22] += noise * torch.rand(16, 16, generator=generator).round()
        image = torch.stack([image.rot90(turns) for turns in range(4)]).amax(0)
        image = torch.maximum(image, image.flip(1)).clamp(0, 1)
        images.append(image[None])
    return images + [1 - image for image in images[:10]]
