"""Quantiles kept within what the river can do.

A spread that grows in proportion with rain and rise knows no end: in a flood far beyond training
its upper quantiles leave every level the valley can hold. They are bent, not cut: up to the larger
of the median and half the limit a quantile stays as it is, from there on it nears the limit and
never gets there. So they stay in order, no two become one, and a higher level keeps a smaller
chance than a lower one. Falls are bent alike. No limit lies below persistence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats

GUARDED = {
    "long_name": "forecasts kept within what the river can do",
    "flag_values": [0, 1, 2],
    "flag_meanings": "as_forecast outer_quantiles_bent forecast_cut",
}
SAME_LEVEL = 1e-9  # two limits nearer than this are one
FREE = 0.5  # of the limit: what lies within it is never bent


def within_reach(
    rises_m: Floats, median: int, lowest_m: Floats, highest_m: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Give rises (..., quantile) bent to the limits, and where any of them lay beyond a limit.

    Parameters
    ----------
    median
        The number of the quantile that stays as it is if it lies within the limits.
    lowest_m
        Deepest fall (...), <= 0. [m, or the unit of the rises]
    highest_m
        Highest rise (...), >= 0. [m, or the unit of the rises]
    """
    low, high = lowest_m[..., None], highest_m[..., None]
    beyond = (rises_m > high) | (rises_m < low)
    centre = np.clip(rises_m[..., median, None], low, high)
    bent = _bent(rises_m, np.maximum(centre, FREE * high), high)
    bent = -_bent(-bent, -np.minimum(centre, FREE * low), -low)
    return bent, np.asarray(beyond.any(axis=-1))


def guarded(cut: NDArray[np.bool_], bent: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Give 2 where the forecast went beyond what the river can do, 1 where only its band did."""
    return np.where(cut, 2, bent).astype(np.int8)


def _bent(rises: Floats, free: Floats, limit: Floats) -> Floats:
    """Give rises as they are up to `free`, from there on nearing the limit, slope 1 at first."""
    room = np.where(limit - free > SAME_LEVEL, limit - free, 0.0)
    over = np.maximum(rises - free, 0.0)
    part = np.divide(over, room, out=np.zeros_like(rises), where=room > 0)
    return np.asarray(np.minimum(rises, free) + room * -np.expm1(-part))
