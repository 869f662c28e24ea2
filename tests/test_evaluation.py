"""Scores are exact, intervals are those of the literature, and a check can fail."""

import json

import numpy as np
import pytest
import torch

from aelib import lesson
from aelib.evaluation import (
    accuracy,
    accuracy_interval,
    band,
    mean_interval,
    paired_comparison,
    reconstruction_errors,
    win_probability,
)
from aelib.lesson import METRICS_MIME, check, report
from aelib.results import results_folder

MEASURED = json.loads(results_folder().joinpath("spread.json").read_text())


@pytest.mark.parametrize(("wrong", "of", "percent"), [(0, 10, 100), (1, 4, 75), (7, 8, 12.5)])
def test_accuracy_is_correct_by_all_and_nothing_else(wrong, of, percent):
    """Divided by n + 1, as in the original, no score would reach 100 %."""
    labels = torch.arange(of)
    predicted = labels + (labels < wrong)
    assert accuracy(predicted, labels) == percent
    assert accuracy(predicted.numpy(), labels.numpy()) == percent


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
    assert paired_comparison(torch.tensor(first), torch.tensor(second), labels) == expected


def test_a_reconstruction_error_is_of_each_image():
    images = torch.zeros(3, 1, 28, 28)
    reconstructions = images.clone()
    reconstructions[1] = 0.5
    reconstructions[2, :, :, :7] = 2
    assert reconstruction_errors(reconstructions, images).tolist() == [0, 0.25, 1]


def test_intervals_of_a_new_value_and_of_the_mean():
    """Student's t with 2 degrees of freedom: 31.599 and 4.3027, by any table."""
    assert band([1, 2, 3]) == pytest.approx((2 - 31.599 * (4 / 3) ** 0.5, 38.487), abs=1e-3)
    assert mean_interval([1, 2, 3]) == pytest.approx((2 - 4.3027 / 3**0.5, 4.4842), abs=1e-4)


def test_the_probability_that_one_more_difference_is_above_zero():
    """With 2 degrees of freedom Student's t has a formula: 1/2 + t / (2 sqrt(2 + t^2))."""
    assert win_probability([1, 2, 3]) == pytest.approx(0.5 + (3 / 5) ** 0.5 / 2)
    assert win_probability([-1, 0, 1]) == pytest.approx(0.5)
    assert win_probability([-3, -2, -1]) == pytest.approx(0.5 - (3 / 5) ** 0.5 / 2)


# Checks -----------------------------------------------------------------------------------------


@pytest.fixture
def measured(monkeypatch):
    runs = {"MNIST": {"approach_1_accuracy": [95.0, 95.2, 95.4, 95.1, 95.3]}}
    spread = {"settings": {"train_size": 6_000, "epochs": 20}, "runs": runs}
    monkeypatch.setattr(lesson, "_spread", lambda: spread)


def checked(value, source="MNIST", name="approach_1_accuracy", **settings):
    check(source, {"train_size": 6_000, "epochs": 20, "seed": 7, **settings}, {name: value})


def test_a_number_inside_its_band_gives_words_that_do_not_move_with_it(measured, capsys):
    printed = set()
    for value in (94.9, 95.2, 95.5):
        checked(value)
        printed.add(capsys.readouterr().out)
    assert printed == {"ok: approach_1_accuracy is inside its band\n"}


@pytest.mark.parametrize("value", [87.34, 99.0, float("nan")])
def test_a_number_outside_its_band_fails(measured, value):
    message = rf"approach_1_accuracy is {value:.4f} on MNIST; 93.7\d+ to 96.6\d+ was expected"
    with pytest.raises(AssertionError, match=message):
        checked(value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"epochs": 5}, "Not checked: the bands hold for the default epochs."),
        ({"name": "mse"}, "Not checked: no band has been measured for mse."),
        ({"source": "digits"}, "Not checked: no band has been measured for approach_1_accuracy."),
    ],
)
def test_what_has_no_band_is_not_said_to_be_ok(measured, capsys, changed, said):
    checked(12.0, **changed)
    assert capsys.readouterr().out == said + "\n"


def test_a_lesson_without_training_is_checked_too(measured):
    with pytest.raises(AssertionError, match="was expected"):
        check("MNIST", {"train_size": 6_000, "seed": 0}, {"approach_1_accuracy": 12.0})


def test_a_report_stores_the_numbers_with_their_source(monkeypatch):
    shown = []
    monkeypatch.setattr(lesson, "display", lambda bundle, raw: shown.append((bundle, raw)))
    report("MNIST", {"mse": 0.01, "accuracy": 95.5})
    [(bundle, raw)] = shown
    assert raw
    assert bundle[METRICS_MIME] == {"source": "MNIST", "mse": 0.01, "accuracy": 95.5}
    assert "MNIST, a single run" in bundle["text/plain"]
    assert bundle["text/plain"].splitlines()[1:] == ["mse       0.0100", "accuracy  95.50 %"]


# What was measured ------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["MNIST", "digits (stand-in)"])
def test_enough_runs_were_measured_for_bands_that_can_fail(source):
    runs = MEASURED["runs"][source]
    assert {"reconstruction_mse", "approach_1_accuracy", "approach_2_accuracy"} <= set(runs)
    for name, values in runs.items():
        low, high = band(values)
        assert len(values) >= 10, name
        assert 0 < high - low < np.mean(values), name


def test_the_goals_are_met_and_no_run_has_collapsed():
    runs = MEASURED["runs"]["MNIST"]
    assert np.mean(runs["reconstruction_mse_full_test"]) <= 0.011
    assert np.mean(runs["approach_1_accuracy_full_test"]) >= 95.0
    assert np.mean(runs["approach_2_accuracy_full_test"]) >= 97.0
    assert max(runs["reconstruction_mse_full_test"]) < 0.02
    assert min(runs["approach_1_accuracy_full_test"]) > 90
    assert min(runs["approach_2_accuracy_full_test"]) > 90
