"""Right and wrong answers to the exercises of lesson 5."""

import copy
from math import comb

import numpy as np
import torch
from scipy.stats import binom, binomtest
from torch import nn

from aelib.models import MLP, Classifier, Encoder


def split(first, second, labels):
    only_first = ((first == labels) & (second != labels)).sum().item()
    only_second = ((first != labels) & (second == labels)).sum().item()
    return only_first, only_second


def mcnemar(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    tail = sum(comb(count, heads) for heads in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**count)


def mcnemar_by_a_library(first, second, labels):
    only_first, only_second = split(first.numpy(), second.numpy(), labels.numpy())
    count = only_first + only_second
    return binomtest(only_first, count) if count else 1.0


def one_sided(first, second, labels):
    only_first, only_second = split(first, second, labels)
    count = only_first + only_second
    return binom.cdf(min(only_first, only_second), count, 0.5) if count else 1


def exactly_this(first, second, labels):
    only_first, only_second = split(first, second, labels)
    return binom.pmf(only_first, only_first + only_second, 0.5)


def fine_tuned(autoencoder, codes):
    encoder = copy.deepcopy(autoencoder.encoder).requires_grad_(True)
    return Classifier(encoder, MLP(codes))


def fine_tuned_by_a_state(autoencoder, codes):
    encoder = Encoder()
    encoder.load_state_dict(autoencoder.encoder.state_dict())
    return nn.Sequential(encoder, nn.Flatten(), nn.Linear(48, 120), nn.ReLU(), nn.Linear(120, 10))


def joint_loss(scores, labels, reconstruction, images, weight):
    entropy = nn.functional.cross_entropy(scores, labels)
    return entropy + weight * nn.functional.mse_loss(reconstruction, images)


def mixed(scores, labels, reconstruction, images, weight):
    entropy = nn.functional.cross_entropy(scores, labels)
    return (1 - weight) * entropy + weight * nn.functional.mse_loss(reconstruction, images)


def best_epoch(history):
    losses = history["validation_loss"]
    return losses.index(min(losses)) + 1


def at_the_first_rise(history):
    losses = history["validation_loss"]
    for epoch in range(1, len(losses)):
        if losses[epoch] > losses[epoch - 1]:
            return epoch
    return len(losses)


def softmax_twice(scores, labels, reconstruction, images, weight):
    mse = nn.functional.mse_loss(reconstruction, images)
    return nn.functional.cross_entropy(scores.softmax(1), labels) + weight * mse


RIGHT = {
    "check_mcnemar": [mcnemar],
    "check_fine_tuned": [fine_tuned_by_a_state],
    "check_joint_loss": [joint_loss],
    "check_best_epoch": [best_epoch, lambda h: torch.tensor(h["validation_loss"]).argmin() + 1],
}

WRONG = {
    "check_mcnemar": {
        "all images seem to be": lambda a, b, y: binomtest(split(a, b, y)[0], len(y)).pvalue,
        "yours is one-sided, often half": one_sided,
        "that is the probability of": exactly_this,
        "it should return a probability,": lambda a, b, y: split(a, b, y),
        "it returns a whole result.": mcnemar_by_a_library,
    },
    "check_fine_tuned": {
        "the classifier holds the autoencoder's": lambda ae, x: Classifier(
            ae.encoder.requires_grad_(True), MLP(x)
        ),
        "6 of its 10 tensors": lambda ae, x: Classifier(copy.deepcopy(ae.encoder), MLP(x)),
        "no encoder in it begins": lambda ae, x: Classifier(Encoder(), MLP(x)),
        "the autoencoder that was handed": lambda ae, x: Classifier(
            copy.deepcopy(ae.encoder.requires_grad_(True)), MLP(x)
        ),
        "for 20 images the shape": lambda ae, x: copy.deepcopy(ae.encoder).requires_grad_(True),
        "its MLP is made with other codes": lambda ae, x: fine_tuned(ae, torch.randn(9, 3, 4, 4)),
    },
    "check_joint_loss": {
        "the value is right, but": lambda s, y, r, z, w: joint_loss(s, y, r.detach(), z, w),
        "the weight is on the": mixed,
        "softmax seems to be taken": softmax_twice,
    },
    "check_best_epoch": {
        "one too few: do you": lambda h: np.argmin(h["validation_loss"]),
        "you go by the training": lambda h: h["training_loss"].index(min(h["training_loss"])) + 1,
        "that is the last epoch;": lambda h: len(h["validation_loss"]),
        "gives 1, and 2 was": lambda h: h["validation_loss"].index(max(h["validation_loss"])) + 1,
        "that is the loss itself;": lambda h: min(h["validation_loss"]),
        "you stop where the loss": at_the_first_rise,
    },
}
