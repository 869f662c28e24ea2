"""Any folder of images is read as its owner meant it, or refused by name, and never written to."""

import json
import os
import random
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from aelib.contest.draws import FOLDS, assign_folds, draw_labels, label_counts
from aelib.data import DataError, folder
from aelib.data.digits import write_digits
from aelib.data.duplicates import duplicate_groups
from aelib.data.folder import read_images
from aelib.data.pictures import lost_detail, open_picture, prepare, turn
from tools.lessons import ROOT

slow = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def blob(seed, size=(28, 28)):
    """An image that is like no other: a few light bars on a dark ground with dark corners."""
    draws = np.random.default_rng(seed)
    image = np.zeros(size, np.uint8)
    height, width = size
    for _ in range(4):
        top, left = (draws.integers(side // 7, side // 2) for side in size)
        image[top : top + height // 5, left : left + width // 4] = draws.integers(90, 255)
    return image


def write(root, classes=("cat", "dog"), each=30, unlabelled=0):
    """A folder of distinct images; returns its path."""
    number = 0
    for name, count in [*((name, each) for name in classes), ("unlabelled", unlabelled)]:
        for index in range(count):
            number += 1
            path = root / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(blob(number)).save(path)
    return root


def state(root):
    """All that a folder holds: names, content, times."""
    return {
        path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in [root, *sorted(root.rglob("*"))]
    }


def refused(root, *words, **options):
    with pytest.raises(DataError) as caught:
        read_images(root, **options)
    missing = [word for word in words if word not in str(caught.value)]
    assert missing == [], str(caught.value)
    return str(caught.value)


def test_every_label_is_its_folder(tmp_path):
    mine = read_images(write(tmp_path, unlabelled=7))
    assert mine.images.shape == (67, 1, 28, 28)
    assert mine.images.dtype == torch.uint8
    assert mine.classes == ["cat", "dog"]
    for file, label in zip(mine.files, mine.labels.tolist(), strict=True):
        name = Path(file).parts[0]
        assert label == (-1 if name == "unlabelled" else mine.classes.index(name))
    originals = {
        path.relative_to(tmp_path).as_posix(): np.array(Image.open(path))
        for path in tmp_path.rglob("*.png")
    }
    for file, image in zip(mine.files, mine.images, strict=True):
        assert np.array_equal(image[0], originals[file])


def test_names_of_any_kind(tmp_path):
    write(tmp_path, ("naïve café", "猫", "a b  c", "$x_1$", "10", "9"), each=10)
    (tmp_path / "猫" / "deep" / "er").mkdir(parents=True)
    Image.fromarray(blob(999)).save(tmp_path / "猫" / "deep" / "er" / "ü ñ.PNG")
    os.rename(tmp_path / "9" / "0.png", os.fsencode(tmp_path / "9") + b"/\xff.png")
    mine = read_images(tmp_path)
    assert mine.classes == ["9", "10", "$x_1$", "a b  c", "naïve café", "猫"]
    assert "猫/deep/er/ü ñ.PNG" in mine.files
    assert "9/\\xff.png" in mine.files
    "\n".join(mine.files).encode()


def test_the_order_of_files_and_their_names_do_not_matter(tmp_path):
    write(tmp_path / "one", unlabelled=5)
    files = sorted((tmp_path / "one").rglob("*.png"))
    random.Random(0).shuffle(files)
    for number, path in enumerate(files):
        target = tmp_path / "two" / path.parent.name / f"renamed{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    one, two = read_images(tmp_path / "one"), read_images(tmp_path / "two")
    arrays = {
        "images": np.stack([np.array(Image.open(path)) for path in files]),
        "labels": [{"cat": 0, "dog": 1, "unlabelled": -1}[path.parent.name] for path in files],
    }
    np.savez(tmp_path / "three.npz", **arrays)
    three = read_images(tmp_path / "three.npz")
    for other in (two, three):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.groups, other.groups)
    assert three.classes == ["0", "1"]


def test_nothing_is_written_into_the_folder(tmp_path):
    before = state(write(tmp_path))
    read_images(tmp_path)
    assert state(tmp_path) == before


# Whatever Pillow opens ---------------------------------------------------------------------------


def drawing():
    """A light bar, left of the middle and high up, on black: 56x56."""
    image = np.zeros((56, 56), np.uint8)
    image[10:46, 12:20] = 240
    return image


def kinds():
    grey = Image.fromarray(drawing())
    rgb = grey.convert("RGB")
    alpha = Image.merge("RGBA", (*Image.new("RGB", (56, 56), "white").split(), grey))
    sixteen = drawing().astype(np.uint16) * 257
    palette = rgb.convert("P", palette=Image.Palette.ADAPTIVE)
    return {
        "grey.png": (grey, {}),
        "one.png": (grey.convert("1"), {}),
        "colour.webp": (rgb, {"lossless": True}),
        "colour.bmp": (rgb, {}),
        "colour.jpg": (rgb, {"quality": 95}),
        "alpha.png": (alpha, {}),
        "greyalpha.png": (alpha.convert("LA"), {}),
        "palette.gif": (palette, {}),
        "cmyk.jpg": (rgb.convert("CMYK"), {"quality": 95}),
        "cmyk.tif": (rgb.convert("CMYK"), {}),
        "sixteen.png": (Image.fromarray(sixteen), {}),
        "sixteen.tif": (Image.fromarray(sixteen), {}),
        "twelve in sixteen.png": (Image.fromarray(drawing().astype(np.uint16) * 16), {}),
        "eight in sixteen.png": (Image.fromarray(drawing().astype(np.uint16)), {}),
        "float.tif": (Image.fromarray(drawing() / np.float32(255)), {}),
        "integer.tif": (Image.fromarray(sixteen.astype(np.int32)), {}),
        "animation.gif": (grey, {"save_all": True, "append_images": [Image.new("L", (56, 56))]}),
        "turned.jpg": (rgb.transpose(Image.Transpose.ROTATE_90), {"quality": 95, "turned": 6}),
        "large.png": (grey.resize((1120, 1120), Image.Resampling.NEAREST), {}),
        "small.png": (grey.resize((28, 28), Image.Resampling.BOX), {}),
    }


@pytest.mark.parametrize("name", kinds())
def test_every_kind_of_image_becomes_the_same(tmp_path, name):
    image, options = kinds()[name]
    if turned := options.pop("turned", None):
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = turned
    image.save(tmp_path / name, **options)
    pixels = turn(prepare(open_picture(tmp_path / name)))[0].astype(int)
    expected = np.zeros((28, 28), int)
    expected[5:23, 6:10] = 240
    tolerance = 16 if name in ("one.png", "alpha.png", "greyalpha.png") else 12
    assert np.abs(pixels - expected).mean() < 4, pixels
    assert abs(pixels[8:20, 7:9].mean() - 240) < tolerance


def test_a_drawing_on_transparent_ground_can_be_seen():
    ink = np.zeros((40, 40, 4), np.uint8)
    ink[10:30, 10:30, 3] = 255
    dark = turn(prepare(open_picture(ink)))[0]
    ink[..., :3] = 255
    light = turn(prepare(open_picture(ink)))[0]
    assert np.array_equal(dark, light)
    assert dark[14, 14] == 255 and dark[0, 0] == 0


@pytest.mark.parametrize("shape", [(40, 10), (10, 40), (1, 300), (300, 1), (1, 1), (27, 31)])
def test_shapes_keep_their_proportions(shape):
    pixels = prepare(Image.fromarray(np.full(shape, 200, np.uint8)).convert("RGB")).pixels
    assert pixels.shape == (1, 28, 28)
    assert (pixels == 200).all()  # Padded with the colour of the corners.


def test_a_bar_keeps_its_proportions():
    image = np.zeros((400, 100), np.uint8)
    image[100:300, 25:75] = 255
    seen = prepare(Image.fromarray(image).convert("RGB")).pixels[0] > 127
    assert seen.any(1).nonzero()[0].tolist() == [*range(7, 21)]  # Half of 28.
    assert seen.any(0).nonzero()[0].tolist() == [12, 13, 14]  # Half of 7, in the middle.


SHARED = json.loads((ROOT / "tests" / "prepared.json").read_text(encoding="utf-8"))["images"]


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case["name"])
def test_an_image_is_reduced_as_drawings_are_in_python_and_javascript(case):
    """What must come of these is what `test_prepare.py` reads for both."""
    levels = [[7 * int(digit, 36) for digit in row] for row in case["image"]]
    image = Image.fromarray(np.array(levels, np.uint8)).convert("RGB")
    expected = 7 * np.array(case["reduced"])
    assert np.abs(prepare(image).pixels[0] - expected).max() < 0.501


def test_the_share_of_contrast_that_is_lost():
    def lost(levels):
        return lost_detail(Image.fromarray(np.asarray(levels, np.uint8)).convert("RGB"))

    fine = 255 * (np.indices((112, 84)).sum(0) % 2)
    smooth = np.linspace(0, 255, 112)[:, None].repeat(84, 1)
    assert lost(blob(0, (28, 20))) == 0
    assert lost(smooth) < 0.01
    assert lost(fine) > 0.99
    half = lost(127 + 0.5 * (fine - 127) + 0.5 * (smooth - 127))
    assert half == pytest.approx(fine.var() / (fine.var() + smooth.var()), abs=0.03)


def test_light_backgrounds_are_turned_and_dark_ones_are_kept(tmp_path):
    write(tmp_path)
    before = read_images(tmp_path)
    for number, path in enumerate(sorted(tmp_path.rglob("*.png"))):
        if number % 2:
            Image.fromarray(255 - np.array(Image.open(path))).save(path)
    after = read_images(tmp_path)
    assert after.preparation == {"size": 28, "channels": 1, "turned": True}
    assert torch.equal(after.images, before.images)


def test_photographs_without_a_plain_background_are_not_turned(tmp_path):
    draws = np.random.default_rng(0)
    for number in range(60):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draws.integers(0, 256, (4, 4), np.uint8)).resize((28, 28)).save(path)
    mine = read_images(tmp_path)
    assert not mine.preparation["turned"]
    originals = {np.array(Image.open(path)).tobytes() for path in tmp_path.rglob("*.png")}
    assert {image.numpy().tobytes() for image in mine.images} == originals


