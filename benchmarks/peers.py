"""What people would use instead: each trains a network of `networks` on the same images.

Every function takes the class of a network, a pair of images `(N, 1, 28, 28)` and labels `(N,)`, a
number of epochs and the batch size, and trains from fresh weights with Adam at the same learning
rate, on the processor. Libraries are called as most would write it or, `tuned`, as their guides
advise for speed, with batches taken by one index each, and with our memory layout and our
optimizer:

- Lightning: https://lightning.ai/docs/pytorch/stable/common/trainer.html#barebones
- skorch: https://skorch.readthedocs.io/en/stable/user/FAQ.html (speed), `callbacks="disable"`
- PyTorch: https://pytorch.org/docs/stable/data.html#disable-automatic-batching
"""

import logging
import os
import time
import warnings

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, TensorDataset
from torchvision.transforms.functional import to_pil_image, to_tensor

from aelib.training import train
from benchmarks.networks import keras_layers

LEARNING_RATE = 0.001


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


def loader(dataset, batch_size):
    """Batches in random order, as most would write it: image by image."""
    return DataLoader(dataset, batch_size=batch_size, shuffle=True)


def loader_by_index(data, batch_size):
    """Batches in random order, each taken from the tensors by one index."""
    dataset = TensorDataset(*data)
    sampler = BatchSampler(RandomSampler(dataset), batch_size, drop_last=False)
    return DataLoader(dataset, sampler=sampler, batch_size=None)


def ours(network, data, epochs, batch_size):
    """The training function of the lessons."""
    settings = {"epochs": epochs, "batch_size": batch_size, "learning_rate": LEARNING_RATE}
    model = network().to(memory_format=torch.channels_last)
    train(model, data, cross_entropy, validation=(), seed=0, **settings)


def published_loop(network, data, epochs, batch_size):
    """The procedure of the published notebook, in our words."""
    fit(network(), loader(Pictures(*data), batch_size), cross_entropy, epochs)


def fit(model, batches, loss_function, epochs, trained=None, weight_decay=0.0):
    """Train as the published notebook does, on pairs of images and labels.

    Args:
        trained: the part whose weights Adam gets, if not all of `model`.

    Returns:
        The seconds that each epoch took.
    """
    weights = (trained or model).parameters()
    optimizer = torch.optim.Adam(weights, lr=LEARNING_RATE, weight_decay=weight_decay)
    ends = [time.perf_counter()]
    for _ in range(epochs):
        total = 0.0
        for images, labels in batches:
            optimizer.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        ends.append(time.perf_counter())
    return [end - start for start, end in zip(ends, ends[1:], strict=False)]


def lightning(network, data, epochs, batch_size, tuned=False):
    """A Lightning Trainer without its logs."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")  # That one process loads the images.

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = network()

        def training_step(self, batch, _index):
            return cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE, fused=tuned or None)

    module = Module()
    if tuned:
        module.to(memory_format=torch.channels_last)
        settings, batches = {"barebones": True}, loader_by_index(data, batch_size)
    else:
        quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
        settings = dict.fromkeys(quiet, False)
        batches = loader(TensorDataset(*data), batch_size)
    lightning.Trainer(max_epochs=epochs, accelerator="cpu", **settings).fit(module, batches)


def skorch(network, data, epochs, batch_size, tuned=False):
    """A classifier with the interface of scikit-learn."""
    from skorch import NeuralNetClassifier

    if tuned:
        sampler = BatchSampler(RandomSampler(data[1]), batch_size, drop_last=False)
        settings = {
            "module": network().to(memory_format=torch.channels_last),
            "callbacks": "disable",
            "optimizer__fused": True,
            "iterator_train__sampler": sampler,
            "iterator_train__batch_size": None,
        }
    else:
        settings = {"module": network, "iterator_train__shuffle": True, "batch_size": batch_size}
    NeuralNetClassifier(
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=LEARNING_RATE,
        max_epochs=epochs,
        train_split=None,
        verbose=0,
        **settings,
    ).fit(*data)


def keras(network, data, epochs, batch_size, tuned=False):
    """The same layers in Keras, on its torch backend, with Keras' own Adam."""
    os.environ["KERAS_BACKEND"] = "torch"
    from keras import Input, Sequential, device, losses, optimizers

    with device("cpu"):
        if tuned:  # No transposes around each convolution.
            shape, layout = (1, 28, 28), "channels_first"
            images = data[0].contiguous(memory_format=torch.channels_last)
            arguments = {"x": loader_by_index((images, data[1]), batch_size), "shuffle": False}
        else:
            shape, layout = (28, 28, 1), "channels_last"
            arguments = {"x": data[0].permute(0, 2, 3, 1).numpy(), "y": data[1].numpy()}
            arguments["batch_size"] = batch_size
        model = Sequential([Input(shape), *keras_layers(network, layout)])
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizers.Adam(LEARNING_RATE), loss)
        expected = sum(weights.numel() for weights in network().parameters())
        assert model.count_params() == expected, (model.count_params(), expected)
        model.fit(epochs=epochs, verbose=0, **arguments)


#: Libraries that are compared where they are installed, by the name of their package.
LIBRARIES = {"lightning": lightning, "skorch": skorch, "keras": keras}
#: All that is compared as most would write it.
PEERS = {"ours": ours, "published loop": published_loop, **LIBRARIES}
