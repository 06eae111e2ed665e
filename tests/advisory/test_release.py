"""An order stays until the conditions of 解除 hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from advisory.types import Advice, Level, RainState

Desk = Callable[..., Advice]
Make = Callable[..., Any]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55


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


@pytest.mark.parametrize(
    ("rain_mm_per_h", "expected"),
    [
        (14.9, Level.UNKNOWN),  # below half of the lowest inland limit, 30 mm/h: no order any more
        (15.0, Level.EVACUATE),
        (None, Level.EVACUATE),  # silence releases nothing
    ],
)
def test_order_where_no_gauge_stands_ends_with_the_rain(
    desk: Desk, town: Make, *, rain_mm_per_h: float | None, expected: Level
) -> None:
    alone = town([])
    before = desk(
        districts=alone, states=[], rain=[RainState("D0", 50.0, mapped=True)],
        issued_at=NOON - timedelta(minutes=10),
    )  # fmt: skip
    assert before.level is Level.EVACUATE
    rain = [RainState("D0", rain_mm_per_h, mapped=True)]
    assert desk(districts=alone, states=[], rain=rain, previous=(before,)).level is expected


def test_rain_holds_the_order_of_a_district_whose_river_is_low(desk: Desk) -> None:
    rain = [RainState("D0", 50.0, mapped=True)]
    before = desk(1.0, rain=rain, issued_at=NOON - timedelta(minutes=10))
    assert before.level is Level.EVACUATE
    for rate, expected in ((20.0, Level.EVACUATE), (10.0, Level.NONE)):
        now = [RainState("D0", rate, mapped=True)]
        assert desk(1.0, rain=now, previous=(before,)).level is expected
