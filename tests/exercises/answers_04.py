"""Right and wrong answers to the exercises of lesson 4."""

import copy

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from torch import nn
from torch.nn.functional import normalize


def train_head_only(encoder, head, batch, trained=None, frozen=True, sign=1):
    if frozen:
        encoder.requires_grad_(False).eval()
    optimizer = torch.optim.Adam((trained or head).parameters())
    (sign * nn.functional.cross_entropy(head(encoder(batch[0])), batch[1])).backward()
    optimizer.step()


def picked(values, labels):
    return values[torch.arange(len(labels)), labels]


def linear_probe(codes, labels, layer=None, epochs=20, clear=True):
    model = layer or nn.Linear(48, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for batch in torch.randperm(len(codes)).split(100):
            loss = nn.functional.cross_entropy(model(codes[batch]), labels[batch])
            if clear:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


class ScaledByItself(nn.Linear):
    def forward(self, codes):
        return super().forward((codes - codes.mean(0)) / codes.std(0))


def confusion(true, predicted):
    return (10 * true + predicted).bincount(minlength=100).view(10, 10)


RIGHT = {
    "check_train_head_only": [lambda e, h, b: train_head_only(copy.deepcopy(e), h, b)],
    "check_cross_entropy": [
        lambda s, y: nn.functional.cross_entropy(s, y),
        lambda s, y: -np.mean(log_softmax(s.numpy(), axis=1)[range(len(y)), y]),
    ],
    "check_linear_probe": [linear_probe, lambda x, y: LogisticRegression().fit(x, y)],
    "check_confusion": [lambda t, p: torch.eye(10)[t].T @ torch.eye(10)[p], confusion],
}

WRONG = {
    "check_train_head_only": {
        "`1.running_mean` has moved. It is": lambda *parts: train_head_only(*parts, frozen=False),
        "the encoder's weights have moved": lambda e, h, b: train_head_only(
            e, h, b, nn.Sequential(e, h), frozen=False
        ),
        "the head has moved, but": lambda *parts: train_head_only(*parts, sign=-1),
    },
    "check_cross_entropy": {
        "each row of the softmax": lambda s, y: -picked(s.softmax(0), y).log().mean(),
        "with the scores [[1000, 0,": lambda s, y: -picked(normalize(s.exp(), 1), y).log().mean(),
        "softmax seems to be taken": lambda s, y: nn.functional.cross_entropy(s.softmax(1), y),
        "the sign is turned round.": lambda s, y: -nn.functional.cross_entropy(s, y),
        "that is the mean probability,": lambda s, y: 1 - picked(s.softmax(1), y).mean(),
        "Each row needs": lambda s, y: -picked(normalize((s - s.max()).exp(), 1), y).log().mean(),
        "Do you need the probability": lambda s, y: -(picked(s.softmax(1), y) + 1e-09).log().mean(),
    },
    "check_linear_probe": {
        "the scores of an image": lambda x, y: linear_probe(x, y, ScaledByItself(48, 10)),
        "% of new codes come": lambda x, y: nn.Linear(48, 10),
        "it has 480 weights; one": lambda x, y: linear_probe(x, y, nn.Linear(48, 10, bias=False)),
        "softmax seems to be taken twice": lambda x, y: linear_probe(
            x, y, nn.Sequential(nn.Linear(48, 10), nn.Softmax(1))
        ),
        "Which line clears them?": lambda x, y: linear_probe(x, y, clear=False),
    },
    "check_confusion": {
        "the numbers are right, and": lambda t, p: confusion(p, t),
        "pairs that repeat count once.": lambda t, p: confusion(t, p).clamp(max=1),
        "it should return a table": lambda t, p: confusion_matrix(t, p, normalize="true"),
        "the shape (4, 4) came": lambda t, p: confusion_matrix(t, p),
    },
}
