"""Your own images: a folder for each class, or one `.npz` file."""

import os
import unicodedata
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from aelib.data.arrays import load_arrays
from aelib.data.duplicates import duplicate_groups
from aelib.data.errors import DataError
from aelib.data.pictures import EXTENSIONS, PictureError, open_picture, prepare, turn
from aelib.memory import give_back

CLASSES = (2, 100)
COUNTS = (60, 60_000)
#: Different images that a class takes: so that some are left to learn from, and some to test on.
PER_CLASS = 5
UNLABELLED = ("unlabelled", "unlabeled")
#: What systems leave in folders by themselves; names that begin with a dot are passed over, too.
SYSTEM_FILES = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("__macosx", "icon\r", "lost+found", "@eadir"),
}
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True)
class ImageSet:
    """Images of one's own.

    Their order depends on what they show, not on what their files are called, so that a run gives
    the same result wherever they come from.

    `images` are uint8 `(N, C, size, size)`; `labels` int64 `(N,)`, -1 where nobody has named one;
    `groups` int64 `(N,)`: exact and near duplicates share a number. `pictures` are what
    `open_picture` takes, and `files` their names. `preparation` says how they were brought to their
    form. `skipped` are files that could not be opened, with the reason, and `ignored` those that
    are in no class, or no pictures by their names.
    """

    name: str
    classes: list[str]
    images: torch.Tensor
    labels: torch.Tensor
    groups: torch.Tensor
    files: list[str]
    pictures: list
    preparation: dict
    skipped: list[str]
    ignored: list[str]


class Entry(NamedTuple):
    """A picture that has not been opened: what `open_picture` takes, its name and its class."""

    picture: Path | np.ndarray
    file: str
    label: str | None


