"""What lesson 1 says of its run, and its numbers computed once more."""

import math
from itertools import combinations

import numpy as np
from scipy.ndimage import affine_transform
from sklearn.decomposition import PCA
from sklearn.svm import SVC


def least_varying(v):
    """The digits, the one that varies least first."""
    return np.argsort(v.std.mean((1, 2, 3))).tolist()


def column(v, form):
    """The scores of a column of the table, the RBF machine's last."""
    return np.array([float(score) for (_, other), score in v.table.items() if other == form])


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
    "Deskewing helps every method.": lambda v: (column(v, "deskewed") > column(v, "pixels")).all(),
    "it would take to reach the RBF machine on pixels": lambda v: (
        column(v, "deskewed")[1] > column(v, "pixels")[3]
    ),
    "PCA-48 costs no method as much as a point": lambda v: all(
        (column(v, form) - column(v, less) < 1).all()
        for form, less in (("pixels", "PCA-48"), ("deskewed", "deskewed PCA-48"))
    ),
    "in every column the RBF machine is ahead": lambda v: all(
        column(v, form).argmax() == 3 for form in v.forms
    ),
    "It makes fewer than half of the mistakes that nearest neighbours makes": lambda v: (
        100 - v.table[v.best] < (100 - v.table[v.nearest_neighbours, "pixels"]) / 2
    ),
}
HEDGED = {
    "In our run the choice is the RBF machine on PCA-48 of deskewed images.": lambda v: (
        v.best == (v.rbf_machine, "deskewed PCA-48")
    ),
}


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

    drawn = np.stack([axis.images[0].get_array() for axis in v.figure.axes]).squeeze()
    for digit, (mean, std) in enumerate(zip(drawn[:10], drawn[10:], strict=True)):
        group = pixels["train"][labels["train"] == digit].reshape(-1, 28, 28)
        assert np.allclose(mean, group.mean(0), atol=1e-4)
        assert np.allclose(std, group.std(0, ddof=1) / v.std.max(), atol=1e-4)

    for (method, form), said in v.answers.items():
        share = {name: 100 * np.mean(one.numpy() == labels[name]) for name, one in said.items()}
        assert math.isclose(v.table[method, form], share["full_test"])
        assert share["validation"] < 100 * v.held_out[v.best] + 1e-3
        for key, name in (("accuracy", "test"), ("accuracy_full_test", "full_test")):
            metric = v.metrics.get(f"{method.__name__}_{key}")
            assert form != "pixels" or metric is None or math.isclose(metric, share[name])
    assert v.metrics["simple_best_accuracy"] == v.table[v.best]
    said = v.answers[v.nearest_neighbours, "pixels"]["full_test"]
    for image, answer in list(zip(pixels["full_test"], said, strict=True))[:100]:
        nearest = np.argsort(((pixels["train"] - image) ** 2).sum(1))[:3]
        votes = np.bincount(labels["train"][nearest])
        assert votes.max() == 1 or votes.argmax() == answer
    # The best of them again, by scikit-learn's own machine, on images that numpy has put upright.
    shown = [upright(image) for image in v.leaning[:, 0].numpy()]
    assert np.allclose(v.upright.squeeze(1), shown, atol=1e-3)
    train, new = (
        np.stack([upright(image.reshape(28, 28)).ravel() for image in images])
        for images in (pixels["train"], pixels["full_test"][:300])
    )
    pca = PCA(48, random_state=1).fit(train)
    machine = SVC(C=10, break_ties=True).fit(pca.transform(train), labels["train"])
    said = v.answers[v.rbf_machine, "deskewed PCA-48"]["full_test"].numpy()[:300]
    assert np.mean(machine.predict(pca.transform(new)) == said) > 0.99

    # Wilson's interval has as its ends the shares from which this one is 1.96 errors away.
    share = round(10 * v.whole) / 1_000
    for end in (v.low / 100, v.high / 100):
        error = math.sqrt(end * (1 - end) / 1_000)
        assert math.isclose(abs(share - end), 1.96 * error, rel_tol=1e-3)


def upright(image):
    """An image `(28, 28)`, by its moments, each pixel of the result looked up by scipy."""
    rows, columns = np.indices(image.shape)
    ink = image / image.sum()
    y, x = (ink * rows).sum(), (ink * columns).sum()
    lean = (ink * (rows - y) * (columns - x)).sum() / (ink * (rows - y) ** 2).sum()
    start = y - 13.5, x - 13.5 - lean * 13.5
    return affine_transform(image, [[1, 0], [lean, 1]], start, order=1, mode="grid-constant")
