"""What lesson 7 says of the stored rows, and its numbers computed once more.

The rows do not change, so what is said of them holds in every run.
"""

import numpy as np
import pandas as pd
import torch

from aelib.evaluation import mean_interval
from aelib.results import results_folder
from aelib.studies import graph, graphs, recipe, representations
from aelib.studies.parts import draw
from aelib.studies.representations import AUTOENCODER, BLURRED, LABELS, PRINCIPAL, RANDOM

COUNTED = False
SCRATCH = ("deskewed", RANDOM, "moved")


def said(gains, count):
    """A gain as the lesson says it: the mean and its interval."""
    low, high = mean_interval(gains.gain[count])
    return f"{gains.gain[count].mean():+.1f} ({low:+.1f} to {high:+.1f})"


def unclear(gains, count):
    low, high = mean_interval(gains.gain[count])
    return low < 0 < high


def under_heads(v, one, other, form, count=None):
    """By how much a representation is ahead of another under the same head, in points."""
    heads = ["angle", "regression", "machine", "mlp"]
    first, second = (v.means[form][name][heads] for name in (one, other))
    return (first - second) if count is None else (first - second).loc[count]


def stage(v, name, count):
    return v.by_labels.get_group(count)[f"{name}_accuracy"]


# fmt: off
FACTS = {
}
# fmt: on
HEDGED = {}


def second_look(v):
    # The gains, without pandas' pivots: by seed, from the file.
    table = pd.read_csv(results_folder() / "representations.csv").query("source == 'mnist'")
    for count in (10, 6_000):
        arms = {
            (row["form"], row["representation"], head, row["seed"]): row[f"{head}_{count}"]
            for row in table.to_dict("records")
            for head in representations.HEADS
        }
        seeds = sorted({seed for *_, seed in arms if not np.isnan(arms[*_, seed])})
        names = {arm for *arm, _ in map(list, arms) for arm in [tuple(arm)]}
        mean = {
            (arm, odd): np.mean([arms[*arm, s] for s in seeds if s % 2 == odd])
            for arm in names
            for odd in (0, 1)
        }
        gained = []
        for seed in seeds:
            best = {}
            for coded in (True, False):
                rivals = [a for a in names if (a[1] == AUTOENCODER) == coded]
                rivals = [a for a in rivals if not np.isnan(mean[a, 1 - seed % 2])]
                best[coded] = arms[*max(rivals, key=lambda a: mean[a, 1 - seed % 2]), seed]
            gained.append(best[True] - best[False])
        assert np.isclose(v.metrics[f"code_gain_{count}"], np.mean(gained))
    spread = np.genfromtxt(
        results_folder() / "spread_labels.csv", None, delimiter=",", names=True, encoding="utf-8"
    )
    for count in (10, 30, 100, 300):
        runs = spread[(spread["source"] == "mnist") & (spread["labels"] == count)]["all_accuracy"]
        assert np.isclose(v.metrics[f"labels_{count}_best"], runs.mean())
    rows = np.genfromtxt(results_folder() / "recipe.csv", None, delimiter=",", names=True)
    for approach in (1, 2):
        kept = rows["habits"] == " + ".join(recipe.KEPT[approach])
        runs = rows["accuracy"][(rows["approach"] == approach) & kept]
        assert np.isclose(v.metrics[f"better_approach_{approach}_accuracy"], runs.mean())
    # Poisson's equation, solved in full on a small graph: what flows out of an image flows in.
    few = torch.rand(300, 5, generator=torch.Generator().manual_seed(0))
    edges, known = graph.neighbour_graph(few), np.full(300, -1)
    known[[0, 1, 2, 3]] = [0, 1, 2, 0]
    dense = np.diag(edges.toarray().sum(1)) - edges.toarray()
    exact = np.linalg.lstsq(dense, graph.sources(known), rcond=None)[0]
    found = graph.poisson(edges, known)
    assert (found.argmax(1) == exact.argmax(1)).mean() > 0.98
    # The live graph, by another way to its neighbours.
    drawn = draw(v.truth, 10, v.seed)
    assert sorted(v.truth[drawn].tolist()) == list(range(10)) and (v.label_of >= 0).sum() == 10
    right = [name == true for name, true, label in zip(v.names, v.truth, v.label_of) if label < 0]
    assert np.isclose(v.named_right, 100 * np.mean(right), atol=1e-4)
