"""What learners build in cells is what `aelib` has, and their first changes break no cell below."""

import copy

import jupytext
import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from aelib import models
from aelib.data import deskewed, load_data
from aelib.lesson import predict
from aelib.training import infer, pick_device, train
from tools.lessons import ROOT

SETTINGS = {"batch_size": 100, "learning_rate": 0.001, "seed": 0}


@pytest.fixture(scope="module")
def data():
    return load_data("digits", train_size=500, test_size=100, seed=0)


def code_cells(number):
    [path] = (ROOT / "notebooks").glob(f"{number}_*.py")
    return [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]


def built(number, **names):
    """What the cells tagged `build` of a lesson define, run one after another among `names`."""
    names |= {"torch": torch, "nn": nn, "copy": copy}
    for cell in code_cells(number):
        if "build" in cell.metadata.get("tags", []):
            exec(cell.source, names)
    return names


def same(*models):
    """Whether two models have the same tensors in order, whatever their parts are called."""
    tensors = (model.state_dict().values() for model in models)
    return all(torch.equal(*pair) for pair in zip(*tensors, strict=True))


def test_deskewing_in_lesson_1_is_that_of_aelib(data):
    images = torch.cat([data.train.images, torch.zeros(1, 1, 28, 28)])
    assert torch.allclose(built("01")["deskewed"](images), deskewed(images), atol=1e-4)


def test_the_autoencoder_and_the_loop_of_lesson_2_are_those_of_aelib(data):
    images, held_out, loss_function = *(data.train[:1] + data.validation[:1]), nn.MSELoss()
    names = {"data": data, "images": images, "epochs": 1, "device": pick_device(), "infer": infer}
    lesson = built("02", **SETTINGS, **names, predict=predict, loss_function=loss_function)
    torch.manual_seed(0)
    theirs = models.Autoencoder()
    assert same(lesson["untrained"], theirs)
    assert infer(lesson["untrained"], images[:10]).equal(infer(theirs, images[:10]))
    pairs = {"training_data": (images, images), "validation": (held_out, held_out)}
    history = train(theirs, loss_function=loss_function, epochs=1, **pairs, **SETTINGS)
    assert same(lesson["autoencoder"], theirs)
    assert not same(lesson["autoencoder"], lesson["untrained"])
    for name, losses in history.items():
        assert lesson["history"][name] == pytest.approx(losses, rel=1e-6)


def test_the_mlp_and_the_classifier_of_lesson_4_are_those_of_aelib(data):
    torch.manual_seed(0)
    encoder = models.freeze(models.Encoder())
    codes = infer(encoder, data.train.images)
    trained, scores = [], []
    for home in (built("04"), vars(models)):
        torch.manual_seed(1)
        trained.append(home["Classifier"](encoder, home["MLP"](codes)))
        scores.append(infer(trained[-1], data.test.images))
        train(trained[-1], data.train, nn.functional.cross_entropy, epochs=1, **SETTINGS)
    assert same(*trained) and scores[0].equal(scores[1])
    assert not scores[0].equal(infer(trained[0], data.test.images))


#: What a learner wants to see: in which lesson, what stands in a cell, and what takes its place.
CHANGES = {
    "SGD": ("02", ("Adam(autoencoder", "SGD(autoencoder")),
    "one digit": ("02", ("data.train.images.to", "data.train.images[data.train.labels == 3].to")),
    "a larger code": ("02", ("nn.Conv2d(64, 3,", "nn.Conv2d(64, 8,"), ("2d(3, 32", "2d(8, 32")),
    "a layer more": ("02", ("nn.Conv2d(64, 3,", "nn.BatchNorm2d(64),\n    nn.Conv2d(64, 3,")),
    "a wider head": ("04", ("width=120", "width=30")),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_first_change_breaks_no_cell_below(change, monkeypatch):
    number, *wanted = CHANGES[change]
    monkeypatch.setattr("aelib.figures.show", lambda figure, *_: plt.close(figure))
    cells, names = code_cells(number), {}
    assert [old for old, _ in wanted if not any(old in cell.source for cell in cells)] == []
    for cell in cells:
        if "from aelib.exercises" in cell.source:
            break
        for old, new in wanted:
            cell.source = cell.source.replace(old, new)
        exec(cell.source, names)
        if "parameters" in cell.metadata.get("tags", []):
            names |= {"source": "digits", "train_size": 500, "test_size": 100, "epochs": 2}
