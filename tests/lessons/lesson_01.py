"""What lesson 1 says of its run, and its numbers computed once more."""

import math
from itertools import combinations

import numpy as np


def least_varying(v):
    """The digits, the one that varies least first."""
    return np.argsort(v.std.mean((1, 2, 3))).tolist()


FACTS = {
    "The 1 varies least, as it is little more than a line": lambda v: least_varying(v)[0] == 1,
    "so a 0 comes late in the list": lambda v: 0 in least_varying(v)[-3:],
    "Four pixels in five are black.": lambda v: 0.77 < (v.pixels == 0).mean() < 0.83,
    "Nearest neighbours wins, without learning anything.": lambda v: (
        v.metrics["nearest_neighbours_accuracy_full_test"]
        > v.metrics["logistic_regression_accuracy_full_test"]
    ),
    "several points lie between the luckiest and the unluckiest draw": lambda v: (
        3 < max(v.draws) - min(v.draws) < 6
    ),
    "Nineteen draws in twenty lie in the interval": lambda v: (
        np.mean([v.low <= draw <= v.high for draw in v.draws]) > 0.94
    ),
}
HEDGED = {}


def second_look(v):
    """Splits, means, baselines and the interval, by numpy."""
    splits = {name: getattr(v.data, name) for name in ("train", "validation", "test", "full_test")}
    pixels = {name: split.images.flatten(1).numpy() for name, split in splits.items()}
    labels = {name: split.labels.numpy() for name, split in splits.items()}
    rows = {name: {row.tobytes() for row in images} for name, images in pixels.items()}
    for one, other in combinations(rows, 2):
        assert {one, other} == {"test", "full_test"} or not rows[one] & rows[other], (one, other)
    for name in ("train", "validation", "test"):
        counts = np.bincount(labels[name], minlength=10)
        assert counts.max() - counts.min() <= 1, f"{name} is not balanced: {counts}"

    for digit, (mean, std) in enumerate(zip(*np.split(drawn(v.figure), 2), strict=True)):
        group = pixels["train"][labels["train"] == digit].reshape(-1, 28, 28)
        assert np.allclose(mean, group.mean(0), atol=1e-4)
        assert np.allclose(std, group.std(0, ddof=1) / v.std.max(), atol=1e-4)

    for name in v.baselines:
        for kind, split in (("accuracy", "test"), ("accuracy_full_test", "full_test")):
            right = np.count_nonzero(v.predictions[name][kind] == labels[split])
            assert math.isclose(v.metrics[f"{name}_{kind}"], 100 * right / len(labels[split]))
    said = v.predictions["nearest_neighbours"]["accuracy_full_test"]
    for image, answer in list(zip(pixels["full_test"], said, strict=True))[:100]:
        nearest = np.argsort(((pixels["train"] - image) ** 2).sum(1))[:3]
        votes = np.bincount(labels["train"][nearest])
        assert votes.max() == 1 or votes.argmax() == answer

    # Wilson's interval has as its ends the shares from which this one is 1.96 errors away.
    share = round(10 * v.whole) / 1_000
    for end in (v.low / 100, v.high / 100):
        error = math.sqrt(end * (1 - end) / 1_000)
        assert math.isclose(abs(share - end), 1.96 * error, rel_tol=1e-3)


def drawn(figure):
    """The images of a figure, row by row."""
    return np.stack([axis.images[0].get_array() for axis in figure.axes]).squeeze()
