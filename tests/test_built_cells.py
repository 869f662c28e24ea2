"""What learners build in cells is what `aelib` has, and a cell may be run twice."""

import ast
import asyncio
import copy

import jupytext
import pytest
import torch
from torch import nn

from aelib import models
from aelib.data import load_data
from aelib.lesson import predict
from aelib.training import infer, pick_device, train
from tools.lessons import ROOT, execute, read

#: What a cell calls that trains or loads what was trained.
TRAINING = {"train", "train_epoch", "train_or_load", "pretrained_autoencoder", "both_approaches"}
CELLS = {
    "02_autoencoder": 4,
    "03_reconstructions": 3,
    "04_frozen_encoder": 4,
    "05_joint_training": 3,
    "06_replication": 2,
}
SETTINGS = {"batch_size": 100, "learning_rate": 0.001, "seed": 0}


@pytest.fixture(scope="module")
def data():
    return load_data("digits", train_size=500, test_size=100, seed=0)


def built(name, **names):
    """What the cells tagged `build` of a lesson define, run one after another among `names`."""
    names |= {"torch": torch, "nn": nn, "copy": copy}
    cells = jupytext.read(ROOT / "notebooks" / f"{name}.py").cells
    sources = [cell.source for cell in cells if "build" in cell.metadata.get("tags", [])]
    for source in sources:
        exec(source, names)
    return names


def weights(model):
    """All tensors of a model in order, whatever its parts are called."""
    return list(model.state_dict().values())


def same(first, second):
    assert len(first) == len(second) > 0
    return all(torch.equal(*pair) for pair in zip(first, second, strict=True))


def test_the_autoencoder_and_the_loop_of_lesson_2_are_those_of_aelib(data):
    images = data.train.images
    lesson = built(
        "02_autoencoder",
        **SETTINGS,
        data=data,
        images=images,
        epochs=1,
        device=pick_device(),
        infer=infer,
        predict=predict,
        loss_function=nn.functional.mse_loss,
    )
    torch.manual_seed(0)
    theirs = models.Autoencoder()
    assert same(weights(lesson["untrained"]), weights(theirs))
    assert infer(lesson["untrained"], images[:10]).equal(infer(theirs, images[:10]))
    history = train(
        theirs,
        (images, images),
        nn.functional.mse_loss,
        validation=(data.validation.images, data.validation.images),
        epochs=1,
        **SETTINGS,
    )
    assert same(weights(lesson["autoencoder"]), weights(theirs))
    assert not same(weights(lesson["autoencoder"]), weights(lesson["untrained"]))
    assert lesson["history"]["training_loss"] == pytest.approx(history["training_loss"], rel=1e-6)
    assert lesson["history"]["validation_loss"] == pytest.approx(
        history["validation_loss"], rel=1e-6
    )


def test_the_mlp_and_the_classifier_of_lesson_4_are_those_of_aelib(data):
    lesson = built("04_frozen_encoder")
    torch.manual_seed(0)
    encoder = models.freeze(models.Encoder())
    codes = infer(encoder, data.train.images)
    scores, trained = [], []
    for home in (lesson, vars(models)):
        torch.manual_seed(1)
        classifier = home["Classifier"](encoder, home["MLP"](codes))
        scores.append(infer(classifier, data.test.images))
        train(classifier, data.train, nn.functional.cross_entropy, epochs=1, **SETTINGS)
        trained.append(weights(classifier))
        scores.append(infer(classifier, data.test.images))
    assert scores[0].equal(scores[2]) and scores[1].equal(scores[3])
    assert not scores[0].equal(scores[1])
    assert same(*trained)


def trains(cell):
    """Whether a cell calls, not only defines, something that trains."""
    if cell.cell_type != "code" or "### BEGIN SOLUTION" in cell.source:
        return False
    calls = [one for one in ast.walk(ast.parse(cell.source)) if isinstance(one, ast.Call)]
    return bool({getattr(one.func, "id", None) for one in calls} & TRAINING)


def outputs(notebook, count, folder):
    """What the cells of a lesson put out if each that trains is run `count` times; the last time
    counts."""
    keep = (
        "import pathlib, aelib.training.checkpoints as checkpoints\n"
        f"checkpoints.project_folder = lambda: pathlib.Path({str(folder)!r})"
    )
    cells, last = [], []
    for cell in notebook.cells:
        cells += [copy.deepcopy(cell) for _ in range(count if trains(cell) else 1)]
        last.append(len(cells))
        if "install" in cell.metadata.get("tags", []):  # Nothing is loaded that was kept before.
            cells.append(copy.deepcopy(cell))
            cells[-1].source = keep
    doubled = copy.deepcopy(notebook)
    doubled.cells = cells
    for number, cell in enumerate(doubled.cells):
        cell["id"] = f"cell-{number}"
    asyncio.run(execute(doubled, ROOT / "notebooks"))
    for cell in doubled.cells:
        for output in cell.get("outputs", []):
            output.pop("execution_count", None)
    return [doubled.cells[place - 1].get("outputs") for place in last]


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_a_training_cell_that_is_run_twice_gives_the_same(name, tmp_path, monkeypatch):
    monkeypatch.setenv("AELIB_THREADS", "1")
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Figures belong in the notebook.
    few = {"source": "digits", "train_size": 500, "test_size": 100, "epochs": 2}
    notebook = read(ROOT / "notebooks" / f"{name}.ipynb", few)
    assert sum(map(trains, notebook.cells)) == CELLS[name]
    once = outputs(notebook, 1, tmp_path / "once")
    twice = outputs(notebook, 2, tmp_path / "twice")
    for cell, first, second in zip(notebook.cells, once, twice, strict=True):
        assert first == second, cell.source
