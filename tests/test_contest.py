"""The rules of lesson 9's contest: who learns for how long, of what, and what is said of it."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from aelib.contest import draws, methods
from aelib.contest.draws import run_contest, run_draw
from aelib.contest.methods import METHODS, Moves, epochs, learn, pretrain, principal_components
from aelib.contest.verdict import (
    code_in_words,
    gain_of_code,
    in_words,
    paired_interval,
    save_verdict,
    score,
)
from aelib.data import Split
from aelib.evaluation import accuracy_interval, mean_interval
from aelib.models import Encoder

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randint(0, 256, (60, 1, 28, 28), generator=GENERATOR).byte()


# Training ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "images", "batch_size", "expected"),
    [
        ((160, 600, 10), 100, 20, 32),  # 160 steps, 5 in an epoch.
        ((160, 600, 10), 3_000, 64, 6),  # 300 steps, 47 in an epoch.
        ((160, 600, 10), 9_000, 64, 4),  # 600 at most, 141 in an epoch.
        ((200, 600, 50), 60_000, 100, 1),
        ((1, 1, 10), 60_000, 10, 1),
    ],
)
def test_epochs_come_closest_to_the_steps_that_so_many_images_get(
    steps, images, batch_size, expected
):
    assert epochs(steps, images, batch_size) == expected


@pytest.fixture
def trainings(monkeypatch):
    """The arguments of what would have been trained."""
    calls = []
    monkeypatch.setattr(methods, "train", lambda *args, **settings: calls.append((args, settings)))
    return calls


@pytest.mark.parametrize(("labels", "batch_size"), [(20, 10), (60, 12), (600, 64)])
def test_every_method_has_the_same_steps_and_settings(trainings, labels, batch_size):
    positions = torch.arange(labels) % 60
    labelled = Split(IMAGES[positions], positions % 3)
    encoder = Encoder()
    for method in METHODS[:-1]:
        model = learn(method, labelled, IMAGES, encoder, 3, "small", 5)
        (moved, data, _), settings = trainings.pop()
        assert moved[1] is model and moved[0].moves == "small" and data is labelled
        assert settings == {
            "validation": (),
            "epochs": epochs((160, 600, 10), labels, batch_size),
            "batch_size": batch_size,
            "learning_rate": 0.01,
            "one_cycle": True,
            "seed": 5,
        }
        assert model(IMAGES.float() / 255).shape == (60, 3)
        trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
        assert any(name.startswith("0.") for name in trained) == (
            method in (methods.SCRATCH, methods.TUNED)
        ), method
        ours = getattr(model[0], "state_dict", dict)()
        theirs = encoder.state_dict()
        same = ours.keys() == theirs.keys() and all(ours[k].equal(theirs[k]) for k in ours)
        assert same == (method in (methods.FROZEN, methods.TUNED)), method
        assert model[0] is not encoder  # What one method trains, the next one does not get.
    assert all(weight.requires_grad for weight in encoder.parameters())


def test_pretraining_sees_images_only_and_repeats_by_its_seed(trainings):
    first, again, other = (pretrain(IMAGES, "mirror", seed)[0] for seed in (1, 1, 2))
    weights = [torch.cat([w.flatten() for w in one.parameters()]) for one in (first, again, other)]
    assert weights[0].equal(weights[1]) and not weights[0].equal(weights[2])
    (_, data, _), settings = trainings[0]
    assert data == (IMAGES, IMAGES)
    assert settings == {
        "validation": (),
        "epochs": epochs((200, 600, 50), 60, 100),
        "batch_size": 100,
        "learning_rate": 0.005,
        "one_cycle": True,
        "seed": 1,
    }


def test_images_are_moved_in_training_only_and_mirrored_where_that_is_asked_for():
    images = torch.rand(400, 1, 4, 4, generator=GENERATOR)
    for moves in ("none", "small", "mirror"):
        module = Moves(moves)
        assert module.eval()(images) is images
        module.train()
        assert (module(images) is images) == (moves == "none")
        module.affine = nn.Identity()
        moved = module(images)
        mirrored = (moved == images.flip(-1)).all((1, 2, 3))
        assert torch.where(mirrored[:, None, None, None], images.flip(-1), images).equal(moved)
        assert 150 < mirrored.sum() < 250 if moves == "mirror" else not mirrored.any()


@pytest.mark.parametrize("count", [60, 20])
def test_principal_components_are_48_or_as_many_as_there_can_be(count):
    projected = principal_components(IMAGES[:count])(IMAGES[:count] / 255)
    assert projected.shape == (count, min(48, count - 1))
    deviations = projected.std(0)
    assert (deviations.diff() < 1e-3).all()
    together = projected - projected.mean(0)
    crossed = together.T @ together
    assert (crossed - crossed.diag().diag()).abs().max() < 1e-2 * crossed.max()


# Draws -------------------------------------------------------------------------------------------


def test_a_draw_has_a_row_for_each_method_and_number_of_labels(monkeypatch):
    """With methods that name the label's own number, which stands in an image, rightly or not."""
    labels = torch.arange(60) % 3
    images = labels.byte()[:, None, None, None].expand(60, 1, 28, 28).contiguous()
    learned = []

    class Named(nn.Module):
        def __init__(self, method):
            super().__init__()
            self.wrong = METHODS.index(method) % 2

        def forward(self, images):
            number = (255 * images[:, 0, 0, 0]).round().long()
            return nn.functional.one_hot((number + self.wrong) % 3, 3).float()

    def learn(method, labelled, pool, encoder, classes, moves, seed):
        learned.append((method, len(labelled.labels), len(pool), encoder, classes, moves, seed))
        assert labelled.images[:, 0, 0, 0].tolist() == labelled.labels.tolist()
        return Named(method)

    autoencoder = type("Pair", (), {"encoder": "the encoder"})
    pretrained = []
    monkeypatch.setattr(
        draws, "pretrain", lambda *given: pretrained.append(given[1:]) or (autoencoder, None)
    )
    monkeypatch.setattr(draws, "learn", learn)
    monkeypatch.setattr(draws, "MOST_TESTED", 5)
    threads = torch.get_num_threads()
    rows = run_draw(images, labels, torch.arange(60), 3, [6, 30], "small", 4, 7)
    assert torch.get_num_threads() == threads
    assert pretrained == [("small", 11)]
    assert [(row["labels"], row["method"]) for row in rows] == [
        (count, method) for count in (6, 30) for method in METHODS
    ]
    assert learned == [
        (method, count, 54, "the encoder", 3, "small", 7) for count in (6, 30) for method in METHODS
    ]
    for row in rows:
        assert row["accuracy"] == (0 if METHODS.index(row["method"]) % 2 else 100)
        assert (row["draw"], row["tested"]) == (7, 5)


