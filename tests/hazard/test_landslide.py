"""A33 zones: each official code has its own meaning, unknown ones are named."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import LineString, box

from hazard.landslide import read_landslide
from hazard.layers import read_layers

SQUARE = box(140.90, 37.05, 140.91, 37.06)


def zones(tmp_path, kinds=(1,), zone=1, shape=SQUARE, **extra):
    fields = {"A33_001": list(kinds), "A33_002": zone, "A33_005": "内郷-1", **extra}
    frame = gpd.GeoDataFrame(fields, geometry=[shape] * len(kinds), crs="EPSG:6668")
    frame.to_file(tmp_path / "A33-23_07.geojson", engine="pyogrio")
    return tmp_path


def test_kinds_are_as_in_the_official_table(tmp_path):
    assert read_landslide(zones(tmp_path, (1, 2, 3)))["kind"].tolist() == [
        "steep_slope",
        "debris_flow",
        "landslide",
    ]


@pytest.mark.parametrize(
    ("code", "special", "designated"),
    [(1, False, True), (2, True, True), (3, False, False), (4, True, False)],
)
def test_zone_codes_tell_special_and_designated(tmp_path, code, special, designated):
    row = read_landslide(zones(tmp_path, zone=code)).iloc[0]
    assert (row["special"], row["designated"]) == (special, designated)


def test_unknown_kind_names_file_feature_and_code(tmp_path):
    with pytest.raises(ValueError, match=r"A33-23_07.*A33_001.*\['9'\] at feature 2"):
        read_landslide(zones(tmp_path, (1, 9)))


def test_texts_are_kept_and_absent_ones_are_none(tmp_path):
    row = read_landslide(zones(tmp_path)).iloc[0]
    assert row["name"] == "内郷-1"
    assert row["address"] is None


def test_lines_of_the_edition_are_passed_over(tmp_path):
    line = LineString([(140.9, 37.05), (140.91, 37.06)])
    assert len(read_landslide(zones(tmp_path, shape=line))) == 0


def test_flood_layers_pass_landslide_files_over(tmp_path):
    assert len(read_layers(zones(tmp_path))) == 0


def test_folder_without_zones_gives_a_frame_without_rows(tmp_path):
    assert len(read_landslide(tmp_path)) == 0


def test_missing_field_is_named(tmp_path):
    frame = gpd.GeoDataFrame({"A33_001": [1]}, geometry=[SQUARE], crs="EPSG:6668")
    frame.to_file(tmp_path / "A33-23_07.geojson", engine="pyogrio")
    with pytest.raises(ValueError, match=r"must have \['A33_002'\]"):
        read_landslide(tmp_path)
