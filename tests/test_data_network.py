"""Whatever a network does, MNIST's files arrive whole, or it is said within seconds why not."""

import os
import socket
import struct
import threading
import time

import pytest

from aelib.data import DataError, NoNetworkError, download, search

pytest_plugins = ["mnist_fixtures"]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES = list(search.FILES)
ARCHIVES = [f"{name}.gz" for name in NAMES]
PAGE = b"\n<html><body>Welcome to our hotel. Please log in.</body></html>"


@pytest.fixture
def hasty(monkeypatch):
    """Limits of a tenth and less."""
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.7)
    monkeypatch.setattr(download, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.02))


def test_a_download_that_works_is_kept(served, capsys):
    for _ in range(2):
        assert served.load("auto").source == "MNIST"
        assert served.found() == served.archives | served.unpacked
        assert served.requests == ARCHIVES
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("Downloading http://127.0.0.1") == 4


@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_missing_is_downloaded(served, name):
    served.put({n: c for n, c in served.unpacked.items() if n != name}, served.root / "Kaggle")
    served.load()
    assert served.requests == [f"{name}.gz"]
    archive = {f"{name}.gz": served.archives[f"{name}.gz"]}
    assert served.found() == archive | {name: served.unpacked[name]}


def test_a_damaged_file_is_mended_from_its_archive_or_from_the_network(served):
    served.put(served.archives | served.unpacked | {TRAIN_IMAGES: b"damaged"})
    served.load()
    assert served.found() == served.archives | served.unpacked
    assert served.requests == []
    served.put({TRAIN_IMAGES: b"damaged", f"{TRAIN_IMAGES}.gz": b"half a downl"})
    served.load()
    assert served.found() == served.archives | served.unpacked
    assert served.requests == [f"{TRAIN_IMAGES}.gz"]


def test_what_has_arrived_is_kept_when_a_later_download_fails(served, capsys):
    def two_whole_then_half(handler, name):
        content = served.archives[name]
        whole = len(served.requests) < 3
        handler.reply(content if whole else content[: len(content) // 2], length=len(content))

    good, served.answer = served.answer, two_whole_then_half
    with pytest.raises(NoNetworkError, match=f"{TEST_IMAGES}.gz breaks off"):
        served.load()
    kept = {name: served.archives[name] for name in ARCHIVES[:2]}
    kept |= {name: served.unpacked[name] for name in NAMES[:2]}
    assert served.found() == kept
    assert served.load("auto").source == "digits (stand-in)"
    printed = capsys.readouterr().out
    assert "breaks off" in printed
    assert TRAIN_IMAGES not in printed
    served.answer = good
    served.load()
    assert served.requests == [*ARCHIVES[:3], ARCHIVES[2], *ARCHIVES[2:]]


def test_a_connection_that_is_cut_breaks_off(served):
    def cut(handler, name):
        content = served.archives[name]
        handler.reply(content[:1_000], length=len(content))
        handler.wfile.flush()
        time.sleep(1)  # Until what was sent has been read: a reset would take it away.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    served.answer = cut
    with pytest.raises(NoNetworkError, match=f"{ARCHIVES[0]} breaks off"):
        served.load()
    assert served.found() == {}


@pytest.mark.parametrize("status", [503, 429])
def test_a_busy_server_is_asked_again(served, hasty, status):
    good = served.answer

    def busy_twice(handler, name):
        third = served.requests.count(name) == 3
        good(handler, name) if third else handler.reply(b"busy", status)

    served.answer = busy_twice
    assert served.load("auto").source == "MNIST"
    assert served.requests == [name for name in ARCHIVES for _ in range(3)]


@pytest.mark.parametrize(("status", "times"), [(503, 3), (403, 1), (404, 1)])
def test_a_server_that_refuses_is_believed(served, hasty, status, times):
    served.answer = lambda handler, name: handler.reply(b"no", status)
    with pytest.raises(NoNetworkError, match=f"HTTP Error {status}"):
        served.load()
    assert served.requests == [ARCHIVES[0]] * times


@pytest.mark.parametrize("status", [200, 511])
def test_a_page_to_log_in_gets_a_hint(served, status):
    served.answer = lambda handler, name: handler.reply(PAGE, status)
    with pytest.raises(NoNetworkError, match="open any page in a browser"):
        served.load()
    assert served.found() == {}


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-1], lambda c: c[:50] + b"?" + c[51:], lambda c: b"", lambda c: b"?" * 9]
)
def test_a_file_that_arrives_otherwise_is_not_kept(served, spoil):
    served.answer = lambda handler, name: handler.reply(spoil(served.archives[name]))
    with pytest.raises(NoNetworkError, match=ARCHIVES[0]):
        served.load()
    assert served.found() == {}


