"""What lesson 3 says of its run, and its numbers computed once more."""

import numpy as np
import torch

from aelib.training import infer


def squared_errors(painted, images):
    """The mean squared error of each image, by numpy."""
    return ((painted.numpy() - images.numpy()) ** 2).mean((1, 2, 3))


def gain(v):
    """By what share the autoencoder's error is below that of PCA."""
    return 1 - v.metrics["reconstruction_mse_full_test"] / v.metrics["pca_mse_full_test"]


def late_fall(losses):
    """By how much a loss falls after the fifth epoch."""
    return losses[min(4, len(losses) - 1)] - losses[-1]


def epochs_behind_pca(v):
    """The first epoch in which the training loss is below the error of PCA."""
    return np.argmax(np.array(v.pretraining["training_loss"]) < v.pca_training.item()) + 1


def on_black(painted, images):
    """The squared paint where the image is black."""
    return painted[images == 0].square().mean()


def work_nearby(change):
    """The share of what 48 numbers change that is at most one place from their own."""
    work = (change[:, :, :, 0] - 0.5).square()  # (3, 4, 4, 28, 28)
    near = (torch.arange(28) // 7 - torch.arange(4)[:, None]).abs() <= 1
    near = near[:, None, :, None] * near[None, :, None, :]
    return (work * near).sum() / work.sum()


def neighbour(v, among):
    """The digit of the nearest code to each, among the pairs for which `among` is true."""
    distances = torch.cdist(v.codes.flatten(1), v.codes.flatten(1))
    return v.labels[distances.masked_fill(~among, torch.inf).argmin(1)]


def same_digit(v):
    """For how many codes the nearest other one is of the same digit."""
    return (neighbour(v, ~torch.eye(len(v.codes), dtype=bool)) == v.labels).float().mean()


def fours_next_to_nines(v):
    """For how many fours the nearest code of another digit is a nine."""
    strangers = neighbour(v, v.labels[:, None] != v.labels)
    return (strangers[v.labels == 4] == 9).float().mean()


def far_codes(v):
    """The share of codes' places along the directions that are less than 3 away."""
    axes = v.directions.flatten(1)
    away = (v.codes - v.codes.mean(0)).flatten(1) @ (axes / axes.square().sum(1, keepdim=True)).T
    return (away.abs() < 3).float().mean()


def two_numbers_error(v):
    return squared_errors(infer(v.narrow, v.images).clamp(0, 1), v.images).mean()


def read_by_approach_2(v):
    read = infer(v.classifiers["approach 2"], v.reconstructions).argmax(1)
    return (read == v.labels).float().mean()


FACTS = {
    "Some pixels come out below 0 or above 1.": lambda v: (
        (raw := infer(v.autoencoder, v.images)).min() < 0 and raw.max() > 1
    ),
    "nearly every digit can still be read": lambda v: read_by_approach_2(v) > 0.9,
    "Edges are softer": lambda v: (
        v.reconstructions.diff().square().mean() < 0.8 * v.images.diff().square().mean()
    ),
    "The best are all ones": lambda v: (v.labels[v.order[:10]] == 1).all(),
    "The worst have more ink than most": lambda v: v.images[v.order[-50:]].mean() > v.images.mean(),
    "The autoencoder is below PCA for every digit": lambda v: all(
        ours < theirs for ours, theirs in zip(*v.by_digit, strict=True)
    ),
    "by a tenth to a quarter on the whole, depending on the seed": lambda v: 0.08 < gain(v) < 0.26,
    "within a tenth of each other": lambda v: 0.9 < v.error / v.deskewed_error < 1.1,
    "Ones have the smallest error.": lambda v: np.argmin(v.by_digit[0]) == 1,
    "all that comes after the first few epochs is pressed into a flat line": lambda v: (
        late_fall(v.pretraining["training_loss"]) < 0.2 * v.pretraining["training_loss"][0]
    ),
    "It took hundreds of steps to learn what PCA computes at once": lambda v: (
        4 <= epochs_behind_pca(v) <= 16
    ),
    "the autoencoder's background is cleaner": lambda v: (
        on_black(v.reconstructions, v.images) < on_black(v.pca_reconstructions, v.images)
    ),
    "All of them vary": lambda v: (v.std > 1e-3 * v.std.max()).all(),
    "the largest deviation is less than three times the smallest": lambda v: (
        v.std.max() < 3 * v.std.min()
    ),
    "of PCA's 48 numbers the first varies several times as much as the last": lambda v: (
        v.pca_std[0] > 4 * v.pca_std[-1]
    ),
    "A number does most of its work in its own neighbourhood.": lambda v: (
        work_nearby(v.change) > 0.75
    ),
    "Groups appear though no label was used": lambda v: same_digit(v) > 0.8,
    "4 and 9 run into each other": lambda v: fours_next_to_nines(v) > 0.5,
    "Two numbers are too few to say which digit it is *and* how it was written": lambda v: (
        two_numbers_error(v) > 2 * v.errors.mean()
    ),
    "so -3 to 3 is about as far as real codes go": lambda v: far_codes(v) > 0.98,
}
HEDGED = {}


def second_look(v):
    """Errors and PCA by numpy, and the rows of figures."""
    pixels = v.data.train.images.flatten(1).double().numpy()
    variances, axes = np.linalg.eigh(np.cov(pixels.T))
    assert np.allclose(v.pca_std, np.sqrt(variances[:-49:-1]), rtol=5e-3)
    for split, suffix in ((v.data.full_test, "_full_test"), (v.data.test, "")):
        ours = infer(v.autoencoder, split.images).clamp(0, 1)
        centred = split.images.flatten(1).numpy() - pixels.mean(0)
        by_pca = (centred @ axes[:, -48:] @ axes[:, -48:].T + pixels.mean(0)).clip(0, 1)
        by_pca = torch.tensor(by_pca).view_as(ours)
        errors = [squared_errors(painted, split.images) for painted in (ours, by_pca)]
        assert np.isclose(v.metrics[f"reconstruction_mse{suffix}"], errors[0].mean(), rtol=1e-3)
        assert np.isclose(v.metrics[f"pca_mse{suffix}"], errors[1].mean(), rtol=3e-3)
    # From here on they are those of the smaller split, which is drawn.
    assert (np.diff(errors[0][v.order]) > -1e-6).all()
    means = [[e[v.labels == digit].mean() for digit in range(10)] for e in errors]
    assert np.allclose(v.by_digit, means, rtol=5e-3)
    ten = [v.labels.tolist().index(digit) for digit in range(10)]
    shows(v.ten_digits, v.images[ten], ours[ten])
    five = [ten[digit] for digit in (2, 3, 4, 5, 8)]
    shows(v.two_methods, v.images[five], ours[five], by_pca[five])
    pair = torch.stack([v.images[ten[3]], v.images[ten[8]]])
    ends, steps = infer(v.autoencoder.encoder, pair), torch.linspace(0, 1, 9).view(-1, 1, 1, 1)
    codes = torch.lerp(ends[:1], ends[1:], steps)
    shows(v.figure, infer(v.autoencoder.decoder, codes).clamp(0, 1), torch.lerp(*pair, steps))

    place = (1, 2, 3)  # Second channel, third row, fourth column.
    raised = v.codes[ten[5]].clone()
    raised[place] += 3 * v.codes[(slice(None), *place)].std()
    more, less = infer(v.autoencoder.decoder, torch.stack([raised, v.codes[ten[5]]]))
    drawn = v.change[place] - 0.5
    assert torch.cosine_similarity((more - less).flatten(), drawn.flatten(), 0) > 0.999


def shows(figure, *rows):
    """A figure shows these images, row by row."""
    drawn = np.stack([axis.images[0].get_array().squeeze() for axis in figure.axes])
    expected = torch.cat([row.double() for row in rows]).squeeze(1)
    assert np.allclose(drawn, expected, atol=0.05)  # The last components of PCA are estimated.
