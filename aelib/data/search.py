"""MNIST's files wherever they lie below a folder, known by their content, not by name or place."""

import gzip
import hashlib
import os
import re
import zipfile
import zlib
from collections import deque
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aelib.files import PART


class Known(NamedTuple):
    """What tells a file of MNIST: its MD5 and length, and the length of the archive published."""

    md5: str
    size: int
    packed_size: int


FILES = {
    "train-images-idx3-ubyte": Known("6bbc9ace898e44ae57da46a324031adb", 47_040_016, 9_912_422),
    "train-labels-idx1-ubyte": Known("a25bea736e30d166cdddb491f175f624", 60_008, 28_881),
    "t10k-images-idx3-ubyte": Known("2646ac647ad5339dbf082846283269ea", 7_840_016, 1_648_877),
    "t10k-labels-idx1-ubyte": Known("27ae3e4e09519cfbb04c329615203637", 10_008, 4_542),
}
#: As far as a search goes; the nearest folders come first.
MOST_LEVELS, MOST_IN_A_FOLDER, MOST_IN_ALL = 8, 10_000, 50_000
#: As MNIST's own site spells the names, or Kaggle, or a browser that saves a second copy.
SPELLING = re.compile(r"(train|t10k)[\W_](images|labels)[\W_]idx[13][\W_]ubyte", re.IGNORECASE)
#: Folders and zips whose faults are worth a word, and those of data sets with the same file names.
OURS = re.compile(r"mnist|archive|^raw$", re.IGNORECASE)
NOT_OURS = re.compile(r"fashion|[a-z]mnist", re.IGNORECASE)
GZIP = b"\x1f\x8b"
#: What reading raises, encrypted and unknown kinds of zip included.
ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, ValueError)


def name_of(content):
    """Which of MNIST's files this is, by length and checksum, or None."""
    for name, known in FILES.items():
        if len(content) == known.size:
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            return name if digest == known.md5 else None
    return None


def find(root, wanted):
    """Look for the files `wanted` everywhere below `root`: plain, in `.gz` and in `.zip`.

    Returns:
        `{name: (uint8 array, whether it was packed)}`, and `[(name, place, what is wrong)]` of what
        is nearly right; the name is None where it could be of any.
    """
    found, faults, effort = {}, [], {".gz": 1, ".zip": 2}
    nearest_first = _candidates(root)
    for path, size, error in sorted(nearest_first, key=lambda one: effort.get(one[0].suffix, 0)):
        missing = [name for name in wanted if name not in found]
        if not missing:
            break
        looked_into = [(path, error, False)] if error else _contents(path, size, missing)
        for place, content, packed in looked_into:
            failed, spelt = isinstance(content, Exception), _spelt(place)
            name = None if failed else name_of(content)
            if name in missing:
                found[name] = content, packed
            if (failed or spelt not in (None, name)) and not _of_another_set(path, root):
                faults.append((spelt, place, fault(content, spelt, name)))
    return found, [
        one for one in faults if one[0] is None or one[0] in wanted and one[0] not in found
    ]


def _spelt(path):
    """The file of MNIST that a path is named like, or None."""
    if spelt := SPELLING.search(path.name):
        part, kind = spelt[1].lower(), spelt[2].lower()
        return f"{part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte"
    return None


def _candidates(root):
    """(path, size, error) of files that could be ours and of what cannot be looked into, the
    nearest first. A link in a circle is followed once."""
    folders, known, looked = deque([(Path(root), 0)]), {os.path.realpath(root)}, 0
    sizes = {size for file in FILES.values() for size in (file.size, file.packed_size)}
    while folders and looked < MOST_IN_ALL:
        folder, level = folders.popleft()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(islice(scan, MOST_IN_A_FOLDER), key=lambda entry: entry.name)
        except FileNotFoundError:  # A root that is still to be made, or a folder gone since.
            continue
        except OSError as error:
            if level == 0 or OURS.search(folder.name):
                yield folder, 0, error
            continue
        looked += len(entries)
        for entry in entries:
            path = Path(entry)
            try:
                if entry.is_dir():
                    real = os.path.realpath(path)
                    if level < MOST_LEVELS and real not in known and entry.name[:6] != PART:
                        known.add(real)
                        folders.append((path, level + 1))
                elif entry.is_file():
                    size = entry.stat().st_size
                    packed = path.suffix.lower() in (".gz", ".zip")
                    if packed or size in sizes or _spelt(path):
                        yield path, size, None
            except OSError:  # A link to itself; or gone since.
                continue


def _of_another_set(path, root):
    return any(NOT_OURS.search(folder) for folder in path.relative_to(root).parts[:-1])


def _contents(path, size, missing):
    """(place, content or error, whether packed) of what may be one of `missing` in a file."""
    sizes = [FILES[name].size for name in missing]
    try:
        with path.open("rb") as file:
            if _starts_with(b"PK", file) or path.suffix.lower() == ".zip":
                with zipfile.ZipFile(file) as archive:
                    yield from _members(path, archive, missing)
            elif _spelt(path) in missing or _size_unpacked(file, size) in sizes:
                yield path, *read(file)
    except ERRORS as error:
        if _spelt(path) in missing or OURS.search(path.name):
            yield path, error, False


def _members(path, archive, missing):
    sizes = {size for name in missing for size in (FILES[name].size, FILES[name].packed_size)}
    for member in archive.infolist():
        place = path / member.filename
        if not member.is_dir() and (_spelt(place) in missing or member.file_size in sizes):
            try:
                with archive.open(member) as file:
                    yield place, read(file)[0], True
            except ERRORS as error:
                yield place, error, True


def read(file):
    """All of an open file, unpacked, as a uint8 array, and whether it was packed.

    Where that is longer than any file of MNIST, so much of it that this shows.
    """
    most = max(known.size for known in FILES.values()) + 1
    packed = _starts_with(GZIP, file)
    stream = gzip.GzipFile(fileobj=file) if packed else file
    return np.frombuffer(bytearray(stream.read(most)), np.uint8), packed


def _starts_with(magic, file):
    start = file.read(len(magic))
    file.seek(0)
    return start == magic


def _size_unpacked(file, size):
    """The length once unpacked, which the last four bytes of a .gz say."""
    if not _starts_with(GZIP, file) or size < 4:
        return size
    file.seek(-4, os.SEEK_END)
    end = file.read(4)
    file.seek(0)
    return int.from_bytes(end, "little")


def fault(content, spelt, name=None):
    """What is wrong with a file that is called `spelt` and holds `name`, in words."""
    if isinstance(content, PermissionError):
        return f"may not be read ({content.strerror}): its owner can allow that"
    if isinstance(content, EOFError):
        return "breaks off: it was not downloaded or copied to its end"
    if isinstance(content, Exception):
        return f"cannot be unpacked or read ({content})"
    if name:
        return f"is {name}, under another name"
    if content[:512].tobytes().lstrip()[:1] == b"<":
        return "is a web page: the link led to a page to log in or to confirm, not to the file"
    size = FILES[spelt].size
    if len(content) < size:
        return f"holds {len(content):,} of {size:,} bytes: it was not copied or unpacked to its end"
    if len(content) > size:
        return f"holds more than the {size:,} bytes that there are: it is another file"
    return "has the right length but other bytes: damaged, or of a data set such as Fashion-MNIST"
