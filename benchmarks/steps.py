"""What does each change bring, on the way from the published loop to ours?"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.studies import replication
from benchmarks import peers
from benchmarks.networks import Published
from benchmarks.rounds import first_images, medians, seconds


def cases(data, quick):
    """Milliseconds a step, over an epoch of the published classifier; one change more each time."""
    data = first_images(300 if quick else 6_000, data)
    fast = {"memory_format": torch.channels_last}
    epochs = {
        "published loop": lambda: peers.published_loop(Published, data, 1, 100),
        "images in memory": lambda: epoch_by_index(Published(), data),
        "fused Adam": lambda: epoch_by_index(Published(), data, fused=True),
        "channels-last": lambda: epoch_by_index(Published().to(**fast), data, fused=True),
        "pooling before ReLU": lambda: epoch_by_index(pooling_first().to(**fast), data, fused=True),
        "train of the lessons": lambda: peers.ours(Published, data, 1, 100),
    }
    steps = len(data[1].split(100))
    return {
        name: lambda epoch=epoch: 1_000 * seconds(epoch) / steps for name, epoch in epochs.items()
    }


def pooling_first():
    """The published classifier, each ReLU behind the pooling: the same function."""
    layers = list(replication.published_encoder())
    order = (0, 2, 1, 3, 5, 4, 6, 7)
    return nn.Sequential(nn.Sequential(*[layers[i] for i in order]), replication.published_mlp())


def epoch_by_index(model, data, fused=False):
    """One epoch of the published loop, on batches taken by index from tensors in memory."""
    images, labels = data
    optimizer = torch.optim.Adam(model.parameters(), lr=peers.LEARNING_RATE, fused=fused)
    total = 0.0
    for batch in torch.randperm(len(images)).split(100):
        optimizer.zero_grad()
        loss = cross_entropy(model(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        total += loss.item()


def results(rounds):
    return {"step_milliseconds": medians(rounds)}
