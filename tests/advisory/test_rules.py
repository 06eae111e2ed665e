"""Each rule of the policy at its edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from advisory.policy import Policy
from advisory.types import Advice, GaugeState, Level
from forecasting.types import Gauge, Thresholds

Desk = Callable[..., Advice]
Make = Callable[..., Any]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55
DUSK = datetime(2023, 9, 8, 16, tzinfo=JST)


def text(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


# 鎌田 (notified): standby 3.7, caution 4.5, judgment 6.35, danger 7.0, overflow 8.0
@pytest.mark.parametrize(
    ("level_m", "rise", "expected"),
    [
        (3.69, 0.0, Level.NONE),
        (3.70, 0.0, Level.EARLY),
        (4.50, 0.49, Level.CAUTION),
        (4.50, 0.50, Level.ELDERLY),
        (6.34, 0.0, Level.CAUTION),
        (6.35, -0.3, Level.ELDERLY),
        (6.35, 0.50, Level.EVACUATE),
        (6.99, 0.0, Level.ELDERLY),
        (7.00, -0.3, Level.EVACUATE),
        (7.99, 0.0, Level.EVACUATE),
        (8.00, 0.0, Level.EMERGENCY),
        (-0.4, 0.0, Level.NONE),
    ],
)
def test_notified_river_at_the_edge_of_each_rule(
    desk: Desk, level_m: float, rise: float, expected: Level
) -> None:
    assert desk(level_m, rise).level is expected


@pytest.mark.parametrize(
    ("level_m", "rise", "expected"),
    [
        (6.40, 0.04, Level.CAUTION),  # at judgment but not rising: no level 3 on a forecast river
        (6.40, 0.05, Level.ELDERLY),
        (6.40, None, Level.ELDERLY),  # unknown trend counts as rising
        (4.60, 0.90, Level.CAUTION),  # the rapid-rise rule is not for forecast rivers
    ],
)
def test_forecast_river_needs_a_rise_at_judgment(
    desk: Desk, kamata: Gauge, level_m: float, rise: float | None, expected: Level
) -> None:
    river = replace(kamata, river_class="forecast")
    assert desk(level_m, rise, gauges=[river]).level is expected


def test_float32_level_reaches_its_threshold(desk: Desk, kamata: Gauge) -> None:
    gauge = replace(kamata, thresholds=Thresholds(danger=7.1))
    assert float(np.float32(7.1)) < 7.1
    assert desk(float(np.float32(7.1)), gauges=[gauge]).level is Level.EVACUATE


def test_rapid_rise_upstream_counts(desk: Desk, kamata: Gauge) -> None:
    river = replace(kamata, upstream=("up",))
    states = [GaugeState("kamata", 4.6, NOON, 0.1), GaugeState("up", 2.0, NOON, 0.8)]
    assert desk(gauges=[river], states=states).level is Level.ELDERLY


def test_unknown_rise_at_caution_leaves_the_district_unknown(desk: Desk) -> None:
    advice = desk(4.6, None)
    assert advice.level is Level.UNKNOWN
    assert "上昇の速さが不明" in text(advice)


@pytest.mark.parametrize(
    ("danger", "overflow", "expected"),
    [
        (0.14, 0.0, Level.NONE),
        (0.15, 0.0, Level.ELDERLY),
        (0.50, 0.14, Level.ELDERLY),
        (0.50, 0.15, Level.EVACUATE),
    ],
)
def test_forecast_rules_at_their_probabilities(
    desk: Desk, likely: Make, danger: float, overflow: float, expected: Level
) -> None:
    chances = likely({"kamata": {"danger": danger, "overflow": overflow}})
    assert desk(exceedance=chances).level is expected


def without_six_hours(policy: Policy) -> Policy:
    """Give the policy without the rule that looks six hours ahead at any time of day."""
    kept = tuple(rule for rule in policy.forecast if rule.id != "L4-forecast-overflow-6h")
    return replace(policy, forecast=kept)


def test_overflow_after_three_hours_counts_once_clearance_takes_longer(
    desk: Desk, likely: Make, walk: Make, policy: Policy
) -> None:
    alone = without_six_hours(policy)
    alone = replace(alone, cost_loss=replace(policy.cost_loss, ratio=1.0))  # only the rule itself
    chances = likely({"kamata": {"danger": 0.5}})
    chances["probability"].loc[{"threshold": "overflow", "lead": np.timedelta64(4, "h")}] = 0.4
    # clearance (20 + 20 + 60 + 30) * 1.2 = 156 min < 3 h; with 120 min of walk 264 min = 4.4 h
    assert desk(exceedance=chances, allocation=walk(), policy=alone).level is Level.ELDERLY
    far = walk(minutes=120.0)
    assert desk(exceedance=chances, allocation=far, policy=alone).level is Level.EVACUATE


def test_gauge_without_overflow_level_uses_danger_and_says_so(
    desk: Desk, likely: Make, kamata: Gauge
) -> None:
    gauge = replace(kamata, thresholds=Thresholds(3.7, 4.5, 6.35, 7.0))
    advice = desk(gauges=[gauge], exceedance=likely({"kamata": {"danger": 0.3}}))
    assert advice.level is Level.EVACUATE
    assert "氾濫発生水位が未設定のため代用" in text(advice)


def test_evening_rule_advises_before_dark_and_only_then(
    desk: Desk, likely: Make, policy: Policy
) -> None:
    given = {
        "exceedance": likely({"kamata": {"danger": 0.2, "overflow": 0.16}}),
        "policy": without_six_hours(policy),
    }
    assert desk(**given, issued_at=NOON).level is Level.ELDERLY
    advice = desk(**given, issued_at=DUSK)
    assert advice.level is Level.EVACUATE
    assert "日没9月8日17:55以降" in text(advice)
    assert desk(**given, issued_at=DUSK + timedelta(hours=3)).level is Level.ELDERLY


def test_danger_does_not_stand_in_for_overflow_six_hours_ahead(
    desk: Desk, likely: Make, kamata: Gauge
) -> None:
    gauge = replace(kamata, thresholds=Thresholds(3.7, 4.5, 6.35, 7.0))
    advice = desk(gauges=[gauge], exceedance=likely({"kamata": {"danger": 0.29}}))
    assert advice.level is Level.ELDERLY


def test_evening_rule_looks_only_at_leads_after_sunset(desk: Desk, likely: Make) -> None:
    chances = likely({"kamata": {}})
    # 16:00 + 1 h is before sunset: the ordinary rule (0.15) does not fire either
    chances["probability"].loc[{"threshold": "danger", "lead": np.timedelta64(1, "h")}] = 0.12
    assert desk(exceedance=chances, issued_at=DUSK).level is Level.NONE
    chances["probability"].loc[{"threshold": "danger", "lead": np.timedelta64(2, "h")}] = 0.12
    assert desk(exceedance=chances, issued_at=DUSK).level is Level.ELDERLY


@pytest.mark.parametrize(
    ("water", "caution", "expected"),
    [
        ((2.40, 0.0), 0.05, Level.EARLY),  # below caution and unlikely to reach it
        ((2.40, 0.0), 0.15, Level.UNKNOWN),
        ((2.88, 0.0), 0.05, Level.UNKNOWN),  # 宮川 2019-10-25: over its banks at this reading
        ((2.88, 0.6), 0.05, Level.ELDERLY),
    ],
)
def test_gauge_with_caution_alone_cannot_show_more(
    desk: Desk,
    likely: Make,
    *,
    kamata: Gauge,
    water: tuple[float, float],
    caution: float,
    expected: Level,
) -> None:
    gauge = replace(kamata, name="内郷", river="宮川", thresholds=Thresholds(2.0, 2.55))
    chances = likely({"kamata": {"caution": caution}})
    advice = desk(*water, gauges=[gauge], exceedance=chances)
    assert advice.level is expected
    assert "避難判断水位以上の基準が未設定" in text(advice)


def test_gauge_without_any_threshold_is_unknown(desk: Desk, kamata: Gauge) -> None:
    advice = desk(gauges=[replace(kamata, thresholds=Thresholds())])
    assert advice.level is Level.UNKNOWN
    assert "基準水位が一つも設定されておらず" in text(advice)


def test_reason_carries_value_threshold_station_and_time(desk: Desk) -> None:
    reason = next(r for r in desk(7.123).reasons if r.rule == "L4-danger")
    assert (reason.value, reason.threshold, reason.unit) == (7.123, 7.0, "m")
    assert reason.text == "鎌田（夏井川）の水位7.12m（9月8日12:00）は氾濫危険水位7.00m以上"


def test_unseen_rule_is_flagged(desk: Desk) -> None:
    fired = {r.rule: r.verified for r in desk(6.4, 0.6).reasons}
    assert fired["L4-notified-judgment-rapid-rise"] is False
    assert fired["L3-notified-judgment"] is True
