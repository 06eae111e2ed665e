"""The recent past of many gauges as one small table, and the features it gives.

A row is one gauge at one time: in training the rows are all times of a gauge, in a cycle they are
all gauges of the country. The same function makes the features of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from forecasting.features import (
    MEAN_RAIN_WINDOWS,
    MEMORY_H,
    OWN_LAGS,
    PRESENT_SHARE,
    USABLE,
    WETNESS_HALF_LIVES_H,
    Floats,
    decayed_sum,
    good_levels,
    max_age_steps,
    rain_gauges_of,
)
from forecasting.types import Gauge, Observations, step_of

UPSTREAM_LAGS = (1, 2, 3, 6, 12)  # steps
LEVEL_STEPS = max(OWN_LAGS) + 1
RAIN_STEPS = max(MEAN_RAIN_WINDOWS)
BASE_LEAST_H = 24  # a base is told from so many hours at least
OWN = tuple(f"rise_{lag}" for lag in OWN_LAGS)
UPSTREAM = tuple(f"upstream_rise_{lag}" for lag in UPSTREAM_LAGS)
RAIN = tuple(f"rain_{steps}_mm" for steps in MEAN_RAIN_WINDOWS)
WETNESS = tuple(f"wetness_{half_life_h:g}h_mm" for half_life_h in WETNESS_HALF_LIVES_H)
STATIC = ("log_scale", "flashiness")
NAMES = ("age_h", *OWN, "bend", *UPSTREAM, *RAIN, *WETNESS, *STATIC, "above_base")
LEAST_SCALE_M = 0.01


@dataclass(frozen=True)
class Window:
    """What is known of each row at its time; the newest step is the last column.

    `level_m` (row, 37 steps), `upstream_m` (row, 37 steps) the mean level of the gauges directly
    upstream, `rain_mm` (row, 48 steps) the mean of the row's rain gauges, `base_m` (row) the median
    level of 14 days, `wetness_mm` (row, half-life). NaN = missing.
    """

    step_h: float
    level_m: Floats
    upstream_m: Floats
    rain_mm: Floats
    base_m: Floats
    wetness_mm: Floats

    def rows(self, chosen: NDArray[np.intp] | slice) -> Window:
        """Give some rows."""
        tables = (self.level_m, self.upstream_m, self.rain_mm, self.base_m, self.wetness_mm)
        return Window(self.step_h, *(table[chosen] for table in tables))

    def last(self) -> tuple[Floats, Floats]:
        """Give the last good level [m] and its age [steps], NaN where it is too old."""
        level = np.full(len(self.level_m), np.nan)
        age = np.full(len(self.level_m), np.nan)
        for steps in range(max_age_steps(self.step_h) + 1):
            column = self.level_m[:, -1 - steps]
            here = np.isnan(level) & np.isfinite(column)
            level[here], age[here] = column[here], steps
        return level, age


@dataclass(frozen=True)
class Scale:
    """How much and how fast each row's gauge moves: its levels are told in units of `scale_m`."""

    scale_m: Floats  # the 99 % quantile of its changes over 6 steps
    flashiness: Floats  # the same over 1 step, as a share of it


def joined(windows: Sequence[Window]) -> Window:
    """Give the rows of several windows of one time step below each other."""
    names = ("level_m", "upstream_m", "rain_mm", "base_m", "wetness_mm")
    tables = [np.concatenate([getattr(one, name) for one in windows]) for name in names]
    return Window(windows[0].step_h, *tables)


