"""Scores are exact, intervals are those of the literature, and a check can fail."""

import copy
import json
import pickle
import subprocess
import sys
from math import comb

import numpy as np
import pandas as pd
import pytest
import torch

from aelib.evaluation import (
    Accuracy,
    accuracy,
    accuracy_interval,
    band,
    check_value,
    holm,
    mean_interval,
    paired_comparison,
    reconstruction_errors,
    score_line,
    share_interval,
)
from aelib.results import results_folder

LABELS = [1, 2, 3, 1]


@pytest.mark.parametrize(("wrong", "of", "percent"), [(0, 10, 100), (1, 4, 75), (7, 8, 12.5)])
@pytest.mark.parametrize("convert", [list, tuple, np.uint8, np.int64, pd.Series, torch.tensor])
def test_accuracy_is_correct_by_all_and_nothing_else(wrong, of, percent, convert):
    """Divided by n + 1, as in the original, no score would reach 100 %."""
    labels = torch.arange(of)
    predicted = (labels + (labels < wrong)).tolist()
    assert accuracy(convert(predicted), labels) == percent
    assert accuracy(labels, convert(predicted)) == percent


@pytest.mark.parametrize(
    "odd",
    [
        torch.tensor(LABELS).float(),
        torch.nn.functional.one_hot(torch.tensor(LABELS)),
        torch.tensor([LABELS]).T,
        torch.tensor(LABELS) == 1,
        np.array(["1", "2", "3", "1"]),
        [],
    ],
    ids=repr,
)
def test_what_are_no_classes_is_one_clear_error(odd):
    for pair in ((odd, LABELS), (LABELS, odd), (odd, odd), ([1], LABELS), (LABELS, [1, 2, 3])):
        for compare in (accuracy, lambda *pair: paired_comparison(*pair, pair[1])):
            with pytest.raises(ValueError, match=r"classes are whole numbers \(N,\)"):
                compare(*pair)


def test_an_accuracy_knows_its_unit_and_how_many_images_it_comes_from():
    score = accuracy([1, 2, 3, 4], [1, 2, 3, 3])
    assert (score, score.unit, score.count) == (75.0, "%", 4)
    assert score.interval == accuracy_interval(75, 4)
    assert f"{score:.1f}" == "75.0" and json.dumps(score) == "75.0"
    for again in (copy.copy(score), pickle.loads(pickle.dumps(score))):
        assert (type(again), again, again.count) == (Accuracy, 75.0, 4)
    assert type(score + 1) is type(score / 2) is float


def test_a_score_is_printed_with_its_interval_and_count():
    score = accuracy([1] * 948 + [2] * 52, [1] * 1_000)
    line = score_line("approach_1", score)
    assert " ".join(line.split()) == "approach_1 94.80 % (93.2 to 96.0) on 1,000 images"
    assert len(score_line("a_longer_name", score)) == len(line)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_the_interval_is_wilsons(right, count, low, high):
    """The examples of Newcombe (1998), table I, method 3."""
    interval = accuracy_interval(100 * right / count, count)
    assert interval == pytest.approx((low, high), abs=0.005)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 1, 1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 1, 1, 1, 1], (1, 3, 2 * (1 + 4) / 2**4)),
        ([1] * 9, [1] + [0] * 8, (8, 0, 2 / 2**8)),
        ([1, 0], [1, 0], (0, 0, 1.0)),
        ([2, 0], [3, 0], (0, 0, 1.0)),  # Both wrong, if differently.
    ],
)
def test_the_paired_comparison_is_mcnemars(first, second, expected):
    labels = torch.ones(len(first), dtype=torch.int64)
    assert paired_comparison(torch.tensor(first), second, labels) == expected


