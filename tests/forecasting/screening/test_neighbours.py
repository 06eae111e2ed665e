"""Neighbours: a gauge high alone in dry weather is doubted; rain or one wet neighbour clears it."""

from __future__ import annotations

import numpy as np

from forecasting.screening.neighbours import alone_flags
from forecasting.screening.series import Series
from forecasting.types import GOOD, SUSPECT, Gauge, Thresholds

NAN = float("nan")
HOURS = 30
LEVELS = Thresholds(standby=2.0)


def gauges(count: int, *, apart_km: float = 1.0, sensor: str = "stage") -> tuple[Gauge, ...]:
    """Gauges in a line northwards; 1 km is 1 / 111.2 of a degree."""
    return tuple(
        Gauge(f"g{number}", "", "", lon=140.0, lat=37.0 + number * apart_km / 111.2,
              thresholds=LEVELS, sensor=sensor)  # type: ignore[arg-type]
        for number in range(count)
    )  # fmt: skip


def flags(level: np.ndarray, rain_mm: float, described: tuple[Gauge | None, ...]) -> list[int]:
    series = Series(level, np.full(level.shape, rain_mm), described, 1.0)
    last: list[int] = alone_flags(series)[-1].tolist()
    return last


def high_alone(count: int) -> np.ndarray:
    """All at 1 m; the first is at 2.6 m in the last hour: 0.6 m above its lowest official level."""
    level = np.ones((HOURS, count))
    level[-1, 0] = 2.6
    return level


def test_a_gauge_high_alone_on_a_dry_day_is_doubted() -> None:
    assert flags(high_alone(4), 0.0, gauges(4)) == [SUSPECT, GOOD, GOOD, GOOD]


def test_five_millimetres_of_rain_in_the_day_clear_it() -> None:
    # 24 h x 0.25 mm = 6 mm
    assert flags(high_alone(4), 0.25, gauges(4))[0] == GOOD


def test_one_neighbour_that_rises_clears_it() -> None:
    level = high_alone(4)
    level[-3:, 2] = 1.1  # 0.1 m in 6 h
    assert flags(level, 0.0, gauges(4))[0] == GOOD


def test_two_neighbours_are_too_few_to_deny() -> None:
    assert flags(high_alone(3), 0.0, gauges(3))[0] == GOOD


def test_gauges_farther_than_20_km_are_no_witnesses() -> None:
    assert flags(high_alone(4), 0.0, gauges(4, apart_km=21.0))[0] == GOOD


def test_where_rain_is_unknown_six_must_deny() -> None:
    assert flags(high_alone(6), NAN, gauges(6))[0] == GOOD
    assert flags(high_alone(7), NAN, gauges(7))[0] == SUSPECT


def test_a_silent_stage_gauge_denies_nothing_but_a_silent_crisis_gauge_is_calm() -> None:
    level = high_alone(4)
    level[:, 1:] = NAN
    assert flags(level, 0.0, gauges(4))[0] == GOOD
    assert flags(level, 0.0, gauges(4, sensor="crisis"))[0] == SUSPECT


def test_a_gauge_without_a_position_is_neither_judged_nor_asked() -> None:
    nowhere = Gauge("g9", "", "", lon=NAN, lat=NAN, thresholds=LEVELS)
    assert flags(high_alone(4), 0.0, (nowhere, *gauges(3)))[0] == GOOD
    assert flags(high_alone(4), 0.0, (*gauges(3), None))[0] == GOOD
