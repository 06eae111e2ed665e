"""Which readings can be believed: range, jump, spike and flat-line tests in QARTOD flags.

Values are kept, flags are only raised. By default the flag of a reading depends on readings up to
its own time, as at the desk; `hindsight=True` cleans an archive and also looks one step ahead.
Tests know no gauge zero: some stations read 345 m because their zero is T.P., and a zero may be
moved. A level is held against its own past; only official thresholds give absolute limits.

A flood is never BAD: limits lie above what rivers do (Oita 2017: +2.65 m in an hour; 都賀川 2008:
+1.34 m in 10 min [1]_), and a level that stays where it jumped to is believed after six readings
(or once its month knows it, if it jumped by more than 25 m).

References
----------
.. [1] 神戸市 都賀川水難事故調査, 2008-07-28, 10-minute stage record
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.types import (
    BAD,
    GOOD,
    MISSING,
    NOT_EVALUATED,
    SUSPECT,
    Gauge,
    Observations,
    check_observations,
    step_of,
)

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
SEVERITY = (NOT_EVALUATED, GOOD, SUSPECT, BAD, MISSING)  # least first

PLAUSIBLE_M = (-20.0, 60.0)  # above gauge zero, where no threshold is known
THRESHOLD_MARGIN_M = 20.0
FROM_MEDIAN_M, MEDIAN_DAYS, MEDIAN_COUNT = 25.0, 30, 24
# A jump in one step may be a + b * hours since the last reading, hours counted up to LONGEST_H.
BAD_JUMP_M = (3.0, 5.0)
SUSPECT_RISE_M = (1.0, 2.0)
SUSPECT_FALL_M = (0.8, 1.2)  # water falls more slowly than it rises
LONGEST_H = 3.0
BELIEVED_AFTER = 6  # readings at the new level
SPIKE_SUSPECT_M, SPIKE_BAD_M, SPIKE_RETURN = 0.5, 2.0, 0.2
FLAT_SUSPECT_H = 14 * 24.0
FLAT_RAIN_H, FLAT_RAIN_SUSPECT_MM, FLAT_RAIN_BAD_MM = 6.0, 30.0, 80.0
# Japan: 187 mm in an hour (長与 1982), 50 mm in 10 min (室谷 2011, 熊谷 2020).
MOST_RAIN_MM_PER_H, MOST_RAIN_MM_PER_10_MIN = 300.0, 60.0


def flag(
    observations: Observations, gauges: Sequence[Gauge], *, hindsight: bool = False
) -> Observations:
    """Give the observations with flags raised where a reading fails a test; values are kept.

    Parameters
    ----------
    gauges
        Their thresholds limit the range, their rain gauges say when a flat line is a stuck one.
        A gauge of the observations that is not here is held against its own past alone.
    hindsight
        Also use readings after the flagged one (spikes; the whole of a flat line). Never for
        forecasts: only for looking at archives.
    """
    known = {gauge.gauge_id: gauge for gauge in gauges}
    step_h = float(step_of(observations) / np.timedelta64(1, "s")) / 3600
    levels, rain = observations["level_m"].values, observations["rain_mm"].values
    most_mm = most_rain_mm(step_h)
    rain_flag = np.where((rain < 0) | (rain > most_mm), BAD, GOOD).astype("int8")
    believed = pd.DataFrame(
        np.where(rain_flag == BAD, np.nan, rain), columns=observations["rain_gauge"].values
    )
    level_flag = np.full(levels.shape, GOOD, dtype="int8")
    for column, gauge_id in enumerate(observations["gauge"].values):
        gauge = known.get(str(gauge_id))
        names = [name for name in (gauge.rain_gauges if gauge else ()) if name in believed]
        mean_rain = believed[names].mean(axis=1).to_numpy()
        level_flag[:, column] = _level_flags(
            levels[:, column], mean_rain, gauge, step_h, hindsight=hindsight
        )
    flagged = observations.copy()
    for name, values, found in (("level", levels, level_flag), ("rain", rain, rain_flag)):
        before = flagged[f"{name}_flag"]
        missing = np.where(np.isnan(values), MISSING, GOOD).astype("int8")
        flagged[f"{name}_flag"] = before.copy(data=worst(before.values, found, missing))
    return check_observations(flagged)


def good(observations: Observations) -> Observations:
    """Give the observations with NaN where the flag is BAD or MISSING, for a model to use."""
    usable = observations.copy()
    for variable, name in (("level_m", "level_flag"), ("rain_mm", "rain_flag")):
        usable[variable] = usable[variable].where(~usable[name].isin([BAD, MISSING]))
    return check_observations(usable)


def level_limits(gauge: Gauge) -> tuple[float, float]:
    """Give the lowest and highest possible level of a gauge. [m above gauge zero]"""
    levels = [level for _, level in gauge.thresholds.items()]
    if not levels:
        return PLAUSIBLE_M
    return levels[0] - THRESHOLD_MARGIN_M, levels[-1] + THRESHOLD_MARGIN_M


def most_rain_mm(step_h: float) -> float:
    """Give the most rain that may fall in a step, well above the records. [mm per step]"""
    return max(MOST_RAIN_MM_PER_10_MIN, MOST_RAIN_MM_PER_H * step_h)


def worst(*flags: Flags) -> Flags:
    """Give the most severe of several flags: missing, bad, suspect, good, not evaluated."""
    rank = np.zeros(max(SEVERITY) + 1, dtype="int8")
    rank[list(SEVERITY)] = range(len(SEVERITY))
    highest = np.max(np.stack([rank[one] for one in flags]), axis=0)
    severe: Flags = np.array(SEVERITY, dtype="int8")[highest]
    return severe


def _level_flags(
    level_m: Numbers, rain_mm: Numbers, gauge: Gauge | None, step_h: float, *, hindsight: bool
) -> Flags:
    tests = [
        _range(level_m, gauge, step_h),
        _flat(level_m, rain_mm, step_h, hindsight=hindsight),
    ]
    if hindsight:
        tests.append(_spike(level_m))
        level_m = np.where(tests[-1] == BAD, np.nan, level_m)
    return worst(*tests, _jump(level_m, step_h))


def _flags(suspect: Mask, bad: Mask) -> Flags:
    return np.where(bad, BAD, np.where(suspect, SUSPECT, GOOD)).astype("int8")


def _range(level_m: Numbers, gauge: Gauge | None, step_h: float) -> Flags:
    """Give BAD outside the thresholds' limits, or far from the median of the days before."""
    if gauge is not None and gauge.thresholds.items():
        low, high = level_limits(gauge)
        bad = (level_m < low) | (level_m > high)
    else:
        window = max(MEDIAN_COUNT, round(MEDIAN_DAYS * 24 / step_h))
        past = pd.Series(level_m).rolling(window, min_periods=MEDIAN_COUNT).median().shift(1)
        bad = np.abs(level_m - past.to_numpy()) > FROM_MEDIAN_M
    return _flags(np.zeros_like(bad), bad)