def window_of(observations: Observations, gauge_id: str, gauges: Sequence[Gauge]) -> Window:
    """Give one row per time of a gauge; the long tables are views of its series."""
    step_h = float(step_of(observations) / np.timedelta64(3600, "s"))
    level = good_levels(observations, gauge_id)
    named = {gauge.gauge_id: gauge for gauge in gauges}
    above = [good_levels(observations, one) for one in named[gauge_id].upstream]
    upstream = np.mean(above, axis=0) if above else np.full(len(level), np.nan)
    rain = _mean_rain(observations, rain_gauges_of(gauge_id, gauges))
    memory = round(MEMORY_H / step_h)
    decays = [0.5 ** (step_h / half_life_h) for half_life_h in WETNESS_HALF_LIVES_H]
    least = round(BASE_LEAST_H / step_h)
    base = np.asarray(pd.Series(level).rolling(memory, min_periods=least).median(), dtype=float)
    return Window(
        step_h,
        _past(level, LEVEL_STEPS),
        _past(upstream, LEVEL_STEPS),
        _past(rain, RAIN_STEPS),
        base,
        np.column_stack([decayed_sum(rain, decay, memory) for decay in decays]),
    )


def scale_of(level_m: Floats) -> tuple[float, float]:
    """Give `scale_m` and `flashiness` of a gauge from its series of good levels."""
    sizes = []
    for steps in (6, 1):
        change = np.abs(level_m[steps:] - level_m[:-steps])
        change = change[np.isfinite(change)]
        sizes.append(float(np.quantile(change, 0.99)) if len(change) else 0.0)
    scale_m = max(sizes[0], LEAST_SCALE_M)
    return scale_m, min(max(sizes[1] / scale_m, 0.01), 1.0)


def window_features(window: Window, scale: Scale) -> NDArray[np.float32]:
    """Give the features (row, `NAMES`), levels in units of the row's scale."""
    last, age = window.last()
    rises = _rises(window.level_m, last, age, OWN_LAGS)
    upstream = window.upstream_m
    above = _rises(upstream, upstream[:, -1], np.zeros(len(upstream)), UPSTREAM_LAGS)
    levels = [*rises, 2 * rises[0] - rises[1], *above]
    values = np.empty((len(last), len(NAMES)), dtype=np.float32)
    values[:, 0] = age * window.step_h
    for number, column in enumerate(levels, start=1):
        values[:, number] = column / scale.scale_m
    after = 1 + len(levels)
    rest = [*_rain_sums(window.rain_mm), *window.wetness_mm.T]
    rest += [np.log(scale.scale_m), scale.flashiness, (last - window.base_m) / scale.scale_m]
    values[:, after:] = np.column_stack(rest)
    return values


def _rises(level: Floats, last: Floats, age: Floats, lags: Sequence[int]) -> list[Floats]:
    return [np.where(age >= lag, np.nan, last - level[:, -1 - lag]) for lag in lags]


def _rain_sums(rain_mm: Floats) -> list[Floats]:
    """Give the sum of the last steps [mm] per window; few gaps are scaled up, many give NaN."""
    newest_first = rain_mm[:, ::-1]
    present = np.isfinite(newest_first)
    total = np.cumsum(np.where(present, newest_first, 0.0), axis=1)
    known = np.cumsum(present, axis=1)
    sums = []
    for steps in MEAN_RAIN_WINDOWS:
        count = known[:, steps - 1]
        scaled = total[:, steps - 1] * steps / np.maximum(count, 1)
        sums.append(np.where(count >= PRESENT_SHARE * steps, scaled, np.nan).round(4))
    return sums


def _mean_rain(observations: Observations, named: Sequence[str]) -> Floats:
    names = named or [str(name) for name in observations["rain_gauge"].values]
    there = [name for name in names if name in observations["rain_gauge"].values]
    if not there:
        return np.full(observations.sizes["time"], np.nan)
    chosen = observations[["rain_mm", "rain_flag"]].sel(rain_gauge=there)
    usable = np.isin(chosen["rain_flag"].values, USABLE) & np.isfinite(chosen["rain_mm"].values)
    total = np.where(usable, chosen["rain_mm"].values, 0.0).sum(axis=1)
    count = usable.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _past(series: Floats, steps: int) -> Floats:
    padded = np.concatenate([np.full(steps - 1, np.nan), series])
    return np.asarray(sliding_window_view(padded, steps))
