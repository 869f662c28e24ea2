"""What the exercise of lesson 3 on principal components is checked by."""

import numpy as np
import torch

from aelib.exercises.answers import Wrong, close, exercise
from aelib.exercises.words import brief, kind


@exercise(
    "pca_codes_and_reconstruction(train, images, k)",
    returns="two things, the codes `(M, k)` and the reconstructions, shaped as `images`",
    first_hint="PCA describes how images differ from their mean. Begin with the mean of `train`.",
)
def check_pca_codes_and_reconstruction(answer):
    """Principal component analysis by hand: codes of `k` numbers, and what they reconstruct.

    `pca_codes_and_reconstruction(train, images, k)` gets training images `(N, D)` and others
    `(M, D)`, one image a row. It fits PCA to `train` alone and returns the codes of `images`,
    `(M, k)`, which are their positions along the first `k` components, and their reconstructions,
    `(M, D)`. The sign of a component is arbitrary, so either is right.
    """
    cases = [(*_pictures(30, 3, 16), 2), (*_pictures(40, 6, 144), 5), (*_pictures(30, 20, 16), 16)]
    got = [_pair(answer, answer(*case), case) for case in cases]
    expected = [_pca(*case) for case in cases]
    if all(_same_pca(*both) for both in zip(got, expected, strict=True)):
        return
    for hint, ways in PCA_MISTAKES.items():
        for how in ways:
            wrong = [_pca(*case, **how) for case in cases]
            if all(_same_pca(*both) for both in zip(got, wrong, strict=True)):
                raise Wrong(hint)
    for case, (codes, images), (right_codes, right_images) in zip(
        cases, got, expected, strict=True
    ):
        name = f"{answer.name}({', '.join(map(brief, case))})"
        if case[2] < case[1].shape[1] and _close(images, case[1].double().numpy()):
            raise Wrong(
                f"with k = {case[2]} the reconstructions are the images themselves. They are made "
                "from the k numbers of the codes alone."
            )
        if not _close(images, right_images):
            raise Wrong(
                "the reconstructions: " + answer.difference(name, images, right_images, 0.02)
            )
        if _same_pca((codes, images), (right_codes, images)):
            continue
        scale = np.abs(codes).mean(0) / np.abs(right_codes).mean(0)
        if _same_pca((codes / scale, images), (right_codes, images)):
            raise Wrong(
                "the reconstructions are right, but each number of the codes has a scale of its "
                f"own, {brief(scale[:3])} times the expected one at first: a position along a "
                "component is neither divided nor multiplied."
            )
        shift = codes.mean(0) - right_codes.mean(0)
        raise Wrong(
            "the reconstructions are right, but the codes are not the positions along the "
            f"components{' (they are shifted)' if np.abs(shift).max() > 0.01 else ''}: on {name} "
            f"the first is {brief(codes[0, :3])}, and {brief(right_codes[0, :3])} was expected, up "
            "to signs."
        )


#: The ways in which `_pca` is told to go wrong, for each hint.
PCA_MISTAKES = {
    "not centred. PCA looks at differences from the mean: what is subtracted from a new image?": [
        {"centre": "never"}
    ],
    "the components are right, but what is subtracted from a new image before it is measured along "
    "them?": [{"centre": "fit"}],
    "the components are right, but images are measured along them as they are. What does PCA "
    "subtract before, and add after?": [{"centre": "fit", "back": False}],
    "your result is too dark, or too pale: what was subtracted has to come back.": [
        {"back": False}
    ],
    "PCA was fitted on `images`. A yardstick may not see the test: fit it on `train`.": [
        {"fit": "images"}
    ],
    "PCA was fitted on `images`, too. A yardstick may not see the test: fit it on `train` alone.": [
        {"fit": "both"}
    ],
    "new images are centred by their own mean. Of a single image nothing would be left: which mean "
    "does a new image have to be compared with?": [{"centre": "own"}, {"centre": "own twice"}],
    "these are the components along which images vary least. Which ones come first in your "
    "decomposition?": [{"last": "yes"}, {"last": "turned"}],
    "one number is subtracted from all pixels. Each pixel has a mean of its own: over what is it "
    "taken?": [{"centre": "number"}],
    "from each image the mean of its own pixels is subtracted. The mean image is taken over the "
    "images: along which side?": [{"centre": "row"}],
    "pixels are divided by how far they vary. PCA subtracts the mean image, and no more.": [
        {"standard": True}
    ],
    "the codes all have the same spread: do not divide by how far a component varies.": [
        {"white": True}
    ],
}


