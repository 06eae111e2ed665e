"""A shelter is used only if it is designated for the hazard and dry in this event."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from hazard.types import JGD2011, check_layer
from shelters.records import shelter_frame
from shelters.safety import upper_floors, usable
from shelters.types import Shelters


def shelter(shelter_id: str, **given: Any) -> dict[str, Any]:
    """A place at lon 140.5, lat 37.5 that is designated for floods."""
    plain = {
        "shelter_id": shelter_id, "name": shelter_id, "address": "", "lon": 140.5, "lat": 37.5,
        "kinds": frozenset({"emergency"}), "hazard_ok": frozenset({"flood"}),
        "area_m2": math.nan, "capacity": 100, "capacity_source": "listed", "occupied": 0,
        "status": "unknown", "features": frozenset(),
    }  # fmt: skip
    return {**plain, **given}


def water(
    depth_max_m: float = math.nan, zone: str | None = None, *, scenario: str = "maximum"
) -> Any:
    """One square of water from lon 140 to 141."""
    row = {
        "scenario": [scenario], "river": ["川"],
        "depth_min_m": [0.0], "depth_max_m": [depth_max_m],
        "duration_rank": [None], "collapse_zone": [zone], "stand_in": [False],
    }  # fmt: skip
    return check_layer(gpd.GeoDataFrame(row, geometry=[box(140, 37, 141, 38)], crs=JGD2011))


def reasons(shelters: Shelters, layer: Any, **hazards: Any) -> list[str]:
    kept, rejected = usable(shelters, layer, **hazards)
    assert len(kept) + len(rejected) == len(shelters)
    return list(rejected["reason"])


def test_a_designated_dry_shelter_is_used() -> None:
    outside = shelter_frame([shelter("A", lon=139.0)])
    assert reasons(outside, water(5.0)) == []


@pytest.mark.parametrize(
    ("given", "layer", "expected"),
    [
        (
            {"hazard_ok": frozenset({"earthquake"})},
            None,
            "洪水の指定緊急避難場所ではない (not_designated)",
        ),
        ({"status": "closed"}, None, "閉鎖中で開設できない (closed)"),
        (
            {"kinds": frozenset({"welfare"})},
            None,
            "要配慮者だけを受け入れる避難所 (welfare_only)",
        ),
        # Rank 1 of the official layers is 0 to 0.5 m: its upper end is above 0.3 m.
        ({}, water(0.5), "浸水想定区域内 (深さ0.5m未満) (in_flood_depth)"),
        ({}, water(math.inf), "浸水想定区域内 (深さの上限なし) (in_deepest_water)"),
        ({}, water(zone="flow"), "家屋倒壊等氾濫想定区域内 (in_collapse_zone)"),
    ],
)
def test_each_rejection_says_why(given: dict[str, Any], layer: Any, expected: str) -> None:
    assert reasons(shelter_frame([shelter("A", **given)]), layer) == [expected]


def test_water_of_0_3_m_is_tolerated_and_duration_rows_do_not_count() -> None:
    place = shelter_frame([shelter("A")])
    assert reasons(place, water(0.3)) == []
    assert reasons(place, water()) == []  # depth NaN and no zone: a duration row


def test_every_hazard_of_the_event_must_be_allowed() -> None:
    place = shelter_frame([shelter("A")])
    found = reasons(place, None, hazards=("flood", "landslide"))
    assert found == ["土砂災害の指定緊急避難場所ではない (not_designated)"]


def test_all_reasons_of_one_shelter_stand_in_one_row() -> None:
    place = shelter_frame([shelter("A", status="closed", hazard_ok=frozenset())])
    assert reasons(place, water(3.0)) == [
        "洪水の指定緊急避難場所ではない (not_designated)、"
        "浸水想定区域内 (深さ3m未満) (in_flood_depth)、閉鎖中で開設できない (closed)"
    ]


def test_unknown_capacity_is_no_reason_to_call_a_place_unsafe() -> None:
    assert reasons(shelter_frame([shelter("A", capacity=None)]), None) == []


def test_no_shelters_and_no_water_give_empty_frames() -> None:
    assert reasons(shelter_frame([]), water(3.0)) == []
    nothing = water(3.0).iloc[:0]
    assert reasons(shelter_frame([shelter("A")]), nothing) == []


def test_an_unknown_hazard_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"hazards must be of \['earthquake', 'flood'.*'fire'"):
        usable(shelter_frame([]), None, hazards=("fire",))


def test_a_likely_flood_rejects_from_above_five_percent() -> None:
    town = shelter_frame([shelter(name) for name in "ABCD"])
    chance = pd.Series({"A": 0.05, "B": 0.051, "C": math.nan})  # D lies in no flood area
    kept, rejected = usable(town, None, chance=chance)
    assert list(kept.index) == ["A", "D"]
    assert list(rejected["reason"]) == [
        "深さ0.3m超の浸水の確率5.1% (likely_deep)",
        "浸水の確率が不明 (水位の分からない川の浸水想定区域内) (depth_chance_unknown)",
    ]


@pytest.mark.parametrize(
    ("scenario", "depth_max_m", "expected"),
    [
        ("inland", 0.5, "内水・小河川の浸水想定区域内 (深さ0.5m未満) (in_inland_depth)"),
        ("inland", math.inf, "内水・小河川の浸水想定区域内 (深さの上限なし)"),
        ("dynamic", 1.234, "地形から計算した浸水の範囲内 (深さ1.23m) (in_computed_depth)"),
    ],
)
def test_each_kind_of_water_has_its_own_reason(
    scenario: str, depth_max_m: float, expected: str
) -> None:
    found = reasons(shelter_frame([shelter("A")]), water(depth_max_m, scenario=scenario))
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_a_landslide_zone_rejects() -> None:
    zones = water(zone="landslide", scenario="landslide")
    town = shelter_frame([shelter("A"), shelter("B", lon=139.0)])
    assert reasons(town, zones) == ["土砂災害警戒区域内 (in_landslide_zone)"]


def test_a_place_without_a_road_is_rejected() -> None:
    place = shelter_frame([shelter("A")])
    assert reasons(place, None, no_access={"A": "最寄りの道路が通行止め"}) == [
        "道路で行けない: 最寄りの道路が通行止め (no_road_access)"
    ]


def school(**given: Any) -> Shelters:
    frame = shelter_frame([shelter("A", **given)])
    frame["floors"] = 3.0
    return frame


def test_upper_floors_are_named_and_not_used_until_the_officer_decides() -> None:
    # Water below 3 m: storeys 2 and 3 of 3 are dry, which is two thirds of 100 places: 66.
    kept, rejected = usable(school(), water(3.0))
    assert kept.empty
    cases = upper_floors(school(), rejected, water(3.0))
    assert cases.to_dict("records") == [{"shelter_id": "A", "floor": 2}]
    kept, rejected = usable(school(), water(3.0), upstairs=["A"])
    assert (kept["capacity"].item(), len(rejected)) == (66, 0)


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (water(10.0), {}),  # 10 m: storey 5 would be dry
        (water(math.inf), {}),
        (water(3.0, zone="flow"), {}),
        (water(3.0), {"status": "closed"}),
        (water(3.0), {"hazard_ok": frozenset()}),
    ],
)
def test_upper_floors_lift_no_other_reason(layer: Any, given: dict[str, Any]) -> None:
    kept, rejected = usable(school(**given), layer, upstairs=["A"])
    assert kept.empty
    assert upper_floors(school(**given), rejected, layer).empty


def test_unknown_storeys_are_never_taken_for_high_ones() -> None:
    kept, rejected = usable(shelter_frame([shelter("A")]), water(3.0), upstairs=["A"])
    assert kept.empty
    assert upper_floors(shelter_frame([shelter("A")]), rejected, water(3.0)).empty


def test_a_place_rejected_for_its_road_is_no_case_of_upper_floors() -> None:
    dry = shelter_frame([shelter("A")])
    event = {"no_access": {"A": "最寄りの道路が通行止め"}}
    _, rejected = usable(dry, None, **event)
    assert upper_floors(dry, rejected, None, **event).empty
    assert upper_floors(dry, rejected, None).empty  # dry ground is not an upper floor either
