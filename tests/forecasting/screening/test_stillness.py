"""Stuck: raised water that stands still for a day is doubted, calm water is not."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.screening.series import Series
from forecasting.screening.stillness import flat_flags, stuck_flags
from forecasting.types import BAD, GOOD, SUSPECT, Gauge, Thresholds

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


def flat(level: list[float], rain: list[float], *, gauge: Gauge | None = RAISED,
         hindsight: bool = False) -> list[int]:  # fmt: skip
    columns = (np.array(one, dtype=float)[:, None] for one in (level, rain))
    found: list[int] = flat_flags(Series(*columns, (gauge,), 1.0, hindsight))[:, 0].tolist()
    return found


@pytest.mark.parametrize("hindsight", [False, True])
def test_drizzle_of_weeks_does_not_make_a_dry_bed_a_fault(hindsight: bool) -> None:
    # 10 days of 0.4 mm/h: 96 mm in all, 9.6 mm a day.
    assert set(flat([0.0] * 240, [0.4] * 240, hindsight=hindsight)) == {GOOD}


def test_rain_of_a_day_on_a_level_that_does_not_move_is_told_long_after_it_began() -> None:
    rain = [0.0] * 200 + [10.0] * 10
    found = flat([1.0] * 210, rain)
    # 30 mm after 3 h of rain, 80 mm after 8.
    assert found[200:] == [GOOD, GOOD, *[SUSPECT] * 5, *[BAD] * 3]
    assert flat([1.0] * 210, rain, hindsight=True) == [BAD] * 210


def test_a_drowned_sensor_is_doubted_and_never_thrown_away() -> None:
    # At the top of its range in 20 mm/h: high water, whatever it is exactly.
    rise = [1.0, 1.5, 2.5, 3.5]
    level, rain = rise + [5.0] * 20, [20.0] * 24
    assert BAD not in flat(level, rain)
    assert flat([0.9] * 24, rain)[-1] == BAD  # the same on calm water is a dead sensor
    # 5.00 comes at hour 4, 1.5 m above the hour before; three more of it are at hour 7.
    assert flags(level)[4:8] == [GOOD, GOOD, GOOD, SUSPECT]


def test_without_official_levels_high_is_above_the_month() -> None:
    level = [1.0, 1.1] * 30 + [1.5, 2.5, 3.5] + [5.0] * 30
    assert BAD not in flat(level, [20.0] * 93, gauge=None)
    assert flags(level, gauge=None)[62:68] == [GOOD] * 4 + [SUSPECT] * 2


def test_a_flood_that_slows_down_before_its_top_is_not_doubted() -> None:
    assert set(flags([1.0, 2.0, 3.0, 3.4, 3.5, 3.5, 3.5, 3.5, 3.4])) == {GOOD}
