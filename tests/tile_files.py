"""Map tiles of 気象庁 as its page serves them, made pixel by pixel."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image

Colour = tuple[int, int, int]

# The palette of the tiles: two transparent entries (no data, no rain), then the legend.
PALETTE: tuple[Colour, ...] = (
    (255, 255, 255), (255, 255, 255), (242, 242, 255), (160, 210, 255), (33, 140, 255),
    (0, 65, 255), (250, 245, 0), (255, 153, 0), (255, 40, 0), (180, 0, 104),
)  # fmt: skip


def tile(pixels: Mapping[tuple[int, int], int] | None = None, *, fill: int = 1,
         palette: Sequence[Colour] = PALETTE, size: int = 256) -> bytes:  # fmt: skip
    """Give a PNG of 4-bit palette numbers: `pixels` by (column, row), the others `fill`."""
    image = Image.new("P", (size, size), fill)
    image.putpalette([part for colour in palette for part in colour])
    for place, number in (pixels or {}).items():
        image.putpixel(place, number)
    clear = bytes([0, 0, *[255] * (len(palette) - 2)])
    return _saved(image, bits=4, transparency=clear)


def empty_tile() -> bytes:
    """Give the tile of a place outside the area: no palette, all transparent."""
    return _saved(Image.new("RGBA", (256, 256), (0, 0, 0, 0)))


def _saved(image: Image.Image, **options: object) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG", **options)
    return body.getvalue()
