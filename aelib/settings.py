"""The settings of a lesson: what they are called, what values they may take, where files go."""

import os
from pathlib import Path

#: Type, lowest and highest value. Sizes, in images, go up to those of the two MNIST files; below
#: 100 there would be too few for 48 principal components, or for a map of the codes.
NUMBERS = {
    "train_size": (int, 100, 60_000),
    "test_size": (int, 100, 10_000),
    "seed": (int, 0, 2_000_000_000),  # Studies and draws count on from it.
    "epochs": (int, 1, 1_000),
    "batch_size": (int, 1, 60_000),
    "learning_rate": (float, 1e-7, 1.0),
}
SOURCES = ("auto", "mnist", "digits")
#: What may be done to images in training without changing what they show.
MOVES = ("none", "small", "mirror")
CHOICES = {"source": SOURCES, "moves": MOVES, "skip_unreadable": (True, False)}
#: What figures, numbers and tables call the images of a source.
SOURCE_NAMES = {"mnist": "MNIST", "digits": "digits (stand-in)"}
#: The MIME type under which a lesson's numbers are stored in its outputs.
METRICS_MIME = "application/vnd.aelib.metrics+json"


def check_settings(**settings):
    """Return the settings as a dict, or say what is wrong with the first that cannot be used.

    Raises:
        ValueError: a name that is not a setting, a value of the wrong type or out of range.
    """
    for name, value in settings.items():
        if name in CHOICES:
            kind = type(CHOICES[name][0])
            if not isinstance(value, kind) or value not in CHOICES[name]:
                what = "is not a source" if name == "source" else "cannot be used"
                raise ValueError(f"{name}={shown(value)} {what}: use one of {CHOICES[name]}")
            continue
        if name == "images":
            if not isinstance(value, str):
                raise ValueError(f"images={shown(value)} is not a path: put it in quotes")
            continue
        if name not in NUMBERS:
            raise ValueError(
                f"{name!r} is not a setting: the settings are "
                f"{', '.join([*dict.fromkeys(['source', *NUMBERS, *CHOICES, 'images'])])}"
            )
        kind, low, high = NUMBERS[name]
        accepted = int if kind is int else (int, float)
        in_range = (
            isinstance(value, accepted) and not isinstance(value, bool) and low <= value <= high
        )
        if not in_range:
            noun = "a whole number" if kind is int else "a number"
            raise ValueError(
                f"{name}={shown(value)} cannot be used: {noun} from {low} to {high} can"
            )
    return settings


def shown(value):
    """A value as a message shows it: `repr`, but short, and for all values."""
    try:
        text = repr(value)
    except Exception:  # As of a whole number with more digits than Python prints.
        text = f"({type(value).__name__})"
    return text if len(text) <= 80 else f"{text[:77]}..."


def project_folder():
    """The clone that this module lies in or, when it is installed elsewhere, the current folder."""
    clone = Path(__file__).resolve().parent.parent
    return clone if (clone / "pyproject.toml").exists() else Path.cwd()


def data_root():
    """The folder of the MNIST files: `AELIB_DATA` where it is set, else `data/` in the project."""
    return Path(os.environ.get("AELIB_DATA") or project_folder() / "data").expanduser()
