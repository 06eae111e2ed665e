"""Range: outside the limits of the thresholds, or far from the median of the days before.

Tests know no gauge zero: some stations read 345 m because their zero is T.P., and a zero may be
moved. Only official thresholds, and the heights of the land, give absolute limits.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.screening.series import Flags, Mask, Numbers, Series, flags_of
from forecasting.types import Gauge

EARTH_M = (-50.0, 4000.0)  # no water of Japan lies there, whatever its zero: -9999, 9999, 32767
PLAUSIBLE_M = (-20.0, 60.0)  # above gauge zero, where no threshold is known
THRESHOLD_MARGIN_M = 20.0
FROM_MEDIAN_M, MEDIAN_DAYS, MEDIAN_COUNT = 25.0, 30, 24


def level_limits(gauge: Gauge) -> tuple[float, float]:
    """Give the lowest and highest possible level of a gauge. [m above gauge zero]"""
    levels = [level for _, level in gauge.thresholds.items()]
    if not levels:
        return PLAUSIBLE_M
    return levels[0] - THRESHOLD_MARGIN_M, levels[-1] + THRESHOLD_MARGIN_M


def range_flags(series: Series) -> Flags:
    """Give BAD outside the limits, (time, gauge)."""
    official = np.array([bool(gauge and gauge.thresholds.items()) for gauge in series.gauges])
    bad = np.zeros(series.level_m.shape, dtype=bool)
    for column in np.flatnonzero(official):
        gauge = series.gauges[column]
        low, high = level_limits(gauge) if gauge else PLAUSIBLE_M
        level = series.level_m[:, column]
        bad[:, column] = (level < low) | (level > high)
    others = series.level_m[:, ~official]
    bad[:, ~official] = np.abs(others - past_median(others, series.step_h)) > FROM_MEDIAN_M
    bad |= off_earth(series.level_m)
    return flags_of(bad, bad)


def off_earth(level_m: Numbers) -> Mask:
    """Tell which numbers are no height of water whatever the zero: marks of missing values."""
    off: Mask = (level_m < EARTH_M[0]) | (level_m > EARTH_M[1])
    return off


def past_median(level_m: Numbers, step_h: float) -> Numbers:
    """Give the median of the month before each reading, NaN if it has few, (time, gauge)."""
    window = max(MEDIAN_COUNT, round(MEDIAN_DAYS * 24 / step_h))
    past = pd.DataFrame(level_m).rolling(window, min_periods=MEDIAN_COUNT).median().shift(1)
    return np.asarray(past, dtype="float64")
