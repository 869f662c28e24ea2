"""The one way in which this project writes a file."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft_of(path):
    """A path to write to, whose file takes the place of `path` at the end of the block.

    So `path` is the old file or the new one at any moment, and never half of one. Where the block
    raises, the old one stays. Missing folders are made.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as part:
        draft = Path(part, path.name)
        yield draft
        os.replace(draft, path)


def write_whole(path, text):
    """Write a text to `path`, in UTF-8 with bare newlines on every system, by `draft_of`."""
    with draft_of(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
