"""What lesson 4 says of its run, and its numbers computed once more."""

import math

import numpy as np
import torch
from sklearn.metrics import confusion_matrix
from sklearn.svm import SVC

from aelib.models import Classifier, Encoder
from aelib.pretrained import pretrained_autoencoder
from aelib.training import infer


def answers(v):
    """What each head says of the full test split, by the name of its metric."""
    images, (pca_head, random_head) = v.data.full_test.images, v.heads
    return {
        "approach_1": infer(Classifier(v.encoder, v.head), images).argmax(1),
        "pca_mlp": infer(pca_head, v.pca_code(images)).argmax(1),
        "random_encoder": infer(Classifier(v.random_encoder, random_head), images).argmax(1),
    }


def mixed_up(v):
    """How often each pair of digits is mixed up, in both directions together."""
    table = confusion_matrix(v.data.full_test.labels, v.predicted)
    return (table + table.T) * (1 - np.eye(10, dtype=int))


def ahead(v, better, worse):
    """By how many points one row of the last figure is ahead of another."""
    return v.scores[better] - v.scores[worse]


APPROACH_1, CODE = "autoencoder + MLP (approach 1)", "autoencoder + RBF machine"
MACHINE = "PCA-48 + RBF machine"
UPRIGHT = "deskewed PCA-48 + RBF machine"
ANGLE = "deskewed + nearest by angle"


FACTS = {
    "The loss of the first epoch is the same from images and from codes": lambda v: (
        abs(v.from_images["training_loss"][0] - v.history["training_loss"][0]) < 1e-3
    ),
    "It is already below 2.3": lambda v: v.history["training_loss"][0] < 2.2,
    "The lines meet and part again": lambda v: (
        v.history["validation_loss"][0] < v.history["training_loss"][0]
        and any(map(float.__gt__, v.history["validation_loss"], v.history["training_loss"]))
    ),
    "the head fits its training images better than new ones": lambda v: (
        v.history["validation_loss"][-1] > 1.2 * v.history["training_loss"][-1]
    ),
    "While the validation loss still falls, as it does here": lambda v: (
        min(v.history["validation_loss"]) == min(v.history["validation_loss"][-4:])
    ),
    "more than eight hundred in each cell": lambda v: (
        confusion_matrix(v.data.full_test.labels, v.predicted).diagonal().min() > 800
    ),
    "In both directions together, 4 and 9 are mixed up most often.": lambda v: (
        mixed_up(v)[4, 9] == mixed_up(v).max()
    ),
    "The random encoder is far from guessing": lambda v: v.metrics["random_encoder_accuracy"] > 85,
    "With this head the autoencoder adds a point or two over PCA": lambda v: (
        0.7 < ahead(v, APPROACH_1, "PCA-48 + MLP") < 2
    ),
    "and more than twice as much over random weights": lambda v: (
        ahead(v, APPROACH_1, "random encoder + MLP") > 2 * ahead(v, APPROACH_1, "PCA-48 + MLP")
    ),
    "it is ahead of nearest neighbours, with 48 numbers that were not made for this purpose, and "
    "behind the best simple method": lambda v: 94.3 < v.scores[APPROACH_1] < v.scores[UPRIGHT],
    "RBF machine gains about two points and a half.": lambda v: (
        1.8 < ahead(v, MACHINE, "PCA-48 + MLP") < 3.2
    ),
    "PCA-48 are less than a point apart": lambda v: abs(ahead(v, CODE, MACHINE)) < 1,
    "So much of the autoencoder's lead over PCA came from a head that makes less of PCA-48": (
        lambda v: ahead(v, CODE, MACHINE) < ahead(v, APPROACH_1, "PCA-48 + MLP") / 1.5
    ),
    "on PCA-48, with no network at all, beats approach 1 by about a point.": lambda v: (
        0.5 < ahead(v, MACHINE, APPROACH_1) < 2
    ),
    "After it the same machine beats approach 1 by about two points and a half": lambda v: (
        1.8 < ahead(v, UPRIGHT, APPROACH_1) < 3.2
    ),
    "and nearest neighbour by angle beats it too": lambda v: ahead(v, ANGLE, APPROACH_1) > 0,
}
HEDGED = {
    "less than a point apart, mostly less than half a point.": lambda v: (
        abs(ahead(v, CODE, MACHINE)) < 0.5
    ),
}


def second_look(v):
    """The encoder bit for bit as it came, accuracies by hand, the rest by scikit-learn."""
    loaded, _ = pretrained_autoencoder(v.data, v.device, **v.training_settings)
    torch.manual_seed(v.seed)
    for ours, same in ((v.encoder, loaded.encoder), (v.random_encoder, Encoder().to(v.device))):
        for name, tensor in same.state_dict().items():
            assert torch.equal(tensor, ours.state_dict()[name]), f"{name} has changed"
    labels = v.data.full_test.labels
    for name, predicted in answers(v).items():
        right = sum(map(int.__eq__, predicted.tolist(), labels.tolist()))
        score = v.metrics[f"{name}_accuracy_full_test"]
        assert math.isclose(score, 100 * right / len(labels)) and score in v.scores.values(), name
    assert torch.equal(v.predicted, answers(v)["approach_1"])
    assert v.scores.keys() == v.seconds.keys() == v.titles.keys() | v.simple.keys()
    for title, named in v.named.items():
        assert math.isclose(v.scores[title], 100 * (named == labels).double().mean()), title
    # Two of the simple methods again on some hundred images, by scikit-learn and by a product.
    few = v.data.full_test.images[:500]
    machine = SVC(C=10, break_ties=True).fit(v.pca_code(v.images[:10_000]), v.labels[:10_000])
    assert np.mean(machine.predict(v.pca_code(few)) == v.named[MACHINE][:500].numpy()) > 0.99
    examples, new = (v.deskewed(images).flatten(1) for images in (v.images[:10_000], few))
    cosines = new @ (examples / examples.norm(dim=1, keepdim=True)).T
    assert (v.labels[cosines.argmax(1)] == v.named[ANGLE][:500]).float().mean() > 0.99
    [axis] = v.confusions.axes
    mistakes = confusion_matrix(labels, v.predicted) * (1 - np.eye(10, dtype=int))
    assert np.array_equal(axis.images[0].get_array(), mistakes), "another confusion matrix"
