"""The studies: their rows are whole and true, and a stopped study goes on where it was."""

import copy
import gc
import os
import random
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from odd_calls import assert_refused

from aelib.data import balanced_draw, load_data
from aelib.models import Encoder, count_parameters
from aelib.results import results_folder
from aelib.studies import (
    check_row,
    code_size,
    crossed,
    few_labels,
    read_rows,
    recipe,
    replication,
    run_row,
    same_settings,
    scales,
    spread_labels,
)
from aelib.training import checkpoints, infer, train
from tools import studies as run_studies
from tools.studies import STUDIES, key, main, read_draft, run_study, workers

SETTINGS = {"source": "digits", "train_size": 100, "test_size": 100, "epochs": 2}
SMALL = SimpleNamespace(
    JOBS=[
        ({**SETTINGS, "change": change}, seed)
        for seed in (1, 2)
        for change in ("as published", "no weight decay", "standardized codes")
    ],
    run=replication.run,
)
#: What runs the small study in a process of its own.
SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = [".", "tests"]
from tools.studies import run_study, workers
from test_studies import SMALL
with workers():
    run_study(SMALL, Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def no_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "project_folder", lambda: tmp_path)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The small study run on this machine's cores."""
    folder = tmp_path_factory.mktemp("here")
    run_study(SMALL, folder / "draft.csv", folder / "results" / "small.csv")
    assert list(folder.glob("*.csv")) == []
    return (folder / "results" / "small.csv").read_text()


@pytest.mark.slow
def test_a_study_has_every_row_once_and_in_order(here):
    header, *lines = here.splitlines()
    assert header.startswith("source,train_size,test_size,epochs,change,seed,mse,approach_1")
    assert header.endswith("torch")
    assert [tuple(line.split(",")[:6]) for line in lines] == [key(*job) for job in SMALL.JOBS]
    assert len(set(lines)) == len(SMALL.JOBS)


@pytest.mark.slow
def test_a_study_stopped_on_a_cluster_goes_on_and_ends_with_the_same_rows(
    here, tmp_path, monkeypatch
):
    from distributed import LocalCluster  # Slow, so not above.

    draft, target = tmp_path / "draft.csv", tmp_path / "results" / "small.csv"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setenv("AELIB_SCHEDULER", cluster.scheduler_address)
        command = [sys.executable, "-c", SCRIPT, str(draft), str(target)]
        process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, env=os.environ)
        try:
            while not draft.exists() or draft.read_text().count("\n") < 3:
                assert process.poll() is None
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
        _, before = read_draft(draft)
        assert 2 <= len(before) < len(SMALL.JOBS)
        assert not target.exists()
        with workers():
            run_study(SMALL, draft, target)
    assert target.read_text() == here


@pytest.mark.slow
def test_half_a_line_at_the_end_of_a_stopped_study_is_run_again(here, tmp_path):
    draft, target = tmp_path / "draft.csv", tmp_path / "small.csv"
    draft.write_text(here[: here.rindex("\n", 0, -1) + 20])
    run_study(SMALL, draft, target)
    assert target.read_text() == here


@pytest.mark.slow
@pytest.mark.filterwarnings("error")  # Such as joblib's of a loop left early.
def test_rows_of_other_columns_are_not_mixed(here, tmp_path):
    draft = tmp_path / "draft.csv"
    draft.write_text(here.replace("approach_1,", "approach_one,", 1).splitlines()[0] + "\n")
    with pytest.raises(SystemExit, match="other columns"):
        run_study(SMALL, draft, tmp_path / "small.csv")
    gc.collect()


@pytest.mark.parametrize("name", STUDIES)
def test_the_committed_rows_are_those_of_the_study(name):
    rows = read_rows(name)
    jobs = import_module(f"aelib.studies.{name}").JOBS
    _, lines = read_draft(results_folder() / f"{name}.csv")
    assert list(lines) == [key(*job) for job in jobs]
    assert len(rows) == len(jobs)
    assert not rows.isna().any(axis=None)


