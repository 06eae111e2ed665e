"""Waters of several kinds are laid over one another: the deeper holds, nobody counts twice."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from hazard.combined import KEY, combine, dry, lay_ground, selected
from hazard.exposure import count_keys, leaving_blocks
from hazard.indexed import index_water
from hazard.sampled import lay_cells, sample, unknown_districts
from hazard.staying import CLASSES
from hazard.terrain import make_terrain
from hazard.types import check_buildings, check_districts, check_layer
from hazard.water import STAY, people_of

PLANE, LONLAT = "EPSG:6677", "EPSG:6668"
LONS = (140.01, 140.03, 140.05, 140.07)  # west two in district a, east two in b
FLOORS, PEOPLE = (2.0, 2.0, 1.0, 1.0), (10.0, 20.0, 40.0, 80.0)


def city():
    """Give two districts side by side, four buildings on one parallel and a road along it."""
    districts = gpd.GeoDataFrame(
        {"name": ["a", "b"], "population": 0, "households": 0, "assisted": None,
         "gauge_ids": [("g",), ("g",)]},
        index=pd.Index(["a", "b"], name="district_id"),
        geometry=[box(140.0, 37.0, 140.04, 37.1), box(140.04, 37.0, 140.08, 37.1)],
        crs=LONLAT,
    )  # fmt: skip
    homes = gpd.GeoDataFrame(
        {"area_m2": 100.0, "floors": FLOORS, "people": PEOPLE, "district_id": list("aabb"),
         "block": list("wxyz")},
        geometry=[Point(lon, 37.05) for lon in LONS],
        crs=LONLAT,
    )  # fmt: skip
    road = LineString([(140.005, 37.05), (140.035, 37.05)])
    roads = gpd.GeoDataFrame({"kind": ["street"]}, geometry=[road], crs=LONLAT)
    return check_districts(districts), check_buildings(homes), roads


def area(scenario, west, east, *, depth_m=(0.5, 1.0), zone=None, river="川"):
    low, high = (np.nan, np.nan) if depth_m is None else depth_m
    frame = gpd.GeoDataFrame(
        {"scenario": [scenario], "river": [river], "depth_min_m": [low], "depth_max_m": [high],
         "duration_rank": pd.array([pd.NA], dtype="Int64"),
         "collapse_zone": pd.Series([zone], dtype=object), "stand_in": [False]},
        geometry=[box(west, 37.04, east, 37.06)],
        crs=LONLAT,
    )  # fmt: skip
    return check_layer(frame)


def counted(ground, parts):
    index = combine(ground, parts)
    return count_keys(index, [KEY], people_of(index, "night"), STAY)


@pytest.fixture(scope="module")
def place():
    districts, homes, roads = city()
    ground = lay_ground(districts, homes, roads)

    def part(layer, where=None):
        index = index_water(layer, districts, homes, roads)
        return selected(ground, index, index.keys, where)

    return ground, part


def test_nothing_in_play_puts_nobody_in_the_water(place):
    ground, _ = place
    table = counted(ground, [])
    assert table["people"].tolist() == [0, 0]
    assert table["roads_cut"].tolist() == [0, 0]


def test_overlapping_waters_count_a_person_once(place):
    ground, part = place
    river = part(area("maximum", 140.0, 140.04))  # buildings of 10 and 20 people
    inland = part(area("inland", 140.02, 140.06, river="水路"))  # of 20 and 40 people
    assert counted(ground, [river])["people"].tolist() == [30, 0]
    assert counted(ground, [inland])["people"].tolist() == [20, 40]
    assert counted(ground, [river, inland])["people"].tolist() == [30, 40]


def test_the_deeper_water_decides_who_may_stay(place):
    ground, part = place
    # Two storeys: the upper floor lies at 3 m. 1 m lets people stay, 4 m does not.
    shallow = part(area("maximum", 140.0, 140.02))
    deep = part(area("dynamic", 140.0, 140.02, depth_m=(3.0, 4.0)))
    assert counted(ground, [shallow])["may_stay"].tolist() == [10, 0]
    for order in ([shallow, deep], [deep, shallow]):
        assert counted(ground, order)["must_leave"].tolist() == [10, 0]


def test_nobody_stays_upstairs_in_a_landslide_zone_under_shallow_water(place):
    ground, part = place
    water = part(area("maximum", 140.0, 140.02, depth_m=(0.0, 0.3)))
    zone = part(area("landslide", 140.0, 140.02, depth_m=None, zone="landslide", river="slope"))
    assert counted(ground, [water, zone])["must_leave"].tolist() == [10, 0]


def test_a_signal_of_one_district_leaves_the_neighbour_dry(place):
    ground, part = place
    inland = area("inland", 140.02, 140.06, river="水路")
    assert counted(ground, [part(inland, {"a"})])["people"].tolist() == [20, 0]
    assert counted(ground, [part(inland, set())])["people"].tolist() == [0, 0]


def test_roads_are_cut_by_the_deeper_water(place):
    ground, part = place
    shallow = part(area("maximum", 140.0, 140.02, depth_m=(0.0, 0.5)))
    deep = part(area("inland", 140.02, 140.04, depth_m=(0.5, 1.0), river="水路"))
    assert counted(ground, [shallow])["roads_cut"].tolist() == [0, 0]  # 0.5 m is still passed
    assert counted(ground, [shallow, deep])["roads_cut"].tolist() == [1, 0]


def test_those_who_leave_are_told_block_by_block(place):
    ground, part = place
    index = combine(
        ground, [part(area("maximum", 140.04, 140.08))]
    )  # one storey: 0.5 m is too deep
    counts = count_keys(index, [KEY], people_of(index, "night"), STAY)
    blocks = leaving_blocks(index, [KEY], counts)
    assert dict(zip(blocks["block"], blocks["people"], strict=True)) == {"y": 40, "z": 80}


edges = st.floats(140.0, 140.08)
kinds = st.sampled_from(["planned", "maximum", "dynamic", "inland"])
rows = st.tuples(kinds, edges, edges, st.floats(0.1, 6.0), st.sampled_from([None, "flow"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), st.integers(0, 3))
def test_one_more_water_never_takes_a_person_out(place, told, last):
    ground, part = place
    parts = [
        part(area(kind, *sorted((west, east)), depth_m=(0.0, deep), zone=zone))
        for kind, west, east, deep, zone in told
    ]
    fewer, more = counted(ground, parts[: last + 1]), counted(ground, parts)
    for name in ("people", "must_leave", "buildings", "roads_cut"):
        assert (more[name] >= fewer[name]).all()
    assert (more[list(CLASSES)].sum(axis=1) == more["people"]).all()
    assert counted(ground, parts[::-1]).equals(more)


@pytest.fixture(scope="module")
def raster(place):
    """Give a raster of 4 x 8 cells of about 1 km over the city, and the cells of its ground."""
    ground, _ = place
    _, _, roads = city()
    to_plane = pyproj.Transformer.from_crs(LONLAT, PLANE, always_xy=True)
    x0, y0 = to_plane.transform(140.04, 37.05)
    x, y = x0 + (np.arange(8) - 3.5) * 1000, y0 + (np.arange(4) - 1.5) * 1000
    terrain = make_terrain(np.zeros((4, 8)), x, y, PLANE)
    return terrain, lay_cells(terrain, ground, roads)


def test_a_raster_wets_the_buildings_and_roads_of_its_cells(place, raster):
    ground, _ = place
    terrain, cells = raster
    depth = terrain.copy(data=np.zeros(terrain.shape)).rename("depth_m")
    depth[:, :4] = 1.2  # the western half: buildings of 10 and 20 people and the road
    table = counted(ground, [sample(depth, cells, ground)])
    assert table["people"].tolist() == [30, 0]
    assert table["roads_cut"].tolist() == [1, 0]


def test_unknown_cells_are_named_and_never_counted_as_known(place, raster):
    ground, _ = place
    terrain, cells = raster
    depth: xr.DataArray = terrain.copy(data=np.zeros(terrain.shape)).rename("depth_m")
    depth[:, 4:] = np.nan
    assert unknown_districts(depth, cells, ground) == {"b"}
    assert (sample(depth, cells, ground).depth_max_m == dry(ground).depth_max_m).all()


def test_a_film_of_water_is_dry(place, raster):
    ground, _ = place
    terrain, cells = raster
    depth = terrain.copy(data=np.full(terrain.shape, 0.04)).rename("depth_m")
    assert counted(ground, [sample(depth, cells, ground)])["people"].tolist() == [0, 0]
