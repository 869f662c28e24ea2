"""What lesson 9 says of a folder is no surer than its draws, and finds what was put there."""

import json
import os
import resource
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import mse_loss

from aelib.contest import draws, methods
from aelib.contest.look import copies, suspicious_labels, swap_labels, worst_reconstructed
from aelib.contest.methods import METHODS, OneScale, learn, pretrain, spread_labels
from aelib.contest.verdict import in_words, judge, paired_interval, save_verdict
from aelib.data import Split
from aelib.data.digits import write_digits
from aelib.data.folder import read_images
from aelib.evaluation import accuracy
from aelib.models import Autoencoder
from aelib.settings import check_settings
from aelib.training import infer, train
from tools.lessons import ROOT
from tools.mutants import copy_project


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "digits"
    write_digits(folder)
    return read_images(folder)


@pytest.fixture(scope="module")
def autoencoder(digits):
    return pretrain(digits.images, "small", 0)[0]


def rows(scores, tested=200, noise=1.0, seed=0):
    """Ten draws of methods whose mean accuracies are given by number of labels."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {
                "draw": draw,
                "labels": labels,
                "method": method,
                "accuracy": min(100, mean[method] + noise * generator.normal()),
                "tested": tested,
            }
            for draw in range(10)
            for labels, mean in scores.items()
            for method in METHODS
        ]
    )


def even(value, **others):
    names = {"best": methods.SPREAD, "scratch": methods.SCRATCH, "pixels": methods.PIXELS}
    return {**dict.fromkeys(METHODS, value), **{names[key]: v for key, v in others.items()}}


# The verdict -------------------------------------------------------------------------------------


def test_a_clear_winner_is_named_and_sure():
    verdict = judge(rows({50: even(60, best=70), 500: even(80, best=90)}), 10)
    assert verdict["method"] == methods.SPREAD
    assert verdict["sure"] and verdict["ties"] == []
    assert verdict["labels"] == 500
    assert verdict["low"] < 90.5 and verdict["high"] > 89.5
    assert [part["low"] > 0 for part in verdict["code"]] == [True, True]
    assert "ahead of every other" in in_words(verdict)[0]
    assert "the code helps" in "".join(in_words(verdict))


def test_where_all_are_alike_the_simplest_is_named():
    verdict = judge(rows({50: even(60), 500: even(80)}, tested=5_000, noise=0.2), 10)
    assert verdict["method"] == methods.PIXELS
    assert verdict["sure"]  # That none is more than a point better, that is.
    assert set(verdict["ties"]) == set(METHODS) - {methods.PIXELS}
    assert "do not tell" in in_words(verdict)[0]
    assert "no difference" in "".join(in_words(verdict))


def test_a_lead_within_chance_is_not_sure():
    verdict = judge(rows({50: even(60), 500: even(80, best=81.5)}, tested=20, noise=5.0), 10)
    assert not verdict["sure"]
    assert "Not sure" in in_words(verdict)[0]


def test_a_code_that_does_harm():
    worse = {method: 60 if method in methods.BY_CODE else 80 for method in METHODS}
    verdict = judge(rows({50: worse, 500: worse}), 10)
    assert verdict["method"] not in methods.BY_CODE
    assert all(part["high"] < 0 for part in verdict["code"])
    assert "does not help" in "".join(in_words(verdict))


def test_nothing_learned_is_said_so():
    verdict = judge(rows({50: even(50), 500: even(50)}, tested=5_000, noise=0.2), 51)
    assert not verdict["sure"] and not verdict["learned"]
    assert "No method" in in_words(verdict)[0]


def test_perfect_scores_are_no_proof():
    """On 60 images all methods can be right by chance: nothing is known to a point."""
    perfect = rows({4: even(100), 54: even(100)}, tested=6, noise=0)
    verdict = judge(perfect, 50)
    assert not verdict["sure"]
    assert verdict["accuracy"] == 100 and verdict["low"] < 95
    assert judge(rows({4: even(100), 54: even(100)}, tested=2_000, noise=0), 50)["sure"]


@pytest.mark.slow
def test_who_is_named_and_sure_is_rarely_a_point_worse_than_the_best():
    """Many sets with known means; draws as noisy as those of a few hundred images."""
    generator = np.random.default_rng(0)
    wrong = sure = 0
    for seed in range(100):
        means = dict(zip(METHODS, 80 + generator.normal(0, 1.5, len(METHODS)), strict=True))
        verdict = judge(rows({50: means, 500: means}, noise=0.8, seed=seed), 10)
        if verdict["sure"]:
            sure += 1
            wrong += max(means.values()) - means[verdict["method"]] > 1
    assert sure > 30
    assert wrong <= 0.05 * sure


def test_paired_interval():
    low, high = paired_interval([1.0, 2.0, 3.0], 10_000)
    assert (low, high) == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-3)
    wider = paired_interval([1.0, 2.0, 3.0], 10_000, comparisons=5)
    assert wider[0] < low and wider[1] > high
    assert paired_interval([0.0] * 10, 60) == (-5, 5)


def test_the_verdict_as_a_file(tmp_path):
    verdict = judge(rows({50: even(60), 500: even(80, best=83)}), 10)
    save_verdict(tmp_path / "verdict.json", verdict)
    stored = json.loads((tmp_path / "verdict.json").read_text())
    keys = {"method", "accuracy", "low", "high", "sure", "labels", "contest"}
    assert keys <= stored.keys()
    assert type(stored["sure"]) is bool and type(stored["labels"]) is int
    found = [(row["labels"], row["method"]) for row in stored["contest"]]
    assert sorted(found) == sorted((count, method) for count in (50, 500) for method in METHODS)
    assert stored["low"] <= stored["accuracy"] <= stored["high"]


def test_twice_the_labels():
    halving = {50: even(60), 500: even(80)}  # Ten times the labels halve the error.
    twice = judge(rows(halving, noise=0, tested=100_000), 10)["twice"]
    assert twice["labels"] == 1_000
    assert twice["gain"] == pytest.approx(20 * (1 - 0.5**0.30103), abs=0.01)


# Images to look at again -------------------------------------------------------------------------


@pytest.mark.slow
def test_most_of_three_per_cent_wrong_labels_are_found(digits, autoencoder):
    codes = infer(autoencoder.encoder, digits.images).flatten(1)
    for seed in range(3):
        swapped, where = swap_labels(digits.labels, 0.03, seed)
        assert len(where) == 54
        assert ((swapped != digits.labels).nonzero().squeeze(1)).equal(where.sort().values)
        ranking, doubts, suggested = suspicious_labels(codes, swapped, digits.groups)
        first = torch.isin(ranking[:54], where)
        assert first.float().mean() >= 0.7
        right = suggested[:54][first] == digits.labels[ranking[:54][first]]
        assert right.float().mean() > 0.9
        assert (doubts.diff() <= 1e-9).all()


def test_labels_are_exchanged_in_a_copy():
    labels = torch.arange(100) % 4
    labels[::10] = -1
    before = labels.clone()
    swapped, where = swap_labels(labels, 0.1, 0)
    assert labels.equal(before) and (swapped[where] != labels[where]).all()
    assert (swapped[::10] == -1).all()


def test_copies_do_not_vouch_for_a_wrong_label():
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(60, 4, generator=generator)
    codes[30:] += 10
    labels = (torch.arange(60) >= 30).long()
    codes[:12] = codes[0]  # Twelve copies, all with the wrong label.
    labels[:12] = 1
    groups = torch.arange(60)
    assert suspicious_labels(codes, labels, groups)[0][:12].sort().values.tolist() != [*range(12)]
    groups[:12] = 0
    assert suspicious_labels(codes, labels, groups)[0][:12].sort().values.tolist() == [*range(12)]
    codes[:28], groups[:28] = codes[0], 0  # With none but copies near, nobody disagrees.
    ranking, doubts, _ = suspicious_labels(codes, torch.arange(60) // 30, groups)
    assert doubts.max() < 1e-9


def test_copies_with_different_labels_are_listed_first():
    groups, labels = torch.tensor([0, 1, 0, 2, 2, 3, 3]), torch.tensor([0, 1, 0, 0, 1, -1, 1])
    assert copies(groups, labels) == [[3, 4], [0, 2], [5, 6]]


@pytest.mark.slow
def test_an_odd_image_is_among_the_worst(digits, autoencoder):
    images = digits.images.clone()
    generator = torch.Generator().manual_seed(0)
    images[100] = torch.randint(0, 256, (1, 28, 28), generator=generator).byte()
    errors, worst = worst_reconstructed(autoencoder, images)
    assert worst[0] == 100
    assert torch.equal(errors[worst], errors.sort(descending=True).values)


# The methods -------------------------------------------------------------------------------------


def test_one_number_scales_all_components():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(500, 48, generator=generator) * torch.arange(1, 49)
    scaled = OneScale(features)(features)
    assert scaled.mean(0).abs().max() < 1e-4
    assert scaled.square().sum(1).mean() == pytest.approx(48, rel=0.01)
    ratios = scaled.std(0) / features.std(0)
    assert ratios.max() == pytest.approx(ratios.min().item(), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("moves", ["none", "mirror"])
def test_every_method_learns(digits, autoencoder, moves):
    pool, labels = digits.images[:600], digits.labels
    weights = [parameter.clone() for parameter in autoencoder.parameters()]
    for method in METHODS if moves == "none" else (methods.PIXELS, methods.SCRATCH):
        labelled = Split(pool[:200], labels[:200])
        model = learn(method, labelled, pool, autoencoder.encoder, 10, moves, 0)
        outputs = infer(model, digits.images[600:])
        assert outputs.shape == (1_197, 10)
        least = 85 if moves == "none" else 60  # A mirrored digit is another.
        assert accuracy(outputs.argmax(1), labels[600:]) > least, method
    assert all(map(torch.equal, weights, autoencoder.parameters()))


@pytest.mark.slow
def test_only_the_surest_seventy_per_cent_are_learned_from(digits, autoencoder):
    labelled = Split(digits.images[:50], digits.labels[:50])
    spread = spread_labels(labelled, digits.images[:600], autoencoder.encoder)
    assert torch.equal(spread.images[:50], labelled.images)
    assert 50 + 0.69 * 600 < len(spread.labels) < 50 + 0.72 * 600 + 10
    # Most of what was handed on is right.
    names = {image.numpy().tobytes(): n for image, n in zip(*digits_of(digits), strict=True)}
    right = [names[i.numpy().tobytes()] == n for i, n in zip(*spread, strict=True)]
    assert np.mean(right[50:]) > 0.85


def test_what_no_label_reaches_is_not_learned_from():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 50, (60, 1, 28, 28), generator=generator).byte()
    images[30:] += 200
    labelled = Split(images[:4], torch.tensor([0, 1, 0, 1]))
    spread = spread_labels(labelled, images, torch.nn.Identity())
    assert 4 < len(spread.labels) <= 34
    assert spread.images.max() < 200


def digits_of(digits):
    return digits.images, digits.labels


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 64, 64)])
def test_other_channels_and_sizes_train(shape):
    channels, size, _ = shape
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(64, *shape)
    for image, place in zip(images, torch.rand(64, 2, generator=generator), strict=True):
        top, left = (place * size / 2).long().tolist()
        image[:, top : top + size // 3, left : left + size // 4] = 1
    torch.manual_seed(0)
    model = Autoencoder(image_channels=channels, image_size=size)
    assert infer(model.encoder, images).shape == (64, 3, 4, 4)
    before = mse_loss(infer(model, images), images)
    fixed = {"batch_size": 16, "learning_rate": 0.005, "seed": 0}
    train(model, (images, images), mse_loss, validation=(), epochs=10, **fixed)
    assert mse_loss(infer(model, images), images) < 0.5 * before
    bytes_ = (images * 255).byte()
    labels = (torch.arange(64) % 2).long()
    learn(methods.TUNED, Split(bytes_, labels), bytes_, model.encoder, 2, "small", 0)


@pytest.mark.slow
def test_a_draw_learns_nothing_from_what_it_tests(digits, monkeypatch):
    """The tested images, and copies of them, are in no pool."""
    seen = []

    def watch(images, *_):
        seen.append(images)
        raise InterruptedError

    monkeypatch.setattr(draws, "pretrain", watch)
    groups = digits.groups.clone()
    groups[:20] = groups[0]
    for draw in range(10):
        with pytest.raises(InterruptedError):
            draws.run_draw(digits.images, digits.labels, groups, 10, [50], "none", 0, draw)
    keys = [{image.numpy().tobytes() for image in images} for images in seen]
    copies = [image.numpy().tobytes() for image in digits.images[:20]]
    assert [len({copy in pool for copy in copies}) for pool in keys] == [1] * 10
    assert sum(copies[0] in pool for pool in keys) == 9
    assert all(1_590 < len(images) < 1_640 for images in seen)


@given(st.integers(60, 60_000), st.integers(2, 100))
@settings(deadline=None)
def test_label_counts_rise_and_fit(labelled, classes):
    if labelled < 4.5 * classes:
        return
    counts = draws.label_counts(labelled, classes)
    assert counts == sorted(set(counts)) and 2 <= len(counts) <= 3
    assert 2 * classes <= counts[0] and counts[-1] <= labelled


@pytest.mark.parametrize(
    ("name", "value"),
    [("images", 5), ("moves", "flip"), ("moves", True), ("skip_unreadable", 1)],
)
def test_parameters_that_cannot_be_used(name, value):
    with pytest.raises(ValueError, match=name):
        check_settings(**{name: value})


# The lesson --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_lesson_on_a_folder(tmp_path):
    """A whole run on digits of MNIST's kind as PNG: all that the lesson promises is there."""
    folder = tmp_path / "my digits"
    write_digits(tmp_path / "all")
    for path in sorted((tmp_path / "all").rglob("*.png"))[::9]:
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    root = copy_project(ROOT, tmp_path / "project")
    for lesson in root.glob("notebooks/09*"):  # Ten draws would take two minutes.
        text = lesson.read_text(encoding="utf-8")
        assert "(mine, moves, seed)" in text
        text = text.replace("(mine, moves, seed)", "(mine, moves, seed, draws=2)")
        lesson.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "tools.run", "09", "--params", f"images={folder}"]
    here = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before
    runs = root / "runs"
    verdict = json.loads((runs / "verdict.json").read_text())
    assert verdict["method"] in METHODS
    assert 60 < verdict["low"] <= verdict["accuracy"] <= verdict["high"] <= 100
    assert (runs / "09_contest.png").stat().st_size > 5_000
    metrics = json.loads((runs / "metrics.json").read_text())
    assert metrics["own_images"] == "my digits"
    command = [sys.executable, "-m", "aelib.classify", runs / "model.safetensors", folder]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    lines = [line.split(",") for line in done.stdout.splitlines()[1:]]
    assert len(lines) == len(before)
    assert np.mean([file.split("/")[0] == name for file, name, _ in lines]) > 0.9
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_000_000
