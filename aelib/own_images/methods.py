"""Six ways to a classifier from few labelled images and many without labels.

All have the same head, the same number of steps at the same learning rate, and the same moves of
their images. What goes into the head is divided by one number, so that no component is made
larger than it is. Nothing is chosen, so nobody needs labels for choosing.
"""

import copy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from aelib.data import Split, scaled
from aelib.models import Autoencoder, Encoder, RandomAffine, freeze
from aelib.studies.recipe import Reconstruction, reconstruction_error
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
#: Steps of training: at least, at most, and how many images there are for one more.
STEPS, PRETRAINING_STEPS = (160, 600, 10), (200, 600, 50)
LEARNING_RATE = 0.01
#: How many images there may be in the graph, and where the scale of codes is taken from.
IN_GRAPH, FOR_SCALE = 10_000, 2_000


class Moves(nn.Module):
    """Images `(N, C, H, H)`, in training each moved a little, and for "mirror" half of them with
    left and right exchanged; otherwise as they are."""

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


class OneScale(nn.Module):
    """Features `(N, ...)` to `(N, D)`: their mean taken off, all divided by one number.

    Args:
        features: those that mean and number are taken from. Their mean squared length becomes 48,
            whether they are 48 numbers of a code or 784 pixels; ratios between them stay.
    """

    def __init__(self, features):
        super().__init__()
        features = features.flatten(1)
        self.register_buffer("mean", features.mean(0))
        self.register_buffer("scale", (features.var(0).sum() / 48).sqrt().clamp_min(1e-6))

    def forward(self, features):
        return (features.flatten(1) - self.mean) / self.scale


class Projection(nn.Module):
    """Images `(N, C, H, H)` to principal components, `(N, count)`.

    Args:
        components: `(count, C * H * H)`.
    """

    def __init__(self, components):
        super().__init__()
        self.layer = nn.Linear(components.shape[1], components.shape[0], bias=False)
        self.layer.weight.data = components

    def forward(self, images):
        return self.layer(images.flatten(1))


def principal_components(images):
    """The projection of images, `(N, C, H, H)`, on their first 48 principal components."""
    from sklearn.decomposition import PCA  # Slow, so not above.

    pixels = scaled(images).flatten(1)
    pca = PCA(min(48, len(images) - 1), svd_solver="randomized", random_state=0).fit(pixels)
    return Projection(torch.from_numpy(pca.components_).float())


def new_encoder(images):
    """An encoder for images of this shape, `(N, C, H, H)`."""
    return Encoder(image_channels=images.shape[1], image_size=images.shape[-1])


def epochs(steps, images, batch_size):
    """How many epochs come closest to the number of steps that so many images get."""
    low, high, images_a_step = steps
    return max(1, round(min(max(images // images_a_step, low), high) * batch_size / images))


def pretrain(images, moves, seed):
    """An autoencoder trained on images, `(N, C, H, H)`, and on moves of them; no labels.

    Returns:
        The autoencoder, and the history of its training.
    """
    torch.manual_seed(seed)
    autoencoder = Autoencoder(image_channels=images.shape[1], image_size=images.shape[-1])
    history = train(
        Reconstruction([Moves(moves)], autoencoder),
        (images, images),
        reconstruction_error,
        validation=(),
        epochs=epochs(PRETRAINING_STEPS, len(images), 100),
        batch_size=100,
        learning_rate=0.005,
        one_cycle=True,
        seed=seed,
    )
    return autoencoder, history


def learn(method, labelled, pool, encoder, classes, moves, seed):
    """Train a classifier by `method`.

    Args:
        labelled: a `Split`, the images with labels.
        pool: images without labels, `(M, C, H, H)`, the labelled ones among them.
        encoder: that of an autoencoder trained on `pool`; it stays as it is.
        classes: how many there are.
        moves: "none", "small" or "mirror".

    Returns:
        A module from images to class scores, `(N, classes)`.
    """
    torch.manual_seed(seed)
    if method == PIXELS:
        front = nn.Flatten()
    elif method == PRINCIPAL:
        front = freeze(principal_components(pool[:6_000]))
    elif method in (SCRATCH, SPREAD):
        front = new_encoder(pool)
    else:
        front = copy.deepcopy(encoder).requires_grad_(method != FROZEN)
    if method == SPREAD:
        labelled = spread_labels(labelled, pool, encoder)
    torch.manual_seed(seed)
    model = nn.Sequential(front, head(infer(front, pool[:FOR_SCALE]), classes))
    batch_size = min(max(len(labelled.labels) // 5, 10), 64)
    train(
        nn.Sequential(Moves(moves), model),
        labelled,
        cross_entropy,
        validation=(),
        epochs=epochs(STEPS, len(labelled.labels), batch_size),
        batch_size=batch_size,
        learning_rate=LEARNING_RATE,
        one_cycle=True,
        seed=seed,
    )
    return model


def head(features, classes):
    """The MLP that every method has: features `(N, ...)`, on one scale, to scores."""
    scale = OneScale(features)
    return nn.Sequential(scale, nn.Linear(len(scale.mean), 120), nn.ReLU(), nn.Linear(120, classes))


def spread_labels(labelled, pool, encoder):
    """Spread labels over a graph of nearest neighbours of codes (Zhou et al., 2004).

    Returns:
        A `Split`: the labelled images, and of each class the 70 % of the others in `pool` whose
        label is surest.
    """
    from sklearn.semi_supervised import LabelSpreading

    others = pool[:IN_GRAPH]
    codes = infer(encoder, torch.cat([labelled.images, others])).flatten(1).numpy()
    known = torch.cat([labelled.labels, torch.full((len(others),), -1)]).numpy()
    spreading = LabelSpreading(kernel="knn", n_neighbors=5, alpha=0.8, max_iter=100).fit(
        codes, known
    )
    surest = torch.from_numpy(spreading.label_distributions_[len(labelled.labels) :])
    sure, names = surest.max(1)
    names = torch.from_numpy(spreading.classes_)[names]
    kept = torch.zeros(len(names), dtype=torch.bool)
    reached = sure > 0  # There may be parts of the graph without any label.
    for name in names[reached].unique():
        members = (reached & (names == name)).nonzero().squeeze(1)
        order = sure[members].argsort(descending=True, stable=True)
        kept[members[order[: -(-7 * len(members) // 10)]]] = True
    return Split(
        torch.cat([labelled.images, others[kept]]), torch.cat([labelled.labels, names[kept]])
    )
