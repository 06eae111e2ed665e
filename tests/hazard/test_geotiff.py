"""GeoTIFF terrain is placed by its tags, or refused with what to do."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from hazard.geotiff import GDAL_NO_DATA, KEYS, PIXEL_SCALE, TIE_POINT, read_geotiff

HEIGHTS = np.array([[1.5, -9999.0, 3.0], [4.0, 5.0, 6.0]], dtype=np.float32)


def write(path, *, epsg=6677, raster_type=1, placed=True):
    tags = ImageFileDirectory_v2()
    if placed:
        tags.tagtype[PIXEL_SCALE] = tags.tagtype[TIE_POINT] = 12  # double
        tags.tagtype[KEYS], tags.tagtype[GDAL_NO_DATA] = 3, 2  # short, text
        tags[PIXEL_SCALE] = (5.0, 5.0, 0.0)
        tags[TIE_POINT] = (0.0, 0.0, 0.0, 1000.0, 2000.0, 0.0)
        tags[KEYS] = (1, 1, 0, 2, 1025, 0, 1, raster_type, 3072, 0, 1, epsg)
        tags[GDAL_NO_DATA] = "-9999"
    Image.fromarray(HEIGHTS).save(path, tiffinfo=tags)
    return path


def test_tags_give_place_crs_and_no_data(tmp_path):
    terrain = read_geotiff(write(tmp_path / "dem.tif"))
    assert terrain.attrs["crs"] == "EPSG:6677"
    assert terrain["x"].values.tolist() == [1002.5, 1007.5, 1012.5]  # corner 1000, cells of 5 m
    assert terrain["y"].values.tolist() == [1997.5, 1992.5]
    assert terrain.values[1].tolist() == [4, 5, 6]
    assert np.isnan(terrain.values[0, 1])


def test_point_rasters_tell_centres(tmp_path):
    terrain = read_geotiff(write(tmp_path / "dem.tif", raster_type=2))
    assert terrain["x"].values[0] == 1000.0


@pytest.mark.parametrize(
    ("how", "says"), [({"placed": False}, "lacks tags"), ({"epsg": 32767}, "EPSG code")]
)
def test_unplaced_file_is_refused_with_the_remedy(tmp_path, how, says):
    with pytest.raises(ValueError, match=rf"dem\.tif.*{says}.*gdalwarp"):
        read_geotiff(write(tmp_path / "dem.tif", **how))


def test_no_tiff_is_refused(tmp_path):
    (tmp_path / "dem.tif").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="readable GeoTIFF"):
        read_geotiff(tmp_path / "dem.tif")
