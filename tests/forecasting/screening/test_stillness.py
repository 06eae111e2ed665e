"""Stuck: raised water that stands still for a day is doubted, calm water is not."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.screening.series import Series
from forecasting.screening.stillness import stuck_flags
from forecasting.types import GOOD, SUSPECT, Gauge, Thresholds

NAN = float("nan")
RAISED = Gauge("g1", "橋", "川", lon=140.0, lat=37.0, thresholds=Thresholds(standby=2.0))


def flags(level: list[float], *, gauge: Gauge | None = RAISED) -> list[int]:
    column = np.array(level, dtype=float)[:, None]
    found: list[int] = stuck_flags(Series(column, np.full(column.shape, NAN), (gauge,), 1.0))[
        :, 0
    ].tolist()
    return found


def test_a_raised_level_that_stands_for_a_day_is_doubted_from_then_on() -> None:
    # Hours 0 to 24 hold 25 readings; hour 20 is the first with 20 h = 5/6 of a day behind it.
    found = flags([3.0, 3.01] * 13)
    assert found[:20] == [GOOD] * 20
    assert found[20:] == [SUSPECT] * 6


def test_the_same_level_below_the_lowest_official_level_is_calm_water() -> None:
    assert set(flags([1.5] * 40)) == {GOOD}


def test_a_level_that_moves_by_three_centimetres_in_the_day_is_water() -> None:
    assert set(flags([3.0] * 12 + [3.03] * 12 + [3.0] * 12)) == {GOOD}


def test_five_readings_in_a_day_are_too_few_to_tell() -> None:
    level = [NAN] * 30
    for hour in (0, 6, 12, 18, 23):
        level[hour] = 3.0
    assert set(flags(level)) == {GOOD}


@pytest.mark.parametrize("gauge", [None, Gauge("g1", "", "", lon=0.0, lat=0.0)])
def test_without_official_levels_nothing_is_raised(gauge: Gauge | None) -> None:
    assert set(flags([3.0] * 40, gauge=gauge)) == {GOOD}
