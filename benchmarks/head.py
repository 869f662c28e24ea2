"""How fast is an MLP on codes trained, against scikit-learn?"""

import warnings

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from aelib.models import MLP, Encoder
from aelib.training import infer
from benchmarks.rounds import first_images, medians, ratios, timed, train_with_published_settings


def cases(data, quick):
    """Twenty epochs of an MLP of the same size on the codes of an encoder."""
    epochs = 1 if quick else 20
    images, labels = first_images(6_000, data)
    torch.manual_seed(0)
    codes = infer(Encoder(), images)
    warnings.simplefilter("ignore", ConvergenceWarning)  # It stops after 20 epochs, as asked.
    theirs = MLPClassifier(120, batch_size=100, max_iter=epochs, tol=0, n_iter_no_change=100)
    return {
        "scikit-learn": timed(theirs.fit, codes.flatten(1).numpy(), labels.numpy()),
        "ours": timed(
            lambda: train_with_published_settings(MLP(codes), (codes, labels), epochs=epochs)
        ),
    }


def results(rounds):
    return {
        "head_seconds": medians(rounds),
        "throughput_ratio": ratios(rounds, "ours"),
    }
