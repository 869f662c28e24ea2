"""Splits are what they claim to be, and no accident with files or network goes unnoticed.

Tests that need the real MNIST take it from the data root or from beside the clone, and are skipped
where there is none. Accidents happen to a small set of our own: four archives in MNIST's format,
with checksums of their own.
"""

import gzip
import hashlib
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import MNIST

from aelib.data import DataError, NoNetworkError, balanced_draw, digits, load_data, mnist
from aelib.data import load as loading
from aelib.settings import data_root
from tools.lessons import ROOT

TRAIN_IMAGES = "train-images-idx3-ubyte"
REAL_ROOTS = [data_root(), ROOT.parent / "shared" / "mnist"]
REAL_MD5 = dict(mnist.UNPACKED_MD5)
each_source = pytest.mark.parametrize("source", ["mnist", "digits"])


@pytest.fixture(scope="session")
def archives():
    """The folder of the real archives."""
    for root in REAL_ROOTS:
        if all((root / "MNIST" / "raw" / f"{name}.gz").exists() for name in REAL_MD5):
            return root / "MNIST" / "raw"
    pytest.skip("MNIST's four archives are not in the data root; run a lesson once to get them")


@pytest.fixture(scope="session")
def real_root(archives, tmp_path_factory):
    """A root that held nothing but the real archives; two processes have unpacked it at once."""
    root = tmp_path_factory.mktemp("real")
    shutil.copytree(archives, root / "MNIST" / "raw", ignore=lambda _, names: set(REAL_MD5))
    code = (
        "from aelib.data import load_data; print('ready', flush=True); input(); "
        "print(len(load_data('mnist').train.images))"
    )
    with closed_port() as nowhere:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code],
                env={**os.environ, **nowhere, "AELIB_DATA": str(root)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.communicate(timeout=60)[0] for process in processes] == ["6000\n"] * 2
    return root


@pytest.fixture(scope="session")
def real(real_root):
    return mnist.load_mnist(real_root)


@pytest.fixture
def load(request, monkeypatch):
    """`load_data`, with the real MNIST at hand, read once, if that is the source."""

    def load(source, *args):
        if source == "mnist":
            real = request.getfixturevalue("real")
            monkeypatch.setattr(loading, "load_mnist", lambda root: real)
        return load_data(source, *args)

    return load


# Splits -----------------------------------------------------------------------------------------


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
def test_a_seed_names_a_draw(load, source):
    first, again, other = (load(source, 100, 100, seed) for seed in (1, 1, 2))
    larger = load(source, 200, 100, 1)
    for name in ("train", "validation", "test"):
        drawn = getattr(first, name).images
        assert drawn.equal(getattr(again, name).images)
        assert not drawn.equal(getattr(other, name).images)
    assert first.test.images.equal(larger.test.images), "test images depend on the training size"
    assert first.full_test.images.equal(other.full_test.images)


@each_source
def test_bytes_are_the_same_images(load, source):
    floats, whole = load(source, 500, 100), load(source, 500, 100, 0, True)
    for name in ("train", "validation", "test", "full_test"):
        pixels, labels = getattr(whole, name)
        assert pixels.dtype == torch.uint8
        images = pixels.float() / 255
        assert images.equal(getattr(floats, name).images)
        assert labels.equal(getattr(floats, name).labels)


@pytest.mark.parametrize("train_size", [6_000, 59_500, 60_000])
def test_no_image_of_mnist_is_in_two_splits(load, train_size):
    loaded = load("mnist", train_size, 10_000)
    splits = [loaded.train, loaded.validation, loaded.full_test]
    pixels = torch.cat([split.images for split in splits]).mul(255).byte().numpy()
    assert len(loaded.validation.images) == min(1_000, 60_000 - train_size)
    # No two of MNIST's 70,000 images are alike, so that one image more than once is one too many.
    assert len({image.tobytes() for image in pixels}) == sum(len(one.images) for one in splits)
    drawn = {image.numpy().tobytes() for image in loaded.test.images}
    assert drawn <= {image.numpy().tobytes() for image in loaded.full_test.images}


@pytest.mark.parametrize("train_size", [6_000, 60_000])
def test_no_digit_of_the_stand_in_is_in_two_splits(monkeypatch, train_size):
    """Look at the 8x8 digits that the 28x28 images are made from; no two of them are alike."""
    monkeypatch.setattr(digits, "_as_mnist", lambda sources, generator: sources)
    loaded = load_data("digits", train_size)
    assert len(loaded.train.images) == train_size
    splits = (loaded.train, loaded.validation, loaded.full_test)
    used = [{digit.numpy().tobytes() for digit in split.images} for split in splits]
    assert (len(used[1]) == 0) == (train_size == 60_000)
    assert len(set.union(*used)) == sum(map(len, used))


