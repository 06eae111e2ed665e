"""What the mixed model reads at each issue time: features, storages and rain ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.daily import DAILY_H, OLDEST_H, reports_daily
from forecasting.datum import across_shifts
from forecasting.features import (
    OWN_LAGS,
    Design,
    Floats,
    design,
    good_levels,
    lagged,
    last_good,
    mean_rain,
)
from forecasting.stores import store_columns, store_names
from forecasting.types import Gauge, Observations, step_of

LOW_WINDOW_H = 14 * 24.0
LOW_QUANTILE = 0.1  # of that window: the level between floods
BESIDE_FEATURES = (
    "upper", "lower", "runoff_share", "above_low_m", "ahead_mm", "ahead_spread_mm",
)  # fmt: skip


@dataclass(frozen=True)
class Inputs:
    """Everything known at each time about one gauge.

    `upper`, `lower` (time, store) [mm]; `runoff_share` (time); `above_low_m` (time) is the last
    level above the low level of two weeks; `ahead_mm` (time, step) is the forecast rain of each
    step ahead, mean of members and rain gauges, and `ahead_spread_mm` (time, step) the standard
    deviation over the members of its sum up to that step; no column = no rain forecast.
    """

    known: Design
    upper: Floats
    lower: Floats
    runoff_share: Floats
    above_low_m: Floats
    ahead_mm: Floats
    ahead_spread_mm: Floats

    def __len__(self) -> int:
        return len(self.known.times)

    def take(self, rows: NDArray[Any]) -> Inputs:
        """Give some rows, by number or by mask."""
        known = self.known
        kept = (known.values[rows], known.level_m[rows], known.age_h[rows])
        rest = [getattr(self, name)[rows] for name in BESIDE_FEATURES]
        return Inputs(Design(known.times[rows], known.names, *kept), *rest)

    def joined(self, other: Inputs) -> Inputs:
        """Give these rows and then those of the other."""
        one, two = self.known, other.known
        known = Design(
            np.concatenate([one.times, two.times]),
            one.names,
            np.concatenate([one.values, two.values]),
            np.concatenate([one.level_m, two.level_m]),
            np.concatenate([one.age_h, two.age_h]),
        )
        rest = [
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in BESIDE_FEATURES
        ]
        return Inputs(known, *rest)

    def without(self, columns: Sequence[str], rows: NDArray[np.bool_]) -> Inputs:
        """Give the inputs with some features missing in some rows."""
        values = self.known.values.copy()
        numbers = [self.known.names.index(name) for name in columns]
        values[np.flatnonzero(rows)[:, None], numbers] = np.nan
        return replace(self, known=replace(self.known, values=values))

    def picked(self, variants: Sequence[Inputs], pick: NDArray[np.intp]) -> Inputs:
        """Give row by row the features and the level of the variant that `pick` (row) names."""
        values = np.empty_like(self.known.values)
        parts = [np.empty(len(self)) for _ in range(3)]
        for number, one in enumerate(variants):
            rows = np.flatnonzero(pick == number)
            values[rows] = one.known.values[rows]
            told = (one.known.level_m, one.known.age_h, one.above_low_m)
            for part, array in zip(parts, told, strict=True):
                part[rows] = array[rows]
        known = Design(self.known.times, self.known.names, values, parts[0], parts[1])
        return replace(self, known=known, above_low_m=parts[2])

    def silenced(self, level_m: Floats, steps: int, step_h: float) -> Inputs:
        """Give the inputs as if the gauge itself had sent nothing in the last so many steps.

        `level_m` (time) are its levels; all times must be there.
        """
        known = self.known
        last, age_h = lagged(known.level_m, steps), lagged(known.age_h, steps) + steps * step_h
        last, age_h = (np.where(age_h <= OLDEST_H, one, np.nan) for one in (last, age_h))
        lower = known.level_m - last
        columns = {"age_h": age_h, "above_base_m": known.column("above_base_m") - lower}
        columns["bend_m"] = np.full(len(self), np.nan)
        for lag in OWN_LAGS:
            rise = last - lagged(level_m, lag)
            columns[f"rise_{lag}_m"] = np.where(age_h < (lag - 0.5) * step_h, rise, np.nan)
        values = known.values.copy()
        for name, column in columns.items():
            values[:, known.names.index(name)] = column
        silent = Design(known.times, known.names, values, last, age_h)
        return replace(self, known=silent, above_low_m=self.above_low_m - lower)

    def with_rain(self, ahead_mm: Floats, spread_mm: Floats) -> Inputs:
        """Give the inputs with forecast rain (time, step)."""
        return replace(self, ahead_mm=ahead_mm, ahead_spread_mm=spread_mm)


def read_inputs(observations: Observations, gauge_id: str, gauges: Sequence[Gauge]) -> Inputs:
    """Give the inputs of one gauge at every time of the observations, without rain ahead."""
    step_h = float(step_of(observations) / np.timedelta64(1, "s")) / 3600
    known = _fresh(design(observations, gauge_id, gauges, oldest_h=DAILY_H), step_h)
    stores = store_columns(mean_rain(observations, gauge_id, gauges), step_h)
    level = good_levels(observations, gauge_id)
    memory_h = LOW_WINDOW_H + DAILY_H
    above = across_shifts(level, step_h, memory_h, partial(_above_low, step_h=step_h))
    none = np.zeros((len(known.times), 0))
    return Inputs(
        known,
        np.column_stack([stores[name] for name in store_names("upper")]),
        np.column_stack([stores[name] for name in store_names("lower")]),
        stores["runoff_share"],
        np.where(np.isfinite(known.level_m), above["above_low_m"], np.nan),
        none,
        none,
    )


def _fresh(known: Design, step_h: float) -> Design:
    """Give the features without levels that are too old: 4 h, or a day where that is usual."""
    old = (known.age_h > OLDEST_H) & ~reports_daily(known.age_h, step_h)
    return aged(known, np.where(old, np.nan, known.level_m))


def aged(known: Design, level_m: Floats) -> Design:
    """Give the features with nothing told of the gauge itself where `level_m` (time) is missing."""
    own = {"age_h", "above_base_m", "bend_m", *(f"rise_{lag}_m" for lag in OWN_LAGS)}
    values, gone = known.values.copy(), np.isnan(level_m)
    columns = [number for number, name in enumerate(known.names) if name in own]
    values[np.flatnonzero(gone)[:, None], columns] = np.nan
    age_h = np.where(gone, np.nan, known.age_h)
    return replace(known, values=values, level_m=level_m, age_h=age_h)


def _above_low(level_m: Floats, step_h: float) -> dict[str, Floats]:
    """Give the last level above the low level of two weeks. [m]"""
    window = pd.Series(level_m).rolling(round(LOW_WINDOW_H / step_h),
                                        min_periods=round(24 / step_h))  # fmt: skip
    low = np.asarray(window.quantile(LOW_QUANTILE), dtype=float)
    return {"above_low_m": last_good(level_m, round(DAILY_H / step_h))[0] - low}


def without_rain(inputs: Inputs) -> Inputs:
    """Give the inputs without rain ahead."""
    none = np.zeros((len(inputs), 0))
    return inputs.with_rain(none, none)
