"""Your own images: a folder for each class, or one `.npz` file."""

import os
import unicodedata
import warnings
import zipfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from math import inf
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from aelib.data import DataError
from aelib.files import draft_of
from aelib.own_images.duplicates import duplicate_groups
from aelib.own_images.pictures import PictureError, full_scale, is_picture, open_picture, prepare
from aelib.threads import set_threads, usable_cores

#: Classes at most, images, and different images of a class: some to learn from, some to test on.
CLASSES, COUNTS, PER_CLASS = 100, (60, 60_000), 5
LARGEST = 1_500_000_000  # How many bytes the images of a file may take.
UNLABELLED = ("unlabelled", "unlabeled")
#: What systems leave in folders by themselves; names that begin with a dot are passed over, too.
SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "__macosx", "icon\r"}
SYSTEM_FILES |= {"system volume information", "lost+found", "@eadir"}
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}
WHAT = "a folder that holds a folder of images for each class, or an .npz file"


@dataclass(frozen=True)
class ImageSet:
    """Images of one's own, in an order that depends on what they show and not on their names, so
    that a run gives the same result wherever they come from."""

    name: str
    classes: list[str]
    images: torch.Tensor  # uint8 (N, C, size, size).
    labels: torch.Tensor  # int64 (N,), -1 where nobody has named one.
    groups: torch.Tensor  # int64 (N,); exact and near duplicates share a number.
    files: list[str]
    pictures: list  # What `open_picture` takes.
    preparation: dict  # How they were brought to their form.
    skipped: list[str]  # Files that could not be opened, with the reason.
    ignored: list[str]  # Those that are in no class, or no pictures by their names.


def read_images(path, *, size=28, channels=1, skip_unreadable=False):
    """Read images from a folder for each class, or from a `.npz` file; nothing is written there.

    Images nobody has named are in a folder `unlabelled`. In a `.npz` file `images` are `(N, H, W)`,
    `(N, H, W, 3)` or `(N, 1, H, W)`, bytes or numbers from 0 to 1, and `labels` whole numbers, -1
    for unlabelled ones. The result has `size` for height and width, and one channel (grey) or three
    (colour). `skip_unreadable` goes on without what cannot be opened. What cannot be used raises a
    DataError; its message names it and says what to do.
    """
    set_threads()
    path = Path(path).expanduser()
    here = f"There is no folder {path} (looked for from {Path.cwd()}). Give the path of {WHAT}."
    _hold(path.exists(), here)
    _hold(path.is_dir() or path.suffix.lower() == ".npz", f"{path} is a file. Give {WHAT}.")
    pictures, files, names, ignored = (_list_folder if path.is_dir() else _list_arrays)(path)
    _check_counts(names, path, ignored)
    prepared, reasons = prepare_all(pictures, size, channels)
    skipped = [f"{files[index]}: {reason}" for index, reason in reasons.items()]
    _hold_none(
        [] if skip_unreadable else skipped,
        f"{len(skipped)} of {len(files):,} files cannot be used",
        "Mend or remove them, or go on without them: skip_unreadable = True.",
    )
    _check_opened(prepared, files, names)
    # A background is turned where most images have one that is plain, as drawings and scans do.
    plain = [one.plain for one in prepared if one]
    turned = channels == 1 and 2 * sum(plain) > len(plain)
    form = "turned" if turned else "pixels"
    pixels = {index: getattr(one, form) for index, one in enumerate(prepared) if one}
    shown = {index: blake2b(one.tobytes()).digest() for index, one in pixels.items()}
    order = sorted(pixels, key=lambda index: (shown[index], names[index] or "", files[index]))
    images = torch.from_numpy(np.stack([pixels[index] for index in order]))
    del prepared, pixels  # As much again as the images, or more.
    names, files, pictures = ([part[index] for index in order] for part in (names, files, pictures))
    classes = {*names} - {None}
    classes = sorted(classes, key=lambda one: (int(one) if one.isdecimal() else inf, one))
    numbers = {None: -1, **{name: number for number, name in enumerate(classes)}}
    labels = torch.tensor([numbers[name] for name in names])
    groups = duplicate_groups(images)
    different = {name: len(groups[labels == numbers[name]].unique()) for name in classes}
    _check_class_sizes(different, "different images (copies of one count once)")
    together = len(groups[labels >= 0].unique())
    few = f"{path} has {together} different labelled images: those of one class are near copies "
    few += f"of those of another. It takes {2 * PER_CLASS}; add images."
    _hold(together >= 2 * PER_CLASS, few)
    form, name = {"size": size, "channels": channels, "turned": turned}, path.resolve().name
    return ImageSet(name, classes, images, labels, groups, files, pictures, form, skipped, ignored)


