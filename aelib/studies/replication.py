"""Can 87.34 % and 93.18 % be reproduced? The published recipe, and what each change to it does.

The network and the recipe are those of the published notebook "Encoder-Decoder on MNIST".
"""

import copy

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from aelib.data import load_data
from aelib.evaluation import accuracy
from aelib.models import MLP, Classifier, Decoder, Encoder, freeze
from aelib.training import infer, train

#: From the published recipe to ours.
CHANGES = (
    "as published",
    "no ReLU on the output",
    "no ReLU on the code",
    "no weight decay",
    "equal epochs",
    "same initial encoder",
    "our layers",
    "standardized codes",
)
#: Each change on top of those before it, each on the published recipe alone, and each taken back
#: alone from ours: what a row calls it, and the changes that are made. The first alone is in the
#: chain, as is the last taken back.
CHAIN = {change: CHANGES[1 : place + 1] for place, change in enumerate(CHANGES)}
ALONE = {f"only {change}": (change,) for change in CHANGES[2:]}
TAKEN_BACK = {
    f"all but {change}": tuple(other for other in CHANGES[1:] if other != change)
    for change in CHANGES[1:-1]
}
RECIPES = {**CHAIN, **ALONE, **TAKEN_BACK}
SMALL = {"source": "mnist", "train_size": 6_000, "test_size": 1_000, "epochs": 20}
LARGE = {"source": "mnist", "train_size": 60_000, "test_size": 10_000, "epochs": 20}
LIVE = {**SMALL, "epochs": 3, "change": "no weight decay"}
JOBS = [
    *[({**LARGE, "change": CHANGES[0]}, seed) for seed in range(16)],
    *[({**LARGE, "change": change}, seed) for seed in range(8) for change in CHANGES[1:5]],
    *[({**SMALL, "change": change}, seed) for seed in range(16) for change in CHAIN],
    *[({**SMALL, "change": c}, seed) for seed in range(8) for c in (*ALONE, *TAKEN_BACK)],
    # What lesson 6 runs again, on either source: three epochs, so that nobody waits.
    *[({**LIVE, "source": source}, seed) for source in ("mnist", "digits") for seed in range(16)],
]


def published_encoder(relu_on_code=True):
    """Images `(N, 1, 28, 28)` to codes `(N, 3, 4, 4)`: 619 weights."""
    last = [nn.ReLU()] if relu_on_code else []
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=2, stride=1, padding=1),  # (N, 8, 29, 29)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 8, 14, 14)
        nn.Conv2d(8, 16, kernel_size=2, stride=2, padding=1),  # (N, 16, 8, 8)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Conv2d(16, 3, kernel_size=1),  # (N, 3, 4, 4)
        *last,
    ).to(memory_format=torch.channels_last)


def published_decoder(relu_on_output=True):
    """Codes `(N, 3, 4, 4)` to images `(N, 1, 28, 28)`: 1,737 weights."""
    last = [nn.ReLU()] if relu_on_output else []
    return nn.Sequential(
        nn.ConvTranspose2d(3, 16, kernel_size=3, stride=1),  # (N, 16, 6, 6)
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, kernel_size=3, stride=2),  # (N, 8, 13, 13)
        nn.ReLU(),
        nn.ConvTranspose2d(8, 1, kernel_size=4, stride=2),  # (N, 1, 28, 28)
        *last,
    ).to(memory_format=torch.channels_last)


def published_mlp():
    """Codes `(N, 3, 4, 4)` to class scores `(N, 10)`."""
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 120), nn.ReLU(), nn.Linear(120, 10))


def run(settings, seed):
    """Train an autoencoder, an MLP on its frozen code (1), and encoder and MLP together (2).

    Args:
        settings: source, sizes and epochs as in the lessons, and a "change", one of `RECIPES`.

    Returns:
        The reconstruction error (MSE) and both accuracies (percent), on the test split and on all
        test images.
    """
    data = load_data(settings["source"], settings["train_size"], settings["test_size"], seed)
    epochs = settings["epochs"]
    changes = RECIPES[settings["change"]]
    fixed = {"batch_size": 100, "learning_rate": 0.001, "seed": seed}
    decay = 0.0 if "no weight decay" in changes else 0.01

    relu_on_code = "no ReLU on the code" not in changes
    relu_on_output = "no ReLU on the output" not in changes

    def new_encoder():
        if "our layers" in changes:
            return nn.Sequential(Encoder(), nn.ReLU()) if relu_on_code else Encoder()
        return published_encoder(relu_on_code)

    def new_mlp(encoder):
        if "standardized codes" in changes:
            return MLP(infer(encoder, data.train.images))
        return published_mlp()

    torch.manual_seed(seed)
    encoder = new_encoder()
    if "our layers" in changes:
        decoder = nn.Sequential(Decoder(), nn.ReLU()) if relu_on_output else Decoder()
    else:
        decoder = published_decoder(relu_on_output)
    autoencoder = nn.Sequential(encoder, decoder)
    first_weights = copy.deepcopy(encoder)
    if can_learn(autoencoder, data.train.images):
        images = data.train.images
        train(autoencoder, (images, images), mse_loss, epochs=epochs, **fixed)

    # The weights of the frozen encoder never move, so its codes are computed only once.
    mlp = new_mlp(freeze(encoder))
    train(
        mlp,
        (infer(encoder, data.train.images), data.train.labels),
        cross_entropy,
        epochs=epochs if "equal epochs" in changes else max(epochs // 2, 1),
        weight_decay=decay,
        **fixed,
    )
    approach_1 = Classifier(encoder, mlp)

    encoder = first_weights if "same initial encoder" in changes else new_encoder()
    approach_2 = Classifier(encoder, new_mlp(encoder))
    train(approach_2, data.train, cross_entropy, epochs=epochs, weight_decay=decay, **fixed)

    metrics = {}
    for suffix, (images, labels) in (("", data.test), ("_full_test", data.full_test)):
        metrics[f"mse{suffix}"] = mse_loss(infer(autoencoder, images), images).item()
        for name, model in (("approach_1", approach_1), ("approach_2", approach_2)):
            metrics[f"{name}{suffix}"] = accuracy(infer(model, images).argmax(1), labels)
    return metrics


def can_learn(autoencoder, images):
    """Whether any image gives any weight a gradient. Adam never moves a network without."""
    for batch in images.split(1_000):
        mse_loss(autoencoder(batch), batch).backward()
        if any(parameter.grad.any() for parameter in autoencoder.parameters()):
            return True
    return False
