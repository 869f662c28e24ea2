"""What the exercises of lesson 1, the dataset, are checked by."""

import numpy as np
import torch

from aelib.exercises.answers import Wrong, exercise
from aelib.exercises.draws import check_draws, mixed
from aelib.exercises.words import brief


@exercise(
    "balanced_indices(labels, per_class, generator)",
    "one flat list or tensor of whole numbers, the places of the chosen images",
    "take one digit at a time: where in `labels` does it stand?",
)
def check_balanced_indices(answer):
    """Draw a balanced sample: which images to take so that every digit comes equally often.

    `labels` are `(N,)`, digits 0 to 9. Taken are `per_class` images of each digit, none twice, in
    any order, by the chance of `generator` alone. Each can be drawn.
    """
    small, large = mixed([2] * 10), mixed([20] * 10)
    check_draws(answer, [(small, 1), (small, 2), (large, 6)], _inspect_balance, last=150)


def _inspect_balance(indices, labels, per_class):
    counts = np.bincount(labels[indices], minlength=10)
    if (counts != per_class).any() and sorted(indices) == sorted([*range(10)] * per_class):
        raise Wrong("these are the digits themselves. Their places in `labels` are asked for.")
    if len(np.unique(indices)) < len(indices):
        raise Wrong(
            "some images appear twice. One that has been drawn is not put back; and places are "
            "those in all of `labels`, not among the images of one digit."
        )
    if (counts != per_class).any():
        raise Wrong(
            f"with per_class = {per_class} the digits 0 to 9 came {brief(counts)} times. Count "
            "each digit in your sample: every one should come equally often."
        )


@exercise(
    "nearest_mean(train_images, train_labels, images)",
    "the class of each of `images`, `(M,)`",
    "begin with the mean image of each digit, ten images in all.",
)
def check_nearest_mean(answer):
    """Classify by the nearest mean: each image gets the digit whose mean image is closest to it.

    Images are `(N, 1, 28, 28)` with labels `(N,)` to learn from, and `(M, 1, 28, 28)` to classify.
    """
    few, many = _toy_images(20, 1, 3), _toy_images(150, 25, 4)
    faint = (*many[:2], 0.4 * many[2])
    answer.compare([few, many, faint], _nearest, MEAN_MISTAKES)


def _toy_images(count, new, seed):
    """Noisy images of ten patterns, the lower digits more often; and `new` others to classify."""
    torch.default_generator.manual_seed(seed)
    patterns = torch.rand(10, 1, 28, 28) * torch.linspace(0.6, 1, 10).view(10, 1, 1, 1)
    extra = (torch.rand(count - 10).square() * 10).long()
    labels = torch.cat([torch.arange(10), extra])[torch.randperm(count)]
    shown = torch.cat([labels, torch.randint(10, (new,))])
    images = 0.1 * patterns[shown] + 0.9 * torch.rand(count + new, 1, 28, 28)
    return images[:count], labels, images[count:]


def _differences(train_images, train_labels, images):
    """Each of `images` minus each mean, `(M, 10, 784)`."""
    groups = [train_images.flatten(1)[train_labels == digit] for digit in range(10)]
    return images.flatten(1)[:, None] - torch.stack([group.mean(0) for group in groups])


def _nearest(*case):
    return _differences(*case).square().sum(2).argmin(1)


def _nearest_image(train_images, train_labels, images):
    return train_labels[torch.cdist(images.flatten(1), train_images.flatten(1)).argmin(1)]


MEAN_MISTAKES = {
    "only the brightness of an image counts in yours. Either the mean of a digit is one number and "
    "no image, or differences of opposite sign cancel out, since nothing squares them.": [
        lambda *case: _differences(*case).sum(2).abs().argmin(1),
        lambda *case: _differences(*case).sum(2).argmin(1),
        lambda *case: _differences(*case).sum(2).argmax(1),
    ],
    "in a mean *squared* difference a large one weighs more.": lambda *case: (
        _differences(*case).abs().sum(2).argmin(1)
    ),
    "that is the class of the nearest single image, not of the nearest mean.": _nearest_image,
}


@exercise(
    "images_needed(accuracy, half_width)",
    "how many images it takes, a number",
    "how large is the standard error of a share of n images? The interval has 1.96 to each side.",
)
def check_images_needed(answer):
    """How many test images it takes to know an accuracy within `half_width`, 95 times in 100.

    Both are fractions: `images_needed(0.94, 0.001)` is for an interval from 0.939 to 0.941. Rounded
    or not, the usual approximation and more careful ones all pass: a few percent do not matter.
    """
    cases = [(0.5, 0.01), (0.5, 0.005), (0.94, 0.01), (0.94, 0.005), (0.94, 0.001), (0.8, 0.002)]
    answer.compare(cases, _needed, NEEDED_MISTAKES, tolerance=0.05)


def _needed(p, h, z=1.96, whole=1):
    return z**2 * p * (whole - p) / h**2


NEEDED_MISTAKES = {
    "the order of magnitude is off: fractions or percent? Both are fractions here.": [
        lambda p, h: _needed(p, 100 * h),
        lambda p, h: _needed(100 * p, h, whole=100),
        lambda p, h: _needed(100 * p, 100 * h),
        lambda p, h: _needed(p, h, whole=100),
    ],
    "for half the width yours asks for twice the images. A width falls with the root of n.": [
        lambda p, h: _needed(p, 1) / h,
        lambda p, h: _needed(p, 1) ** 0.5 / h,
    ],
    "the accuracy makes no difference in yours. Is a coin as easy as a sure thing?": lambda p, h: (
        _needed(0.5, h)
    ),
    "the number of standard errors is not that of 95 %, or the half width is the whole in yours.": [
        *[lambda p, h, z=z: _needed(p, h, z) for z in (1, 1.645, 2.576, 3)],
        lambda p, h: _needed(p, 2 * h),
    ],
    "`p * (1 - p)` should stand there as it is: both factors, not squared, and with no root left "
    "once the equation has been squared.": [
        lambda p, h: 1.96**2 * p / h**2,
        lambda p, h: 1.96**2 * (1 - p) / h**2,
        lambda p, h: 1.96**2 * (p * (1 - p)) ** 2 / h**2,
        lambda p, h: 1.96**2 * (p * (1 - p)) ** 0.5 / h**2,
    ],
}