def test_the_stand_in_is_centred_as_mnist_is():
    images = load_data("digits").full_test.images.squeeze(1)
    offsets, mass = torch.arange(28) - 13.5, images.sum((1, 2))
    for axis in (1, 2):
        centre = (images.sum(axis) * offsets).sum(1) / mass
        assert centre.abs().max() < 1.1  # The move shifts it by up to one pixel.
        assert centre.mean().abs() < 0.05
    border = images.clone()
    border[:, 3:-3, 3:-3] = 0
    assert (border.sum((1, 2)) / mass).max() < 0.2


@pytest.mark.parametrize("size", [1, 10, 25, 103])
def test_a_draw_is_balanced_until_a_class_runs_out(size):
    labels = torch.tensor([0] * 3 + [1] * 100)
    drawn = balanced_draw(labels, size, torch.Generator().manual_seed(0))
    assert len(set(drawn.tolist())) == size
    rare = (labels[drawn] == 0).sum()
    assert rare in {1: (0, 1), 10: (3,), 25: (3,), 103: (3,)}[size]


@pytest.mark.parametrize(
    "setting",
    [
        {"train_size": 60_001},
        {"test_size": 10_001},
        {"train_size": 99},
        {"test_size": 99},
        {"seed": -1},
    ],
)
def test_sizes_that_do_not_exist_are_refused(setting):
    [name] = setting
    with pytest.raises(ValueError, match=rf"{name}=.* cannot be used: a whole number from \d+ to"):
        load_data("digits", **setting)


# Files and network ------------------------------------------------------------------------------


@contextmanager
def closed_port():
    """Environment variables that send every request to a port that refuses it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield proxies(closed)


def proxies(listener):
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return {"http_proxy": address, "https_proxy": address, "no_proxy": "", "NO_PROXY": ""}


def use(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(urllib.request, "_opener", None)  # It keeps the proxies it started with.


class Small:
    """A root, and four archives of 160 and 120 images that pass for MNIST's."""

    def __init__(self, monkeypatch, folder):
        random = np.random.default_rng(0)
        self.unpacked, self.archives = {}, {}
        for name in REAL_MD5:
            count = 160 if name.startswith("train") else 120
            if "images" in name:
                head = struct.pack(">4i", 0x803, count, 28, 28)
                body = random.integers(256, size=(count, 28, 28))
            else:
                head, body = struct.pack(">2i", 0x801, count), np.arange(count) % 10
            self.unpacked[name] = head + body.astype(np.uint8).tobytes()
            self.archives[f"{name}.gz"] = gzip.compress(self.unpacked[name])
        md5 = {n: hashlib.md5(c).hexdigest() for n, c in (self.unpacked | self.archives).items()}
        monkeypatch.setattr(mnist, "UNPACKED_MD5", {name: md5[name] for name in self.unpacked})
        monkeypatch.setattr(MNIST, "resources", [(name, md5[name]) for name in self.archives])
        self.raw = folder / "MNIST" / "raw"
        monkeypatch.setenv("AELIB_DATA", str(folder))

    def put(self, files):
        self.raw.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (self.raw / name).write_bytes(content)

    def found(self):
        return {path.name: path.read_bytes() for path in self.raw.glob("*")}

    def load(self, source="mnist"):
        return load_data(source, 100, 100)


@pytest.fixture
def small(monkeypatch, tmp_path):
    with closed_port() as nowhere:  # No test talks to the world.
        use(monkeypatch, nowhere)
        yield Small(monkeypatch, tmp_path)


