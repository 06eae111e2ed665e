"""People, buildings and roads inside the water: counts by hand, and what always holds."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from hazard.exposure import demand, expose
from hazard.types import check_buildings, check_districts, check_layer

RANKS = {1: (0, 0.5), 2: (0.5, 3), 3: (3, 5), 4: (5, 10), 5: (10, 20), 6: (20, np.inf)}
TOWN = box(140.0, 37.0, 140.1, 37.1)
CLASSES = ["must_leave", "may_stay", "unknown"]


def areas(*rows):
    """Give a layer from (scenario, rank | zone name, geometry)."""
    depths = [RANKS.get(what, (np.nan, np.nan)) for _, what, _ in rows]
    frame = gpd.GeoDataFrame(
        {
            "scenario": pd.Series([scenario for scenario, _, _ in rows], dtype=object),
            "river": "夏井川",
            "depth_min_m": pd.Series([low for low, _ in depths], dtype=float),
            "depth_max_m": pd.Series([high for _, high in depths], dtype=float),
            "duration_rank": pd.array([pd.NA] * len(rows), dtype="Int64"),
            "collapse_zone": pd.Series(
                [what if isinstance(what, str) else None for _, what, _ in rows], dtype=object
            ),
            "stand_in": False,
        },
        geometry=[shape for _, _, shape in rows],
        crs="EPSG:6668",
    )
    return check_layer(frame)


def homes(*rows, district="d", block="町"):
    """Give buildings from (lon, floors, people) along one parallel inside the town."""
    frame = gpd.GeoDataFrame(
        {
            "area_m2": 100.0,
            "floors": pd.Series([floors for _, floors, _ in rows], dtype=float),
            "people": pd.Series([people for _, _, people in rows], dtype=float),
            "district_id": pd.Series([district] * len(rows), dtype=object),
            "block": pd.Series([block] * len(rows), dtype=object),
        },
        geometry=[Point(lon, 37.05) for lon, _, _ in rows],
        crs="EPSG:6668",
    )
    return check_buildings(frame)


def town(*gauge_ids, **shapes):
    shapes = shapes or {"d": TOWN}
    frame = gpd.GeoDataFrame(
        {
            "name": list(shapes),
            "population": 100,
            "households": 40,
            "assisted": None,
            "gauge_ids": [tuple(gauge_ids)] * len(shapes),
        },
        index=pd.Index(shapes, name="district_id"),
        geometry=list(shapes.values()),
        crs="EPSG:6668",
    )
    return check_districts(frame)


@pytest.mark.parametrize(
    ("rank", "floors", "expected"),
    [
        (1, 1, "may_stay"),  # below the ground floor
        (2, 1, "must_leave"),  # one storey in 0.5 m or more
        (2, 2, "may_stay"),  # first floor at 3 m, water below it
        (3, 2, "must_leave"),
        (3, 3, "may_stay"),  # second floor at 6 m, water below 5 m
        (4, 3, "must_leave"),  # rank 4 may reach 10 m
        (4, 5, "may_stay"),  # fifth storey's floor at 12 m
        (6, 40, "must_leave"),  # rank 6 has no upper end
        (1, np.nan, "may_stay"),
        (2, np.nan, "unknown"),
        ("flow", 10, "must_leave"),
        ("erosion", np.nan, "must_leave"),
    ],
)
def test_depth_floors_and_collapse_decide_who_leaves(rank, floors, expected):
    counts = expose(areas(("maximum", rank, TOWN)), town("g"), homes((140.05, floors, 7)))
    row = counts.loc[("d", "maximum")]
    assert row["people"] == 7
    assert {name: row[name] for name in CLASSES} == {
        name: 7 if name == expected else 0 for name in CLASSES
    }


def test_scenarios_are_counted_apart_and_the_last_holds_all_water():
    # West half planned, east half maximum: 3 people under planned, 3 + 4 in all.
    west, east = box(140.0, 37.0, 140.05, 37.1), box(140.05, 37.0, 140.1, 37.1)
    layer = areas(("planned", 2, west), ("maximum", 2, east))
    counts = expose(layer, town("g"), homes((140.02, 1, 3), (140.08, 1, 4)))
    assert counts["people"].to_dict() == {("d", "planned"): 3, ("d", "maximum"): 7}


def test_deepest_of_two_rivers_counts_and_nobody_twice():
    layer = areas(("maximum", 2, TOWN), ("maximum", 3, TOWN))
    counts = expose(layer, town("g"), homes((140.05, 2, 5)))
    assert counts.loc[("d", "maximum"), ["people", "must_leave"]].tolist() == [5, 5]


def test_duration_areas_alone_wet_nobody():
    layer = areas(("maximum", None, TOWN))
    assert expose(layer, town("g"), homes((140.05, 1, 5)))["people"].tolist() == [0]


def test_layer_without_rows_is_a_known_zero():
    counts = expose(areas(), town("g"), homes((140.05, 1, 5)))
    assert counts["people"].to_dict() == {("d", "planned"): 0}


def test_no_layer_is_unknown_and_not_zero():
    counts = expose(None, town("g"), homes((140.05, 1, 5)))
    assert counts.isna().all(axis=None)
    assert len(counts) == 1


def test_no_buildings_file_is_unknown_and_not_zero():
    assert expose(areas(("maximum", 2, TOWN)), town("g"), None).isna().all(axis=None)


def test_city_without_any_building_has_nobody_inside():
    assert expose(areas(("maximum", 2, TOWN)), town("g"), homes())["people"].tolist() == [0]


def test_district_of_an_unknown_unmapped_gauge_is_unknown():
    layer = areas()
    layer.attrs["unknown_gauges"] = ("g",)
    assert expose(layer, town("g"), homes((140.05, 1, 5))).isna().all(axis=None)


def test_dry_district_without_gauge_is_unknown():
    assert expose(areas(), town(), homes((140.05, 1, 5))).isna().all(axis=None)


def test_wet_district_without_gauge_is_counted():
    counts = expose(areas(("maximum", 2, TOWN)), town(), homes((140.05, 1, 5)))
    assert counts["must_leave"].tolist() == [5]


def test_unknown_people_of_one_building_make_the_count_unknown():
    buildings = homes((140.02, 1, 5), (140.03, 1, np.nan))
    counts = expose(areas(("maximum", 2, TOWN)), town("g"), buildings)
    assert counts[["people", "must_leave"]].isna().all(axis=None)
    assert counts["buildings"].tolist() == [2]


def test_roads_are_cut_where_water_may_pass_half_a_metre():
    roads = gpd.GeoDataFrame(
        {"kind": ["minor", "minor"]},
        geometry=[LineString([(x, 37.02), (x, 37.04)]) for x in (140.02, 140.08)],
        crs="EPSG:6668",
    )
    west, east = box(140.0, 37.0, 140.05, 37.1), box(140.05, 37.0, 140.1, 37.1)
    layer = areas(("maximum", 2, west), ("maximum", 1, east))
    counts = expose(layer, town("g"), homes(), roads)
    assert counts["roads_cut"].tolist() == [1]


def test_roads_that_nobody_gave_are_unknown():
    counts = expose(areas(("maximum", 2, TOWN)), town("g"), homes())
    assert counts["roads_cut"].isna().all()


def test_demand_is_whole_and_adds_up_to_the_exposure():
    # 1.4 + 1.4 + 1.4 = 4.2 people in three blocks: 4 whole people, shared 2, 1, 1.
    buildings = homes((140.02, 1, 1.4), (140.04, 1, 1.4), (140.06, 1, 1.4))
    buildings["block"] = ["a", "b", "c"]
    layer = areas(("maximum", 2, TOWN))
    points = demand(layer, town("g"), buildings)
    assert sorted(points["people"]) == [1, 1, 2]
    assert points["people"].sum() == expose(layer, town("g"), buildings)["must_leave"].sum()


def test_demand_lies_at_the_centre_of_the_people():
    # One person at 140.02, three at 140.06: (140.02 + 3 * 140.06) / 4 = 140.05.
    points = demand(areas(("maximum", 2, TOWN)), town("g"), homes((140.02, 1, 1), (140.06, 1, 3)))
    assert points[["people", "lon", "lat"]].to_numpy().tolist()[0] == pytest.approx(
        [4, 140.05, 37.05]
    )


def test_people_of_unknown_floors_leave_unless_asked_otherwise():
    layer, buildings = areas(("maximum", 2, TOWN)), homes((140.02, np.nan, 5))
    assert demand(layer, town("g"), buildings)["people"].tolist() == [5]
    assert demand(layer, town("g"), buildings, include_unknown=False).empty


def test_demand_of_a_dry_city_is_empty():
    assert demand(areas(), town("g"), homes((140.02, 1, 5))).empty


def test_demand_of_a_district_with_unknown_people_has_no_rows():
    buildings = homes((140.02, 1, 5), (140.03, 1, np.nan))
    assert demand(areas(("maximum", 2, TOWN)), town("g"), buildings).empty


def test_people_of_a_district_do_not_change_when_they_change_class():
    # 1.38 people on one floor and 1.25 on two: 2.63 people are 3, however deep the water is.
    houses = homes((140.02, 1.0, 1.38), (140.02, 2.0, 1.25))
    shallow, deep = (
        last(expose(areas(("planned", rank, TOWN)), town("g"), houses)) for rank in (1, 2)
    )
    assert shallow["people"] == deep["people"] == 3
    assert shallow["must_leave"] <= deep["must_leave"]


house = st.tuples(
    st.floats(140.001, 140.099),
    st.sampled_from([1.0, 2.0, 3.0, 5.0, np.nan]),
    st.floats(0, 50).map(lambda people: round(people, 2)),
)
water = st.tuples(
    st.sampled_from(["planned", "maximum"]),
    st.sampled_from([1, 2, 3, 4, 5, "flow", "erosion"]),
    st.floats(140.0, 140.09).map(lambda west: box(west, 37.0, west + 0.02, 37.1)),
)


def last(counts):
    return counts.groupby("district_id").last().iloc[0]


@settings(deadline=None, max_examples=30)
@given(st.lists(house, min_size=1, max_size=12), st.lists(water, min_size=1, max_size=5))
def test_classes_add_up_and_feature_order_does_not_matter(houses, waters):
    buildings, districts = homes(*houses), town("g")
    counts = expose(areas(*waters), districts, buildings)
    assert (counts[CLASSES].sum(axis=1) == counts["people"]).all()
    turned = expose(areas(*waters[::-1]), districts, buildings)
    pd.testing.assert_frame_equal(counts, turned)


@settings(deadline=None, max_examples=30)
@given(st.lists(house, min_size=1, max_size=12), st.lists(water, min_size=1, max_size=5))
def test_deeper_water_never_lowers_who_is_in_it_or_must_leave(houses, waters):
    buildings, districts = homes(*houses), town("g")
    deeper = [(name, w + 1 if isinstance(w, int) else w, shape) for name, w, shape in waters]
    before, after = (last(expose(areas(*w), districts, buildings)) for w in (waters, deeper))
    assert after["people"] == before["people"]
    assert after["must_leave"] >= before["must_leave"]
    assert after["may_stay"] <= before["may_stay"]


@settings(deadline=None, max_examples=30)
@given(st.lists(house, min_size=1, max_size=12), st.lists(water, min_size=0, max_size=5))
def test_in_a_collapse_zone_nobody_may_stay(houses, waters):
    layer = areas(*waters, ("maximum", "flow", TOWN))
    counts = last(expose(layer, town("g"), homes(*houses)))
    assert counts["may_stay"] == 0
    assert counts["must_leave"] == counts["people"]
