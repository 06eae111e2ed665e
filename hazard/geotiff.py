"""GeoTIFF terrain models, one band, north up, in a projected CRS that has an EPSG code.

Pillow reads the picture and the GeoTIFF tags [1]_ tell its place, so no GDAL is needed. What is
rotated, in several bands or in a form Pillow cannot read is refused: gdalwarp makes it readable.

References
----------
.. [1] OGC GeoTIFF Standard 1.1, 2019, annex B and 7.1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from hazard.terrain import Terrain, make_terrain

PIXEL_SCALE, TIE_POINT, KEYS, GDAL_NO_DATA = 33550, 33922, 34735, 42113  # tags
RASTER_TYPE_KEY, PROJECTED_KEY = 1025, 3072
PIXEL_IS_POINT = 2
REMEDY = "Convert it: gdalwarp -t_srs EPSG:6677 -ot Float32 IN.tif OUT.tif"


def read_geotiff(path: Path) -> Terrain:
    """Give a GeoTIFF as terrain; its no-data value becomes NaN.

    Raises
    ------
    ValueError
        If the file is not one band of heights, or its tags do not place it; says what to do.
    """
    try:
        with Image.open(path) as picture:
            tags: Any = dict(getattr(picture, "tag_v2", {}))
            bands = picture.getbands()
            heights = np.array(picture, dtype=np.float32)
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"{path.name} must be a readable GeoTIFF: {error}. {REMEDY}") from error
    if len(bands) != 1:
        raise ValueError(f"{path.name} must have one band of heights, got {bands}. {REMEDY}")
    lacking = [tag for tag in (PIXEL_SCALE, TIE_POINT, KEYS) if tag not in tags]
    if lacking:
        raise ValueError(f"{path.name} must be north up and placed, lacks tags {lacking}. {REMEDY}")
    keys = {key: value for key, _, _, value in np.reshape(tags[KEYS], (-1, 4))[1:].tolist()}
    if keys.get(PROJECTED_KEY, 32767) == 32767:
        raise ValueError(f"{path.name} must have a projected EPSG code, got {keys}. {REMEDY}")
    if GDAL_NO_DATA in tags:
        heights[heights == np.float32(str(tags[GDAL_NO_DATA]).strip("\x00 "))] = np.nan
    column, row, _, x, y, _ = tags[TIE_POINT][:6]
    step_x, step_y = tags[PIXEL_SCALE][:2]
    half = 0.0 if keys.get(RASTER_TYPE_KEY) == PIXEL_IS_POINT else 0.5
    rows, columns = heights.shape
    return make_terrain(
        heights,
        x + (np.arange(columns) - column + half) * step_x,
        y - (np.arange(rows) - row + half) * step_y,
        f"EPSG:{keys[PROJECTED_KEY]}",
    )