@pytest.fixture
def served(small, monkeypatch):
    """`small` on a server of our own: which requests came, and how much of a file is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET(head=True)

        def do_GET(self, head=False):
            content = small.archives.get(self.path[1:])
            self.send_response(200 if content else 403)
            self.send_header("Content-Length", str(len(content or "")))
            self.end_headers()
            if content and not head:
                small.requests.append(self.path[1:])
                self.wfile.write(content[: int(len(content) * small.sent)])

        def log_message(self, *args):
            pass

    small.sent, small.requests = 1, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        use(monkeypatch, {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"})
        yield small
        server.shutdown()


def test_a_packed_root_was_unpacked_by_two_processes_at_once(real_root, archives):
    """...without a network, and left whole; `real_root` saw both of them succeed."""
    raw = real_root / "MNIST" / "raw"
    assert sorted(path.stem for path in raw.glob("*.gz")) == sorted(REAL_MD5)
    found = {path.name: path for path in raw.iterdir() if path.suffix != ".gz"}
    assert {n: hashlib.md5(p.read_bytes()).hexdigest() for n, p in found.items()} == REAL_MD5


@pytest.mark.parametrize("form", ["archives", "unpacked"])
def test_files_at_hand_need_no_network(small, form):
    small.put(getattr(small, form))
    images = small.load().train.images.mul(255).byte().numpy()
    stored = small.unpacked[TRAIN_IMAGES][16:]
    assert len(images) == 100
    assert [image for image in images if image.tobytes() not in stored] == []


@pytest.mark.parametrize("source", ["mnist", "auto"])
@pytest.mark.parametrize("form", ["archives", "unpacked"])
@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda c: c[:-9] + b"!" + c[-8:]])
def test_a_damaged_file_is_named_and_never_replaced_by_the_stand_in(small, source, form, damage):
    files = dict(getattr(small, form))
    name = next(iter(files))
    files[name] = damage(files[name])
    small.put(files)
    with pytest.raises(DataError, match=f"(?s)Damaged, by its checksum: .*{name}.*run again"):
        small.load(source)
    assert small.found() == files


def test_a_damaged_file_is_mended_from_its_archive_or_from_the_network(served):
    served.put(served.archives | served.unpacked | {TRAIN_IMAGES: b"damaged"})
    served.load()
    assert served.found() == served.archives | served.unpacked
    assert served.requests == []
    served.put({TRAIN_IMAGES: b"damaged", f"{TRAIN_IMAGES}.gz": b"half a downl"})
    served.load()
    assert served.found() == served.archives | served.unpacked
    assert set(served.requests) == {f"{TRAIN_IMAGES}.gz"}


def test_a_download_that_works_is_kept(served):
    assert served.load("auto").source == "MNIST"
    assert served.found() == served.archives | served.unpacked


def test_a_download_that_breaks_off_leaves_nothing_behind(served, capsys):
    served.sent = 0.5
    with pytest.raises(NoNetworkError, match=f"{TRAIN_IMAGES}.gz did not arrive whole"):
        served.load()
    assert served.load("auto").source == "digits (stand-in)"
    assert "did not arrive whole" in capsys.readouterr().out
    assert served.found() == {}


@contextmanager
def as_somebody():
    """Not as root, who may write everywhere."""
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if os.getresuid()[2] == 0:
            os.setresuid(0, 0, 0)


@pytest.mark.parametrize("packed", [True, False])
def test_a_root_that_may_not_be_written(served, packed, monkeypatch):
    with tempfile.TemporaryDirectory() as folder:  # Unlike tmp_path, for others to read, too.
        os.chmod(folder, 0o755)
        served.raw = Path(folder, "MNIST", "raw")
        monkeypatch.setenv("AELIB_DATA", folder)
        served.put(served.archives if packed else {})
        os.chmod(served.raw, 0o555)
        before = served.found()
        with as_somebody():
            if packed:
                assert served.load("auto").source == "MNIST"
            else:
                with pytest.raises(DataError, match="(?s)Permission denied.*AELIB_DATA") as error:
                    served.load("auto")
                assert not isinstance(error.value, NoNetworkError)
        assert served.found() == before


def test_a_full_disk(served):
    served.put(served.archives)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(DataError, match="(?s)cannot take the MNIST files: .*AELIB_DATA"):
            served.load("auto")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert served.found() == served.archives


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("answer", [None, b"", b"Hello!\r\n\r\n"], ids=["silent", "gone", "odd"])
def test_without_a_network_the_stand_in_takes_over_soon(small, monkeypatch, capsys, answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections = []

        def serve():
            while True:
                try:
                    connections.append(listener.accept()[0])
                except OSError:
                    return
                if answer is not None:
                    connections[-1].sendall(answer)
                    connections[-1].close()

        threading.Thread(target=serve, daemon=True).start()
        use(monkeypatch, proxies(listener))
        start = time.monotonic()
        assert small.load("auto").source == "digits (stand-in)"
        assert time.monotonic() - start < 10
        assert connections, "the listener was not even asked"
    printed = capsys.readouterr()
    assert printed.out.startswith("NOT MNIST: ")
    assert "To get MNIST, connect to a network" in printed.out
    assert [name for name in small.archives if name not in printed.out] == []
    assert printed.err == ""


def test_mnist_asked_for_by_name_never_falls_back(small):
    with pytest.raises(NoNetworkError, match="does not answer"):
        small.load("mnist")
    assert not small.raw.exists()
