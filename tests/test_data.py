"""Splits are what they claim to be, and every value of a setting is right or refused."""

import hashlib
import os

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_calls import ANYTHING, NOTHING_LIKE_IT, assert_refused

from aelib.data import (
    DataError,
    NoNetworkError,
    augment,
    balanced_draw,
    digits,
    load_data,
    mnist,
    random_affine,
    scaled,
    search,
)
from aelib.data import load as loading

pytest_plugins = ["mnist_fixtures"]
each_source = pytest.mark.parametrize("source", ["mnist", "digits"])


@pytest.fixture
def load(request, monkeypatch):
    """`load_data`, with the real MNIST at hand, read once, if that is the source."""

    def load(source, *args):
        if source == "mnist":
            real = request.getfixturevalue("real")
            monkeypatch.setattr(loading, "load_mnist", lambda root: real)
        return load_data(source, *args)

    return load


@each_source
@pytest.mark.parametrize(("train_size", "test_size"), [(6_000, 1_000), (157, 123)])
def test_splits_have_the_form_they_promise_and_are_balanced(load, source, train_size, test_size):
    loaded = load(source, train_size, test_size)
    sizes = {"train": train_size, "validation": 1_000, "test": test_size, "full_test": 10_000}
    for name, size in sizes.items():
        images, labels = getattr(loaded, name)
        assert (images.shape, images.dtype) == ((size, 1, 28, 28), torch.float32)
        assert (labels.shape, labels.dtype) == ((size,), torch.int64)
        assert (images.min(), images.max()) == (0, 1)
        counts = labels.bincount(minlength=10)
        if (source, name) != ("mnist", "full_test"):  # The file itself is not balanced.
            assert counts.max() - counts.min() <= 1
    assert loaded.source == {"mnist": "MNIST", "digits": "digits (stand-in)"}[source]


@pytest.mark.slow
@each_source
def test_a_seed_names_a_draw(load, source):
    first, again, other = (load(source, 100, 100, seed) for seed in (1, 1, 2))
    larger = load(source, 200, 100, 1)
    for name in ("train", "validation", "test"):
        drawn = getattr(first, name).images
        assert drawn.equal(getattr(again, name).images)
        assert not drawn.equal(getattr(other, name).images)
    assert first.test.images.equal(larger.test.images), "test images depend on the training size"
    assert first.full_test.images.equal(other.full_test.images)


@each_source
def test_bytes_are_the_same_images(load, source):
    floats, whole = load(source, 500, 100), load(source, 500, 100, 0, True)
    for name in ("train", "validation", "test", "full_test"):
        pixels, labels = getattr(whole, name)
        assert pixels.dtype == torch.uint8
        images = pixels.float() / 255
        assert images.equal(getattr(floats, name).images)
        assert labels.equal(getattr(floats, name).labels)


@pytest.mark.slow
@pytest.mark.parametrize("train_size", [6_000, 59_500, 60_000])
def test_no_image_of_mnist_is_in_two_splits(load, train_size):
    loaded = load("mnist", train_size, 10_000)
    splits = [loaded.train, loaded.validation, loaded.full_test]
    pixels = torch.cat([split.images for split in splits]).mul(255).byte().numpy()
    assert len(loaded.validation.images) == min(1_000, 60_000 - train_size)
    # No two of MNIST's 70,000 images are alike, so that one image more than once is one too many.
    assert len({image.tobytes() for image in pixels}) == sum(len(one.images) for one in splits)
    drawn = {image.numpy().tobytes() for image in loaded.test.images}
    assert drawn <= {image.numpy().tobytes() for image in loaded.full_test.images}


@pytest.mark.parametrize("train_size", [6_000, 60_000])
def test_no_digit_of_the_stand_in_is_in_two_splits(monkeypatch, train_size):
    """Look at the 8x8 digits that the 28x28 images are made from; no two of them are alike."""
    monkeypatch.setattr(digits, "_as_mnist", lambda sources, generator: sources)
    loaded = load_data("digits", train_size)
    assert len(loaded.train.images) == train_size
    splits = (loaded.train, loaded.validation, loaded.full_test)
    used = [{digit.numpy().tobytes() for digit in split.images} for split in splits]
    assert (len(used[1]) == 0) == (train_size == 60_000)
    if train_size == 6_000:
        assert [len(one) for one in used[1:]] == [180, 360] and 1_240 < len(used[0]) <= 1_257
    assert len(set.union(*used)) == sum(map(len, used))


