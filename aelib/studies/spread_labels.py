"""What a few labels can do when the images without labels are used twice.

First an encoder learns from all of them. Then the labels are spread over a graph that joins images
whose codes are near each other, a classifier is trained on the images whose spread label is
surest, as if somebody had labelled them, and its own code makes a better graph for a second round.
All settings are the same for all rows: no row chooses any. They were tried out beforehand on seed
0, by the true labels of training images, never by those of test images.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import Split
from aelib.evaluation import accuracy
from aelib.models import MLP, Autoencoder, Classifier, Encoder, RandomAffine
from aelib.studies.few_labels import draw, load
from aelib.studies.parts import (
    Reconstruction,
    principal_components,
    reconstruction_error,
    spread,
    surest,
)
from aelib.studies.scales import AUTOENCODER, LABELS, PIXELS, PRINCIPAL, RANDOM
from aelib.training import infer, train

#: How many neighbours an image has in the graph, and how much it takes from them at each step.
NEIGHBOURS, ALPHA = 10, 0.99
#: The part of each class that is trusted, in the first round and in the second.
TRUSTED = (0.7, 0.9)
ALL = {"source": "mnist", "unlabelled": 59_000, "in_graph": 20_000}
FEW = {"source": "mnist", "unlabelled": 6_000, "in_graph": 6_000}
#: Fewer images without labels.
POOLS = [{**FEW, "unlabelled": n, "in_graph": n} for n in (1_000, 6_000, 20_000)]
STAND_IN = {"source": "digits", "unlabelled": 2_000, "in_graph": 2_000}
STAND_IN |= {"code": AUTOENCODER, "labels": 100}
JOBS = (
    [({**ALL, "code": AUTOENCODER, "labels": n}, seed) for seed in range(20) for n in LABELS]
    + [(STAND_IN, seed) for seed in range(5)]
    + [
        ({**pool, "code": AUTOENCODER, "labels": labels}, seed)
        for pool in POOLS
        for seed in range(3)
        for labels in (10, 100)
    ]
    + [
        ({**ALL, "code": code, "labels": labels}, seed)
        for seed in range(2)
        for code in (PIXELS, PRINCIPAL, RANDOM)
        for labels in (10, 100)
    ]
)


def run(settings, seed):
    """Spread labels, train on what was spread, and do both once more with the classifier's code.

    Args:
        settings: the source, how many images there are without labels, how many of these are in
            the graph, which code joins them, and how many labels there are.

    Returns:
        In percent: `spread_accuracy`, how many of the unlabelled images in the graph got their
        right label; `still_accuracy`, the accuracy on all test images of a classifier trained on
        the surest of them; `moved_accuracy`, with affine moves; `spread_again_accuracy` and
        `again_accuracy`, of a second round with moves, on the code of that classifier.
    """
    images = settings["source"], settings["unlabelled"], seed
    data = load(*images)
    pool, truth = (part[: settings["in_graph"]] for part in data.train)
    drawn = draw(truth, settings["labels"], seed)
    known = torch.full_like(truth, -1)
    known[drawn] = truth[drawn]

    def right(names):
        return accuracy(names[known == -1], truth[known == -1])

    def trusted(names, sure, part):
        """The surest part of each class, and all images that were labelled."""
        kept = surest(names, sure, part) | (known != -1)
        return Split(pool[kept], names[kept])

    def score(model):
        return accuracy(infer(model, data.full_test.images).argmax(1), data.full_test.labels)

    names, sure = over_graph(code_of(settings["code"], pool, images), known)
    row = {"spread_accuracy": right(names)}
    chosen = trusted(names, sure, TRUSTED[0])
    moved = train_on(chosen, RandomAffine(), seed)
    row |= {
        "still_accuracy": score(train_on(chosen, nn.Identity(), seed)),
        "moved_accuracy": score(moved),
    }
    names, sure = over_graph(infer(moved.encoder, pool), known)
    again = train_on(trusted(names, sure, TRUSTED[1]), RandomAffine(), seed)
    return {**row, "spread_again_accuracy": right(names), "again_accuracy": score(again)}


def over_graph(codes, known):
    """Spread the labels that are `known`, `(N,)`, -1 elsewhere, between codes `(N, ...)`.

    Returns:
        As `spread`: the name that each image gets, and how sure it is.
    """
    # To its end: stopped when a step still moved a tenth of all weight, ten labels named 17 to 24
    # points fewer images right (three draws).
    return spread(
        codes.flatten(1).numpy(),
        known.numpy(),
        equal_classes=True,
        kernel=neighbour_graph,
        alpha=ALPHA,
        max_iter=2_000,
    )


def neighbour_graph(codes, _=None):
    """A sparse `(N, N)` matrix of weights between each of `(N, D)` codes and its nearest ones.

    A weight falls with the distance, measured by that of the farthest of the neighbours, so that
    crowded and empty places are treated alike (Zelnik-Manor and Perona, 2004).
    """
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(codes, min(NEIGHBOURS, len(codes) - 1), mode="distance")
    distances = graph.data.reshape(len(codes), -1)
    farthest = distances.max(1, keepdims=True).clip(1e-12)
    graph.data = np.exp(-4 * (distances / farthest) ** 2).ravel()
    return (graph + graph.T) / 2


def train_on(trusted, moves, seed):
    """The classifier of approach 2, trained on images with a trusted label, for some 700 steps."""
    torch.manual_seed(seed)
    encoder = Encoder()
    model = Classifier(encoder, MLP(infer(encoder, trusted.images[:6_000])))
    train(
        nn.Sequential(moves, model),
        trusted,
        cross_entropy,
        epochs=max(5, 70_000 // len(trusted.images)),
        batch_size=100,
        learning_rate=0.005,
        one_cycle=True,
        seed=seed,
    )
    return model


def code_of(code, pool, images):
    """The codes that the first graph is made of, `(N, D)`; none of them has seen a label."""
    if code == PIXELS:
        return pool.flatten(1)
    if code == PRINCIPAL:
        return infer(principal_components(load(*images).train.images[:6_000], "auto"), pool)
    if code == RANDOM:
        torch.manual_seed(images[-1])
        return infer(Encoder(), pool)
    return infer(pretrained(*images).encoder, pool)


@lru_cache(maxsize=1)
def pretrained(source, unlabelled, seed):
    """An autoencoder trained on all images and moves of them, without labels; kept."""
    images = load(source, unlabelled, seed).train.images
    torch.manual_seed(seed)
    autoencoder = Autoencoder()
    train(
        Reconstruction([RandomAffine()], autoencoder),
        (images, images),
        reconstruction_error,
        epochs=max(3, 60_000 // len(images)),
        batch_size=100,
        learning_rate=0.005,
        one_cycle=True,
        seed=seed,
    )
    return autoencoder
