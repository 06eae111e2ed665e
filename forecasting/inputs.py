"""What the mixed model reads at each issue time: features, storages and rain ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.features import Design, Floats, design, good_levels, mean_rain
from forecasting.stores import store_columns, store_names
from forecasting.types import Gauge, Observations, RainForecast, step_of

OLDEST_H = 4.0  # a level older than this is no start of a forecast
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

    @staticmethod
    def picked(variants: Sequence[Inputs], pick: NDArray[np.intp]) -> Inputs:
        """Give row by row the inputs of the variant that `pick` (row) names."""
        rows = np.arange(len(pick))

        def chosen(arrays: list[NDArray[Any]]) -> NDArray[Any]:
            return np.stack(arrays)[pick, rows]

        first = variants[0].known
        known = Design(
            first.times,
            first.names,
            chosen([one.known.values for one in variants]),
            chosen([one.known.level_m for one in variants]),
            chosen([one.known.age_h for one in variants]),
        )
        rest = [chosen([getattr(one, name) for one in variants]) for name in BESIDE_FEATURES]
        return Inputs(known, *rest)

    def with_rain(self, ahead_mm: Floats, spread_mm: Floats) -> Inputs:
        """Give the inputs with forecast rain (time, step)."""
        return replace(self, ahead_mm=ahead_mm, ahead_spread_mm=spread_mm)


def read_inputs(
    observations: Observations,
    gauge_id: str,
    gauges: Sequence[Gauge],
    *,
    silent_steps: int = 0,
) -> Inputs:
    """Give the inputs of one gauge at every time of the observations, without rain ahead."""
    step_h = float(step_of(observations) / np.timedelta64(1, "s")) / 3600
    known = design(observations, gauge_id, gauges, silent_steps=silent_steps, oldest_h=OLDEST_H)
    stores = store_columns(mean_rain(observations, gauge_id, gauges), step_h)
    level = pd.Series(good_levels(observations, gauge_id))
    window = level.rolling(round(LOW_WINDOW_H / step_h), min_periods=round(24 / step_h))
    none = np.zeros((len(known.times), 0))
    return Inputs(
        known,
        np.column_stack([stores[name] for name in store_names("upper")]),
        np.column_stack([stores[name] for name in store_names("lower")]),
        stores["runoff_share"],
        known.level_m - np.asarray(window.quantile(LOW_QUANTILE), dtype=float),
        none,
        none,
    )


def without_rain(inputs: Inputs) -> Inputs:
    """Give the inputs without rain ahead."""
    none = np.zeros((len(inputs), 0))
    return inputs.with_rain(none, none)


def rain_ahead(
    rain: RainForecast,
    times: NDArray[np.datetime64],
    rain_gauges: Sequence[str],
    step: np.timedelta64,
    steps: int,
) -> tuple[Floats, Floats]:
    """Give forecast rain of each step ahead and the spread of its sums, both (time, step). [mm]

    A rain forecast without `issued_at` counts for every time. NaN at times, steps and gauges that
    it does not have.

    Raises
    ------
    ValueError
        If its leads are not the steps of the observations.
    """
    leads = rain["lead"].values
    if not len(leads) or leads[0] != step:
        raise ValueError(
            f"leads of the rain forecast must be steps of {step / np.timedelta64(1, 'm'):g} min, "
            f"got {leads[:2]}. Sum or divide it to the step of the observations."
        )
    named = [name for name in rain_gauges if name in rain["rain_gauge"].values]
    chosen = rain.sel(rain_gauge=named) if named else rain
    if "issued_at" not in chosen.dims:
        chosen = chosen.expand_dims(issued_at=times)
    chosen = chosen.reindex(issued_at=times, lead=step * np.arange(1, steps + 1))
    chosen = chosen.transpose("issued_at", "lead", "rain_gauge", "member")
    members: Floats = chosen.values.astype(float).mean(axis=2)  # (time, step, member)
    return members.mean(axis=2), members.cumsum(axis=1).std(axis=2)
