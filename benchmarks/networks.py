"""The two networks that all peers train: images `(N, 1, 28, 28)` to class scores `(N, 10)`.

They are in the memory layout that torch takes by default.
"""

import torch
from torch import nn

from aelib.studies.replication import published_encoder, published_mlp


class Published(nn.Sequential):
    """The published encoder and MLP: 7,709 weights."""

    def __init__(self):
        super().__init__(published_encoder(), published_mlp())
        self.to(memory_format=torch.contiguous_format)


class Large(nn.Sequential):
    """A convolutional network as many would take for MNIST: 490,876 weights."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 32, kernel_size=3, padding=1),  # (N, 32, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 32, 14, 14)
            nn.Conv2d(32, 64, kernel_size=3, padding=1),  # (N, 64, 14, 14)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 64, 7, 7)
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 150),
            nn.ReLU(),
            nn.Linear(150, 10),
        )


def keras_layers(network, data_format):
    """The same layers as those of a class above, in Keras."""
    from keras import layers

    layout = {"data_format": data_format}

    def convolution(channels, size, **settings):
        return layers.Conv2D(channels, size, activation="relu", **layout, **settings)

    if network is Published:
        return [
            layers.ZeroPadding2D(1, **layout), convolution(8, 2), layers.MaxPooling2D(**layout),
            layers.ZeroPadding2D(1, **layout), convolution(16, 2, strides=2),
            layers.MaxPooling2D(**layout), convolution(3, 1),
            layers.Flatten(), layers.Dense(120, activation="relu"), layers.Dense(10),
        ]  # fmt: skip
    return [
        convolution(32, 3, padding="same"), layers.MaxPooling2D(**layout),
        convolution(64, 3, padding="same"), layers.MaxPooling2D(**layout),
        layers.Flatten(), layers.Dense(150, activation="relu"), layers.Dense(10),
    ]  # fmt: skip