def test_a_contest_runs_every_draw_once_in_order(monkeypatch):
    asked = []

    def run_draw(images, labels, groups, classes, counts, moves, seed, draw):
        asked.append((len(images), classes, counts, moves, seed))
        return [{"draw": draw, "method": method} for method in "ab"]

    monkeypatch.setattr(draws, "usable_cores", lambda: 1)
    monkeypatch.setattr(draws, "run_draw", run_draw)
    labels = torch.arange(200) % 2
    labels[150:] = -1
    mine = type("Set", (), {})()
    mine.images, mine.labels, mine.groups = torch.zeros(200), labels, torch.arange(200)
    mine.classes = ["cat", "dog"]
    rows = run_contest(mine, "mirror", 3, draws=4)
    assert rows.draw.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert rows.method.tolist() == ["a", "b"] * 4
    # Of 150 labelled images 15 are tested in each draw, and 135 can be learned from.
    assert asked == [(200, 2, [8, 130], "mirror", 3)] * 4


# The verdict -------------------------------------------------------------------------------------


def test_the_reach_of_an_interval_grows_with_the_number_of_comparisons():
    """Student's t of two degrees of freedom is 9.925 at 0.5 per cent, by any table."""
    low, high = paired_interval([1.0, 2.0, 3.0], 10_000, comparisons=5)
    assert (low, high) == pytest.approx((2 - 9.925 / 3**0.5, 2 + 9.925 / 3**0.5), abs=1e-3)


