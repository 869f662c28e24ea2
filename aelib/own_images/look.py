"""Which images to look at again."""

from collections import defaultdict

import numpy as np
import torch

from aelib.evaluation import reconstruction_errors
from aelib.training import infer


def worst_reconstructed(autoencoder, images):
    """The error of each image, `(N,)`, and the positions of all, the worst first."""
    parts = images.split(5_000)
    errors = torch.cat([reconstruction_errors(infer(autoencoder, part), part) for part in parts])
    return errors, errors.argsort(descending=True, stable=True)


def suspicious_labels(codes, labels, groups, neighbours=10):
    """Rank labelled images by how far the labels of their nearest neighbours in the code disagree.

    A near neighbour counts more than a far one; the images of a group are copies, and do not vouch
    for each other. Those with label -1 are left out. Returns positions, the most suspicious first;
    the weighted share of neighbours that have another label, in this order; and the label that most
    of these have. All `(M,)`.
    """
    from sklearn.neighbors import NearestNeighbors  # Slow, so not above.

    named = (labels >= 0).nonzero().squeeze(1).numpy()
    codes, labels, groups = (tensor.numpy()[named] for tensor in (codes, labels, groups))
    search = NearestNeighbors(n_neighbors=min(2 * neighbours + 1, len(named)), algorithm="brute")
    distances, nearest = search.fit(codes).kneighbors(codes)
    foreign = groups[nearest] != groups[:, None]
    counted = foreign & (foreign.cumsum(1) <= neighbours)
    weights = counted / (distances + 1e-3 * np.median(distances[:, 1:]) + 1e-12)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-12)
    rows = np.arange(len(named))
    others = np.zeros((len(named), labels.max() + 1))
    np.add.at(others, (rows[:, None], labels[nearest]), weights)
    own = others[rows, labels]
    own[~counted.any(1)] = 1  # Among copies of itself only: nobody is there to disagree.
    others[rows, labels] = 0
    # Where all neighbours disagree, those that agree with one another count more, then the nearer.
    order = np.lexsort((distances[:, 1:].mean(1), -others.max(1), own))
    parts = named[order], 1 - own[order], others.argmax(1)[order]
    return tuple(map(torch.from_numpy, parts))


def copies(groups, labels):
    """Positions of the images that have copies, a list for each group of these, those first that
    have more than one label. Arguments as for `suspicious_labels`."""
    members = defaultdict(list)
    for position, group in enumerate(groups.tolist()):
        members[group].append(position)
    together = [positions for positions in members.values() if len(positions) > 1]
    return sorted(together, key=lambda one: len({*labels[one].tolist()} - {-1}) < 2)
