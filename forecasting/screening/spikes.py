"""Spike: one or two readings that leave and come back at once; looks ahead."""

from __future__ import annotations

import numpy as np

from forecasting.screening.limits import off_earth
from forecasting.screening.series import Flags, Series, flags_of

SPIKE_SUSPECT_M, SPIKE_BAD_M, SPIKE_RETURN = 0.5, 2.0, 0.2
WIDEST = 2  # readings; three are a small flood of its own


def spike_flags(series: Series) -> Flags:
    """Give flags of readings far from both neighbours, (time, gauge); only in hindsight.

    Of two together both must be as far on the same side.
    """
    level = np.where(off_earth(series.level_m), np.nan, series.level_m)
    suspect, bad = np.zeros((2, *level.shape), dtype=bool)
    for width in range(1, WIDEST + 1) if series.hindsight else ():
        if len(level) < width + 2:
            break
        before, after = level[: -width - 1], level[width + 1 :]
        parts = [level[1 + place : len(level) - width + place] for place in range(width)]
        above = np.stack([part - (before + after) / 2 for part in parts])
        one_side = (above > 0).all(axis=0) | (above < 0).all(axis=0)
        height = np.abs(above).min(axis=0)
        returns = one_side & (np.abs(after - before) <= SPIKE_RETURN * height)
        for place in range(width):
            rows = slice(1 + place, len(level) - width + place)
            suspect[rows] |= returns & (height > SPIKE_SUSPECT_M * width)
            bad[rows] |= returns & (height > SPIKE_BAD_M)
    return flags_of(suspect, bad)
