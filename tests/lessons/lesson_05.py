"""What lesson 5 says of its run, and its numbers computed once more."""

import functools
import math

import numpy as np
import torch
from scipy.stats import binom
from sklearn.metrics import confusion_matrix
from sklearn.svm import SVC
from torch.nn.functional import cross_entropy

from aelib.results import PUBLISHED
from aelib.training import infer

BEST = "RBF machine, deskewed PCA-48"
#: The outputs of a model for images; each is computed once.
outputs_of = functools.cache(infer)


def losses(v, approach, kind="validation"):
    return (v.history_1, v.history_2)[approach - 1][f"{kind}_loss"]


def ahead(v, better, worse):
    """By how many points one row of the last figure is ahead of another."""
    return v.scores[better] - v.scores[worse]


def judged(v, model):
    """The cross-entropy of all test images, that of those it has wrong, and how many are right."""
    outputs, labels = outputs_of(model, v.test_images), v.test_labels
    right = outputs.argmax(1) == labels
    return (
        cross_entropy(outputs, labels),
        cross_entropy(outputs[~right], labels[~right]),
        sum(right),
    )


def luck(v, suffix=""):
    """The probability of McNemar's test, from the tosses of a coin."""
    labels = v.test_labels if suffix else v.data.test.labels
    right = [v.predictions[f"approach_{number}{suffix}"] == labels for number in (1, 2)]
    counts = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return min(1.0, 2 * binom.cdf(min(counts), sum(counts), 0.5))


def agreeing(v, model):
    """For how many test images the nearest code is of the same digit."""
    codes = infer(model.encoder, v.data.test.images).flatten(1)
    nearest = torch.cdist(codes, codes).fill_diagonal_(torch.inf).argmin(1)
    return (v.data.test.labels[nearest] == v.data.test.labels).float().mean()


def confusion(labels, answers):
    """Mistakes only: the true class down, the predicted one across."""
    return confusion_matrix(labels, answers) * (1 - np.eye(10, dtype=int))


def cells(v):
    """How many cells of mistakes have become smaller, and how many larger."""
    one, two = (confusion(v.test_labels, answers) for answers in v.named.values())
    return (two < one).sum(), (two > one).sum()


FACTS = {
    "The codes of the untrained encoder differ far less from image to image": lambda v: (
        v.both["untrained"].std(0).mean() < 0.1 * v.both["autoencoder"].std(0).mean()
    ),
    "It goes to almost 0.": lambda v: (
        losses(v, 2, "training")[-1] < 0.1 * losses(v, 1, "training")[-1]
    ),
    "Approach 2 is better on all 10,000 images, by one to three points.": lambda v: (
        1 < ahead(v, "approach 2", "approach 1") < 3
    ),
    "it has come back up from its lowest point": lambda v: (
        losses(v, 2)[-1] > 1.05 * min(losses(v, 2))
    ),
    "It makes fewer mistakes, but they cost more on average.": lambda v: (
        judged(v, v.approach_2)[1] > 1.2 * judged(v, v.approach_1)[1]
    ),
    "But it makes about as many mistakes, or more.": lambda v: (
        judged(v, v.stopped)[2] <= judged(v, v.approach_2)[2]
    ),
    "On 10,000 images `p` is below one in a million.": lambda v: luck(v, "_full_test") < 1e-6,
    "and `p` is much larger": lambda v: luck(v) > 1_000 * luck(v, "_full_test"),
    "some digits are lost": lambda v: v.lost.any(),
    "More cells have become smaller than larger, though some have grown.": lambda v: (
        cells(v)[0] > cells(v)[1] > 0
    ),
    "the nearest neighbour of a code is more often of the same digit than on the left": lambda v: (
        agreeing(v, v.approach_2) > agreeing(v, v.approach_1)
    ),
    "The published 87.34 % lies below logistic regression on the pixels, and 93.18 % below "
    "nearest neighbours": lambda v: (
        v.scores["logistic regression"] > PUBLISHED["approach_1"]
        and v.scores["nearest neighbours"] > PUBLISHED["approach_2"]
    ),
    "The RBF machine on PCA-48 beats approach 1 by about a point.": lambda v: (
        0.5 < ahead(v, "RBF machine, PCA-48", "approach 1") < 2
    ),
    "On PCA-48 of deskewed images it beats approach 2 as well": lambda v: (
        ahead(v, BEST, "approach 2") > 0
    ),
}
HEDGED = {
    "The validation loss (orange) is mostly lowest in the first half of the training": lambda v: (
        v.best_epoch <= len(losses(v, 2)) // 2
    ),
    "its validation loss is mostly not much lower": lambda v: (
        losses(v, 2)[-1] > 0.75 * losses(v, 1)[-1]
    ),
    "sometimes it ends above that of the other approach": lambda v: (
        losses(v, 2)[-1] > losses(v, 1)[-1]
    ),
    "it beats approach 2 as well, mostly by less than a point.": lambda v: (
        0 < ahead(v, BEST, "approach 2") < 1
    ),
    "Mostly the loss on test images is lower": lambda v: (
        judged(v, v.stopped)[0] < judged(v, v.approach_2)[0]
    ),
}


def second_look(v):
    """Accuracies by hand, McNemar's test by tosses, confusion matrices by scikit-learn."""
    models = {"approach_1": v.approach_1, "approach_2": v.approach_2}
    for suffix, split in (("", v.data.test), ("_full_test", v.data.full_test)):
        for name, model in models.items():
            answers = outputs_of(model, split.images).argmax(1)
            assert torch.equal(v.predictions[name + suffix], answers)
            right = sum(map(int.__eq__, answers.tolist(), split.labels.tolist()))
            assert math.isclose(v.metrics[f"{name}_accuracy{suffix}"], 100 * right / len(answers))
            assert v.scores[name.replace("_", " ")] == v.metrics[f"{name}_accuracy_full_test"]
    assert math.isclose(v.probability, luck(v, "_full_test"), rel_tol=1e-6)
    one, two = (v.predictions[f"{name}_full_test"] == v.test_labels for name in models)
    assert (v.only_1, v.only_2) == (sum(one & ~two), sum(two & ~one))
    assert torch.equal(v.lost, one & ~two) and torch.equal(v.gained, two & ~one)
    for axis, name in zip(v.confusions.axes, models, strict=True):
        expected = confusion(v.test_labels, v.predictions[f"{name}_full_test"])
        assert np.array_equal(axis.images[0].get_array(), expected), "another confusion matrix"
    # The simple methods count as they should; the best again, by scikit-learn, on some images.
    for name, said in v.answers.items():
        share = 100 * (said == v.test_labels).double().mean()
        assert math.isclose(v.scores[name], share), name
    said, (train, test) = v.answers[BEST], v.simple[BEST][1]
    machine = SVC(C=10, break_ties=True).fit(train[v.few], v.data.train.labels[v.few])
    assert np.mean(machine.predict(test[:500]) == said[:500].numpy()) > 0.99
    assert v.only_machine - v.only_network == sum(said == v.test_labels) - sum(two)
    # What is frozen is the autoencoder's; what was kept is of the epoch with the lowest loss.
    for name, tensor in v.autoencoder.encoder.state_dict().items():
        assert torch.equal(tensor, v.approach_1.encoder.state_dict()[name])
    if len(v.data.validation.labels):
        kept = cross_entropy(infer(v.stopped, v.data.validation.images), v.data.validation.labels)
        assert math.isclose(kept, min(losses(v, 2)), rel_tol=1e-5)
        assert losses(v, 2)[v.best_epoch - 1] == min(losses(v, 2))