def _jump(level_m: Numbers, step_h: float) -> Flags:
    """Give BAD for a jump that no river makes, SUSPECT for one that few do.

    A BAD reading is not the base of the next one, unless the level stays at the new place.
    """
    bad, believed = _impossible(level_m, step_h)
    seen = np.flatnonzero(~np.isnan(level_m) & ~bad)
    change, hours = np.diff(level_m[seen]), np.diff(seen) * step_h
    suspect = np.zeros(len(level_m), dtype=bool)
    suspect[seen[1:]] = (change > _allowed(SUSPECT_RISE_M, hours)) | (
        -change > _allowed(SUSPECT_FALL_M, hours)
    )
    return _flags(suspect | believed, bad)


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


def _spike(level_m: Numbers) -> Flags:
    """Give flags for a single reading that leaves and comes back at once; looks one step ahead."""
    before, after = np.roll(level_m, 1), np.roll(level_m, -1)
    before[:1], after[-1:] = np.nan, np.nan
    height = np.abs(level_m - (before + after) / 2)
    returns = np.abs(after - before) <= SPIKE_RETURN * height
    return _flags(returns & (height > SPIKE_SUSPECT_M), returns & (height > SPIKE_BAD_M))


def _flat(level_m: Numbers, rain_mm: Numbers, step_h: float, *, hindsight: bool) -> Flags:
    """Give flags for a level that does not move for very long, or while much rain falls."""
    level, rain = pd.Series(level_m), pd.Series(rain_mm).fillna(0.0)
    run = (level != level.shift(1)).cumsum()  # NaN differs from NaN: a gap ends a run
    length_h = level.groupby(run).cumcount() * step_h
    fallen = rain.groupby(run).cumsum() - rain.groupby(run).transform("first")
    if hindsight:
        length_h = length_h.groupby(run).transform("last")
        fallen = fallen.groupby(run).transform("last")
    wet = length_h >= FLAT_RAIN_H
    suspect = (length_h >= FLAT_SUSPECT_H) | (wet & (fallen >= FLAT_RAIN_SUSPECT_MM))
    bad = wet & (fallen >= FLAT_RAIN_BAD_MM)
    return _flags(suspect.to_numpy(), bad.to_numpy())