def test_the_stand_in_is_centred_as_mnist_is():
    images = load_data("digits").full_test.images.squeeze(1)
    offsets, mass = torch.arange(28) - 13.5, images.sum((1, 2))
    for axis in (1, 2):
        centre = (images.sum(axis) * offsets).sum(1) / mass
        assert centre.abs().max() < 1.1  # The move shifts it by up to one pixel.
        assert centre.mean().abs() < 0.05
    border = images.clone()
    border[:, 3:-3, 3:-3] = 0
    assert (border.sum((1, 2)) / mass).max() < 0.2


@pytest.mark.parametrize("size", [1, 10, 25, 103])
def test_a_draw_is_balanced_until_a_class_runs_out(size):
    labels = torch.tensor([0] * 3 + [1] * 100)
    drawn = balanced_draw(labels, size, torch.Generator().manual_seed(0))
    assert len(set(drawn.tolist())) == size
    rare = (labels[drawn] == 0).sum()
    assert rare in {1: (0, 1), 10: (3,), 25: (3,), 103: (3,)}[size]


def test_draws_of_mnist_are_those_of_the_stored_outputs(load):
    """Every number in a lesson rests on them; a change of theirs changes all."""
    loaded = load("mnist", 100, 100, 1, True)
    drawn = [*loaded.train, *loaded.validation, *loaded.test]
    assert (
        hashlib.md5(b"".join(t.numpy().tobytes() for t in drawn)).hexdigest()
        == "bca39af793e5c8b3f1edfe8393b57046"
    )


# Odd values --------------------------------------------------------------------------------------


NAMES = ["source", "train_size", "test_size", "seed", "as_bytes"]


@pytest.fixture(scope="module")
def numbered():
    """As many images as MNIST's that hold their own number; the label is its last digit."""
    tensors = []
    for count in (60_000, 10_000):
        images = torch.zeros(count, 28, 28, dtype=torch.uint8)
        images[:, 0, 0], images[:, 0, 1] = torch.arange(count) // 256, torch.arange(count) % 256
        tensors += [images, torch.arange(count) % 10]
    return tensors


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_any_value_of_a_setting_is_right_or_refused_by_name(name, numbered, monkeypatch):
    monkeypatch.setattr(loading, "load_mnist", lambda root: numbered)
    usual = {"source": "mnist", "train_size": 100, "test_size": 100, "seed": 0, "as_bytes": True}

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(value=ANYTHING)
    def right_or_refused(value):
        asked = usual | {name: value}
        try:
            loaded = load_data(**asked)
        except ValueError as error:
            assert str(error).startswith(f"{name}=")
            assert len(str(error)) < 200
            return
        assert type(value) is type(usual[name])
        assert (loaded.source == "MNIST") == (asked["source"] != "digits")
        assert len(loaded.train.images) == asked["train_size"]
        assert len(loaded.test.images) == asked["test_size"]
        assert (loaded.train.images.dtype == torch.uint8) == asked["as_bytes"]
        if asked["source"] != "digits":
            pixels = loaded.train.images[:, 0, 0, :2]
            pixels = pixels if asked["as_bytes"] else (pixels * 255).round().byte()
            assert ((pixels.long() @ torch.tensor([256, 1])) % 10).equal(loaded.train.labels)

    right_or_refused()


