"""Flat lines and stuck sensors: a level that does not move although water would.

A flat line is the very same number again and again: for two weeks, or while much rain falls. A
stuck sensor stands within its last digit for a day and more *above* the lowest official level:
raised water falls, so what stands there is a twig, a silted pipe or ice on the sensor. One that
rose fast and then stands still at once is at the top of its range, or drowned: a flood slows down
before it ends.

Raised water is never BAD for standing still: what cannot move any more still tells that it is high.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from forecasting.screening.limits import past_median
from forecasting.screening.series import (
    Flags,
    Mask,
    Numbers,
    Rows,
    Series,
    at_rows,
    flags_of,
    rows_of,
)

FLAT_SUSPECT_H = 14 * 24.0
FLAT_RAIN_H, FLAT_RAIN_SUSPECT_MM, FLAT_RAIN_BAD_MM = 6.0, 30.0, 80.0
FLAT_RAIN_DAY_H = 24.0  # the rain must fall in a day: drizzle of weeks moves no dry river bed
STUCK_H, STUCK_COUNT, STUCK_M = 24.0, 6, 0.02  # a day, so many readings, two last digits
PINNED_H, PINNED_COUNT = 1.0, 3  # still for so long and so many readings after the first of them
PINNED_RISE_M, PINNED_RISE_H = 0.5, 1.0  # by the reading at which it stopped
RAISED_M = 0.5  # above the median of the month, where no official level is known


def flat_flags(series: Series) -> Flags:
    """Give flags of a level that does not move for very long, or while much rain falls."""
    level = series.level_m
    first, last = _runs(level)
    rows = np.broadcast_to(rows_of(level), level.shape)
    length_h = ((last if series.hindsight else rows) - first) * series.step_h
    mm = _rain_of_run(series, first)
    if series.hindsight:  # the most of any day of the run
        most = np.zeros(level.size)
        run = (first * level.shape[1] + np.arange(level.shape[1])).ravel()
        np.maximum.at(most, run, mm.ravel())
        mm = most[run].reshape(level.shape)
    wet = length_h >= FLAT_RAIN_H
    suspect = (length_h >= FLAT_SUSPECT_H) | (wet & (mm >= FLAT_RAIN_SUSPECT_MM))
    bad = wet & (mm >= FLAT_RAIN_BAD_MM)
    return flags_of(suspect, bad & ~_raised(series, np.flatnonzero(bad.any(axis=0))))


def stuck_flags(series: Series) -> Flags:
    """Give SUSPECT where raised water has stood still for a day, or at once, (time, gauge)."""
    level = series.level_m
    suspect = _pinned(series)
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
    suspect[:, raised] |= still & (some >= series.lowest_m()[raised])
    return flags_of(suspect)


def _pinned(series: Series) -> Mask:
    """Give where raised water stands at one number right after it rose fast, (time, gauge)."""
    level = series.level_m
    first, _ = _runs(level)
    still = rows_of(level) - first
    count = max(PINNED_COUNT, round(PINNED_H / series.step_h))
    before = first - max(1, round(PINNED_RISE_H / series.step_h))
    rise = level - at_rows(level, before)
    pinned: Mask = np.isfinite(level) & (still >= count) & (rise >= PINNED_RISE_M)
    return pinned & _raised(series, np.flatnonzero(pinned.any(axis=0)))


def _raised(series: Series, columns: Rows) -> Mask:
    """Give where the level stands high, (time, gauge), for the gauges of some columns."""
    level, found = series.level_m, np.zeros(series.level_m.shape, dtype=bool)
    if columns.size:
        lowest = series.lowest_m()[columns]
        usual = past_median(level[:, columns], series.step_h) + RAISED_M
        found[:, columns] = level[:, columns] >= np.where(np.isnan(lowest), usual, lowest)
    return found


def _rain_of_run(series: Series, first: Rows) -> Numbers:
    """Give the rain of the last day, as far as the level stood still in it, (time, gauge). [mm]"""
    rows = rows_of(series.level_m)
    fallen = np.cumsum(np.nan_to_num(series.rain_mm), axis=0)
    start = np.maximum(first, rows - max(1, round(FLAT_RAIN_DAY_H / series.step_h)))
    mm: Numbers = fallen - np.take_along_axis(fallen, start, axis=0)
    return mm


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