@pytest.mark.slow
def test_a_random_row_is_true():
    """One a run: all studies get their turn, and nobody waits for all of them."""
    sources = {load_data("auto", 100, 100).source[:6].lower(), "digits"}
    name, jobs = random.choice([one for one in affordable(sources).items() if one[1]])
    study = import_module(f"aelib.studies.{name}")
    settings, seed = random.choice(jobs)
    print(name, settings, seed)
    row = run_row(study, settings, seed)
    table = read_rows(name)
    measured = table.loc[:, "seed":"torch"].select_dtypes(float).columns
    check_row(table, settings, {key: row[key] for key in measured})


def affordable(sources):
    """The jobs of each study that take a minute or two at most and have a band that is a check."""
    found = {name: import_module(f"aelib.studies.{name}").JOBS for name in STUDIES}
    # Of those that never collapse, since a band around both ends is no check.
    stable = replication.CHANGES[replication.CHANGES.index("no weight decay") :]
    found["replication"] = [
        job
        for job in found["replication"]
        if job[0]["change"] in stable and job[0]["train_size"] < 60_000
    ]
    return {
        name: [job for job in jobs if job[0]["source"] in sources] for name, jobs in found.items()
    }


def test_a_row_outside_its_band_is_reported(capsys):
    rows = read_rows("replication")
    settings = {**replication.SMALL, "change": "no weight decay"}
    known = same_settings(rows, settings)
    assert len(known) == 16
    check_row(rows, settings, {"mse": known.mse.mean()})
    assert capsys.readouterr().out == "ok: mse is inside its band\n"
    with pytest.raises(AssertionError, match="mse is 0.1.* on MNIST"):
        check_row(rows, settings, {"mse": 0.1})
    check_row(rows, {**settings, "epochs": 4}, {"mse": 0.1})
    assert "Not checked" in capsys.readouterr().out


@pytest.mark.slow
def test_a_row_does_not_depend_on_the_number_of_threads(here):
    settings, seed = SMALL.JOBS[-1]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        row = run_row(SMALL, settings, seed)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert ",".join(map(str, row.values())) == here.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("method", [few_labels.FROZEN, few_labels.TUNED])
def test_a_method_goes_on_alike_whether_its_autoencoder_was_trained_here_or_loaded(method):
    settings = {"source": "digits", "unlabelled": 500, "steps": 60, "labels": 100}
    settings |= {"variant": "plain", "method": method, "choice": 0.01}
    first = run_row(few_labels, settings, 0)
    few_labels.pretrained.cache_clear()
    assert run_row(few_labels, settings, 0) == first
    assert 30 < first["accuracy"] < first["training_accuracy"] <= 100
    # And the learning rate is the one that was chosen.
    other = run_row(few_labels, {**settings, "choice": 0.03}, 0)
    assert other["validation_accuracy"] != first["validation_accuracy"]


