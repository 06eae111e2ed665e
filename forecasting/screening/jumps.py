"""Rate: changes in one step that no river makes (BAD), and that few do (SUSPECT).

A flood is never BAD: limits lie above what rivers do (Oita 2017: +2.65 m in an hour; 都賀川 2008:
+1.34 m in 10 min [1]_), and a level that stays where it jumped to is believed after six readings
(or once its month knows it, if it jumped by more than 25 m).

Falls have a lower limit: no flood is lost by it, and the 0.00 of a lost sensor in a flood must not
be read as calm water. The fastest seen: 2.1 m in an hour (Tokachi 2016), 0.16 m in 10 min (厚東川
2023). Water that falls back to where it stood before a doubtful rise is believed: that was a spike;
and so is a level that could have come from where the water stood before a new one was believed.

References
----------
.. [1] 神戸市 都賀川水難事故調査, 2008-07-28, 10-minute stage record
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecasting.screening.limits import off_earth
from forecasting.screening.series import Flags, Mask, Numbers, Series, changes, flags_of

# A jump in one step may be a + b * hours since the last reading, hours counted up to LONGEST_H.
BAD_JUMP_M = (3.0, 5.0)
BAD_FALL_M = (1.8, 1.2)
SUSPECT_RISE_M = (1.0, 2.0)
SUSPECT_FALL_M = (0.8, 1.2)  # water falls more slowly than it rises
LONGEST_H, LONGEST_FALL_H = 3.0, 24.0
RESUMES_H = 6.0
BACK_M = 0.5  # so near to the level before a doubtful rise is back
BELIEVED_AFTER = 6  # readings at the new level
BELIEVED_FALL_H = 3.0  # and so long at one that is lower


def jump_flags(series: Series, unbelieved: Mask | None = None) -> Flags:
    """Give BAD and SUSPECT by the change since the last believable reading, (time, gauge).

    A BAD reading is not the base of the next one, unless the level stays at the new place.

    Parameters
    ----------
    unbelieved
        Readings that another test refused: passed over, (time, gauge).
    """
    level = np.where(off_earth(series.level_m), np.nan, series.level_m)
    if unbelieved is not None:
        level = np.where(unbelieved, np.nan, level)
    change, hours = changes(level, np.isfinite(level), series.step_h)
    bad, believed = np.zeros((2, *level.shape), dtype=bool)
    for column in np.flatnonzero(~_possible(change, hours).all(axis=0)):
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
    possible = _possible(np.diff(level), np.diff(hour))
    base, stays = 0, 0
    low, risen = np.nan, -BELIEVED_AFTER  # the level before the last doubtful rise, and its end
    left: int | None = None  # the last reading before those refused last
    for here in range(1, len(seen)):
        change, hours = level[here] - level[base], hour[here] - hour[base]
        back = here - risen <= BELIEVED_AFTER and abs(level[here] - low) <= BACK_M
        if left is not None:
            back |= _resumes(level[here] - level[left], hour[here] - hour[left])
        if back or _possible(change, hours):
            if change > _allowed(SUSPECT_RISE_M, hours):
                low, risen = level[base], here
            base, stays, left = here, 0, base if stays else left
            continue
        stays = stays + 1 if stays and possible[here - 1] else 1
        if stays < BELIEVED_AFTER or (change < 0 and hours < BELIEVED_FALL_H - 1e-9):
            bad[seen[here]] = True
        else:
            believed[seen[here]] = True
            base, stays, left = here, 0, base
    return bad, believed


def _resumes(change_m: float, hours: float) -> bool:
    """Tell whether a level goes on from one of some hours before, as if nothing came between."""
    if hours > RESUMES_H:
        return False
    rise, fall = _allowed(SUSPECT_RISE_M, hours), _allowed(SUSPECT_FALL_M, hours)
    return bool(-fall <= change_m <= rise)


def _possible(change_m: npt.ArrayLike, hours: npt.ArrayLike) -> Mask:
    """Tell which changes water can make; so it is where there is none (NaN)."""
    change: Numbers = np.asarray(change_m, dtype="float64")
    fall = _allowed(BAD_FALL_M, hours, LONGEST_FALL_H)
    falls = np.minimum(fall, _allowed(BAD_JUMP_M, LONGEST_H))
    possible: Mask = ~((change > _allowed(BAD_JUMP_M, hours)) | (-change > falls))
    return possible


def _allowed(
    limit_m: tuple[float, float], hours: npt.ArrayLike, longest_h: float = LONGEST_H
) -> Numbers:
    counted: Numbers = np.minimum(np.asarray(hours, dtype="float64"), longest_h)
    return limit_m[0] + limit_m[1] * counted
