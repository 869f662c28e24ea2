"""Nine ways to a classifier from few labelled images and many without labels.

Two keep the labelled images as examples, as they are. The others are networks: all have the same
head, the same number of steps at the same learning rate, and the same moves of their images. What
goes into the head is divided by one number, so that no component is made larger than it is. Nothing
is chosen, so nobody needs labels for choosing.
"""

import copy
import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.baselines import NearestByAngle, RBFMachine
from aelib.data import Split, balanced_draw
from aelib.files import draft_of
from aelib.models import Autoencoder, Encoder, RandomAffine, freeze
from aelib.studies import parts
from aelib.studies.graph import spread
from aelib.training import infer, train

NEAREST, MACHINE, PIXELS, PRINCIPAL = "nearest neighbour by angle", "RBF machine", "pixels", "PCA"
SCRATCH, FROZEN, TUNED = "from scratch", "frozen code", "fine-tuned code"
OVER_PIXELS, OVER_CODE = "labels spread over pixels", "labels spread over the code"
SPREADING = (OVER_PIXELS, OVER_CODE)
BY_CODE = (FROZEN, TUNED, OVER_CODE)  # Those that have the autoencoder's code.
#: From the simplest on, which is what is taken where methods tie; an autoencoder is never simpler.
METHODS = (NEAREST, MACHINE, PIXELS, PRINCIPAL, SCRATCH, OVER_PIXELS, *BY_CODE)
BY_EXAMPLES = {NEAREST: NearestByAngle, MACHINE: RBFMachine}
#: Steps of training: at least, at most, and how many images there are for one more.
STEPS, PRETRAINING_STEPS = (160, 600, 10), (200, 600, 50)
FORMAT = "aelib classifier 1"  # What the file of a classifier says it is.
#: How many images there may be in the graph, where components and scales are taken from, and how
#: many examples are kept: a machine has a number for each pair of them.
IN_GRAPH, FOR_COMPONENTS, FOR_SCALE, EXAMPLES = 10_000, 6_000, 2_000, 6_000


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


def learn(method, images, known, encoder, classes, moves, seed):
    """Train a classifier by `method`: a module from images to class scores, `(N, classes)`.

    `images`, `(M, C, H, H)`, are in random order; `known` are their labels, `(M,)`, -1 where there
    is none. `encoder` is that of an autoencoder; it stays as it is.
    """
    torch.manual_seed(seed)
    front, named = nn.Flatten(), torch.where(known >= 0)[0]
    if method in BY_EXAMPLES:
        few = balanced_draw(known[named], min(len(named), EXAMPLES), torch.default_generator)
        examples = infer(front, images[named[few]]), known[named[few]], classes
        return nn.Sequential(front, BY_EXAMPLES[method](*examples))
    if method == PRINCIPAL:
        front = freeze(parts.principal_components(images[:FOR_COMPONENTS]))
    elif method == SCRATCH or method in SPREADING:
        front = Encoder(image_channels=images.shape[1], image_size=images.shape[-1])
    elif method != PIXELS:
        front = copy.deepcopy(encoder).requires_grad_(method == TUNED)
    if method in SPREADING:
        known = spread_labels(images, known, encoder if method in BY_CODE else nn.Flatten())
    data = Split(images[known >= 0], known[known >= 0])
    torch.manual_seed(seed)
    model = nn.Sequential(front, parts.head(infer(front, images[:FOR_SCALE]), classes))
    batch_size = min(max(len(data.labels) // 5, 10), 64)
    fit(nn.Sequential(Moves(moves), model), data, cross_entropy, STEPS, batch_size, 0.01, seed)
    return model


def spread_labels(images, known, front):
    """Spread the labels that are `known`, -1 elsewhere, over a graph of what `front` makes of
    images, by the method of lesson 7. Returns them, `(N,)`, with a label for the 70 % of each class
    that are surest."""
    graph = (known < 0).long().argsort(stable=True)[:IN_GRAPH]  # Those with a label come first.
    names, sure = spread(infer(front, images[graph]).flatten(1), known[graph])
    sure[known[graph] >= 0] = 0
    kept = parts.surest(names, sure, 0.7)
    return known.index_copy(0, graph[kept], names[kept])


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
    front, method = nn.Flatten(), known["method"]
    if method in BY_EXAMPLES:
        last = BY_EXAMPLES[method].__new__(BY_EXAMPLES[method])  # `__init__` would learn anew.
        nn.Module.__init__(last)
        last.classes = len(classes)
        for name, tensor in weights.items():
            last.register_buffer(name.removeprefix("1."), tensor)
        return nn.Sequential(front, last).eval(), classes, form
    if method == PRINCIPAL:
        front = parts.Projection(weights["0.layer.weight"])
    elif method != PIXELS:
        front = Encoder(image_channels=form["channels"], image_size=form["size"])
    model = nn.Sequential(front, parts.head(torch.zeros(2, len(weights["1.0.mean"])), len(classes)))
    model.load_state_dict(weights)
    return model.eval(), classes, form
