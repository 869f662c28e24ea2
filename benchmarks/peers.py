"""How fast is the training loop, against what people would use instead?

With the published network, where what surrounds the arithmetic counts most, and with one of half a
million weights. A peer gets a function that makes a network, images and labels, and a number of
epochs, and trains with Adam. Libraries are called as most would write it or, `tuned`, as their
guides advise for speed, with our memory layout and our Adam.
"""

import logging
import os
import warnings
from functools import partial
from importlib.util import find_spec

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from aelib.models import MLP, Encoder
from aelib.training import infer
from benchmarks.rounds import learn, medians, ratio, seconds
from benchmarks.steps import FAST, PLAIN, ours, published, published_loop


def large():
    """A convolutional network as many would take for MNIST: 490,876 weights."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 32, 14, 14)
        nn.Conv2d(32, 64, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 64, 7, 7)
        nn.Flatten(), nn.Linear(64 * 7 * 7, 150), nn.ReLU(), nn.Linear(150, 10),
    )  # fmt: skip


def loading(data, tuned):
    """Settings of a loader in random order: image by image or, tuned, a batch by one index."""
    if tuned:
        return {"sampler": BatchSampler(RandomSampler(data[1]), 100, False), "batch_size": None}
    return {"shuffle": True, "batch_size": 100}


def lightning(network, data, epochs, tuned=False):
    import lightning

    class Module(lightning.LightningModule):
        def training_step(self, batch, _index):
            return cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.001, fused=tuned or None)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")  # That one process loads the images.
    silent = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    settings = {"accelerator": "cpu", "barebones": tuned, **dict.fromkeys(silent, False)}
    batches = DataLoader(TensorDataset(*data), **loading(data, tuned))
    module = Module()
    module.model = network().to(**FAST if tuned else PLAIN)
    lightning.Trainer(max_epochs=epochs, **settings).fit(module, batches)


def skorch(network, data, epochs, tuned=False):
    from skorch import NeuralNetClassifier

    model = network().to(**FAST if tuned else PLAIN)
    settings = {f"iterator_train__{name}": one for name, one in loading(data, tuned).items()}
    settings |= {"lr": 0.001, "max_epochs": epochs, "train_split": None, "verbose": 0}
    settings |= {"callbacks": "disable", "optimizer__fused": True} if tuned else {}
    choices = {"criterion": nn.CrossEntropyLoss, "optimizer": torch.optim.Adam}
    NeuralNetClassifier(model, **choices, **settings).fit(*data)


def keras(network, data, epochs, tuned=False):
    """On its torch backend, with Keras' own Adam; tuned without transposes at convolutions."""
    os.environ["KERAS_BACKEND"] = "torch"
    from keras import Input, Sequential, device, layers, losses, optimizers

    layout = {"data_format": "channels_first" if tuned else "channels_last"}
    pad, pool = (partial(kind, **layout) for kind in (layers.ZeroPadding2D, layers.MaxPooling2D))
    convolution = partial(layers.Conv2D, activation="relu", **layout)
    if network is published:
        parts = [pad(1), convolution(8, 2), pool(), pad(1), convolution(16, 2, 2), pool()]
        parts += [convolution(3, 1), layers.Flatten(), layers.Dense(120, "relu")]
    else:
        parts = [part for size in (32, 64) for part in (convolution(size, 3, 1, "same"), pool())]
        parts += [layers.Flatten(), layers.Dense(150, "relu")]
    images, labels = data
    if tuned:
        batches = TensorDataset(images.contiguous(**FAST), labels)
        arguments = {"x": DataLoader(batches, **loading(data, tuned)), "shuffle": False}
    else:
        images = images.permute(0, 2, 3, 1)
        arguments = {"x": images.numpy(), "y": labels.numpy(), "batch_size": 100}
    with device("cpu"):
        model = Sequential([Input(images.shape[1:]), *parts, layers.Dense(10)])
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizers.Adam(0.001), loss)
        model.fit(epochs=epochs, verbose=0, **arguments)


#: Libraries that are compared where they are installed, by the name of their package.
LIBRARIES = {"lightning": lightning, "skorch": skorch, "keras": keras}
#: By the suffix that the numbers of a network have: what makes it, how many images and epochs.
NETWORKS = {"": (published, 6_000, 2), "_large": (large, 3_000, 1)}
TUNED, HEAD = " (tuned)", "MLP on codes: "


def cases(data, quick):
    """Images a second, by peer and network; seconds of twenty epochs of an MLP on codes."""
    peers, result = {"ours": ours, "published loop": published_loop}, {}
    for name in filter(find_spec, LIBRARIES):
        peers |= {name: LIBRARIES[name], name + TUNED: partial(LIBRARIES[name], tuned=True)}
    for suffix, (network, count, epochs) in NETWORKS.items():
        images = [part[: 100 if quick else count] for part in data.train]
        for name, peer in peers.items():
            peer(network, [part[:50] for part in images], 1)  # What happens once.
            result[name + suffix] = partial(rate, peer, network, images, epochs)
    images, labels = (part[:6_000] for part in data.train)
    codes, epochs = infer(Encoder(), images), 1 if quick else 20
    warnings.simplefilter("ignore", ConvergenceWarning)  # It stops after 20 epochs, as asked.
    theirs = MLPClassifier(120, batch_size=100, max_iter=epochs, tol=0, n_iter_no_change=100)
    result[f"{HEAD}scikit-learn"] = lambda: seconds(theirs.fit, codes.flatten(1), labels)
    result[f"{HEAD}ours"] = lambda: seconds(learn, MLP(codes), (codes, labels), epochs=epochs)
    return result


def rate(peer, network, images, epochs):
    return epochs * len(images[1]) / seconds(peer, network, images, epochs)


def results(rounds):
    """The median rates, and how many times as fast ours is."""
    heads = {name.removeprefix(HEAD): rounds[name] for name in rounds if HEAD in name}
    result = {"head_seconds": medians(heads)}
    for suffix in NETWORKS:
        for key, tuned in ((suffix, ""), (f"{suffix}_tuned", TUNED)):
            cases = {name: name + tuned + suffix for name in ("ours", "published loop", *LIBRARIES)}
            rates = {name: rounds[case] for name, case in cases.items() if case in rounds}
            others = [name for name in rates if name != "ours"]
            ratios = {name: ratio(rounds["ours" + suffix], rates[name]) for name in others}
            result |= {f"images_per_second{key}": medians(rates), f"throughput_ratio{key}": ratios}
    result["throughput_ratio"]["scikit-learn"] = ratio(heads["scikit-learn"], heads["ours"])
    return result
