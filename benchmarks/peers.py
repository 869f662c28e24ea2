"""What people would use instead: each trains the published classifier on the same images.

Every function takes a pair of images `(N, 1, 28, 28)` and labels `(N,)`, a number of epochs and
the batch size, and trains from fresh weights with Adam at the same learning rate, all of them on
the processor. Each is written
as the documentation of its library recommends for data that fit into memory.
"""

import logging
import os

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision.transforms.functional import to_pil_image, to_tensor

from aelib.studies.replication import published_encoder, published_mlp
from aelib.training import train

LEARNING_RATE = 0.001


class Classifier(nn.Sequential):
    """The published encoder and MLP, in the memory layout that torch takes by default."""

    def __init__(self):
        super().__init__(published_encoder(), published_mlp())
        self.to(memory_format=torch.contiguous_format)


class Pictures(Dataset):
    """Images as torchvision's datasets give them: each becomes a tensor when it is asked for."""

    def __init__(self, images, labels):
        self.bytes = images.mul(255).byte()
        self.labels = labels.tolist()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return to_tensor(to_pil_image(self.bytes[index])), self.labels[index]


class PicturePairs(Pictures):
    """Each image twice: as input and as target of an autoencoder."""

    def __getitem__(self, index):
        image, _ = super().__getitem__(index)
        return image, image


def loader(pictures, batch_size):
    """Batches in random order, by torch's own loader."""
    return DataLoader(pictures, batch_size=batch_size, shuffle=True)


def ours(data, epochs, batch_size):
    """The training function of the lessons."""
    settings = {"epochs": epochs, "batch_size": batch_size, "learning_rate": LEARNING_RATE}
    model = Classifier().to(memory_format=torch.channels_last)
    train(model, data, cross_entropy, validation=(), seed=0, **settings)


def published_loop(data, epochs, batch_size):
    """The procedure of the published notebook, in our words."""
    fit(Classifier(), loader(Pictures(*data), batch_size), cross_entropy, epochs)


def fit(model, batches, loss_function, epochs, trained=None):
    """Train as the published notebook does, on pairs of images and labels.

    Args:
        trained: the part whose weights Adam gets, if not all of `model`.
    """
    optimizer = torch.optim.Adam((trained or model).parameters(), lr=LEARNING_RATE)
    for _ in range(epochs):
        total = 0.0
        for images, labels in batches:
            optimizer.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()


def lightning(data, epochs, batch_size):
    """A Lightning Trainer without its logs."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = Classifier()

        def training_step(self, batch, _index):
            return cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)

    quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    off = dict.fromkeys(quiet, False)
    trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", **off)
    trainer.fit(Module(), loader(TensorDataset(*data), batch_size))


def skorch(data, epochs, batch_size):
    """A classifier with the interface of scikit-learn."""
    from skorch import NeuralNetClassifier

    network = NeuralNetClassifier(
        Classifier,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=LEARNING_RATE,
        max_epochs=epochs,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    network.fit(*data)


def keras(data, epochs, batch_size):
    """The same layers in Keras, on its torch backend."""
    os.environ["KERAS_BACKEND"] = "torch"
    from keras import Input, Sequential, device, layers, losses, optimizers

    pad, pool, relu = layers.ZeroPadding2D, layers.MaxPooling2D, "relu"
    with device("cpu"):
        network = Sequential(
            [
                Input((28, 28, 1)),
                pad(1), layers.Conv2D(8, 2, activation=relu), pool(),
                pad(1), layers.Conv2D(16, 2, strides=2, activation=relu), pool(),
                layers.Conv2D(3, 1, activation=relu),
                layers.Flatten(), layers.Dense(120, activation=relu), layers.Dense(10),
            ]
        )  # fmt: skip
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(optimizers.Adam(LEARNING_RATE), loss)
        assert network.count_params() == sum(weight.numel() for weight in Classifier().parameters())
        images = data[0].permute(0, 2, 3, 1).numpy()
        network.fit(images, data[1].numpy(), batch_size=batch_size, epochs=epochs, verbose=0)


#: What is compared, by name.
PEERS = {
    "ours": ours,
    "published loop": published_loop,
    "lightning": lightning,
    "skorch": skorch,
    "keras": keras,
}
