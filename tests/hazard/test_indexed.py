"""The index gives what a plain join of buildings and areas gives, selection by selection."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from hazard.exposure import demand, demand_indexed, expose, expose_indexed
from hazard.indexed import index_water
from hazard.staying import StayRules
from hazard.types import check_buildings, check_districts, check_layer
from hazard.water import classify_indexed

RANKS = {1: (0, 0.5), 2: (0.5, 3), 3: (3, 5), 4: (5, 10), 5: (10, 20), 6: (20, np.inf)}
TOWN = box(140.0, 37.0, 140.1, 37.1)
CLASSES = ["must_leave", "may_stay", "unknown"]


def areas(*rows):
    """Give a layer from (river, scenario, rank | zone | "30:rank", geometry)."""
    what = [row[2] for row in rows]
    depths = [RANKS.get(one, (np.nan, np.nan)) for one in what]
    zones = [one if isinstance(one, str) and one[0] != "3" else None for one in what]
    spans = [int(one[3:]) if isinstance(one, str) and one[0] == "3" else None for one in what]
    frame = gpd.GeoDataFrame(
        {
            "scenario": pd.Series([row[1] for row in rows], dtype=object),
            "river": pd.Series([row[0] for row in rows], dtype=object),
            "depth_min_m": pd.Series([low for low, _ in depths], dtype=float),
            "depth_max_m": pd.Series([high for _, high in depths], dtype=float),
            "duration_rank": pd.array(spans, dtype="Int64"),
            "collapse_zone": pd.Series(zones, dtype=object),
            "stand_in": False,
        },
        geometry=[row[3] for row in rows],
        crs="EPSG:6668",
    )
    return check_layer(frame)


def homes(*rows, **columns):
    """Give buildings from (lon, floors, people) along one parallel inside the town."""
    frame = gpd.GeoDataFrame(
        {
            "area_m2": 100.0,
            "floors": pd.Series([floors for _, floors, _ in rows], dtype=float),
            "people": pd.Series([people for _, _, people in rows], dtype=float),
            "district_id": pd.Series(["d"] * len(rows), dtype=object),
            "block": pd.Series(["町"] * len(rows), dtype=object),
            **columns,
        },
        geometry=[Point(lon, 37.05) for lon, _, _ in rows],
        crs="EPSG:6668",
    )
    return check_buildings(frame)


def town():
    frame = gpd.GeoDataFrame(
        {
            "name": "町",
            "population": 100,
            "households": 40,
            "assisted": None,
            "gauge_ids": [("g",)],
        },
        index=pd.Index(["d"], name="district_id"),
        geometry=[TOWN],
        crs="EPSG:6668",
    )
    return check_districts(frame)


def test_selection_of_the_library_counts_as_the_plain_way_does():
    library = areas(
        ("a", "planned", 2, box(140.0, 37, 140.05, 37.1)),
        ("a", "maximum", 3, TOWN),
        ("b", "planned", 2, box(140.05, 37, 140.1, 37.1)),
    )
    buildings = homes((140.02, 2, 3), (140.08, 2, 4))
    index = index_water(library, town(), buildings)
    for chosen in ([0], [1], [2], [0, 2], [0, 1, 2]):
        layer = check_layer(library.iloc[chosen])
        pd.testing.assert_frame_equal(
            expose_indexed(index, layer), expose(layer, town(), buildings)
        )
        pd.testing.assert_frame_equal(
            demand_indexed(index, layer), demand(layer, town(), buildings)
        )


def test_collapse_zone_of_the_library_holds_for_the_planned_flood_too():
    # The zone is published with the maximum flood; a house in planned water there must be left.
    library = areas(("a", "planned", 1, TOWN), ("a", "maximum", "flow", TOWN))
    index = index_water(library, town(), homes((140.05, 3, 7)))
    planned = check_layer(library.iloc[[0]])
    assert expose_indexed(index, planned)[CLASSES].to_numpy().tolist() == [[7, 0, 0]]


def test_collapse_zone_of_a_river_that_stays_calm_sends_nobody_away():
    library = areas(("a", "planned", 1, TOWN), ("b", "maximum", "flow", TOWN))
    index = index_water(library, town(), homes((140.05, 3, 7)))
    planned = check_layer(library.iloc[[0]])
    assert expose_indexed(index, planned)[CLASSES].to_numpy().tolist() == [[0, 7, 0]]


@pytest.mark.parametrize(
    ("rank", "rules", "expected"),
    [
        (3, StayRules(), [0, 7, 0]),  # below 72 h is tolerable
        (4, StayRules(), [7, 0, 0]),
        (4, StayRules(longest_rank=4), [0, 7, 0]),
        (1, StayRules(longest_rank=0), [7, 0, 0]),
    ],
)
def test_long_standing_water_sends_people_away(rank, rules, expected):
    # Two storeys stand above rank 2 (below 3 m): only the duration decides.
    library = areas(("a", "maximum", 2, TOWN), ("a", "maximum", f"30:{rank}", TOWN))
    counts = expose(library, town(), homes((140.05, 2, 7)), rules=rules)
    assert counts[CLASSES].to_numpy().tolist() == [expected]


def test_shallow_water_may_stand_long():
    library = areas(("a", "maximum", 1, TOWN), ("a", "maximum", "30:7", TOWN))
    assert expose(library, town(), homes((140.05, 1, 7)))["may_stay"].tolist() == [7]


def test_needed_duration_that_nobody_published_is_unknown():
    counts = expose(
        areas(("a", "maximum", 2, TOWN)),
        town(),
        homes((140.05, 2, 7)),
        rules=StayRules(duration_needed=True),
    )
    assert counts[CLASSES].to_numpy().tolist() == [[0, 0, 7]]


def test_duration_rank_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="longest_rank must be one of"):
        StayRules(longest_rank=9)


def test_day_population_counts_where_the_city_has_one():
    buildings = homes((140.05, 1, 7), day_people=[90.0])
    layer = areas(("a", "maximum", 2, TOWN))
    assert expose(layer, town(), buildings, population="day")["people"].tolist() == [90]
    with pytest.raises(ValueError, match=r"one of \['night'\], got 'day'.*day_people"):
        expose(layer, town(), homes((140.05, 1, 7)), population="day")


def test_layer_from_another_library_is_refused():
    index = index_water(areas(("a", "planned", 2, TOWN)), town(), homes((140.05, 1, 7)))
    with pytest.raises(ValueError, match=r"selection of the library.*'maximum'"):
        expose_indexed(index, areas(("a", "maximum", 2, TOWN)))


def test_buildings_inside_keep_their_order():
    index = index_water(
        areas(("a", "planned", 2, TOWN)), town(), homes((140.08, 1, 1), (140.02, 1, 2))
    )
    assert classify_indexed(index, index.keys)["lon"].tolist() == [140.08, 140.02]


house = st.tuples(
    st.floats(140.001, 140.099),
    st.sampled_from([1.0, 2.0, 3.0, np.nan]),
    st.integers(0, 50),
)
strip = st.floats(140.0, 140.09).map(lambda west: box(west, 37.0, west + 0.02, 37.1))
water = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from(["planned", "maximum"]),
    st.sampled_from([1, 2, 3, 4, "flow", "30:2", "30:5"]),
    strip,
)


def last(counts):
    return counts.groupby("district_id").last().iloc[0]


@settings(deadline=None, max_examples=30)
@given(st.lists(house, min_size=1, max_size=12), st.lists(water, min_size=1, max_size=5), water)
def test_larger_layer_never_removes_a_person(houses, waters, more):
    buildings = homes(*houses)
    small = expose(areas(*waters), town(), buildings)
    large = expose(areas(*waters, more), town(), buildings)
    assert last(large)["people"] >= last(small)["people"]
    assert last(large)["must_leave"] >= last(small)["must_leave"]


@settings(deadline=None, max_examples=30)
@given(st.lists(house, min_size=1, max_size=12), st.lists(water, min_size=1, max_size=5))
def test_neither_order_nor_winding_matters(houses, waters):
    buildings = homes(*houses)
    turned = [(*row[:3], shapely.Polygon(row[3].exterior.coords[::-1])) for row in waters[::-1]]
    pd.testing.assert_frame_equal(
        expose(areas(*waters), town(), buildings), expose(areas(*turned), town(), buildings)
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(house, min_size=1, max_size=12), st.lists(water, min_size=1, max_size=5))
def test_deepest_column_is_the_deepest_area_of_a_plain_join(houses, waters):
    buildings, library = homes(*houses), areas(*waters)
    found = classify_indexed(index_water(library, town(), buildings), set(zip(
        library["river"], library["scenario"], strict=True)))  # fmt: skip
    deep = library[library["depth_max_m"].notna()]
    joined = gpd.sjoin(buildings, deep[["depth_max_m", "geometry"]], predicate="intersects")
    expected = joined.groupby(level=0)["depth_max_m"].max()
    assert found["depth_max_m"].dropna().to_dict() == expected.to_dict()
