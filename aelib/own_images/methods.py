"""Six ways to a classifier from few labelled images and many without labels.

All have the same head, the same number of steps at the same learning rate, and the same moves of
their images. What goes into the head is divided by one number, so that no component is made
larger than it is. Nothing is chosen, so nobody needs labels for choosing.
"""

import copy
import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import Split
from aelib.files import draft_of
from aelib.models import Autoencoder, Encoder, RandomAffine, freeze
from aelib.studies import parts
from aelib.training import infer, train

PIXELS, PRINCIPAL, FROZEN = "pixels", "PCA", "code, frozen"
SCRATCH, TUNED, SPREAD = "from scratch", "code, fine-tuned", "labels spread"
#: From the simplest on; where methods tie, the simplest is named.
METHODS = (PIXELS, PRINCIPAL, FROZEN, SCRATCH, TUNED, SPREAD)
BY_CODE = (FROZEN, TUNED, SPREAD)  # Those that have the autoencoder's code.
#: Steps of training: at least, at most, and how many images there are for one more. They pay: on
#: the digits 140 for 160 take 0.3 points from networks, and in pretraining 150 for 200 take 0.6
#: from the frozen code.
STEPS, PRETRAINING_STEPS = (160, 600, 10), (200, 600, 50)
FORMAT = "aelib classifier 1"  # What the file of a classifier says it is.
#: How many images there may be in the graph, and where components and scales are taken from.
IN_GRAPH, FOR_COMPONENTS, FOR_SCALE = 10_000, 6_000, 2_000


class Moves(nn.Module):
    """Images `(N, C, H, H)`; in training by `moves`: "none", "small" (each moved a little), or
    "mirror" (so, and half of them with left and right exchanged)."""

    def __init__(self, moves):
        super().__init__()
        self.moves = moves
        self.affine = RandomAffine()

    def forward(self, images):
        if self.moves == "none" or not self.training:
            return images
        if self.moves == "mirror":
            mirrored = torch.rand(len(images), device=images.device) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
        return self.affine(images)


def fit(model, data, loss_function, steps, batch_size, learning_rate, seed):
    """Train for the epochs that come closest to the steps that so many images get.

    Raises KeyboardInterrupt where a person stops it: what was learned by then is no fair answer.
    """
    (low, high, images_a_step), images = steps, len(data[0])
    epochs = max(1, round(min(max(images // images_a_step, low), high) * batch_size / images))
    rules = dict(batch_size=batch_size, learning_rate=learning_rate, one_cycle=True, seed=seed)
    history = train(model, data, loss_function, epochs=epochs, **rules)
    if len(history["training_loss"]) < epochs:
        raise KeyboardInterrupt
    return history


def pretrain(images, moves, seed):
    """An autoencoder trained on images, `(N, C, H, H)`, and on moves of them, and its history."""
    torch.manual_seed(seed)
    autoencoder = Autoencoder(image_channels=images.shape[1], image_size=images.shape[-1])
    model, error = parts.Reconstruction([Moves(moves)], autoencoder), parts.reconstruction_error
    return autoencoder, fit(model, (images, images), error, PRETRAINING_STEPS, 50, 0.005, seed)


def learn(method, labelled, pool, encoder, classes, moves, seed):
    """Train a classifier by `method`: a module from images to class scores, `(N, classes)`.

    `labelled` is a `Split`, and `pool` are images without labels, `(M, C, H, H)`, the labelled ones
    among them. `encoder` is that of an autoencoder; it stays as it is.
    """
    torch.manual_seed(seed)
    front = nn.Flatten()
    if method == PRINCIPAL:
        front = freeze(parts.principal_components(pool[:FOR_COMPONENTS]))
    elif method in (SCRATCH, SPREAD):
        front = Encoder(image_channels=pool.shape[1], image_size=pool.shape[-1])
    elif method != PIXELS:
        front = copy.deepcopy(encoder).requires_grad_(method != FROZEN)
    data = spread_labels(labelled, pool, encoder) if method == SPREAD else labelled
    torch.manual_seed(seed)
    model = nn.Sequential(front, parts.head(infer(front, pool[:FOR_SCALE]), classes))
    batch_size = min(max(len(data.labels) // 5, 10), 64)
    fit(nn.Sequential(Moves(moves), model), data, cross_entropy, STEPS, batch_size, 0.01, seed)
    return model


def spread_labels(labelled, pool, encoder):
    """Spread labels over a graph of nearest neighbours of codes (Zhou et al., 2004). Returns a
    `Split`: the labelled images, and of each class the 70 % of `pool` whose label is surest."""
    count, others = len(labelled.labels), pool[:IN_GRAPH]
    codes = infer(encoder, torch.cat([labelled.images, others])).flatten(1)
    known = torch.cat([labelled.labels, torch.full((len(others),), -1)])
    names, sure = parts.spread(codes, known, kernel="knn", n_neighbors=5, alpha=0.8, max_iter=100)
    names, kept = names[count:], parts.surest(names[count:], sure[count:], 0.7)
    more = others[kept], names[kept]
    return Split(*map(torch.cat, zip(labelled, more, strict=True)))


def save_classifier(path, model, method, image_set):
    """Write a model that `method` made of an `ImageSet` to `path`, whole or not at all."""
    about = {name: json.dumps(getattr(image_set, name)) for name in ("classes", "preparation")}
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    with draft_of(path) as draft:
        save_file(weights, draft, metadata={"format": FORMAT, "method": method, **about})


def load_classifier(path):
    """Read what `save_classifier` has written: the model, its classes, and how images are prepared.

    Raises ValueError where there is no such file, or it is none of these.
    """
    try:
        with safe_open(path, framework="pt") as file:
            known = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read as a classifier: {error}") from error
    if known.get("format") != FORMAT:
        raise ValueError(f"{path} is no classifier of lesson 9: that saves runs/model.safetensors")
    classes, form = json.loads(known["classes"]), json.loads(known["preparation"])
    front = nn.Flatten()
    if known["method"] == PRINCIPAL:
        front = parts.Projection(weights["0.layer.weight"])
    elif known["method"] != PIXELS:
        front = Encoder(image_channels=form["channels"], image_size=form["size"])
    model = nn.Sequential(front, parts.head(torch.zeros(2, len(weights["1.0.mean"])), len(classes)))
    model.load_state_dict(weights)
    return model.eval(), classes, form
