"""Images and labels from one `.npz` file."""

import zipfile

import numpy as np

from aelib.data.errors import DataError

LARGEST = 1_500_000_000


def load_arrays(path):
    """Read the arrays `images` and `labels` of a file.

    Returns:
        uint8 `(N, H, W)`, `(N, H, W, 3)` or `(N, H, W, 4)`, and whole numbers `(N,)`.

    Raises:
        DataError: they are not there, or not of this form.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
        if not {"images.npy", "labels.npy"} <= set(sizes):
            raise DataError(
                f"{path} holds {', '.join(sorted(sizes)) or 'nothing'}; it takes two arrays, "
                "images and labels: np.savez(path, images=..., labels=...)."
            )
        if sizes["images.npy"] > LARGEST:
            raise DataError(
                f"The images of {path} take {sizes['images.npy'] / 1e9:.1f} GB; up to "
                f"{LARGEST / 1e9} GB can be taken. Save them as bytes and smaller; 28 x 28 "
                "will do."
            )
        with np.load(path, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as an .npz file of numbers: {error}") from error
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[-1] not in (1, 3, 4):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    good = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in (3, 4))
    if not good or 0 in images.shape or labels.shape != images.shape[:1]:
        raise DataError(
            f"{path} holds images {images.shape} and labels {labels.shape}; it takes (N, H, W) or "
            "(N, H, W, 3), and (N,)."
        )
    # Far out, floats have no whole numbers of their own; infinity is one of these.
    whole = _is_real(labels) and ((labels == labels.round()) & (labels < 2**53)).all()
    if not whole or (labels < -1).any():
        raise DataError(
            f"The labels of {path} must be whole numbers from 0, or -1 for unlabelled; these "
            f"are {labels.dtype}. np.unique(names, return_inverse=True)[1] makes numbers of names."
        )
    return _as_bytes(images, path), labels.astype(int)


def _is_real(array):
    return np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)


def _as_bytes(images, path):
    if not (_is_real(images) or images.dtype == bool):
        raise DataError(f"The images of {path} must be finite numbers from 0, not {images.dtype}.")
    lowest, highest = images.min(), images.max()
    if not (lowest >= 0 and np.isfinite(highest)):
        raise DataError(
            f"The images of {path} must be finite numbers from 0; these go from {lowest} to "
            f"{highest}. Save them as bytes."
        )
    full = next((step for step in (1, 255, 4_095, 65_535) if highest <= step), highest)
    if images.dtype == np.uint8 and full == 255:
        return images
    # One by one: as floats all at once they could take more memory than there is.
    result = np.empty(images.shape, np.uint8)
    for index, image in enumerate(images):
        result[index] = (image * (255 / full)).round()
    return result
