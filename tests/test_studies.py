"""The studies: a row trains what it says, the stored rows are whole, a stopped study goes on."""

import copy
import functools
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from torch import nn

from aelib.data import Split, load_data
from aelib.models import MLP, RandomAffine, count_parameters
from aelib.results import results_folder
from aelib.studies import (
    check_row,
    code_size,
    graph,
    graphs,
    read_rows,
    recipe,
    replication,
    representations,
    run_row,
    same_settings,
    spread_labels,
)
from aelib.studies.letters import letters
from aelib.studies.parts import surest
from aelib.training import train
from tools.studies import STUDIES, key, read_draft, run_study, workers

TESTED = ("validation", "test", "full_test")
SMALL = {"source": "digits", "train_size": 100}
#: A small row of each study.
ROWS = {
    replication: {**SMALL, "test_size": 100, "epochs": 4, "change": "as published"},
    recipe: {**SMALL, "epochs": 2, "approach": 1, "habits": "none"},
    code_size: {**SMALL, "epochs": 1, "numbers": 12},
    representations: {"source": "digits", **representations.LIVE},
    graphs: {"source": "digits", "representation": graphs.DIRECTIONS, "form": "deskewed"},
    spread_labels: {"source": "digits", "in_graph": 300, "labels": 30},
}
RUNS = [(seed, change) for seed in (1, 2) for change in ("as published", "standardized codes")]
STUDY = SimpleNamespace(
    JOBS=[({**ROWS[replication], "change": change}, seed) for seed, change in RUNS],
    run=replication.run,
)


@pytest.mark.slow
@pytest.mark.parametrize("study", ROWS, ids=lambda study: study.__name__)
def test_a_small_row_has_the_stored_columns(study, monkeypatch):
    def train_less(*arguments, epochs, **others):
        return train(*arguments, epochs=min(epochs, 2), **others)

    monkeypatch.setattr(study, "train", train_less, raising=False)
    monkeypatch.setattr(representations, "LABELS", (10, 30))
    monkeypatch.setitem(representations.POOL, "digits", 300)
    monkeypatch.setitem(graphs.IN_GRAPH, "digits", 300)
    representations.images_of.cache_clear()
    row = run_row(study, ROWS[study], 1)
    stored = list(read_rows(study.__name__.removeprefix("aelib.studies.")))
    assert list(row) == [one for one in stored if one in row or study is not representations]
    for name in list(row)[len(ROWS[study]) + 1 : -1]:
        assert row[name] is None or 0 < row[name] <= (1 if "mse" in name else 100), name
    representations.images_of.cache_clear()


@pytest.mark.parametrize("name", STUDIES)
def test_the_stored_rows_are_those_of_the_study(name):
    _, lines = read_draft(results_folder() / f"{name}.csv")
    assert list(lines) == [key(*job) for job in import_module(f"aelib.studies.{name}").JOBS]
    # Not every representation is a network, and not every graph is one to break assumptions on.
    partly = ("network_", "moved_", *graphs.CONDITIONS)
    rows = read_rows(name)
    assert not rows[[one for one in rows if not one.startswith(partly)]].isna().any(axis=None)


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


@functools.cache
def few_images(*settings):
    """What `load_data` gives, with few images to be tested on."""
    data = load_data(*settings)
    few = {name: Split(*(part[:50] for part in getattr(data, name))) for name in TESTED}
    return replace(data, **few)


@pytest.fixture
def trainings(monkeypatch):
    """What the studies train, as it is at first; its weights are doubled in place of training."""
    calls = []

    def note(model, data, loss, **settings):
        calls.append(SimpleNamespace(model=copy.deepcopy(model), data=data, loss=loss, **settings))
        for weights in model.parameters():
            weights.data *= 2

    for study in (replication, recipe):
        monkeypatch.setattr(study, "train", note)
        monkeypatch.setattr(study, "load_data", few_images)
    monkeypatch.setattr(replication, "can_learn", lambda *_: True)
    yield calls
    recipe.pretrained.cache_clear()


