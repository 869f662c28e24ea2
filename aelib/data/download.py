"""MNIST's archives from the network, within limits of time."""

import io
import sys
import threading
import time
import urllib.request
from urllib.error import HTTPError, URLError

from aelib.data import search
from aelib.data.errors import NoNetworkError

#: PyTorch's copy, and that of the Computer Vision Foundation.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
#: So long may a server not answer; then, at each look, bytes must have come at this rate.
ANSWER_SECONDS, LOOK_SECONDS, BYTES_A_SECOND = 6, 10, 5_000
#: When a server is busy, and how long to wait, in seconds, before it is asked again.
BUSY, PAUSES = (429, 500, 502, 503, 504), (1, 2)
PORTAL = "a web page came instead: open any page in a browser, this network may want you to log in"


def download(name):
    """Download the archive of MNIST's file `name`.

    Returns:
        the archive's bytes, and what is in it, a uint8 array, with the checksum of the original.

    Raises:
        NoNetworkError: no mirror answers, or none gives the whole file.
    """
    patience, reasons = ANSWER_SECONDS, []
    for mirror in MIRRORS:
        for pause in (*PAUSES, None):
            start = time.monotonic()
            try:
                archive = _fetch(f"{mirror}{name}.gz", patience)
                content, reason = _unpack(archive, name)
                if not reason:
                    return archive, content
            except HTTPError as error:
                error.close()
                reason = PORTAL if error.code == 511 else str(error)
                if error.code in BUSY and pause:
                    time.sleep(pause)
                    continue
            except URLError as error:
                patience -= time.monotonic() - start
                reason = f"does not answer ({error.reason})"
            except TimeoutError as error:
                reason = str(error)
            reasons.append(f"{mirror}: {reason}")
            break
        if patience <= 0:
            break
    raise NoNetworkError("; ".join(reasons))


def _unpack(archive, name):
    """What is in the archive, and what is wrong with that, or None."""
    if archive.lstrip()[:1] == b"<":
        return None, PORTAL
    try:
        content, _ = search.read(io.BytesIO(archive))
    except search.ERRORS as error:
        return None, f"{name}.gz {search.fault(error, name)}"
    found = search.name_of(content)
    return content, None if found == name else f"{name}.gz {search.fault(content, name, found)}"


def _fetch(address, patience):
    """The bytes that come from an address, fewer than there are if it breaks off.

    In a thread that can be left behind: looking up a name has no limit of time, and each byte that
    drips in is reason enough for a socket to wait for the next.

    Raises:
        HTTPError: the server refuses; URLError: it does not answer; TimeoutError: it is too slow.
    """
    received, failed, before = bytearray(), [], 0
    answered, done, left = threading.Event(), threading.Event(), threading.Event()
    most = 2 * max(known.packed_size for known in search.FILES.values())

    def run():
        try:
            with urllib.request.urlopen(address, timeout=LOOK_SECONDS) as response:
                answered.set()
                while not left.is_set() and len(received) < most:
                    if not (part := response.read1(65_536)):
                        break
                    received.extend(part)
        except Exception as error:
            failed.append(error)
        answered.set()
        done.set()

    threading.Thread(target=run, daemon=True).start()
    try:
        if not answered.wait(patience):
            raise URLError(f"within {patience:.0f} seconds")
        if not failed:
            print(f"Downloading {address}", file=sys.stderr)
        while not done.wait(LOOK_SECONDS):
            if len(received) - before < LOOK_SECONDS * BYTES_A_SECOND:
                raise TimeoutError(f"sends fewer than {BYTES_A_SECOND:,} bytes a second")
            before = len(received)
    finally:
        left.set()
    if failed and not received:
        raise failed[0] if isinstance(failed[0], URLError) else URLError(failed[0])
    return bytes(received)
