"""A small town for the map: three districts, one water, two gauges, four shelters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, box

from hazard.types import JGD2011, check_layer
from shelters.records import shelter_frame
from shelters.types import Allocation

STEP_LON, LAT = 0.01, 37.0  # 0.01 degrees of longitude at 37 N are 890 m
Name = Callable[[str], str]
MakeTown = Callable[[Name], dict[str, Any]]


def town(name: Name) -> dict[str, Any]:
    """Give the arguments of `map_data`; every text of data goes through `name`."""
    return {
        "title": name("【訓練】川辺町 避難所地図"),
        "issued": name("基準時刻 10月12日 20:00"),
        "districts": _districts(name),
        "layer": _layer(name),
        "gauges": _gauges(name),
        "shelters": _shelters(name),
        "allocation": _allocation(name),
        "routes": _routes(),
        "roads": _roads(),
        "closed": pd.DataFrame(
            {"general": [False, True, True], "car": [True, True, True]}, index=[0, 1, 2]
        ),
        "stranded": _stranded(name),
        "out_of_reach": [("計画規模", _stranded(name))],
        "notes": [name("浸水想定は模式")],
        "credits": [name("国土地理院")],
    }


@pytest.fixture
def make_town() -> MakeTown:
    """Give the maker of `map_data`'s arguments."""
    return town


def _districts(name: Name) -> Any:
    squares = [box(140.0 + 0.1 * at, 37.0, 140.1 + 0.1 * at, 37.1) for at in range(3)]
    return gpd.GeoDataFrame(
        {
            "name": [name("上町"), name("中町"), name("下町")],
            "level": [4, -1, 0],
            "lines": [(name("立退き避難 120人"),), (), ()],
        },
        index=pd.Index(["a", "b", "c"], name="district_id"),
        geometry=squares,
        crs=JGD2011,
    )


def _layer(name: Name) -> Any:
    row = {
        "scenario": ["maximum"] * 3, "river": [name("川辺川"), None, name("川辺川")],
        "depth_min_m": [0.5, 5.0, math.nan], "depth_max_m": [3.0, math.inf, math.nan],
        "duration_rank": pd.array([None, None, 3], dtype="Int64"),
        "collapse_zone": [None, "flow", None], "stand_in": [True] * 3,
    }  # fmt: skip
    areas = [box(140.02, 37.02, 140.15, 37.05), box(140.02, 37.03, 140.1, 37.04)]
    return check_layer(gpd.GeoDataFrame(row, geometry=[*areas, areas[0]], crs=JGD2011))


def _gauges(name: Name) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [name("川辺橋"), name("下橋")],
            "river": [name("川辺川")] * 2,
            "lon": [140.05, 140.25],
            "lat": [37.06, 37.06],
            "state": ["danger", "unknown"],
            "lines": [(name("水位 3.20m"),), ()],
        }
    )


def _shelters(name: Name) -> Any:
    rows = [("S1", 100, 0), ("S2", 50, 0), ("S3", None, 0), ("S4", 80, 0), ("S5", 10, 0)]
    return shelter_frame(
        {
            "shelter_id": key, "name": name(f"避難所{key}"), "address": name("川辺町1-1"),
            "lon": 140.03 + 0.05 * at, "lat": 37.08, "kinds": frozenset({"emergency"}),
            "hazard_ok": frozenset({"flood"}), "area_m2": math.nan, "capacity": room,
            "capacity_source": "unknown" if room is None else "assumed", "occupied": inside,
            "status": "unknown", "features": frozenset(),
        }
        for at, (key, room, inside) in enumerate(rows)
    )  # fmt: skip


def _allocation(name: Name) -> Allocation:
    columns = ["district_id", "shelter_id", "people", "minutes", "mode"]
    sent = [("a", "S2", 50, 20.0, "walk"), ("a", "S1", 70, 30.0, "walk")]
    rejected = [
        ("S3", name("収容人数が不明のため人を割り当てない (capacity_unknown)")),
        ("S4", name("浸水想定区域内 (深さ3m未満) (in_flood_depth)")),
    ]
    return Allocation(
        assigned=pd.DataFrame(sent, columns=columns),
        unplaced=pd.DataFrame(columns=["district_id", "people", "reason"]),
        rejected=pd.DataFrame(rejected, columns=["shelter_id", "reason"]),
        openings=("S1", "S2"),
    )


def _routes() -> Any:
    """From district a to S1 by road and to S2, which is told from the straight distance."""
    table = {
        "district_id": ["a", "a"], "shelter_id": ["S1", "S2"], "traveller": ["general", "car"],
        "people": [70, 50], "minutes": [29.6, 8.0], "on_roads": [True, False],
    }  # fmt: skip
    lines = [
        LineString([(140.02, 37.02), (140.02, 37.08), (140.03, 37.08)]),
        LineString([(140.02, 37.02), (140.08, 37.08)]),
    ]
    return gpd.GeoDataFrame(table, geometry=lines, crs=JGD2011)


def _roads() -> Any:
    """Four roads: closed to cars, to all, a closed bridge, and one that is open."""
    lines = [LineString([(140.0 + 0.05 * at, 37.0), (140.0 + 0.05 * at, 37.1)]) for at in range(4)]
    return gpd.GeoDataFrame({"bridge": [False, False, True, True]}, geometry=lines, crs=JGD2011)


def _stranded(name: Name) -> Any:
    table = {
        "block": [name("川辺一丁目"), name("上町二丁目")], "people": [40, 7],
        "reason": [name("最寄りの道路が通行止め (road_closed)"), name("位置が不明")],
    }  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=[Point(140.04, 37.03), Point()], crs=JGD2011)


@pytest.fixture
def places() -> Callable[..., Any]:
    """Give the maker of shelters S0, S1 … in a row eastwards, 890 m apart, by capacity."""

    def make(*rooms: int | None, **given: Any) -> Any:
        return shelter_frame(
            {
                "shelter_id": f"S{at}", "name": f"S{at}", "address": "", "area_m2": math.nan,
                "lon": 140.0 + STEP_LON * at, "lat": LAT, "kinds": frozenset({"emergency"}),
                "hazard_ok": frozenset({"flood"}), "capacity": room, "capacity_source": "listed",
                "occupied": None, "status": "unknown", "features": frozenset(), **given,
            }
            for at, room in enumerate(rooms)
        )  # fmt: skip

    return make


@pytest.fixture
def people() -> Callable[..., pd.DataFrame]:
    """Give the maker of blocks as (district, steps east, people)."""

    def make(*blocks: tuple[str, float, int]) -> pd.DataFrame:
        rows = [
            (district, f"{district}{at}", count, 140.0 + STEP_LON * east, LAT)
            for at, (district, east, count) in enumerate(blocks)
        ]
        return pd.DataFrame(rows, columns=["district_id", "block", "people", "lon", "lat"])

    return make
