"""By when advice must be issued, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from advisory.types import Advice

Desk = Callable[..., Advice]
Make = Callable[..., Any]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55


def text(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


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
