"""Scores are exact, intervals are those of the literature, and a check can fail."""

import copy
import json
import pickle
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from odd_calls import NOTHING_LIKE_IT, assert_refused

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
    win_interval,
    win_probability,
)
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


def test_the_interval_of_a_probability_to_win_holds_the_true_one_in_19_of_20_samples():
    draws = np.random.default_rng(0).normal(0.8, 1.0, (500, 12))
    true = 0.7881  # Of a standard normal distribution below 0.8.
    held = [low <= true <= high for low, high in map(win_interval, draws)]
    assert 0.92 < np.mean(held) < 0.98
    low, high = win_interval(draws[0])
    assert low < win_probability(draws[0]) < high
    assert win_interval([1, 1, 1]) == (0, 1)
    # By hand: mean over deviation is 2, and its variance 1/3 + 2 ** 2 / (2 * 2).
    ends = [NormalDist().cdf(2 + side * 1.96 * (4 / 3) ** 0.5) for side in (-1, 1)]
    assert win_interval([1, 2, 3]) == pytest.approx(ends)


def test_holm_corrects_for_the_number_of_comparisons():
    """By hand: the smallest times four, the next times three, and none below one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]).tolist() == [1, 1]


# Odd calls --------------------------------------------------------------------------------------

LABELS = [1, 2, 3, 1]
NO_CLASSES = NOTHING_LIKE_IT | {
    "a scalar": 3,
    "a number": 3.0,
    "a truth value": True,
    "an array of no axes": np.array(3),
    "a tensor of no axes": torch.tensor(3),
    "nothing": [],
    "no tensor": torch.tensor([], dtype=torch.int64),
    "a column": torch.tensor([LABELS]).T,
    "a row": np.array([LABELS]),
    "one-hot": torch.nn.functional.one_hot(torch.tensor(LABELS)),
    "class scores": torch.rand(4, 10),
    "whole floats": [1.0, 2.0, 3.0, 1.0],
    "float tensor": torch.tensor(LABELS).float(),
    "half precision": torch.tensor(LABELS).bfloat16(),
    "probabilities": [0.1, 0.9, 0.5, 0.5],
    "NaN": [1, 2, float("nan"), 1],
    "truth values": [True, False, True, True],
    "right or wrong": torch.tensor(LABELS) == 1,
    "below zero": [1, 2, -1, 1],
    "digits as texts": ["1", "2", "3", "1"],
    "one fewer": [1, 2, 3],
    "one more": [1, 2, 3, 1, 2],
    "only one": [1],
    "three axes": np.zeros((4, 1, 1), int),
}
CLASSES = {
    "list": LABELS,
    "tuple": tuple(LABELS),
    "series": pd.Series(LABELS, index=[9, 8, 7, 6]),
    "range": range(4),
    **{str(dtype): np.array(LABELS, dtype) for dtype in ("int8", "uint8", "int32", "uint64")},
    **{str(dtype): torch.tensor(LABELS, dtype=dtype) for dtype in (torch.uint8, torch.int32)},
    "strided": torch.tensor(LABELS).repeat_interleave(2)[::2],
    "scalars": [torch.tensor(value) for value in LABELS],
}
NO_NUMBER = {k: v for k, v in NOTHING_LIKE_IT.items() if k != "a generator"} | {
    "a truth value": False,
    "a text of digits": "95",
    "many": np.array([95.0, 96.0]),
    "one, boxed": torch.tensor([95.0]),
}
NO_PERCENT = {"below": -0.1, "above": 100.1, "NaN": float("nan"), "infinite": float("inf")}
NO_COUNT = {"none": 0, "below": -1, "a float": 1000.0, "NaN": float("nan"), "labels": LABELS}
NO_SAMPLE = NOTHING_LIKE_IT | {
    "a scalar": 1.0,
    "no axes": torch.tensor(1.0),
    "nothing": [],
    "one": [95.0],
    "NaN": [1.0, float("nan")],
    "infinite": torch.tensor([1.0, float("inf")]),
    "as good as infinite": [1.0, 1e200],
    "two axes": np.ones((3, 2)),
    "truth values": [True, False],
    "numbers as texts": ["1", "2"],
    "complex numbers": np.array([1j, 2j]),
}
IMAGES = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
NO_IMAGES = NOTHING_LIKE_IT | {
    "an array": IMAGES.numpy(),
    "a list": IMAGES.tolist(),
    "one fewer": IMAGES[:4],
    "one, which broadcasts": IMAGES[:1],
    "no channel": IMAGES[:, 0],
    "one image": IMAGES[0],
    "flat": IMAGES.flatten(1),
    "smaller, which broadcasts": IMAGES[:, :, :1],
    "in colour, which broadcasts": IMAGES.expand(5, 3, 28, 28),
    "none": IMAGES[:0],
    "whole numbers": IMAGES.long(),
    "truth values": IMAGES > 0.5,
    "errors": IMAGES.flatten(1).mean(1),
}


def odd(**tables):
    """Parameters: which argument is odd, and the value it has."""
    return pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param(name, value, id=f"{name}, {kind}")
            for name, table in tables.items()
            for kind, value in table.items()
        ],
    )


@odd(predicted=NO_CLASSES, labels=NO_CLASSES)
def test_accuracy_refuses_what_are_no_classes(name, value):
    good = {"predicted": LABELS, "labels": torch.tensor(LABELS)}
    assert_refused(accuracy, **{**good, name: value}, says=name)


@odd(first=NO_CLASSES, second=NO_CLASSES, labels=NO_CLASSES)
def test_a_paired_comparison_refuses_what_are_no_classes(name, value):
    good = {"first": np.array(LABELS), "second": LABELS, "labels": torch.tensor(LABELS)}
    assert_refused(paired_comparison, **{**good, name: value}, says=name)


@pytest.mark.parametrize("labels", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("predicted", CLASSES.values(), ids=CLASSES)
def test_classes_are_the_same_in_whatever_they_come(predicted, labels):
    known = [list(map(int, values)) for values in (predicted, labels)]
    right = [one == other for one, other in zip(*known, strict=True)]
    assert accuracy(predicted, labels) == 25 * sum(right)
    assert paired_comparison(predicted, torch.tensor(known[1]), labels) == (
        (0, 4 - sum(right), 2 / 2 ** (4 - sum(right))) if sum(right) < 4 else (0, 0, 1.0)
    )


@odd(percent=NO_NUMBER | NO_PERCENT, count=NO_NUMBER | NO_COUNT)
def test_an_interval_refuses_what_is_no_accuracy_or_count(name, value):
    assert_refused(accuracy_interval, **{"percent": 95.0, "count": 1_000, name: value}, says=name)


@pytest.mark.parametrize("count", [1_000, np.int64(1_000), torch.tensor(1_000)], ids=type)
@pytest.mark.parametrize("percent", [95, 95.0, np.float32(95), torch.tensor(95.0)], ids=type)
def test_an_interval_takes_any_number(percent, count):
    assert accuracy_interval(percent, count) == accuracy_interval(95.0, 1_000)


@pytest.mark.parametrize("function", [band, mean_interval, win_probability, win_interval])
@pytest.mark.parametrize("value", NO_SAMPLE.values(), ids=NO_SAMPLE)
def test_a_spread_refuses_what_has_none(function, value):
    assert_refused(function, value, says="values")


@pytest.mark.parametrize("values", [[1, 2, 4], (1.0, 2, 4), torch.tensor([1, 2, 4])], ids=type)
def test_a_spread_takes_any_row_of_numbers(values):
    for function in (band, mean_interval, win_probability):
        assert function(values) == function(np.array([1.0, 2.0, 4.0]))


def test_values_almost_equal_have_no_spread_either():
    """The square of their difference is too small to be told from 0."""
    assert band([0.0, 1e-190]) == mean_interval([0.0, 1e-190]) == (0, 0)
    assert win_probability([0.0, 1e-190]) == 0.5


@pytest.mark.parametrize("value", [0.1, 0.0, -3])
def test_equal_values_have_a_spread_of_zero(value, capsys):
    values = [value] * 3
    assert band(values) == mean_interval(values) == (value, value)
    assert win_probability(values) == {0.1: 1, 0.0: 0.5, -3: 0}[value]
    check_value("x", value, values, "MNIST")
    assert capsys.readouterr().out == "ok: x is inside its band\n"
    with pytest.raises(AssertionError, match="x is .* was expected"):
        check_value("x", value + 0.1, values, "MNIST")


@odd(reconstructions=NO_IMAGES, images=NO_IMAGES)
def test_reconstruction_errors_refuse_what_does_not_fit(name, value):
    good = {"reconstructions": IMAGES, "images": IMAGES}
    assert_refused(reconstruction_errors, **{**good, name: value}, says=name)


def test_bytes_are_compared_as_what_the_networks_see():
    """As they are, their difference would wrap round at 256."""
    pixels = (255 * IMAGES).byte()
    errors = reconstruction_errors(IMAGES, pixels / 255)
    assert reconstruction_errors(IMAGES, pixels).equal(errors)
    assert reconstruction_errors(pixels, IMAGES).allclose(errors)
    assert reconstruction_errors(pixels, 255 - pixels).max() < 1


@odd(value=NO_NUMBER)
def test_a_check_refuses_what_is_no_number(name, value):
    assert_refused(check_value, "mse", value, [1.0, 2.0], "MNIST", says="mse")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=50))
def test_accuracy_is_a_count_whatever_the_classes(pairs):
    predicted, labels = zip(*pairs, strict=True)
    score = accuracy(predicted, np.array(labels))
    assert score == pytest.approx(100 * sum(a == b for a, b in pairs) / len(pairs))
    low, high = score.interval
    assert 0 <= low <= score + 1e-9 and score - 1e-9 <= high <= 100


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30),
    st.sampled_from([band, mean_interval]),
)
def test_an_interval_holds_the_mean_whatever_the_values(values, function):
    low, high = function(values)
    slack = 1e-9 * max(1, *map(abs, values))
    assert low - slack <= np.mean(values) <= high + slack
    assert 0 <= win_probability(values) <= 1
    assert win_probability(values) + win_probability([-v for v in values]) == pytest.approx(1)


# Scores -----------------------------------------------------------------------------------------


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
    low, high = accuracy_interval(94.8, 1_000)
    line = score_line("approach_1", score)
    assert line.split() == f"approach_1 94.80 % ({low:.1f} to {high:.1f}) on 1,000 images".split()
    assert len(score_line("a_longer_name", score)) == len(line)


@odd(score=NO_NUMBER | {"a plain number": 94.8})
def test_a_score_without_its_count_has_no_interval(name, value):
    assert_refused(score_line, "approach_1", value, says=name)


@pytest.mark.slow
def test_scores_and_training_need_no_notebook():
    """A worker of several processes must not wait for IPython and matplotlib."""
    script = (
        "import sys, aelib.evaluation, aelib.models, aelib.studies, aelib.training\n"
        "print({'IPython', 'matplotlib', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


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
