"""Print the seconds of the first training step of a process, and of the second."""

import torch
from torch.nn.functional import mse_loss

from aelib.models import Autoencoder
from benchmarks.rounds import seconds, train_with_published_settings

if __name__ == "__main__":
    images = torch.rand(100, 1, 28, 28)
    for _ in range(2):
        model = Autoencoder()
        print(seconds(train_with_published_settings, model, (images, images), mse_loss))
