"""Roads close for whom the water is too deep, when the river is likely to have come."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from hazard.bridges import bridges_over
from hazard.indexed import index_water
from hazard.roads import closed_roads, cut_roads, earliest_closed, road_chances
from hazard.signalled import Signal, signalled_roads
from hazard.types import check_buildings, check_districts, check_layer

RANKS = {1: (0, 0.5), 2: (0.5, 3), 3: (3, 5)}
WEST, EAST = box(140.0, 37.0, 140.05, 37.1), box(140.05, 37.0, 140.1, 37.1)
WALKERS = ["general", "elderly", "assisted", "car"]
HOURS = [f"{who}_h" for who in WALKERS]


def areas(*rows):
    """Give a layer from (river, scenario, rank, geometry)."""
    frame = gpd.GeoDataFrame(
        {
            "scenario": pd.Series([row[1] for row in rows], dtype=object),
            "river": pd.Series([row[0] for row in rows], dtype=object),
            "depth_min_m": pd.Series([RANKS[row[2]][0] for row in rows], dtype=float),
            "depth_max_m": pd.Series([RANKS[row[2]][1] for row in rows], dtype=float),
            "duration_rank": pd.array([None] * len(rows), dtype="Int64"),
            "collapse_zone": pd.Series([None] * len(rows), dtype=object),
            "stand_in": False,
        },
        geometry=[row[3] for row in rows],
        crs="EPSG:6668",
    )
    return check_layer(frame)


def roads_at(*lons, **columns):
    """Give short roads that run north at these longitudes."""
    lines = [LineString([(lon, 37.02), (lon, 37.04)]) for lon in lons]
    return gpd.GeoDataFrame(
        {"kind": ["minor"] * len(lons), **columns}, geometry=lines, crs="EPSG:6668"
    )


def town():
    columns = {"name": "町", "population": 9, "households": 4, "assisted": None}
    return check_districts(
        gpd.GeoDataFrame(
            {**columns, "gauge_ids": [("g",)]},
            index=pd.Index(["d"], name="district_id"),
            geometry=[box(140.0, 37.0, 140.1, 37.1)],
            crs="EPSG:6668",
        )
    )


def homes():
    columns = {"area_m2": 90.0, "floors": 2.0, "people": 3.0, "district_id": "d", "block": "町"}
    return check_buildings(
        gpd.GeoDataFrame([columns], geometry=[Point(140.02, 37.05)], crs="EPSG:6668")
    )


def laid(library, roads=None):
    return index_water(library, town(), homes(), roads)


def chances(*rows, arrivals=(np.nan, np.nan, np.nan)):
    """Give chances from (river, until_h, planned, maximum)."""
    index = pd.MultiIndex.from_tuples([row[:2] for row in rows], names=["river", "until_h"])
    table = pd.DataFrame([row[2:4] for row in rows], index, ["planned", "maximum"], dtype=float)
    names = ["arrival_10_h", "arrival_50_h", "arrival_90_h"]
    return table.assign(proxy=False, **dict(zip(names, arrivals, strict=True)))


RISING = [("a", 1.0, 0.0, 0.0), ("a", 3.0, 0.2, 0.05), ("a", 6.0, 0.6, 0.3)]


def test_roads_are_cut_for_each_traveller_at_its_own_depth():
    roads = roads_at(140.02, 140.08)
    library = areas(("a", "planned", 1, WEST), ("a", "planned", 2, EAST))
    cut = cut_roads(laid(library, roads), [("a", "planned")])
    # Rank 1 may reach 0.5 m: nobody above 0.3 m passes, walkers do. Rank 2 stops everybody.
    assert cut[WALKERS].to_numpy().tolist() == [[False, True, True, True], [True] * 4]


def test_without_roads_nothing_is_known():
    index = laid(areas(("a", "planned", 1, WEST)))
    with pytest.raises(ValueError, match="must have roads"):
        cut_roads(index, [("a", "planned")])
    with pytest.raises(ValueError, match="must have roads"):
        closed_roads(index, chances(*RISING), roads_at(140.02))


def test_road_closes_from_the_beginning_of_the_band_in_which_it_is_likely_enough():
    roads = roads_at(140.02, 140.08)
    library = areas(("a", "planned", 1, WEST), ("a", "maximum", 2, EAST))
    closed = closed_roads(laid(library, roads), chances(*RISING), roads)
    # planned reaches 0.1 in the band 1 to 3 h, maximum only in the band 3 to 6 h.
    assert closed[HOURS].to_numpy().tolist() == [[np.inf, 1, 1, 1], [3, 3, 3, 3]]
    assert closed.index.tolist() == [0, 1]
    assert not closed["bridge"].any()


def test_arrival_of_the_river_makes_the_hour_later_within_the_band():
    roads = roads_at(140.08)
    index = laid(areas(("a", "planned", 2, EAST)), roads)
    told = chances(*RISING, arrivals=(2.5, 5.0, 9.0))
    assert closed_roads(index, told, roads)["car_h"].tolist() == [2.5]
    # 0.6 is asked: the 50 % arrival (5 h) is not later than that, and lies in the band 3 to 6 h.
    assert closed_roads(index, told, roads, p_closed=0.6)["car_h"].tolist() == [5.0]
    # 0.05 is below every known arrival: only the band tells.
    assert closed_roads(index, told, roads, p_closed=0.05)["car_h"].tolist() == [1.0]


def test_river_already_over_its_banks_closes_now():
    roads = roads_at(140.08)
    index = laid(areas(("a", "planned", 2, EAST)), roads)
    told = chances(("a", 1.0, 1.0, 1.0), ("a", 6.0, 1.0, 1.0), arrivals=(0.0, 0.0, 0.0))
    assert closed_roads(index, told, roads)["general_h"].tolist() == [0.0]


def test_unknown_river_leaves_the_hour_unknown_unless_another_closes_the_road_now():
    roads = roads_at(140.02, 140.08)
    library = areas(("a", "planned", 2, WEST), ("b", "planned", 2, WEST), ("b", "planned", 2, EAST))
    told = chances(
        ("a", 1.0, 1.0, 1.0), ("a", 6.0, 1.0, 1.0), ("b", 1.0, np.nan, np.nan),
        ("b", 6.0, np.nan, np.nan),
    )  # fmt: skip
    hours = closed_roads(laid(library, roads), told, roads)["general_h"]
    assert hours.tolist()[0] == 0.0
    assert np.isnan(hours.tolist()[1])


def test_only_flood_of_a_river_comes_as_soon_as_it_overflows():
    roads = roads_at(140.08)
    index = laid(areas(("a", "maximum", 2, EAST)), roads)
    assert closed_roads(index, chances(*RISING), roads)["car_h"].tolist() == [1.0]


def test_calm_river_closes_nothing_within_the_horizon():
    roads = roads_at(140.08)
    index = laid(areas(("a", "planned", 2, EAST)), roads)
    closed = closed_roads(index, chances(("a", 6.0, 0.0, 0.0)), roads)
    assert np.isinf(closed[HOURS].to_numpy()).all()


def test_bridge_in_shallow_water_is_closed_to_walkers_with_its_river():
    roads = roads_at(140.02, 140.03, bridge=[True, False])
    index = laid(areas(("a", "planned", 1, WEST)), roads)
    closed = closed_roads(index, chances(*RISING), roads)
    assert closed["general_h"].tolist() == [1.0, np.inf]
    assert closed["bridge"].tolist() == [True, False]
    assert bridges_over(index, roads)["source"].tolist() == ["flood_area"]


def test_bridge_is_told_by_the_river_line_it_crosses():
    # The bridge lies outside all areas; line and bridge cross at (140.08, 37.03).
    roads = roads_at(140.02, 140.08, bridge=[False, True])
    index = laid(areas(("a", "planned", 1, WEST)), roads)
    line = LineString([(140.07, 37.03), (140.09, 37.03)])
    lines = gpd.GeoDataFrame({"river": ["a"]}, geometry=[line], crs="EPSG:6668")
    found = bridges_over(index, roads, lines)
    assert found.to_dict("records") == [{"road": 1, "river": "a", "source": "river_line"}]
    closed = closed_roads(index, chances(*RISING), roads, river_lines=lines)
    assert closed.loc[1, HOURS].tolist() == [1.0] * 4


def test_unmarked_roads_that_cross_a_river_line_are_bridges():
    roads = roads_at(140.08)
    index = laid(areas(("a", "planned", 1, WEST)), roads)
    line = LineString([(140.07, 37.03), (140.09, 37.03)])
    lines = gpd.GeoDataFrame({"river": ["a", "other"]}, geometry=[line, line], crs="EPSG:6668")
    assert bridges_over(index, roads, lines)["river"].tolist() == ["a"]
    assert len(bridges_over(index, roads)) == 0


def test_bridge_marks_that_are_no_yes_or_no_are_refused():
    roads = roads_at(140.02, bridge=["maybe"])
    with pytest.raises(ValueError, match=r"bridge must be true or false, got \['maybe'\]"):
        bridges_over(laid(areas(("a", "planned", 1, WEST)), roads), roads)


def test_other_roads_than_those_of_the_index_are_refused():
    index = laid(areas(("a", "planned", 1, WEST)), roads_at(140.01, 140.02))
    with pytest.raises(ValueError, match=r"got 1 lines against line 2"):
        closed_roads(index, chances(*RISING), roads_at(140.02))


def test_areas_that_name_no_river_are_judged_by_all_gauges():
    roads = roads_at(140.08, bridge=[True])
    index = laid(areas((None, "planned", 2, EAST)), roads)
    told = chances(*[("*", *row[1:]) for row in RISING])
    assert closed_roads(index, told, roads)["car_h"].tolist() == [1.0]


def test_probability_by_band_is_that_of_the_likeliest_water():
    roads = roads_at(140.02)
    library = areas(("a", "planned", 1, WEST), ("a", "maximum", 2, WEST))
    table = road_chances(laid(library, roads), chances(*RISING), roads)
    # Cars stop in the planned flood, walkers in the maximum one.
    assert table.loc[0, "car"].tolist() == [0.0, 0.2, 0.6]
    assert table.loc[0, "general"].tolist() == [0.0, 0.05, 0.3]


@pytest.mark.parametrize(
    ("applies", "car", "walk"), [(True, 0, np.inf), (False, np.inf, np.inf), (None, np.nan, np.inf)]
)
def test_signal_closes_the_roads_of_its_district_now(applies, car, walk):
    # Rank 1 may reach 0.5 m: cars stop, walkers pass, whatever the signal says.
    roads = roads_at(140.02, 140.08)
    index = laid(areas(("宮川", "inland", 1, WEST)), roads)
    found = signalled_roads(index, {"d": Signal(applies, "内水")})
    assert found.index.tolist() == [0]
    assert found.loc[0, ["car_h", "general_h"]].tolist() == pytest.approx([car, walk], nan_ok=True)


def test_signal_that_nobody_gave_is_unknown():
    index = laid(areas(("宮川", "inland", 2, WEST)), roads_at(140.02))
    assert signalled_roads(index, {})[HOURS].isna().all(axis=None)


def test_earliest_hour_of_several_waters_holds_and_unknown_stays_unknown():
    def hours(*values):
        rows = pd.Index(range(len(values)), name="road")
        table = pd.DataFrame({name: list(values) for name in HOURS}, index=rows, dtype=float)
        return table.assign(bridge=False)

    joined = earliest_closed(hours(3.0, np.nan, np.nan, np.inf), hours(1.0, 2.0, 0.0))
    assert joined["car_h"].tolist() == pytest.approx([1.0, np.nan, 0.0, np.inf], nan_ok=True)
    assert joined["bridge"].tolist() == [False] * 4


@cache
def two_depths(rank):
    roads = roads_at(140.02, bridge=[False])
    shallow = laid(areas(("a", "planned", 1, WEST), ("a", "maximum", rank, WEST)), roads)
    return (
        roads,
        shallow,
        laid(areas(("a", "planned", rank, WEST), ("a", "maximum", 3, WEST)), roads),
    )


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4),
    st.floats(0.01, 1),
    st.integers(1, 3),
)
@settings(max_examples=25, deadline=None)
def test_deeper_likelier_or_cautious_never_opens_a_road(steps, p_closed, rank):
    planned = np.maximum.accumulate([one for one, _ in steps])
    rows = [("a", float(hour + 1), p, p * steps[hour][1]) for hour, p in enumerate(planned)]
    roads, shallow, deep = two_depths(rank)
    some, more = (closed_roads(one, chances(*rows), roads, p_closed=p_closed)
                  for one in (shallow, deep))  # fmt: skip
    cautious = closed_roads(shallow, chances(*rows), roads, p_closed=p_closed / 2)
    assert (more[HOURS] <= some[HOURS]).to_numpy().all()
    assert (cautious[HOURS] <= some[HOURS]).to_numpy().all()