def read_images(path, *, size=28, channels=1, skip_unreadable=False):
    """Read images from a folder for each class, or from a `.npz` file.

    Each class is a folder, named like it; images nobody has named are in a folder `unlabelled`. In
    a `.npz` file `images` are `(N, H, W)`, `(N, H, W, 3)` or `(N, 1, H, W)`, bytes or numbers from
    0 to 1, and `labels` whole numbers, -1 for unlabelled ones. Nothing is written there.

    Args:
        size: height and width of the result.
        channels: 1 for grey, 3 for colour.
        skip_unreadable: go on without what cannot be opened.

    Raises:
        DataError: what is there cannot be used; the message names it and says what to do.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DataError(
            f"There is no folder {path} (looked for from {Path.cwd()}). Give the path of a folder "
            "that holds a folder of images for each class, or of an .npz file."
        )
    ignored = []
    if path.is_dir():
        entries, ignored = _list_folder(path.resolve())
    elif path.suffix.lower() == ".npz":
        entries = [
            Entry(image, f"{path.name}[{index}]", None if label == -1 else str(label))
            for index, (image, label) in enumerate(zip(*load_arrays(path), strict=True))
        ]
    else:
        raise DataError(
            f"{path} is a file. Give a folder that holds a folder of images for each class, or an "
            ".npz file."
        )
    _check_counts(entries, path, ignored)
    prepared, skipped = prepare_all([entry.picture for entry in entries], size, channels)
    if skipped:
        lines = [f"{entries[index].file}: {reason}" for index, reason in skipped.items()]
        if not skip_unreadable:
            raise DataError(
                _listed(f"{len(lines)} of {len(entries):,} files cannot be used", lines)
                + "\nMend or remove them, or go on without them: skip_unreadable = True."
            )
        skipped = lines
    kept = [(entry, one) for entry, one in zip(entries, prepared, strict=True) if one]
    _check_labels(kept, entries)
    # A background is turned where most images have one that is plain, as drawings and scans do.
    turned = channels == 1 and 2 * sum(one.plain for _, one in kept) > len(kept)
    pixels = [turn(one) if turned else one.pixels for _, one in kept]
    order = sorted(
        range(len(kept)),
        key=lambda index: (
            blake2b(pixels[index].tobytes()).digest(),
            kept[index][0].label or "",
            kept[index][0].file,
        ),
    )
    classes = sorted({entry.label for entry, _ in kept if entry.label is not None}, key=_by_number)
    numbers = {None: -1, **{label: number for number, label in enumerate(classes)}}
    images = torch.from_numpy(np.stack([pixels[index] for index in order]))
    entries = [kept[index][0] for index in order]
    for spent in (prepared, kept, pixels):  # As much again as the images, or more.
        spent.clear()
    labels = torch.tensor([numbers[entry.label] for entry in entries])
    groups = duplicate_groups(images)
    give_back()
    different = [len(groups[labels == number].unique()) for number in range(len(classes))]
    _check_class_sizes(
        dict(zip(classes, different, strict=True)), "different images (copies of one count once)"
    )
    together = len(groups[labels >= 0].unique())
    if together < CLASSES[0] * PER_CLASS:
        raise DataError(
            f"{path} has {together} different labelled images: those of one class are near copies "
            f"of those of another. It takes {CLASSES[0] * PER_CLASS}; add images."
        )
    return ImageSet(
        name=path.resolve().name,
        classes=classes,
        images=images,
        labels=labels,
        groups=groups,
        files=[entry.file for entry in entries],
        pictures=[entry.picture for entry in entries],
        preparation={"size": size, "channels": channels, "turned": turned},
        skipped=list(skipped),
        ignored=ignored,
    )


def prepare_all(pictures, size, channels):
    """Open and prepare pictures, several at a time.

    Returns:
        A list with a `Prepared` for each, or None where it cannot be used, and a dict from the
        position of those to the reason.
    """

    def attempt(picture):
        try:
            return prepare(open_picture(picture, size), size, channels), None
        except PictureError as error:
            return None, str(error)

    results = []
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        # One that waits for its turn takes more memory than a picture made small.
        for first in range(0, len(pictures), 1_000):
            results += pool.map(attempt, pictures[first : first + 1_000])
    return [one for one, _ in results], {
        index: reason for index, (_, reason) in enumerate(results) if reason
    }


def readable(path):
    """A path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def walk(root):
    """Find the files below a folder, in the order of their names, without what systems leave there.

    Returns:
        A list of paths, and a list of links that cannot be followed: out of the folder, to a
        folder, or to nothing.

    Raises:
        DataError: a folder in it cannot be listed.
    """
    files, links = [], []
    for folder, folders, names in os.walk(root, onerror=_refuse_closed):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        links += [path for path in (Path(folder, name) for name in folders) if path.is_symlink()]
        for path in (Path(folder, name) for name in names if not _is_hidden(name)):
            target = Path(os.path.realpath(path)) if path.is_symlink() else path
            (files if target.is_relative_to(root) and target.exists() else links).append(path)
    return sorted(files), sorted(links)


def _refuse_closed(error):
    raise DataError(
        f"The folder {readable(error.filename)} cannot be listed ({error.strerror}). Allow it to "
        "be read, or take it away."
    )


def _is_hidden(name):
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def _list_folder(root):
    files, links = walk(root)
    if links:
        lines = [f"{readable(link.relative_to(root))} -> {os.readlink(link)}" for link in links]
        raise DataError(
            _listed(f"{len(links)} links lead out of {root}, to a folder or to nothing", lines)
            + "\nPut the images themselves there."
        )
    folders = {entry.name for entry in root.iterdir() if entry.is_dir()}
    folders = sorted(name for name in folders if not _is_hidden(name))
    _check_names(folders, files, root)
    entries, ignored = [], []
    for path in files:
        name = readable(path.relative_to(root))
        top = path.relative_to(root).parts[0]
        if path.parent == root or not _is_picture(path):
            ignored.append(name)
        else:
            unlabelled = top.lower() in UNLABELLED
            entries.append(Entry(path, name, None if unlabelled else readable(top)))
    for folder in folders:  # An empty class would otherwise not be missed.
        if folder.lower() not in UNLABELLED and readable(folder) not in {
            entry.label for entry in entries
        }:
            found = f" What is there, no picture of a class: {first_names(ignored)}."
            raise DataError(
                f"The class {readable(folder)!r} has no image; a class takes {PER_CLASS}."
                f"{found if ignored else ''} Add images, or remove its folder."
            )
    return entries, ignored


