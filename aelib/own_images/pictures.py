"""Pictures of any kind, brought to the form of MNIST: small, square, grey, light on dark."""

import threading
from contextlib import nullcontext
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageOps, ImageStat

#: How many pixels a picture may have; those of more than `LARGE` are opened one at a time.
LIMIT, LARGE = 100_000_000, 10_000_000
#: The endings of files that Pillow has a reader for.
EXTENSIONS = {end for end, kind in Image.registered_extensions().items() if kind in Image.OPEN}
ALIKE = 64  # Corners whose grey levels differ by no more than this are of one background.

_one_large = threading.Lock()


class PictureError(ValueError):
    """A file that holds no picture, or none that can be used; the message says why."""


class Prepared(NamedTuple):
    """A picture made small."""

    pixels: np.ndarray  # uint8 (channels, size, size).
    turned: np.ndarray  # The same, a plain light background turned into a dark one.
    plain: bool  # Whether its four corners are alike.
    digest: bytes  # The same for two pictures that were the same before, pixel by pixel.


def is_picture(path):
    """Whether a file is a picture by its name."""
    return path.suffix.lower() in EXTENSIONS


def open_picture(picture, needed=28):
    """A picture as 8-bit RGB: upright, its first frame, with a background where it has none.

    It is a path, or an array of bytes: `(H, W)`, `(H, W, 3)`, or `(H, W, 4)` with alpha. A JPEG is
    read at about twice the height and width `needed`, to be fast. What cannot be opened, or has
    more than 100 megapixels, raises a PictureError.
    """
    if isinstance(picture, np.ndarray):
        return _as_rgb(Image.fromarray(picture))
    try:
        if not picture.is_file():
            raise PictureError("not a file")
        with Image.open(picture) as image:
            pixels = image.width * image.height
            if pixels > LIMIT:
                most = f"{LIMIT / 1e6:.0f} at most can be taken: make it smaller"
                raise PictureError(f"{pixels / 1e6:,.0f} megapixels, {most}")
            with _one_large if pixels > LARGE else nullcontext():
                image.draft(None, (2 * needed, 2 * needed))
                ImageOps.exif_transpose(image, in_place=True)
                return _as_rgb(image)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError("far too many megapixels: make it smaller") from error
    except Image.UnidentifiedImageError:
        raise PictureError("no picture that Pillow knows") from None
    except Exception as error:  # Damaged files make Pillow raise nearly anything.
        raise PictureError(f"cannot be opened ({error})") from error


def _as_rgb(image):
    if image.mode[0] in "IF":  # 16 or 32 bits, which Pillow would cut off at 255.
        values = np.asarray(image).astype(np.float32)
        if not np.isfinite(values).all():
            raise PictureError("has values that are not finite numbers")
        values -= min(values.min(), 0)
        values *= 255 / full_scale(values.max(), 1 if image.mode == "F" else 255)
        image = Image.fromarray(values.round(out=values).astype(np.uint8))
    image = image.getchannel("L") if image.mode == "LAB" else image
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    # Light drawings get a dark background and dark ones a light one, or they could not be seen.
    light = ImageStat.Stat(ImageChops.multiply(image.convert("L"), alpha)).sum[0]
    dark = 255 * light < 127 * ImageStat.Stat(alpha).sum[0]
    background = Image.new("RGB", image.size, "white" if dark else "black")
    background.paste(image, mask=alpha)
    return background


def full_scale(highest, least=1):
    """What stands for white where `highest` is the highest level: the end of one of the usual
    scales from `least` on, since 12 bits, as of scanners, are often written as 16."""
    ends = (end for end in (1, 255, 4_095, 65_535) if end >= max(least, highest))
    return next(ends, highest)


def prepare(image, size=28, channels=1):
    """Bring an image of `open_picture` to the form of `Prepared`, without distortion: scaled until
    its longer side fits, and padded with the colour of its corners."""
    digest = blake2b(repr(image.size).encode() + image.tobytes(), digest_size=16).digest()
    image = image if channels == 3 else image.convert("L")
    side = max(1, min(image.size) // 10)
    places = [(x, y) for x in (0, image.width - side) for y in (0, image.height - side)]
    corners = [ImageStat.Stat(image.crop((x, y, x + side, y + side))).mean for x, y in places]
    background = np.median(corners, axis=0)
    square = Image.new(image.mode, (size, size), tuple(background.round().astype(int).tolist()))
    small = _fitted(image, size)
    square.paste(small, ((size - small.width) // 2, (size - small.height) // 2))
    pixels = np.asarray(square).reshape(size, size, channels).transpose(2, 0, 1)
    plain = bool((np.ptp(corners, axis=0) <= ALIKE).all())
    turned = 255 - pixels if plain and background.mean() > 127.5 else pixels
    return Prepared(pixels, turned, plain, digest)


def _fitted(image, size):
    scale = size / max(image.size)
    # Both filters are without rings at edges, which would look like ink.
    smooth = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BILINEAR
    return image.resize([max(1, round(scale * side)) for side in image.size], smooth)


def lost_detail(image, size=28):
    """The share of an image's contrast (variance) that is gone once it has been made small."""
    image = image.convert("L")
    small = _fitted(image, min(size, max(image.size)))
    before = np.asarray(image, dtype=float)
    after = np.asarray(small.resize(image.size, Image.Resampling.BILINEAR))
    return float(np.square(before - after).mean() / max(before.var(), 1))
