"""Storages that rain fills and that run out by themselves: what a tank model remembers.

Each storage is a cascade of two equal linear ones: rain fills the upper, the upper drains into the
lower, the lower into the river. Half-lives from 45 minutes to 36 hours lie side by side. A second
set is filled by rain times the wetness of the ground: the wetter, the more of it runs off. Old rain
is cut off after `MEMORY_H`, so that a value depends on a known stretch of rain and on nothing else.
"""

from __future__ import annotations

import numpy as np

from forecasting.features import Floats, decayed_sum, lagged

HALF_LIVES_H = (0.75, 2.0, 5.0, 12.0, 36.0)
MEMORY_H = 10 * 24.0
WET_HALF_LIFE_H = 120.0
WET_MM = 100.0  # decayed rain of this size lets all new rain run off
MOST_WET = 2.0
SETS = ("rain", "wet")  # filled by rain; by rain times wetness


def store_names(half: str) -> tuple[str, ...]:
    """Give the feature names of the `upper` or `lower` storages, in order."""
    return tuple(f"store_{one}_{h:g}h_{half}_mm" for one in SETS for h in HALF_LIVES_H)


def store_columns(rain_mm: Floats, step_h: float) -> dict[str, Floats]:
    """Give what lies in each storage at the end of each interval (time). [mm]

    NaN while too much of the recent rain is missing; `runoff_share` is the wetness (time) that new
    rain is multiplied with in the second set.
    """
    wetness = decayed_sum(rain_mm, 0.5 ** (step_h / WET_HALF_LIFE_H), round(14 * 24 / step_h))
    before = lagged(np.nan_to_num(wetness), 1)
    share = np.minimum(np.nan_to_num(before) / WET_MM, MOST_WET)
    known = np.isfinite(decayed_sum(rain_mm, 0.5 ** (step_h / 6.0), round(48 / step_h)))
    columns = {"runoff_share": np.minimum(np.nan_to_num(wetness) / WET_MM, MOST_WET)}
    memory = round(MEMORY_H / step_h)
    filled = np.nan_to_num(rain_mm)
    upper, lower = [], []
    for rain in (filled, filled * share):
        for half_life_h in HALF_LIVES_H:
            pair = _cascade(rain, decay(half_life_h, step_h), memory)
            upper.append(np.where(known, pair[0], np.nan))
            lower.append(np.where(known, pair[1], np.nan))
    columns |= dict(zip(store_names("upper"), upper, strict=True))
    return columns | dict(zip(store_names("lower"), lower, strict=True))


def decay(half_life_h: float, step_h: float) -> float:
    """Give the share that a storage keeps over one step."""
    return float(0.5 ** (step_h / half_life_h))


def recession(steps: int, step_h: float) -> tuple[Floats, Floats]:
    """Give how much of (upper, lower) is in each lower storage `steps` later without rain."""
    kept = np.array([decay(h, step_h) for h in HALF_LIVES_H] * len(SETS))
    return (1 - kept) * steps * kept**steps, kept**steps


def response(steps: int, step_h: float) -> Floats:
    """Give the share (step, store) of rain in each step ahead that ends in the lower storages."""
    kept = np.array([decay(h, step_h) for h in HALF_LIVES_H])
    after = np.arange(steps - 1, -1, -1)[:, None]  # steps left when the rain has fallen
    return np.asarray((1 - kept) * (after + 1) * kept**after)


def _cascade(rain: Floats, kept: float, memory: int) -> tuple[Floats, Floats]:
    """Give (upper, lower) of a cascade that forgets rain older than `memory` steps.

    The lower one holds sum over j of (1 - kept) (j + 1) kept^j rain(t - j).
    """
    from scipy.signal import lfilter  # late: its import takes half a second

    upper = np.asarray(lfilter([1.0], [1.0, -kept], rain))
    lower = np.asarray(lfilter([1.0], [1.0, -kept], upper))
    old_upper = np.nan_to_num(lagged(upper, memory))
    old_lower = np.nan_to_num(lagged(lower, memory))
    cut = kept**memory
    return upper - cut * old_upper, (1 - kept) * (lower - cut * (old_lower + memory * old_upper))
