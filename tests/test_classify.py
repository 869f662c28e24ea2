"""Lesson 9 runs on any folder, and what it saves names new images as what was trained does."""

import csv
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from aelib import classify, settings
from aelib.models import Encoder
from aelib.own_images import methods
from aelib.own_images.folder import read_images, write_digits
from aelib.own_images.methods import load_classifier, save_classifier
from aelib.training import infer
from tools.lessons import ROOT


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """Lying and standing bars, a third of them dark on light."""
    root, draws = tmp_path_factory.mktemp("bars"), np.random.default_rng(0)
    for number in range(80):
        path = root / ("lying", "Ständer, hoch")[number % 2] / f"{number} ü.png"
        path.parent.mkdir(exist_ok=True)
        image = np.zeros((28, 28), np.uint8)
        (top, left), (height, width) = draws.integers(4, 12, 2), ((5, 14), (14, 5))[number % 2]
        image[top : top + height, left : left + width] = draws.integers(120, 255)
        Image.fromarray(255 - image if number % 3 == 0 else image).save(path)
    return root, read_images(root)


@pytest.fixture(scope="module", params=methods.METHODS)
def saved(request, tmp_path_factory, mine):
    """A file of each method, not trained, and the answers of what is in it."""
    _, data = mine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(methods, "train", lambda *_, epochs, **__: {"training_loss": [0] * epochs})
        model = methods.learn(request.param, data.images, data.labels, Encoder(), 2, "none", 0)
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    save_classifier(path, model, request.param, data)
    return path, infer(model, data.images)


def test_a_saved_classifier_answers_as_the_trained_one(mine, saved):
    path, answers = saved
    loaded, classes, preparation = load_classifier(path)
    assert classes == ["Ständer, hoch", "lying"]
    assert preparation == {"size": 28, "channels": 1, "turned": True}
    assert torch.equal(infer(loaded, mine[1].images), answers)


def named_by(*arguments, capsys):
    status = classify.main([*map(str, arguments)])
    output = capsys.readouterr()
    return status, output, list(csv.DictReader(io.StringIO(output.out)))


@pytest.mark.parametrize("saved", ["pixels", "RBF machine"], indirect=True)
def test_the_command_names_every_image_and_lists_what_it_cannot_read(tmp_path, mine, saved, capsys):
    (root, data), (path, answers) = mine, saved
    new = tmp_path / "new images"
    shutil.copytree(root, new)
    (new / "broken.png").write_bytes(b"no image")
    (new / "notes.txt").write_text("no image by its name")
    (new / "out.png").symlink_to(root / data.files[0])
    status, output, rows = named_by(path, new, capsys=capsys)
    assert status == 0 and output.out.startswith("file,class,probability\n")
    assert [row["file"] for row in rows] == sorted(data.files)
    network, (sure, numbers) = [*load_classifier(path)[0].parameters()], answers.softmax(1).max(1)
    for file, number, probability in zip(data.files, numbers, sure, strict=True):
        row = next(row for row in rows if row["file"] == file)
        assert row["class"] == data.classes[number]
        right = pytest.approx(probability.item(), abs=6e-5)
        assert float(row["probability"]) == right if network else row["probability"] == ""
    assert network or (numbers == data.labels).float().mean() > 0.95  # The machine has learned.
    for name in ("80 images named, 3 files left out", "broken.png", "notes.txt", "out.png"):
        assert name in output.err
    table = tmp_path / "names.csv"
    assert named_by(path, new, "--output", table, capsys=capsys)[0] == 0
    assert table.read_text(encoding="utf-8") == output.out
    (tmp_path / "empty").mkdir()
    assert named_by(path, tmp_path / "empty", capsys=capsys)[::2] == (1, [])


@pytest.mark.slow
@pytest.mark.parametrize("saved", ["pixels"], indirect=True)
def test_names_of_any_letters_in_any_terminal(mine, saved):
    command = [sys.executable, "-m", "aelib.classify", saved[0], mine[0]]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=ascii_only)
    assert done.returncode == 0, done.stderr
    assert "Ständer, hoch" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("saved", ["pixels"], indirect=True)
def test_what_is_no_classifier_or_no_folder(tmp_path, saved, capsys):
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    for model, folder, output, words in (
        ("missing.safetensors", ".", "names.csv", "missing.safetensors"),
        ("text.safetensors", ".", "names.csv", "cannot be read as a classifier"),
        ("other.safetensors", ".", "names.csv", "no classifier of lesson 9"),
        (saved[0], "missing", "names.csv", "no folder"),
        (saved[0], ".", "none/names.csv", "names.csv cannot be written: No such file"),
    ):
        arguments = [tmp_path / model, tmp_path / folder, "--output", tmp_path / output]
        with pytest.raises(SystemExit) as caught:
            classify.main([*map(str, arguments)])
        assert caught.value.code == 2 and words in capsys.readouterr().err
        assert not (tmp_path / output).exists()


@pytest.mark.slow
def test_the_lesson_on_a_folder(tmp_path, monkeypatch, capsys):
    """A run of two draws and few steps on a ninth of the digits: all that it promises is there."""
    for _ in range(2):  # What is there is left as it is.
        write_digits(tmp_path / "all")
    folder = tmp_path / "my digits"
    for path in sorted((tmp_path / "all").rglob("*.png"))[::9]:
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    text = (ROOT / "notebooks" / "09_your_own_images.py").read_text(encoding="utf-8")
    for old, new in (
        ('\nimages = ""', f"\nimages = {str(folder)!r}"),
        ("\nseed = 0\n", "\nseed = 2_000_000_000\n"),
        ("(mine, moves, seed)\nguessing", "(mine, moves, seed, draws=2)\nguessing"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "lesson.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(settings, "project_folder", lambda: tmp_path)
    monkeypatch.setattr(methods, "STEPS", (20, 20, 10))
    monkeypatch.setattr(methods, "PRETRAINING_STEPS", (20, 20, 50))
    plt.switch_backend("agg")
    v = SimpleNamespace(**runpy.run_path(str(tmp_path / "lesson.py")))
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before
    runs = tmp_path / "runs"
    verdict = json.loads((runs / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["method"] in methods.METHODS
    assert 0 <= verdict["low"] <= verdict["accuracy"] <= verdict["high"] <= 100
    assert len(list(runs.glob("09_*.png"))) == 7
    assert v.mine.name == "my digits" and {*v.metrics} == {
        "own_images_best_accuracy",
        "own_images_exchanged_labels_found",
        "own_images_reconstruction_mse",
    }
    capsys.readouterr()
    _, _, rows = named_by(runs / "model.safetensors", folder, capsys=capsys)
    numbers = infer(v.model, v.mine.images).argmax(1)
    answers = dict(zip(v.mine.files, numbers.tolist(), strict=True))
    assert {row["file"]: v.mine.classes.index(row["class"]) for row in rows} == answers
