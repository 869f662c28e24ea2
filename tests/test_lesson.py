"""What a lesson shows of its numbers is what they are, and a check can fail."""

import pytest

from aelib import lesson
from aelib.lesson import METRICS_MIME, check, report


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
