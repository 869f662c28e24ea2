"""What the exercises of lesson 3, reconstructions and the code, are checked by."""

import numpy as np
import torch
from torch import nn

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.words import kind


@exercise(
    "pca_codes_and_reconstruction(train, images, k)",
    "two things, the codes `(M, k)` and the reconstructions, shaped as `images`",
    "PCA describes how images differ from their mean. Begin with the mean of `train`.",
)
def check_pca_codes_and_reconstruction(answer):
    """Principal component analysis by hand: codes of `k` numbers, and what they reconstruct.

    It is fitted to `train`, `(N, D)`, alone. The codes are positions of `images`, `(M, D)`, along
    the first `k` components, each with either sign.
    """

    def read(value, train, images, k):
        """Codes and reconstructions side by side, each component with the sign that is expected."""
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise Wrong(f"it should return {answer.returns}, but {kind(value)} came.")
        codes, restored = (answer.array(one) for one in value)
        if codes.shape == images.shape and restored.shape == (len(images), k) != codes.shape:
            raise Wrong("the two results are in the wrong order: first the codes.")
        codes = answer.array(codes, (len(images), k))
        restored = answer.array(restored.reshape(len(images), -1), images.shape)
        signs = np.sign((codes * _pca(train, images, k)[0].numpy()).sum(0))
        return np.hstack([codes * signs, restored])

    cases = [(*_pictures(30, 3), 2), (*_pictures(40, 6), 5), (*_pictures(30, 20), 16)]
    shown = [f"with k = {k}, the codes with the reconstructions beside them: it" for *_, k in cases]
    answer.compare(cases, _pca, PCA_MISTAKES, tolerance=5e-3, read=read, shown=shown)


def _pictures(count, new):
    """Rows that vary much along some directions and less along others, around a mean not 0."""
    directions = torch.linalg.qr(torch.randn(16, 16))[0]
    mean = 0.3 + 0.4 * torch.rand(16)
    scales = 3 * 0.75 ** torch.arange(16.0)
    rows = torch.randn(count + new, 16) * scales @ directions + mean
    rows[count:] += 0.2 * directions.sum(0)
    return rows[:count], rows[count:]


def _pca(train, images, k, centre=1, subtracted=None, added=1, pick=lambda rows, k: rows[:k]):
    """Codes and reconstructions, or with one of the parts mistaken."""
    train, images = train.double(), images.double()
    mean = centre * train.mean(0)
    rows = pick(torch.linalg.svd(train - mean, full_matrices=False)[2], k)
    codes = (images - (mean if subtracted is None else subtracted(images))) @ rows.T
    return codes, codes @ rows + added * mean


def _mistaken(**how):
    return lambda *case: _pca(*case, **how)


def _whitened(train, images, k):
    codes, restored = _pca(train, images, k)
    return codes / _pca(train, train, k)[0].std(0), restored


PCA_MISTAKES = {
    "not centred. PCA looks at differences from the mean: what is subtracted from a new image, and "
    "added at the end?": [
        _mistaken(centre=0),
        _mistaken(subtracted=lambda images: 0),
        _mistaken(subtracted=lambda images: 0, added=0),
        _mistaken(added=0),
    ],
    "new images are centred by their own mean. Of a single image nothing would be left: which mean "
    "does it have to be compared with?": _mistaken(subtracted=lambda images: images.mean(0)),
    "PCA was fitted on `images`. A yardstick may not see the test: fit it on `train` alone.": [
        lambda train, images, k: _pca(images, images, k),
        lambda train, images, k: _pca(torch.cat([train, images]), images, k),
    ],
    "these are the components along which images vary least. Which come first in yours?": [
        _mistaken(pick=lambda rows, k: rows[-k:]),
        _mistaken(pick=lambda rows, k: rows[-k:].flip(0)),
    ],
    "`Vh` is turned already: its first k *rows* are the components.": lambda train, images, k: _pca(
        train,
        images,
        k,
        pick=lambda *_: torch.linalg.svd(train - train.mean(0))[2][:, :k].T.double(),
    ),
    "the codes all have the same spread: do not divide by how far a component varies.": _whitened,
}


@exercise(
    "walk(decoder, a, b, steps)",
    "the decoded images, `(steps, 1, 28, 28)`",
    "what is the code halfway between the codes a and b? And a quarter of the way?",
)
def check_walk(answer):
    """Walk from one code to another: decode the points of a straight line between them.

    The decoder goes from codes `(N, 3, 4, 4)` to images `(N, 1, 28, 28)`; `a` and `b` are codes
    `(3, 4, 4)`, and both belong to the `steps`.
    """

    def read(value, decoder, a, b, steps):
        frames = answer.array(value)
        if frames.shape in ((steps, 28, 28), (steps, 1, 1, 28, 28)):
            frames = frames.reshape(steps, 1, 28, 28)
        if frames.shape == (steps, 3, 4, 4):
            raise Wrong("these are codes, equally many as asked; decode them.")
        if frames.ndim > 1 and len(frames) != steps:
            raise Wrong(f"with steps = {steps} there are {len(frames)} images. Both ends count.")
        return answer.array(frames, (steps, 1, 28, 28))

    decoder = nn.Sequential(nn.ConvTranspose2d(3, 1, kernel_size=7, stride=7), nn.Tanh())
    nn.init.normal_(decoder[0].weight)  # So that it is far from linear.
    a, b = 2 * torch.randn(2, 3, 4, 4)
    cases = [(decoder, a, b, steps) for steps in (2, 3, 5, 9)]
    shown = [f"with steps = {steps}, the walk, whose images count from 0," for *_, steps in cases]
    answer.compare(cases, _walk, WALK_MISTAKES, tolerance=1e-3, read=read, shown=shown)


