"""What a lesson shows of its numbers is what they are, and a check and a claim can fail."""

import json
import runpy
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from odd_calls import NOTHING_LIKE_IT, assert_refused
from torch.nn.functional import cross_entropy

from aelib import display, lesson, results
from aelib.data import Split, load_data
from aelib.evaluation import Measured, accuracy, mean_squared_error
from aelib.lesson import check, claim, predict, report, show_claims
from aelib.results import claim_counts, is_fact
from aelib.settings import CLAIMS_MIME, METRICS_MIME
from aelib.training import train

DEFAULTS = {"train_size": 6_000, "epochs": 20, "seed": 7}
WHOLE = {"training_loss": [0.5] * 20, "validation_loss": []}
STOPPED = {"training_loss": [0.5] * 2, "validation_loss": []}


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    runs = {"MNIST": {"approach_1_accuracy": [95.0, 95.2, 95.4, 95.1, 95.3]}}
    spread = {"settings": {"train_size": 6_000, "epochs": 20}, "runs": runs}
    monkeypatch.setattr(lesson, "_spread", lambda: spread)
    monkeypatch.setattr(lesson, "_claims", {})
    monkeypatch.delenv("AELIB_SPREAD", raising=False)


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as in a notebook: a list of bundles."""
    bundles = []
    monkeypatch.setattr(lesson, "display_bundle", bundles.append)
    return bundles


@pytest.fixture(scope="module")
def data():
    return load_data("digits", 200, 100, 0)


# Checks -----------------------------------------------------------------------------------------


def checked(value, source="MNIST", name="approach_1_accuracy", history=WHOLE, **settings):
    check(source, {**DEFAULTS, **settings}, {name: value}, history)


def test_a_number_inside_its_band_gives_words_that_do_not_move_with_it(capsys):
    printed = set()
    for value in (94.9, 95.2, 95.5):
        checked(value)
        printed.add(capsys.readouterr().out)
    assert printed == {"ok: approach_1_accuracy is inside its band\n"}


@pytest.mark.parametrize("value", [87.34, 99.0, float("nan")])
def test_a_number_outside_its_band_fails(value):
    message = rf"approach_1_accuracy is {value:.4f} on MNIST; 93.7\d+ to 96.6\d+ was expected"
    with pytest.raises(AssertionError, match=message):
        checked(value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"epochs": 5}, "Not checked: the bands hold for the default epochs."),
        ({"train_size": 5, "epochs": 5}, "Not checked: the bands hold for the default train_size"),
        ({"name": "mse"}, "Not checked: no band has been measured for mse."),
        ({"source": "digits"}, "Not checked: no band has been measured for approach_1_accuracy."),
        ({"history": STOPPED}, "Not checked: a training was stopped after 2 of 20 epochs."),
    ],
)
def test_what_has_no_band_is_not_said_to_be_ok(capsys, changed, said):
    checked(12.0, **changed)
    assert capsys.readouterr().out.startswith(said)


def test_no_run_is_checked_by_bands_that_are_being_measured(monkeypatch, capsys):
    monkeypatch.setenv("AELIB_SPREAD", "measuring")
    checked(12.0)
    assert capsys.readouterr().out == "Not checked: the bands are being measured.\n"


def test_a_lesson_without_training_is_checked_too():
    with pytest.raises(AssertionError, match="was expected"):
        check("MNIST", {"train_size": 6_000, "seed": 0}, {"approach_1_accuracy": 12.0})


def test_the_committed_bands_are_those_that_are_used(monkeypatch):
    monkeypatch.undo()
    assert lesson._spread() == json.loads((results.results_folder() / "spread.json").read_text())


# Reports ----------------------------------------------------------------------------------------


def test_a_report_stores_the_numbers_with_their_source(shown):
    report("MNIST", {"mse": 0.01, "share": Measured(95.5, "%"), "count": np.int64(3)})
    [bundle] = shown
    assert bundle[METRICS_MIME] == {"source": "MNIST", "mse": 0.01, "share": 95.5, "count": 3.0}
    assert {type(v) for v in bundle[METRICS_MIME].values()} == {str, float}
    assert bundle["text/plain"].splitlines() == [
        "Measured on MNIST, a single run",
        "mse       0.0100",
        "share    95.50 %",
        "count     3.0000",
    ]
    rows = "<tr><th>mse</th><td>0.0100</td><td></td></tr><tr><th>share</th><td>95.50 %</td>"
    assert rows in bundle["text/html"]


def test_the_heading_of_a_report_is_what_was_run(shown):
    report("MNIST", {"mse": 0.01}, heading="From the table: 16 <runs>")
    assert shown[0]["text/plain"].splitlines()[0] == "From the table: 16 <runs>"
    assert "<caption>From the table: 16 &lt;runs&gt;</caption>" in shown[0]["text/html"]


def test_a_unit_is_said_by_the_number_and_not_guessed_from_its_name(shown):
    report("MNIST", {"mse": Measured(1.5, "%"), "accuracy": 0.955})
    assert [line.split()[1:] for line in shown[0]["text/plain"].splitlines()[1:]] == [
        ["1.50", "%"],
        ["0.9550"],
    ]


def scores(data, split, predicted=None):
    images, labels = getattr(data, split)
    blurred = images * 0.9
    return accuracy(labels if predicted is None else predicted, labels), mean_squared_error(
        blurred, images
    )


def test_a_report_names_the_split_that_a_number_was_measured_on(shown, data):
    (test, test_error), (full, full_error) = scores(data, "test"), scores(data, "full_test")
    metrics = {"a": test, "b_full_test": full, "mse": test_error, "mse_full_test": full_error}
    report(data, metrics)
    rests = [line.split("  ")[-1].strip() for line in shown[0]["text/plain"].splitlines()[1:]]
    assert rests == [
        "({:.1f} to {:.1f}) on 100 images of test".format(*test.interval),
        "({:.1f} to {:.1f}) on 10,000 images of full_test".format(*full.interval),
        "on 100 images of test",
        "on 10,000 images of full_test",
    ]
    assert shown[0][METRICS_MIME]["source"] == "digits (stand-in)"


@pytest.mark.parametrize("which", [0, 1], ids=["accuracy", "error"])
@pytest.mark.parametrize(
    ("split", "name"),
    [
        ("train", "approach_1_accuracy"),
        ("validation", "approach_1_accuracy"),
        ("full_test", "approach_1_accuracy"),
        ("test", "approach_1_accuracy_full_test"),
        ("train", "approach_1_accuracy_full_test"),
        ("test", "approach_1_accuracy_train"),
    ],
)
def test_a_number_of_another_split_is_not_reported(shown, data, split, name, which):
    value = scores(data, split)[which]
    assert_refused(report, data, {name: value}, says=f"measured on the {split} split")
    assert_refused(check, data, DEFAULTS, {name: value}, says=f"measured on the {split} split")
    assert shown == []


def test_a_number_of_other_images_is_reported_with_their_count_only(shown, data):
    report(data, {"a": accuracy([1, 2], [1, 3]), "b_train": scores(data, "train")[0], "c": 1.0})
    lines = shown[0]["text/plain"].splitlines()
    assert lines[1].endswith("on 2 images")
    assert lines[2].endswith("on 200 images of train")
    assert lines[3].endswith("1.0000")


def test_whatever_form_the_images_have_their_split_is_known(shown, data):
    pixels = load_data("digits", 200, 100, 0, as_bytes=True)
    assert pixels.test.images.dtype == torch.uint8
    report(pixels, {"mse": scores(data, "test")[1]})
    report(data, {"a": accuracy(data.test.labels.tolist(), data.test.labels.numpy())})
    assert all("100 images of test" in bundle["text/plain"] for bundle in shown)


# Claims -----------------------------------------------------------------------------------------


def test_a_claim_that_holds_says_nothing_and_one_that_does_not_is_said(capsys):
    claim("codes_help", "Codes help.", True)
    assert capsys.readouterr().out == ""
    claim("pca_wins", "PCA wins.", np.bool_(False))
    assert capsys.readouterr().out == "In this run it does not hold: PCA wins.\n"


def test_claims_are_shown_folded_and_stored(shown, monkeypatch):
    monkeypatch.setattr(lesson, "claim_counts", lambda source: {})
    claim("codes_help", "Codes <help>.", torch.tensor(True))
    claim("pca_wins", "PCA wins.", False)
    claim("often", "Mostly, it falls.", True)
    show_claims("MNIST", DEFAULTS, WHOLE)
    [bundle] = shown
    assert bundle[CLAIMS_MIME] == {
        "source": "MNIST",
        "claims": {"codes_help": True, "pca_wins": False, "often": True},
        "facts": ["codes_help", "pca_wins"],
    }
    assert bundle["text/plain"].splitlines() == [
        "Claims of this lesson: 2 of 3 hold in this run",
        "holds: Codes <help>.",
        "does not hold in this run: PCA wins.",
        "holds: Mostly, it falls.",
    ]
    assert bundle["text/html"].startswith("<details><summary>Claims of this lesson: 2 of 3")
    assert "<li>holds: Codes &lt;help&gt;.</li>" in bundle["text/html"]


def test_a_claim_comes_with_the_share_of_runs_that_bear_it_out(shown, monkeypatch):
    monkeypatch.setattr(
        lesson, "claim_counts", lambda source: {"pca_wins": (14, 20)} if source == "MNIST" else {}
    )
    claim("pca_wins", "PCA wins.", True)
    for source in ("MNIST", "digits"):
        show_claims(source, DEFAULTS)
    said = [bundle["text/plain"].splitlines()[1] for bundle in shown]
    assert said == ["holds: PCA wins. (in 14 of 20 runs)", "holds: PCA wins."]


def test_a_claim_made_again_counts_once(shown):
    claim("codes_help", "Codes help.", False)
    claim("codes_help", "Codes help.", True)
    show_claims("MNIST", DEFAULTS)
    assert shown[0][CLAIMS_MIME]["claims"] == {"codes_help": True}


@pytest.mark.parametrize(
    ("settings", "history", "reason"),
    [
        (DEFAULTS, STOPPED, "a training was stopped after 2 of 20 epochs"),
        ({**DEFAULTS, "epochs": 2}, STOPPED, "the bands hold for the default epochs"),
    ],
)
def test_claims_are_not_judged_where_a_training_was_stopped(shown, settings, history, reason):
    claim("codes_help", "Codes help.", True)
    show_claims("MNIST", settings, WHOLE, history)
    [bundle] = shown
    assert CLAIMS_MIME not in bundle
    assert bundle["text/plain"].splitlines() == [
        f"Claims of this lesson: 1, not judged, as {reason}",
        "not judged: Codes help.",
    ]


OWN = {"epochs": 20, "batch_size": 100, "learning_rate": 0.001, "seed": 7}


def trained(data, training=None, validation=None, **changed):
    """A history as `train` returns it, of a network of one number for each class."""
    pairs = (training or data.train, data.validation if validation is None else validation)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    settings = {**OWN, **changed}
    return train(model, pairs[0], cross_entropy, validation=pairs[1], **settings)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "ok: approach_1_accuracy is inside its band"),
        ({"epochs": 15}, "Not checked: a training had epochs=15, not 20."),
        ({"learning_rate": 0.003}, "Not checked: a training had learning_rate=0.003, not 0.001."),
        ({"batch_size": 50}, "Not checked: a training had batch_size=50, not 100."),
        ({"seed": 0}, "Not checked: a training had seed=0, not 7."),
        ({"training": "test"}, "Not checked: a training had other targets than those of the train"),
        ({"training": "half"}, "Not checked: a training had other targets than those of the train"),
        ({"validation": "test"}, "Not checked: a training had other targets than those of the val"),
    ],
)
def test_a_training_that_the_lesson_does_not_tell_of_is_not_judged(data, capsys, changed, said):
    half = Split(*(tensor[:100] for tensor in data.train))
    given = {k: {"test": data.test, "half": half}.get(v, v) for k, v in changed.items()}
    history = trained(data, **given)
    named = replace(data, source="MNIST")
    check(named, {**DEFAULTS, **OWN}, {"approach_1_accuracy": 95.2}, WHOLE, history)
    assert capsys.readouterr().out.startswith(said)


def test_without_validation_images_a_training_is_judged(data, capsys):
    empty = Split(*(tensor[:0] for tensor in data.validation))
    named = replace(data, source="MNIST", validation=empty)
    for validation in (empty, ()):
        history = trained(named, validation=validation)
        check(named, {**DEFAULTS, **OWN}, {"approach_1_accuracy": 95.2}, history)
        assert capsys.readouterr().out.startswith("ok: ")


def test_claims_are_counted_while_the_bands_are_being_measured(shown, monkeypatch):
    monkeypatch.setenv("AELIB_SPREAD", "measuring")
    claim("codes_help", "Codes help.", True)
    show_claims("MNIST", DEFAULTS, WHOLE)
    assert shown[0][CLAIMS_MIME]["claims"] == {"codes_help": True}


def test_counts_of_claims_are_read_from_the_results(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "results_folder", lambda: tmp_path)
    assert claim_counts("MNIST") == {}
    counts = {"MNIST": {"codes_help": [19, 20], "pca_wins": [14, 20]}}
    (tmp_path / "claims.json").write_text(json.dumps(counts))
    assert claim_counts("MNIST") == {"codes_help": (19, 20), "pca_wins": (14, 20)}
    assert claim_counts("digits") == {}


@pytest.mark.parametrize(
    ("held", "runs", "fact"),
    [
        (19, 20, True),
        (18, 20, False),
        (20, 20, True),
        (0, 0, False),
        (10, 10, True),
        (9, 10, 0),
    ],
)
def test_a_fact_is_what_held_in_19_of_20_runs(held, runs, fact):
    assert is_fact(held, runs) == fact


# Outside a notebook -----------------------------------------------------------------------------


def test_in_a_script_a_report_is_a_table_and_claims_are_lines(capsys, tmp_path, monkeypatch):
    script = tmp_path / "script.py"
    script.write_text(
        "from aelib.lesson import claim, report, show_claims\n"
        "report('MNIST', {'mse': 0.01})\n"
        "claim('codes_help', 'Codes help.', True)\n"
        "show_claims('MNIST', {})\n"
    )
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setattr(display, "get_ipython", lambda: None)
    runpy.run_path(str(script))
    assert capsys.readouterr().out.splitlines() == [
        "Measured on MNIST, a single run",
        "mse     0.0100",
        "Claims of this lesson: 1 of 1 hold in this run",
        "holds: Codes help.",
    ]


def test_in_a_notebook_a_report_is_displayed_in_all_its_forms(monkeypatch):
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


# Odd calls --------------------------------------------------------------------------------------

NO_METRICS = [None, {}, [], "mse", 0.01, {"mse"}]
NO_VALUES = {k: v for k, v in NOTHING_LIKE_IT.items() if k != "a generator"} | {
    "a truth value": True,
    "a number as text": "0.01",
    "a row": [0.1, 0.2],
    "a tensor of two": torch.ones(2),
}
NO_DATA = [v for k, v in NOTHING_LIKE_IT.items() if k != "a text"] + ["", "  ", 5]
NO_HISTORIES = [None, [0.5], {"loss": [0.5]}, "history"]


@pytest.mark.parametrize("metrics", NO_METRICS, ids=repr)
def test_what_are_no_metrics_is_refused(metrics):
    assert_refused(report, "MNIST", metrics, says="metrics")
    assert_refused(check, "MNIST", DEFAULTS, metrics, says="metrics")


@pytest.mark.parametrize("value", NO_VALUES.values(), ids=NO_VALUES)
def test_what_is_no_number_is_refused(value):
    assert_refused(report, "MNIST", {"mse": value}, says="mse")
    assert_refused(check, "MNIST", DEFAULTS, {"mse": value}, says="mse")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), torch.tensor(float("nan"))])
def test_what_was_not_measured_is_not_reported(value):
    """JSON has no NaN, and a reader nothing from it."""
    assert_refused(report, "MNIST", {"mse": value}, says="mse is not a finite number")


@pytest.mark.parametrize("data", NO_DATA, ids=lambda value: repr(value)[:20])
def test_what_is_no_data_is_refused(data):
    assert_refused(report, data, {"mse": 0.01}, says="data")
    assert_refused(check, data, DEFAULTS, {"mse": 0.01}, says="data")
    assert_refused(show_claims, data, DEFAULTS, says="data")


@pytest.mark.parametrize("name", [1, "", None, ("a",)], ids=repr)
def test_a_metric_needs_a_name(name):
    assert_refused(report, "MNIST", {name: 0.01}, says="name")


@pytest.mark.parametrize("settings", [None, [], "epochs", 5], ids=repr)
def test_what_are_no_settings_is_refused(settings):
    assert_refused(check, "MNIST", settings, {"mse": 0.01}, says="settings")
    assert_refused(show_claims, "MNIST", settings, says="settings")


@pytest.mark.parametrize("history", NO_HISTORIES, ids=repr)
def test_what_is_no_history_is_refused(history):
    assert_refused(check, "MNIST", DEFAULTS, {"mse": 0.01}, history, says="history")
    assert_refused(show_claims, "MNIST", DEFAULTS, history, says="history")


@pytest.mark.parametrize("name", [None, "", "Codes help", "codes-help", "1st", 5, b"codes"])
def test_a_claim_needs_a_plain_name(name):
    assert_refused(claim, name, "Codes help.", True, says="name")


@pytest.mark.parametrize("sentence", [None, "", "  ", 5, ["Codes help."], b"Codes help."])
def test_a_claim_needs_a_sentence(sentence):
    assert_refused(claim, "codes_help", sentence, True, says="codes_help")


@pytest.mark.parametrize(
    "holds", [None, 1, 0, "yes", [True], 0.5, torch.ones(2) > 0, torch.tensor(1), np.array([True])]
)
def test_whether_a_claim_holds_is_true_or_false(holds):
    assert_refused(claim, "codes_help", "Codes help.", holds, says="codes_help")


@pytest.mark.parametrize(
    ("guess", "came", "said"),
    [
        (94, 94.5, "you said 94, it is 94.5. As good as right!"),
        (90, 94.53, "you said 90, it is 94.53. Close: 4.53 too low."),
        ("99 %", torch.tensor(60.0), "you said 99, it is 60. Off by some way: 39 too high."),
        ("0,5", 0.52, "you said 0.5, it is 0.52. Close: 0.02 too low."),
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


def test_a_prediction_can_be_a_word(capsys):
    prediction = predict("the winner", " pca", among=("PCA", "autoencoder"))
    prediction.compare("PCA")
    prediction.compare("autoencoder")
    assert capsys.readouterr().out.splitlines() == [
        "Noted, the winner: PCA.",
        "the winner: you said PCA, it is PCA. Right!",
        "the winner: you said PCA, it is autoencoder. Not this time. Why not?",
    ]


def test_a_lesson_runs_without_a_prediction(capsys):
    predict("the number").compare(0.5)
    predict("the winner", None, among=("PCA", "autoencoder")).compare("PCA")
    assert capsys.readouterr().out.splitlines() == [
        "the number: 0.5. You had predicted nothing.",
        "the winner: PCA. You had predicted nothing.",
    ]


@pytest.mark.parametrize("guess", ["many", "", float("nan"), [1], "inf"])
def test_a_guess_of_no_use_is_not_noted_and_stops_nothing(guess, capsys):
    predict("the number", guess).compare(3)
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"Not noted: {guess!r} is not a number."
    assert second == "the number: 3. You had predicted nothing."


def test_a_word_that_cannot_be_chosen_is_not_noted(capsys):
    predict("the winner", "SVM", among=("PCA", "autoencoder"))
    assert capsys.readouterr().out == "Not noted: 'SVM' is not one of PCA, autoencoder.\n"
