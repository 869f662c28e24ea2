"""How far do 6,000 labelled images and 20 epochs go, with one habit of today after the other?

Each habit is tried on top of those kept before it. It is kept where it raises the mean accuracy on
the validation images. Approach 3 is approach 2, with all that it keeps, begun from an encoder that
was trained as that of approach 1.
"""

import copy
from functools import lru_cache, partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import load_data
from aelib.evaluation import accuracy
from aelib.models import MLP, Classifier, Decoder, Encoder, RandomAffine, freeze
from aelib.studies.parts import Reconstruction, reconstruction_error
from aelib.training import infer, train

HABITS = ("one-cycle", "wide head", "affine moves", "label smoothing", "better encoder")
#: Which of them pay, by approach.
KEPT = {
    1: ("one-cycle", "wide head", "affine moves", "label smoothing", "better encoder"),
    2: ("one-cycle", "affine moves", "label smoothing", "better encoder"),
}
#: What is tried of approach 3.
PRETRAINED = {"approach": 3, "habits": " + ".join(KEPT[2])}
FIXED = {"source": "mnist", "train_size": 6_000, "epochs": 20}


def ladder(approach):
    """What is tried for an approach: each habit after those kept before it, joined by " + "."""
    tried, before = ["none"], []
    for habit in HABITS:
        tried.append(" + ".join([*before, habit]))
        if habit in KEPT[approach]:
            before.append(habit)
    return tried


JOBS = [
    ({**FIXED, "approach": approach, "habits": habits}, seed)
    for seed in range(10)
    for approach in (1, 2)
    for habits in ladder(approach)
] + [({**FIXED, **PRETRAINED}, seed) for seed in range(10)]


def better_encoder():
    """Images `(N, 1, 28, 28)` to codes `(N, 3, 4, 4)`, by one more layer than `Encoder`, wider
    ones, and batch normalization (Ioffe and Szegedy, 2015, arXiv:1502.03167)."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=5, stride=2, padding=2),  # (N, 32, 14, 14)
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3, padding=1),  # (N, 64, 14, 14)
        nn.MaxPool2d(2),  # (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 64, kernel_size=3, padding=1),  # (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 3, kernel_size=4),  # (N, 3, 4, 4)
    ).to(memory_format=torch.channels_last)


def run(settings, seed):
    """Train one approach with some habits.

    Args:
        settings: the source, the number of training images and of epochs, the approach (1,
            2 or 3), and its habits, joined by " + ".

    Returns:
        Accuracy on the validation images and on all test images, in percent.

    Raises:
        ValueError: a habit that is none of `HABITS`, which would silently be left out.
    """
    habits = set() if settings["habits"] == "none" else set(settings["habits"].split(" + "))
    if unknown := habits - set(HABITS):
        raise ValueError(f"{', '.join(unknown)}: the habits are {', '.join(HABITS)}")
    better, moved, one_cycle = (
        name in habits for name in ("better encoder", "affine moves", "one-cycle")
    )
    images = settings["source"], settings["train_size"]
    data = load_data(*images, 1_000, seed)
    if settings["approach"] == 2:
        torch.manual_seed(seed)
        encoder = better_encoder() if better else Encoder()
    else:
        kept = pretrained(*images, settings["epochs"], better, moved, one_cycle, seed)
        encoder = copy.deepcopy(kept)
    if settings["approach"] == 1:
        freeze(encoder)
    torch.manual_seed(seed)
    with torch.no_grad():
        # In training mode where it will be trained: batch normalization differs between the modes.
        codes = encoder(data.train.images)
    classifier = Classifier(encoder, MLP(codes, 1_000 if "wide head" in habits else 120))
    smoothing = 0.1 if "label smoothing" in habits else 0.0
    # One-cycle takes a higher rate, since it starts and ends far below.
    highest = 0.005 if settings["approach"] == 1 else 0.01
    train(
        nn.Sequential(RandomAffine(), classifier) if moved else classifier,
        data.train,
        partial(cross_entropy, label_smoothing=smoothing),
        epochs=settings["epochs"],
        batch_size=100,
        learning_rate=highest if one_cycle else 0.001,
        one_cycle=one_cycle,
        seed=seed,
    )
    return {
        f"{name}accuracy": accuracy(infer(classifier, split.images).argmax(1), split.labels)
        for name, split in (("validation_", data.validation), ("", data.full_test))
    }


@lru_cache(maxsize=2)
def pretrained(source, train_size, epochs, better, moved, one_cycle, seed):
    """An encoder trained, with a decoder, to reconstruct images, after they were moved or not."""
    images = load_data(source, train_size, 1_000, seed).train.images
    torch.manual_seed(seed)
    encoder = better_encoder() if better else Encoder()
    train(
        Reconstruction([RandomAffine()] if moved else [], nn.Sequential(encoder, Decoder())),
        (images, images),
        reconstruction_error,
        epochs=epochs,
        batch_size=100,
        learning_rate=0.005 if one_cycle else 0.001,
        one_cycle=one_cycle,
        seed=seed,
    )
    return encoder
