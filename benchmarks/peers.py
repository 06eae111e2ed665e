"""What others do: LightGBM on the level itself, and one quantile LightGBM per quantile.

Both get the features of the desk's models and the last level besides, and no tuning.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from forecasting.features import Design, Floats, design, good_levels, known_until, lagged
from forecasting.frame import whole_steps
from forecasting.intervals import QUANTILES
from forecasting.rise import stride
from forecasting.types import Gauge, LevelForecast, Observations, step_of

ROUNDS = 100
PARAMETERS = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 0,
    "verbose": -1,
}


@dataclass
class Peer:
    """LightGBM on one gauge; `quantiles` None = one booster on the mean per lead."""

    name: str
    gauges: tuple[Gauge, ...]
    target: str
    leads: tuple[timedelta, ...]
    quantiles: Sequence[float] | None = None
    of_rise: bool = False  # else of the level
    fit_s: float = 0.0
    boosters: list[list[lightgbm.Booster]] = field(default_factory=list)

    def fit(self, observations: Observations) -> Peer:
        """Train one booster per lead and quantile; `fit_s` tells how long it took."""
        start = time.perf_counter()
        self.step = step_of(observations)
        known = design(observations, self.target, self.gauges)
        level = good_levels(observations, self.target)
        values = _values(known)
        for lead in self.leads:
            target = lagged(level, -whole_steps(lead, self.step))
            target = target - known.level_m if self.of_rise else target
            rows = np.flatnonzero(np.isfinite(target + known.level_m))
            rows = rows[:: stride(len(rows), self.step)]
            self.boosters.append([
                lightgbm.train({**PARAMETERS, **goal}, lightgbm.Dataset(values[rows], target[rows]),
                               ROUNDS)
                for goal in self._goals()
            ])  # fmt: skip
        self.fit_s = round(time.perf_counter() - start, 2)
        return self

    def forecast(self, observations: Observations, like: LevelForecast) -> LevelForecast:
        """Give the forecasts at the issue times of another forecast of the same gauge and leads.

        A peer without quantiles gives its one level for each of them.
        """
        issue_times = like["issued_at"].values
        past = known_until(observations, issue_times, self.step)
        known = design(past, self.target, self.gauges).at(issue_times)
        values = _values(known)
        base = known.level_m if self.of_rise else np.zeros(len(issue_times))
        leads = [
            np.column_stack([base + one.predict(values, num_threads=1) for one in boosters])
            for boosters in self.boosters
        ]
        levels = np.stack(leads, axis=1)[:, None]
        whole = np.broadcast_to(levels, like["level_m"].shape)
        known_start = np.isfinite(known.level_m)[:, None, None, None]
        told = like.assign(level_m=(like["level_m"].dims, np.where(known_start, whole, np.nan)))
        return LevelForecast(told.assign_attrs(model_id=self.name))

    def _goals(self) -> list[dict[str, Any]]:
        if self.quantiles is None:
            return [{"objective": "l2"}]
        return [{"objective": "quantile", "alpha": quantile} for quantile in self.quantiles]


def raw_stage(gauges: tuple[Gauge, ...], target: str, leads: tuple[timedelta, ...]) -> Peer:
    """Give LightGBM on the level itself."""
    return Peer("lightgbm-raw-stage", gauges, target, leads)


def quantile_lightgbm(gauges: tuple[Gauge, ...], target: str, leads: tuple[timedelta, ...]) -> Peer:
    """Give one quantile LightGBM on the rise per quantile of the desk's forecasts."""
    return Peer("lightgbm-quantile", gauges, target, leads, QUANTILES, of_rise=True)


def crossing_share(forecast: LevelForecast) -> float:
    """Give the share of forecasts in which a higher quantile lies below a lower one."""
    levels = forecast["level_m"].transpose(..., "quantile").values
    known = np.isfinite(levels).all(axis=-1)
    crossed = (np.diff(levels[known], axis=-1) < 0).any(axis=-1)
    return round(float(crossed.mean()), 4) if len(crossed) else float("nan")


def _values(known: Design) -> NDArray[np.float32]:
    level: Floats = known.level_m
    return np.column_stack([known.values, level.astype(np.float32)])
