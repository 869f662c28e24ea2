"""MNIST's files as people have them are found, what is nearly right is named, nothing is lost."""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aelib.data import DataError, NoNetworkError, mnist, search

pytest_plugins = ["mnist_fixtures"]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES = list(search.FILES)


def zipped(contents):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def dotted(name):
    """As Kaggle's `hojjatk/mnist-dataset` calls it."""
    return name.replace("-idx", ".idx")


#: What people have, as files below the data root, from what is unpacked and what is packed.
PLACES = {
    "torchvision": lambda plain, gz: {f"MNIST/raw/{n}": c for n, c in plain.items()},
    "archives": lambda plain, gz: {f"MNIST/raw/{n}": c for n, c in gz.items()},
    "in the root": lambda plain, gz: gz,
    "in MNIST": lambda plain, gz: {f"MNIST/{n}": c for n, c in gz.items()},
    "in lower case": lambda plain, gz: {f"mnist/raw/{n}": c for n, c in gz.items()},
    "Kaggle": lambda plain, gz: {dotted(n): c for n, c in plain.items()},
    "Kaggle, nested": lambda plain, gz: {f"{n}/{n}": c for n, c in plain.items()},
    "Kaggle, both": lambda plain, gz: {
        f"archive/{path}": c for n, c in plain.items() for path in (dotted(n), f"{n}/{n}")
    },
    "Kaggle, in raw": lambda plain, gz: {f"MNIST/raw/{n}/{n}": c for n, c in plain.items()},
    "Kaggle's zip": lambda plain, gz: {
        "archive.zip": zipped({p: c for n, c in plain.items() for p in (dotted(n), f"{n}/{n}")})
    },
    "a zip of archives": lambda plain, gz: {"MNIST/My files.ZIP": zipped(gz)},
    "saved twice": lambda plain, gz: {n.replace(".gz", " (1).gz"): c for n, c in gz.items()},
    "packed, not called so": lambda plain, gz: dict(zip(plain, gz.values(), strict=True)),
    "unpacked, called packed": lambda plain, gz: dict(zip(gz, plain.values(), strict=True)),
    "packed anew": lambda plain, gz: {f"{n}.gz": gzip.compress(c, 1) for n, c in plain.items()},
    "without a name": lambda plain, gz: {f"a/b/c/{i}": c for i, c in enumerate(gz.values())},
    "under each other's names": lambda plain, gz: dict(
        zip(plain, reversed(plain.values()), strict=True)
    ),
    "here and there": lambda plain, gz: {
        "x": plain[TRAIN_IMAGES],
        "y.zip": zipped({"z": plain[TEST_LABELS]}),
        "y/z.gz": gz[f"{TEST_IMAGES}.gz"],
        f"MNIST/raw/{TRAIN_LABELS}": plain[TRAIN_LABELS],
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_files_are_found_as_people_have_them(small, place):
    content = PLACES[place](small.unpacked, small.archives)
    small.put(content, small.root)
    for _ in range(2):  # The second time from what the first has unpacked.
        assert small.load("auto").source == "MNIST"
    assert {name: (small.root / name).read_bytes() for name in content} == content
    plain = set(small.unpacked.values())
    written = [p for p in small.root.rglob("*") if p.is_file() and p.name not in small.archives]
    extra = [p for p in written if str(p.relative_to(small.root)) not in content]
    assert all(path.read_bytes() in plain for path in extra)
    if "Kaggle" in place and "zip" not in place:
        assert extra == [], "whole files were copied"


@pytest.mark.slow
def test_two_processes_unpack_the_real_archives_at_once(archives, tmp_path):
    shutil.copytree(archives, tmp_path / "mnist", ignore=lambda _, names: NAMES)
    code = (
        "from aelib.data import load_data; print('ready', flush=True); input(); "
        "print(len(load_data('mnist').train.images))"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | {"AELIB_DATA": str(tmp_path)}, **pipes
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=300)[0] for process in processes] == ["6000\n"] * 2
    for name, known in search.FILES.items():
        content = (tmp_path / "MNIST" / "raw" / name).read_bytes()
        assert hashlib.md5(content).hexdigest() == known.md5
        assert (tmp_path / "mnist" / f"{name}.gz").stat().st_size == known.packed_size
    assert not list(tmp_path.rglob(".part-*"))


@pytest.mark.parametrize("below", ["MNIST", "MNIST/raw", "mnist/raw"])
@pytest.mark.parametrize("form", ["archives", "unpacked"])
def test_the_root_may_be_pointed_at_the_files_themselves(small, below, form, monkeypatch):
    folder = small.root / below
    small.put(getattr(small, form), folder if folder.name == "raw" else folder / "raw")
    monkeypatch.setenv("AELIB_DATA", str(folder))
    assert small.load("auto").source == "MNIST"
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AELIB_DATA", ".")
    assert small.load("auto").source == "MNIST"
    assert {path.parent.name for path in small.root.rglob("*-ubyte")} == {"raw"}
    assert not (folder / "MNIST").exists()


def changed(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def encrypted(archive):
    """A zip in which every file says that it is encrypted."""
    content = bytearray(archive)
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = -1
        while (place := content.find(signature, place + 1)) >= 0:
            content[place + flags] |= 1
    return bytes(content)


PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
#: What is wrong with one file of four, and the words that say so; the whole one is `c`.
FAULTS = {
    "nothing in it": (TRAIN_IMAGES, lambda c: b"", "holds 0 of 125,456 bytes"),
    "half": (TRAIN_IMAGES, lambda c: c[: len(c) // 2], "holds 62,728 of 125,456 bytes"),
    "a byte short": (TRAIN_IMAGES, lambda c: c[:-1], "holds 125,455 of 125,456 bytes"),
    "a byte long": (TRAIN_LABELS, lambda c: c + b"0", "holds more than the 168 bytes"),
    "a byte other": (TEST_LABELS, lambda c: changed(c, 50), "right length but other bytes"),
    "half of an archive": (f"{TEST_IMAGES}.gz", lambda c: c[: len(c) // 2], "breaks off"),
    "a byte of an archive": (f"{TEST_IMAGES}.gz", lambda c: changed(c, 999), "cannot be unpacked"),
    "a page": (f"{TEST_IMAGES}.gz", lambda c: PAGE, "is a web page"),
    "a page of Kaggle's": (f"{dotted(TEST_IMAGES)} (1)", lambda c: PAGE, "is a web page"),
    "half of a zip": (
        "archive.zip",
        lambda c: zipped({"train-images.idx3-ubyte": c})[:-50],
        "cannot be unpacked or read .*not a zip file",
    ),
    "a page for a zip": ("mnist-dataset.zip", lambda c: PAGE, "not a zip file"),
    "encrypted": (
        "archive.zip",
        lambda c: encrypted(zipped({"train-images.idx3-ubyte": c})),
        "cannot be unpacked or read .*encrypted",
    ),
    "in a zip": (
        "all.zip",
        lambda c: zipped({"a/train-images.idx3-ubyte": c[:-1]}),
        "all.zip.a.train-images.idx3-ubyte holds 125,455 of",
    ),
}


@pytest.mark.parametrize("source", ["mnist", "auto"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_nearly_right_is_named_with_what_is_wrong(small, source, fault):
    name, spoil, words = FAULTS[fault]
    spelt = search._spelt(Path(name)) or TRAIN_IMAGES
    whole = small.archives[name] if name in small.archives else small.unpacked[spelt]
    content = {n: c for n, c in small.unpacked.items() if n != spelt} | {name: spoil(whole)}
    small.put(content)
    with pytest.raises(DataError, match=f"MNIST is not whole:\n- .*{words}") as error:
        small.load(source)
    assert type(error.value) is DataError, "the stand-in would take its place"
    assert str(error.value).count("\n- ") == 1
    assert str(small.raw / name) in str(error.value)
    assert "run again" in str(error.value)
    assert small.found() == content


def test_the_file_of_another_name_is_named(small):
    small.put(small.unpacked | {TRAIN_IMAGES: small.unpacked[TEST_IMAGES]})
    with pytest.raises(DataError, match=f"raw.{TRAIN_IMAGES} is {TEST_IMAGES}, under another name"):
        small.load()
    (small.raw / TEST_IMAGES).unlink()
    with pytest.raises(DataError, match=f"raw.{TRAIN_IMAGES} is {TEST_IMAGES}, under another name"):
        small.load()


@pytest.mark.parametrize("name", NAMES)
def test_one_missing_of_four_is_the_one_that_is_named(small, name):
    small.put({n: c for n, c in small.unpacked.items() if n != name})
    with pytest.raises(NoNetworkError) as error:
        small.load()
    assert [other for other in NAMES if other in str(error.value)] == [name]


def test_another_data_set_with_the_same_names_is_not_a_damaged_mnist(small):
    other = {name: changed(content, 99) for name, content in small.unpacked.items()}
    small.put(other, small.root / "FashionMNIST" / "raw")
    assert small.load("auto").source == "digits (stand-in)"
    small.put(other)
    with pytest.raises(DataError, match="such as Fashion-MNIST"):
        small.load("auto")


# The whole of what damage can do: never another result, never an error of another kind ------------


@pytest.mark.slow
@hypothesis_settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_damage_is_noticed_or_does_not_matter(data):
    with pytest.MonkeyPatch.context() as monkeypatch, tempfile.TemporaryDirectory() as folder:
        from mnist_fixtures import Small

        small = Small(monkeypatch, Path(folder))
        forms = [small.unpacked, small.archives, {"archive.zip": zipped(small.unpacked)}]
        content = dict(data.draw(st.sampled_from(forms)))
        name = data.draw(st.sampled_from(sorted(content)))
        whole = content[name]
        at = data.draw(st.integers(0, len(whole) - 1))
        kind = data.draw(st.sampled_from(["bit", "cut", "insert", "zeros"]))
        content[name] = {
            "bit": lambda: whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :],
            "cut": lambda: whole[:at],
            "insert": lambda: whole[:at] + b"!" + whole[at:],
            "zeros": lambda: whole[:at] + bytes(len(whole) - at),
        }[kind]()
        small.put(content)
        monkeypatch.setattr(mnist, "download", small.no_download)
        with suppress(DataError):
            small.load()  # It compares all that it gets with the originals.
        assert all(small.found()[n] == c for n, c in content.items())


# What may not be read or written -----------------------------------------------------------------


@pytest.mark.parametrize("form", ["archives", "unpacked"])
@pytest.mark.parametrize("what", ["a file", "raw", "MNIST", "the root"])
def test_what_may_not_be_read_is_said(small, open_root, form, what):
    small.point_to(open_root)
    small.put(getattr(small, form))
    closed = {"a file": next(small.raw.iterdir()), "raw": small.raw, "MNIST": small.raw.parent}
    path = closed.get(what, open_root)
    os.chmod(path, 0)
    try:
        with small.as_somebody(), pytest.raises(DataError, match="(?s)Permission denied") as error:
            small.load("auto")
    finally:
        os.chmod(path, 0o755)
    assert not isinstance(error.value, NoNetworkError)
    assert str(path) in str(error.value)
    small.load()


def test_folders_of_others_beside_the_files_do_not_matter(small, open_root):
    small.point_to(open_root)
    small.put(small.archives, open_root / "mine")
    (open_root / "lost+found").mkdir(0)
    with small.as_somebody():
        assert small.load("auto").source == "MNIST"
    (open_root / "mine").rename(open_root / ".." / f"{open_root.name}-away")
    try:
        with small.as_somebody():
            assert small.load("auto").source == "digits (stand-in)"
    finally:
        (open_root / ".." / f"{open_root.name}-away").rename(open_root / "mine")


def test_a_root_that_may_not_be_written_is_read(small, open_root):
    small.point_to(open_root)
    small.put(small.archives)
    os.chmod(small.raw, 0o555)
    with small.as_somebody():
        assert small.load("auto").source == "MNIST"
    assert small.found() == small.archives


def test_archives_are_read_on_a_full_disk(small, monkeypatch):
    small.put(small.archives)
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")  # A full one for temporary files no less.
    with small.full_disk():
        assert small.load("auto").source == "MNIST"
    labels = {name: small.unpacked[name] for name in (TRAIN_LABELS, TEST_LABELS)}
    assert small.found() == small.archives | labels


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ("{}/file", "is a file; it has to be a folder"),
        ("{}/file/below", "Not a directory"),
        ("~nosuchuser/data", "AELIB_DATA names no folder"),
        ("{}/" + "x" * 300, "File name too long"),
        ("{}" + "/xxxxxxxxx" * 500, "File name too long"),
    ],
)
def test_a_root_that_cannot_be_one_is_refused_in_so_many_words(served, tmp_path, root, words):
    (tmp_path / "file").write_bytes(b"")
    served.monkeypatch.setenv("AELIB_DATA", root.format(tmp_path))
    with pytest.raises(DataError, match=words) as error:
        served.load("auto")
    assert type(error.value) is DataError
    assert "AELIB_DATA" in str(error.value)
    assert len(str(error.value)) < 700


# How far a search goes ---------------------------------------------------------------------------


def test_links_in_a_circle_are_followed_once(small):
    small.put(small.archives, small.root / "a" / "b")
    (small.root / "a" / "back").symlink_to(small.root, target_is_directory=True)
    (small.root / "b").symlink_to(small.root / "a", target_is_directory=True)
    (small.root / "itself").symlink_to(small.root / "itself")
    (small.root / f"{TRAIN_IMAGES}.gz").symlink_to(small.root / "nowhere")
    assert len(list(search._candidates(small.root))) == 4
    assert small.load().source == "MNIST"


def test_the_search_has_an_end_and_the_nearest_come_first(small, monkeypatch):
    for folder in range(20):
        small.put({f"{i}.png": b"" for i in range(20)}, small.root / "a" / str(folder))
    small.put(small.archives, small.root / "z")
    monkeypatch.setattr(search, "MOST_IN_ALL", 50)
    assert small.load().source == "MNIST"
    for file in small.raw.iterdir():
        file.unlink()
    (small.root / "z").rename(small.root / "a" / "z")
    with pytest.raises(NoNetworkError):
        small.load()


def test_large_files_of_others_are_not_read(small, monkeypatch):
    small.put({"brain.nii.gz": gzip.compress(bytes(10_000)), "x.zip": zipped({"y": b"y" * 999})})
    read = []
    monkeypatch.setattr(search, "read", lambda file: read.append(file) or (b"", False))
    with pytest.raises(NoNetworkError):
        small.load()
    assert read == []
