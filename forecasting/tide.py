"""The tide at a gauge: whether its level keeps time with moon and sun, and what it then reads.

Near the sea, and below a barrage that opens with the tide, a level rises and falls twice a day
without rain. The sum of sines of the six largest constituents [1]_ is known for any time ahead.

.. [1] Periods: Pugh and Woodworth (2014), Sea-Level Science, table 4.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats, lagged

PERIODS_H = (12.4206, 12.0, 12.6583, 23.9345, 25.8193, 24.0)  # M2, S2, N2, K1, O1 and the day
TIDE = tuple(f"tide_{h:g}h_{part}" for h in PERIODS_H for part in ("sin", "cos"))
OVER_H = 3.0  # the changes that are asked for a tide
QUIET = 0.95  # of the changes, by size: the others are floods
LEAST_DAYS = 60.0  # of known changes; in less, M2 and N2 cannot be told apart
LEAST_SHARE = 0.03  # of the variance of changes not seen that a tide tells
Times = NDArray[np.datetime64]


def tide_rises(times: Times, lead_h: Floats) -> Floats:
    """Give how each sine and cosine of `TIDE` changes over the lead (row), (row, column)."""
    turn = 2 * np.pi / np.array(PERIODS_H)
    now = _hours(times)[:, None] * turn
    then = lead_h[:, None] * turn
    less, more = np.cos(then) - 1, np.sin(then)
    sines = np.sin(now) * less + np.cos(now) * more
    cosines = np.cos(now) * less - np.sin(now) * more
    return np.stack([sines, cosines], axis=2).reshape(len(now), -1)


def tide_now(times: Times) -> Floats:
    """Give the sines and cosines (row, column): a line on them tells any lead's change."""
    turned = _hours(times)[:, None] * (2 * np.pi / np.array(PERIODS_H))
    return np.hstack([np.sin(turned), np.cos(turned)])


def is_tidal(level_m: Floats, times: Times) -> bool:
    """Tell whether sines learned from each half of the levels (time) tell the other half."""
    step_h = float((times[1] - times[0]) / np.timedelta64(1, "s")) / 3600 if len(times) > 1 else 1.0
    steps = max(round(OVER_H / step_h), 1)
    change_m = lagged(level_m, -steps) - level_m
    size = np.abs(change_m)
    known = np.isfinite(size)
    if known.sum() * step_h < LEAST_DAYS * 24:
        return False
    rows = np.flatnonzero(known & (size <= np.quantile(size[known], QUIET)))
    sines = tide_rises(times[rows], np.full(len(rows), steps * step_h))
    first = np.arange(len(rows)) < len(rows) // 2
    wanted = change_m[rows] - change_m[rows].mean()
    left = 0.0
    for seen in (first, ~first):
        weights = np.linalg.lstsq(sines[seen], wanted[seen], rcond=None)[0]
        left += float(((wanted[~seen] - sines[~seen] @ weights) ** 2).sum())
    return left < (1 - LEAST_SHARE) * float((wanted**2).sum())


def _hours(times: Times) -> Floats:
    return np.asarray((times - np.datetime64("2000-01-01")) / np.timedelta64(1, "s") / 3600.0)