def test_a_score_is_as_unsure_as_draws_and_images_are():
    rows = pd.DataFrame({"accuracy": [80.0, 90.0, 85.0], "tested": [1_000] * 3})
    mean, low, high = score(rows)
    assert mean == 85 and (low, high) == pytest.approx(mean_interval([80.0, 90.0, 85.0]))
    rows = pd.DataFrame({"accuracy": [84.9, 85.0, 85.1], "tested": [10] * 3})
    assert score(rows)[1:] == pytest.approx(accuracy_interval(85.0, 30))
    assert score(rows.assign(accuracy=[99.0, 100.0, 98.0]))[2] == 100
    perfect = (100, accuracy_interval(100.0, 30)[0], 100)
    assert score(rows.assign(accuracy=100.0)) == pytest.approx(perfect)
    assert score(rows.assign(accuracy=[0.0, 1.0, 0.5]))[1] == 0


def test_the_code_is_compared_by_the_best_of_either_side():
    means = dict(zip(METHODS, (70, 60, 75, 72, 71, 65), strict=True))
    noise = np.random.default_rng(0).normal(size=10)
    rows = pd.DataFrame(
        [
            {
                "draw": draw,
                "labels": 50,
                "method": method,
                "accuracy": mean + shift * (method == methods.FROZEN),
                "tested": 200,
            }
            for draw, shift in enumerate(noise)
            for method, mean in means.items()
        ]
    )
    gain = gain_of_code(rows)
    assert (gain["labels"], gain["method"], gain["against"]) == (
        50,
        methods.FROZEN,
        methods.SCRATCH,
    )
    assert gain["gain"] == pytest.approx(3 + noise.mean())
    assert (gain["low"], gain["high"]) == pytest.approx(paired_interval(3 + noise, 2_000, 9))


PART = {"labels": 1_000, "method": "PCA", "against": "pixels", "gain": 2.25}
VERDICT = {
    **{"method": "PCA", "accuracy": 91.26, "low": 90.0, "high": 92.5, "sure": True, "ties": []},
    **{"labels": 1_000, "learned": True, "guessing": 10.04, "at_most_behind": 0.53},
    "code": [{**PART, "low": 1.0, "high": 3.5}],
    "twice": {"labels": 2_000, "gain": 1.26, "low": 0.5, "high": 2.0},
}


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ({}, "Take “PCA”: it is ahead of every other by more than chance explains."),
        (
            {"ties": ["pixels", "from scratch"]},
            "Take “PCA”: no other is more than a point better. Ten draws do not tell it from "
            "pixels, from scratch.",
        ),
        (
            {"sure": False, "ties": ["pixels"]},
            "Not sure: take “PCA”, but another may be up to 0.5 points better. Ten draws do not "
            "tell it from pixels.",
        ),
    ],
)
def test_a_verdict_in_words(changed, first):
    assert in_words({**VERDICT, **changed}) == [
        first,
        "Expect 91.3 % right (90.0 to 92.5) on new images, with 1,000 labels.",
        "With 1,000 labels the code helps: PCA minus pixels is +2.2 points (+1.0 to +3.5).",
        "Twice the labels, 2,000, would bring about +1.3 points (+0.5 to +2.0).",
    ]


def test_where_nothing_was_learned_nothing_else_is_said():
    assert in_words({**VERDICT, "learned": False}) == [
        "No method does better than always naming the largest class (10.0 %). Either the images do "
        "not show what the labels say, or there are too few."
    ]


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (-3.0, -0.1, "the code does not help"),
        (-1.0, 0.0, "the code makes no difference that the draws could show"),
        (0.0, 1.0, "the code makes no difference that the draws could show"),
        (0.1, 1.0, "the code helps"),
    ],
)
def test_what_the_code_brings_in_words(low, high, says):
    assert f"With 1,000 labels {says}: " in code_in_words({**PART, "low": low, "high": high})


def test_a_verdict_on_disk_has_two_digits_and_its_sentences(tmp_path):
    save_verdict(tmp_path / "verdict.json", {**VERDICT, "accuracy": 91.2649})
    text = (tmp_path / "verdict.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    assert stored["accuracy"] == 91.26 and stored["code"][0]["gain"] == 2.25
    assert stored["sure"] is True and stored["labels"] == 1_000
    assert stored["in_words"] == in_words({**VERDICT, "accuracy": 91.2649})
    assert "“PCA”" in text and text.endswith("}\n")