@pytest.mark.parametrize(("size", "channels"), [(32, 3), (64, 1)])
def test_other_sizes_and_colour(tmp_path, size, channels):
    mine = read_images(write(tmp_path), size=size, channels=channels)
    assert mine.images.shape == (60, channels, size, size)
    assert mine.preparation == {"size": size, "channels": channels, "turned": channels == 1}


# Refused by name ---------------------------------------------------------------------------------


def test_no_folder_and_no_images(tmp_path):
    refused(tmp_path / "missing", "no folder", "missing")
    refused(tmp_path, "no image")
    (tmp_path / "notes.txt").write_text("a file")
    refused(tmp_path, "no image", "notes.txt")
    for number in range(9):
        (tmp_path / f"{number}.csv").write_text("no image by its name")
    assert "8.csv" not in refused(tmp_path, "no image", "0.csv", "and 5 more")
    refused(tmp_path / "notes.txt", "is a file")


def test_one_class_too_many_classes_and_too_few_images(tmp_path):
    refused(write(tmp_path / "one", ("cat",), 60), "1 class ", "two or more")
    refused(write(tmp_path / "unnamed", (), unlabelled=60), "0 classes", "unlabelled")
    many = tmp_path / "many"
    for number in range(1_000):
        (many / str(number)).mkdir(parents=True)
        Image.fromarray(blob(number)).save(many / str(number) / "1.png")
    refused(many, "1,000 classes", "100")
    refused(write(tmp_path / "few", each=20), "40 images", "60")
    write(tmp_path / "class", each=40)
    for path in sorted((tmp_path / "class" / "dog").iterdir())[4:]:
        path.unlink()
    refused(tmp_path / "class", "dog: 4", "takes 5")
    for path in (tmp_path / "class" / "dog").iterdir():
        path.unlink()
    refused(tmp_path / "class", "'dog' has no image", "takes 5")


