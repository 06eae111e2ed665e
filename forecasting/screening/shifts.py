"""Datum shift: a jump between two flat stretches, the gauge's zero has moved."""

from __future__ import annotations

import numpy as np

from forecasting.datum import LEAST_M, datum_shifts
from forecasting.screening.series import Flags, Series, changes, flags_of


def shift_flags(series: Series) -> Flags:
    """Give SUSPECT to the readings from a jump of the zero until it is known, (time, gauge).

    In hindsight the reading of the jump alone is marked. Forecasts skip the jump by themselves.
    """
    level = series.level_m
    suspect = np.zeros(level.shape, dtype=bool)
    change, _ = changes(level, np.isfinite(level), series.step_h)
    for column in np.flatnonzero((np.abs(change) >= LEAST_M).any(axis=0)):
        for shift in datum_shifts(level[:, column], series.step_h):
            suspect[shift.row if series.hindsight else shift.known, column] = True
    return flags_of(suspect)
