"""Right and wrong answers to the exercises of lesson 2."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def by_walking(n, kernel, stride=1, padding=0):
    places, start = 0, -padding
    while start + kernel <= n + padding:
        places, start = places + 1, start + stride
    return places


def of_torch(n, kernel, stride=1, padding=0):
    return torch.tensor(nn.Conv2d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, n, n)).shape[-1])


def build_encoder(code_channels):
    layers = [nn.Conv2d(1, 24, 5, stride=2, padding=2), nn.MaxPool2d(2), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(24, code_channels, kernel_size=4))


class OfLinearLayers(nn.Module):
    def __init__(self, code_channels):
        super().__init__()
        self.channels = code_channels
        self.layers = nn.Sequential(nn.Linear(784, 20), nn.BatchNorm1d(20), nn.ReLU())
        self.last = nn.Linear(20, 16 * code_channels)

    def forward(self, images):
        codes = self.last(self.layers(images.flatten(1)))
        return codes.view(-1, self.channels, 4, 4)


class Pooled(nn.AdaptiveAvgPool2d):
    """An encoder with nothing to train; what it sees comes once for each channel."""

    def __init__(self, channels):
        super().__init__(4)
        self.channels = channels

    def forward(self, images):
        return super().forward(images).repeat(1, self.channels, 1, 1)


class Nothing(nn.Conv2d):
    def forward(self, images):
        super().forward(images)


def epoch(
    order=lambda count, generator: torch.randperm(count, generator=generator),
    clear=True,
    step=True,
    aim=lambda inputs, targets, batch: targets[batch],
    loss_function=nn.functional.mse_loss,
    value=lambda losses, sizes: losses @ sizes / sizes.sum(),
    batches=None,
):
    """An epoch that can go wrong in many ways."""

    def train_epoch(model, inputs, targets, optimizer, batch_size, generator):
        losses, sizes = [], []
        for batch in order(len(inputs), generator).split(batch_size)[:batches]:
            loss = loss_function(model(inputs[batch]), aim(inputs, targets, batch))
            if clear:
                optimizer.zero_grad()
            loss.backward()
            if step:
                optimizer.step()
            losses.append(loss.item())
            sizes.append(len(batch))
        return value(np.array(losses), np.array(sizes))

    return train_epoch


def epoch_by_a_loader(model, inputs, targets, optimizer, batch_size, generator):
    pairs = TensorDataset(inputs, targets)
    losses = []
    for images, aims in DataLoader(pairs, batch_size, shuffle=True, generator=generator):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(images), aims)
        loss.backward()
        optimizer.step()
        losses += [loss.item()] * len(images)
    return torch.tensor(losses).mean()


def without_gradients(*arguments):
    with torch.no_grad():
        return epoch()(*arguments)


def is_dead_by_its_gradient(network, images):
    nn.functional.mse_loss(network(images), images).backward()
    return all(parameter.grad.abs().max() == 0 for parameter in network.parameters())


RIGHT = {
    "check_output_size": [by_walking, of_torch],
    "check_build_encoder": [build_encoder, OfLinearLayers, lambda n: nn.Conv2d(1, n, 7, stride=7)],
    "check_train_epoch": [epoch(), epoch_by_a_loader],
    "check_is_dead": [
        is_dead_by_its_gradient,
        lambda net, z: not (net(z) > 0).any(),
        lambda net, z: (net[:-1](z) <= 0).all(),
    ],
}

WRONG = {
    "check_output_size": {
        "the kernel makes no difference": lambda n, k, s=1, p=0: int(np.ceil(n / s)),
        "It is on both sides": lambda n, k, s=1, p=0: (n + p - k) // s + 1,
        "one too few": lambda n, k, s=1, p=0: (n + 2 * p - k) // s,
        "half a place": lambda n, k, s=1, p=0: (n + 2 * p - k) / s + 1,
        "stride makes no difference": lambda n, k, s=1, p=0: n + 2 * p - k + 1,
        "output_size(3, 1) gives 9, and 3 was expected": lambda *case: by_walking(*case) ** 2,
        "may be left out": lambda n, kernel, stride, padding: by_walking(n, kernel),
    },
    "check_build_encoder": {
        "is ever below 0": lambda n: nn.Sequential(build_encoder(n), nn.ReLU()),
        "the shape (1, 48)": lambda n: nn.Sequential(build_encoder(n), nn.Flatten()),
        "has to know `channels`": lambda n: build_encoder(3),
        "fewer than 20,000": lambda n: nn.Sequential(nn.Conv2d(1, 500, 7, 7), nn.Conv2d(500, n, 1)),
        "it has 0 weights": Pooled,
        "raises RuntimeError": lambda n: nn.Sequential(nn.Conv2d(1, 8, 7), nn.Conv2d(4, n, 1)),
        "the class": lambda n: OfLinearLayers,
        "end with `return`": lambda n: Nothing(1, n, 7, stride=7),
    },
    "check_train_epoch": {
        "right after one step, wrong after two": epoch(clear=False),
        "weights have not moved": epoch(step=False),
        "mean of the batches' means": epoch(value=lambda losses, sizes: losses.mean()),
        "a sum over samples": epoch(value=lambda losses, sizes: losses @ sizes),
        "the loss: 19": epoch(value=lambda losses, sizes: losses.sum()),
        "Where does `return` stand": epoch(batches=1),
        "a mean or a sum": epoch(loss_function=lambda a, b: (a - b).square().sum()),
        "taken in the same order": epoch(aim=lambda inputs, targets, batch: targets[: len(batch)]),
        "does not change with the seed": epoch(order=lambda count, _: torch.arange(count)),
        "Something is drawn without it": epoch(order=lambda count, _: torch.randperm(count)),
        "some were seen twice": epoch(
            order=lambda count, generator: torch.randint(count, (count,), generator=generator)
        ),
        "gives nothing (None)": epoch(value=lambda losses, sizes: None),
        "carries its graph": epoch(value=lambda *_: torch.ones((), requires_grad=True)),
        "called under `no_grad`": without_gradients,
    },
    "check_is_dead": {
        "go by the bias": lambda net, z: net[-2].bias.item() < 0,
        "one image alone": lambda net, z: net(z[:1]).max().item() == 0,
        "1 minus the share": lambda net, z: (net(z) > 0).any(),
        "one pixel that is 0": lambda net, z: (net(z) == 0).any(),
        "the last of many gives True": lambda net, z: not net(z[:10]).any(),
        "one grey everywhere gives True": lambda net, z: net(z).std() == 0,
    },
}
