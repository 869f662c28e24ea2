"""How far a few labels go where images without labels are plenty.

Labels are spread over a graph of deskewed images, by the directions of their edges
(`aelib.studies.graph`). A classifier is trained on the images whose spread label is surest, as if
somebody had labelled them, and its own code makes the graph of a second round. No autoencoder takes
part. All settings are the same for all rows; they were tried out on the stand-in's digits and on
letters, with their true labels, never with those of MNIST.
"""

import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.evaluation import accuracy
from aelib.models import Encoder, RandomAffine
from aelib.studies.graph import directions, spread
from aelib.studies.parts import draw, head, surest
from aelib.studies.representations import images_of
from aelib.training import infer, train

LABELS = (10, 30, 100, 300)
#: The part of each class that is trusted.
TRUSTED = 0.9
IN_GRAPH = {"mnist": 20_000, "letters": 20_000, "digits": 2_000}
JOBS = [
    ({"source": "mnist", "in_graph": IN_GRAPH["mnist"], "labels": count}, seed)
    for seed in range(10)
    for count in LABELS
]


def run(settings, seed):
    """Spread labels, train on what was spread, and do both once more with the classifier's code.

    Args:
        settings: the source, how many images without labels are in the graph, how many have one.

    Returns:
        In percent: `spread_accuracy`, how many of the unlabelled images in the graph got their
        right class; `trained_accuracy`, on all test images, of a classifier trained on the surest
        of them; `spread_again_accuracy` and `again_accuracy`, of a second round on the code of that
        classifier; `all_accuracy`, of one trained on all images without labels, as named by the
        second. And `seconds` of one core.
    """
    data = images_of(settings["source"], seed, "deskewed")
    began = time.process_time()
    pool, truth = (part[: settings["in_graph"]] for part in data.train)
    drawn = draw(truth, settings["labels"], seed)
    known = torch.full_like(truth, -1)
    known[drawn] = truth[drawn]
    shares = torch.full((10,), 0.1)
    row, features = {}, directions(pool).flatten(1)
    for spreading, training in (("spread", "trained"), ("spread_again", "again")):
        names, sure = spread(features, known, shares)
        row[f"{spreading}_accuracy"] = accuracy(names[known == -1], truth[known == -1])
        kept = surest(names, sure, TRUSTED) | (known >= 0)
        model = train_on(pool[kept], names[kept], seed)
        row[f"{training}_accuracy"] = right(model, data.full_test)
        features = infer(model[0], pool).flatten(1)
    images = data.train.images
    model = train_on(images, infer(model, images).argmax(1), seed)
    row["all_accuracy"] = right(model, data.full_test)
    row = {name: round(float(value), 2) for name, value in row.items()}
    return row | {"seconds": round(time.process_time() - began, 1)}


def right(model, split):
    """The accuracy of a classifier on a `Split`, in percent."""
    return accuracy(infer(model, split.images).argmax(1), split.labels)


def train_on(images, names, seed):
    """The classifier of approach 2, trained on images with a trusted label, moved."""
    torch.manual_seed(seed)
    encoder = Encoder()
    model = nn.Sequential(encoder, head(infer(encoder, images[:6_000]), 10))
    train(
        nn.Sequential(RandomAffine(), model),
        (images, names),
        cross_entropy,
        epochs=max(2, round(100_000 / len(images))),
        batch_size=100,
        learning_rate=0.005,
        one_cycle=True,
        seed=seed,
    )
    return model