def _is_picture(path):
    return path.suffix.lower() in EXTENSIONS


def _check_names(folders, files, root):
    alike = defaultdict(list)
    for folder in folders:
        alike[unicodedata.normalize("NFC", readable(folder)).casefold()].append(readable(folder))
    pairs = [" and ".join(names) for names in alike.values() if len(names) > 1]
    if pairs:
        raise DataError(
            _listed(f"Classes in {root} whose names differ only in case or spelling", pairs)
            + "\nOn some systems they are one folder: rename one, or put their images together."
        )
    pictures = [path for path in files if path.parent != root and _is_picture(path)]
    nested = pictures and all(len(path.relative_to(root).parts) > 2 for path in pictures)
    if folders and nested and {folder.lower() for folder in folders} <= SPLITS:
        raise DataError(
            f"{root} holds {' and '.join(folders)}, not classes. Give one of these folders; the "
            "lesson makes splits of its own."
        )


def _check_counts(entries, path, ignored):
    """Refuse what can be refused before an image is opened."""
    if not entries:
        found = f" What is there, no picture of a class: {first_names(ignored)}." if ignored else ""
        raise DataError(
            f"There is no image in {path}.{found} It takes a folder of images for each class, such "
            "as cats/1.png and dogs/1.png."
        )
    labelled = Counter(entry.label for entry in entries if entry.label is not None)
    if len(labelled) < CLASSES[0]:
        raise DataError(
            f"{path} has {len(labelled)} class{'es' * (not labelled)} "
            f"({', '.join(labelled) or 'only unlabelled images'}); it takes two or more. "
            + (
                "Make a folder of images for each class; where the classes lie deeper, give the "
                "folder right above them."
                if path.is_dir()
                else "Give each class a label of its own, from 0."
            )
        )
    if len(labelled) > CLASSES[1]:
        raise DataError(
            f"{path} has {len(labelled):,} classes; up to {CLASSES[1]} can be taken. Put classes "
            "together, or leave some out."
        )
    _check_class_sizes(labelled, "images")
    low, high = COUNTS
    if not low <= len(entries) <= high:
        raise DataError(
            f"{path} has {len(entries):,} images; {low} to {high:,} can be taken. "
            + ("Add some." if len(entries) < low else "Leave some out, of every class.")
        )


def _check_class_sizes(counts, noun):
    few = [f"{label}: {count}" for label, count in counts.items() if count < PER_CLASS]
    if few:
        raise DataError(
            _listed(f"Classes with too few {noun}; a class takes {PER_CLASS}", few)
            + "\nAdd images, leave the class out, or put it together with another."
        )


def _check_labels(kept, given):
    """Refuse an image that is in two classes, and what too few can be opened of."""
    same = defaultdict(list)
    for entry, one in kept:
        if entry.label is not None:
            same[one.digest].append(entry)
    torn = [
        first_names(sorted(entry.file for entry in entries), separator=" = ")
        for entries in same.values()
        if len({entry.label for entry in entries}) > 1
    ]
    if torn:
        raise DataError(
            _listed("The same image stands in two classes, so one label is wrong", sorted(torn))
            + "\nRemove it from the class where it does not belong."
        )
    opened = Counter(entry.label for entry, _ in kept)
    counts = {entry.label: opened[entry.label] for entry in given if entry.label is not None}
    _check_class_sizes(counts, "images that can be opened")
    if len(kept) < COUNTS[0]:
        raise DataError(f"Only {len(kept)} images can be opened; it takes {COUNTS[0]}. Add some.")


def first_names(names, most=5, separator=", "):
    """The first of some names, and how many more there are."""
    more = f", and {len(names) - most:,} more" if len(names) > most else ""
    return separator.join(names[:most]) + more


def _listed(heading, lines):
    return f"{heading}:\n" + "\n".join(f"  {line}" for line in lines)


def _by_number(label):
    """Order names of classes as numbers where they are numbers."""
    return (0, int(label), label) if label.isdecimal() else (1, 0, label)
