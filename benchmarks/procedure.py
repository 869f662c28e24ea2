"""How long does the whole published procedure take: three trainings, 60,000 images, to the end?

And how long does the same recipe take with the loop of the lessons? Not asked unless it is said,
since it takes some ten minutes more.
"""

import statistics
from functools import partial

import torch

from aelib.evaluation import accuracy
from aelib.training import infer
from benchmarks.published_epochs import EPOCHS, our_training, published_training, summary

#: It is long enough for its epochs to be rounds.
ROUNDS = 1


def cases(data, quick):
    """Both, each from new weights to the end of its third training."""
    epochs = dict.fromkeys(EPOCHS, 1) if quick else EPOCHS
    return {
        "published": partial(run, published_training, data, epochs),
        "our loop": partial(run, our_training, data, epochs),
    }


def run(recipe, data, epochs):
    """The seconds of each epoch by training, and the accuracies that it arrived at."""
    torch.manual_seed(0)
    took, accuracies, encoder = {}, {}, None
    for name, count in epochs.items():
        model, took[name] = recipe(name, data.train, count, encoder)
        encoder = model[0] if name == "autoencoder" else None
        if name != "autoencoder":
            predicted = infer(model, data.full_test.images).argmax(1)
            accuracies[name] = accuracy(predicted, data.full_test.labels)
    return {"epoch_seconds": took, "accuracy": accuracies}


def results(rounds):
    """The whole time, as measured; how far the epochs of a training are apart, over their median;
    and the accuracies that this seed arrived at.
    """
    (published,), (ours,) = rounds["published"], rounds["our loop"]
    means = [
        {name: statistics.mean(values) for name, values in run["epoch_seconds"].items()}
        for run in (published, ours)
    ]
    result = summary(*means, reckoned=False)
    result["published_procedure_spread"] = max(
        (max(epochs) - min(epochs)) / statistics.median(epochs)
        for epochs in published["epoch_seconds"].values()
    )
    for prefix, run in (("published", published), ("same_recipe", ours)):
        for approach, name in ((1, "MLP"), (2, "together")):
            result[f"{prefix}_accuracy_approach_{approach}"] = run["accuracy"][name]
    return result
