"""Spike: a single reading that leaves and comes back at once; looks one step ahead."""

from __future__ import annotations

import numpy as np

from forecasting.screening.series import Flags, Series, flags_of

SPIKE_SUSPECT_M, SPIKE_BAD_M, SPIKE_RETURN = 0.5, 2.0, 0.2


def spike_flags(series: Series) -> Flags:
    """Give flags of single readings far from both neighbours, (time, gauge); only in hindsight."""
    level = series.level_m
    if not series.hindsight or len(level) < 3:
        return flags_of(np.zeros(level.shape, dtype=bool))
    before, after = np.full((2, *level.shape), np.nan)
    before[1:], after[:-1] = level[:-1], level[1:]
    height = np.abs(level - (before + after) / 2)
    returns = np.abs(after - before) <= SPIKE_RETURN * height
    return flags_of(returns & (height > SPIKE_SUSPECT_M), returns & (height > SPIKE_BAD_M))
