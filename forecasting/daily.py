"""Gauges that report once a day in calm and often in high water (危機管理型水位計 and the like).

A level hours old is a start of their forecasts as long as that is usual for them. Their archive
tells more of rises than of calm: what is not reported was low. Learning only from what came would
teach that an old level is followed by a rise, so that calm hours between two reports are learned
as lying on the line between them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.datum import Floats

OLDEST_H = 4.0  # of any gauge, a level older than this is no start of a forecast
DAILY_H = 25.0  # of a gauge that reports once a day
WINDOW_H = 14 * 24.0
ENOUGH_H = 50.0  # so many hours of the window with a level of such an age tell such a gauge


def reports_daily(age_h: Floats, step_h: float) -> NDArray[np.bool_]:
    """Tell the times (time) at which an old level is usual; `age_h` is NaN where it is too old."""
    old = (age_h > OLDEST_H) & (age_h <= DAILY_H)
    count = np.concatenate([[0], np.cumsum(old)])
    first = np.maximum(np.arange(1, len(old) + 1) - round(WINDOW_H / step_h), 0)
    return np.asarray((count[1:] - count[first]) * step_h >= ENOUGH_H)


def between_reports(level_m: Floats, step_h: float) -> Floats:
    """Give the levels (time) to learn from: of such a gauge, straight lines between its reports."""
    rows = np.arange(len(level_m))
    seen = np.isfinite(level_m)
    if not seen.any():
        return level_m
    last = np.maximum.accumulate(np.where(seen, rows, -1))
    coming = np.minimum.accumulate(np.where(seen, rows, len(rows))[::-1])[::-1]
    age_h = np.where(last >= 0, (rows - last) * step_h, np.nan)
    gap_h = np.where((last >= 0) & (coming < len(rows)), (coming - last) * step_h, np.inf)
    quiet = ~seen & (gap_h > OLDEST_H) & (gap_h <= DAILY_H) & reports_daily(age_h, step_h)
    line = pd.Series(level_m).interpolate(limit_area="inside").to_numpy()
    return np.where(quiet, line, level_m)