@pytest.mark.slow
def test_an_encoder_goes_on_alike_whether_it_was_pretrained_here_or_loaded():
    settings = {"source": "digits", "train_size": 500, "epochs": 4, **recipe.PRETRAINED}
    first, second = (run_row(recipe, settings, 0) for _ in range(2))
    assert first == second
    assert first["accuracy"] != run_row(recipe, {**settings, "approach": 2}, 0)["accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize("method", crossed.METHODS)
def test_a_draw_with_its_own_first_weights_is_a_row_of_the_contest(method):
    settings = {"source": "digits", "unlabelled": 500, "steps": 60, "labels": 10, "method": method}
    contest = {**settings, "variant": "plain", "choice": few_labels.UNCHOSEN_RATE}
    ours = {
        (draw, seed): run_row(crossed, {**settings, "draw": draw}, seed)["accuracy"]
        for draw in (0, 1)
        for seed in (0, 1)
    }
    assert len(set(ours.values())) == 4
    for seed in (0, 1):
        assert ours[seed, seed] == run_row(few_labels, contest, seed)["accuracy"]


@pytest.mark.parametrize(("draw", "seed"), [(0, 1), (2, 0)])
def test_a_draw_gives_the_labelled_images_and_the_seed_all_weights(monkeypatch, draw, seed):
    given = []

    def learn(method, variant, choice, labelled, images, steps, seed):
        given.extend([labelled, images, seed])
        return lambda images: torch.zeros(len(images), dtype=int)

    monkeypatch.setattr(few_labels, "learn", learn)
    run_row(crossed, {**ROWS[crossed], "draw": draw}, seed)
    train = few_labels.load("digits", 100, draw).train
    places = balanced_draw(train.labels, 10, torch.Generator().manual_seed(draw))
    assert torch.equal(given[0].images, train.images[places])
    assert given[1:] == [("digits", 100, seed), seed]


def test_patches_are_masked_in_training_only_and_the_target_is_whole():
    torch.manual_seed(0)
    masked = few_labels.Masked(0.25)
    patches = masked(torch.ones(1_000, 1, 28, 28)).unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)
    assert torch.equal(patches.amin(-1), patches.amax(-1)), "patches are kept or masked whole"
    assert 0.24 < 1 - patches.mean() < 0.26
    assert masked.eval()(torch.ones(1, 1, 28, 28)).min() == 1


def test_a_slowed_encoder_starts_as_it_was_and_moves_a_tenth_as_far():
    torch.manual_seed(0)
    images, encoders = torch.rand(10, 1, 28, 28), [Encoder()]
    before = infer(encoders[0], images)
    encoders.append(copy.deepcopy(encoders[0]))
    few_labels.slow_down(encoders[1], 0.1)
    assert torch.allclose(infer(encoders[1], images), before, atol=1e-6)
    moved = []
    for encoder in encoders:
        first = encoder[0].weight.detach().clone()
        optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
        encoder(images).square().sum().backward()
        optimizer.step()
        moved.append(encoder[0].weight - first)
    assert torch.allclose(moved[0], 10 * moved[1], atol=1e-5) and moved[0].abs().min() > 0.009


def test_a_network_without_gradients_is_not_trained():
    images = torch.rand(10, 1, 28, 28)
    decoder = replication.published_decoder()
    autoencoder = torch.nn.Sequential(replication.published_encoder(), decoder)
    decoder[-2].bias.data.fill_(-100.0)
    assert not replication.can_learn(autoencoder, images)
    decoder[-2].bias.data.fill_(1.0)
    assert replication.can_learn(autoencoder, images)


def test_what_lesson_3_says_about_the_size_of_the_code_is_in_the_rows():
    rows = read_rows("code_size")
    few, many, most = rows.numbers <= 48, rows.numbers >= 96, rows.numbers == 192
    assert sorted(rows.numbers.unique()) == [12, 24, 48, 96, 192]
    assert (rows.mse < rows.pca_mse)[few].all() and (rows.mse > rows.pca_mse)[many].all()
    assert (rows.mse < 0.75 * rows.pca_mse)[rows.numbers <= 24].all()
    assert (rows.pca_mse < 0.5 * rows.mse)[most].all()
    assert (rows.groupby("numbers").seed.nunique() == 3).all()
    spread = rows.groupby("numbers").mse.agg(lambda one: one.max() / one.min())
    assert spread.max() < 1.1  # Bars too short to be seen.


@pytest.mark.parametrize("numbers", code_size.MAPS)
def test_a_code_has_as_many_numbers_as_it_should(numbers):
    autoencoder = code_size.autoencoder_with(numbers)
    images = torch.rand(2, 1, 28, 28)
    assert autoencoder[:6](images).flatten(1).shape == (2, numbers)
    assert autoencoder(images).shape == images.shape


def test_the_published_network_has_the_published_size():
    assert count_parameters(replication.published_encoder()) == 619
    assert count_parameters(replication.published_decoder()) == 1_737


