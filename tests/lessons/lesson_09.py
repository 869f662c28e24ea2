"""What lesson 9 says of its own run, on the digits, and its numbers computed once more."""

import json
from pathlib import Path

import numpy as np
import torch

from aelib.own_images.contest import FOLDS, assign_folds
from aelib.own_images.methods import BY_CODE, METHODS, SPREADING

FACTS = {
    "without any, the lesson runs on 1,797 small digits": lambda v: v.images or v.count == 1_797,
    "So the copies listed above stay on the same side.": lambda v: all(
        len(assign_folds(v.mine.labels, v.mine.groups, v.seed)[positions].unique()) == 1
        for positions in v.together
    ),
    "Nine compete": lambda v: len(METHODS) == v.rows.method.nunique() == 9,
    "The last three have the autoencoder's code": lambda v: METHODS[6:] == BY_CODE,
    "the same five **draws**": lambda v: sorted(v.rows.draw.unique()) == [*range(FOLDS)],
    "In each, another fifth of your labelled images is put aside for the test": lambda v: (
        v.count > 20_000
        or v.rows[v.rows.method == v.verdict["method"]].groupby("labels").tested.sum().max()
        == v.named.sum()
    ),
    "on 500 images at most": lambda v: len(v.points) == min(v.count, 500),
    "neither of the two takes part: they would be “from scratch” once more": lambda v: (
        v.images or {*SPREADING}.isdisjoint(v.rows[v.rows.labels == v.rows.labels.max()].method)
    ),
}
HEDGED = {}


def second_look(v):
    if not v.images:  # Each of the digits was written into the folder of its class.
        assert [v.mine.classes[n] for n in v.mine.labels] == [
            Path(f).parts[0] for f in v.mine.files
        ]
    # The error once more, by numpy, and in another batch size.
    with torch.no_grad():
        pixels = v.mine.images.numpy() / np.float32(255)
        again = v.autoencoder(torch.from_numpy(pixels[:100])).numpy()
    errors = np.square(again - pixels[:100]).mean((1, 2, 3))
    assert np.allclose(errors, v.errors[:100], rtol=1e-3, atol=1e-5)
    assert np.isclose(v.metrics["own_images_reconstruction_mse"], np.mean(v.errors.numpy()))
    # The exchanged labels that the list has found.
    wrong = set(np.flatnonzero(v.swapped.numpy() != v.mine.labels.numpy()))
    first = set(v.ranking[: len(wrong)].tolist())
    share = 100 * len(wrong & first) / len(wrong)
    assert np.isclose(v.metrics["own_images_exchanged_labels_found"], share)
    # The verdict and its figure, from the rows of the draws.
    labels, method = v.rows.labels.max(), v.verdict["method"]
    scores = [r.accuracy for r in v.rows.itertuples() if (r.labels, r.method) == (labels, method)]
    assert np.isclose(v.metrics["own_images_best_accuracy"], np.mean(scores))
    assert len(scores) == FOLDS and v.verdict["low"] <= np.mean(scores) <= v.verdict["high"]
    lines = {one.get_label(): one.lines[0].get_ydata()[-1] for one in v.figure.axes[0].containers}
    means = v.rows[v.rows.labels == labels].groupby("method").accuracy.mean()
    assert all(np.isclose(lines[name], mean) for name, mean in means.items())
    stored = json.loads((v.runs / "verdict.json").read_text(encoding="utf-8"))
    assert stored["method"] == method and abs(stored["accuracy"] - np.mean(scores)) < 0.01
    # What was saved names most of what it has learned from.
    with torch.no_grad():
        named = v.loaded(torch.from_numpy(pixels[v.named])).argmax(1)
    assert (named == v.mine.labels[v.named]).float().mean() > min(scores) / 100 - 0.1