def equal(one, other):
    """Whether two networks have the same weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def has(model, kind):
    return any(isinstance(module, kind) for module in model.modules())


def recipe_of(trainings, change):
    """What each of the seven changes is about, in the trainings of a row."""
    trainings.clear()
    replication.run({**ROWS[replication], "change": change}, 1)
    (autoencoder, mlp, both), (encoder, decoder) = trainings, trainings[0].model
    assert torch.equal(autoencoder.data[0], both.data[0]) and mlp.data[0].shape[1:] == (3, 4, 4)
    layers = [sum(isinstance(m, nn.Conv2d) for m in net.modules()) for net in (encoder, decoder)]
    return [
        isinstance(decoder[-1], nn.ReLU),
        isinstance(encoder[-1], nn.ReLU),
        (getattr(mlp, "weight_decay", 0), both.weight_decay),
        (autoencoder.epochs == both.epochs, mlp.epochs),
        equal(encoder, both.model.encoder),
        layers,
        [has(one, MLP) for one in (mlp.model, both.model)],
    ]


def test_each_change_to_the_published_recipe_is_one_change(trainings):
    recipes = {change: recipe_of(trainings, change) for change in replication.RECIPES}

    def differing(one, other):
        return [n for n in range(1, 8) if recipes[one][n - 1] != recipes[other][n - 1]]

    changes = replication.CHANGES
    for place, change in enumerate(changes[1:], 1):
        assert differing(changes[place - 1], change) == [place]
        if place > 1:
            assert differing(changes[0], f"only {change}") == [place]
        if place < 7:
            assert differing(changes[-1], f"all but {change}") == [place]


@pytest.mark.parametrize("approach", [1, 2])
def test_each_habit_is_one_change_and_only_approach_1_is_frozen(trainings, approach):
    def habits_of(habits):
        trainings.clear()
        recipe.pretrained.cache_clear()
        recipe.run({**ROWS[recipe], "approach": approach, "habits": habits}, 1)
        *pretraining, last = trainings
        assert len(pretraining) == (approach == 1)
        classifier = last.model if hasattr(last.model, "mlp") else last.model[-1]
        assert next(classifier.encoder.parameters()).requires_grad == (approach == 2)
        every = [one.model for one in trainings]
        return [
            {(one.one_cycle, one.learning_rate > 0.001) for one in trainings},
            classifier.mlp.layers[0].out_features,
            [has(one, RandomAffine) for one in every],
            last.loss.keywords["label_smoothing"],
            [has(one, nn.BatchNorm2d) for one in every],
        ]

    before = habits_of("none")
    for place, name in enumerate(recipe.ladder(approach)[1:]):
        after = habits_of(name)
        assert [n for n in range(5) if before[n] != after[n]] == [place]
        if recipe.HABITS[place] in recipe.KEPT[approach]:
            before = after
    with pytest.raises(ValueError, match="onecycle: the habits are one-cycle"):
        recipe.run({**ROWS[recipe], "habits": "onecycle"}, 1)


def test_a_network_without_gradients_is_not_trained():
    decoder = replication.published_decoder()
    autoencoder = nn.Sequential(replication.published_encoder(), decoder)
    for bias, learns in ((-100.0, False), (1.0, True)):
        decoder[-2].bias.data.fill_(bias)
        assert replication.can_learn(autoencoder, torch.rand(10, 1, 28, 28)) == learns
    assert [count_parameters(one) for one in autoencoder] == [619, 1_737]


def three_groups():
    """Features `(180, 2)` in three groups that lie apart, and their classes."""
    torch.manual_seed(0)
    features = torch.cat([torch.randn(60, 2) * 0.1, torch.randn(60, 2) + 6, torch.randn(60, 2) - 6])
    return features, torch.arange(3).repeat_interleave(60)


@pytest.mark.parametrize("shares", [None, [1 / 3] * 3])
def test_labels_flow_to_neighbours(shares):
    features, truth = three_groups()
    known = torch.full((180,), -1)
    known[[0, 60, 120]] = truth[[0, 60, 120]]
    names, sure = graph.spread(features, known, shares)
    assert (names == truth).float().mean() > 0.95 and sure.min() >= 0 and sure.max() == 1
    known[120] = -1  # A class that has no label gets no image.
    assert set(graph.spread(features, known)[0].tolist()) == {0, 1}


def test_classes_keep_their_sizes():
    torch.manual_seed(0)
    features, known = torch.rand(400, 2), torch.full((400,), -1)
    known[:4], shares = torch.tensor([0, 0, 0, 1]), [0.2, 0.8]
    assert abs(graph.sources(known.numpy()).sum(0)).max() < 1e-9  # As much flows out as in.
    counts = graph.spread(features, known, shares)[0].bincount() / 400
    assert counts.tolist() == pytest.approx(shares, abs=0.03)
    assert abs(graph.spread(features, known)[0].bincount() / 400 - torch.tensor(shares)).max() > 0.1


def test_where_no_label_can_flow_nothing_is_sure():
    features, truth = three_groups()
    features[120:] += 1_000  # None of the others is among their ten nearest.
    known = torch.full((180,), -1)
    known[[0, 60]] = truth[[0, 60]]
    sure = graph.spread(features, known)[1]
    assert sure[120:].max() < 1e-6 < sure[:120].max()
    graph.spread(torch.zeros(180, 4), known)  # All alike: no error.


def test_the_surest_of_each_class_are_taken():
    names = torch.tensor([0] * 5 + [1] * 5)
    sure = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.8, 0.7, 0.0, 0.0])
    assert surest(names, sure, 0.4).nonzero().flatten().tolist() == [3, 4, 5]


def test_edges_are_told_by_direction():
    image = torch.zeros(1, 1, 28, 28)
    image[..., 14:] = 1  # Brighter to the right, all along one column.
    strength = graph.directions(image).sum((0, 2, 3))
    assert strength.argmax() == 0 and strength[0] > 5 * strength[4]
    assert graph.directions(image.mT).sum((0, 2, 3)).argmax() == 2
    assert graph.directions(image).shape == (1, 8, 9, 9)


def test_letters_repeat_by_their_seed_and_are_bent_each_in_its_way():
    one, same, other = letters(40, 1), letters(40, 1), letters(40, 2)
    assert torch.equal(one.images, same.images) and not torch.equal(one.images, other.images)
    assert one.labels.bincount().tolist() == [4] * 10 and one.images.shape == (40, 1, 28, 28)
    assert one.images.flatten(1).unique(dim=0).shape[0] == 40


def test_the_best_of_each_half_of_the_draws_is_picked_on_the_other():
    arms = [
        (form, representation, head)
        for form in representations.FORMS
        for representation in (representations.PIXELS, representations.AUTOENCODER)
        for head in ("mlp", "moved")
    ]
    index = pd.MultiIndex.from_product([[10], range(4)], names=["labels", "seed"])
    names = ["form", "representation", "head"]
    scores = pd.DataFrame(50.0, index, pd.MultiIndex.from_tuples(arms, names=names))
    scores.iloc[[0, 2], 0] = 90  # Even seeds flatter one arm without the code, odd ones another.
    scores.iloc[[1, 3], 1] = 70
    scores[arms[-1]] = 60.0
    gained = representations.gains(scores)
    assert gained["with"].tolist() == [60] * 4 and gained.without.tolist() == [50] * 4
    assert representations.gains(scores, known=False)["with"].tolist() == [50] * 4


@pytest.mark.slow
def test_a_stopped_study_goes_on_and_ends_with_the_same_rows(tmp_path, monkeypatch):
    from distributed import LocalCluster  # Slow, so not above.

    draft, target = tmp_path / "draft.csv", tmp_path / "small.csv"
    run_study(STUDY, draft, target)
    whole = target.read_text()
    header, *lines = whole.splitlines()
    assert [tuple(line.split(",")[:6]) for line in lines] == [key(*job) for job in STUDY.JOBS]
    row = run_row(STUDY, *STUDY.JOBS[-1])
    assert [header, lines[-1]] == [",".join(row), ",".join(map(str, row.values()))]
    target.unlink()
    draft.write_text("\n".join([header, lines[0].replace(row["torch"], "other"), lines[1][:20]]))
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setenv("AELIB_SCHEDULER", cluster.scheduler_address)
        with workers():
            run_study(STUDY, draft, target)
    # What was there is taken as it is, the half line is run again.
    assert target.read_text() == whole.replace(row["torch"], "other", 1)
    draft.write_text(header.replace("approach_1,", "approach_one,", 1) + "\n")
    with pytest.raises(SystemExit, match="other columns"):
        run_study(STUDY, draft, target)
