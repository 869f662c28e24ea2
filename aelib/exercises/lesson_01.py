"""What the exercises of lesson 1, the dataset, are checked by."""

from functools import partial

import numpy as np
import torch

from aelib.exercises.answers import Wrong, close, exercise
from aelib.exercises.places import check_chance, drawn_again, places
from aelib.exercises.words import brief, shown_call


@exercise(
    "balanced_indices(labels, per_class, generator)",
    returns="one flat list or tensor of whole numbers, the places of the chosen images",
    first_hint="take one digit at a time: where in `labels` does it stand?",
)
def check_balanced_indices(answer):
    """Draw a balanced sample: which images to take so that every digit comes equally often.

    `balanced_indices(labels, per_class, generator)` gets `labels`, a tensor `(N,)` of digits 0 to
    9, a number `per_class`, and a `torch.Generator`. It returns the indices of `per_class` images
    of each digit, `(10 * per_class,)`, none of them twice, in any order. All chance comes from
    `generator`: its seed decides which images are drawn, and each image can be.
    """

    def draw(labels, per_class, seed, chance=0):
        generator = torch.Generator().manual_seed(seed)
        value = answer(labels, per_class, generator, chance=chance)
        return np.sort(_indices(answer, value, labels, per_class))

    small, large = _digits(20, 1), _digits(200, 2)
    for labels, per_class in ((small, 1), (large, 6), (small, 2)):
        for seed in range(3):
            drawn_again(partial(draw, labels, per_class), seed)
    draws = [draw(large, 6, seed) for seed in range(150)]
    check_chance(draws, 200, "Every image of a digit should have the same chance.")


