"""The one way in which this project writes a file: whole or not at all, whoever is stopped."""

import glob
import os
import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows; a file that is open cannot be removed there, which says as much.
    fcntl = None

PART = ".part-"


def write_whole(path, content):
    """Write `content` under another name first, so that nobody meets half of `path`.

    The part is locked while it is written, and with the process its lock dies too. Missing folders
    are made.

    Args:
        content: bytes, or a text, which is written in UTF-8.

    Raises:
        OSError: the folder cannot be written to, or the disk is full; the old file stays.
    """
    if isinstance(content, str):
        content = content.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    for pause in (0.1, 0.1, None):
        part = path.with_name(f"{PART}{secrets.token_hex(8)}")
        try:
            with part.open("xb") as file:
                if fcntl:
                    with suppress(OSError):  # Some network drives have no locks.
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.write(content)
            try:
                return os.replace(part, path)
            except (FileNotFoundError, PermissionError):
                # Cleared in the moment between; or, on Windows, somebody reads what is there.
                if pause is None:
                    raise
        finally:
            with suppress(OSError):
                part.unlink()
        time.sleep(pause)


@contextmanager
def draft_of(path):
    """A path to write to, a file's or a folder's, which takes the place of `path` after the block.

    For what a library writes by itself; where the block raises, nothing of it stays.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".draft-") as folder:
        draft = Path(folder, path.name)
        yield draft
        os.replace(draft, path)


def clear_parts(folder):
    """Remove the parts in `folder` that no living process writes."""
    for name in glob.glob(f"{PART}*", root_dir=folder):
        part = folder / name
        with suppress(OSError):  # In use, not ours to remove, or gone already.
            if part.is_dir():  # Made before parts were files.
                shutil.rmtree(part)
            elif fcntl:
                with part.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    part.unlink()
            else:
                part.unlink()
