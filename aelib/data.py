"""Images and labels: MNIST, and a stand-in for where neither its files nor a network are."""

import hashlib
import math
import shutil
import socket
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F

from aelib.settings import SOURCE_NAMES, check_settings, data_root
from aelib.threads import set_threads

VALIDATION_SIZE = 1_000
#: MNIST's four files, unpacked, with the MD5 of each.
FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
#: PyTorch's copy, and that of the Computer Vision Foundation.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
#: How long a mirror may take to answer, and then to send the next bytes, in seconds.
ANSWER_SECONDS, PAUSE_SECONDS = 6, 20


class DataError(RuntimeError):
    """The images asked for cannot be had; the message says why and what to do."""


class NoNetworkError(DataError):
    """Files are missing and could not be downloaded."""


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

    The first call of a process also sets its number of threads (`aelib.threads`).

    Raises:
        ValueError: a setting that cannot be used.
        DataError: damaged files, a data root that cannot be used, or, for "mnist", no files
            and no network.
    """
    check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
    set_threads()
    data = None
    if source != "digits":
        try:
            data = mnist_splits(train_size, test_size, seed)
        except NoNetworkError as error:
            if source == "mnist":
                raise
            print(
                f"NOT MNIST: {error}\nThis run goes on with scikit-learn's handwritten digits, "
                "moved copies of 1,797 images: intervals around scores are too narrow for these."
            )
    data = data or digits_splits(train_size, test_size, seed)
    if as_bytes:
        return data
    splits = {name: split for name, split in vars(data).items() if name != "source"}
    floats = {name: Split(scaled(pixels), labels) for name, (pixels, labels) in splits.items()}
    return replace(data, **floats)


def scaled(batch):
    """A batch of bytes as float32 in [0, 1]; any other tensor as it is."""
    return batch.float().div_(255) if batch.dtype == torch.uint8 else batch


def balanced_draw(labels, size, generator):
    """Draw `size` positions of `labels`, as many per class as there are to be had.

    Returns:
        int64 `(size,)`, in random order. Where `size` is no multiple of the number of classes, or
        a class runs out, the others fill up one by one.

    Raises:
        ValueError: there are fewer labels than `size`.
    """
    if not 0 <= size <= len(labels):
        raise ValueError(f"size={size} cannot be drawn of {len(labels)} labels")
    order = torch.randperm(len(labels), generator=generator)
    rank_in_class = torch.empty(len(labels), dtype=torch.int64)
    for label in labels.unique():
        members = order[labels[order] == label]
        rank_in_class[members] = torch.arange(len(members))
    # The first image of every class, then the second of every class, and so on.
    chosen = order[rank_in_class[order].argsort(stable=True)][:size]
    return chosen[torch.randperm(size, generator=generator)]


def with_test(source, train, validation, full_test, test_size, seed):
    """Data of these splits, with `test_size` images of `full_test` drawn as its test."""
    # A generator of its own: which test images are drawn must not depend on the training size.
    chosen = balanced_draw(full_test.labels, test_size, torch.Generator().manual_seed(seed))
    test = Split(full_test.images[chosen], full_test.labels[chosen])
    return Data(source, train, validation, test, full_test)


# MNIST


def mnist_splits(train_size, test_size, seed):
    """The splits of a lesson, drawn from MNIST; arguments and errors as for `load_data`."""
    images, labels, *full_test = load_mnist()
    images = images.unsqueeze(1)
    generator = torch.Generator().manual_seed(seed)
    # First, so that its classes are balanced however many images there are to train on.
    validation_size = min(VALIDATION_SIZE, len(labels) - train_size)
    validation = balanced_draw(labels, validation_size, generator)
    left = torch.ones(len(labels), dtype=torch.bool)
    left[validation] = False
    left = left.nonzero().squeeze(1)
    train = left[balanced_draw(labels[left], train_size, generator)]
    return with_test(
        SOURCE_NAMES["mnist"],
        Split(images[train], labels[train]),
        Split(images[validation], labels[validation]),
        Split(full_test[0].unsqueeze(1), full_test[1]),
        test_size,
        seed,
    )


def load_mnist():
    """MNIST by torchvision, from the data root, into which files that are missing are downloaded.

    Returns:
        uint8 `(60000, 28, 28)`, int64 `(60000,)`, uint8 `(10000, 28, 28)`, int64 `(10000,)`.

    Raises:
        NoNetworkError: files are missing and cannot be downloaded.
        DataError: a file is damaged, or the data root cannot be used.
    """
    from torchvision.datasets import MNIST  # It takes a second, which the stand-in need not wait.

    try:
        root = data_root()
        raw = root / "MNIST" / "raw"
        if root.is_file():
            raise NotADirectoryError(f"{root} is a file")
        take_kaggles_names(root, raw)
        if not all((raw / name).exists() for name in FILES):
            download(root, raw)
        for name, digest in FILES.items():
            if hashlib.md5((raw / name).read_bytes(), usedforsecurity=False).hexdigest() != digest:
                raise DataError(
                    f"{raw / name} is damaged: its content is not that of MNIST. Delete it and "
                    f"{name}.gz beside it, and run again: with a network it is downloaded anew."
                )
        sets = [MNIST(root, train) for train in (True, False)]
    except (OSError, RuntimeError) as error:  # RuntimeError: AELIB_DATA is ~somebody unknown.
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"The folder for MNIST cannot be used: {error}\nPoint the environment variable "
            "AELIB_DATA to a folder that you can write to, with 70 MB free, or use "
            "source='digits'."
        ) from error
    return sets[0].data, sets[0].targets, sets[1].data, sets[1].targets


def take_kaggles_names(root, raw):
    """Copy MNIST's files to `raw` from where Kaggle's archive unpacks them below `root`.

    There they are called train-images.idx3-ubyte and so on, in `root` or its folder archive, and
    some lie in a folder of their own name.
    """
    for name in FILES:
        dotted = name.replace("-idx", ".idx")
        for folder in (root, root / "archive", raw):
            for found in (folder / dotted, folder / name, folder / name / name):
                if found.is_file() and not (raw / name).exists():
                    raw.mkdir(parents=True, exist_ok=True)
                    part = raw / f".{name}.part"
                    shutil.copyfile(found, part)
                    part.replace(raw / name)


def download(root, raw):
    """Bring MNIST's files into `raw`, by torchvision: unpacked, and downloaded where missing.

    Raises:
        NoNetworkError: no mirror answers, or none gives the whole file.
        DataError: the same, and a file that is there is damaged.
    """
    from torchvision.datasets import MNIST
    from torchvision.datasets.utils import check_integrity

    missing = [
        archive
        for archive, digest in MNIST.resources
        if not (raw / archive[:-3]).exists() and not check_integrity(raw / archive, digest)
    ]
    if missing:
        MNIST.mirrors = answering(MIRRORS)
    try:
        if missing and not MNIST.mirrors:
            raise RuntimeError(f"no answer within {ANSWER_SECONDS} s from {' or '.join(MIRRORS)}")
        with socket_timeout(PAUSE_SECONDS):
            MNIST(root, download=True)
    except (RuntimeError, TimeoutError, ConnectionError) as error:
        damaged = [raw / archive for archive in missing if (raw / archive).exists()]
        fault = (
            f"{damaged[0]} is damaged" if damaged else f"{raw} has no {' and no '.join(missing)}"
        )
        raise (DataError if damaged else NoNetworkError)(
            f"{fault}, and the download failed: {error}.\nTo get MNIST, connect to a network and "
            "run again, or copy its four archives into that folder."
        ) from error


def answering(mirrors):
    """Those of the mirrors that answer in time.

    In threads that can be left behind: looking up a name has no limit of time.
    """
    answered = []

    def ask(mirror):
        try:
            urllib.request.urlopen(f"{mirror}{min(FILES)}.gz", timeout=ANSWER_SECONDS).close()
            answered.append(mirror)
        except OSError:
            pass  # What it says is no more than that it cannot be reached.

    threads = [threading.Thread(target=ask, args=[one], daemon=True) for one in mirrors]
    end = time.monotonic() + ANSWER_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    return [mirror for mirror in mirrors if mirror in answered]


@contextmanager
def socket_timeout(seconds):
    """Let no socket that is opened inside wait longer; torchvision sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


