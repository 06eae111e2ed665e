"""Official warnings, and a feed that is silent or was never connected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from advisory.levels import concern
from advisory.telegrams import Place, merge, of_place, parse_telegram
from advisory.types import (
    Advice,
    Bin,
    Level,
    Section,
    StationCriteria,
    StationValue,
    Warning,
    Warnings,
)

Desk = Callable[..., Advice]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55


def text(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


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


def river(level: Level, *gauge_ids: str, observed: float | None = 6.77) -> Warnings:
    """Give one warned section: 月野瀬, seen at 6.77 m, foreseen to be at 5.74 m an hour later."""
    values = (
        StationValue(NOON, True, observed, None, Level.EVACUATE, "正常"),
        StationValue(NOON + timedelta(hours=1), False, 5.74, None, Level.ELDERLY, "正常"),
    )
    section = Section("S1", "月野瀬", "", level, "", (), StationCriteria(danger_m=6.0), values)
    one = Warning(
        "T1", "氾濫危険警報", level, (), gauge_ids, NOON, None, hazard="洪水", section=section
    )
    return Warnings(received_at=NOON, active=(one,))


def test_section_tells_its_level_value_and_threshold(desk: Desk) -> None:
    advice = desk(warnings=river(Level.EVACUATE, "kamata"))
    (reason,) = [one for one in advice.reasons if one.telegram_id == "T1"]
    assert (reason.value, reason.threshold, reason.gauge_id) == (6.77, 6.0, "kamata")
    assert "この区間は警戒レベル4" in reason.text
    assert "9月8日12:00の水位6.77m、予測の最高5.74m（9月8日13:00）" in reason.text


def test_section_level_is_not_for_districts_on_another_section(desk: Desk) -> None:
    assert desk(warnings=river(Level.EMERGENCY, "kamata")).level is Level.EMERGENCY
    assert desk(warnings=river(Level.EMERGENCY, "upstream")).level is Level.NONE


def test_higher_official_level_or_one_warning_more_never_lowers_advice(desk: Desk) -> None:
    ranks = sorted(Level, key=concern)
    for gauge_ids in ((), ("kamata",)):
        alone = [desk(warnings=warning(level, *gauge_ids)).level for level in ranks]
        assert alone == sorted(alone, key=concern)
        for level, before in zip(ranks, alone, strict=True):
            for more in ranks:
                both = (*warning(level, *gauge_ids).active, *warning(more).active)
                advice = desk(warnings=Warnings(received_at=NOON, active=both))
                assert concern(advice.level) >= concern(before)


def test_missing_observation_is_said_to_be_missing_not_zero(desk: Desk) -> None:
    advice = desk(warnings=river(Level.EVACUATE, "kamata", observed=None))
    (reason,) = [one for one in advice.reasons if one.telegram_id == "T1"]
    assert reason.value is None
    assert "の水位" not in reason.text


def test_warning_of_unknown_level_leaves_the_district_unknown(desk: Desk) -> None:
    one = Warning(
        "T1", "新しい警報", Level.UNKNOWN, ("0720400",), (), NOON, None, doubts=("符号99が不明",)
    )
    advice = desk(warnings=Warnings(received_at=NOON, active=(one,)))
    assert advice.level is Level.UNKNOWN
    assert "原文を確認してください。注意: 符号99が不明" in text(advice)


@pytest.mark.parametrize(("grade", "shown"), [("警報", True), ("注意報", False)])
def test_hazard_without_levels_is_shown_from_warning_grade_on(
    desk: Desk, grade: str, shown: bool
) -> None:
    one = Warning(
        "T1", f"暴風{grade}", Level.NONE, ("0720400",), (), NOON, None, hazard="暴風", grade=grade
    )
    advice = desk(warnings=Warnings(received_at=NOON, active=(one,)))
    assert advice.level is Level.NONE
    assert ("警戒レベルのない情報" in text(advice)) is shown


def test_foreseen_level_is_told_and_fires_nothing(desk: Desk) -> None:
    bins = tuple(
        Bin("0720400", "いわき市", "大雨浸水", NOON + timedelta(hours=hour),
            NOON + timedelta(hours=hour + 3), level)
        for hour, level in ((3, Level.ELDERLY), (6, Level.EVACUATE), (30, Level.EMERGENCY))
    )  # fmt: skip
    advice = desk(warnings=Warnings(received_at=NOON, bins=bins))
    assert advice.level is Level.NONE
    assert "大雨浸水が9月8日18:00から9月8日21:00に警戒レベル4相当の予想" in text(advice)
    assert "レベル5" not in text(advice)  # beyond a day


@pytest.mark.real_data
def test_telegram_of_a_section_reaches_the_districts_of_its_gauge(
    desk: Desk, real_data: Path
) -> None:
    body = (real_data / "jma" / "16_02_02_220728_VXKOii.xml").read_bytes()
    place = Place("4120600", stations={"89090400010000021": "kamata"})
    state = of_place(merge([parse_telegram(body)]), place)
    at = datetime(2021, 8, 13, 15, 30, tzinfo=JST)
    advice = desk(warnings=state, issued_at=at)
    assert advice.level is Level.ELDERLY  # 【警戒レベル3相当】
    assert "潮見橋の受け持ち区間" in text(advice)
