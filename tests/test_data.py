"""Splits are what they claim to be, and MNIST comes whole, or it is said why not."""

import gzip
import hashlib
import os
import socket
import struct
import threading
import time
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from torchvision.datasets import MNIST

from aelib import data
from aelib.data import (
    DataError,
    NoNetworkError,
    balanced_draw,
    load_data,
    random_affine,
    scaled,
)

each_source = pytest.mark.parametrize("source", ["mnist", "digits"])


@pytest.fixture
def load(request):
    def load(source, *settings):
        if source == "mnist":
            request.getfixturevalue("mnist_root")
        return load_data(source, *settings)

    return load


# Splits ------------------------------------------------------------------------------------------


@each_source
@pytest.mark.parametrize(("train_size", "test_size"), [(6_000, 1_000), (157, 123)])
def test_splits_have_the_form_they_promise_and_are_balanced(load, source, train_size, test_size):
    loaded = load(source, train_size, test_size)
    sizes = {"train": train_size, "validation": 1_000, "test": test_size, "full_test": 10_000}
    for name, size in sizes.items():
        images, labels = getattr(loaded, name)
        assert (images.shape, images.dtype) == ((size, 1, 28, 28), torch.float32)
        assert (labels.shape, labels.dtype) == ((size,), torch.int64)
        assert (images.min(), images.max()) == (0, 1)
        counts = labels.bincount(minlength=10)
        if (source, name) != ("mnist", "full_test"):  # The file itself is not balanced.
            assert counts.max() - counts.min() <= 1
    assert loaded.source == {"mnist": "MNIST", "digits": "digits (stand-in)"}[source]


@each_source
def test_a_seed_names_a_draw_and_bytes_are_the_same_images(load, source):
    first, other = load(source, 100, 100, 1), load(source, 100, 100, 2)
    larger = load(source, 200, 100, 1, True)
    assert not first.train.images.equal(other.train.images)
    assert not first.validation.images.equal(other.validation.images)
    assert larger.test.images.dtype == torch.uint8
    assert first.test.images.equal(larger.test.images / 255), "test depends on the training size"
    assert first.full_test.images.equal(other.full_test.images)


@pytest.mark.slow
@pytest.mark.parametrize("train_size", [6_000, 59_500, 60_000])
def test_no_image_of_mnist_is_in_two_splits(load, train_size):
    loaded = load("mnist", train_size, 10_000, 0, True)
    splits = [loaded.train, loaded.validation, loaded.full_test]
    assert len(loaded.validation.images) == min(1_000, 60_000 - train_size)
    # No two of MNIST's 70,000 images are alike, so that one image more than once is one too many.
    pixels = torch.cat([split.images for split in splits]).numpy()
    assert len({image.tobytes() for image in pixels}) == len(pixels)
    known = {image.tobytes() for image in loaded.full_test.images.numpy()}
    assert {image.tobytes() for image in loaded.test.images.numpy()} <= known


def test_no_digit_of_the_stand_in_is_in_two_splits(monkeypatch):
    """Look at the 8x8 digits that the 28x28 images are made from; no two of them are alike."""
    monkeypatch.setattr(data, "as_mnist", lambda sources, generator: sources)
    loaded = load_data("digits")
    splits = (loaded.train, loaded.validation, loaded.full_test)
    used = [{digit.numpy().tobytes() for digit in split.images} for split in splits]
    assert [len(one) for one in used[1:]] == [180, 360] and 1_240 < len(used[0]) <= 1_257
    assert len(set.union(*used)) == sum(map(len, used))
    assert len(load_data("digits", 60_000).validation.images) == 0


def test_the_stand_in_is_centred_as_mnist_is():
    images = load_data("digits").full_test.images.squeeze(1)
    offsets, mass = torch.arange(28) - 13.5, images.sum((1, 2))
    for axis in (1, 2):
        centre = (images.sum(axis) * offsets).sum(1) / mass
        assert centre.abs().max() < 1.1  # The move shifts it by up to one pixel.
        assert centre.mean().abs() < 0.05


