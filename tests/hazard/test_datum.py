"""Coordinates of every Japanese system end as longitude, latitude in JGD2011."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import box

from hazard.datum import to_jgd2011

SQUARE = box(140.90, 37.05, 140.92, 37.07)


def moved(*, crs, told=..., shape=SQUARE):
    """Give a square as a file in `crs` holds it, read again."""
    shapes = gpd.GeoSeries([shape], crs="EPSG:6668").to_crs(crs).to_numpy()
    return to_jgd2011(shapes, pyproj.CRS(crs) if told is ... else told, "a.shp")


@pytest.mark.parametrize("crs", ["EPSG:6668", "EPSG:4612", "EPSG:4326", "EPSG:6697"])
def test_geographic_systems_stay_as_they_are(crs):
    shapes, notes = to_jgd2011(np.array([SQUARE]), pyproj.CRS(crs), "a.shp")
    assert shapes[0].equals(SQUARE)
    assert notes == ()


@pytest.mark.parametrize("crs", ["EPSG:6677", "EPSG:2451", "EPSG:6690", "EPSG:3857"])
def test_planes_are_reprojected_and_told(crs):
    shapes, notes = moved(crs=crs)
    assert shapely.bounds(shapes[0]) == pytest.approx([140.90, 37.05, 140.92, 37.07], abs=1e-6)
    assert notes[0].startswith("a.shp: reprojected from")


def test_tokyo_datum_is_moved_by_the_official_parameters():
    # The former origin of Japanese surveys: 35 39 17.5148 N, 139 44 40.5020 E in the Tokyo datum is
    # 35 39 29.1572 N, 139 44 28.8869 E in JGD2011; before the earthquake 28.8759 in JGD2000.
    lon, lat = 139 + 44 / 60 + 40.5020 / 3600, 35 + 39 / 60 + 17.5148 / 3600
    shapes, notes = to_jgd2011(
        np.array([box(lon, lat, lon + 0.01, lat + 0.01)]), pyproj.CRS(4301), "a.shp"
    )
    west, south, _, _ = shapely.bounds(shapes[0])
    assert west == pytest.approx(139 + 44 / 60 + 28.8759 / 3600, abs=1e-4)  # 1e-4 degrees: 10 m
    assert south == pytest.approx(35 + 39 / 60 + 29.1572 / 3600, abs=1e-4)
    assert "Tokyo datum" in notes[0]


def test_tokyo_plane_is_both_reprojected_and_moved():
    plane = pyproj.Transformer.from_crs(4301, 30169, always_xy=True)
    x, y = plane.transform(139.75, 35.65)
    shapes, notes = to_jgd2011(np.array([box(x, y, x + 100, y + 100)]), pyproj.CRS(30169), "a.shp")
    west, south, _, _ = shapely.bounds(shapes[0])
    assert (west - 139.75, south - 35.65) == pytest.approx((-0.00323, 0.00323), abs=1e-4)
    assert len(notes) == 2


def test_esri_spelling_of_jgd2011_is_known():
    wkt = (
        'GEOGCS["GCS_JGD_2011",DATUM["D_JGD_2011",SPHEROID["GRS_1980",6378137.0,298.257222101]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    )
    assert to_jgd2011(np.array([SQUARE]), wkt, "a.shp")[1] == ()


def test_degrees_without_a_system_are_taken_for_jgd2011_and_told():
    shapes, notes = to_jgd2011(np.array([SQUARE]), None, "a.shp")
    assert shapes[0].equals(SQUARE)
    assert notes == ("a.shp: no coordinate system told, taken as JGD2011",)


def test_metres_without_a_system_are_refused():
    with pytest.raises(ValueError, match=r"a\.shp must tell its coordinate system.*\.prj"):
        moved(crs="EPSG:6677", told=None)


def test_degrees_that_claim_to_be_metres_are_refused():
    with pytest.raises(ValueError, match=r"metres of JGD2011.*got degrees"):
        to_jgd2011(np.array([SQUARE]), pyproj.CRS(6677), "a.shp")


def test_system_of_another_country_is_refused():
    with pytest.raises(ValueError, match="must be in EPSG:6668, got NAD27"):
        to_jgd2011(np.array([SQUARE]), pyproj.CRS("EPSG:4267"), "a.shp")
