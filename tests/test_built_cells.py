"""What learners build in cells is what `aelib` has, and their first changes break no cell below."""

import copy
from unittest import mock

import jupytext
import pytest
import torch
from torch import nn

from aelib import models
from aelib.data import load_data
from aelib.lesson import predict
from aelib.training import infer, pick_device, train
from tools.lessons import ROOT

SETTINGS = {"batch_size": 100, "learning_rate": 0.001, "seed": 0}


@pytest.fixture(scope="module")
def data():
    return load_data("digits", train_size=500, test_size=100, seed=0)


def code_cells(name):
    cells = jupytext.read(ROOT / "notebooks" / f"{name}.py").cells
    return [cell for cell in cells if cell.cell_type == "code"]


def built(name, **names):
    """What the cells tagged `build` of a lesson define, run one after another among `names`."""
    names |= {"torch": torch, "nn": nn, "copy": copy}
    for cell in code_cells(name):
        if "build" in cell.metadata.get("tags", []):
            exec(cell.source, names)
    return names


def same(first, second):
    """Whether two models have the same tensors in order, whatever their parts are called."""
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def test_the_autoencoder_and_the_loop_of_lesson_2_are_those_of_aelib(data):
    images, held_out = data.train.images, data.validation.images
    loss_function = nn.functional.mse_loss
    lesson = built(
        "02_autoencoder",
        **SETTINGS,
        data=data,
        images=images,
        epochs=1,
        device=pick_device(),
        infer=infer,
        predict=predict,
        loss_function=loss_function,
    )
    torch.manual_seed(0)
    theirs = models.Autoencoder()
    assert same(lesson["untrained"], theirs)
    assert infer(lesson["untrained"], images[:10]).equal(infer(theirs, images[:10]))
    history = train(
        theirs,
        (images, images),
        loss_function,
        validation=(held_out, held_out),
        epochs=1,
        **SETTINGS,
    )
    assert same(lesson["autoencoder"], theirs)
    assert not same(lesson["autoencoder"], lesson["untrained"])
    for name, losses in history.items():
        assert lesson["history"][name] == pytest.approx(losses, rel=1e-6)


def test_the_mlp_and_the_classifier_of_lesson_4_are_those_of_aelib(data):
    lesson = built("04_frozen_encoder")
    torch.manual_seed(0)
    encoder = models.freeze(models.Encoder())
    codes = infer(encoder, data.train.images)
    trained, scores = [], []
    for home in (lesson, vars(models)):
        torch.manual_seed(1)
        trained.append(home["Classifier"](encoder, home["MLP"](codes)))
        scores.append(infer(trained[-1], data.test.images))
        train(trained[-1], data.train, nn.functional.cross_entropy, epochs=1, **SETTINGS)
    assert same(*trained) and scores[0].equal(scores[1])
    assert not scores[0].equal(infer(trained[0], data.test.images))


#: By lesson and what a learner wants to see: what stands in a cell, and what takes its place.
CHANGES = {
    ("02", "SGD"): {"Adam(autoencoder": "SGD(autoencoder"},
    ("02", "one digit"): {
        "images = data.train.images.to": "images = data.train.images[data.train.labels == 3].to"
    },
    ("02", "a larger code"): {
        "nn.Conv2d(64, 3, kernel_size=4)": "nn.Conv2d(64, 8, kernel_size=4)",
        "nn.ConvTranspose2d(3, 32, kernel_size=4)": "nn.ConvTranspose2d(8, 32, kernel_size=4)",
    },
    ("02", "a class of one's own, with a layer more"): {
        "encoder = nn.Sequential(\n": """
class Mine(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, images):
        return self.layers(images)

encoder = Mine(
""",
        "    nn.Conv2d(64, 3,": "    nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),\n    nn.Conv2d(64, 3,",
    },
    ("04", "a wider head"): {"width=120": "width=30"},
    ("04", "a layer more"): {
        "nn.ReLU(), nn.Linear(width": "nn.ReLU(), nn.Identity(), nn.Linear(width"
    },
}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "change"), CHANGES, ids=[" ".join(one) for one in CHANGES])
def test_a_first_change_breaks_no_cell_below(number, change, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    [path] = (ROOT / "notebooks").glob(f"{number}_*.py")
    few = "source, train_size, test_size, epochs = 'digits', 500, 100, 2"
    names, wanted = {}, CHANGES[number, change]
    cells = code_cells(path.stem)
    assert [old for old in wanted if not any(old in cell.source for cell in cells)] == []
    with mock.patch("aelib.figures.show"):
        for cell in cells:
            source, tags = cell.source, cell.metadata.get("tags", [])
            if "from aelib.exercises" in source:
                break
            for old, new in wanted.items():
                source = source.replace(old, new)
            exec(compile(few if "parameters" in tags else source, source[:60], "exec"), names)
            if "parameters" in tags:
                names |= SETTINGS
