"""Any folder of images is read as its owner meant it, or refused by name, and never written to."""

import io
import os
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from aelib.data import DataError
from aelib.own_images import folder
from aelib.own_images.duplicates import duplicate_groups
from aelib.own_images.folder import read_images
from aelib.own_images.pictures import lost_detail, open_picture, prepare


def blob(seed, size=(28, 28)):
    """An image that is like no other: a few light bars on a dark ground with dark corners."""
    draws = np.random.default_rng(seed)
    image = np.zeros(size, np.uint8)
    height, width = size
    for _ in range(4):
        top, left = (draws.integers(side // 7, side // 2) for side in size)
        image[top : top + height // 5, left : left + width // 4] = draws.integers(90, 255)
    return image


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write(root, classes=("cat", "dog"), each=30, unlabelled=0):
    """A folder of distinct images; returns its path."""
    pairs = [*((name, each) for name in classes), ("unlabelled", unlabelled)]
    names = [f"{name}/{index}.png" for name, count in pairs for index in range(count)]
    for number, name in enumerate(names):
        save(root / name, blob(number))
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


def rgb(levels):
    return Image.fromarray(np.asarray(levels, np.uint8)).convert("RGB")


def test_every_image_has_the_label_of_its_folder_where_nothing_is_written(tmp_path):
    before = state(write(tmp_path, unlabelled=7))
    mine = read_images(tmp_path)
    assert state(tmp_path) == before
    assert mine.images.shape == (67, 1, 28, 28) and mine.images.dtype == torch.uint8
    assert mine.classes == ["cat", "dog"]
    for file, label, image in zip(mine.files, mine.labels.tolist(), mine.images, strict=True):
        name = Path(file).parts[0]
        assert label == (-1 if name == "unlabelled" else mine.classes.index(name))
        assert np.array_equal(image[0], Image.open(tmp_path / file))


def test_names_of_any_kind(tmp_path):
    write(tmp_path, ("naïve café", "猫", "a b  c", "$x_1$", "10", "9"), each=10)
    save(tmp_path / "猫" / "deep" / "er" / "ü ñ.PNG", blob(999))
    os.rename(tmp_path / "9" / "0.png", os.fsencode(tmp_path / "9") + b"/\xff.png")
    mine = read_images(tmp_path)
    assert mine.classes == ["9", "10", "$x_1$", "a b  c", "naïve café", "猫"]
    assert {"猫/deep/er/ü ñ.PNG", "9/\\xff.png"} <= {*mine.files}


def test_the_order_of_files_and_their_names_do_not_matter(tmp_path):
    files = sorted(write(tmp_path / "one", unlabelled=5).rglob("*.png"))
    random.Random(0).shuffle(files)
    for number, path in enumerate(files):
        target = tmp_path / "two" / path.parent.name / f"renamed{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    labels = [{"cat": 0, "dog": 1, "unlabelled": -1}[path.parent.name] for path in files]
    images = np.stack([np.array(Image.open(path)) for path in files])
    np.savez(tmp_path / "three.npz", images=images, labels=labels)
    one, two, three = (read_images(tmp_path / name) for name in ("one", "two", "three.npz"))
    for other in (two, three):
        for name in ("images", "labels", "groups"):
            assert torch.equal(getattr(one, name), getattr(other, name))
    assert three.classes == ["0", "1"]


def kinds():
    """A light bar, left of the middle and high up, on black, as files of many kinds."""
    drawing = np.zeros((56, 56), np.uint8)
    drawing[10:46, 12:20] = 240
    grey, sixteen = Image.fromarray(drawing), drawing.astype(np.uint16)
    colour = grey.convert("RGB")
    alpha = Image.merge("RGBA", (*Image.new("RGB", (56, 56), "white").split(), grey))
    turned = Image.Exif()
    turned[0x0112] = 6
    frames = {"save_all": True, "append_images": [Image.new("L", (56, 56))]}
    sides = colour.transpose(Image.Transpose.ROTATE_90)
    return {
        "grey.png": (grey, {}),
        "one.png": (grey.convert("1"), {}),
        "colour.webp": (colour, {"lossless": True}),
        "colour.jpg": (colour, {"quality": 95}),
        "alpha.png": (alpha, {}),
        "greyalpha.png": (alpha.convert("LA"), {}),
        "palette.gif": (colour.convert("P", palette=Image.Palette.ADAPTIVE), {}),
        "cmyk.jpg": (colour.convert("CMYK"), {"quality": 95}),
        "sixteen.png": (Image.fromarray(sixteen * 257), {}),
        "sixteen.tif": (Image.fromarray(sixteen * 257), {}),
        "twelve in sixteen.png": (Image.fromarray(sixteen * 16), {}),
        "eight in sixteen.png": (Image.fromarray(sixteen), {}),
        "float.tif": (Image.fromarray(drawing / np.float32(255)), {}),
        "integer.tif": (Image.fromarray((sixteen * 257).astype(np.int32)), {}),
        "animation.gif": (grey, frames),
        "turned.jpg": (sides, {"quality": 95, "exif": turned}),
        "large.png": (grey.resize((1120, 1120), Image.Resampling.NEAREST), {}),
        "small.png": (grey.resize((28, 28), Image.Resampling.BOX), {}),
    }


@pytest.mark.parametrize("name", kinds())
def test_every_kind_of_image_becomes_the_same(tmp_path, name):
    image, options = kinds()[name]
    image.save(tmp_path / name, **options)
    pixels = prepare(open_picture(tmp_path / name)).turned[0].astype(int)
    expected = np.zeros((28, 28), int)
    expected[5:23, 6:10] = 240
    assert np.abs(pixels - expected).mean() < 4, pixels
    assert abs(pixels[8:20, 7:9].mean() - 240) < 16


def test_a_drawing_on_transparent_ground_can_be_seen():
    ink = np.zeros((40, 40, 4), np.uint8)
    ink[10:30, 10:30, 3] = 255
    dark = prepare(open_picture(ink)).turned[0]
    ink[..., :3] = 255
    assert np.array_equal(dark, prepare(open_picture(ink)).turned[0])
    assert dark[14, 14] == 255 and dark[0, 0] == 0


def test_shapes_keep_their_proportions_and_backgrounds_their_colour():
    for shape in ((40, 10), (10, 40), (1, 300), (300, 1), (1, 1), (27, 31)):
        pixels = prepare(rgb(np.full(shape, 200))).pixels
        assert pixels.shape == (1, 28, 28) and (pixels == 200).all(), shape
    bar = np.zeros((400, 100))
    bar[100:300, 25:75] = 255
    seen = prepare(rgb(bar)).pixels[0] > 127
    assert seen.any(1).nonzero()[0].tolist() == [*range(7, 21)]  # Half of 28.
    assert 3 <= seen.any(0).sum() <= 4 and seen[14, 13]  # Half of 7, in the middle.


def test_the_share_of_contrast_that_is_lost():
    fine = 255 * (np.indices((112, 84)).sum(0) % 2)
    smooth = np.linspace(0, 255, 112)[:, None].repeat(84, 1)
    half = 127 + 0.5 * (fine - 127) + 0.5 * (smooth - 127)
    lost = [lost_detail(rgb(levels)) for levels in (blob(0, (28, 20)), smooth, fine, half)]
    assert lost[0] == 0 and lost[1] < 0.01 and lost[2] > 0.99
    assert lost[3] == pytest.approx(fine.var() / (fine.var() + smooth.var()), abs=0.03)


def test_plain_light_backgrounds_are_turned_and_others_are_kept(tmp_path):
    before = read_images(write(tmp_path / "drawn"))
    large = read_images(tmp_path / "drawn", size=32, channels=3)
    assert large.images.shape == (60, 3, 32, 32)
    assert large.preparation == {"size": 32, "channels": 3, "turned": False}
    for path in sorted((tmp_path / "drawn").rglob("*.png"))[::2]:
        save(path, 255 - np.array(Image.open(path)))
    after = read_images(tmp_path / "drawn")
    seen = np.full((28, 28), 255, np.uint8)
    seen[:14, :14] = 100  # Light, but not plain.
    assert np.array_equal(prepare(rgb(seen)).turned[0], seen)
    assert after.preparation == {"size": 28, "channels": 1, "turned": True}
    assert torch.equal(after.images, before.images)
    draws = np.random.default_rng(0)
    for number in range(60):  # As photographs, without a plain background.
        coarse = Image.fromarray(draws.integers(0, 256, (4, 4), np.uint8)).resize((28, 28))
        save(tmp_path / "seen" / "ab"[number % 2] / f"{number}.png", np.array(coarse))
    mine = read_images(tmp_path / "seen")
    assert not mine.preparation["turned"]
    for file, image in zip(mine.files, mine.images, strict=True):
        assert np.array_equal(image[0], Image.open(tmp_path / "seen" / file))


def with_files(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("no image")
    return root


def with_dogs(root, change):
    """A folder of which each picture of a dog was changed."""
    for path in sorted((write(root) / "dog").iterdir()):
        change(path)
    return root


def the_same_five(root):
    for number in range(60):
        brighter = blob(number % 5).astype(int) + number // 5
        save(root / "ab"[number % 2] / f"{number}.png", brighter.clip(0, 255).astype(np.uint8))
    return root


def with_links(root):
    save(root.parent / "outside.png", blob(500))
    (root / "cat" / "out.png").symlink_to(root.parent / "outside.png")
    (root / "dog" / "nowhere.png").symlink_to(root / "gone.png")
    (root / "loop").symlink_to(root)
    return root


TWO_CLASSES = ["two classes", "cat/7.png = dog/0.png = dog/1.png", "and 26 more"]
REFUSED = [
    (lambda at: at / "missing", ["no folder", "missing"]),
    (lambda at: at, ["no image"]),
    (lambda at: with_files(at, *(f"{n}.csv" for n in range(9))), ["0.csv", "and 4 more"]),
    (lambda at: with_files(at, "notes.txt") / "notes.txt", ["is a file"]),
    (lambda at: write(at, ("cat",), 60), ["1 class ", "two or more", "right above them"]),
    (lambda at: write(at, (), unlabelled=60), ["0 classes", "unlabelled"]),
    (lambda at: write(at, map(str, range(101)), 1), ["101 classes", "100"]),
    (lambda at: write(at, each=20), ["40 images", "60"]),
    (lambda at: write(write(at, each=60), ("owl",), 1), ["owl: 1", "takes 5"]),
    (lambda at: with_dogs(at, Path.unlink), ["'dog' has no image", "takes 5"]),
    (lambda at: with_dogs(at, lambda one: one.rename(one.with_suffix(""))), ["dog/0", "25 more"]),
    (lambda at: with_dogs(at, lambda one: save(one, blob(99 + int(one.stem) % 4))), ["dog: 4"]),
    (the_same_five, ["5 different labelled images", "takes 10"]),
    (lambda at: write(at, ("Cat", "cat", "dog")), ["Cat and cat", "case"]),
    (lambda at: write(at, ("caf\u00e9", "cafe\u0301", "dog")), ["spelling"]),
    (lambda at: with_links(write(at)), ["3 links", "cat/out.png", "dog/nowhere.png", "loop"]),
    (lambda at: with_dogs(at, lambda one: shutil.copy(at / "cat/7.png", one)), TWO_CLASSES),
    (lambda at: write(write(at / "train").parent / "test").parent, ["test and train", "classes"]),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words[0] for _, words in REFUSED])
def test_what_cannot_be_used_is_refused_by_name(tmp_path, make, words):
    root = tmp_path / "mine"
    root.mkdir()
    refused(make(root), *words)


def test_too_many_images_and_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "COUNTS", (60, 70))
    refused(write(tmp_path, each=36), "72 images", "60 to 70")

    def scandir(path, list_of=os.scandir):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return list_of(path)

    (tmp_path / "cat" / "closed").mkdir()
    monkeypatch.setattr(os, "scandir", scandir)
    refused(tmp_path, "cat/closed", "Permission denied")


def test_files_that_cannot_be_opened_are_all_listed_and_can_be_left_out(tmp_path):
    with_files(write(tmp_path, each=33), "cat/words.jpg", "dog/notes.txt", "dog/.DS_Store")
    (tmp_path / "cat" / "empty.png").write_bytes(b"")
    whole = (tmp_path / "cat" / "3.png").read_bytes()
    (tmp_path / "dog" / "half.png").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(tmp_path / "dog" / "pipe.png")
    Image.new("1", (12_000, 10_000)).save(tmp_path / "cat" / "big.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "dog" / "huge.png")
    bad = ["cat/big.png", "cat/empty.png", "cat/words.jpg"]
    bad += ["dog/half.png", "dog/huge.png", "dog/pipe.png"]
    message = refused(tmp_path, "6 of 72", "120 megapixels", *bad, "skip_unreadable")
    assert "notes.txt" not in message and message.count("smaller") == 2
    mine = read_images(tmp_path, skip_unreadable=True)
    assert [line.split(":")[0] for line in mine.skipped] == bad
    assert (mine.ignored, len(mine.images)) == (["dog/notes.txt"], 66)
    for path in sorted((tmp_path / "dog").glob("[0-9]*.png"))[3:]:
        path.write_bytes(b"")
    refused(tmp_path, "dog: 3", "can be opened", skip_unreadable=True)


def test_what_is_no_fault(tmp_path):
    """What systems leave, classes that lie deeper, links inside, copies without a label."""
    write(tmp_path, unlabelled=3)
    for place in (tmp_path, tmp_path / "cat"):
        with_files(
            place, ".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini", "._1.png", "Icon\r"
        )
        for name in ("__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir", ".git"):
            save(place / name / "small.png", blob(999))
    (tmp_path / "dog").rename(tmp_path / "deep")
    (tmp_path / "dog").mkdir()
    (tmp_path / "deep").rename(tmp_path / "dog" / "dog")
    (tmp_path / "cat" / "inside.png").symlink_to(tmp_path / "cat" / "1.png")
    shutil.copy(tmp_path / "cat" / "7.png", tmp_path / "unlabelled" / "copy.png")
    mine = read_images(tmp_path)
    assert (len(mine.images), mine.classes, mine.ignored) == (65, ["cat", "dog"], [])
    one, other = (mine.files.index(name) for name in ("cat/7.png", "unlabelled/copy.png"))
    assert mine.groups[one] == mine.groups[other] and mine.labels[other] == -1


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
    }
    forms |= {f"black and white {kind}": (images > 0).astype(kind) for kind in ("?", "u1", "f4")}
    results = []
    for name, form in forms.items():
        np.savez(tmp_path / f"{name}.npz", images=form, labels=labels)
        mine = read_images(tmp_path / f"{name}.npz")
        assert sorted(mine.labels.tolist()) == sorted(labels.tolist()), name
        results.append(mine.images)
    for form, result in list(zip(forms, results, strict=True))[:9]:
        assert torch.equal(result, results[0]), form
    assert all(result.unique().tolist() == [0, 255] for result in results[9:])


ZEROS, NUMBERS = np.zeros((60, 28, 28)), np.zeros(60)
BAD_ARRAYS = [
    (ZEROS, None, "two arrays"),
    (np.zeros((60, 28)), NUMBERS, "(60, 28)"),
    (ZEROS, np.zeros(59), "(59,)"),
    (np.zeros((0, 28, 28)), np.zeros(0), "(0, 28, 28)"),
    (ZEROS, np.full(60, 0.5), "whole numbers"),
    (ZEROS, np.full(60, -2), "whole numbers"),
    (ZEROS, np.full(60, np.inf), "whole numbers"),
    (ZEROS, np.array(["a"] * 60), "np.unique"),
    (ZEROS, np.zeros(60, complex), "whole numbers"),
    (ZEROS.astype(complex), NUMBERS, "complex128"),
    (ZEROS - 0.5, NUMBERS, "from -0.5 to -0.5"),
    (np.zeros((60, 4, 28, 28)), NUMBERS, "(60, 4, 28, 28)"),
    (ZEROS, np.full(60, -1), "only unlabelled images"),
    (np.full((60, 28, 28), np.nan), NUMBERS, "finite"),
    (np.full((60, 28, 28), "a"), NUMBERS, "finite"),
    (np.array([object()] * 60), NUMBERS, "numbers"),
]


def test_arrays_that_cannot_be_used(tmp_path, monkeypatch):
    path = tmp_path / "mine.npz"
    for images, labels, words in BAD_ARRAYS:
        np.savez(path, images=images, **({} if labels is None else {"labels": labels}))
        refused(path, "mine.npz", words)
    whole = io.BytesIO()
    np.savez_compressed(whole, images=np.arange(47_040).reshape(60, 28, 28), labels=NUMBERS)
    damaged = bytearray(whole.getvalue())
    damaged[200:2_000] = bytes(1_800)
    for content in (b"no archive", bytes(damaged)):
        path.write_bytes(content)
        refused(path, "mine.npz", "cannot be read")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no arrays")
    refused(path, "notes.txt", "two arrays")
    monkeypatch.setattr(folder, "LARGEST", 40_000)
    np.savez(path, images=ZEROS, labels=NUMBERS)
    refused(path, "GB can be taken", "28 x 28")


def test_near_copies_share_a_group(tmp_path):
    cats = write(tmp_path) / "cat"
    picture = Image.fromarray(blob(0)).resize((112, 112), Image.Resampling.BICUBIC)
    picture.save(cats / "large.png")
    picture.save(cats / "good.jpg", quality=80)
    picture.resize((84, 84)).save(cats / "smaller.jpg", quality=85)
    save(cats / "brighter.png", np.clip(np.array(picture).astype(int) + 8, 0, 255).astype(np.uint8))
    mine = read_images(tmp_path)
    sizes = mine.groups.bincount()
    assert sizes.max() == 5 and (sizes == 1).sum() == len(mine.images) - 5
    members = (mine.groups == sizes.argmax()).nonzero().squeeze(1).tolist()
    assert "cat/0.png" in [mine.files[position] for position in members]


def test_groups_of_copies():
    images = torch.stack([torch.from_numpy(blob(number)) for number in range(200)])[:, None]
    assert len(duplicate_groups(images).unique()) == 200
    # Those found later leave those found before together.
    images[70], images[190], images[150] = images[0], images[0], images[130]
    groups = duplicate_groups(images)
    assert groups[0] == groups[70] == groups[190] and groups[130] == groups[150]
    assert len(groups.unique()) == 197
    flat = torch.tensor([0, 0, 100, 255]).byte()[:, None, None, None].expand(4, 1, 28, 28)
    assert duplicate_groups(flat).tolist() == [0, 0, 1, 2]
    # A thousand copies of each do not take much memory.
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (4, 1, 28, 28), generator=generator).repeat(1_000, 1, 1, 1)
    images += torch.randint(-3, 4, images.shape, generator=generator)
    assert duplicate_groups(images.clamp(0, 255).byte()).bincount().tolist() == [1_000] * 4
