"""MNIST from its four files: where they are found, unpacked or downloaded, and the splits of it."""

import os
from contextlib import suppress

import numpy as np
import torch

from aelib.data.download import download
from aelib.data.errors import DataError, NoNetworkError
from aelib.data.search import FILES, find, name_of
from aelib.data.splits import VALIDATION_SIZE, Split, balanced_draw, with_test
from aelib.files import clear_parts, write_whole
from aelib.settings import SOURCE_NAMES

ELSEWHERE = (
    "Point the environment variable AELIB_DATA to a folder that you can write to, with 70 MB free, "
    "or use source='digits'."
)


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
        SOURCE_NAMES["mnist"],
        split(train_images[train], train_labels[train]),
        split(train_images[validation], train_labels[validation]),
        split(test_images, test_labels),
        test_size,
        seed,
    )


def load_mnist(root):
    """Read the four MNIST files, wherever they lie below `root`; download those that are missing.

    Whatever is read has the checksum of the original. What was packed is kept unpacked in
    `MNIST/raw` for the next time, where there is room.

    Returns:
        uint8 `(60000, 28, 28)`, int64 `(60000,)`, uint8 `(10000, 28, 28)`, int64 `(10000,)`.

    Raises:
        NoNetworkError: files are missing and cannot be downloaded.
        DataError: a file is damaged or may not be read and cannot be replaced, or `root` is no
            folder or cannot take what was downloaded.
    """
    try:
        if root.exists() and not root.is_dir():
            raise DataError(f"The data root {root} is a file; it has to be a folder. {ELSEWHERE}")
        files = _files(root)
    except OSError as error:
        place = str(root) if len(str(root)) < 300 else f"{str(root)[:100]}..."
        raise DataError(
            f"The data root {place} cannot be used: {error.strerror or error}.\n{ELSEWHERE}"
        ) from error
    tensors = []
    for name in FILES:  # Of known form by their checksums: a header, then a byte for each number.
        content = torch.from_numpy(files[name])
        images = "images" in name
        tensors.append(content[16:].view(-1, 28, 28) if images else content[8:].long())
    return tensors


def _files(root):
    raw = _raw_folder(root)
    clear_parts(raw)
    files = {name: content for name in FILES if (content := _read(raw / name, name)) is not None}
    if len(files) == len(FILES):
        return files
    found, faults = find(root, [name for name in FILES if name not in files])
    for name, (content, packed) in found.items():
        files[name] = content
        if packed:
            with suppress(OSError):  # It only saves unpacking the next time.
                write_whole(raw / name, content)
    missing = [name for name in FILES if name not in files]
    for name in missing:
        try:
            archive, files[name] = download(name)
        except NoNetworkError as error:
            raise _explained(error, raw, set(FILES) - set(files), faults) from error
        write_whole(raw / f"{name}.gz", archive)
        with suppress(OSError):
            write_whole(raw / name, files[name])
    return files


def _raw_folder(root):
    """Where files are kept: torchvision's `MNIST/raw`, which `root` may itself be or lie above."""
    for folder in (root / "MNIST" / "raw", root / "mnist" / "raw", root / "raw", root):
        parts = [part.lower() for part in folder.absolute().parts[-2:]]
        if parts == ["mnist", "raw"] and os.path.isdir(folder):
            return folder
    return root / "MNIST" / "raw"


def _read(path, name):
    with suppress(PermissionError):
        if path.is_file() and path.stat().st_size == FILES[name].size:
            content = np.fromfile(path, np.uint8)
            return content if name_of(content) == name else None
    return None


def _explained(error, raw, missing, faults):
    """What `load_mnist` raises: `NoNetworkError` only where nothing of the missing is there."""
    names = [name for name in FILES if name in missing]
    archives = ", ".join(f"{name}.gz" for name in names)
    if faults:
        lines = [f"{place} {what}." for _, place, what in faults]
        named = {name for name, _, _ in faults}
        if None not in named:
            lines += [f"{name} is not there." for name in names if name not in named]
        return DataError(
            "\n- ".join(["MNIST is not whole:", *lines])
            + f"\nThe download failed: {error}.\nConnect to a network and run again, or put whole "
            f"copies of {archives} into {raw}, or use source='digits'."
        )
    which = "MNIST's four files" if len(names) == len(FILES) else " and ".join(names)
    return NoNetworkError(
        f"not in {raw} or elsewhere in the data root: {which}; the download failed: {error}.\n"
        f"To get MNIST, connect to a network and run again, or copy {archives} into that folder."
    )
