"""Six ways to a classifier from few labelled images and many without labels.

All have the same head, the same number of steps at the same learning rate, and the same moves of
their images. What goes into the head is divided by one number, so that no component is made
larger than it is. Nothing is chosen, so nobody needs labels for choosing.
"""

import copy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import Split
from aelib.models import Autoencoder, Encoder, RandomAffine, freeze
from aelib.studies import parts
from aelib.training import infer, train

PIXELS = "pixels"
PRINCIPAL = "PCA"
FROZEN = "code, frozen"
SCRATCH = "from scratch"
TUNED = "code, fine-tuned"
SPREAD = "labels spread"
#: From the simplest on; where methods tie, the simplest is named.
METHODS = (PIXELS, PRINCIPAL, FROZEN, SCRATCH, TUNED, SPREAD)
#: Those that learn from images without labels by way of the autoencoder's code.
BY_CODE = (FROZEN, TUNED, SPREAD)
#: Steps of training: at least, at most, and how many images there are for one more. They pay: with
#: three quarters of them networks from scratch lose half a point on the digits. In pretraining
#: batches of 50 do for 100: the error rises by a tenth, and no accuracy falls that one could see.
STEPS, PRETRAINING_STEPS = (160, 600, 10), (200, 600, 50)
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

    Raises:
        KeyboardInterrupt: a person stopped it; what was learned by then would be no fair answer.
    """
    (low, high, images_a_step), images = steps, len(data[0])
    epochs = max(1, round(min(max(images // images_a_step, low), high) * batch_size / images))
    rules = dict(batch_size=batch_size, learning_rate=learning_rate, one_cycle=True, seed=seed)
    history = train(model, data, loss_function, epochs=epochs, **rules)
    if len(history["training_loss"]) < epochs:
        raise KeyboardInterrupt
    return history


def pretrain(images, moves, seed):
    """An autoencoder trained on images, `(N, C, H, H)`, and on moves of them; no labels.

    Returns:
        The autoencoder, and the history of its training.
    """
    torch.manual_seed(seed)
    autoencoder = Autoencoder(image_channels=images.shape[1], image_size=images.shape[-1])
    model, error = parts.Reconstruction([Moves(moves)], autoencoder), parts.reconstruction_error
    return autoencoder, fit(model, (images, images), error, PRETRAINING_STEPS, 50, 0.005, seed)


def learn(method, labelled, pool, encoder, classes, moves, seed):
    """Train a classifier by `method`.

    Args:
        labelled: a `Split`, the images with labels.
        pool: images without labels, `(M, C, H, H)`, the labelled ones among them.
        encoder: that of an autoencoder; it stays as it is.

    Returns:
        A module from images to class scores, `(N, classes)`.
    """
    torch.manual_seed(seed)
    if method == PIXELS:
        front = nn.Flatten()
    elif method == PRINCIPAL:
        front = freeze(parts.principal_components(pool[:FOR_COMPONENTS]))
    elif method in (SCRATCH, SPREAD):
        front = Encoder(image_channels=pool.shape[1], image_size=pool.shape[-1])
    else:
        front = copy.deepcopy(encoder).requires_grad_(method != FROZEN)
    data = spread_labels(labelled, pool, encoder) if method == SPREAD else labelled
    torch.manual_seed(seed)
    model = nn.Sequential(front, parts.head(infer(front, pool[:FOR_SCALE]), classes))
    batch_size = min(max(len(data.labels) // 5, 10), 64)
    fit(nn.Sequential(Moves(moves), model), data, cross_entropy, STEPS, batch_size, 0.01, seed)
    return model


def spread_labels(labelled, pool, encoder):
    """Spread labels over a graph of nearest neighbours of codes (Zhou et al., 2004).

    Returns:
        A `Split`: the labelled images, and of each class the 70 % of the others in `pool` whose
        label is surest.
    """
    count, others = len(labelled.labels), pool[:IN_GRAPH]
    codes = infer(encoder, torch.cat([labelled.images, others])).flatten(1)
    known = torch.cat([labelled.labels, torch.full((len(others),), -1)])
    names, sure = parts.spread(codes, known, kernel="knn", n_neighbors=5, alpha=0.8, max_iter=100)
    names, kept = names[count:], parts.surest(names[count:], sure[count:], 0.7)
    more = others[kept], names[kept]
    return Split(*map(torch.cat, zip(labelled, more, strict=True)))