def test_what_lies_in_a_class_without_images_is_named(tmp_path):
    write(tmp_path)
    for path in (tmp_path / "dog").iterdir():
        path.rename(path.with_suffix(""))
    refused(tmp_path, "'dog' has no image", "dog/0, dog/1, ", "and 25 more")


def test_what_systems_leave_in_folders_is_no_class_and_no_image(tmp_path):
    write(tmp_path)
    for place in (tmp_path, tmp_path / "cat"):
        for name in (".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini", "._1.png", "Icon\r"):
            (place / name).write_bytes(b"no image")
        for name in ("__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir", ".git"):
            (place / name).mkdir()
            Image.fromarray(blob(999)).save(place / name / "small.png")
    mine = read_images(tmp_path)
    assert (len(mine.images), mine.classes, mine.ignored) == (60, ["cat", "dog"], [])


def test_classes_may_lie_deeper_in_themselves_but_not_all_in_one_folder(tmp_path):
    write(tmp_path / "pets")
    (tmp_path / "pets" / "cat").rename(tmp_path / "cat")
    (tmp_path / "pets" / "cat").mkdir()
    (tmp_path / "cat").rename(tmp_path / "pets" / "cat" / "cat")
    assert read_images(tmp_path / "pets").classes == ["cat", "dog"]
    assert "or an .npz" not in refused(tmp_path, "1 class (pets)", "right above them")


