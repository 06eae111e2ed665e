"""Neighbour consistency: a gauge that stands high alone, in dry weather, is doubted.

The rain gauges that feed it must deny the water (a dry day), and the gauges nearby (none high, none
rising); where no rain is known more neighbours must. A gauge near the sea or below a dam may rise
alone, so the answer is SUSPECT, never BAD, and without witnesses nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from forecasting.screening.series import (
    Flags,
    Mask,
    Numbers,
    Rows,
    Series,
    at_rows,
    flags_of,
    last_row,
    rows_of,
)
from forecasting.types import Gauge

HIGH_M = 0.5  # above the lowest official level
NEAR_KM, MOST = 20.0, 8  # so many neighbours are asked
LEAST, LEAST_WITHOUT_RAIN = 3, 6  # so many must deny, on a dry day or where rain is unknown
DRY_MM, WINDOW_H = 5.0, 24.0
RISING_M, RISING_H = 0.1, 6.0
FRESH_H = 1.0  # an older reading answers nothing
KM_PER_DEGREE = 111.2


def alone_flags(series: Series) -> Flags:
    """Give SUSPECT where a gauge stands high while rain and neighbours deny it, (time, gauge)."""
    level = series.level_m
    suspect = np.zeros(level.shape, dtype=bool)
    high = level >= series.lowest_m() + HIGH_M
    raised = np.flatnonzero(high.any(axis=0))
    if raised.size == 0:
        return flags_of(suspect)
    calm, wet = _witnesses(series)
    for column, asked in zip(raised, _nearest(series, raised), strict=True):
        no = calm[:, asked].sum(axis=1)
        asks = _asked(series.rain_mm[:, column], series.step_h)
        suspect[:, column] = high[:, column] & (no >= asks) & ~wet[:, asked].any(axis=1)
    return flags_of(suspect)


def _witnesses(series: Series) -> tuple[Mask, Mask]:
    """Give which gauges say calm and which say water, (time, gauge); silent ones say neither.

    A gauge that reports only above its start level (crisis) says calm by silence; that its line may
    be down is why several must agree.
    """
    level = series.level_m
    seen = np.isfinite(level)
    newest = last_row(seen)
    age_h = (rows_of(level) - newest) * series.step_h
    fresh = (newest >= 0) & (age_h <= FRESH_H)
    now = at_rows(level, newest)
    back = np.maximum(rows_of(level) - round(RISING_H / series.step_h), 0)
    before = at_rows(now, np.broadcast_to(back, level.shape))
    rising = now - before >= RISING_M
    lowest = series.lowest_m()
    raised = now >= np.where(np.isnan(lowest), np.inf, lowest)
    crisis = np.array([bool(gauge and gauge.sensor == "crisis") for gauge in series.gauges])
    water = fresh & (rising | raised)
    quiet = fresh & ~water & np.isfinite(before)
    return quiet | (~fresh & crisis), water


def _nearest(series: Series, columns: Rows) -> list[Rows]:
    """Give the columns of the described gauges near each of `columns`, nearest first."""
    km = _km(series.gauges)
    known = np.flatnonzero(np.isfinite(km).all(axis=1))
    tree = cKDTree(km[known])
    near: list[Rows] = []
    for column in columns:
        row = known[:0]
        if np.isfinite(km[column]).all():
            _, found = tree.query(km[column], k=MOST + 1, distance_upper_bound=NEAR_KM)
            row = known[found[found < len(known)]]
        near.append(row[row != column])
    return near


def _km(gauges: Sequence[Gauge | None]) -> Numbers:
    """Give a plane position of each gauge, (gauge, 2); NaN = not known. [km]"""
    here = [(gauge.lon, gauge.lat) if gauge else (np.nan, np.nan) for gauge in gauges]
    lon, lat = np.array(here, dtype="float64").reshape(-1, 2).T
    return np.column_stack([lon * np.cos(np.radians(lat)), lat]) * KM_PER_DEGREE


def _asked(rain_mm: Numbers, step_h: float) -> Numbers:
    """Give how many neighbours must deny, (time): more where rain is unknown, none can in rain."""
    window = round(WINDOW_H / step_h)
    day = pd.Series(rain_mm).rolling(window, min_periods=max(1, window // 2)).sum()
    asked = np.where(day < DRY_MM, LEAST, np.inf)
    return np.where(day.isna(), LEAST_WITHOUT_RAIN, asked)
