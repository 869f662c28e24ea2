"""The one way in which this project writes a file: whole or not at all, whoever is stopped."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft_of(path):
    """A path to write to, a file's or a folder's, which takes the place of `path` after the block.

    Missing folders are made; where the block raises, nothing of the draft stays.

    Raises:
        OSError: the folder cannot be written to, or the disk is full; an old `path` stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".draft-") as folder:
        draft = Path(folder, path.name)
        yield draft
        os.replace(draft, path)


def write_whole(path, content):
    """Write `content`, bytes or a text (in UTF-8), to `path`; errors as for `draft_of`."""
    with draft_of(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
