"""Shifts: a moved zero is marked when it is known, in hindsight where it happened."""

from __future__ import annotations

import numpy as np

from forecasting.screening.series import Series
from forecasting.screening.shifts import shift_flags
from forecasting.types import GOOD, SUSPECT


def flags(level: list[float], *, hindsight: bool) -> list[int]:
    column = np.array(level, dtype=float)[:, None]
    series = Series(column, np.full(column.shape, np.nan), (None,), 1.0, hindsight)
    found: list[int] = shift_flags(series)[:, 0].tolist()
    return found


def test_a_zero_moved_by_a_metre_is_known_six_readings_later() -> None:
    level = [1.0] * 8 + [2.0] * 8  # the jump is at row 8, its sixth reading at row 13
    assert [row for row, one in enumerate(flags(level, hindsight=False)) if one == SUSPECT] == [13]
    assert [row for row, one in enumerate(flags(level, hindsight=True)) if one == SUSPECT] == [8]


def test_a_flood_is_no_shift() -> None:
    assert set(flags([1.0, 1.2, 1.6, 2.4, 2.9, 3.0, 2.8, 2.5] * 2, hindsight=True)) == {GOOD}
