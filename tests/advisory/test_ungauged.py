"""Inland water and landslides: no gauge tells of them, rain and official warnings do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisory.levels import concern
from advisory.policy import Policy
from advisory.types import Advice, Level, RainState, Warning, Warnings
from advisory.ungauged import HEAVY_RAIN, warning_level

NOON = datetime(2023, 9, 8, 3, tzinfo=UTC)
Desk = Callable[..., Advice]


def rain(rain_mm: float | None, *, mapped: bool | None = True) -> list[RainState]:
    return [RainState("D0", rain_mm, ("r1",), mapped)]


def in_force(hazard: str, level: Level, *, received_at: datetime = NOON) -> Warnings:
    kind = f"レベル{int(level)}{hazard}警報"
    warning = Warning("t1", kind, level, ("0720400",), (), NOON, None, hazard=hazard)
    return Warnings(received_at=received_at, active=(warning,))


def people(**rows: int) -> Any:
    """Give an exposure of district D0 in which everybody must leave."""
    columns = ["people", "must_leave", "may_stay", "unknown", "buildings", "roads_cut"]
    index = pd.MultiIndex.from_product([["D0"], list(rows)], names=["district_id", "scenario"])
    table = [[count, count, 0, 0, 1, 0] for count in rows.values()]
    return pd.DataFrame(table, columns=columns, index=index).astype("Int64")


def texts(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


@pytest.mark.parametrize(
    ("rain_mm", "expected"),
    [(0.0, Level.NONE), (29.9, Level.NONE), (30.0, Level.ELDERLY), (50.0, Level.EVACUATE)],
)
def test_rain_gives_the_level_of_its_rule_while_every_gauge_is_calm(
    desk: Desk, rain_mm: float, expected: Level
) -> None:
    # Limits of data/policy.toml: 30 mm/h level 3, 50 mm/h level 4. 鎌田 stands at 1.0 m, calm.
    assert desk(rain=rain(rain_mm)).level is expected


def test_inland_reason_is_named_apart_with_its_people_and_its_unverified_rule(desk: Desk) -> None:
    advice = desk(rain=rain(71.0), exposure=people(inland=1875, combined=1900))
    reason = next(one for one in advice.reasons if one.rule == "L4-inland")
    assert "内水・小河川（水位計なし）" in reason.text
    assert "71mmは目安50mm以上" in reason.text
    assert "想定区域内に1,875人" in reason.text
    assert (reason.value, reason.threshold, reason.unit) == (71.0, 50.0, "mm/h")
    assert not reason.verified
    assert advice.people.inside == 1900  # the water of every kind, not the inland row alone


def test_heavy_rain_warning_of_level_three_alone_names_the_inland_scenario(desk: Desk) -> None:
    advice = desk(rain=rain(0.0), warnings=in_force(HEAVY_RAIN, Level.ELDERLY))
    assert "L3-inland" in {reason.rule for reason in advice.reasons if reason.fired}


def test_silent_rain_where_inland_areas_lie_is_unknown_and_not_calm(desk: Desk) -> None:
    advice = desk(rain=rain(None))
    assert advice.level is Level.UNKNOWN
    assert "雨量が不明で判定できない" in texts(advice)


def test_silent_rain_does_not_hide_an_order_of_the_river(desk: Desk) -> None:
    assert desk(7.0, rain=rain(None)).level is Level.EVACUATE


def test_silent_telegram_feed_leaves_the_inland_rules_unknown(desk: Desk) -> None:
    quiet = Warnings(received_at=NOON - timedelta(hours=3))
    rules = {reason.rule for reason in desk(rain=rain(5.0), warnings=quiet).reasons}
    assert "inland-unknown" in rules


def test_rain_over_the_limit_without_a_map_of_the_district_is_unknown(desk: Desk) -> None:
    advice = desk(rain=rain(80.0, mapped=False))
    assert advice.level is Level.UNKNOWN
    assert "内水の想定図がなく" in texts(advice)


def test_city_without_any_inland_map_is_told_its_limit_and_stays_judged(desk: Desk) -> None:
    advice = desk(rain=rain(80.0, mapped=None))
    assert advice.level is Level.NONE
    assert "内水の想定図がなく" in texts(advice)


def test_inland_order_is_due_at_once(desk: Desk) -> None:
    assert desk(rain=rain(60.0)).issue_by == NOON


def test_landslide_warning_names_the_people_in_the_zones_and_forbids_the_upper_floor(
    desk: Desk,
) -> None:
    told = in_force("土砂災害", Level.EVACUATE)
    advice = desk(warnings=told, exposure=people(landslide=120, combined=120))
    reason = next(one for one in advice.reasons if one.rule == "landslide-zone")
    assert reason.fired
    assert reason.level is Level.EVACUATE
    assert "120人は全員が区域の外へ" in reason.text
    assert "上の階にとどまらず" in advice.action
    assert advice.people.may_stay == 0


def test_landslide_below_the_policy_level_asks_nobody_to_leave(desk: Desk) -> None:
    calm = desk(warnings=in_force("土砂災害", Level.CAUTION), exposure=people(landslide=0))
    assert "landslide-zone" not in {reason.rule for reason in calm.reasons}


def test_landslide_special_warning_for_the_whole_city_stays_below_emergency(desk: Desk) -> None:
    told = in_force("土砂災害", Level.EMERGENCY)
    assert desk(warnings=told, exposure=people(landslide=9)).level is Level.EVACUATE


def test_landslide_without_zones_says_that_its_people_are_unknown(desk: Desk) -> None:
    assert "土砂災害警戒区域の人数が不明" in texts(
        desk(warnings=in_force("土砂災害", Level.ELDERLY))
    )


def test_people_of_doubtful_districts_are_at_least_so_many(desk: Desk) -> None:
    table = people(maximum=10, combined=40)
    table.attrs["partial"] = ("D0",)
    assert desk(exposure=table).people.partial
    assert desk(exposure=table).people.inside == 40


def test_level_of_a_hazard_is_the_highest_in_force(policy: Policy) -> None:
    def level(warnings: Warnings) -> float | None:
        return warning_level(warnings, HEAVY_RAIN, policy, issued_at=NOON)

    both = in_force(HEAVY_RAIN, Level.ELDERLY)
    odd = replace(both.active[0], telegram_id="t2", level=Level.UNKNOWN)
    assert level(Warnings()) is None
    assert level(Warnings(received_at=NOON)) == 0
    assert level(both) == 3
    assert level(replace(both, active=(both.active[0], odd))) == 3
    assert math.isnan(level(replace(both, active=(odd,))) or 0.0)
    assert level(in_force("土砂災害", Level.EVACUATE)) == 0


@settings(max_examples=40, deadline=None)
@given(
    rain_mm=st.floats(0.0, 200.0),
    more_mm=st.floats(0.0, 100.0),
    level_m=st.floats(0.0, 9.0),
    mapped=st.sampled_from([True, False, None]),
)
def test_more_rain_never_lowers_the_level(
    desk: Desk, rain_mm: float, more_mm: float, level_m: float, mapped: bool | None
) -> None:
    less = desk(level_m, rain=rain(rain_mm, mapped=mapped)).level
    more = desk(level_m, rain=rain(rain_mm + more_mm, mapped=mapped)).level
    assert concern(more) >= concern(less)
