"""Each rule at its edge, what is said when input is missing, and by when to issue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from advisory.decide import decide
from advisory.policy import Policy
from advisory.types import Advice, GaugeState, Level, Warning, Warnings
from forecasting.types import Gauge, Thresholds

Desk = Callable[..., Advice]
Make = Callable[..., Any]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55
DUSK = datetime(2023, 9, 8, 16, tzinfo=JST)


def rules(advice: Advice) -> set[str]:
    return {reason.rule for reason in advice.reasons if reason.fired}


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
        (0.50, 0.29, Level.ELDERLY),
        (0.50, 0.30, Level.EVACUATE),
    ],
)
def test_forecast_rules_at_their_probabilities(
    desk: Desk, likely: Make, danger: float, overflow: float, expected: Level
) -> None:
    chances = likely({"kamata": {"danger": danger, "overflow": overflow}})
    assert desk(exceedance=chances).level is expected


def test_overflow_after_three_hours_counts_once_clearance_takes_longer(
    desk: Desk, likely: Make, walk: Make
) -> None:
    chances = likely({"kamata": {"danger": 0.5}})
    chances["probability"].loc[{"threshold": "overflow", "lead": np.timedelta64(4, "h")}] = 0.4
    # clearance (20 + 20 + 60 + 30) * 1.2 = 156 min < 3 h; with 120 min of walk 264 min = 4.4 h
    assert desk(exceedance=chances, allocation=walk()).level is Level.ELDERLY
    far = walk(minutes=120.0)
    assert desk(exceedance=chances, allocation=far).level is Level.EVACUATE


def test_gauge_without_overflow_level_uses_danger_and_says_so(
    desk: Desk, likely: Make, kamata: Gauge
) -> None:
    gauge = replace(kamata, thresholds=Thresholds(3.7, 4.5, 6.35, 7.0))
    advice = desk(gauges=[gauge], exceedance=likely({"kamata": {"danger": 0.3}}))
    assert advice.level is Level.EVACUATE
    assert "氾濫発生水位が未設定のため代用" in text(advice)


def test_evening_rule_advises_before_dark_and_only_then(desk: Desk, likely: Make) -> None:
    chances = likely({"kamata": {"danger": 0.2, "overflow": 0.16}})
    assert desk(exceedance=chances, issued_at=NOON).level is Level.ELDERLY
    advice = desk(exceedance=chances, issued_at=DUSK)
    assert advice.level is Level.EVACUATE
    assert "日没9月8日17:55以降" in text(advice)
    assert desk(exceedance=chances, issued_at=DUSK + timedelta(hours=3)).level is Level.ELDERLY


def test_evening_rule_looks_only_at_leads_after_sunset(desk: Desk, likely: Make) -> None:
    chances = likely({"kamata": {}})
    # 16:00 + 1 h is before sunset: the ordinary rule (0.15) does not fire either
    chances["probability"].loc[{"threshold": "danger", "lead": np.timedelta64(1, "h")}] = 0.12
    assert desk(exceedance=chances, issued_at=DUSK).level is Level.NONE
    chances["probability"].loc[{"threshold": "danger", "lead": np.timedelta64(2, "h")}] = 0.12
    assert desk(exceedance=chances, issued_at=DUSK).level is Level.ELDERLY


def test_forecast_deadline_is_early_passage_minus_clearance(
    desk: Desk, likely: Make, walk: Make
) -> None:
    chances = likely({"kamata": {"overflow": 0.3}}, passages={("kamata", "overflow"): 5.0})
    advice = desk(exceedance=chances, allocation=walk())
    # 12:00 + 5 h - 156 min = 14:24
    assert advice.issue_by == NOON + timedelta(hours=2, minutes=24)
    assert "9月8日14:24までに発令" in text(advice)


def test_deadline_is_before_dark_when_the_water_comes_at_night(
    desk: Desk, likely: Make, walk: Make
) -> None:
    chances = likely({"kamata": {"overflow": 0.3}}, passages={("kamata", "overflow"): 5.9})
    at = NOON + timedelta(hours=2)  # water at 19:54, sunset 17:55 - 156 min = 15:19
    advice = desk(exceedance=chances, allocation=walk(), issued_at=at)
    assert advice.issue_by is not None
    assert abs(advice.issue_by - datetime(2023, 9, 8, 15, 19, tzinfo=JST)) < timedelta(minutes=2)


def test_deadline_already_past_is_now_and_warns_that_it_is_late(
    desk: Desk, likely: Make, walk: Make
) -> None:
    chances = likely({"kamata": {"overflow": 0.9}}, passages={("kamata", "overflow"): 1.0})
    advice = desk(exceedance=chances, allocation=walk())
    assert advice.issue_by == NOON
    assert "間に合わない" in text(advice)


def test_danger_stands_in_for_an_overflow_beyond_the_horizon(
    desk: Desk, likely: Make, walk: Make
) -> None:
    chances = likely({"kamata": {"danger": 0.2}}, passages={("kamata", "danger"): 4.0})
    advice = desk(exceedance=chances, allocation=walk())
    assert advice.issue_by == NOON + timedelta(minutes=240 - 156)
    assert "氾濫発生水位の代用" in text(advice)


def test_criterion_already_met_is_issued_now(desk: Desk, likely: Make, walk: Make) -> None:
    chances = likely({"kamata": {}}, passages={("kamata", "overflow"): 5.0})
    assert desk(7.0, exceedance=chances, allocation=walk()).issue_by == NOON


def test_unknown_clearance_means_now_and_unknown_level_has_no_deadline(
    desk: Desk, likely: Make
) -> None:
    chances = likely({"kamata": {"overflow": 0.3}}, passages={("kamata", "overflow"): 5.0})
    assert desk(exceedance=chances).issue_by == NOON
    assert desk(None).issue_by is None


@pytest.mark.parametrize("level_m", [None, float("nan")])
def test_silent_gauge_is_unknown_with_what_would_resolve_it(
    desk: Desk, level_m: float | None
) -> None:
    advice = desk(level_m)
    assert advice.level is Level.UNKNOWN
    assert "カメラ・巡視" in text(advice)


def test_reading_is_stale_after_an_hour(desk: Desk) -> None:
    assert desk(at=NOON - timedelta(minutes=60)).level is Level.NONE
    stale = desk(7.5, at=NOON - timedelta(minutes=61))
    assert stale.level is Level.UNKNOWN
    assert "最後は9月8日10:59の7.50m" in text(stale)


def test_reading_from_the_future_is_not_used(desk: Desk) -> None:
    advice = desk(7.5, at=NOON + timedelta(minutes=10))
    assert advice.level is Level.UNKNOWN
    assert "時刻が未来" in text(advice)


def test_forecast_of_nothing_but_nan_is_unknown(desk: Desk, likely: Make) -> None:
    chances = likely({"kamata": dict.fromkeys(("danger", "overflow"), float("nan"))})
    assert desk(exceedance=chances).level is Level.UNKNOWN
    assert desk(exceedance=None).level is Level.UNKNOWN
    assert desk(exceedance=likely({"other": {}})).level is Level.UNKNOWN


def test_old_forecast_is_unknown(desk: Desk, likely: Make) -> None:
    def made(hours: int) -> Any:
        at = np.datetime64("2023-09-08T03:00", "ns") - np.timedelta64(hours, "h")
        return likely({"kamata": {}}).assign_coords(issued_at=at)

    assert desk(exceedance=made(1)).level is Level.NONE
    assert desk(exceedance=made(2)).level is Level.UNKNOWN
    assert desk(exceedance=made(-1)).level is Level.UNKNOWN


def test_another_gauge_carries_the_order_and_the_unknown_is_stated(
    desk: Desk, likely: Make, town: Make, kamata: Gauge
) -> None:
    states = [GaugeState("kamata", 7.0, NOON, 0.0), GaugeState("ogawa", None, None)]
    advice = desk(
        exceedance=likely({"kamata": {}, "ogawa": {}}),
        districts=town(["kamata", "ogawa"]),
        gauges=[kamata, replace(kamata, gauge_id="ogawa", name="小川")],
        states=states,
    )
    assert advice.level is Level.EVACUATE
    assert "小川（夏井川）は欠測または異常値です" in text(advice)


def test_district_without_a_gauge_and_with_an_unlisted_one_are_unknown(
    desk: Desk, town: Make
) -> None:
    none = desk(districts=town([]))
    assert none.level is Level.UNKNOWN
    assert "水位計がなく" in text(none)
    assert "水位計xは水位計の一覧にありません" in text(desk(districts=town(["x"])))


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


def test_missing_telegram_feed_is_stated_and_a_lost_one_is_unknown(desk: Desk) -> None:
    assert "公式電文は未接続" in text(desk())
    fresh = Warnings(received_at=NOON - timedelta(minutes=60))
    assert desk(warnings=fresh).level is Level.NONE
    lost = Warnings(received_at=NOON - timedelta(minutes=61))
    assert desk(warnings=lost).level is Level.UNKNOWN


def warning(level: Level, *gauge_ids: str, hours: int = 1) -> Warnings:
    until = NOON + timedelta(hours=hours)
    one = Warning("T1", "レベル4氾濫危険警報", level, ("0720400",), gauge_ids, NOON, until)
    return Warnings(received_at=NOON, active=(one,))


def test_official_warning_of_a_river_section_gives_its_level(desk: Desk) -> None:
    advice = desk(warnings=warning(Level.EVACUATE, "kamata"))
    assert advice.level is Level.EVACUATE
    assert [r.telegram_id for r in advice.reasons if r.fired and r.telegram_id] == ["T1"]
    assert desk(warnings=warning(Level.EVACUATE, "elsewhere")).level is Level.NONE
    assert desk(warnings=warning(Level.EVACUATE, "kamata", hours=0)).level is Level.NONE


def test_level_5_for_a_whole_city_must_be_narrowed_by_hand(desk: Desk) -> None:
    advice = desk(warnings=warning(Level.EMERGENCY))
    assert advice.level is Level.EVACUATE
    assert "区域は別に判断が必要" in text(advice)


@pytest.mark.parametrize(
    ("level_m", "rise", "danger", "expected"),
    [
        (6.9, 0.0, 0.0, Level.EVACUATE),  # below danger, not falling
        (6.9, -0.1, 0.0, Level.ELDERLY),  # falling: down to what judgment still asks for
        (6.0, -0.1, 0.0, Level.CAUTION),
        (6.0, -0.1, 0.10, Level.EVACUATE),  # the forecast is not quiet yet (0.10 >= half of 0.15)
        (6.0, None, 0.0, Level.EVACUATE),
        (4.0, 0.04, 0.0, Level.EARLY),  # below caution it need not fall further
        (4.0, 0.05, 0.0, Level.EVACUATE),  # but not rise either
        (4.0, None, 0.0, Level.EVACUATE),
        (None, None, 0.0, Level.EVACUATE),  # silence releases nothing
    ],
)
def test_order_stays_until_the_conditions_of_release_hold(
    desk: Desk,
    likely: Make,
    *,
    level_m: float | None,
    rise: float | None,
    danger: float,
    expected: Level,
) -> None:
    before = desk(7.2, issued_at=NOON - timedelta(minutes=10))
    chances = likely({"kamata": {"danger": danger}})
    assert desk(level_m, rise, previous=(before,), exceedance=chances).level is expected


def test_advice_of_another_district_or_of_later_holds_nothing(desk: Desk) -> None:
    before = desk(7.2, issued_at=NOON - timedelta(minutes=10))
    other = replace(before, district_id="D9")
    later = desk(7.2, issued_at=NOON + timedelta(minutes=10))
    assert desk(6.0, previous=(other, later)).level is Level.CAUTION


def test_falling_water_and_low_chance_are_counter_evidence(desk: Desk) -> None:
    advice = desk(7.0, -0.2)
    assert {"falling", "L4-forecast-overflow"} <= {r.rule for r in advice.counter_evidence}
    assert not any(reason.fired for reason in advice.counter_evidence)


def test_calm_says_what_was_seen_and_no_sentence_comes_twice(desk: Desk) -> None:
    advice = desk(4.0)
    calm = [reason.text for reason in advice.reasons if reason.rule == "calm"]
    assert "4.00m（9月8日12:00）は氾濫注意水位4.50m未満（あと0.50m）" in calm[0]
    assert "6時間以内に氾濫危険水位7.00mに達する確率は0%" in calm[1]
    lines = text(advice).split("\n")
    assert len(lines) == len(set(lines))


def test_level_already_reached_is_not_called_unlikely(desk: Desk) -> None:
    assert not any("確率" in r.text and "8.00m" in r.text for r in desk(8.0).counter_evidence)


def test_order_does_not_repeat_the_lower_levels_of_its_gauge(desk: Desk) -> None:
    assert not {"L1-standby", "L2-caution"} & rules(desk(7.0))
    assert {"L1-standby", "L2-caution"} <= rules(desk(4.6))


def test_reason_carries_value_threshold_station_and_time(desk: Desk) -> None:
    reason = next(r for r in desk(7.123).reasons if r.rule == "L4-danger")
    assert (reason.value, reason.threshold, reason.unit) == (7.123, 7.0, "m")
    assert reason.text == "鎌田（夏井川）の水位7.12m（9月8日12:00）は氾濫危険水位7.00m以上"


def test_unseen_rule_is_flagged(desk: Desk) -> None:
    fired = {r.rule: r.verified for r in desk(6.4, 0.6).reasons}
    assert fired["L4-notified-judgment-rapid-rise"] is False
    assert fired["L3-notified-judgment"] is True


def test_emergency_names_no_shelter_to_go_to(desk: Desk, walk: Make) -> None:
    advice = desk(8.0, allocation=walk())
    assert advice.shelters == ()
    assert "直ちに安全を確保" in advice.action
    assert "避難所" not in advice.action


def test_shelters_have_names_and_largest_group_first(desk: Desk, walk: Make) -> None:
    allocation = walk(people=10)
    rows = allocation.assigned
    more = rows.assign(shelter_id="S2", people=30)
    advice = desk(
        allocation=replace(allocation, assigned=pd.concat([rows, more])),
        shelter_names={"S2": "平第一小"},
    )
    assert [(s.name, s.people) for s in advice.shelters] == [("平第一小", 30), ("S1", 10)]


def test_people_come_from_the_largest_scenario_and_missing_is_none(desk: Desk) -> None:
    columns = {"people": [10, 90], "must_leave": [5, pd.NA], "may_stay": [3, 8], "unknown": [2, 2]}
    index = pd.MultiIndex.from_tuples(
        [("D0", "planned"), ("D0", "maximum")], names=["district_id", "scenario"]
    )
    people = desk(exposure=pd.DataFrame(columns, index=index, dtype="Int64")).people
    assert (people.inside, people.must_leave, people.may_stay) == (90, None, 8)
    assert desk().people.inside is None


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2023, 9, 8, 15, 0, tzinfo=UTC), "9月9日00:00"),
        (datetime(2023, 9, 8, 0, 0, tzinfo=UTC), "9月8日09:00"),
        (datetime(2023, 12, 31, 15, 0, tzinfo=UTC), "1月1日00:00"),
        (datetime(2023, 12, 31, 14, 50, tzinfo=UTC), "12月31日23:50"),
    ],
)
def test_text_is_in_the_time_of_japan(desk: Desk, moment: datetime, words: str) -> None:
    advice = desk(7.0, issued_at=moment)
    assert f"水位7.00m（{words}）" in text(advice)
    assert advice.valid_until == moment + timedelta(minutes=60)


def test_advice_is_the_same_in_any_time_zone(desk: Desk, likely: Make, walk: Make) -> None:
    chances = likely({"kamata": {"overflow": 0.3}}, passages={("kamata", "overflow"): 5.0})
    zones = (UTC, JST, timezone(timedelta(hours=-5)))
    given = [
        desk(6.4, 0.1, exceedance=chances, allocation=walk(), issued_at=DUSK.astimezone(zone))
        for zone in zones
    ]
    assert given[0] == given[1] == given[2]


def test_digest_is_of_the_content(desk: Desk) -> None:
    assert desk(7.0).digest == desk(7.0).digest
    assert len({desk(7.0).digest, desk(7.01).digest, desk(7.0, -0.1).digest}) == 3


def test_place_without_coordinates_is_taken_to_be_dark(
    desk: Desk, kamata: Gauge, town: Make, walk: Make
) -> None:
    nowhere = town(["kamata"])
    nowhere["geometry"] = None
    lost = replace(kamata, lon=float("nan"), lat=float("nan"))
    advice = desk(districts=nowhere, gauges=[lost], allocation=walk())
    assert advice.clearance is not None
    assert "夜間" in advice.clearance.basis
    found = desk(districts=nowhere, gauges=[lost, replace(kamata, gauge_id="x")], allocation=walk())
    assert found.clearance is not None
    assert "日中" in found.clearance.basis


def test_no_districts_give_no_advice(desk: Desk, policy: Policy, town: Make) -> None:
    none = decide(
        None, None, None, Warnings(), policy, districts=town(), gauges=[], states=[], issued_at=NOON
    )
    assert none == ()


def test_naive_issue_time_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="issued_at must be aware"):
        desk(issued_at=datetime(2023, 9, 8, 12), at=NOON)  # noqa: DTZ001