def _walk(decoder, a, b, steps, shares=None):
    shares = torch.linspace(0, 1, steps) if shares is None else shares
    return decoder(a + shares.view(-1, 1, 1, 1) * (b - a))


def _blended(decoder, a, b, steps):
    shares = torch.linspace(0, 1, steps).view(-1, 1, 1, 1)
    return torch.lerp(*decoder(torch.stack([a, b])).unsqueeze(1), shares)


WALK_MISTAKES = {
    "you decode the two ends and blend the images. That is the walk through pixels; where do the "
    "steps belong?": _blended,
    "an end is missing: a and b belong to the walk, and `steps` images have `steps - 1` gaps.": [
        lambda *case: _walk(*case, torch.arange(case[3]) / case[3]),
        lambda *case: _walk(*case, torch.arange(1, case[3] + 1) / case[3]),
        lambda *case: _walk(*case, torch.arange(1, case[3] + 1) / (case[3] + 1)),
    ],
}


@exercise(
    "neighbour_agreement(codes, labels, k=5)",
    "a share from 0 to 1",
    "begin with the distances of one code to all others. Which k are the smallest?",
)
def check_neighbour_agreement(answer):
    """How often neighbours agree: the share of each code's `k` nearest others with its own label.

    Codes are `(N, D)`, labels `(N,)`. Returned is the mean over all codes.
    """
    small, middle, large = (_points(count) for count in (7, 12, 60))
    cases = [(*small, 1), (*small, 2), (*middle, 1), (*middle, 4), (*large, 3), large]
    answer.compare(cases, _agreement, AGREEMENT_MISTAKES, shape=())


def _points(count):
    """Codes around three centres, of several lengths, and their labels."""
    labels = torch.arange(count) % 3
    codes = torch.randn(count, 4)
    codes[:, :3] += 1.5 * torch.eye(3)[labels]
    return codes * 2 ** torch.randn(count, 1).div(2), labels


def _agreement(codes, labels, k=5, first=1, far=False):
    codes = codes.double()
    order = (codes[:, None] - codes[None]).square().sum(2).argsort(1, descending=far)
    return (labels[order[:, first : first + k]] == labels[:, None]).double().mean()


AGREEMENT_MISTAKES = {
    "who is nearest to you? Yourself: leave each code out, and take k others.": [
        lambda *case: _agreement(*case, first=0),
        lambda codes, labels, k=5: _agreement(codes, labels, k + 1, first=0),
        lambda codes, labels, k=5: _agreement(codes, labels, k - 1),
    ],
    "these are the strangers: neighbours are those with the smallest distance.": [
        lambda *case: _agreement(*case, first=0, far=True),
        lambda *case: _agreement(*case, far=True),
    ],
}


@exercise(
    "shift_beats_black(image)",
    "True or False",
    "there are two candidates, the shifted image and a black one. How far is each from the image?",
)
def check_shift_beats_black(answer):
    """Does the MSE prefer a good copy? Compare a shift by one pixel with nothing at all.

    True is for an image `(1, 28, 28)` that has a smaller MSE against itself, shifted to the right
    by one pixel, than against black. (The two errors as a pair, in this order, are welcome, too.)
    """
    cases = [(image,) for image in _images()]
    first = answer(*cases[0])
    as_pair = isinstance(first, tuple | list) or getattr(first, "shape", ()) == (2,)

    def result(shift):
        def of_image(image):
            shifted, black = float((shift(image) - image).square().mean()), image.square().mean()
            return (shifted, black) if as_pair else bool(shifted < black)

        return of_image

    mistakes = {hint: [*map(result, shifts)] for hint, shifts in SHIFT_MISTAKES.items()}
    answer.compare(cases, result(_shifted), mistakes)


def _images():
    """Images of a blob and noise in many strengths, each side with an edge of its own."""
    images = []
    for _ in range(80):
        image = torch.zeros(1, 28, 28)
        middle, noise, *edges = torch.rand(6)
        image[:, 11:17, 11:17] = middle
        image[:, 6:22, 6:22] += noise * torch.rand(16, 16).round()
        image[:, :, 5:23:2] *= torch.rand(()).round()
        for edge in edges:
            image = image.rot90(1, (1, 2))
            image[:, 3:25, 0] = edge * (edge > 0.5)
        images.append(image.clamp(0, 1))
    return images + [1 - image for image in images[:10]]


def _shifted(image, first=0):
    moved = image.roll(1, -1)
    moved[..., 0] = first
    return moved


def _cropped(image):
    """An image whose error is that of the 27 columns that are left after cropping."""
    return image + (image[..., 1:] - image[..., :-1]).square().mean().sqrt()


SHIFT_MISTAKES = {
    "the column that becomes free on the left is black; what was there has moved to the right, and "
    "does not stay.": [lambda image: _shifted(image, image[..., 0])],
    "you compare only what is left after cropping. Keep 28 x 28: what stands in the column that "
    "becomes free?": [_cropped],
    "it wraps round: what leaves on one side comes back on the other.": [
        lambda image: image.roll(1, -1)
    ],
    "it shifts to another side. To the right means that pixel 0 of a row goes to place 1.": [
        lambda image: _shifted(image.flip(-1)).flip(-1),
        lambda image: _shifted(image.mT).mT,
        lambda image: _shifted(image.mT.flip(-1)).flip(-1).mT,
    ],
}
