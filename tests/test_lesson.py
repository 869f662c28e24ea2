"""What a lesson shows of its numbers is what they are, and a check can fail."""

import inspect
import json

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from aelib import display, evaluation, lesson, results
from aelib.data import Data, Split
from aelib.evaluation import Measured, accuracy
from aelib.lesson import check, predict, report
from aelib.settings import METRICS_MIME

DEFAULTS = {"train_size": 6_000, "epochs": 20, "seed": 7}
WHOLE = {"training_loss": [0.5] * 20, "validation_loss": []}
STOPPED = {"training_loss": [0.5] * 2, "validation_loss": []}


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    runs = {"MNIST": {"approach_1_accuracy": [95.0, 95.2, 95.4, 95.1, 95.3]}}
    spread = {"settings": {"train_size": 6_000, "epochs": 20}, "runs": runs}
    monkeypatch.setattr(lesson, "_spread", lambda: spread)
    monkeypatch.delenv("AELIB_SPREAD", raising=False)


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as in a notebook: a list of bundles."""
    bundles = []
    monkeypatch.setattr(lesson, "display_bundle", bundles.append)
    return bundles


# Checks -----------------------------------------------------------------------------------------


def checked(value, source="MNIST", name="approach_1_accuracy", histories=(WHOLE,), **settings):
    check(source, {**DEFAULTS, **settings}, {name: value}, *histories)


def test_a_number_inside_its_band_gives_words_that_do_not_move_with_it(capsys):
    printed = set()
    for value in (93.8, 95.2, Measured(96.6, "%")):
        checked(value)
        printed.add(capsys.readouterr().out)
    assert printed == {"ok: approach_1_accuracy is inside its band\n"}


@pytest.mark.parametrize("value", [93.7, 96.7, float("nan")])
@pytest.mark.parametrize("histories", [(), (WHOLE, WHOLE)], ids=["untrained", "trained"])
def test_a_number_outside_its_band_fails(value, histories):
    message = rf"approach_1_accuracy is {value:.4f} on MNIST; 93.7\d+ to 96.6\d+ was expected"
    with pytest.raises(AssertionError, match=message):
        checked(value, histories=histories)


def test_a_check_fails_where_python_leaves_out_its_asserts():
    """As with `python -O`."""
    module = {"__name__": "optimised"}
    exec(compile(inspect.getsource(evaluation), "optimised", "exec", optimize=2), module)
    with pytest.raises(AssertionError, match="mse is 9.0000"):
        module["check_value"]("mse", 9.0, [1.0, 1.1, 1.2, 1.1], "MNIST")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"epochs": 5}, "the bands hold for the default epochs"),
        ({"train_size": 5, "epochs": 5}, "the bands hold for the default train_size, epochs"),
        ({"name": "mse"}, "no band has been measured for mse"),
        ({"source": "digits"}, "no band has been measured for approach_1_accuracy"),
        ({"histories": [WHOLE, STOPPED]}, "a training was stopped after 2 of 20 epochs"),
    ],
)
def test_what_has_no_band_is_not_said_to_be_ok(capsys, changed, said):
    checked(12.0, **changed)
    assert capsys.readouterr().out == f"Not checked: {said}.\n"


def test_no_run_is_checked_by_bands_that_are_being_measured(monkeypatch, capsys):
    monkeypatch.setenv("AELIB_SPREAD", "measuring")
    checked(12.0)
    assert capsys.readouterr().out == "Not checked: the bands are being measured.\n"


def test_the_committed_bands_are_those_that_are_used(monkeypatch):
    monkeypatch.undo()
    assert lesson._spread() == json.loads((results.results_folder() / "spread.json").read_text())


# Reports ----------------------------------------------------------------------------------------


def test_a_report_shows_the_numbers_that_it_stores_with_their_source(shown):
    score = accuracy([1] * 948 + [2] * 52, [1] * 1_000)
    metrics = {"mse": 0.01, "share": Measured(95.5, "%"), "a <b>": np.int64(3), "score": score}
    report("MNIST", metrics)
    [bundle] = shown
    stored = {"source": "MNIST", "mse": 0.01, "share": 95.5, "a <b>": 3.0, "score": 94.8}
    assert bundle[METRICS_MIME] == stored
    assert {type(v) for v in bundle[METRICS_MIME].values()} == {str, float}
    assert bundle["text/plain"].splitlines() == [
        "Measured on MNIST, a single run",
        "mse       0.0100",
        "share    95.50 %",
        "a <b>     3.0000",
        "score    94.80 %  (93.2 to 96.0) on 1,000 images",
    ]
    assert bundle["text/html"] == (
        "<table><caption>Measured on MNIST, a single run</caption>"
        "<tr><th>mse</th><td>0.0100</td><td></td></tr>"
        "<tr><th>share</th><td>95.50 %</td><td></td></tr>"
        "<tr><th>a &lt;b&gt;</th><td>3.0000</td><td></td></tr>"
        "<tr><th>score</th><td>94.80 %</td><td>(93.2 to 96.0) on 1,000 images</td></tr></table>"
    )


def test_a_report_says_what_was_run_and_on_what(shown):
    report("MNIST", {"mse": 0.01}, heading="From the table: 16 <runs>")
    assert shown[0]["text/plain"].splitlines()[0] == "From the table: 16 <runs>"
    assert "<caption>From the table: 16 &lt;runs&gt;</caption>" in shown[0]["text/html"]
    report("leaves", {"mse": 0.01}, key="own_images")
    assert shown[1][METRICS_MIME] == {"own_images": "leaves", "mse": 0.01}
    none = Split(torch.empty(0), torch.empty(0))
    report(Data("digits (stand-in)", none, none, none, none), {"mse": torch.tensor(0.5)})
    assert shown[2][METRICS_MIME] == {"source": "digits (stand-in)", "mse": 0.5}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), torch.tensor(float("nan"))])
def test_what_was_not_measured_is_not_reported(value, shown):
    """JSON has no NaN, and a reader nothing from it."""
    with pytest.raises(ValueError, match="mse is not a finite number"):
        report("MNIST", {"share": 1.0, "mse": value})
    assert shown == []


def test_in_a_script_a_report_is_a_table(capsys, monkeypatch):
    monkeypatch.setattr(display, "get_ipython", lambda: None)
    report("MNIST", {"mse": 0.01})
    assert capsys.readouterr().out == "Measured on MNIST, a single run\nmse     0.0100\n"


def test_in_a_notebook_a_report_is_displayed_in_all_its_forms():
    InteractiveShell.clear_instance()
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            report("MNIST", {"mse": 0.01})
    finally:
        InteractiveShell.clear_instance()
    [output] = captured.outputs
    assert set(output.data) == {"text/plain", "text/html", METRICS_MIME}
    assert captured.stdout == ""


# Predictions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guess", "came", "said"),
    [
        (94, 94.5, "you said 94, it is 94.5. As good as right!"),
        (90, 94.53, "you said 90, it is 94.53. Close: 4.53 too low."),
        ("99 %", torch.tensor(60.0), "you said 99, it is 60. Off by some way: 39 too high."),
        (5, 40, "you said 5, it is 40. That is 8 times too low."),
        (0.07, 0.0089, "you said 0.07, it is 0.0089. That is 7.9 times too high."),
        (1, 0, "you said 1, it is 0. Off by some way: 1 too high."),
        (0, 0, "you said 0, it is 0. As good as right!"),
        (-1, 2, "you said -1, it is 2. Off by some way: 3 too low."),
        (99, 100, "you said 99, it is 100. As good as right!"),
        (98, 100, "you said 98, it is 100. Close: 2 too low."),
        (110, 100, "you said 110, it is 100. Close: 10 too high."),
        (111, 100, "you said 111, it is 100. Off by some way: 11 too high."),
        (2, 1, "you said 2, it is 1. That is 2 times too high."),
        (-8, -1, "you said -8, it is -1. That is 8 times too high."),
    ],
)
def test_a_prediction_is_compared_with_what_came(guess, came, said, capsys):
    prediction = predict("the number", guess)
    assert capsys.readouterr().out.startswith("Noted, the number: ")
    prediction.compare(came)
    assert capsys.readouterr().out == f"the number: {said}\n"


@pytest.mark.parametrize(
    ("guess", "number"),
    [
        *(("1,000", 1_000), ("12,345", 12_345), ("-1,000", -1_000), ("1,234,567", 1_234_567)),
        *(("1,000.5", 1_000.5), ("1_000", 1_000), ("1e3", 1_000)),
        *(("0,5", 0.5), ("94,5 %", 94.5), ("1,0000", 1), ("1,00", 1), ("0,125", 0.125)),
        *((" 95% ", 95), ("95.125", 95.125), (np.float32(0.5), 0.5), (3, 3)),
    ],
)
def test_a_number_is_read_as_it_is_written_in_the_one_language_or_the_other(guess, number):
    assert predict("the number", guess).guess == number


@pytest.mark.parametrize("guess", ["many", "", float("nan"), [1], "inf", "1,00,0", object])
def test_a_guess_of_no_use_is_not_noted_and_stops_nothing(guess, capsys):
    predict("the number", guess).compare(3)
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"Not noted: {guess!r} is not a number."
    assert second == "the number: 3. You had predicted nothing."


def test_a_prediction_can_be_a_word(capsys):
    prediction = predict("the winner", " pca", among=("PCA", "autoencoder"))
    prediction.compare("PCA")
    prediction.compare("autoencoder")
    predict("the winner", "SVM", among=("PCA", "autoencoder"))
    assert capsys.readouterr().out.splitlines() == [
        "Noted, the winner: PCA.",
        "the winner: you said PCA, it is PCA. Right!",
        "the winner: you said PCA, it is autoencoder. Not this time. Why not?",
        "Not noted: 'SVM' is not one of PCA, autoencoder.",
    ]


def test_a_lesson_runs_without_a_prediction(capsys):
    predict("the number").compare(0.5)
    predict("the winner", None, among=("PCA", "autoencoder")).compare("PCA")
    assert capsys.readouterr().out.splitlines() == [
        "the number: 0.5. You had predicted nothing.",
        "the winner: PCA. You had predicted nothing.",
    ]
