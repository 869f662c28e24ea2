"""The witness sees what a lesson has done, and says so where it is something else."""

import asyncio
import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import doubts
import nbformat
import pandas as pd
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook
from torch import nn

from aelib.contest.figures import picture_grid
from aelib.contest.look import worst_reconstructed
from aelib.data import load_data
from aelib.data.digits import write_digits
from aelib.data.folder import read_images
from aelib.models import Autoencoder
from aelib.results import PUBLISHED, results_folder
from aelib.studies import read_rows, replication
from aelib.training import train
from tools import check
from tools.lessons import ROOT, displayed_metrics, execute, find_lessons, read, witness
from tools.witness import WITNESSES, answers_of_neighbours, look, near, principal

GIVEN = {"source": "digits", "train_size": 200, "test_size": 100, "seed": 3}
NAMES = ("seconds_approach_1", "seconds_approach_2", "share_of_peak", "growth_60k_over_6k")


@pytest.fixture(scope="module")
def done():
    """The variables of lesson 8 after its last cell, as far as the witness looks at them."""
    stored = json.loads((results_folder() / "benchmark.json").read_text(encoding="utf-8"))
    metrics = {f"benchmark_{name}": stored[name] for name in NAMES}
    return {**GIVEN, "data": load_data(**GIVEN), "metrics": metrics}


def test_all_lessons_have_a_witness():
    assert list(WITNESSES) == list(find_lessons(ROOT / "notebooks"))


def test_what_was_done_as_told_passes(done):
    look("08_scaling_up", done)


@pytest.mark.parametrize(
    ("changed", "split"),
    [
        ({"seed": 0}, "train"),
        ({"train_size": 100, "test_size": 200}, "train"),
        ({"test_size": 101}, "test"),
    ],
    ids=["seed", "sizes exchanged", "size"],
)
def test_other_data_than_those_of_the_parameters_are_seen(done, changed, split):
    with pytest.raises(AssertionError, match=f"{split} is not that of the parameters"):
        look("08_scaling_up", {**done, "data": load_data(**{**GIVEN, **changed})})


def test_a_number_under_another_name_is_seen(done):
    metrics = dict(done["metrics"])
    one, two = (f"benchmark_seconds_approach_{approach}" for approach in (1, 2))
    metrics[one], metrics[two] = metrics[two], metrics[one]
    with pytest.raises(AssertionError):
        look("08_scaling_up", {**done, "metrics": metrics})


@pytest.mark.parametrize(("middle", "dead"), [("median", "<"), ("mean", "<"), ("median", ">")])
def test_a_mean_called_a_median_and_a_share_turned_round_are_seen(done, middle, dead):
    rows = read_rows("replication").query("source == 'mnist' and change == 'as published'")
    metrics = {}
    for size, suffix in ((6_000, ""), (60_000, "_60000")):
        for name in PUBLISHED:
            runs = rows[rows.train_size == size][name]
            share = (runs < 50).mean() if dead == "<" else (runs > 50).mean()
            metrics[f"replication_collapse_share_{name}{suffix}"] = share
            metrics[f"replication_median_accuracy_{name}{suffix}"] = getattr(runs, middle)()
    settings = {"batch_size": 100, "learning_rate": 0.01}
    losses = {}
    for decay in (0.01, 0.0):
        torch.manual_seed(2)
        network = nn.Sequential(replication.published_encoder(), replication.published_mlp())
        how = {**settings, "epochs": 6, "seed": GIVEN["seed"], "weight_decay": decay}
        history = train(network, done["data"].train, nn.functional.cross_entropy, **how)
        losses[f"weight decay {decay:g}"] = history["training_loss"]
    watched = {"brightest": {0: [1] * 4}, "differences": {0: [1] * 12}, "losses": losses}
    variables = {**done, **settings, **watched, "metrics": metrics, "live": GIVEN}
    if (middle, dead) == ("median", "<"):
        look("06_replication", variables)
        with_decay, without = losses.values()
        for changed in (
            {"live": {**GIVEN, "source": "mnist"}},
            {"losses": dict.fromkeys(losses, without)},
            {"losses": dict.fromkeys(losses, with_decay)},
        ):
            with pytest.raises(AssertionError):
                look("06_replication", {**variables, **changed})
    else:
        with pytest.raises(AssertionError):
            look("06_replication", variables)


def test_a_number_of_other_rows_is_seen(done):
    path = ROOT / "notebooks" / "07_labels.ipynb"
    [stored] = displayed_metrics(nbformat.read(path, as_version=4))
    look("07_labels", {**done, "metrics": stored})
    for name in ("better_approach_1_accuracy", "labels_100_finetuned_minus_scratch"):
        with pytest.raises(AssertionError):
            look("07_labels", {**done, "metrics": {**stored, name: stored[name] + 0.1}})
    changed = {**stored, "labels_10_best": stored["labels_100_best"]}
    with pytest.raises(AssertionError):
        look("07_labels", {**done, "metrics": changed})


