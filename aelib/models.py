"""The networks: an encoder, a decoder, the two as an autoencoder, and a classifier on the code."""

import torch
from torch import nn

from aelib.data import random_affine


class Layers(nn.Sequential):
    """Layers in a row; a slice such as `Encoder()[:3]` is a plain `nn.Sequential` of the same."""

    def __getitem__(self, index):
        if isinstance(index, slice):
            return nn.Sequential(*list(self)[index])
        return super().__getitem__(index)


class Encoder(Layers):
    """Images `(N, 1, 28, 28)` to codes `(N, 3, 4, 4)`, by convolutions and max-pooling.

    The first convolution moves in steps of two pixels, which leaves a quarter of the work to all
    that follows. Pooling comes before ReLU for the same reason; the two can be swapped without
    changing the result. The code has no ReLU, so none of its 48 numbers can die.

    Args:
        code_channels: how many 4 x 4 maps the code has, if not 3.
        image_channels: 3 for images in colour.
        image_size: height and width of the images, a multiple of 4 from 16.

    Raises:
        ValueError: an image size that is none of these.
    """

    def __init__(self, code_channels=3, image_channels=1, image_size=28):
        kernel_size = last_kernel_size(image_size)
        super().__init__(
            nn.Conv2d(image_channels, 24, kernel_size=5, stride=2, padding=2),  # (N, 24, 14, 14)
            nn.MaxPool2d(2),  # (N, 24, 7, 7)
            nn.ReLU(),
            nn.Conv2d(24, 64, kernel_size=3, padding=1),  # (N, 64, 7, 7)
            nn.ReLU(),
            nn.Conv2d(64, code_channels, kernel_size),  # (N, 3, 4, 4)
        )
        # The memory layout in which the CPU's convolutions are fastest; the numbers are the same.
        self.to(memory_format=torch.channels_last)


class Decoder(Layers):
    """Codes `(N, 3, 4, 4)` back to images `(N, 1, 28, 28)`.

    Each step from a small to a large image is a convolution that computes four values per pixel
    and a PixelShuffle that lays them out as 2 x 2 pixels (Shi et al., 2016, arXiv:1609.05158).
    The output has no ReLU: lesson 2 shows why. Arguments and errors are those of `Encoder`.
    """

    def __init__(self, code_channels=3, image_channels=1, image_size=28):
        kernel_size = last_kernel_size(image_size)
        super().__init__(
            nn.ConvTranspose2d(code_channels, 32, kernel_size),  # (N, 32, 7, 7)
            nn.ReLU(),
            nn.Conv2d(32, 32, kernel_size=3, padding=1),  # (N, 32, 7, 7)
            nn.PixelShuffle(2),  # (N, 8, 14, 14)
            nn.ReLU(),
            nn.Conv2d(8, 4 * image_channels, kernel_size=3, padding=1),  # (N, 4, 14, 14)
            nn.PixelShuffle(2),  # (N, 1, 28, 28)
        )
        self.to(memory_format=torch.channels_last)


def last_kernel_size(image_size):
    """The kernel that brings a quarter of `image_size` to 4."""
    if image_size < 16 or image_size % 4:
        raise ValueError(f"image_size={image_size} cannot be used: a multiple of 4 from 16 can")
    return image_size // 4 - 3


class Autoencoder(nn.Module):
    """Images `(N, 1, 28, 28)` to their reconstructions, same shape, through the code.

    Arguments and errors are those of `Encoder`.
    """

    def __init__(self, code_channels=3, image_channels=1, image_size=28):
        super().__init__()
        self.encoder = Encoder(code_channels, image_channels, image_size)
        self.decoder = Decoder(code_channels, image_channels, image_size)

    def forward(self, images):
        return self.decoder(self.encoder(images))


class MLP(nn.Module):
    """Codes `(N, 3, 4, 4)` or `(N, 48)` to class scores `(N, 10)`: 48 -> 120 -> ReLU -> 10.

    Args:
        codes: codes of the training images. Each of the 48 numbers is brought to mean 0 and
            standard deviation 1 over them first, since their scales differ.
        width: how many numbers are between the two layers.
        classes: how many class scores there are, if not 10.
    """

    def __init__(self, codes, width=120, classes=10):
        super().__init__()
        codes = codes.flatten(1)
        self.register_buffer("mean", codes.mean(0))
        self.register_buffer("std", codes.std(0).clamp_min(1e-6))
        self.layers = nn.Sequential(
            nn.Linear(codes.shape[1], width), nn.ReLU(), nn.Linear(width, classes)
        )

    def forward(self, codes):
        return self.layers((codes.flatten(1) - self.mean) / self.std)


class Classifier(nn.Module):
    """Images `(N, 1, 28, 28)` to class scores `(N, 10)`: an encoder, then an MLP on its code."""

    def __init__(self, encoder, mlp):
        super().__init__()
        self.encoder = encoder
        self.mlp = mlp

    def forward(self, images):
        return self.mlp(self.encoder(images))


class RandomAffine(nn.Module):
    """Images `(N, C, H, H)`, in training each moved a little, by `random_affine`; else as is."""

    def forward(self, images):
        return random_affine(images, size=images.shape[-1]) if self.training else images


class Noise(nn.Module):
    """Images, in training with noise of standard deviation `deviation` on each pixel."""

    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, images):
        return images + self.deviation * torch.randn_like(images) if self.training else images

    def extra_repr(self):
        return f"{self.deviation}"


def freeze(model):
    """Keep every weight of `model` as it is: no gradients, and evaluation mode. Returns `model`."""
    return model.requires_grad_(False).eval()


def count_parameters(model):
    """The number of weights and biases of `model`, frozen or not."""
    return sum(parameter.numel() for parameter in model.parameters())
