"""What does the autoencoder's code add? Representations and heads, crossed, on the same draws.

Every representation is made of the images as they are and of deskewed ones, and gets the same four
heads; where it comes from a network, that network is also trained on with the labels, without and
with moves. What is learned without labels is learned from all images. Labels choose no setting.
"""

import copy
from functools import lru_cache

import pandas as pd
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from aelib.baselines import NearestByAngle, RBFMachine
from aelib.data import Data, Split, deskewed
from aelib.evaluation import accuracy
from aelib.models import Autoencoder, Encoder, RandomAffine
from aelib.studies.letters import letters
from aelib.studies.parts import OneScale, draw, head, load, principal_components
from aelib.training import infer, train

PIXELS, BLURRED, PRINCIPAL = "pixels", "blurred", "PCA-48"
RANDOM, AUTOENCODER = "random code", "autoencoder's code"
REPRESENTATIONS = (PIXELS, BLURRED, PRINCIPAL, RANDOM, AUTOENCODER)
FORMS = ("as they are", "deskewed")
#: Nearest neighbour by angle, logistic regression, support vector machine with an RBF kernel, the
#: MLP of lesson 4; and the network itself, trained on from where it is, without and with moves.
HEADS = ("angle", "regression", "machine", "mlp", "network", "moved")
LABELS = (10, 30, 100, 300, 1_000, 6_000)
#: How many images there are without labels.
POOL = {"mnist": 59_000, "letters": 20_000, "digits": 6_000}
STEPS = 360
#: What lesson 7 runs again, on either source.
LIVE = {"representation": PRINCIPAL, "form": "deskewed"}


def jobs(source, seeds):
    """The jobs of some seeds, each with all representations of both forms."""
    return [
        ({"source": source, "representation": representation, "form": form}, seed)
        for seed in seeds
        for form in FORMS
        for representation in REPRESENTATIONS
    ]


JOBS = jobs("mnist", range(12)) + jobs("letters", range(4))
JOBS += [({"source": "digits", **LIVE}, seed) for seed in range(5)]


def run(settings, seed):
    """Classify by each head on one representation, at each number of labels.

    Args:
        settings: the source, the representation, and the form of the images.

    Returns:
        The accuracy on all test images in percent, as `angle_10`, `angle_30` and so on; None where
        the representation is no network.
    """
    source, representation, form = settings.values()
    data = images_of(source, seed, form)
    encode = encoder_of(representation, source, seed, form)
    pool = infer(encode, data.train.images[:6_000]).flatten(1)
    scale = OneScale(pool)
    test = infer(encode, data.full_test.images)
    row = dict.fromkeys(f"{head}_{count}" for head in HEADS for count in LABELS)
    for count in LABELS:
        drawn = draw(data.train.labels, count, seed)
        labelled = Split(data.train.images[drawn], data.train.labels[drawn])
        few = infer(encode, labelled.images)
        # Black is where pixels begin; a code has no such point but its mean.
        straight = nn.Flatten() if representation in (PIXELS, BLURRED) else scale
        by_angle = NearestByAngle(straight(few), labelled.labels)
        machine = RBFMachine(scale(few), labelled.labels)
        names = {
            "angle": infer(by_angle, straight(test)).argmax(1),
            "regression": regression(scale(few), labelled.labels, scale(test)),
            "machine": infer(machine, scale(test)).argmax(1),
        }
        torch.manual_seed(seed)
        mlp = fitted(head(pool, 10), Split(few, labelled.labels), seed)
        names["mlp"] = infer(mlp, test).argmax(1)
        if representation in (RANDOM, AUTOENCODER):
            for name, moves in (("network", nn.Identity()), ("moved", RandomAffine())):
                torch.manual_seed(seed)
                model = nn.Sequential(copy.deepcopy(encode), head(pool, 10))
                fitted(nn.Sequential(moves, model), labelled, seed)
                names[name] = infer(model, data.full_test.images).argmax(1)
        for name, named in names.items():
            right = accuracy(torch.as_tensor(named), data.full_test.labels)
            row[f"{name}_{count}"] = round(float(right), 2)
    return row


def regression(few, labels, test):
    """What logistic regression with scikit-learn's penalty says of `test`, `(M,)`."""
    from sklearn.linear_model import LogisticRegression  # Slow, so not above.

    return LogisticRegression(max_iter=1_000).fit(few, labels).predict(test)