def test_the_most_images(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "COUNTS", (60, 70))
    refused(write(tmp_path, each=36), "72 images", "60 to 70")


def test_a_class_of_copies_of_few_images_is_too_small(tmp_path):
    write(tmp_path, each=30)
    for path in (tmp_path / "dog").iterdir():
        Image.fromarray(blob(1_000 + int(path.stem) % 4)).save(path)
    refused(tmp_path, "dog: 4", "copies")


def test_classes_of_copies_of_the_same_few_images(tmp_path):
    for number in range(60):
        path = tmp_path / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        brighter = blob(number % 5).astype(int) + number // 5
        Image.fromarray(brighter.clip(0, 255).astype(np.uint8)).save(path)
    refused(tmp_path, "5 different labelled images", "takes 10")


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    def scandir(path, list_of=os.scandir):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return list_of(path)

    write(tmp_path)
    (tmp_path / "cat" / "closed").mkdir()
    monkeypatch.setattr(os, "scandir", scandir)
    refused(tmp_path, "cat/closed", "Permission denied")


def test_files_that_cannot_be_opened_are_all_listed_and_can_be_left_out(tmp_path):
    write(tmp_path, each=33)
    (tmp_path / "cat" / "empty.png").write_bytes(b"")
    (tmp_path / "cat" / "words.jpg").write_text("no image")
    whole = (tmp_path / "cat" / "3.png").read_bytes()
    (tmp_path / "dog" / "half.png").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(tmp_path / "dog" / "pipe.png")
    (tmp_path / "dog" / "notes.txt").write_text("no image by its name")
    (tmp_path / "dog" / ".DS_Store").write_bytes(b"x")
    bad = ("cat/empty.png", "cat/words.jpg", "dog/half.png", "dog/pipe.png")
    message = refused(tmp_path, "4 of 70", *bad, "skip_unreadable")
    assert "notes.txt" not in message
    mine = read_images(tmp_path, skip_unreadable=True)
    assert [line.split(":")[0] for line in mine.skipped] == list(bad)
    assert mine.ignored == ["dog/notes.txt"]
    assert len(mine.images) == 66
    for path in sorted((tmp_path / "dog").glob("[0-9]*.png"))[3:]:
        path.write_bytes(b"")
    refused(tmp_path, "dog: 3", "can be opened", skip_unreadable=True)