def _digits(count, seed):
    """Labels with as many of each digit, mixed."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return torch.arange(count)[order] % 10


def _indices(answer, value, labels, per_class):
    """The indices in `value`, once they are seen to be a balanced sample without repeats."""
    indices = places(answer, value, labels)
    each = len(labels) // 10
    repeated = len(np.unique(indices)) < len(indices)
    if repeated and len(indices) == 10 * per_class and indices.max() < each:
        raise Wrong(
            f"of {len(labels)} labels only the first {each} places come up. Do you count places "
            "among the images of one digit? Indices into all of `labels` are asked for."
        )
    if repeated:
        values, counts = np.unique(indices, return_counts=True)
        raise Wrong(
            f"some images appear twice, here the image {values[counts > 1][0]}. In a fair sample "
            "an image that has been drawn is not put back."
        )
    counts = np.bincount(labels.numpy()[indices], minlength=10)
    if (counts != per_class).any() and sorted(indices) == sorted([*range(10)] * per_class):
        raise Wrong(
            "these are the digits themselves. The places are asked for at which they stand in "
            "`labels`."
        )
    if (counts != per_class).any():
        raise Wrong(
            f"with per_class = {per_class} the digits 0 to 9 came {brief(counts)} times. Count "
            "each digit in your sample: every one should come equally often."
        )
    return indices


@exercise(
    "nearest_mean(train_images, train_labels, images)",
    returns="the class of each of `images`, `(M,)`",
    first_hint="begin with the mean image of each digit, ten images in all.",
)
def check_nearest_mean(answer):
    """Classify by the nearest mean: each image gets the digit whose mean image is closest to it.

    `nearest_mean(train_images, train_labels, images)` gets images `(N, 1, 28, 28)` with their
    labels `(N,)`, digits 0 to 9 that all occur, and images `(M, 1, 28, 28)` to classify. It returns
    a class for each of these, `(M,)`. Distance is the root, or the mean, of the squared differences
    over all pixels; they agree on what is nearest.
    """
    few, many = _toy_images(20, 1, 3), _toy_images(150, 25, 4)
    three = (*few[:2], _toy_images(20, 3, 5)[2])
    faint = (*many[:2], 0.4 * many[2])
    answer.compare(
        [few, three, many, faint],
        _nearest,
        [
            (
                "it seems to compare brightness only. The mean of a digit is an image: keep its "
                "784 pixels, and average over the images alone.",
                lambda *case: _nearest(*case, see=lambda images: images.mean(1, keepdim=True)),
            ),
            (
                "it does worse than guessing. You have ten distances: which one should win?",
                lambda *case: _distances(*case).argmax(1),
            ),
            (
                "that is the class of the nearest single image. What is asked for is the nearest "
                "of ten means.",
                _nearest_image,
            ),
            (
                "digits with many images seem to be farther away. Do you add images up without "
                "dividing by how many there are?",
                lambda *case: _nearest(*case, average=lambda group: group.sum(0)),
            ),
            (
                "a bright mean seems to win over a similar one. You multiply images, but asked for "
                "is the distance between them.",
                lambda *case: (_flat(case[2]) @ _means(*case[:2]).T).argmax(1),
            ),
            (
                "differences of opposite sign seem to cancel out. What makes a difference count "
                "the same in both directions?",
                lambda *case: (_flat(case[2])[:, None] - _means(*case[:2])).sum(2).abs().argmin(1),
            ),
            (
                "differences with a sign are no distance: the smallest is the most negative one.",
                lambda *case: (_flat(case[2])[:, None] - _means(*case[:2])).sum(2).argmin(1),
            ),
            (
                "you add up the differences as they are. In a mean *squared* difference a large "
                "one weighs more.",
                lambda *case: (_flat(case[2])[:, None] - _means(*case[:2])).abs().sum(2).argmin(1),
            ),
            (
                "you average distances to single images. Average the images first: ten means, ten "
                "distances.",
                lambda *case: _distances_to_all(*case).argmin(1),
            ),
            (
                "an image half as bright is the same to yours: it compares directions, as a cosine "
                "does, and no distances.",
                lambda *case: _cosines(*case).argmax(1),
            ),
        ],
        whole=True,
    )


def _toy_images(count, new, seed):
    """Noisy images of ten patterns, the lower digits more often; and `new` others to classify."""
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.rand(10, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    patterns *= torch.linspace(0.6, 1, 10).view(10, 1, 1, 1)
    extra = (torch.rand(count - 10, generator=generator).square() * 10).long()
    labels = torch.cat([torch.arange(10), extra])[torch.randperm(count, generator=generator)]
    classes = torch.randint(10, (new,), generator=generator)
    noise = torch.rand(count + new, 1, 28, 28, generator=generator)
    images = 0.1 * patterns[torch.cat([labels, classes])] + 0.9 * noise
    return images[:count], labels, images[count:]


def _flat(images):
    return images.flatten(1)


def _means(images, labels, average=lambda group: group.mean(0), see=lambda images: images):
    return torch.stack([average(see(_flat(images))[labels == digit]) for digit in range(10)])


def _distances(train_images, train_labels, images, see=lambda images: images, **how):
    means = _means(train_images, train_labels, see=see, **how)
    return (see(_flat(images))[:, None] - means).square().sum(2)


def _nearest(*case, **how):
    return _distances(*case, **how).argmin(1)


def _distances_to_all(train_images, train_labels, images):
    each = torch.cdist(_flat(images), _flat(train_images)).square()
    return torch.stack([each[:, train_labels == digit].mean(1) for digit in range(10)], 1)


def _cosines(train_images, train_labels, images):
    means = _means(train_images, train_labels)
    return torch.cosine_similarity(_flat(images)[:, None], means[None], dim=2)


def _nearest_image(train_images, train_labels, images):
    distances = (_flat(images)[:, None] - _flat(train_images)).square().sum(2)
    return train_labels[distances.argmin(1)]


@exercise(
    "images_needed(accuracy, half_width)",
    returns="how many images it takes, a number",
    first_hint="the interval reaches 1.96 standard errors to each side. How large is the standard "
    "error of a share that is measured on n images?",
)
def check_images_needed(answer):
    """How many test images it takes to know an accuracy within `half_width`, 95 times in 100.

    `images_needed(accuracy, half_width)` gets both as fractions: `images_needed(0.94, 0.001)` asks
    how many images it takes for an interval from 0.939 to 0.941. It returns a number, rounded or
    not, within a few percent: the usual approximation and more careful ones all pass.
    """
    cases = [(0.5, 0.01), (0.5, 0.005), (0.94, 0.01), (0.94, 0.005), (0.94, 0.001), (0.8, 0.002)]
    got = np.array([answer.array(answer(*case), ()) for case in cases], float)
    expected = np.array([_needed(*case) for case in cases])
    tolerance = 0.05
    if close(got, expected, tolerance):
        return
    if any(
        close(got, np.array([_needed(a * p, b * h, whole) for p, h in cases]), tolerance)
        for a in (0.01, 1, 100)
        for b in (0.01, 1, 100)
        for whole in (1, 100)
        if a * whole != 1 or a == 1
    ):
        raise Wrong("the order of magnitude is off: fractions or percent? Both are fractions here.")
    if np.allclose(got[[1, 3]], got[[0, 2]], rtol=0.01):
        raise Wrong("the half width makes no difference in yours.")
    if np.isclose(got[0], got[2], rtol=0.01):
        raise Wrong("the accuracy makes no difference in yours. Is a coin as easy as a sure thing?")
    if np.allclose(got[[1, 3]], 2 * got[[0, 2]], rtol=0.03):
        raise Wrong(
            "to halve the width, yours asks for twice the images. But a width falls with the "
            "square root of their number."
        )
    factor = got[0] / expected[0]
    if np.allclose(got / expected, factor, rtol=0.01):
        for hint, factors in FACTORS.items():
            if np.isclose(factor, factors, rtol=0.02).any():
                raise Wrong(f"yours is {factor:.3g} times what it takes, everywhere. {hint}")
    for hint, variance in VARIANCES.items():
        if close(got, np.array([1.96**2 * variance(p) / h**2 for p, h in cases]), tolerance):
            raise Wrong(hint)
    place = np.argmax(~np.isclose(got, expected, rtol=tolerance))
    shown = shown_call(answer.name, cases[place])
    raise Wrong(answer.difference(shown, got[place], expected[place], tolerance))


def _needed(accuracy, half_width, whole=1):
    return 1.96**2 * accuracy * (whole - accuracy) / half_width**2


#: Hints by the factors that betray a mistake. A quarter is the whole width for the half one, with 2
#: for 1.96 as well the same as a single standard error.
FACTORS = {
    "Standard errors to each side: is one enough for 95 %? Or is the half width the whole?": [
        1 / 1.96**2
    ],
    "Half or whole: from where to where does the interval reach?": [0.25, 4, 4 * (2 / 1.96) ** 2],
    "How many standard errors hold 95 %? Others hold 90, 99 or 99.7 %.": [
        (z / 1.96) ** 2 for z in (1.2816, 1.645, 2.3263, 2.576, 3)
    ],
    "A standard error has a root in it. Is one of your numbers not squared?": [1 / 1.96],
}
#: Hints by what stands in the place of `p * (1 - p)`.
VARIANCES = {
    "the accuracy alone stands where `p * (1 - p)` should. To be right on 94 % is as sure as to be "
    "wrong on 6 %.": lambda p: p,
    "the share of errors alone stands where `p * (1 - p)` should. To be wrong on 6 % is as sure as "
    "to be right on 94 %.": lambda p: 1 - p,
    "`p * (1 - p)` comes in squared. In the standard error it stands under a root: what is left of "
    "that once you square?": lambda p: (p * (1 - p)) ** 2,
    "`p * (1 - p)` still stands under its root, though the equation has been squared.": lambda p: (
        (p * (1 - p)) ** 0.5
    ),
}
