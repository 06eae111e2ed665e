"""What a city has, what only stands in, and what it lacks."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

from hazard.inventory import inventory
from hazard.types import check_districts

SQUARE = box(140.90, 37.05, 140.91, 37.06)


def depths(folder, name, digit="2", **extra):
    stem = f"A31a_{digit}0"
    fields = {
        f"{stem}1": "0700280001", f"{stem}2": "夏井川", f"{stem}3": "07", f"{stem}4": "福島県",
        f"{stem}5": [2], **extra,
    }  # fmt: skip
    frame = gpd.GeoDataFrame(fields, geometry=[SQUARE], crs="EPSG:6668")
    frame.to_file(folder / name, engine="pyogrio")


def states(rows):
    return {(row.layer, row.area): row.state for row in rows}


def test_empty_city_lacks_five_layers_a_river_and_three_of_the_whole(tmp_path):
    found = inventory(tmp_path / "nowhere", ["夏井川"])
    assert len(found) == 8
    assert {row.state for row in found} == {"missing"}


def test_official_and_stand_in_are_told_apart(tmp_path):
    depths(tmp_path, "A31a-20-24_07_0700280001_10.geojson")
    depths(tmp_path, "A31a-10-24_07_0700280001_10.geojson", "1", stand_in="模式")
    found = states(inventory(tmp_path, ["夏井川"]))
    assert found[("A31a-20", "夏井川")] == "official"
    assert found[("A31a-10", "夏井川")] == "stand_in"
    assert found[("A31a-30", "夏井川")] == "missing"


def test_mesh_file_stands_for_every_river(tmp_path):
    frame = gpd.GeoDataFrame({"A31b_201": [2]}, geometry=[SQUARE], crs="EPSG:6668")
    frame.to_file(tmp_path / "A31b-20-24_10_5540.geojson", engine="pyogrio")
    found = states(inventory(tmp_path, ["夏井川", "新川"]))
    assert [found[("A31a-20", river)] for river in ("夏井川", "新川")] == ["official"] * 2


def test_whole_city_layers_are_found(tmp_path):
    zone = gpd.GeoDataFrame({"A33_001": [1], "A33_002": [1]}, geometry=[SQUARE], crs="EPSG:6668")
    zone.to_file(tmp_path / "A33-23_07.geojson", engine="pyogrio")
    assert states(inventory(tmp_path, []))[("A33", "全域")] == "official"


def test_file_that_cannot_be_read_is_told_with_its_fault(tmp_path):
    depths(tmp_path, "A31a-20-24_07_0700280001_10.geojson", A31a_205=[9])
    last = inventory(tmp_path, [])[-1]
    assert last.state == "unreadable"
    assert "['9']" in last.note


def test_what_was_repaired_is_told_with_its_file(tmp_path):
    turned = box(37.05, 140.90, 37.06, 140.91)
    zone = gpd.GeoDataFrame({"A33_001": [1], "A33_002": [1]}, geometry=[turned], crs="EPSG:6668")
    zone.to_file(tmp_path / "A33-23_07.shp", engine="pyogrio")
    notes = {row.layer: row.note for row in inventory(tmp_path, [])}
    assert notes["A33"].startswith("A33-23_07.shp: latitude and longitude were swapped")
    assert notes["A40"] == ""


def city(shape):
    columns = {"name": "町", "population": 9, "households": 4, "assisted": None}
    return check_districts(
        gpd.GeoDataFrame(
            {**columns, "gauge_ids": [()]},
            index=pd.Index(["d"], name="district_id"),
            geometry=[shape],
            crs="EPSG:6668",
        )
    )


def test_official_file_of_another_place_stands_for_nothing(tmp_path):
    depths(tmp_path, "A31a-20-24_07_0700280001_10.geojson")
    here = states(inventory(tmp_path, ["夏井川"], city(SQUARE)))
    assert here[("A31a-20", "夏井川")] == "official"
    away = inventory(tmp_path, ["夏井川"], city(box(140.0, 37.0, 140.1, 37.1)))
    assert states(away)[("A31a-20", "夏井川")] == "missing"
    assert (away[-1].state, away[-1].source) == ("elsewhere", "A31a-20-24_07_0700280001_10.geojson")


def test_boundary_lines_alone_are_no_landslide_zones(tmp_path):
    zone = {"A33_001": [1], "A33_002": [1]}
    line = gpd.GeoDataFrame(zone, geometry=[SQUARE.exterior], crs="EPSG:6668")
    line.to_file(tmp_path / "A33-23_07Line.geojson", engine="pyogrio")
    assert states(inventory(tmp_path, []))[("A33", "全域")] == "missing"