def test_a_reconstruction_error_is_of_each_image():
    images = torch.zeros(3, 1, 28, 28)
    reconstructions = images.clone()
    reconstructions[1] = 0.5
    reconstructions[2, :, :, :7] = 2
    assert reconstruction_errors(reconstructions, images).tolist() == [0, 0.25, 1]
    with pytest.raises(ValueError, match=r"are \(1, 1, 28, 28\), images \(3, 1, 28, 28\)"):
        reconstruction_errors(reconstructions[:1], images)


def test_bytes_are_compared_as_what_the_networks_see():
    """As they are, their difference would wrap round at 256."""
    images = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    pixels = (255 * images).byte()
    assert reconstruction_errors(images, pixels).equal(reconstruction_errors(images, pixels / 255))
    assert reconstruction_errors(pixels, 255 - pixels).max() < 1


def test_intervals_of_a_new_value_and_of_the_mean():
    """Student's t with 2 degrees of freedom: 31.599 and 4.3027, by any table."""
    for values in ([1, 2, 3], torch.tensor([1.0, 2.0, 3.0])):
        assert band(values) == pytest.approx((2 - 31.599 * (4 / 3) ** 0.5, 38.487), abs=1e-3)
        assert mean_interval(values) == pytest.approx((2 - 4.3027 / 3**0.5, 4.4842), abs=1e-4)


@pytest.mark.parametrize(("count", "total"), [(0, 20), (2, 16), (15, 16), (7, 7)])
def test_the_interval_of_a_count_is_exact(count, total):
    """At its ends so few or so many are seen in one case of forty, by adding up the cases."""
    low, high = (end / 100 for end in share_interval(np.int64(count), total))

    def at_most(seen, share):
        return sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(seen + 1))

    assert at_most(count, high) == pytest.approx(0.025) if count < total else high == 1
    assert 1 - at_most(count - 1, low) == pytest.approx(0.025) if count else low == 0


def test_holm_corrects_for_the_number_of_comparisons():
    """By hand: the smallest times four, the next times three, and none below one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]).tolist() == [1, 1]


@pytest.mark.parametrize("value", [0.1, 0.0, -3])
def test_equal_values_have_a_spread_of_zero(value, capsys):
    values = [value] * 3
    assert band(values) == mean_interval(values) == (value, value)
    check_value("x", value, values, "MNIST")
    assert capsys.readouterr().out == "ok: x is inside its band\n"
    for other in (value + 0.1, float("nan")):
        with pytest.raises(AssertionError, match="x is .* was expected"):
            check_value("x", other, values, "MNIST")


@pytest.mark.parametrize("source", ["MNIST", "digits (stand-in)"])
def test_enough_runs_were_measured_for_bands_that_can_fail(source):
    runs = json.loads(results_folder().joinpath("spread.json").read_text())["runs"][source]
    assert {"reconstruction_mse", "approach_1_accuracy", "approach_2_accuracy"} <= set(runs)
    for name, values in runs.items():
        low, high = band(values)
        assert len(values) >= 10, name
        assert 0 < high - low < np.mean(values), name
    if source == "MNIST":  # The goals are met, and no run has collapsed.
        mse, *accuracies = (
            runs[f"{name}_full_test"]
            for name in ("reconstruction_mse", "approach_1_accuracy", "approach_2_accuracy")
        )
        assert np.mean(mse) <= 0.011 and max(mse) < 0.02
        assert np.all(np.mean(accuracies, 1) >= (95, 97)) and np.min(accuracies) > 90


@pytest.mark.slow
def test_nobody_waits_for_what_they_do_not_use():
    """A process that only trains needs no notebook, and one that draws no scikit-learn."""
    script = "import sys, aelib.evaluation, aelib.models, aelib.training\n"
    script += "print({'IPython', 'matplotlib', 'sklearn'} & set(sys.modules))\n"
    script += "import aelib.figures.play, aelib.figures.diagram, aelib.lesson\n"
    script += "print({'sklearn', 'pandas', 'ipywidgets', 'aelib.results'} & set(sys.modules))"
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "set()\nset()\n"
