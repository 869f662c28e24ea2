"""How long does an epoch of the published recipe take, and how long with the loop of the lessons?

Three trainings: the autoencoder, the MLP of approach 1, encoder and MLP together.
"""

import statistics
import time
from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from aelib.studies import replication
from aelib.training import infer, train
from benchmarks import peers
from benchmarks.rounds import first_images, medians

#: How many epochs the published recipe gives to each training, and which ones an approach takes.
EPOCHS = {"autoencoder": 20, "MLP": 10, "together": 20}
APPROACHES = {1: ("autoencoder", "MLP"), 2: ("together",)}
#: What the names of the cases end with.
OURS = ", our loop"


def cases(data, quick):
    """Mean seconds of an epoch of 6,000 images, a tenth of those that the recipe takes.

    The MLP is trained for all its epochs by our loop, since that computes the codes only once.
    """
    images = first_images(6_000, data)
    result = {}
    for name, epochs in EPOCHS.items():
        result[name] = partial(mean_epoch, published_training, name, images, 1)
        result[name + OURS] = partial(
            mean_epoch, our_training, name, images, epochs if name == "MLP" else 1
        )
    return result


def mean_epoch(training, name, images, epochs):
    return statistics.mean(training(name, images, epochs)[1])


def published_training(name, images, epochs, encoder=None):
    """One of the three trainings, as published.

    Args:
        encoder: the trained encoder, for the MLP; a new one where there is none.

    Returns:
        What has been trained, its first part the encoder, and the seconds of each epoch.
    """
    in_turn = {"memory_format": torch.contiguous_format}
    encoder = encoder or replication.published_encoder().to(**in_turn)
    if name == "autoencoder":
        model = nn.Sequential(encoder, replication.published_decoder().to(**in_turn))
        pairs = peers.loader(peers.PicturePairs(*images), 100)
        return model, peers.fit(model, pairs, mse_loss, epochs)
    model = nn.Sequential(encoder, replication.published_mlp())
    # The encoder is not frozen in approach 1: only Adam does not know of it.
    trained = model[1] if name == "MLP" else model
    batches = peers.loader(peers.Pictures(*images), 100)
    settings = {"trained": trained, "weight_decay": 0.01}
    return model, peers.fit(model, batches, cross_entropy, epochs, **settings)


def our_training(name, images, epochs, encoder=None):
    """The same training with the loop of the lessons; for the MLP the codes are computed once.

    Returns:
        As `published_training`, but for each epoch the mean seconds of all.
    """
    settings = {"epochs": epochs, "batch_size": 100, "learning_rate": 0.001, "seed": 0}
    encoder = encoder or replication.published_encoder()
    inputs, targets = images
    start = time.perf_counter()
    if name == "autoencoder":
        model = nn.Sequential(encoder, replication.published_decoder())
        train(model, (inputs, inputs), mse_loss, validation=(), **settings)
    else:
        model = nn.Sequential(encoder, replication.published_mlp())
        trained = model
        if name == "MLP":
            inputs, trained = infer(encoder, inputs), model[1]
        settings["weight_decay"] = 0.01
        train(trained, (inputs, targets), cross_entropy, validation=(), **settings)
    return model, [(time.perf_counter() - start) / epochs] * epochs


def results(rounds):
    """Seconds for each epoch and, reckoned from it, for the whole: ten times the images."""
    took = {name: 10 * value for name, value in medians(rounds).items()}
    return summary(
        {name: took[name] for name in EPOCHS},
        {name: took[name + OURS] for name in EPOCHS},
        reckoned=True,
    )


def summary(published, ours, reckoned):
    """The keys of the report, from the seconds of an epoch of all images.

    Args:
        reckoned: whether the whole is only these seconds, times the number of epochs.
    """
    result = {"published_epoch_seconds": published, "published_seconds_reckoned": reckoned}
    for approach, parts in APPROACHES.items():
        for prefix, epoch in (("published_seconds", published), ("same_recipe_seconds", ours)):
            whole = sum(EPOCHS[name] * epoch[name] for name in parts)
            result[f"{prefix}_approach_{approach}"] = whole
    return result