@pytest.mark.parametrize("size", [1, 10, 25, 103])
def test_a_draw_is_balanced_until_a_class_runs_out(size):
    labels = torch.tensor([0] * 3 + [1] * 100)
    drawn = balanced_draw(labels, size, torch.Generator().manual_seed(0))
    assert len(set(drawn.tolist())) == size
    assert (labels[drawn] == 0).sum() in {1: (0, 1), 10: (3,), 25: (3,), 103: (3,)}[size]
    with pytest.raises(ValueError, match="size=104 cannot be drawn of 103 labels"):
        balanced_draw(labels, 104, None)


def test_draws_of_mnist_are_those_of_the_stored_outputs(load):
    """Every number in a lesson rests on them; a change of theirs changes all."""
    loaded = load("mnist", 100, 100, 1, True)
    drawn = [*loaded.train, *loaded.validation, *loaded.test]
    digest = hashlib.md5(b"".join(t.numpy().tobytes() for t in drawn)).hexdigest()
    assert digest == "bca39af793e5c8b3f1edfe8393b57046"


# Moves -------------------------------------------------------------------------------------------


def test_an_image_is_moved_as_far_as_is_said_and_no_farther(monkeypatch):
    """Up to 10 degrees, 10 % of scale and of shear, and a pixel of 28 to either side."""
    matrices = []
    grid = torch.nn.functional.affine_grid

    def watch(theta, *others, **more):
        matrices.append(theta)
        return grid(theta, *others, **more)

    monkeypatch.setattr(data.F, "affine_grid", watch)
    generator = torch.Generator().manual_seed(0)
    images = torch.ones(20_000, 1, 1, 1)
    random_affine(images, generator, zoom=2.0, centre=(0.5, -0.25), size=1)
    [(cos, across, x), (sin, up, y)] = matrices[0].permute(1, 2, 0)
    length = torch.hypot(cos, sin)
    found = {
        torch.pi / 18: torch.atan2(sin, cos),
        0.1: 2.0 / length - 1,
        0.1 + 1e-9: (across * cos + up * sin) / length**2,
        1 / 14: x - 0.5,
        1 / 14 + 1e-9: y + 0.25,
    }
    for limit, values in found.items():
        assert values.abs().max() < 1.001 * limit
        assert values.max() > 0.99 * limit and values.min() < -0.99 * limit
        assert abs(values.mean()) < 0.02 * limit
    # An image that is sheared and not stretched keeps its size across the shear.
    assert torch.allclose((up * cos - across * sin) / length, length, atol=1e-5)