@pytest.mark.slow
def test_an_unknown_study_and_a_dead_scheduler_are_refused(monkeypatch):
    with pytest.raises(SystemExit, match="'replicate' is not a study"):
        main(["replicate"])
    monkeypatch.setenv("AELIB_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr(run_studies, "CONNECT_SECONDS", 1)
    with pytest.raises(SystemExit, match="No Dask scheduler answers"), workers():
        pass


SMALL_SCALES = {"source": "digits", "unlabelled": 500, "labels": 100}
SMALL_SPREAD = {"source": "digits", "unlabelled": 300, "in_graph": 300, "labels": 30}


@pytest.mark.slow
def test_each_code_is_classified_by_three_heads_in_two_scales():
    rows = [run_row(scales, {**SMALL_SCALES, "code": code}, 0) for code in scales.CODES]
    ways = [f"{scale}_{head}" for scale in scales.SCALES for head in scales.HEADS]
    assert all(40 < row[way] < 100 for row in rows for way in ways)
    assert len({row["one_regression"] for row in rows}) == len(scales.CODES)
    # Components as large as their spread are what PCA is about.
    principal = rows[scales.CODES.index(scales.PRINCIPAL)]
    assert all(principal[f"one_{head}"] > principal[f"each_{head}"] + 3 for head in scales.HEADS)


@pytest.mark.slow
def test_spread_labels_train_a_classifier_and_nobody_looks_at_a_hidden_label(monkeypatch):
    settings = {**SMALL_SPREAD, "code": spread_labels.PIXELS}

    def train_less(*arguments, epochs, **others):
        return train(*arguments, epochs=epochs // 6, **others)

    monkeypatch.setattr(spread_labels, "train", train_less)
    row = run_row(spread_labels, settings, 0)
    assert all(50 < value < 100 for name, value in row.items() if "accuracy" in name)
    drawn_with = []
    monkeypatch.setattr(
        spread_labels,
        "spread",
        lambda codes, drawn, labels: (
            drawn_with.append((drawn, labels)) or (torch.arange(len(codes)) % 10, torch.ones(300))
        ),
    )
    blind = run_row(spread_labels, settings, 0)
    assert all(len(drawn) == len(labels) == 30 for drawn, labels in drawn_with)
    assert blind["again_accuracy"] < 40, "without what was spread nothing can be learned"


def test_labels_flow_to_neighbours_and_a_crowded_class_takes_no_more_than_its_part():
    torch.manual_seed(0)
    codes = torch.cat([torch.randn(60, 2) * 0.1, torch.randn(60, 2) + 6, torch.randn(60, 2) - 6])
    truth = torch.arange(3).repeat_interleave(60)
    names, sure = spread_labels.spread(codes, torch.tensor([0, 60, 120]), torch.tensor([0, 1, 2]))
    assert (names == truth).float().mean() > 0.95
    assert ((sure > 0) & (sure <= 1)).all()
    # A class that has no label gets no image.
    names, _ = spread_labels.spread(codes, torch.tensor([0, 60]), torch.tensor([7, 3]))
    assert set(names.tolist()) == {3, 7}


def test_of_each_class_the_surest_are_trusted_and_all_that_are_labelled():
    images, names = torch.rand(10, 1, 28, 28), torch.tensor([0] * 5 + [1] * 5)
    sure = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.8, 0.7, 0.6, 0.5])
    trusted = spread_labels.surest(images, names, sure, torch.tensor([0]), 0.4)
    assert torch.equal(trusted.images, images[[0, 3, 4, 5, 6]])
    assert trusted.labels.tolist() == [0, 0, 0, 1, 1]


# Odd calls --------------------------------------------------------------------------------------