# The stand-in


def digits_splits(train_size, test_size, seed):
    """Splits of the same sizes from scikit-learn's 1,797 digits of 8x8 pixels (UCI, Alpaydin and
    Kaynak, 1998). Each split has source images of its own, so no digit is in two of them."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    sources, labels = torch.tensor(digits.images).float() / 16, torch.tensor(digits.target)
    rest, test = train_test_split(
        range(len(labels)), test_size=360, stratify=labels, random_state=0
    )
    train, validation = train_test_split(rest, test_size=180, stratify=labels[rest], random_state=0)

    def extend(members, size, generator):
        if size == 0:
            return Split(torch.empty(0, 1, 28, 28, dtype=torch.uint8), labels[:0])
        repeats = math.ceil(size / (len(members) // 2))  # Enough of the rarest class, too.
        members = torch.tensor(members).repeat(repeats)
        members = members[balanced_draw(labels[members], size, generator)]
        return Split(as_mnist(sources[members], generator), labels[members])

    generator = torch.Generator().manual_seed(seed)
    validation_size = min(VALIDATION_SIZE, 60_000 - train_size)
    train = extend(train, train_size, generator)
    validation = extend(validation, validation_size, generator)
    full_test = extend(test, 10_000, torch.Generator().manual_seed(0))
    return with_test(SOURCE_NAMES["digits"], train, validation, full_test, test_size, seed)


def as_mnist(sources, generator):
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


# Moves


def deskewed(images):
    """Images `(N, 1, H, W)`, each sheared until it stands upright (LeCun et al., 1998).

    Nothing is learned and no other image is looked at: from row to row an image's own moments say
    how far its ink leans. Its centre of mass comes to the middle. A black image stays as it is.
    """
    places = (torch.arange(images.shape[-1]) + 0.5) * 2 / images.shape[-1] - 1
    ink = images[:, 0] / images.sum((1, 2, 3)).clamp_min(1e-6)[:, None, None]
    x, y = ink.sum(1) @ places, ink.sum(2) @ places
    across, down = places - x[:, None], places - y[:, None]
    lean = torch.einsum("nij,ni,nj->n", ink, down, across)
    lean = lean / torch.einsum("nij,ni->n", ink, down**2).clamp_min(1e-6)
    zero, one = torch.zeros_like(lean), torch.ones_like(lean)
    rows = torch.stack([one, lean, x, zero, one, y], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(rows, images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def random_affine(images, generator=None, *, zoom=1.0, centre=(0.0, 0.0), mode="bilinear", size=28):
    """Move each image by itself: up to 10 degrees of rotation, 10 % of scale and of shear, 1 pixel
    of shift.

    Args:
        images: `(N, C, H, W)`.
        zoom: how much of an image the result spans, along each side.
        centre: where the middle of the result lies, x and y, each a number or `(N,)`; an image
            spans -1 to 1.

    Returns:
        `(N, C, size, size)`.
    """
    count, device = len(images), images.device

    def uniform(limit):
        return (torch.rand(count, generator=generator, device=device) * 2 - 1) * limit

    angle, scale, shear = uniform(torch.pi / 18), 1 + uniform(0.1), uniform(0.1)
    cos, sin = zoom / scale * angle.cos(), zoom / scale * angle.sin()
    x, y = centre[0] + uniform(1 / 14), centre[1] + uniform(1 / 14)
    rows = [cos, shear * cos - sin, x, sin, shear * sin + cos, y]
    grid = F.affine_grid(
        torch.stack(rows, dim=1).view(count, 2, 3),
        (count, images.shape[1], size, size),
        align_corners=False,
    )
    return F.grid_sample(images, grid.to(images.dtype), mode=mode, align_corners=False)
