"""Letters in many fonts, bent by chance: images whose nuisance has no name.

They stand in for what a reader may have: nobody can say in a line of code what varies, as one can
of digits, which lean. And they are where settings are tried out that MNIST's rows then have.
"""

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

from aelib.data import Split

#: Fonts that come with Matplotlib; licences beside them there.
FONTS = [
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "cmb10", "cmmi10", "cmr10", "cmss10"),
    *("cmti10", "cmtt10"),
]
CLASSES = "ABCDEFGHIJ"


def letters(count, seed):
    """A `Split` of `count` letters, `(count, 1, 28, 28)`: of ten classes, capital and small.

    Each is drawn in a font chosen by chance, and then bent by a smooth field of random shifts
    (elastic distortion; Simard et al., 2003).
    """
    drawn, generator = glyphs(), torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % len(CLASSES)
    labels = labels[torch.randperm(count, generator=generator)]
    styles = torch.randint(drawn.shape[1], (count,), generator=generator)
    field = 0.12 * torch.randn(count, 2, 4, 4, generator=generator)
    field = F.interpolate(field, size=(28, 28), mode="bicubic", align_corners=True)
    straight = F.affine_grid(
        torch.eye(2, 3).expand(count, 2, 3), (count, 1, 28, 28), align_corners=False
    )
    grid = straight + field.permute(0, 2, 3, 1)
    return Split(F.grid_sample(drawn[labels, styles], grid, align_corners=False), labels)


@lru_cache(maxsize=1)
def glyphs():
    """Each letter in each font, capital and small, in a box of 20 of 28 pixels, its centre of mass
    in the middle: `(10, 40, 1, 56, 56)`."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [ImageFont.truetype(folder / f"{name}.ttf", 96) for name in FONTS]
    drawn = [
        [glyph(text, font) for font in fonts for text in (letter, letter.lower())]
        for letter in CLASSES
    ]
    return torch.tensor(np.array(drawn)).float()[:, :, None] / 255


def glyph(text, font):
    """A letter as `(56, 56)`, 0 to 255."""
    image = Image.new("L", (256, 256))
    ImageDraw.Draw(image).text((128, 128), text, 255, font, anchor="mm")
    image = image.crop(image.getbbox())
    image = image.resize([max(1, round(40 * side / max(image.size))) for side in image.size])
    ink = np.asarray(image, dtype=float)
    corner = [
        min(max(round(28 - (ink.sum(1 - axis) @ np.arange(side)) / ink.sum()), 0), 56 - side)
        for axis, side in enumerate(ink.shape)
    ]
    page = np.zeros((56, 56))
    page[corner[0] : corner[0] + ink.shape[0], corner[1] : corner[1] + ink.shape[1]] = ink
    return page
