"""Leaving along a closed road, and how late one may set out: worked out by hand on a ladder."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from hazard.types import JGD2011
from shelters.latest import latest_departures
from shelters.paths import paths
from shelters.plane import in_lonlat, in_metres
from shelters.roads import RoadNetwork, build_network
from shelters.routes import travel_minutes
from shelters.speeds import Speeds
from shelters.stranded import stranded
from shelters.types import TRAVELLERS

CRS = "EPSG:6677"
# 6 km/h = 100 m/min; up to 500 m along closed roads.
PACE = Speeds(general_km_h=6, elderly_km_h=6, assisted_km_h=3, car_km_h=60, detour=1.5,
              around_m=500)  # fmt: skip
# One street to the east: 0 from 0 to 1000 m, 1 to 2000 m, 2 to 3000 m, and 3 a lane off its start.
WEST, MIDDLE, EAST, LANE = range(4)
STREET = [[(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(2000, 0), (3000, 0)], [(0, 0), (0, 900)]]


def network(**columns: Any) -> RoadNetwork:
    shapes = [LineString(in_lonlat(np.array(line, dtype=float), CRS)) for line in STREET]
    return build_network(gpd.GeoDataFrame(columns, geometry=shapes, crs=JGD2011), crs=CRS)


def homes(*points: tuple[float, float]) -> pd.DataFrame:
    at = in_lonlat(np.array(points, dtype=float).reshape(-1, 2), CRS)
    facts = {"district_id": "a", "block": "1", "people": 10}
    return pd.DataFrame({**facts, "lon": at[:, 0], "lat": at[:, 1]})


def school(*points: tuple[float, float]) -> Any:
    at = in_lonlat(np.array(points or [(3000, 0)], dtype=float), CRS)
    ids = pd.Index([f"s{n}" for n in range(len(at))])
    return gpd.GeoDataFrame(geometry=[Point(*row) for row in at], index=ids, crs=JGD2011)


def shut(*roads: int) -> pd.DataFrame:
    return pd.DataFrame({who: [True] * len(roads) for who in TRAVELLERS}, index=list(roads))


def minutes(people: pd.DataFrame, *closed: int, net: RoadNetwork | None = None, **given_: Any):
    return travel_minutes(
        net or network(), people, school(), speeds=PACE, night=False, closed=shut(*closed),
        travellers=("general", "assisted", "car"), **given_,
    )  # fmt: skip


def test_whoever_lives_on_a_closed_road_leaves_along_it_and_the_minutes_say_so() -> None:
    # From 700 m: 300 m along the closed road, then 2000 m of open ones: 23 min.
    found = minutes(homes((700, 0)), WEST)
    assert found.sel(traveller="general").item() == pytest.approx(23.0)
    assert found.origin_extra_min.sel(traveller="general").item() == pytest.approx(3.0)
    assert found.sel(traveller="assisted").item() == pytest.approx(46.0)
    assert found.sel(traveller="car").item() == pytest.approx(2.3)


def test_nobody_leaves_farther_than_the_limit_or_over_a_bridge_or_barred_road() -> None:
    note = lambda found: found.origin_note.sel(traveller="general").item()  # noqa: E731
    assert note(minutes(homes((400, 0)), WEST)) == "road_closed"  # 600 m
    assert note(minutes(homes((700, 0)), WEST, barred=[WEST])) == "road_barred"
    # The lane's end is 900 m up; from 0.3 km up it would be 300 m, then a closed bridge of 1000 m.
    bridge = network(bridge=[True, False, False, False])
    assert note(minutes(homes((0, 300)), WEST, net=bridge)) == "cut_off"


def test_a_home_on_an_open_lane_behind_a_short_closure_is_not_cut_off() -> None:
    # 100 m of lane and 1000 m of closed road are too far; from the other side 400 m are not.
    assert np.isinf(minutes(homes((0, 100)), WEST).sel(traveller="general").item())
    found = minutes(homes((1600, 0)), MIDDLE)
    assert found.sel(traveller="general").item() == pytest.approx(14.0)


def test_the_drawn_way_begins_at_the_open_road() -> None:
    people = homes((700, 0))
    (line,) = paths(network(), people, school(), [(0, "s0")], speeds=PACE, closed=shut(WEST))
    at = in_metres(*np.array(line.coords).T, CRS)
    assert at[0] == pytest.approx([700, 0], abs=0.1)
    assert at[-1] == pytest.approx([3000, 0], abs=0.1)


def late(people: pd.DataFrame, speeds: Speeds = PACE, **closes: float) -> Any:
    names = {"west": WEST, "middle": MIDDLE, "east": EAST, "lane": LANE}
    table = pd.DataFrame(
        {"general": list(closes.values())}, index=[names[key] for key in closes], dtype=float
    )
    return latest_departures(
        network(), people, school(), closing=table, speeds=speeds, travellers=["general"]
    ).sel(traveller="general").values  # fmt: skip


def test_one_must_be_off_each_road_before_it_closes() -> None:
    # From 500 m: 5 min to the end of the west, 15 to that of the middle, 25 to the school.
    assert late(homes((500, 0)), west=60.0) == pytest.approx([55.0])
    assert late(homes((500, 0)), middle=60.0) == pytest.approx([45.0])
    assert late(homes((500, 0)), west=50.0, middle=60.0) == pytest.approx([45.0])
    assert late(homes((500, 0)), lane=1.0) == [np.inf]
    assert late(homes((500, 0)), east=0.0) == [-np.inf]
    # 40 m from the road, times 1.5, are 0.6 min more.
    assert late(homes((500, 40)), west=60.0) == pytest.approx([54.4])
    # The own road is closed now: 300 m along it, then 10 min over the middle before it closes.
    assert late(homes((700, 0)), west=0.0, middle=60.0) == pytest.approx([60 - 10 - 3])


def test_who_cannot_get_through_in_time_is_stranded_with_the_time_there_was() -> None:
    people = homes((500, 0), (1500, 0))
    spare = latest_departures(
        network(), people, school(), closing=pd.DataFrame({"general": [60.0]}, index=[WEST]),
        speeds=PACE, travellers=["general"],
    ) - 70.0  # fmt: skip
    ways = travel_minutes(network(), people, school(), speeds=PACE, night=False)
    found = stranded(people, school(), ways, scenario="x", time_min={}, spare_min=spare)
    # 25 min of way; the west must be behind by 60, so one sets out by 55: 15 min before they do.
    assert found[["minutes", "time_min"]].to_numpy().round(3).tolist() == [[25.0, 10.0]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.just(np.inf), st.floats(0, 90)), min_size=4, max_size=4),
    st.floats(0, 3000),
)
def test_the_search_finds_what_trying_every_way_finds(closes: list[float], east_m: float) -> None:
    # With schools at both ends there are two ways: east by the street, west and up the lane.
    table = pd.DataFrame({"general": closes}, index=range(4))
    plain = Speeds(general_km_h=6, detour=1.5)
    found = latest_departures(
        network(), homes((east_m, 0)), school((3000, 0), (0, 900)), closing=table, speeds=plain,
        travellers=["general"],
    ).item()  # fmt: skip

    def by(roads: list[tuple[int, float]]) -> float:
        """Give the latest start: off road r, that is `at` metres away, by its closing."""
        if any(closes[road] <= 0 for road, _ in roads):
            return -np.inf
        return min(closes[road] - at / 100 for road, at in roads)

    here = min(int(east_m // 1000), 2)
    east = [(road, (road + 1) * 1000 - east_m) for road in range(here, 3)]
    west = [(road, east_m - road * 1000) for road in range(here, -1, -1)] + [(LANE, east_m + 900)]
    best = max(by(east), by(west))
    edge = abs(east_m - round(east_m, -3)) < 1.0  # at a junction either road is the own one
    assert edge or found == pytest.approx(best, abs=0.05)
