"""Pictures of any kind, brought to the form of MNIST: small, square, grey, light on dark."""

import threading
import warnings
from contextlib import nullcontext
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageOps, ImageStat

from aelib.data.prepare import reduced

#: How many pixels a picture may have; those of more than `LARGE` are opened one at a time.
LIMIT = 100_000_000
LARGE = 10_000_000
#: The endings of files that Pillow has a reader for.
EXTENSIONS = {end for end, kind in Image.registered_extensions().items() if kind in Image.OPEN}
#: Corners whose grey levels differ by no more than this are of one background.
ALIKE = 64

_one_large = threading.Lock()
# Here and not around each opening, which happens in threads. What matters is an error below.
warnings.filterwarnings("ignore", module=r"PIL\.")


class PictureError(ValueError):
    """A file that holds no picture, or none that can be used; the message says why."""


class Prepared(NamedTuple):
    """A picture made small.

    `pixels` are uint8 `(channels, size, size)`; `plain` says whether its four corners are alike,
    `light` whether they are light; `digest` is the same for two pictures that were the same pixel
    by pixel before they were made small.
    """

    pixels: np.ndarray
    plain: bool
    light: bool
    digest: bytes


def open_picture(picture, needed=28):
    """A picture as 8-bit RGB: upright, its first frame, with a background where it has none.

    Args:
        picture: a path, or an array of bytes: `(H, W)`, `(H, W, 3)`, or `(H, W, 4)` with alpha.
        needed: the height and width that matter. A JPEG is read at twice that or more, and not
            larger than it needs to be, which is faster.

    Raises:
        PictureError: it cannot be opened, or has more than 100 megapixels.
    """
    if isinstance(picture, np.ndarray):
        return _as_rgb(Image.fromarray(picture))
    try:
        if not picture.is_file():
            raise PictureError("not a file")
        with Image.open(picture) as image:
            pixels = image.width * image.height
            if pixels > LIMIT:
                raise PictureError(_too_large(pixels))
            with _one_large if pixels > LARGE else nullcontext():
                image.draft(None, (2 * needed, 2 * needed))
                ImageOps.exif_transpose(image, in_place=True)
                return _as_rgb(image)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(_too_large(2 * Image.MAX_IMAGE_PIXELS, "more than ")) from None
    except Image.UnidentifiedImageError:
        raise PictureError("no picture that Pillow knows") from None
    except Exception as error:  # Damaged files make Pillow raise nearly anything.
        raise PictureError(f"cannot be opened ({error})") from error


def _too_large(pixels, more=""):
    return (
        f"{more}{pixels / 1e6:,.0f} megapixels, {LIMIT / 1e6:.0f} at most can be taken: "
        "make it smaller"
    )


def _as_rgb(image):
    if image.mode[0] in "IF":  # 16 or 32 bits, which Pillow would cut off at 255.
        values = np.asarray(image).astype(np.float32)
        if not np.isfinite(values).all():
            raise PictureError("has values that are not finite numbers")
        values -= min(values.min(), 0)
        # Bytes, or the 12 bits of cameras and scanners, are often written as 16.
        steps = (1, 255, 65_535) if image.mode == "F" else (255, 4_095, 65_535)
        full = next((step for step in steps if values.max() <= step), values.max())
        values *= 255 / full
        image = Image.fromarray(values.round(out=values).astype(np.uint8))
    if image.mode == "LAB":
        image = image.getchannel("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    # Light drawings get a dark background and dark ones a light one, or they could not be seen.
    light, ink = (
        ImageStat.Stat(part).sum[0]
        for part in (ImageChops.multiply(image.convert("L"), alpha), alpha)
    )
    background = Image.new("RGB", image.size, "white" if 255 * light < 127 * ink else "black")
    background.paste(image, mask=alpha)
    return background


def prepare(image, size=28, channels=1):
    """Bring an image of `open_picture` to `size` times `size` pixels, without distortion.

    It is scaled until its longer side fits, and padded with the colour of its corners. The scaling
    is that of drawings, `aelib.data.prepare.reduced`. What lies in the middle here is the image and
    not the centre of mass of its ink: a photograph has no ink, and where something is in it may
    tell its class.

    Args:
        channels: 1 for grey, 3 for colour.

    Returns:
        A `Prepared`. Its background is as it was: `turn` makes it dark.
    """
    digest = blake2b(repr(image.size).encode() + image.tobytes(), digest_size=16).digest()
    pixels = _pixels(image if channels == 3 else image.convert("L"))
    corners = _corners(pixels)
    background = np.median(corners, axis=0)
    square = _squared(pixels, size, background)[0].round().astype(np.uint8)
    plain = bool((np.ptp(corners, axis=0) <= ALIKE).all())
    return Prepared(square, plain, bool(background.mean() > 127.5), digest)


def _pixels(image):
    """The levels of an image, uint8 `(channels, H, W)`."""
    return np.asarray(image).reshape(image.height, image.width, -1).transpose(2, 0, 1)


def _squared(pixels, size, background):
    """Pixels `(channels, H, W)` in the middle of `size` times `size` new ones.

    Returns:
        float64 `(channels, size, size)`; how many old pixels a new one is wide; and the margins, as
        `reduced` takes them.
    """
    step = max(pixels.shape[1:]) / size
    # Whole ones: an edge of the image stays as sharp as it can be.
    margins = [int(size - np.ceil(length / step - 1e-9)) // 2 for length in pixels.shape[1:]]
    around = background[:, None, None]
    return reduced(pixels, step, margins, (size, size), around), step, margins


def _corners(pixels):
    """The mean levels of the four corners, `(4, channels)`: a tenth of the shorter side each."""
    side = max(1, min(pixels.shape[1:]) // 10)
    top, bottom = pixels[:, :side], pixels[:, -side:]
    patches = (top[..., :side], top[..., -side:], bottom[..., :side], bottom[..., -side:])
    return np.stack([patch.mean((1, 2)) for patch in patches])


def turn(prepared):
    """The pixels of a `Prepared`, a plain light background turned into a dark one."""
    return 255 - prepared.pixels if prepared.plain and prepared.light else prepared.pixels


def lost_detail(image, size=28):
    """The share of an image's contrast (variance) that is gone once it has been made small."""
    before = _pixels(image.convert("L"))
    background = np.median(_corners(before), axis=0)
    small, step, margins = _squared(before, min(size, max(image.size)), background)
    back = [-margin * step for margin in margins]
    after = reduced(small, 1 / step, back, before.shape[1:])
    return float(np.square(before - after).mean() / max(before.var(), 1))