@pytest.mark.slow
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.binary(min_size=1).filter(lambda path: b"\0" not in path))
@pytest.mark.parametrize("source", ["mnist", "auto"])
def test_any_data_root_has_no_files_or_is_refused(small, monkeypatch, tmp_path, source, path):
    """...and nothing is made there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AELIB_DATA", os.fsdecode(path))
    monkeypatch.setattr(search, "MOST_IN_ALL", 100)
    monkeypatch.setattr(mnist, "download", small.no_download)
    try:
        assert small.load(source).source == "digits (stand-in)"
    except DataError as error:
        assert (source, type(error)) != ("auto", NoNetworkError)
        assert len(str(error).encode()) < 2_000
    assert list(tmp_path.iterdir()) == []


ONES = torch.ones(5, 1, 28, 28)


@pytest.mark.parametrize("odd", NOTHING_LIKE_IT.values(), ids=NOTHING_LIKE_IT)
def test_what_is_no_tensor_is_refused(odd):
    if not isinstance(odd, torch.Tensor):
        assert_refused(scaled, odd, says="batch is")
    assert_refused(random_affine, odd, says="images have to be floats (N, C, H, W)")
    assert_refused(random_affine, ONES, zoom=odd, says="zoom")
    assert_refused(random_affine, ONES, centre=odd, says="centre is")
    assert_refused(random_affine, ONES, centre=(0, odd), says="the centre's y")
    assert_refused(random_affine, ONES, mode=odd, says="mode=")
    assert_refused(random_affine, ONES, size=odd, says="size")
    assert_refused(balanced_draw, odd, 1, None, says="labels")
    assert_refused(balanced_draw, torch.arange(5), odd, None, says="size")
    if odd is not None:
        assert_refused(random_affine, ONES, odd, says="generator is")
        assert_refused(balanced_draw, torch.arange(5), 1, odd, says="generator is")


@pytest.mark.parametrize(
    ("labels", "size", "says"),
    [
        (torch.tensor([]), 0, "labels is empty"),
        (torch.tensor([0.0, float("nan")]), 1, "labels holds float32"),
        (torch.tensor([0, -1]), 1, "labels holds -1"),
        (torch.zeros(5, 1, dtype=int), 1, "labels is (5, 1)"),
        (torch.zeros(5, 10, dtype=int), 1, "one-hot"),
        (torch.tensor(3), 1, "labels is ()"),
        (torch.arange(5), 6, "size=6 cannot be drawn of 5 labels"),
        (torch.arange(5), -1, "size=-1"),
        (torch.arange(5), 2.0, "size is 2.0"),
        (torch.arange(5), True, "size is True"),
    ],
)
def test_labels_that_cannot_be_drawn_from_are_refused(labels, size, says):
    assert_refused(balanced_draw, labels, size, None, says=says)


def test_labels_and_sizes_may_be_numpy():
    draws = [
        balanced_draw(labels, size, torch.Generator().manual_seed(0))
        for labels in (torch.arange(50) % 10, np.arange(50) % 10)
        for size in (10, np.int64(10))
    ]
    assert all(draw.equal(draws[0]) for draw in draws)


@pytest.mark.parametrize(
    ("images", "options", "says"),
    [
        (ONES.byte(), {}, "bring bytes to [0, 1] by `scaled`"),
        (ONES[0], {}, "these are (1, 28, 28)"),
        (ONES[:0], {}, "these are (0, 1, 28, 28)"),
        (ONES[..., :0], {}, "these are (5, 1, 28, 0)"),
        (ONES, {"generator": 0}, "generator is 0"),
        (ONES, {"zoom": 0}, "zoom=0"),
        (ONES, {"zoom": float("nan")}, "zoom=nan"),
        (ONES, {"zoom": float("inf")}, "zoom=inf"),
        (ONES, {"centre": (0, 0, 0)}, "centre is a tuple"),
        (ONES, {"centre": (0, float("nan"))}, "the centre's y is nan"),
        (ONES, {"centre": (torch.zeros(4), 0)}, "the centre's x is a Tensor (4,)"),
        (ONES, {"centre": (torch.eye(5)[0].log(), 0)}, "the centre's x is a Tensor"),
        (ONES, {"mode": "linear"}, "mode='linear'"),
        (ONES, {"size": 0}, "size=0"),
    ],
)
def test_images_that_cannot_be_moved_are_refused(images, options, says):
    assert_refused(random_affine, images, **options, says=says)


def test_an_image_is_moved_as_far_as_is_said_and_no_farther(monkeypatch):
    """Up to 10 degrees, 10 % of scale and of shear, and a pixel of 28 to either side."""
    matrices = []
    grid = torch.nn.functional.affine_grid

    def watch(theta, *others, **more):
        matrices.append(theta)
        return grid(theta, *others, **more)

    monkeypatch.setattr(augment.F, "affine_grid", watch)
    images = torch.ones(20_000, 1, 1, 1)
    generator = torch.Generator().manual_seed(0)
    random_affine(images, generator, zoom=2.0, centre=(0.5, -0.25), size=1)
    [(cos, across, x), (sin, up, y)] = matrices[0].permute(1, 2, 0)
    length = torch.hypot(cos, sin)
    found = {
        torch.pi / 18: torch.atan2(sin, cos),
        0.1: 2.0 / length - 1,
        0.1 + 1e-9: (across * cos + up * sin) / length**2,
        1 / 14: x - 0.5,
        1 / 14 + 1e-9: y + 0.25,
    }
    for limit, values in found.items():
        assert values.abs().max() < 1.001 * limit
        assert values.max() > 0.99 * limit and values.min() < -0.99 * limit
        assert abs(values.mean()) < 0.02 * limit
    # An image that is sheared and not stretched keeps its size across the shear.
    assert torch.allclose((up * cos - across * sin) / length, length, atol=1e-5)


@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64])
def test_images_stay_of_their_kind(kind):
    moved = random_affine(ONES.to(kind), centre=[0, torch.zeros(5)], size=14)
    assert (moved.shape, moved.dtype) == ((5, 1, 14, 14), kind)
    assert scaled(ONES.to(kind)).dtype == kind