def _pictures(count, new, size):
    """Rows that vary much along some directions and less along others, around a mean not 0."""
    generator = torch.Generator().manual_seed(size)
    directions = torch.linalg.qr(torch.randn(size, 16, generator=generator))[0].T
    mean = 0.3 + 0.4 * torch.rand(size, generator=generator)
    scales = 3 * 0.75 ** torch.arange(16.0)
    rows = torch.randn(count + new, 16, generator=generator) * scales @ directions + mean
    rows[count:] += 0.2 * directions.sum(0)
    return rows[:count], rows[count:]


def _pca(
    train,
    images,
    k,
    centre="always",
    back=True,
    fit="train",
    last="no",
    standard=False,
    white=False,
):
    train, images = train.double(), images.double()
    fitted = {"train": train, "images": images, "both": torch.cat([train, images])}[fit]
    scale = fitted.std(0) if standard else 1
    fitted, images = fitted / scale, images / scale
    mean = fitted.mean(0)
    # What is subtracted before the fit, before codes are taken, and what is added at the end.
    before, subtracted, added = {
        "always": (mean, mean, mean),
        "never": (0, 0, 0),
        "fit": (mean, 0, mean),
        "own": (mean, images.mean(0), mean),
        "own twice": (mean, images.mean(0), images.mean(0)),
        "number": (fitted.mean(), fitted.mean(), fitted.mean()),
        "row": (fitted.mean(1, True), images.mean(1, True), images.mean(1, True)),
    }[centre]
    _, values, rows = np.linalg.svd((fitted - before).numpy(), full_matrices=False)
    chosen = torch.from_numpy(
        {"no": rows[:k], "yes": rows[-k:], "turned": rows[-k:][::-1]}[last].copy()
    )
    codes = (images - subtracted) @ chosen.T
    restored = (codes @ chosen + (added if back else 0)) * scale
    if white:
        codes = codes / torch.from_numpy(values[:k] / (len(fitted) - 1) ** 0.5)
    return codes.numpy(), restored.numpy()


def _pair(answer, value, case):
    """Codes and reconstructions as arrays, or what is the matter with them."""
    train, images, k = case
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Wrong(f"it should return {answer.returns}, but {kind(value)} came.")
    first, second = (answer.array(one) for one in value)
    if first.shape == images.shape and second.shape == (len(images), k) and k != images.shape[1]:
        raise Wrong("the two results are in the wrong order: first the codes.")
    if second.size == images.numel():
        second = second.reshape(images.shape)
    for what, array, shape in (
        ("codes", first, (len(images), k)),
        ("images", second, images.shape),
    ):
        if array.shape != tuple(shape):
            word = "codes" if what == "codes" else "reconstructions"
            raise Wrong(
                f"for {len(images)} images of {images.shape[1]} numbers and k = {k} the {word} "
                f"have the shape {array.shape}; {tuple(shape)} was expected."
            )
    return first, second


def _close(first, second):
    return close(first, second, 5e-3)


def _same_pca(first, second):
    """Whether two pairs of codes and reconstructions agree, up to the sign of each component."""
    if first[0].shape != second[0].shape or not np.isfinite(first[0]).all():
        return False
    signs = np.where((first[0] * second[0]).sum(0) < 0, -1, 1)
    return _close(first[1], second[1]) and _close(first[0] * signs, second[0])