@pytest.mark.slow
def test_an_image_of_hundreds_of_megapixels(tmp_path):
    write(tmp_path, each=31)
    huge = Image.new("1", (20_000, 20_000))
    huge.save(tmp_path / "cat" / "huge.png")
    Image.new("1", (12_000, 10_000)).save(tmp_path / "dog" / "big.png")
    refused(tmp_path, "2 of 64", "cat/huge.png", "dog/big.png", "120 megapixels", "smaller")


def test_names_that_differ_only_in_case_or_spelling(tmp_path):
    write(tmp_path / "case", ("Cat", "cat", "dog"))
    refused(tmp_path / "case", "Cat and cat", "case")
    names = [unicodedata.normalize(form, "café") for form in ("NFC", "NFD")]
    write(tmp_path / "accents", (*names, "dog"))
    refused(tmp_path / "accents", "spelling")


def test_links_out_of_the_folder(tmp_path):
    write(tmp_path / "mine")
    Image.fromarray(blob(500)).save(tmp_path / "outside.png")
    (tmp_path / "mine" / "cat" / "inside.png").symlink_to(tmp_path / "mine" / "cat" / "1.png")
    assert len(read_images(tmp_path / "mine").images) == 61
    (tmp_path / "mine" / "cat" / "out.png").symlink_to(tmp_path / "outside.png")
    (tmp_path / "mine" / "dog" / "nowhere.png").symlink_to(tmp_path / "mine" / "gone.png")
    (tmp_path / "mine" / "loop").symlink_to(tmp_path / "mine")
    refused(tmp_path / "mine", "3 links", "cat/out.png", "dog/nowhere.png", "loop")


def test_the_same_image_in_two_classes(tmp_path):
    write(tmp_path)
    image = Image.open(tmp_path / "cat" / "7.png")
    image.convert("RGB").save(tmp_path / "dog" / "other name.bmp")
    refused(tmp_path, "two classes", "cat/7.png = dog/other name.bmp")
    for number in range(30):
        image.save(tmp_path / "dog" / f"{number}.png")
    assert "cat/7.png = dog/0.png = dog/1.png" in refused(tmp_path, "and 27 more")


def test_an_image_without_a_label_may_be_a_copy_of_one_with(tmp_path):
    write(tmp_path, unlabelled=3)
    shutil.copy(tmp_path / "cat" / "7.png", tmp_path / "unlabelled" / "copy.png")
    mine = read_images(tmp_path)
    one, other = (mine.files.index(name) for name in ("cat/7.png", "unlabelled/copy.png"))
    assert mine.groups[one] == mine.groups[other] and mine.labels[other] == -1


def test_the_folder_above_train_and_test(tmp_path):
    write(tmp_path / "train")
    write(tmp_path / "test")
    (tmp_path / "README.txt").write_text("no image by its name")
    (tmp_path / "train" / "labels.csv").write_text("no image by its name")
    refused(tmp_path, "test and train", "not classes")


# Arrays ------------------------------------------------------------------------------------------


