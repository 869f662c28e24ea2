"""How well can an image be painted from a code of 12 to 192 numbers, and how well by PCA?

The code is made of square maps; of 12 and 24 numbers they are 2 by 2, of more numbers 4 by 4.
"""

import torch
from torch import nn
from torch.nn.functional import mse_loss

from aelib.data import load_data
from aelib.evaluation import reconstruction_errors
from aelib.models import Autoencoder
from aelib.training import infer, train

#: Channels and side of the code's maps, by how many numbers that makes.
MAPS = {2: (2, 1), 12: (3, 2), 24: (6, 2), 48: (3, 4), 96: (6, 4), 192: (12, 4)}
SIZES = (12, 24, 48, 96, 192)
FIXED = {"source": "mnist", "train_size": 6_000, "epochs": 20}
JOBS = [({**FIXED, "numbers": numbers}, seed) for seed in range(3) for numbers in SIZES]


def autoencoder_with(numbers):
    """The autoencoder of lesson 2 with a code of another size; only its two layers next to the
    code differ."""
    channels, side = MAPS[numbers]
    autoencoder = Autoencoder()
    encoder, decoder = list(autoencoder.encoder), list(autoencoder.decoder)
    return nn.Sequential(
        *encoder[:-1],
        nn.Conv2d(64, channels, kernel_size=8 - side),  # (N, channels, side, side)
        nn.ConvTranspose2d(channels, 32, kernel_size=8 - side),  # (N, 32, 7, 7)
        *decoder[1:],
    ).to(memory_format=torch.channels_last)


def run(settings, seed):
    """Train the autoencoder with a code of some size, and fit PCA with as many components.

    Args:
        settings: the source, the number of training images and of epochs, and of numbers in the
            code.

    Returns:
        Mean squared errors per pixel, clamped to 0 and 1, on all test images: "mse" and "pca_mse".
    """
    from sklearn.decomposition import PCA  # Slow, so not above.

    data = load_data(settings["source"], settings["train_size"], 1_000, seed)
    images, tested = data.train.images, data.full_test.images
    torch.manual_seed(seed)
    autoencoder = autoencoder_with(settings["numbers"])
    training = {"epochs": settings["epochs"], "batch_size": 100, "learning_rate": 0.001}
    train(autoencoder, (images, images), mse_loss, **training, seed=seed)
    pca = PCA(settings["numbers"], random_state=0).fit(images.flatten(1).numpy())
    by_pca = pca.inverse_transform(pca.transform(tested.flatten(1).numpy()))
    painted = {
        "mse": infer(autoencoder, tested),
        "pca_mse": torch.from_numpy(by_pca).float().view_as(tested),
    }
    return {
        name: reconstruction_errors(images.clamp(0, 1), tested).mean().item()
        for name, images in painted.items()
    }