def fitted(model, labelled, seed):
    """The model, trained for 360 steps at a one-cycle rate; nothing is chosen."""
    batch_size = min(max(len(labelled.labels) // 5, 10), 100)
    train(
        model,
        labelled,
        cross_entropy,
        epochs=STEPS * batch_size // len(labelled.labels),
        batch_size=batch_size,
        learning_rate=0.003,
        one_cycle=True,
        seed=seed,
    )
    return model


class Blur(nn.Module):
    """Images `(N, 1, H, W)`, blurred by a Gaussian of one pixel."""

    def forward(self, images):
        from torchvision.transforms.functional import gaussian_blur  # Slow, so not above.

        return gaussian_blur(images, 7, 1.0)


def encoder_of(representation, source, seed, form):
    """What makes the representation of images; none has seen a label."""
    if representation == PIXELS:
        return nn.Flatten()
    if representation == BLURRED:
        return Blur()
    pool = images_of(source, seed, form).train.images
    torch.manual_seed(seed)
    if representation == PRINCIPAL:
        return principal_components(pool, "auto")
    if representation == RANDOM:
        return Encoder()
    autoencoder = Autoencoder()
    train(
        autoencoder,
        (pool, pool),
        mse_loss,
        epochs=max(3, 180_000 // len(pool)),
        batch_size=100,
        learning_rate=0.005,
        one_cycle=True,
        seed=seed,
    )
    return autoencoder.encoder


@lru_cache(maxsize=2)
def images_of(source, seed, form):
    """The images of a seed in one form; kept, since row after row needs them."""
    if source == "letters":
        pool, test = letters(POOL[source], 2 * seed), letters(10_000, 2 * seed + 1)
        data = Data(source, pool, test, test, test)
    else:
        data = load(source, POOL[source], seed)
    if form == "as they are":
        return data
    pool, test = (
        Split(torch.cat([deskewed(part) for part in split.images.split(1_000)]), split.labels)
        for split in (data.train, data.full_test)
    )
    return Data(data.source, pool, test, test, test)


def accuracies(rows, source):
    """The accuracies of a source in `rows`, a data frame: a line for each number of labels and
    seed, a column for each arm, which is a form, a representation and a head."""
    rows = rows[rows.source == source].set_index(["seed", "form", "representation"])
    rows = rows[[f"{head}_{count}" for head in HEADS for count in LABELS]]
    rows.columns = rows.columns.str.rsplit("_", n=1, expand=True).set_names(["head", "labels"])
    tall = (
        rows.stack(["head", "labels"], future_stack=True).dropna().rename("accuracy").reset_index()
    )
    tall["labels"] = tall.labels.astype(int)
    return tall.pivot(
        index=["labels", "seed"], columns=["form", "representation", "head"], values="accuracy"
    )


def gains(scores, known=True):
    """What the best arm with the autoencoder's code gains over the best without, by draw.

    The best of many arms is flattered by the draws it was picked on. So each half of the draws,
    even and odd seeds, is scored with the arms that were best on the other.

    Args:
        scores: as `accuracies` has them.
        known: whether the arms may use what varies in the images: deskewed ones, and moves. If
            not, only those arms count that do neither.

    Returns:
        A data frame by labels and seed: with, without, gain, in percent.
    """
    if not known:
        forms, heads = (scores.columns.get_level_values(name) for name in ("form", "head"))
        scores = scores.loc[:, (forms == FORMS[0]) & (heads != "moved")]
    has_code = scores.columns.get_level_values("representation") == AUTOENCODER
    parts = []
    for (_, odd), half in scores.groupby(
        [scores.index.get_level_values("labels"), scores.index.get_level_values("seed") % 2]
    ):
        count = half.index.get_level_values("labels")[0]
        others = scores.loc[[count]]
        others = others[others.index.get_level_values("seed") % 2 != odd].mean()
        parts.append(
            pd.DataFrame(
                {
                    "with": half[others[has_code].idxmax()],
                    "without": half[others[~has_code].idxmax()],
                }
            )
        )
    best = pd.concat(parts).sort_index()
    return best.assign(gain=best["with"] - best["without"])
