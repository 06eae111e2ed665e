"""Flat lines and stuck sensors: a level that does not move although water would.

A flat line is the very same number again and again: for two weeks, or while much rain falls. A
stuck sensor stands within its last digit for a day and more *above* the lowest official level:
raised water falls, so what stands there is a twig, a silted pipe or ice on the sensor.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from forecasting.screening.series import Flags, Mask, Numbers, Rows, Series, flags_of, rows_of

FLAT_SUSPECT_H = 14 * 24.0
FLAT_RAIN_H, FLAT_RAIN_SUSPECT_MM, FLAT_RAIN_BAD_MM = 6.0, 30.0, 80.0
STUCK_H, STUCK_COUNT, STUCK_M = 24.0, 6, 0.02  # a day, so many readings, two last digits


def flat_flags(series: Series) -> Flags:
    """Give flags of a level that does not move for very long, or while much rain falls."""
    level = series.level_m
    first, last = _runs(level)
    until = last if series.hindsight else np.broadcast_to(rows_of(level), level.shape)
    length_h = (until - first) * series.step_h
    fallen = np.cumsum(np.nan_to_num(series.rain_mm), axis=0)
    mm = np.take_along_axis(fallen, until, axis=0) - np.take_along_axis(fallen, first, axis=0)
    wet = length_h >= FLAT_RAIN_H
    suspect = (length_h >= FLAT_SUSPECT_H) | (wet & (mm >= FLAT_RAIN_SUSPECT_MM))
    return flags_of(suspect, wet & (mm >= FLAT_RAIN_BAD_MM))


def stuck_flags(series: Series) -> Flags:
    """Give SUSPECT where raised water has stood within two last digits for a day, (time, gauge)."""
    level = series.level_m
    suspect = np.zeros(level.shape, dtype=bool)
    raised = np.flatnonzero((level >= series.lowest_m()).any(axis=0))
    if raised.size == 0:
        return flags_of(suspect)
    some = level[:, raised]
    window = max(2, round(STUCK_H / series.step_h) + 1)  # both ends of the day count
    seen = np.isfinite(some)
    height = _highest(some, seen, window) + _highest(-some, seen, window)
    oldest = -_highest(-np.where(seen, rows_of(some), np.inf), seen, window)
    until = np.cumsum(seen, axis=0)
    before = np.zeros_like(until)
    before[window:] = until[:-window]
    enough = until - before >= STUCK_COUNT
    # Readings are seldom on the dot of a day.
    long = (rows_of(some) - oldest) * series.step_h >= STUCK_H * (STUCK_COUNT - 1) / STUCK_COUNT
    still = seen & enough & long & (height <= STUCK_M + 1e-9)
    suspect[:, raised] = still & (some >= series.lowest_m()[raised])
    return flags_of(suspect)


def _highest(values: Numbers, seen: Mask, window: int) -> Numbers:
    """Give the highest seen value of the last `window` rows, -inf where none is."""
    told = np.where(seen, values, -np.inf)
    highest: Numbers = maximum_filter1d(
        told, window, axis=0, origin=window // 2 - (window + 1) % 2, mode="constant", cval=-np.inf
    )
    return highest


def _runs(level_m: Numbers) -> tuple[Rows, Rows]:
    """Give the first and last row of the run of equal levels that each row is in.

    NaN differs from NaN: a gap ends a run.
    """
    rows = np.broadcast_to(rows_of(level_m), level_m.shape)
    begins = np.ones(level_m.shape, dtype=bool)
    begins[1:] = level_m[1:] != level_m[:-1]
    ends = np.ones(level_m.shape, dtype=bool)
    ends[:-1] = begins[1:]
    first = np.maximum.accumulate(np.where(begins, rows, 0), axis=0)
    reach = np.where(ends, rows, len(level_m) - 1)[::-1]
    return first, np.minimum.accumulate(reach, axis=0)[::-1]
