"""Terrain models are read with their place, or refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hazard.terrain import (
    cell_m,
    cell_numbers,
    check_terrain,
    make_terrain,
    read_ascii_terrain,
    read_netcdf_terrain,
)

ASCII = "ncols 3\nnrows 2\nxllcorner 100\nyllcorner 200\ncellsize 5\nNODATA_value -9999\n"


def test_ascii_grid_has_its_first_row_in_the_north(tmp_path):
    path = tmp_path / "dem.asc"
    path.write_text(ASCII + "1 2 3\n4 -9999 6\n")
    terrain = read_ascii_terrain(path, "EPSG:6677")
    assert terrain["y"].values.tolist() == [207.5, 202.5]  # centres of 200-205 and 205-210
    assert terrain["x"].values.tolist() == [102.5, 107.5, 112.5]
    assert terrain.values[0].tolist() == [1, 2, 3]
    assert np.isnan(terrain.values[1, 1])
    assert cell_m(terrain) == 5.0


def test_ascii_grid_with_too_few_heights_is_refused(tmp_path):
    path = tmp_path / "dem.asc"
    path.write_text(ASCII + "1 2 3\n")
    with pytest.raises(ValueError, match="2 x 3 heights, got 3"):
        read_ascii_terrain(path, "EPSG:6677")


def test_netcdf_gives_back_what_was_written(tmp_path):
    terrain = make_terrain([[1.0, np.nan], [3.0, 4.0]], [0, 5], [5, 0], "EPSG:6677")
    terrain.to_netcdf(tmp_path / "dem.nc")
    xr.testing.assert_identical(read_netcdf_terrain(tmp_path / "dem.nc"), terrain)
    with pytest.raises(ValueError, match="'height'"):
        read_netcdf_terrain(tmp_path / "dem.nc", "height")


def test_place_outside_has_no_cell():
    terrain = make_terrain(np.zeros((2, 3)), [0, 5, 10], [5, 0], "EPSG:6677")
    # (9, 1) lies in the third column (7.5 to 12.5) of the second row: 1 x 3 + 2.
    assert cell_numbers(terrain, [9, -9], [1, 1]).tolist() == [5, -1]


@pytest.mark.parametrize(
    ("x", "y", "crs", "says"),
    [
        ([0, 5, 11], [5, 0], "EPSG:6677", "even"),
        ([0, 5, 10], [9, 0], "EPSG:6677", "square"),
        ([0, 5, 10], [5, 0], "EPSG:6668", "projected"),
    ],
)
def test_unusable_terrain_is_refused(x, y, crs, says):
    with pytest.raises(ValueError, match=says):
        make_terrain(np.zeros((2, 3)), x, y, crs)


def test_terrain_without_any_height_is_refused():
    with pytest.raises(ValueError, match="at least one cell"):
        make_terrain(np.full((2, 2), np.nan), [0, 5], [5, 0], "EPSG:6677")
    with pytest.raises(ValueError, match="dims"):
        check_terrain(xr.DataArray(np.zeros(4), dims="x"))
