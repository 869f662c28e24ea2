"""The stand-in: scikit-learn's handwritten digits, brought to the form of MNIST."""

import numpy as np
import torch

from aelib.data.augment import random_affine
from aelib.data.splits import VALIDATION_SIZE, Split, balanced_draw, with_test
from aelib.files import draft_of
from aelib.settings import SOURCE_NAMES


def digits_splits(train_size, test_size, seed):
    """Splits of the same sizes from scikit-learn's 1,797 digits of 8x8 pixels (UCI, Alpaydin and
    Kaynak, 1998). Each split has source images of its own, so no digit is in two of them."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    sources, labels = torch.tensor(digits.images).float() / 16, torch.tensor(digits.target)
    rest, test = train_test_split(
        np.arange(len(labels)), test_size=360, stratify=labels, random_state=0
    )
    train, validation = train_test_split(rest, test_size=180, stratify=labels[rest], random_state=0)

    def extend(members, size, generator):
        if size == 0:
            return Split(torch.empty(0, 1, 28, 28, dtype=torch.uint8), labels[:0])
        repeats = -(-size // (len(members) // 2))  # Enough of the rarest class, too.
        members = torch.from_numpy(members).repeat(repeats)
        members = members[balanced_draw(labels[members], size, generator)]
        return Split(_as_mnist(sources[members], generator), labels[members])

    generator = torch.Generator().manual_seed(seed)
    validation_size = min(VALIDATION_SIZE, 60_000 - train_size)
    train = extend(train, train_size, generator)
    validation = extend(validation, validation_size, generator)
    full_test = extend(test, 10_000, torch.Generator().manual_seed(0))
    return with_test(SOURCE_NAMES["digits"], train, validation, full_test, test_size, seed)


def _as_mnist(sources, generator):
    """Bring 8x8 digits to 28x28 bytes, their centre of mass in the middle, each moved by itself.

    As in MNIST the digit fills a box of 20x20 pixels, which 28 pixels of output span 28 / 20 of.
    """
    positions = (torch.arange(8) + 0.5) / 4 - 1
    mass = sources.sum((1, 2))
    centre_x = (sources.sum(1) * positions).sum(1) / mass
    centre_y = (sources.sum(2) * positions).sum(1) / mass
    images = random_affine(
        sources.unsqueeze(1),
        generator,
        zoom=28 / 20,
        centre=(centre_x, centre_y),
        mode="bicubic",
    )
    return images.clamp_(0, 1).mul_(255).round_().byte()


def write_digits(folder):
    """Write scikit-learn's 1,797 digits as images of 8x8 pixels, a folder for each class.

    What is there already is left as it is; a stopped write leaves no half a folder.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    if folder.exists():
        return
    digits = load_digits()
    with draft_of(folder) as draft:
        for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            path = draft / str(label) / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * (255 / 16)).round().astype(np.uint8)).save(path)
