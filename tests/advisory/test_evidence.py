"""Readings and forecasts that may not be used leave a district unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from advisory.types import Advice, Level
from forecasting.types import Gauge

Desk = Callable[..., Advice]
Make = Callable[..., Any]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55


def text(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


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


def test_a_crisis_gauge_at_rest_reports_once_a_day_and_above_its_start_all_the_time(
    desk: Desk, kamata: Gauge
) -> None:
    crisis = [replace(kamata, sensor="crisis")]
    yesterday = NOON - timedelta(hours=24)
    assert desk(3.6, at=yesterday, gauges=crisis).level is Level.NONE  # lowest level: 3.7 m
    assert desk(3.8, at=yesterday, gauges=crisis).level is Level.UNKNOWN
    assert desk(3.6, at=NOON - timedelta(hours=26), gauges=crisis).level is Level.UNKNOWN


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
