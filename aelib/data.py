"""Images and labels: MNIST, and a stand-in for where neither its files nor a network are."""

import hashlib
import os
import shutil
import socket
import tempfile
import threading
import urllib.request
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from aelib.settings import check_settings, data_root

#: MD5 sums of the four files once unpacked; torchvision has those of the archives.
UNPACKED_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
NETWORK_ERRORS = (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException)
VALIDATION_SIZE = 1_000
PROBE_SECONDS = 6


class DataError(RuntimeError):
    """The images asked for cannot be had; the message says why and what to do."""


class NoNetworkError(DataError):
    """Files are missing and the place they come from does not answer."""


class Split(NamedTuple):
    """Images `(N, 1, 28, 28)`, float32 in [0, 1] or bytes (uint8, 0 to 255), and labels `(N,)`,
    int64."""

    images: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Data:
    """The splits of a lesson; no image of one is in another, but `test` is drawn from `full_test`.

    `source` is "MNIST" or "digits (stand-in)"; every figure and metric carries it.
    """

    source: str
    train: Split
    validation: Split
    test: Split
    full_test: Split


def load_data(source="auto", train_size=6_000, test_size=1_000, seed=0, as_bytes=False):
    """Load the images and draw class-balanced splits from them.

    Args:
        source: "mnist", "digits" for the stand-in, or "auto": MNIST, and the stand-in only where
            there are no files and no network.
        train_size: training images, up to 60,000. Up to 1,000 of those not drawn are for
            validation, so at 60,000 the validation split is empty.
        test_size: test images, up to 10,000, drawn from the 10,000 of `full_test`.
        seed: which images are drawn.
        as_bytes: keep the pixels as bytes, a quarter of the memory; `train` and `infer` bring each
            batch to [0, 1].

    Raises:
        ValueError: a setting that cannot be used.
        DataError: damaged files, a data root that cannot be written, or, for "mnist", no files
            and no network.
    """
    check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
    data = None
    if source != "digits":
        try:
            data = _mnist_splits(*load_mnist(data_root()), train_size, test_size, seed)
        except NoNetworkError as error:
            if source == "mnist":
                raise
            print(
                f"NOT MNIST: {error}\nThis run goes on with scikit-learn's handwritten digits, "
                "moved copies of 1,797 images: intervals around scores are too narrow for these."
            )
    data = data or _digits_splits(train_size, test_size, seed)
    if as_bytes:
        return data
    splits = {name: split for name, split in vars(data).items() if name != "source"}
    floats = {name: Split(scaled(pixels), labels) for name, (pixels, labels) in splits.items()}
    return replace(data, **floats)


def scaled(batch):
    """A batch of bytes as float32 in [0, 1]; any other as it is."""
    return batch.float().div_(255) if batch.dtype == torch.uint8 else batch


def balanced_draw(labels, size, generator):
    """Draw `size` positions of `labels`, as many per class as there are to be had.

    Returns:
        int64 `(size,)`, in random order. Where `size` is no multiple of the number of classes, or
        a class runs out, the others fill up one by one.
    """
    order = torch.randperm(len(labels), generator=generator)
    rank_in_class = torch.empty(len(labels), dtype=torch.int64)
    for label in labels.unique():
        members = order[labels[order] == label]
        rank_in_class[members] = torch.arange(len(members))
    # The first image of every class, then the second of every class, and so on.
    chosen = order[rank_in_class[order].argsort(stable=True)][:size]
    return chosen[torch.randperm(size, generator=generator)]


def _mnist_splits(
    train_images, train_labels, test_images, test_labels, train_size, test_size, seed
):
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
    return _with_test(
        "MNIST",
        split(train_images[train], train_labels[train]),
        split(train_images[validation], train_labels[validation]),
        split(test_images, test_labels),
        test_size,
        seed,
    )


def _with_test(source, train, validation, full_test, test_size, seed):
    # A generator of its own: which test images are drawn must not depend on the training size.
    chosen = balanced_draw(full_test.labels, test_size, torch.Generator().manual_seed(seed))
    test = Split(full_test.images[chosen], full_test.labels[chosen])
    return Data(source, train, validation, test, full_test)


# MNIST ------------------------------------------------------------------------------------------


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


# The stand-in -----------------------------------------------------------------------------------


def _digits_splits(train_size, test_size, seed):
    """Splits of the same sizes from scikit-learn's 1,797 digits of 8x8 pixels (UCI, Alpaydin and
    Kaynak, 1998). Each split has source images of its own, so no digit is in two of them."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    sources, labels = torch.tensor(digits.images).float() / 16, torch.tensor(digits.target)
    rest, test = train_test_split(
        np.arange(len(labels)), test_size=360, stratify=labels, random_state=0
    )
    train, validation = train_test_split(rest, test_size=180, stratify=labels[rest], random_state=0)

    def extend(members, size, generator):
        if size == 0:
            return Split(torch.empty(0, 1, 28, 28, dtype=torch.uint8), labels[:0])
        repeats = -(-size // (len(members) // 2))  # Enough of the rarest class, too.
        members = torch.from_numpy(members).repeat(repeats)
        members = members[balanced_draw(labels[members], size, generator)]
        return Split(_as_mnist(sources[members], generator), labels[members])

    generator = torch.Generator().manual_seed(seed)
    validation_size = min(VALIDATION_SIZE, 60_000 - train_size)
    train = extend(train, train_size, generator)
    validation = extend(validation, validation_size, generator)
    full_test = extend(test, 10_000, torch.Generator().manual_seed(0))
    return _with_test("digits (stand-in)", train, validation, full_test, test_size, seed)


def _as_mnist(sources, generator):
    """Bring 8x8 digits to 28x28 bytes, their centre of mass in the middle, each moved by itself.

    As in MNIST the digit fills a box of 20x20 pixels, which 28 pixels of output span 28 / 20 of.
    """
    positions = (torch.arange(8) + 0.5) / 4 - 1
    mass = sources.sum((1, 2))
    centre_x = (sources.sum(1) * positions).sum(1) / mass
    centre_y = (sources.sum(2) * positions).sum(1) / mass
    images = random_affine(
        sources.unsqueeze(1),
        generator,
        zoom=28 / 20,
        centre=(centre_x, centre_y),
        mode="bicubic",
    )
    return images.clamp_(0, 1).mul_(255).round_().byte()


def random_affine(images, generator=None, *, zoom=1.0, centre=(0.0, 0.0), mode="bilinear"):
    """Move each image by itself: up to 10 degrees of rotation, 10 % of scale and of shear, 1 pixel
    of shift.

    Args:
        images: `(N, 1, H, W)`.
        zoom: how much of an image the result spans, along each side.
        centre: where the middle of the result lies, x and y, each a number or `(N,)`; an image
            spans -1 to 1.

    Returns:
        `(N, 1, 28, 28)`.
    """
    count, device = len(images), images.device

    def uniform(limit):
        return (torch.rand(count, generator=generator, device=device) * 2 - 1) * limit

    angle, scale, shear = uniform(torch.pi / 18), 1 + uniform(0.1), uniform(0.1)
    cos, sin = zoom / scale * angle.cos(), zoom / scale * angle.sin()
    x, y = centre[0] + uniform(1 / 14), centre[1] + uniform(1 / 14)
    rows = [cos, shear * cos - sin, x, sin, shear * sin + cos, y]
    grid = F.affine_grid(
        torch.stack(rows, dim=1).view(count, 2, 3), (count, 1, 28, 28), align_corners=False
    )
    return F.grid_sample(images, grid, mode=mode, align_corners=False)