def test_the_witness_has_ways_of_its_own(done):
    """They agree with scikit-learn's on the stand-in."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier

    train, images = done["data"].train, done["data"].test.images
    pixels = train.images.flatten(1)
    told = answers_of_neighbours(train, images)
    said = KNeighborsClassifier(3).fit(pixels, train.labels).predict(images.flatten(1))
    assert (told >= 0).sum() > 50
    assert (said == told.numpy())[told >= 0].all()
    rebuilt, deviations = principal(train)
    pca = PCA(48, svd_solver="full").fit(pixels)
    assert near(deviations, pca.explained_variance_**0.5, 1e-3)
    theirs = pca.inverse_transform(pca.transform(images.flatten(1)))
    assert abs(rebuilt(images).flatten(1).numpy() - theirs).max() < 1e-3


@pytest.mark.parametrize("running", [True, False])
def test_what_coverage_has_seen_in_a_kernel_is_kept(monkeypatch, done, running):
    saved = []
    measuring = SimpleNamespace(save=lambda: saved.append(True)) if running else None
    coverage = SimpleNamespace(Coverage=SimpleNamespace(current=lambda: measuring))
    monkeypatch.setitem(sys.modules, "coverage", coverage)
    look("08_scaling_up", done)
    assert saved == [True] * running
    monkeypatch.delitem(sys.modules, "coverage")
    look("08_scaling_up", done)


def test_no_number_of_lesson_9_can_be_another(monkeypatch, tmp_path):
    """On thirty images and two made-up draws: its contest takes too long here."""
    write_digits(tmp_path / "digits")
    mine = read_images(tmp_path / "digits")
    chosen = torch.arange(0, len(mine.images), len(mine.images) // 30)
    mine = dataclasses.replace(mine, images=mine.images[chosen], labels=mine.labels[chosen])
    mine.labels[3] = -1
    torch.manual_seed(0)
    autoencoder = Autoencoder()
    errors, worst = worst_reconstructed(autoencoder, mine.images)
    suspects = torch.arange(29, 4, -1)
    labels = [mine.classes[label] for label in mine.labels[suspects].tolist()]
    shown = {
        "largest reconstruction error": picture_grid(mine.images[worst[:20]], worst.tolist()),
        "whose neighbours": picture_grid(mine.images[suspects[:20]], [f"{x}?" for x in labels]),
    }
    monkeypatch.setattr("tools.witness.SHOWN", {f"Those with the {k}": v for k, v in shown.items()})
    rows = pd.DataFrame({"labels": 20, "method": ["a", "b"] * 2, "accuracy": [50.0, 60, 52, 63]})
    counts = mine.labels[mine.labels >= 0].bincount(minlength=10)
    variables = {"mine": mine, "autoencoder": autoencoder, "errors": errors, "worst": worst}
    variables |= {"suspects": suspects, "rows": rows, "counts": counts}
    variables["guessing"] = 100 * counts.max().item() / counts.sum().item()
    variables["verdict"] = {
        "contest": [
            {"labels": 20, "method": "a", "accuracy": 51.0},
            {"labels": 20, "method": "b", "accuracy": 61.5},
        ]
    }
    assert doubts.unnoticed("09_your_own_images", variables) == []
    for axis, label in zip(shown["whose neighbours"].axes, labels[::-1], strict=False):
        axis.set_title(f"{label}, not what it is?", loc="center")
    with pytest.raises(AssertionError):
        look("09_your_own_images", variables)


#: What a witness looks at in part.
IN_PART = {"losses['without']", "rows['image']", "rows['without']"}
IN_PART |= {"classifiers['approach 1']", "held_out"}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(WITNESSES)[:5])
def test_no_number_of_a_lesson_can_be_another(name, monkeypatch):
    monkeypatch.setenv("AELIB_THREADS", "1")
    few = {"source": "digits", "train_size": 500, "test_size": 100, "epochs": 2}
    notebook = read(ROOT / "notebooks" / f"{name}.ipynb", few)
    paths = [str(ROOT), str(ROOT / "tests")]
    source = f"import sys; sys.path[:0] = {paths}; import doubts\n"
    source += f"print(*doubts.unnoticed({name!r}, dict(globals())), sep='\\n')"
    notebook.cells.append(new_code_cell(source))
    asyncio.run(execute(notebook, ROOT / "notebooks"))
    unnoticed = set(notebook.cells[-1].outputs[0].text.splitlines()) - {""}
    assert unnoticed <= IN_PART


def test_lessons_of_another_project_have_none(tmp_path):
    assert witness(tmp_path / "08_scaling_up.py") == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["seed", "0"])
def test_a_check_ends_with_the_witness(seed, capsys):
    sources = [
        "\n".join(f"{name} = {value!r}" for name, value in GIVEN.items()),
        "import json\nfrom aelib.data import load_data\nfrom aelib.results import results_folder",
        f"data = load_data(source, train_size, test_size, {seed})\n"
        "stored = json.loads((results_folder() / 'benchmark.json').read_text())\n"
        f"metrics = {{f'benchmark_{{name}}': stored[name] for name in {NAMES}}}",
    ]
    cells = [new_code_cell(source, execution_count=n) for n, source in enumerate(sources, 1)]
    (ROOT / "runs").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "runs") as folder:
        path = Path(folder, "notebooks", "08_scaling_up.ipynb")
        path.parent.mkdir()
        nbformat.write(new_notebook(cells=cells), path)
        assert check.main(False, Path(folder)) == (seed == "0")
    printed = capsys.readouterr().out
    assert ("train is not that of the parameters" in printed) == (seed == "0")
