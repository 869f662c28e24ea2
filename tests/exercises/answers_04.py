"""Right and wrong answers to the exercises of lesson 4."""

import copy

import numpy as np
import scipy
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from torch import nn


def train_head_only(encoder, head, batch):
    images, labels = batch
    encoder.requires_grad_(False).eval()
    optimizer = torch.optim.Adam(head.parameters())
    nn.functional.cross_entropy(head(encoder(images)), labels).backward()
    optimizer.step()


def without_eval(encoder, head, batch):
    encoder.requires_grad_(False)
    optimizer = torch.optim.Adam(head.parameters())
    nn.functional.cross_entropy(head(encoder(batch[0])), batch[1]).backward()
    optimizer.step()


def everything_trained(encoder, head, batch):
    classifier = nn.Sequential(encoder, head)
    optimizer = torch.optim.Adam(classifier.parameters())
    nn.functional.cross_entropy(classifier(batch[0]), batch[1]).backward()
    optimizer.step()


def cross_entropy(scores, labels):
    scores = scores - scores.max(1, keepdim=True).values
    logs = scores - scores.exp().sum(1, keepdim=True).log()
    return -logs[torch.arange(len(labels)), labels].mean()


def cross_entropy_in_numpy(scores, labels):
    logs = scipy.special.log_softmax(scores.numpy(), axis=1)
    return -np.mean([row[label] for row, label in zip(logs, labels.tolist(), strict=True)])


def picked(values, labels):
    return values[torch.arange(len(labels)), labels]


def exponents_too_large(scores, labels):
    powers = scores.exp()
    return -(picked(powers, labels) / powers.sum(1)).log().mean()


def linear_probe(codes, labels, layers=lambda: nn.Linear(48, 10), epochs=20, rate=0.01, clear=True):
    model = layers()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(epochs):
        for batch in torch.randperm(len(codes)).split(100):
            loss = nn.functional.cross_entropy(model(codes[batch]), labels[batch])
            if clear:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


class Scaled(nn.Module):
    def __init__(self, codes):
        super().__init__()
        self.register_buffer("mean", codes.mean(0))
        self.register_buffer("std", codes.std(0))
        self.layer = nn.Linear(48, 10)

    def forward(self, codes):
        return self.layer((codes.flatten(1) - self.mean) / self.std)


class ScaledByItself(nn.Linear):
    def forward(self, codes):
        return super().forward((codes - codes.mean(0)) / codes.std(0))


def confusion(true, predicted):
    return (10 * true + predicted).bincount(minlength=100).view(10, 10)


def repeated_once(true, predicted):
    table = torch.zeros(10, 10)
    table[true, predicted] += 1
    return table


def minus_the_loss(encoder, head, batch):
    images, labels = batch
    encoder.eval()
    optimizer = torch.optim.Adam(head.parameters())
    (-nn.functional.cross_entropy(head(encoder(images).detach()), labels)).backward()
    optimizer.step()


RIGHT = {
    "check_train_head_only": [lambda e, h, b: train_head_only(copy.deepcopy(e), h, b)],
    "check_cross_entropy": [lambda s, y: nn.functional.cross_entropy(s, y), cross_entropy_in_numpy],
    "check_linear_probe": [
        lambda x, y: linear_probe(x, y, lambda: Scaled(x)),
        lambda x, y: LogisticRegression().fit(x, y),
    ],
    "check_confusion": [lambda t, p: torch.eye(10)[t].T @ torch.eye(10)[p], confusion],
}

WRONG = {
    "check_train_head_only": {
        "`1.running_mean` has moved. It is": without_eval,
        "the encoder's weights have moved": everything_trained,
        "the head has moved, but": minus_the_loss,
    },
    "check_cross_entropy": {
        "each row of the softmax": lambda s, y: -picked(s.softmax(0), y).log().mean(),
        "with the scores [[1000, 0,": exponents_too_large,
        "softmax seems to be taken": lambda s, y: nn.functional.cross_entropy(s.softmax(1), y),
        "the sign is turned round.": lambda s, y: -cross_entropy(s, y),
        "that is the mean probability,": lambda s, y: 1 - picked(s.softmax(1), y).mean(),
        "Each row needs its own": lambda s, y: (
            -picked((s - s.max()).exp() / (s - s.max()).exp().sum(1, True), y).log().mean()
        ),
        "Do you need the probability": lambda s, y: -(picked(s.softmax(1), y) + 1e-09).log().mean(),
    },
    "check_linear_probe": {
        "the scores of an image": lambda x, y: linear_probe(x, y, lambda: ScaledByItself(48, 10)),
        "% of new codes come": lambda x, y: nn.Linear(48, 10),
        "it has 480 weights; one": lambda x, y: linear_probe(
            x, y, lambda: nn.Linear(48, 10, bias=False)
        ),
        "softmax seems to be taken twice": lambda x, y: linear_probe(
            x, y, lambda: nn.Sequential(nn.Linear(48, 10), nn.Softmax(1))
        ),
        "Which line clears them?": lambda x, y: linear_probe(x, y, clear=False),
    },
    "check_confusion": {
        "the numbers are right, and": lambda t, p: confusion(p, t),
        "pairs that repeat count once.": repeated_once,
        "it should return a table": lambda t, p: confusion_matrix(t, p, normalize="true"),
        "the shape (4, 4) came": lambda t, p: confusion_matrix(t, p),
    },
}
