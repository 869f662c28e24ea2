"""The one function by which a lesson gets its images."""

from dataclasses import replace

from aelib.data.digits import digits_splits
from aelib.data.errors import NoNetworkError
from aelib.data.mnist import load_mnist, mnist_splits
from aelib.data.splits import Split, scaled
from aelib.settings import check_settings, data_root


def load_data(source="auto", train_size=6_000, test_size=1_000, seed=0, as_bytes=False):
    """Load the images and draw class-balanced splits from them.

    Args:
        source: "mnist", "digits" for the stand-in, or "auto": MNIST, and the stand-in only where
            there are no files and no network.
        train_size: training images, up to 60,000. Up to 1,000 of those not drawn are for
            validation, so at 60,000 the validation split is empty.
        test_size: test images, up to 10,000, drawn from the 10,000 of `full_test`.
        seed: which images are drawn.
        as_bytes: keep the pixels as bytes, a quarter of the memory; `train` and `infer` bring each
            batch to [0, 1].

    Raises:
        ValueError: a setting that cannot be used.
        DataError: damaged files, a data root that cannot be written, or, for "mnist", no files
            and no network.
    """
    check_settings(source=source, train_size=train_size, test_size=test_size, seed=seed)
    data = None
    if source != "digits":
        try:
            data = mnist_splits(*load_mnist(data_root()), train_size, test_size, seed)
        except NoNetworkError as error:
            if source == "mnist":
                raise
            print(
                f"NOT MNIST: {error}\nThis run goes on with scikit-learn's handwritten digits, "
                "moved copies of 1,797 images: intervals around scores are too narrow for these."
            )
    data = data or digits_splits(train_size, test_size, seed)
    if as_bytes:
        return data
    splits = {name: split for name, split in vars(data).items() if name != "source"}
    floats = {name: Split(scaled(pixels), labels) for name, (pixels, labels) in splits.items()}
    return replace(data, **floats)
