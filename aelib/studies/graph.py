"""Labels spread over a graph that joins each image to those most like it.

Poisson learning, and its form that keeps the sizes of classes, of Calder, Cook, Thorpe and Slepcev
(2020, arXiv:2006.11184). Where labels are few, other ways to spread them end almost level
everywhere; here each label is a source, and the mean of all is taken off.
"""

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import cg
from torch.nn.functional import conv2d

#: How many neighbours an image has in the graph.
NEIGHBOURS = 10
#: How often classes are cut sharp and brought to size again, and how many steps they flow between.
CUTS, STEPS = 20, 40


def directions(images):
    """Images `(N, 1, H, W)` to where their edges run, `(N, 8, H / 3, W / 3)`: how much brighter the
    image becomes towards each of eight directions, blurred, every third pixel.

    Nothing is learned (the idea is that of Dalal and Triggs, 2005). The strokes of two images need
    not lie on each other to be alike.
    """
    from torchvision.transforms.functional import gaussian_blur  # Slow, so not above.

    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).view(1, 1, 3, 3) / 8
    angles = torch.arange(8).view(1, 8, 1, 1) * torch.pi / 4
    found = [
        (conv2d(part, across, padding=1), conv2d(part, across.mT, padding=1))
        for part in images.split(1_000)
    ]
    edges = ((x * angles.cos() + y * angles.sin()).relu() for x, y in found)
    return torch.cat([gaussian_blur(part, 9, 1.5)[:, :, 1::3, 1::3] for part in edges])


def spread(features, known, shares=None):
    """Spread labels from image to image along a graph of neighbours.

    Args:
        features: of the images, `(N, D)`.
        known: the class of each, `(N,)`, -1 where it has no label.
        shares: the part of all images that each class has, `(classes,)`, or None if unknown. Where
            it is known the classes get these sizes.

    Returns:
        The class that each of the images gets, `(N,)`, and how sure it is, `(N,)`: from 0, where no
        label has reached it, to 1 for the surest.
    """
    graph = neighbour_graph(features.flatten(1))
    scores = poisson(graph, known.numpy())
    if shares is not None:
        scores = keep_sizes(graph, known.numpy(), scores, np.asarray(shares, dtype=float))
    names, margins = torch.from_numpy(scores.argmax(1)), np.sort(scores, axis=1)
    margins = torch.from_numpy(margins[:, -1] - margins[:, -2]).float()
    names[known >= 0] = known[known >= 0]
    return names, margins / margins.max().clamp_min(1e-12)


def neighbour_graph(features):
    """A symmetric sparse `(N, N)` matrix of weights between features `(N, D)` and their nearest.

    A weight falls with the distance, measured by that of the farthest of the neighbours, so that
    crowded and empty places are treated alike (Zelnik-Manor and Perona, 2004).
    """
    count, squares = min(NEIGHBOURS, len(features) - 1), features.square().sum(1)
    places, distances = [], []
    for batch in features.split(2_000):
        own = batch.square().sum(1, keepdim=True) + squares - 2 * batch @ features.T
        nearest = own.topk(count + 1, largest=False)
        places.append(nearest.indices[:, 1:])  # The nearest of all is the image itself.
        distances.append(nearest.values[:, 1:].clamp_min(0))
    distances = torch.cat(distances)
    weights = (-4 * distances / distances[:, -1:].clamp_min(1e-12)).exp()
    rows = np.repeat(np.arange(len(features)), count)
    ends = (rows, torch.cat(places).flatten().numpy())
    graph = sparse.csr_matrix(
        (weights.flatten().double().numpy(), ends), (len(features), len(features))
    )
    graph.setdiag(0)  # Where images are equal, one may be its own second neighbour.
    return (graph + graph.T) / 2


def poisson(graph, known):
    """Solve the graph's Poisson equation: scores `(N, classes)`, near 0 where little has flowed."""
    degrees = np.asarray(graph.sum(1)).ravel().clip(1e-12)
    # A trickle is lost on the way, so that a part of the graph without a label ends at 0.
    system = sparse.diags(1.00001 * degrees) - graph
    each = sparse.diags(1 / degrees)
    columns = [cg(system, flow, rtol=1e-4, maxiter=1_000, M=each)[0] for flow in sources(known).T]
    return np.stack(columns, axis=1)


def sources(known):
    """What flows in where a label is known, `(N, classes)`: 1 in its class, less their mean."""
    labels = known[known >= 0]
    flows = np.zeros((len(known), labels.max() + 1))
    flows[known >= 0] = np.eye(labels.max() + 1)[labels]
    flows[known >= 0] -= flows[known >= 0].mean(0)
    return flows


def keep_sizes(graph, known, scores, shares):
    """Scores `(N, classes)` of classes that keep their sizes, from those of `poisson`.

    Again and again each image gets one class, so that each class has its share, and the classes
    flow into each other for some steps, from the labels on (after Calder et al., algorithm 2).
    """
    degrees = np.asarray(graph.sum(1)).ravel()
    step = 1 / degrees.max()
    flow = (sparse.diags(1 - step * degrees) + step * graph).astype(np.float32).tocsr()
    fed = (step * sources(known)).astype(np.float32)
    before = None
    for _ in range(CUTS):
        names = (scores + handicaps(scores, shares)).argmax(1)
        if before is not None and (names == before).all():
            break
        before, scores = names, np.eye(len(shares), dtype=np.float32)[names]
        for _ in range(STEPS):
            scores = flow @ scores + fed
    return scores + handicaps(scores, shares)


def handicaps(scores, shares):
    """What to add to the scores of each class, `(classes,)`, so that its share is highest in them.

    Found step by step: who has too many images gets less (a volume constraint; the dual of an
    assignment).
    """
    added, pace = np.zeros(len(shares)), scores.std() / 2
    for step in range(200):
        counts = np.bincount((scores + added).argmax(1), minlength=len(shares))
        excess = counts / len(scores) - shares
        if abs(excess).max() < 0.001:
            break
        added -= pace * excess
        pace *= 0.98 if step > 50 else 1
    return added
