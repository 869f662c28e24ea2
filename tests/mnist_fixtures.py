"""MNIST for tests: the real one, and a small one of our own that passes for it, for accidents.

The real one is taken from the data root or from beside the clone; tests that need it are skipped
where there is none.
"""

import gzip
import hashlib
import os
import shutil
import socket
import struct
import tempfile
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from aelib.data import NoNetworkError, download, load, load_data, mnist, search
from aelib.settings import data_root
from tools.lessons import ROOT

NAMES = list(search.FILES)
REAL_ROOTS = [data_root(), ROOT.parent / "shared" / "mnist"]


@pytest.fixture(scope="session")
def archives():
    """The folder of the real archives."""
    for root in REAL_ROOTS:
        if all((root / "MNIST" / "raw" / f"{name}.gz").exists() for name in NAMES):
            return root / "MNIST" / "raw"
    pytest.skip("MNIST's four archives are not in the data root; run a lesson once to get them")


@pytest.fixture(scope="session")
def real(archives, tmp_path_factory):
    """What `load_mnist` returns for the real archives; these stay as they are."""
    root = tmp_path_factory.mktemp("real")
    shutil.copytree(archives, root, dirs_exist_ok=True, ignore=lambda _, names: NAMES)
    return mnist.load_mnist(root)


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


@contextmanager
def as_somebody():
    """Not as root, who may read and write everywhere."""
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if os.getresuid()[2] == 0:
            os.setresuid(0, 0, 0)


@contextmanager
def full_disk(limit=20_000):
    """Files cannot grow beyond the limit."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class Small:
    """A data root, and what may lie there: 160 and 120 images and their labels."""

    as_somebody, full_disk = staticmethod(as_somebody), staticmethod(full_disk)
    proxies = staticmethod(proxies)

    def __init__(self, monkeypatch, root):
        random = np.random.default_rng(0)
        self.unpacked, self.archives = {}, {}
        for name in NAMES:
            count = 160 if name.startswith("train") else 120
            if "images" in name:
                head = struct.pack(">4i", 0x803, count, 28, 28)
                body = random.integers(256, size=(count, 28, 28))
            else:
                head, body = struct.pack(">2i", 0x801, count), np.arange(count) % 10
            content = head + body.astype(np.uint8).tobytes()
            packed = gzip.compress(content)
            self.unpacked[name], self.archives[f"{name}.gz"] = content, packed
            known = search.Known(hashlib.md5(content).hexdigest(), len(content), len(packed))
            monkeypatch.setitem(search.FILES, name, known)
        self.monkeypatch = monkeypatch
        self.point_to(root)

    def point_to(self, root):
        self.root, self.raw = root, root / "MNIST" / "raw"
        self.monkeypatch.setenv("AELIB_DATA", str(root))

    def no_download(self, name):
        raise NoNetworkError("there is no network")

    def use(self, variables):
        use(self.monkeypatch, variables)

    def put(self, files, folder=None):
        for name, content in files.items():
            path = (folder or self.raw) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def found(self, folder=None):
        """Everything in a folder, which is `MNIST/raw` if no other is named."""
        paths = (folder or self.raw).rglob("*")
        return {path.name: path.read_bytes() for path in paths if path.is_file()}

    def load(self, source="mnist"):
        """The training and test images must be those of the four files, whatever happens."""
        data = load_data(source, 100, 100, as_bytes=True)
        if data.source == "MNIST":
            for split, part in ((data.train, "train"), (data.full_test, "t10k")):
                images = self.unpacked[f"{part}-images-idx3-ubyte"][16:]
                labels = self.unpacked[f"{part}-labels-idx1-ubyte"][8:]
                known = {images[784 * i : 784 * (i + 1)]: one for i, one in enumerate(labels)}
                for image, label in zip(split.images, split.labels, strict=True):
                    assert known[image.numpy().tobytes()] == label
        return data


@pytest.fixture(scope="session")
def stand_in():
    """Made once: it takes longer than most tests of files."""
    return load_data("digits", 100, 100, as_bytes=True)


@pytest.fixture
def small(monkeypatch, tmp_path, stand_in):
    monkeypatch.setattr(load, "digits_splits", lambda *settings: stand_in)
    with closed_port() as nowhere:  # No test talks to the world.
        use(monkeypatch, nowhere)
        yield Small(monkeypatch, tmp_path / "data")


@pytest.fixture
def served(small, monkeypatch):
    """`small` on a server of our own that keeps a list of requests; `answer` may be replaced."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            small.requests.append(self.path[1:])
            small.answer(self, self.path[1:])

        def reply(self, content, status=200, length=None):
            self.send_response(status)
            self.send_header("Content-Length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    small.requests = []
    small.answer = lambda handler, name: handler.reply(small.archives[name])
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(download, "MIRRORS", [f"http://127.0.0.1:{server.server_port}/"])
        use(monkeypatch, {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"})
        yield small
        server.shutdown()


@pytest.fixture
def open_root():
    """A data root that others may read; `tmp_path` is for its owner alone."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)
