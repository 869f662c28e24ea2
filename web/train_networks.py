"""Train the networks of the page "Draw a digit" with the lessons' code, and export them.

    python -m web.train_networks

They are those of lesson 7's recipe, with all habits that pay, on 60,000 images, and take about five
minutes on one core. `web/networks/` is committed, so that the page can be built without that.
"""

import io
import json
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import load_data
from aelib.evaluation import accuracy, reconstruction_errors
from aelib.figures.play import strongest_directions
from aelib.files import write_whole
from aelib.models import MLP, Classifier, Decoder, RandomAffine, freeze
from aelib.studies.parts import Reconstruction, reconstruction_error
from aelib.studies.recipe import better_encoder
from aelib.training import infer, train
from tools.lessons import ROOT, set_environment

FOLDER = ROOT / "web" / "networks"
SEED = 0
#: All but the epochs, which are for 60,000 images and five minutes, is as in lesson 7's recipe.
EPOCHS = {"autoencoder": 6, "approach1": 8, "approach2": 4}
RATES = {"autoencoder": 0.005, "approach1": 0.005, "approach2": 0.01}
WIDTHS = {"approach1": 1_000, "approach2": 120}
#: How many of the strongest directions of the code the page can move along.
DIRECTIONS = 6
#: What is below this share of the brightest is no ink, as in web/prepare.js.
INK = 0.1
#: A drawing whose reconstruction is worse than this percentage of the test images' is no digit.
PERCENTILE = 99.5


def main():
    """Train, export, and show what the networks reach on the test images."""
    set_environment()
    torch.set_num_threads(1)
    data = load_data("mnist", train_size=60_000)
    networks = train_networks(data.train)
    export(networks, FOLDER)
    facts = measure(networks, data)
    write_whole(FOLDER / "facts.json", json.dumps(facts) + "\n")
    for approach, percent in enumerate(facts["accuracy"], 1):
        print(f"approach {approach}: {percent:.2f} % of the test images")


def untrained():
    """The page's networks by the names of their files, before training."""
    torch.manual_seed(SEED)
    codes = torch.zeros(2, 3, 4, 4)
    return {
        "encoder": better_encoder(),
        "decoder": Decoder(),
        "approach1": MLP(codes, WIDTHS["approach1"]),
        "approach2": Classifier(better_encoder(), MLP(codes, WIDTHS["approach2"])),
    }


def train_networks(training_data):
    """Train autoencoder, approach 1 and approach 2 with the habits that lesson 7 found to pay."""
    networks, images = untrained(), training_data.images
    moves = RandomAffine()
    fixed = {"validation": (), "batch_size": 100, "one_cycle": True, "seed": SEED}

    def fit(name, model, targets, loss_function):
        settings = {"epochs": EPOCHS[name], "learning_rate": RATES[name], **fixed}
        history = train(model, (images, targets), loss_function, **settings)
        print(f"{name}: the loss ended at {history['training_loss'][-1]:.4f}", flush=True)

    autoencoder = nn.Sequential(networks["encoder"], networks["decoder"])
    fit("autoencoder", Reconstruction([moves], autoencoder), images, reconstruction_error)
    freeze(networks["encoder"])
    encoders = {"approach1": networks["encoder"], "approach2": networks["approach2"].encoder}
    smoothed = partial(cross_entropy, label_smoothing=0.1)
    for name, encoder in encoders.items():
        torch.manual_seed(SEED)
        with torch.no_grad():
            codes = encoder(images[:6_000])  # In the mode that it is trained in, as in the recipe.
        classifier = Classifier(encoder, MLP(codes, WIDTHS[name]))
        fit(name, nn.Sequential(moves, classifier), training_data.labels, smoothed)
        networks[name] = classifier.mlp if name == "approach1" else classifier
    return networks


def export(networks, folder):
    """Write each network to `folder` as NAME.onnx, for batches of any size."""
    import onnx  # Here and below: the page is built without it.

    folder.mkdir(parents=True, exist_ok=True)
    for name, network in networks.items():
        shape = (3, 4, 4) if name in ("decoder", "approach1") else (1, 28, 28)
        names = {"input_names": ["input"], "output_names": ["output"]}
        names["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
        # Not optimized, so that the weights keep the names that they have in PyTorch.
        settings = {"dynamo": True, "verbose": False, "optimize": False}
        example = (torch.zeros(2, *shape),)
        exported = torch.onnx.export(network.eval(), example, **names, **settings)
        buffer = io.BytesIO()
        exported.save(buffer)
        model = onnx.load_from_string(buffer.getvalue())
        # Where in whose folder each line of code was: nobody needs to know.
        for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
            del part.metadata_props[:]
        for node in model.graph.node:
            node.doc_string = ""
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, folder / f"{name}.onnx")


def measure(networks, data):
    """What the page has to know of its networks, as plain values."""
    images, labels = data.full_test
    codes = infer(networks["encoder"], images)
    errors = reconstruction_errors(infer(networks["decoder"], codes), images)
    scores = [infer(networks["approach1"], codes), infer(networks["approach2"], images)]
    trained_on = infer(networks["encoder"], data.train.images).double()
    variance = trained_on.flatten(1).var(0).sum()
    return {
        "accuracy": [accuracy(score.argmax(1), labels) for score in scores],
        "percentile": PERCENTILE,
        "threshold": round(float(np.percentile(errors, PERCENTILE)), 6),
        # Of all test images: the flattest, in pixels of ink, and the fullest, as mean brightness.
        "least_height": int((images > INK).any(3).sum(2).min()),
        "most_ink": round(float(images.mean((1, 2, 3)).max()), 4),
        # Where the colours of the code end: 99 in 100 numbers lie within.
        "limit": round(float(np.percentile(trained_on.abs(), 99)), 3),
        "mean": rounded(trained_on.mean(0).flatten(), 5),
        "directions": [
            {
                "vector": rounded(step.flatten() / step.norm(), 6),
                "deviation": rounded(step.norm(), 5),
                "share": rounded(step.norm() ** 2 / variance, 4),
            }
            for step in strongest_directions(trained_on, DIRECTIONS)
        ],
    }


def rounded(numbers, digits):
    """A tensor as plain numbers of so many digits."""
    return numbers.numpy().round(digits).tolist()


if __name__ == "__main__":
    main()
