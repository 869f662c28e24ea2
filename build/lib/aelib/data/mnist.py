"""MNIST's four files: found, checked, unpacked or downloaded."""

import hashlib
import os
import shutil
import socket
import tempfile
import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch

from aelib.data.errors import DataError, NoNetworkError
from aelib.data.splits import VALIDATION_SIZE, Split, balanced_draw, with_test

#: MD5 sums of the four files once unpacked; torchvision has those of the archives.
UNPACKED_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
NETWORK_ERRORS = (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException)
PROBE_SECONDS = 6


def mnist_splits(train_images, train_labels, test_images, test_labels, train_size, test_size, seed):
    """The splits of a lesson, drawn from what `load_mnist` returns."""
    generator = torch.Generator().manual_seed(seed)

    def split(pixels, labels):
        return Split(pixels.unsqueeze(1), labels)

    # First, so that its classes are balanced however many images there are to train on.
    validation_size = min(VALIDATION_SIZE, len(train_labels) - train_size)
    validation = balanced_draw(train_labels, validation_size, generator)
    left = torch.ones(len(train_labels), dtype=torch.bool)
    left[validation] = False
    left = left.nonzero().squeeze(1)
    train = left[balanced_draw(train_labels[left], train_size, generator)]
    return with_test(
        "MNIST",
        split(train_images[train], train_labels[train]),
        split(train_images[validation], train_labels[validation]),
        split(test_images, test_labels),
        test_size,
        seed,
    )


def load_mnist(root):
    """Read the four MNIST files below `root`, fetching or unpacking what is missing.

    Whatever is read has the checksum of the original. New files are made in a folder of their own
    and moved into place whole, so a stopped or second process never leaves or meets half a file.

    Returns:
        uint8 `(60000, 28, 28)`, int64 `(60000,)`, uint8 `(10000, 28, 28)`, int64 `(10000,)`.

    Raises:
        NoNetworkError: files are missing and cannot be downloaded.
        DataError: a file is damaged and cannot be replaced, or `root` cannot be written.
    """
    raw = root / "MNIST" / "raw"
    whole = {name for name, md5 in UNPACKED_MD5.items() if _is_whole(raw / name, md5)}
    if len(whole) == len(UNPACKED_MD5):
        return _read(raw)
    # Imported here, as scikit-learn below, since that takes longer than to read the files.
    from torchvision.datasets import MNIST
    from torchvision.datasets.utils import extract_archive

    archives = {name: md5 for name, md5 in MNIST.resources if Path(name).stem not in whole}
    missing = {name for name, md5 in archives.items() if not _is_whole(raw / name, md5)}
    if missing and not _reachable(MNIST.mirrors[0]):
        _explain_missing(raw, missing)
    try:
        # A root that has every archive but may not be written is unpacked elsewhere, each time.
        keep = bool(missing) or os.access(raw, os.W_OK)
        if keep:
            raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw if keep else None, prefix=".part-") as part:
            staged = Path(part, "MNIST", "raw")
            staged.mkdir(parents=True)
            for name in whole:
                shutil.copyfile(raw / name, staged / name)
            for name, md5 in archives.items():
                if name in missing:
                    _download(name, md5, staged)
                else:
                    extract_archive(raw / name, staged)
            images_and_labels = _read(staged)
            for file in staged.iterdir() if keep else ():
                os.replace(file, raw / file.name)
    except OSError as error:
        raise DataError(
            f"The data root {root} cannot take the MNIST files: {error.strerror or error}.\n"
            "Point the environment variable AELIB_DATA to a folder that you can write to, with "
            "70 MB free, or use source='digits'."
        ) from error
    return images_and_labels


def _is_whole(path, md5):
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest() == md5


def _read(raw):
    """The four files, of known form by their checksums: a header, then a byte for each number."""
    tensors = []
    for name in UNPACKED_MD5:
        header, shape = (16, (-1, 28, 28)) if "images" in name else (8, (-1,))
        values = torch.from_numpy(np.fromfile(raw / name, np.uint8, offset=header))
        tensors.append(values.view(shape) if "images" in name else values.long())
    return tensors


def _reachable(address):
    """Whether MNIST's server answers; in a thread, as looking up its name has no time limit."""
    answered = threading.Event()

    def ask():
        request = urllib.request.Request(address, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=PROBE_SECONDS).close()
        except urllib.error.HTTPError:
            pass  # A refusal is an answer too: the folder itself cannot be listed.
        except (OSError, HTTPException):
            return
        answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return answered.is_set()


def _explain_missing(raw, missing):
    from torchvision.datasets import MNIST

    damaged = [str(path) for name in sorted(missing) for path in raw.glob(f"{Path(name).stem}*")]
    if damaged:
        raise DataError(
            f"Damaged, by its checksum: {', '.join(damaged)}.\nConnect to a network and run again "
            "to have it replaced, put a whole copy in its place, or use source='digits'."
        )
    raise NoNetworkError(
        f"the files of MNIST are not in {raw}, and {MNIST.mirrors[0]} does not answer.\n"
        "To get MNIST, connect to a network and run again, or copy the four archives "
        f"({', '.join(name for name, _ in MNIST.resources)}) into that folder."
    )


def _download(name, md5, folder):
    from torchvision.datasets import MNIST
    from torchvision.datasets.utils import download_and_extract_archive

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # A connection that dies silently must not hang the lesson.
    try:
        for mirror in MNIST.mirrors:
            try:
                return download_and_extract_archive(mirror + name, folder, md5=md5)
            except (*NETWORK_ERRORS, RuntimeError) as error:  # The last: not the file we know.
                reason = error
    finally:
        socket.setdefaulttimeout(timeout)
    raise NoNetworkError(f"the download of {name} did not arrive whole ({reason}): run again.")