def test_arrays_of_every_form(tmp_path):
    images = np.stack([blob(number) for number in range(60)])
    labels = np.arange(60) % 3 - 1
    forms = {
        "bytes": images,
        "channel first": images[:, None],
        "channel last": images[..., None],
        "colour": np.repeat(images[..., None], 3, axis=3),
        "colour first": np.repeat(images[:, None], 3, axis=1),
        "floats": images / 255,
        "sixteen": images.astype(np.uint16) * 257,
        "twelve": (images * (4_095 / 255)).round().astype(np.uint16),
        "integers": images.astype(np.int64),
        "small integers": (images // 2).astype(np.int8),
    }
    results = []
    for name, form in forms.items():
        np.savez(tmp_path / f"{name}.npz", images=form, labels=labels)
        mine = read_images(tmp_path / f"{name}.npz")
        assert sorted(mine.labels.tolist()) == sorted(labels.tolist()), name
        results.append(mine.images)
    small = results.pop()
    for form, result in zip(forms, results, strict=False):
        assert torch.equal(result, results[0]), form
    assert small.max() == results[0].max() // 2


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32])
def test_arrays_of_zeros_and_ones_are_black_and_white(tmp_path, kind):
    images = np.random.default_rng(0).integers(0, 2, (60, 28, 28))
    np.savez(tmp_path / "mine.npz", images=images.astype(kind), labels=np.arange(60) % 2)
    mine = read_images(tmp_path / "mine.npz")
    assert mine.images.unique().tolist() == [0, 255]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": np.zeros((60, 28, 28))}, "two arrays"),
        ({"images": np.zeros((60, 28)), "labels": np.zeros(60)}, "(60, 28)"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.zeros(59)}, "(59,)"),
        ({"images": np.zeros((0, 28, 28)), "labels": np.zeros(0)}, "(0, 28, 28)"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.full(60, 0.5)}, "whole numbers"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.full(60, -2)}, "whole numbers"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.full(60, np.inf)}, "whole numbers"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.array(["a"] * 60)}, "np.unique"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.zeros(60, complex)}, "whole numbers"),
        ({"images": np.zeros((60, 28, 28), complex), "labels": np.zeros(60)}, "complex128"),
        ({"images": np.full((60, 28, 28), -0.5), "labels": np.zeros(60)}, "from -0.5 to -0.5"),
        ({"images": np.zeros((60, 4, 28, 28)), "labels": np.zeros(60)}, "(60, 4, 28, 28)"),
        ({"images": np.zeros((60, 28, 28)), "labels": np.full(60, -1)}, "only unlabelled images"),
        ({"images": np.full((60, 28, 28), np.nan), "labels": np.zeros(60)}, "finite"),
        ({"images": np.full((60, 28, 28), "a"), "labels": np.zeros(60)}, "finite"),
        ({"images": np.array([object()] * 60), "labels": np.zeros(60)}, "numbers"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, arrays, words):
    np.savez(tmp_path / "mine.npz", **arrays)
    refused(tmp_path / "mine.npz", "mine.npz", words)


def test_a_file_that_is_no_archive(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"no archive")
    refused(tmp_path / "mine.npz", "cannot be read")


# Duplicates and splits ---------------------------------------------------------------------------


def copies(image, folder):
    """Near copies of an image, as people make them."""
    picture = Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC)
    picture.save(folder / "large.png")
    picture.save(folder / "good.jpg", quality=80)
    picture.resize((84, 84)).save(folder / "smaller.jpg", quality=85)
    brighter = np.clip(np.array(picture).astype(int) + 8, 0, 255).astype(np.uint8)
    Image.fromarray(brighter).save(folder / "brighter.png")
    return 4


def test_near_copies_share_a_group(tmp_path):
    write(tmp_path)
    count = copies(blob(1), tmp_path / "cat")
    mine = read_images(tmp_path)
    sizes = mine.groups.bincount()
    assert sizes.max() == count + 1
    assert (sizes == 1).sum() == len(mine.images) - count - 1
    members = (mine.groups == sizes.argmax()).nonzero().squeeze(1).tolist()
    assert "cat/0.png" in [mine.files[position] for position in members]


def test_many_copies_do_not_take_much_memory():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (4, 1, 28, 28), generator=generator).repeat(1_000, 1, 1, 1)
    noise = torch.randint(-3, 4, images.shape, generator=generator)
    groups = duplicate_groups((images + noise).clamp(0, 255).byte())
    assert groups.bincount().tolist() == [1_000] * 4


def test_copies_found_later_leave_those_found_before_together():
    images = torch.stack([torch.from_numpy(blob(number)) for number in range(200)])[:, None]
    images[70], images[190], images[150] = images[0], images[0], images[130]
    groups = duplicate_groups(images)
    assert groups[0] == groups[70] == groups[190] and groups[130] == groups[150]
    assert len(groups.unique()) == 197


def test_different_images_are_no_copies():
    images = torch.stack([torch.from_numpy(blob(number)) for number in range(200)])[:, None]
    assert len(duplicate_groups(images).unique()) == 200
    flat = torch.tensor([0, 0, 100, 255]).byte()[:, None, None, None].expand(4, 1, 28, 28)
    assert duplicate_groups(flat).tolist() == [0, 0, 1, 2]


