"""Terrain and survey of a bundle give the land beside the rivers, or an error naming the fault."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString

from hazard.terrain import make_terrain
from kawamori.land import STREAMS, read_land

PLANE = "EPSG:6677"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a bundle with a plain of 10 x 20 cells at 5 m above T.P., without a river."""
    x, y = (np.arange(20) + 0.5) * 10, (np.arange(10) + 0.5) * 10
    terrain = make_terrain(np.full((10, 20), 5.0), x, y, PLANE)
    terrain.to_dataset().to_netcdf(tmp_path / "terrain.nc")
    return tmp_path


def write(folder: Path, **survey: object) -> None:
    """Write one river of three corners along the middle of the plain."""
    line = LineString([(5, 55), (105, 55), (195, 55)])
    row = {"river": ["川"], "joins": [None], **{name: [value] for name, value in survey.items()}}
    gpd.GeoDataFrame(row, geometry=[line], crs=PLANE).to_crs("EPSG:6668").to_parquet(
        folder / STREAMS
    )


def test_city_without_terrain_has_no_land(tmp_path: Path) -> None:
    assert read_land(tmp_path, []) is None


def test_terrain_without_streams_names_the_missing_file(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"streams\.parquet"):
        read_land(folder, [])


def test_river_without_a_survey_reads_the_terrain_and_has_no_levees(folder: Path) -> None:
    write(folder)
    land = read_land(folder, [])
    assert land is not None
    assert land.storage is None
    assert land.plain.streams[0].ground_m == pytest.approx(5.0)


def test_surveyed_river_has_crests_and_ponds(folder: Path) -> None:
    survey = {"ground_m": [5.0, 5.0, 5.0], "bed_m": [2.0, 2.0, 2.0],
              "left_crest_m": [7.0, 7.0, 7.0], "right_crest_m": [8.0, 8.0, 8.0]}  # fmt: skip
    write(folder, **survey)
    land = read_land(folder, [{"gauge_id": "g", "a": 10.0, "h0_m": 0.5}])
    assert land is not None
    assert land.storage is not None
    assert land.plain.streams[0].crest_m[0].tolist() == [7.0, 8.0]
    assert land.ratings["g"].discharge_m3s(2.5) == 40.0  # 10 * 2^2


def test_survey_that_does_not_fit_its_line_names_river_and_counts(folder: Path) -> None:
    write(folder, ground_m=[5.0, 5.0])
    with pytest.raises(ValueError, match="川: 3 corners, ground_m of 2"):
        read_land(folder, [])
