"""Right and wrong answers to the exercises of lesson 5."""

import copy
from math import comb

import numpy as np
import torch
from scipy.stats import binom, binomtest
from torch import nn

from aelib.models import MLP, Classifier, Encoder


def split(first, second, labels):
    right = first == labels, second == labels
    return tuple(int((right[i] & ~right[1 - i]).sum()) for i in (0, 1))


def mcnemar(first, second, labels, sides=2):
    counts = split(first, second, labels)
    tail = sum(comb(sum(counts), heads) for heads in range(min(counts) + 1))
    return min(1.0, sides * tail / 2 ** sum(counts))


def fine_tuned_by_a_state(autoencoder, codes):
    encoder = Encoder()
    encoder.load_state_dict(autoencoder.encoder.state_dict())
    return nn.Sequential(encoder, nn.Flatten(), nn.Linear(48, 120), nn.ReLU(), nn.Linear(120, 10))


def joint_loss(scores, labels, reconstruction, images, weight, share=1):
    entropy = nn.functional.cross_entropy(scores, labels)
    return share * entropy + weight * nn.functional.mse_loss(reconstruction, images)


RIGHT = {
    "check_mcnemar": [mcnemar],
    "check_fine_tuned": [fine_tuned_by_a_state],
    "check_joint_loss": [joint_loss],
    "check_best_epoch": [lambda h: torch.tensor(h["validation_loss"]).argmin() + 1],
}

WRONG = {
    "check_mcnemar": {
        "all images seem to be": lambda a, b, y: binomtest(split(a, b, y)[0], len(y)).pvalue,
        "yours is one-sided, often half": lambda *case: mcnemar(*case, sides=1),
        "that is the probability of": lambda *case: binom.pmf(
            split(*case)[0], sum(split(*case)), 0.5
        ),
        "it should return a probability,": split,
        "it returns a whole result.": lambda *case: binomtest(
            min(split(*case)), sum(split(*case)) or 1
        ),
    },
    "check_fine_tuned": {
        "holds the autoencoder's": lambda ae, x: Classifier(
            ae.encoder.requires_grad_(True), MLP(x)
        ),
        "6 of its 10 tensors": lambda ae, x: Classifier(copy.deepcopy(ae.encoder), MLP(x)),
        "no encoder in it begins": lambda ae, x: Classifier(Encoder(), MLP(x)),
        "the autoencoder that was handed": lambda ae, x: Classifier(
            copy.deepcopy(ae.encoder.requires_grad_(True)), MLP(x)
        ),
        "for 20 images the shape": lambda ae, x: copy.deepcopy(ae.encoder).requires_grad_(True),
        "its MLP is made with other codes": lambda ae, x: Classifier(
            copy.deepcopy(ae.encoder).requires_grad_(True), MLP(torch.randn(9, 3, 4, 4))
        ),
    },
    "check_joint_loss": {
        "the value is right, but": lambda s, y, r, z, w: joint_loss(s, y, r.detach(), z, w),
        "the weight is on the": lambda s, y, r, z, w: joint_loss(s, y, r, z, w, 1 - w),
        "softmax seems to be taken": lambda s, *rest: joint_loss(s.softmax(1), *rest),
    },
    "check_best_epoch": {
        "one too few: do you": lambda h: np.argmin(h["validation_loss"]),
        "you go by the training": lambda h: h["training_loss"].index(min(h["training_loss"])) + 1,
        "that is the last epoch;": lambda h: len(h["validation_loss"]),
        "gives 1, and 2 was": lambda h: h["validation_loss"].index(max(h["validation_loss"])) + 1,
        "that is the loss itself;": lambda h: min(h["validation_loss"]),
        "you stop where the loss": lambda h: np.argmax(np.diff([*h["validation_loss"], 9]) > 0) + 1,
    },
}