sets = st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 60)), min_size=30, max_size=200)


@pytest.mark.slow
@given(sets, st.integers(0, 5))
@settings(max_examples=200, deadline=None)
def test_no_group_is_on_two_sides_and_every_labelled_image_is_tested_once(pairs, seed):
    labels, groups = torch.tensor(pairs).T
    groups = groups.unique(return_inverse=True)[1]
    folds = assign_folds(labels, groups, seed)
    for group in groups.unique():
        assert len(folds[groups == group].unique()) == 1
    assert (folds[labels >= 0] >= 0).all()
    assert folds.max() < FOLDS
    named = torch.zeros(int(groups.max()) + 1, dtype=torch.bool)
    named[groups[labels >= 0]] = True
    assert torch.equal(folds >= 0, named[groups])


def test_folds_have_a_tenth_of_every_class():
    labels = torch.arange(400) % 4
    folds = assign_folds(labels, torch.arange(400), 0)
    for label in range(4):
        assert set(folds[labels == label].bincount(minlength=FOLDS).tolist()) <= {9, 10, 11}
    assert not torch.equal(folds, assign_folds(labels, torch.arange(400), 1))


@given(st.lists(st.integers(0, 4), min_size=40, max_size=300), st.integers(10, 40))
@settings(max_examples=100, deadline=None)
def test_a_draw_has_each_class_by_its_share(labels, count):
    labels = torch.tensor(labels)
    drawn = draw_labels(labels, count, torch.Generator().manual_seed(0))
    assert len(drawn.unique()) == count
    assert set(labels[drawn].tolist()) == set(labels.tolist())
    share = labels.bincount() * count / len(labels)
    assert (labels[drawn].bincount(minlength=len(share)) - share).abs().max() <= 5


@pytest.mark.parametrize(
    ("labelled", "classes", "counts"),
    [
        (54, 2, [4, 54]),
        (1_617, 10, [100, 1_600]),
        (450, 100, [200, 450]),
        (54_000, 10, [100, 1_000, 6_000]),
        (5_400, 10, [100, 900, 5_400]),
    ],
)
def test_label_counts(labelled, classes, counts):
    assert label_counts(labelled, classes) == counts


@pytest.mark.slow
@slow
@given(data=st.data())
def test_any_folder_is_read_the_same_whatever_its_order(tmp_path_factory, data):
    """Files made in any order, with any names: the same images, labels and groups."""
    root = tmp_path_factory.mktemp("any")
    seeds = data.draw(st.lists(st.integers(0, 40), min_size=60, max_size=70))
    unlabelled = data.draw(st.sets(st.sampled_from(range(60)), max_size=8))
    names = data.draw(st.permutations(range(len(seeds))))
    entries = []
    for position, seed in enumerate(seeds):
        # A copy must be in the class of its original.
        label = "unlabelled" if position in unlabelled else "ab"[seed % 2]
        entries.append((label, seed, position))
    results = []
    for part, order in (("one", entries), ("two", [entries[index] for index in names])):
        for number, (label, seed, _) in enumerate(order):
            path = root / part / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(blob(seed)).save(path)
        before = state(root / part)
        try:
            mine = read_images(root / part)
        except DataError as error:
            results.append(str(error).replace(str(root / part), ""))
        else:
            results.append((mine.images.tolist(), mine.labels.tolist(), mine.groups.tolist()))
        assert state(root / part) == before
    assert results[0] == results[1]


@pytest.mark.slow
def test_the_digits_are_such_a_folder(tmp_path):
    write_digits(tmp_path / "digits")
    mine = read_images(tmp_path / "digits")
    assert len(mine.images) == 1_797
    assert mine.classes == [str(digit) for digit in range(10)]
    before = state(tmp_path / "digits")
    write_digits(tmp_path / "digits")
    assert state(tmp_path / "digits") == before
