"""The saved classifier names new images as the trained one does, from the command line."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from aelib import classify
from aelib.contest.classifier import load_classifier, save_classifier
from aelib.contest.methods import METHODS, learn, pretrain
from aelib.data import Split
from aelib.data.folder import read_images
from aelib.training import infer


def bar(number, upright):
    draws = np.random.default_rng(number)
    image = np.zeros((28, 28), np.uint8)
    first, second = draws.integers(4, 12, 2)
    height, width = (14, 5) if upright else (5, 14)
    image[first : first + height, second : second + width] = draws.integers(120, 255)
    return image


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    root = tmp_path_factory.mktemp("bars")
    for number in range(80):
        path = root / ("lying", "Ständer, hoch")[number % 2] / f"{number} ü.png"
        path.parent.mkdir(exist_ok=True)
        image = bar(number, number % 2)
        Image.fromarray(255 - image if number % 3 == 0 else image).save(path)
    return root, read_images(root)


@pytest.fixture(scope="module")
def encoder(mine):
    return pretrain(mine[1].images, "none", 0)[0].encoder


def trained(mine, encoder, method):
    data = mine[1]
    return learn(method, Split(data.images, data.labels), data.images, encoder, 2, "none", 0)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_saved_classifier_answers_as_the_trained_one(tmp_path, mine, encoder, method):
    data = mine[1]
    model = trained(mine, encoder, method)
    save_classifier(tmp_path / "model.safetensors", model, method, data)
    loaded, classes, preparation = load_classifier(tmp_path / "model.safetensors")
    assert classes == ["Ständer, hoch", "lying"]
    assert preparation == {"size": 28, "channels": 1, "turned": True}
    assert torch.equal(infer(loaded, data.images), infer(model, data.images))


@pytest.fixture(scope="module")
def saved(tmp_path_factory, mine, encoder):
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    save_classifier(path, trained(mine, encoder, "pixels"), "pixels", mine[1])
    return path


@pytest.mark.slow
def test_the_command_names_every_image_and_lists_what_it_cannot_read(tmp_path, mine, saved, capsys):
    root, data = mine
    new = tmp_path / "new images"
    for file in data.files:
        target = new / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((root / file).read_bytes())
    (new / "broken.png").write_bytes(b"no image")
    (new / "notes.txt").write_text("no image by its name")
    (new / "out.png").symlink_to(root / data.files[0])
    assert classify.main([str(saved), str(new)]) == 0
    output = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(output.out)))
    assert list(rows[0]) == ["file", "class", "probability"]
    assert [row["file"] for row in rows] == sorted(row["file"] for row in rows)
    assert {row["file"] for row in rows} == set(data.files)
    right = [row["file"].startswith(row["class"] + "/") for row in rows]
    assert np.mean(right) > 0.9
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)
    for name in ("80 images named, 3 files left out", "broken.png", "notes.txt", "out.png"):
        assert name in output.err
    table = tmp_path / "names.csv"
    assert classify.main([str(saved), str(new), "--output", str(table)]) == 0
    assert table.read_text(encoding="utf-8") == output.out


@pytest.mark.slow
def test_names_of_any_letters_in_any_terminal(mine, saved):
    command = [sys.executable, "-m", "aelib.classify", saved, mine[0]]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=ascii_only)
    assert done.returncode == 0, done.stderr
    assert "Ständer, hoch" in done.stdout.decode("utf-8")


def test_a_folder_without_images(tmp_path, saved, capsys):
    assert classify.main([str(saved), str(tmp_path)]) == 1
    assert capsys.readouterr().out == "file,class,probability\n"


@pytest.mark.slow
def test_what_is_no_classifier_or_no_folder(tmp_path, saved, capsys):
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    closed = tmp_path / "no folder" / "names.csv"
    with pytest.raises(SystemExit):
        classify.main([str(saved), str(tmp_path), "--output", str(closed)])
    assert f"{closed} cannot be written: No such file" in capsys.readouterr().err
    cases = {
        ("missing.safetensors", "."): "missing.safetensors",
        ("text.safetensors", "."): "cannot be read as a classifier",
        ("other.safetensors", "."): "no classifier of lesson 9",
        (str(saved), "missing"): "no folder",
    }
    for (model, folder), words in cases.items():
        with pytest.raises(SystemExit) as caught:
            classify.main([str(tmp_path / model), str(tmp_path / folder)])
        assert caught.value.code == 2
        assert words in capsys.readouterr().err