def prepare_all(pictures, size, channels):
    """Open and prepare pictures, several at a time. Returns a list with a `Prepared` for each, or
    None where it cannot be used, and a dict from the position of those to the reason."""

    def attempt(picture):
        try:
            return prepare(open_picture(picture, size), size, channels), None
        except PictureError as error:
            return None, str(error)

    results, workers = [], min(4, usable_cores())
    # Pillow warns of much in files of others; what matters is an error here.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(workers) as pool:
        # One that waits for its turn takes more memory than a picture made small.
        for first in range(0, len(pictures), 1_000):
            results += pool.map(attempt, pictures[first : first + 1_000])
    reasons = {index: reason for index, (_, reason) in enumerate(results) if reason}
    return [one for one, _ in results], reasons


def _is_hidden(name):
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def readable(path):
    """A path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def walk(root):
    """The files below a folder, by name, without what systems leave there, and the links there that
    cannot be followed: out of it, to a folder, or to nothing. A folder that cannot be listed is a
    DataError."""

    def refuse(error):
        what = f"The folder {readable(error.filename)} cannot be listed ({error.strerror})."
        raise DataError(f"{what} Allow it to be read, or take it away.")

    files, links = [], []
    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        links += [path for path in (Path(folder, name) for name in folders) if path.is_symlink()]
        for path in (Path(folder, name) for name in names if not _is_hidden(name)):
            target = Path(os.path.realpath(path)) if path.is_symlink() else path
            (files if target.is_relative_to(root) and target.exists() else links).append(path)
    return sorted(files), sorted(links)


def _list_folder(root):
    """Pictures, their names, their classes, and the names of files that are passed over."""
    root = root.resolve()
    files, links = walk(root)
    _hold_none(
        [f"{readable(link.relative_to(root))} -> {os.readlink(link)}" for link in links],
        f"{len(links)} links lead out of {root}, to a folder or to nothing",
        "Put the images themselves there.",
    )
    folders = sorted(at.name for at in root.iterdir() if at.is_dir() and not _is_hidden(at.name))
    alike = defaultdict(list)
    for folder in map(readable, folders):
        alike[unicodedata.normalize("NFC", folder).casefold()].append(folder)
    _hold_none(
        [" and ".join(names) for names in alike.values() if len(names) > 1],
        f"Classes in {root} whose names differ only in case or spelling",
        "On some systems they are one folder: rename one, or put their images together.",
    )
    inside = [path for path in files if path.parent != root and is_picture(path)]
    parts = [path.relative_to(root).parts for path in inside]
    splits = min(map(len, parts), default=0) > 2 and {one.lower() for one in folders} <= SPLITS
    give = "Give one of these folders; the lesson makes splits of its own."
    _hold(not splits, f"{root} holds {' and '.join(folders)}, not classes. {give}")
    ignored = [readable(path.relative_to(root)) for path in sorted({*files} - {*inside})]
    names = [None if top.lower() in UNLABELLED else readable(top) for top, *_ in parts]
    for folder in folders:  # An empty class would otherwise not be missed.
        empty = f"The class {readable(folder)!r} has no image; a class takes {PER_CLASS}."
        empty += f"{_found(ignored)} Add images, or remove its folder."
        _hold(folder.lower() in UNLABELLED or readable(folder) in names, empty)
    return inside, [readable(path.relative_to(root)) for path in inside], names, ignored


def _list_arrays(path):
    """Pictures, their names and their classes, from a file of arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
        held = ", ".join(sorted(sizes)) or "nothing"
        take = "it takes two arrays, images and labels: np.savez(path, images=..., labels=...)."
        _hold({"images.npy", "labels.npy"} <= {*sizes}, f"{path} holds {held}; {take}")
        take = f"{sizes['images.npy'] / 1e9:.1f} GB; up to {LARGEST / 1e9} GB can be taken."
        much = f"The images of {path} take {take} Save them as bytes and smaller; 28 x 28 will do."
        _hold(sizes["images.npy"] <= LARGEST, much)
        with np.load(path, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except DataError:
        raise
    except Exception as error:  # Damaged files make zipfile and numpy raise nearly anything.
        raise DataError(f"{path} cannot be read as an .npz file of numbers: {error}") from error
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[-1] not in (1, 3, 4):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    good = images.ndim > 2 and images.shape[3:] in ((), (3,), (4,)) and 0 not in images.shape
    held = f"{path} holds images {images.shape} and labels {labels.shape}"
    good = good and labels.shape == images.shape[:1]
    _hold(good, f"{held}; it takes (N, H, W) or (N, H, W, 3), and (N,).")
    # Far out, floats have no whole numbers of their own; infinity is one of these.
    good = labels.dtype.kind in "iuf" and (labels == labels.round()).all()
    must = f"The labels of {path} must be whole numbers from 0, or -1 for unlabelled; these are "
    must += f"{labels.dtype}. np.unique(names, return_inverse=True)[1] makes numbers of names."
    _hold(good and labels.min() >= -1 and labels.max() < 2**53, must)
    must = f"The images of {path} must be finite numbers from 0"
    _hold(images.dtype.kind in "biuf", f"{must}, not {images.dtype}.")
    low, high = images.min(), images.max()
    must += f"; these go from {low} to {high}. Save them as bytes."
    _hold(low >= 0 and np.isfinite(high), must)
    # One by one: as floats all at once they could take more memory than there is.
    scale = 255 / full_scale(high)
    pictures = [(image * scale).round().astype(np.uint8) for image in images]
    names = [None if label == -1 else str(label) for label in labels.astype(int)]
    return pictures, [f"{path.name}[{index}]" for index in range(len(names))], names, []


def _check_counts(names, path, ignored):
    """Refuse what can be refused before an image is opened."""
    give = "a folder of images for each class"
    such = f"{_found(ignored)} It takes {give}, such as cats/1.png and dogs/1.png."
    _hold(names, f"There is no image in {path}.{such}")
    labelled, (low, high) = Counter(name for name in names if name is not None), COUNTS
    what = ", ".join(labelled) or "only unlabelled images"
    give = f"Make {give}; where the classes lie deeper, give the folder right above them."
    give = give if path.is_dir() else "Give each class a label of its own, from 0."
    count = f"{path} has {len(labelled):,} class{'es' * (len(labelled) != 1)}"
    _hold(len(labelled) > 1, f"{count} ({what}); it takes two or more. {give}")
    most = f"up to {CLASSES} can be taken. Put classes together, or leave some out."
    _hold(len(labelled) <= CLASSES, f"{count}; {most}")
    _check_class_sizes(labelled, "images")
    give = "Add some." if len(names) < low else "Leave some out, of every class."
    size = f"{path} has {len(names):,} images; {low} to {high:,} can be taken. {give}"
    _hold(low <= len(names) <= high, size)


def _check_class_sizes(counts, noun):
    _hold_none(
        [f"{name}: {count}" for name, count in counts.items() if count < PER_CLASS],
        f"Classes with too few {noun}; a class takes {PER_CLASS}",
        "Add images, leave the class out, or put it together with another.",
    )


def _check_opened(prepared, files, names):
    """Refuse an image that is in two classes, and what too few can be opened of."""
    same, opened = defaultdict(dict), {name: 0 for name in names if name is not None}
    for one, file, name in zip(prepared, files, names, strict=True):
        if one and name is not None:
            same[one.digest][file] = name
            opened[name] += 1
    torn = sorted(sorted(copies) for copies in same.values() if len({*copies.values()}) > 1)
    _hold_none(
        [first_names(copies, separator=" = ") for copies in torn],
        "The same image stands in two classes, so one label is wrong",
        "Remove it from the class where it does not belong.",
    )
    _check_class_sizes(opened, "images that can be opened")
    count = sum(one is not None for one in prepared)
    _hold(count >= COUNTS[0], f"Only {count} images can be opened; it takes {COUNTS[0]}. Add some.")


def first_names(names, most=5, separator=", "):
    """The first of some names, and how many more there are."""
    more = f", and {len(names) - most:,} more" if len(names) > most else ""
    return separator.join(names[:most]) + more


def _found(ignored):
    return f" What is there, no picture of a class: {first_names(ignored)}." if ignored else ""


def _hold(good, message):
    if not good:
        raise DataError(message)


def _hold_none(lines, heading, advice):
    if lines:
        raise DataError("\n".join([f"{heading}:", *(f"  {line}" for line in lines), advice]))


def write_digits(folder):
    """Write scikit-learn's 1,797 digits as images of 8x8 pixels, a folder for each class, once."""
    from sklearn.datasets import load_digits  # Slow, so not above.

    if folder.exists():
        return
    digits = load_digits()
    with draft_of(folder) as draft:
        for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            path = draft / str(label) / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * (255 / 16)).round().astype(np.uint8)).save(path)
