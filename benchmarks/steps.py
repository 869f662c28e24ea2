"""What does each change bring, on the way from the published loop to ours?"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from torchvision.transforms.functional import to_pil_image, to_tensor

from aelib.studies.replication import published_encoder, published_mlp
from benchmarks.rounds import learn, medians, seconds

#: The memory layout that torch takes by default, and that of our networks.
PLAIN, FAST = ({"memory_format": kind} for kind in (torch.contiguous_format, torch.channels_last))


def cases(data, quick):
    """Milliseconds a step, over an epoch of the published classifier; one change more each time."""
    data = [part[: 300 if quick else 6_000] for part in data.train]
    epochs = {
        "published loop": lambda: published_loop(published, data),
        "images in memory": lambda: fit(published(), by_index(data)),
        "fused Adam": lambda: fit(published(), by_index(data), fused=True),
        "channels-last": lambda: fit(published().to(**FAST), by_index(data), fused=True),
        "pooling before ReLU": lambda: fit(pooling_first(), by_index(data), fused=True),
        "train of the lessons": lambda: ours(published, data),
    }
    per_step = 1_000 / len(data[1].split(100))
    return {name: lambda epoch=epoch: per_step * seconds(epoch) for name, epoch in epochs.items()}


def published():
    """The published encoder and MLP: 7,709 weights."""
    return nn.Sequential(published_encoder(), published_mlp()).to(**PLAIN)


def pooling_first():
    """In our memory layout, and each ReLU behind the pooling: the same function."""
    encoder, mlp = published().to(**FAST)
    return nn.Sequential(nn.Sequential(*[encoder[i] for i in (0, 2, 1, 3, 5, 4, 6, 7)]), mlp)


def ours(network, data, epochs=1):
    learn(network().to(**FAST), data, epochs=epochs)


def published_loop(network, data, epochs=1):
    """Each image is a picture, which becomes a tensor whenever it is asked for."""
    pairs = list(zip(data[0].mul(255).byte(), data[1].tolist(), strict=True))
    fit(network(), DataLoader(pairs, 100, shuffle=True, collate_fn=tensors), epochs)


def fit(model, batches, epochs=1, **settings):
    """Train as the published notebook does."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, **settings)
    for _ in range(epochs):
        total = 0.0
        for images, labels in batches:
            optimizer.zero_grad()
            loss = cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()


def tensors(pairs):
    """A batch of pictures and labels, as torchvision's datasets give them."""
    images, labels = zip(*pairs, strict=True)
    return torch.stack([to_tensor(to_pil_image(one)) for one in images]), torch.tensor(labels)


def by_index(data):
    """The batches of an epoch in random order, each taken by one index."""
    for batch in torch.randperm(len(data[1])).split(100):
        yield [part[batch] for part in data]


def results(rounds):
    return {"step_milliseconds": medians(rounds)}
