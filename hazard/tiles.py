"""Elevation tiles of GSI (標高タイル): PNG pictures of 256 x 256 heights in web Mercator.

A pixel codes x = 2^16 R + 2^8 G + B; its height is 0.01 x m below 2^23, no data at 2^23, and
0.01 (x - 2^24) m above [1]_. dem5a_png has zoom 15 (about 4 m at 36 degrees north), dem_png
(10B) zoom 14. Using the tiles needs the words 国土地理院 on screen and print.

References
----------
.. [1] 国土地理院: 標高タイルの詳細仕様, https://maps.gsi.go.jp/development/demtile.html,
   read November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hazard.terrain import WEB_MERCATOR, Terrain, make_terrain

TILE = 256  # pixels
STEP_M = 0.01
NO_DATA = 2**23
HALF_WORLD_M = np.pi * 6378137.0  # web Mercator reaches this far from its middle

TileKey = tuple[int, int, int]  # zoom, x eastward, y southward


def decode_tile(png: bytes) -> npt.NDArray[np.float32]:
    """Give the heights of one tile, first row in the north; NaN = no data. [m above T.P.]"""
    with Image.open(BytesIO(png)) as picture:
        if picture.size != (TILE, TILE):
            raise ValueError(
                f"A GSI tile must be {TILE} x {TILE} pixels, got {picture.size}. Fetch it again."
            )
        bands = np.asarray(picture.convert("RGBA"), dtype=np.int32)
    code = bands[..., 0] * 65536 + bands[..., 1] * 256 + bands[..., 2]
    height = np.where(code < NO_DATA, code, code - 2**24) * STEP_M
    height[(code == NO_DATA) | (bands[..., 3] == 0)] = np.nan
    return height.astype(np.float32)


def read_tiles(tiles: Mapping[TileKey, bytes | Path]) -> Terrain:
    """Give tiles of one zoom as one terrain in EPSG:3857.

    Parameters
    ----------
    tiles
        PNG bytes or files by (zoom, x, y). Gaps in their rectangle stay NaN: GSI answers 404
        where a tile would hold sea only.

    Raises
    ------
    ValueError
        If there is no tile, zooms differ, or a picture is not 256 x 256.
    """
    zooms = sorted({zoom for zoom, _, _ in tiles})
    if len(zooms) != 1:
        raise ValueError(f"Tiles must be of one zoom, got {zooms}. Read each zoom alone.")
    columns, rows = ([key[axis] for key in tiles] for axis in (1, 2))
    west, north = min(columns), min(rows)
    shape = (max(rows) - north + 1) * TILE, (max(columns) - west + 1) * TILE
    heights = np.full(shape, np.nan, dtype=np.float32)
    for (_, column, row), source in tiles.items():
        png = source if isinstance(source, bytes) else source.read_bytes()
        top, left = (row - north) * TILE, (column - west) * TILE
        heights[top : top + TILE, left : left + TILE] = decode_tile(png)
    pixel_m = 2 * HALF_WORLD_M / 2 ** zooms[0] / TILE
    x = -HALF_WORLD_M + (west * TILE + np.arange(shape[1]) + 0.5) * pixel_m
    y = HALF_WORLD_M - (north * TILE + np.arange(shape[0]) + 0.5) * pixel_m
    return make_terrain(heights, x, y, WEB_MERCATOR)
