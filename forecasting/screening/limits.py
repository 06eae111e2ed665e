"""Range: outside the limits of the thresholds, or far from the median of the days before.

Tests know no gauge zero: some stations read 345 m because their zero is T.P., and a zero may be
moved. Only official thresholds give absolute limits.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.screening.series import Flags, Numbers, Series, flags_of
from forecasting.types import Gauge

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
    bad[:, ~official] = np.abs(others - _past_median(others, series.step_h)) > FROM_MEDIAN_M
    return flags_of(bad, bad)


def _past_median(level_m: Numbers, step_h: float) -> Numbers:
    window = max(MEDIAN_COUNT, round(MEDIAN_DAYS * 24 / step_h))
    past = pd.DataFrame(level_m).rolling(window, min_periods=MEDIAN_COUNT).median().shift(1)
    return np.asarray(past, dtype="float64")