ROWS = {
    replication: {**SETTINGS, "change": "as published"},
    recipe: {"source": "digits", "train_size": 100, "epochs": 1, "approach": 1, "habits": "none"},
    code_size: {"source": "digits", "train_size": 300, "epochs": 1, "numbers": 12},
    few_labels: {
        **{"source": "digits", "unlabelled": 100, "steps": 5, "labels": 10},
        **{"variant": "plain", "method": few_labels.PIXELS, "choice": 1.0},
    },
    crossed: {
        **{"source": "digits", "unlabelled": 100, "steps": 5, "labels": 10},
        **{"method": few_labels.SCRATCH, "draw": 0},
    },
    scales: {**SMALL_SCALES, "code": scales.PIXELS},
    spread_labels: {**SMALL_SPREAD, "code": spread_labels.PIXELS},
}
MISSPELT = [None, "", "xx", "As published", "onecycle", ["none"], float("nan"), b"none"]
CHOSEN = ("approach", "numbers", "draw")
NO_COUNTS = [None, 0, -1, 2.5, "100", True, [100]]


@pytest.mark.parametrize(
    ("study", "name", "value"),
    [
        (study, name, value)
        for study, settings in ROWS.items()
        for name, good in settings.items()
        for value in (NO_COUNTS if type(good) is int and name not in CHOSEN else MISSPELT)
    ]
    + [(recipe, "approach", value) for value in (0, 4, 1.5, "1")]
    + [(recipe, "habits", value) for value in ("none + one-cycle", "one-cycle+wide head", "one-")]
    + [(few_labels, "variant", value) for value in few_labels.VARIANTS]
    + [(few_labels, "choice", value) for value in (0.003, 10.0, "1", 1.5)]
    + [(few_labels, "labels", 101), (scales, "labels", 501), (spread_labels, "labels", 501)]
    + [(spread_labels, "in_graph", 501)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_study_refuses_a_setting_that_means_nothing(study, name, value):
    """A misspelt method, variant, habit or approach must not run as another one."""
    said = "label" if name == "labels" else "habit" if name == "habits" else name
    assert_refused(study.run, {**ROWS[study], name: value}, 0, says=said)


@pytest.mark.parametrize("study", ROWS, ids=lambda study: study.__name__)
@pytest.mark.parametrize("change", [{"epoch": 3}, {"source": ...}, None, "none", 5], ids=repr)
def test_a_study_refuses_settings_of_another_study(study, change):
    if isinstance(change, dict):
        change = {k: v for k, v in {**ROWS[study], **change}.items() if v is not ...}
    assert_refused(study.run, change, 0, says="source")


@pytest.mark.parametrize("name", [None, "", "replicate", "replication.csv", "../results/recipe"])
def test_a_table_that_is_not_there_is_named(name):
    known = "code_size, crossed, few_labels, recipe, replication, scales, spread_labels"
    assert known in assert_refused(read_rows, name, says=repr(name))


def test_columns_that_are_not_there_are_named():
    rows = read_rows("replication")
    settings = {**replication.SMALL, "change": "no weight decay"}
    assert_refused(same_settings, rows, {"epoch": 20}, says="'epoch'")
    assert_refused(check_row, rows, {"epoch": 20}, {"mse": 0.1}, says="'epoch'")
    assert_refused(check_row, rows, settings, {"MSE": 0.1}, says="'MSE'")
    assert_refused(check_row, rows, settings, {"mse": "0.1"}, says="mse")


def test_without_names_all_studies_run_into_the_results(monkeypatch, tmp_path):
    monkeypatch.delenv("AELIB_SCHEDULER", raising=False)
    runs = []
    monkeypatch.setattr(run_studies, "run_study", lambda *arguments: runs.append(arguments))
    monkeypatch.setattr(run_studies, "set_environment", lambda: None)
    main([], tmp_path)
    main(["recipe"], tmp_path)
    assert runs == [
        (
            import_module(f"aelib.studies.{name}"),
            tmp_path / "runs" / "studies" / f"{name}.csv",
            tmp_path / "aelib" / "results" / f"{name}.csv",
        )
        for name in (*STUDIES, "recipe")
    ]
