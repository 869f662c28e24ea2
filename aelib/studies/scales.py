"""What the scale of a code does: each number divided by its own deviation, or all by one.

Dividing each by its own makes all components of a PCA as large as the first, though the last ones
are little but noise. So no two codes can be compared without saying how they were scaled.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.evaluation import accuracy
from aelib.models import Encoder
from aelib.studies import few_labels
from aelib.training import infer, train

LABELS = (10, 30, 100, 300)
PIXELS, PRINCIPAL, RANDOM, AUTOENCODER = "pixels", "PCA-48", "random code", "autoencoder's code"
CODES = (PIXELS, PRINCIPAL, RANDOM, AUTOENCODER)
SCALES = ("each", "one")
HEADS = ("regression", "mlp", "neighbour")
JOBS = [
    ({"source": "mnist", "unlabelled": 59_000, "code": code, "labels": labels}, seed)
    for seed in range(5)
    for code in CODES
    for labels in LABELS
]


def run(settings, seed):
    """Classify with three heads on a code in two scales; nothing is chosen.

    Args:
        settings: the source, how many images there are without labels, the code, and how many
            labels there are.

    Returns:
        The accuracy on all test images in percent, as `each_regression`, `each_mlp`,
        `each_neighbour`, `one_regression` and so on: logistic regression, the MLP of lesson 4 after
        360 steps, and the nearest neighbour.
    """
    from sklearn.linear_model import LogisticRegression  # Slow, so not above.
    from sklearn.neighbors import KNeighborsClassifier

    images = settings["source"], settings["unlabelled"], seed
    data = few_labels.load(*images)
    encode = encoder_of(settings["code"], images)
    drawn = few_labels.draw(data.train.labels, settings["labels"], seed)
    labels = data.train.labels[drawn]
    # The scale needs no labels.
    pool = infer(encode, data.train.images[:6_000]).flatten(1)
    deviations = {"each": pool.std(0).clamp_min(1e-6), "one": pool.var(0).mean().sqrt()}
    row = {}
    for scale, deviation in deviations.items():
        scaler = Scaled(encode, pool.mean(0), deviation)
        few = infer(scaler, data.train.images[drawn])
        test = infer(scaler, data.full_test.images)
        names = {
            "regression": LogisticRegression(max_iter=1_000).fit(few, labels).predict(test),
            "mlp": mlp(few, labels, test, seed),
            "neighbour": KNeighborsClassifier(1).fit(few, labels).predict(test),
        }
        for head in HEADS:
            row[f"{scale}_{head}"] = accuracy(torch.as_tensor(names[head]), data.full_test.labels)
    return row


class Scaled(nn.Module):
    """Images `(N, 1, 28, 28)` to their codes `(N, D)`, less a mean and divided by a deviation."""

    def __init__(self, encode, mean, deviation):
        super().__init__()
        self.encode, self.mean, self.deviation = encode, mean, deviation

    def forward(self, images):
        return (self.encode(images).flatten(1) - self.mean) / self.deviation


def encoder_of(code, images):
    """What makes the code of images; none has seen a label."""
    if code == PIXELS:
        return nn.Flatten()
    if code == PRINCIPAL:
        return few_labels.projection(*images)
    if code == RANDOM:
        torch.manual_seed(images[-1])
        return Encoder()
    return few_labels.pretrained(*images, "plain").encoder


def mlp(inputs, labels, test, seed):
    """What an MLP like that of lesson 4 says of `test`, after 360 steps on `inputs`."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(inputs.shape[1], 120), nn.ReLU(), nn.Linear(120, 10))
    batch_size = min(max(len(labels) // 5, 10), 100)
    train(
        model,
        (inputs, labels),
        cross_entropy,
        epochs=360 * batch_size // len(labels),
        batch_size=batch_size,
        learning_rate=0.003,
        one_cycle=True,
        seed=seed,
    )
    return infer(model, test).argmax(1)