def test_images_stay_of_their_kind():
    for kind in (torch.float16, torch.float64):
        moved = random_affine(torch.ones(5, 1, 28, 28, dtype=kind), size=14)
        assert (moved.shape, moved.dtype) == ((5, 1, 14, 14), kind)
        assert scaled(moved) is moved
    assert scaled(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [0.0, 1.0]


# MNIST's files -----------------------------------------------------------------------------------


class Small:
    """A data root, and files that pass for MNIST's in it: 160 and 120 images and their labels."""

    def __init__(self, monkeypatch, root):
        random, resources = np.random.default_rng(0), []
        self.raw, self.root = root / "MNIST" / "raw", root
        self.files, self.archives = {}, {}
        for name in data.FILES:
            count = 160 if name.startswith("train") else 120
            if "images" in name:
                head = struct.pack(">4i", 0x803, count, 28, 28)
                body = random.integers(256, size=(count, 28, 28))
            else:
                head, body = struct.pack(">2i", 0x801, count), np.arange(count) % 10
            content = head + body.astype(np.uint8).tobytes()
            packed = gzip.compress(content, mtime=0)
            self.files[name], self.archives[f"{name}.gz"] = content, packed
            monkeypatch.setitem(data.FILES, name, hashlib.md5(content).hexdigest())
            resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
        monkeypatch.setattr(MNIST, "resources", resources)
        monkeypatch.setenv("AELIB_DATA", str(root))

    def put(self, files, folder=None):
        for name, content in files.items():
            path = (folder or self.raw) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def load(self, source="mnist"):
        """Whatever happens, the training images must be those of the file."""
        loaded = load_data(source, 100, 100, as_bytes=True)
        if loaded.source == "MNIST":
            pixels = self.files["train-images-idx3-ubyte"][16:]
            known = {pixels[784 * n : 784 * (n + 1)]: n % 10 for n in range(160)}
            for image, label in zip(*loaded.train, strict=True):
                assert known[image.numpy().tobytes()] == label
        return loaded


@pytest.fixture
def small(monkeypatch, tmp_path):
    """...on a machine whose every way into the world is closed."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(urllib.request, "_opener", None)  # It keeps its first proxies.
        yield Small(monkeypatch, tmp_path / "data")


@pytest.fixture
def served(small, monkeypatch, tmp_path):
    """...but for a server of our own, which has the archives."""
    folder = tmp_path / "served"
    small.put(small.archives, folder)
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(data, "MIRRORS", [f"http://127.0.0.1:{server.server_port}/"])
        small.served = folder
        yield small
        server.shutdown()


def test_what_is_missing_is_downloaded_and_kept(served):
    assert served.load("auto").source == "MNIST"
    (served.raw / "t10k-labels-idx1-ubyte").unlink()
    (served.raw / "t10k-labels-idx1-ubyte.gz").unlink()
    served.load()
    assert {path.name for path in served.raw.iterdir()} == {*served.files, *served.archives}
    served.served.rename(served.root / "away")
    served.load()  # From now on without the server.


def test_archives_are_unpacked_without_a_network(small):
    small.put(small.archives)
    assert small.load().source == "MNIST"


@pytest.mark.parametrize("folder", ["", "archive", "MNIST/raw"])
def test_the_names_that_kaggle_gives_are_known(small, folder):
    dotted = {name.replace("-idx", ".idx"): content for name, content in small.files.items()}
    if folder != "MNIST/raw":  # Of some, Kaggle's archive has a folder with the file in it.
        last = "train-images-idx3-ubyte"
        dotted[f"{last}/{last}"] = dotted.pop(last.replace("-idx", ".idx"))
    small.put(dotted, small.root / folder)
    assert small.load().source == "MNIST"


def test_silent_damage_is_one_error_that_names_the_file(small):
    name = "train-images-idx3-ubyte"
    content = bytearray(small.files[name])
    content[5_000] ^= 4
    small.put(small.files | {name: bytes(content)})
    with pytest.raises(DataError, match=f"{name} is damaged.*Delete it and {name}.gz") as raised:
        small.load("auto")
    assert not isinstance(raised.value, NoNetworkError)


@pytest.mark.parametrize("left", [0, 3])
def test_without_files_and_network_the_stand_in_takes_over_and_says_so(small, capsys, left):
    small.put(dict(list(small.files.items())[:left]))
    start = time.monotonic()
    assert small.load("auto").source == "digits (stand-in)"
    assert time.monotonic() - start < 10
    printed = capsys.readouterr().out
    assert "NOT MNIST" in printed and "t10k-labels-idx1-ubyte.gz" in printed
    assert ("train-images-idx3-ubyte.gz" in printed) == (left == 0)
    with pytest.raises(NoNetworkError, match="connect to a network and run again"):
        small.load("mnist")


def test_a_server_that_never_answers_is_left_after_some_seconds(small, monkeypatch):
    monkeypatch.setattr(data, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(data, "MIRRORS", [address, address])
        with pytest.raises(NoNetworkError, match="no answer within 0.5 s from http"):
            small.load()


def test_a_damaged_archive_is_downloaded_again_or_named(served):
    name = "train-images-idx3-ubyte.gz"
    served.put({name: b"half a downl"})
    served.load()
    for path in served.raw.iterdir():
        path.unlink()
    served.put({name: b"half a downl"}), served.put({name: b"<html>Log in</html>"}, served.served)
    with pytest.raises(DataError, match=f"{name} is damaged") as raised:
        served.load("auto")
    assert not isinstance(raised.value, NoNetworkError)


@pytest.mark.parametrize("kind", ["a file", "nobody's home", "read-only"])
def test_a_data_root_that_cannot_be_used_is_named(small, monkeypatch, kind):
    small.put(small.archives)
    if kind == "a file":
        monkeypatch.setenv("AELIB_DATA", str(small.raw / "t10k-labels-idx1-ubyte.gz"))
    elif kind == "nobody's home":
        monkeypatch.setenv("AELIB_DATA", "~nobody-is-called-so/data")
    else:
        small.raw.chmod(0o500)
        if os.access(small.raw, os.W_OK):
            pytest.skip("this user may write everywhere")
    with pytest.raises(DataError, match="AELIB_DATA"):
        small.load()
