"""GSI elevation tiles: colours to heights, tiles to a place."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hazard.terrain import cell_m
from hazard.tiles import HALF_WORLD_M, decode_tile, read_tiles


def png(colours=(), size=256) -> bytes:
    """Give a tile of height 0 with some pixels of the first row set."""
    pixels = np.zeros((size, size, 3), dtype=np.uint8)
    for column, colour in enumerate(colours):
        pixels[0, column] = colour
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def test_colour_is_height_in_centimetres():
    # (0, 3, 255) = 3 x 256 + 255 = 1023 cm; (255, 255, 255) = 2^24 - 1, so -1 cm;
    # (5, 194, 143) = 5 x 65536 + 194 x 256 + 143 = 377,487 cm.
    heights = decode_tile(png([(0, 3, 255), (255, 255, 255), (5, 194, 143), (128, 0, 0)]))
    assert heights[0, :3] == pytest.approx([10.23, -0.01, 3774.87], abs=1e-3)
    assert np.isnan(heights[0, 3])  # 2^23: no data


def test_tiles_are_put_side_by_side_and_gaps_stay_unknown(tmp_path):
    path = tmp_path / "tile.png"
    path.write_bytes(png([(0, 1, 0)]))
    terrain = read_tiles({(2, 1, 0): png(), (2, 2, 1): path})
    assert terrain.shape == (512, 512)
    assert terrain.values[256, 256] == pytest.approx(2.56)
    assert np.isnan(terrain.values[0, 300])
    # Zoom 2 has 4 tiles: tile 2 begins in the middle of the world, row 1 ends there.
    pixel = 2 * HALF_WORLD_M / 4 / 256
    assert terrain["x"].values[256] == pytest.approx(pixel / 2)
    assert terrain["y"].values[-1] == pytest.approx(pixel / 2)


def test_pixel_of_dem5a_is_four_metres_on_the_ground():
    # Tile 15/29128/12866 lies near 140.0 E, 35.8 N: 4.777 m of web Mercator x cos(35.8) = 3.87 m.
    assert cell_m(read_tiles({(15, 29128, 12866): png()})) == pytest.approx(3.87, abs=0.05)


def test_other_sizes_and_mixed_zooms_are_refused():
    with pytest.raises(ValueError, match="256 x 256"):
        decode_tile(png(size=512))
    with pytest.raises(ValueError, match=r"\[14, 15\]"):
        read_tiles({(14, 0, 0): png(), (15, 0, 0): png()})
    with pytest.raises(ValueError, match="one zoom"):
        read_tiles({})