def test_a_second_mirror_takes_over(served, hasty):
    dead = "http://127.0.0.1:9/"
    served.monkeypatch.setattr(download, "MIRRORS", [dead, *download.MIRRORS])
    assert served.load().source == "MNIST"


@pytest.mark.slow
@pytest.mark.parametrize("when", ["in the head", "in the body"])
def test_a_server_that_drips_is_cut(served, hasty, when):
    stop = threading.Event()

    def drip(handler, name):
        if when == "in the body":
            handler.send_response(200)
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
        while not stop.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    served.answer = drip
    start = time.monotonic()
    words = "fewer than 5,000 bytes a second" if when == "in the body" else "does not answer"
    try:
        with pytest.raises(NoNetworkError, match=words):
            served.load()
    finally:
        stop.set()
    assert time.monotonic() - start < 5
    assert served.found() == {}


@pytest.mark.slow
def test_a_slow_server_is_waited_for(served, hasty, monkeypatch):
    monkeypatch.setattr(download, "BYTES_A_SECOND", 1_000)

    def slow(handler, name):
        content = served.archives[name]
        handler.send_response(200)
        handler.end_headers()
        for start in range(0, len(content), 10_000):
            handler.wfile.write(content[start : start + 10_000])
            time.sleep(0.1)

    served.answer = slow
    assert served.load().source == "MNIST"


@pytest.mark.slow_except("gone")
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("answer", [None, b"", b"Hello!\r\n\r\n"], ids=["silent", "gone", "odd"])
def test_without_a_network_the_stand_in_takes_over_soon(small, capsys, answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections = []

        def serve():
            while True:
                try:
                    connections.append(listener.accept()[0])
                except OSError:
                    return
                if answer is not None:
                    connections[-1].sendall(answer)
                    connections[-1].close()

        threading.Thread(target=serve, daemon=True).start()
        small.use(small.proxies(listener))
        start = time.monotonic()
        assert small.load("auto").source == "digits (stand-in)"
        assert time.monotonic() - start < 10
        assert connections, "the listener was not even asked"
        listener.shutdown(socket.SHUT_RDWR)  # Closed alone it would be waited at for ever.
    printed = capsys.readouterr()
    assert printed.out.startswith("NOT MNIST: ")
    assert "To get MNIST, connect to a network" in printed.out
    assert [name for name in small.archives if name not in printed.out] == []
    assert printed.err == ""


def test_mnist_asked_for_by_name_never_falls_back(small):
    with pytest.raises(NoNetworkError, match="does not answer"):
        small.load("mnist")
    assert not small.raw.exists()


def test_a_download_that_cannot_be_written_is_said(served, open_root):
    served.point_to(open_root)
    with served.as_somebody(), pytest.raises(DataError, match="Permission denied.*\n.*AELIB_DATA"):
        served.load("auto")
    assert list(open_root.iterdir()) == []


def test_a_full_disk_is_said_and_what_fits_is_kept(served):
    served.put({TRAIN_IMAGES: served.unpacked[TRAIN_IMAGES]})
    before = os.listdir(served.raw)
    with served.full_disk(200), pytest.raises(DataError, match="cannot be used: .*\n.*AELIB_DATA"):
        served.load("auto")
    assert set(served.found()) == {*before, f"{TRAIN_LABELS}.gz", TRAIN_LABELS}
