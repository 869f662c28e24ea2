"""Which graph, which way to spread labels over it, and what happens where its assumptions fail.

No network is trained on labels here: what is measured is how many of the graph's unlabelled images
get their right class.
"""

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import cg

from aelib.evaluation import accuracy
from aelib.studies.graph import directions, keep_sizes, neighbour_graph, poisson
from aelib.studies.parts import draw
from aelib.studies.representations import (
    AUTOENCODER,
    FORMS,
    PIXELS,
    PRINCIPAL,
    encoder_of,
    images_of,
)
from aelib.studies.spread_labels import IN_GRAPH
from aelib.training import infer

LABELS = (10, 100)
#: Label spreading (Zhou et al., 2004), the same with equal class masses (Zhu et al., 2003), Poisson
#: learning, and Poisson learning that keeps the sizes of classes.
WAYS = ("spreading", "masses", "poisson", "sizes")
#: With ten labels: where assumptions fail, or the images to label are chosen in another way.
CONDITIONS = (
    "unequal sizes that are known",
    "unequal sizes taken for equal",
    "unequal sizes that are unknown",
    "one label wrong",
    "one class without a label",
    "ten by chance",
    "ten centres of clusters",
)
DIRECTIONS = "edge directions"
GRAPHS = [(code, form) for code in (PIXELS, PRINCIPAL, AUTOENCODER, DIRECTIONS) for form in FORMS]
JOBS = [
    ({"source": "mnist", "representation": code, "form": form}, seed)
    for seed in range(8)
    for code, form in (GRAPHS if seed < 2 else GRAPHS[-1:])
]


def run(settings, seed):
    """Spread labels over one graph in every way.

    Args:
        settings: the source, and the representation and form of the images in the graph.

    Returns:
        In percent of the unlabelled images in the graph, as `sizes_10`, `poisson_100` and so on,
        and, for the edge directions of deskewed images alone, one for each of `CONDITIONS`.
    """
    source, representation, form = settings.values()
    data = images_of(source, seed, form)
    pool, truth = (part[: IN_GRAPH[source]] for part in data.train)
    if representation == DIRECTIONS:
        features = directions(pool).flatten(1)
    else:
        features = infer(encoder_of(representation, source, seed, form), pool).flatten(1)
    graph, equal = neighbour_graph(features), np.full(10, 0.1)
    row = {}
    for count in LABELS:
        known = labelled(truth, draw(truth, count, seed))
        scores = label_spreading(graph, known)
        flows = poisson(graph, known)
        ways = (scores, scores / scores.sum(0), flows, keep_sizes(graph, known, flows, equal))
        for way, scores in zip(WAYS, ways, strict=True):
            row[f"{way}_{count}"] = named_right(scores, known, truth)
    row |= dict.fromkeys(CONDITIONS)
    if (representation, form) == (DIRECTIONS, "deskewed"):
        row |= conditions(features, graph, truth, seed)
    return row


def labelled(truth, drawn):
    """The classes `(N,)` of the images drawn, -1 elsewhere, as an array."""
    known = np.full(len(truth), -1)
    known[drawn] = truth[drawn]
    return known


def named_right(scores, known, truth):
    """How many of the images without a label have their right class highest, in percent."""
    free = known == -1
    return round(float(accuracy(scores.argmax(1)[free], truth.numpy()[free])), 2)


def label_spreading(graph, known, alpha=0.99):
    """Scores `(N, classes)` of label spreading, run to its end (Zhou et al., 2004)."""
    roots = sparse.diags(1 / np.sqrt(np.asarray(graph.sum(1)).ravel()))
    system = sparse.identity(len(known)) - alpha * roots @ graph @ roots
    given = np.eye(known.max() + 1)[known] * (known >= 0)[:, None]
    return np.stack([cg(system, one, rtol=1e-6)[0] for one in given.T], axis=1).clip(1e-30)


def conditions(features, graph, truth, seed):
    """The accuracy under each of `CONDITIONS`, with ten labels."""
    from sklearn.cluster import KMeans  # Slow, so not above.

    generator = torch.Generator().manual_seed(seed)
    drawn, equal = draw(truth, 10, seed), np.full(10, 0.1)
    row = {}

    # Classes from one to five apart: of each a part is left, in a graph of what is left.
    shares = torch.linspace(0.2, 1, 10)[torch.randperm(10, generator=generator)]
    left = torch.rand(len(truth), generator=generator) < shares[truth]
    left[drawn] = True
    fewer, few = neighbour_graph(features[left]), truth[left]
    known = labelled(truth, drawn)[left]
    flows, true = poisson(fewer, known), few.bincount(minlength=10).numpy() / len(few)
    for name, scores in zip(
        CONDITIONS,
        (keep_sizes(fewer, known, flows, true), keep_sizes(fewer, known, flows, equal), flows),
        strict=False,
    ):
        row[name] = named_right(scores, known, few)

    known = labelled(truth, drawn)
    wrong, missing = known.copy(), known.copy()
    wrong[drawn[0]] = (wrong[drawn[0]] + 1) % 10
    missing[drawn[truth[drawn] == 9]] = -1
    chance = torch.randperm(len(truth), generator=generator)[:10]
    clusters = KMeans(10, n_init=1, random_state=seed).fit(features)
    centres = torch.cdist(torch.tensor(clusters.cluster_centers_).float(), features).argmin(1)
    for name, known in zip(
        CONDITIONS[3:],
        (wrong, missing, labelled(truth, chance), labelled(truth, centres)),
        strict=True,
    ):
        row[name] = named_right(flows_of(graph, known), known, truth)
    return row


def flows_of(graph, known):
    """Scores where classes that no label has are out, and the others equally large."""
    flows = poisson(graph, known)
    shares = np.bincount(known[known >= 0], minlength=flows.shape[1]) > 0
    return keep_sizes(graph, known, flows, shares / shares.sum())
