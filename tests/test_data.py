"""Splits are what they claim to be, and every value of a setting is right or refused.

Tests that need the real MNIST take it from the data root or from beside the clone, and are skipped
where there is none.
"""

import pytest
import torch

from aelib.data import balanced_draw, digits, load_data
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


@pytest.mark.parametrize(
    "setting",
    [
        {"train_size": 60_001},
        {"test_size": 10_001},
        {"train_size": 99},
        {"test_size": 99},
        {"seed": -1},
    ],
)
def test_sizes_that_do_not_exist_are_refused(setting):
    [name] = setting
    with pytest.raises(ValueError, match=rf"{name}=.* cannot be used: a whole number from \d+ to"):
        load_data("digits", **setting)
