"""Official warnings, and a feed that is silent or was never connected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from advisory.types import Advice, Level, Warning, Warnings

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
