"""Beyond the planned flood an order names whom the reckoned water reaches, if crests are known."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from hazard.combined import lay_ground
from hazard.indexed import index_water
from hazard.types import JGD2011, check_layer
from kawamori.order_area import official_parts, reckoned_rivers
from kawamori.policies import read_policy
from kawamori.settings import Settings

POLICY = read_policy(Settings())
NEAR, FAR, BANK = 140.001, 140.003, 140.005  # planned flood; largest only; there with collapse zone
KEYS = [("川", "maximum")]


@pytest.fixture(scope="module")
def indexed():
    """Give ground and official areas: the planned flood holds 1 house, the largest all 3."""
    districts = gpd.GeoDataFrame(
        {"name": ["町"]}, geometry=[box(140.0, 37.0, 140.01, 37.01)],
        index=pd.Index(["town"], name="district_id"), crs=JGD2011,
    )  # fmt: skip
    homes = gpd.GeoDataFrame(
        {"district_id": "town", "block": "", "people": 10.0, "floors": 1.0},
        geometry=[Point(lon, 37.005) for lon in (NEAR, FAR, BANK)],
        index=pd.Index(["near", "far", "bank"], name="building_id"), crs=JGD2011,
    )  # fmt: skip
    reach = [box(140.0, 37.0, east, 37.01) for east in (140.002, 140.006)]
    zone = box(140.004, 37.0, 140.006, 37.01)
    layer = gpd.GeoDataFrame(
        {
            "scenario": ["planned", "maximum", "maximum"], "river": "川",
            "depth_min_m": [0.5, 1.0, np.nan], "depth_max_m": [1.0, 3.0, np.nan],
            "duration_rank": pd.array([pd.NA] * 3, dtype="Int64"),
            "collapse_zone": pd.Series([None, None, "bank_erosion"], dtype=object),
            "stand_in": False,
        },
        geometry=[*reach, zone], crs=JGD2011,
    )  # fmt: skip
    return lay_ground(districts, homes), index_water(check_layer(layer), districts, homes)


def deepest(parts) -> list[float]:
    """Give the upper depth at near, far and bank."""
    return list(np.max([part.depth_max_m for part in parts], axis=0))


def test_the_largest_flood_counts_whole_where_the_land_tells_nothing(indexed) -> None:
    assert deepest(official_parts(*indexed, KEYS, near=())) == [3.0, 3.0, 3.0]


def test_a_reckoned_river_counts_the_planned_flood_and_the_collapse_zone(indexed) -> None:
    # near: planned, 1 m; far: the reckoned water alone tells of it; bank: the house may be torn
    # away, so the largest flood's 3 m stay.
    assert deepest(official_parts(*indexed, KEYS, near={"川"})) == [1.0, -np.inf, 3.0]


def test_another_river_changes_nothing(indexed) -> None:
    assert deepest(official_parts(*indexed, KEYS, near={"別の川"})) == [3.0, 3.0, 3.0]


def test_the_planned_flood_stays_as_it_is(indexed) -> None:
    planned = official_parts(*indexed, [("川", "planned")], near={"川"})
    assert deepest(planned) == [1.0, -np.inf, -np.inf]


LAND = SimpleNamespace(
    storage=object(), plain=SimpleNamespace(streams=[SimpleNamespace(river=r) for r in "甲乙"])
)
KNOWN, LOST = (SimpleNamespace(unknown_rivers=rivers) for rivers in ((), ("乙",)))


@pytest.mark.parametrize(
    ("land", "waters", "expected"),
    [
        (LAND, [KNOWN], {"甲", "乙"}),
        (LAND, [KNOWN, LOST], {"甲"}),  # a silent gauge: the largest flood counts again
        (LAND, [], set()),
        (None, [KNOWN], set()),
        (SimpleNamespace(storage=None, plain=LAND.plain), [KNOWN], set()),  # no crests surveyed
    ],
)
def test_only_surveyed_rivers_with_known_levels_are_reckoned(land, waters, expected) -> None:
    assert reckoned_rivers(land, waters, POLICY) == expected


def test_the_policy_may_ask_for_the_largest_flood() -> None:
    official = replace(POLICY, order_area=replace(POLICY.order_area, surveyed="official"))
    assert reckoned_rivers(LAND, [KNOWN], official) == frozenset()
