"""Rate: changes in one step that no river makes (BAD), and that few do (SUSPECT).

A flood is never BAD: limits lie above what rivers do (Oita 2017: +2.65 m in an hour; 都賀川 2008:
+1.34 m in 10 min [1]_), and a level that stays where it jumped to is believed after six readings
(or once its month knows it, if it jumped by more than 25 m).

References
----------
.. [1] 神戸市 都賀川水難事故調査, 2008-07-28, 10-minute stage record
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecasting.screening.series import Flags, Mask, Numbers, Series, changes, flags_of

# A jump in one step may be a + b * hours since the last reading, hours counted up to LONGEST_H.
BAD_JUMP_M = (3.0, 5.0)
SUSPECT_RISE_M = (1.0, 2.0)
SUSPECT_FALL_M = (0.8, 1.2)  # water falls more slowly than it rises
LONGEST_H = 3.0
BELIEVED_AFTER = 6  # readings at the new level


def jump_flags(series: Series, unbelieved: Mask | None = None) -> Flags:
    """Give BAD and SUSPECT by the change since the last believable reading, (time, gauge).

    A BAD reading is not the base of the next one, unless the level stays at the new place.

    Parameters
    ----------
    unbelieved
        Readings that another test refused: passed over, (time, gauge).
    """
    level = series.level_m if unbelieved is None else np.where(unbelieved, np.nan, series.level_m)
    change, hours = changes(level, np.isfinite(level), series.step_h)
    bad, believed = np.zeros((2, *level.shape), dtype=bool)
    for column in np.flatnonzero((np.abs(change) > _allowed(BAD_JUMP_M, hours)).any(axis=0)):
        bad[:, column], believed[:, column] = _impossible(level[:, column], series.step_h)
    if bad.any():
        change, hours = changes(level, np.isfinite(level) & ~bad, series.step_h)
    suspect = (change > _allowed(SUSPECT_RISE_M, hours)) | (
        -change > _allowed(SUSPECT_FALL_M, hours)
    )
    return flags_of(suspect | believed, bad)


def _impossible(level_m: Numbers, step_h: float) -> tuple[Mask, Mask]:
    """Give the readings after an impossible jump, and those where a new level is believed."""
    bad, believed = np.zeros((2, len(level_m)), dtype=bool)
    seen = np.flatnonzero(~np.isnan(level_m))
    level, hour = level_m[seen], seen * step_h
    possible = np.abs(np.diff(level)) <= _allowed(BAD_JUMP_M, np.diff(hour))
    first = 1 + int(np.argmin(possible)) if not possible.all() else len(seen)
    base, stays = first - 1, 0
    for here in range(first, len(seen)):
        if abs(level[here] - level[base]) <= _allowed(BAD_JUMP_M, hour[here] - hour[base]):
            base, stays = here, 0
            continue
        stays = stays + 1 if stays and possible[here - 1] else 1
        if stays < BELIEVED_AFTER:
            bad[seen[here]] = True
        else:
            believed[seen[here]] = True
            base, stays = here, 0
    return bad, believed


def _allowed(limit_m: tuple[float, float], hours: npt.ArrayLike) -> Numbers:
    counted: Numbers = np.minimum(np.asarray(hours, dtype="float64"), LONGEST_H)
    return limit_m[0] + limit_m[1] * counted
