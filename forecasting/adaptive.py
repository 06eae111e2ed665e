"""Bands that follow a drift: wider after misses, narrower after none, by what is known by then.

Training years end and rivers change. The two outer sides of the band are moved apart from each
other by a factor on their distance from the median: up by a step when the outcome lay beyond the
5 or 95 % level, down by a small one when it did not, so that in the long run 5 % lie beyond each
(adaptive conformal inference [1]_, on the logarithm of the width). The state is explicit: a
forecast issued at a time is adapted by outcomes observed at or before it and by no other, and
`adapt` may go on later from the state that it gave.

A flood comes too seldom to teach its own factor: hours whose band is among the wide ones have a
factor of their own, and that may only widen: the margin of wet states is meant (`margin`).

References
----------
.. [1] Gibbs & Candès (2021), Adaptive Conformal Inference Under Distribution Shift, NeurIPS 34,
   https://arxiv.org/abs/2106.00170
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.features import Floats, good_levels
from forecasting.types import LevelForecast, Observations

MISSED = 0.05  # share of outcomes beyond each side
STEP = 0.02  # of the log width, per outcome; 200 outcomes bring a factor from 1 to 1.2 at most
LEAST = (float(np.log(0.7)), 0.0)  # of the log factor of narrow and of wide bands (assumption)
MOST = float(np.log(2.0))
WIDE = 0.8  # a band wider than so many of the earlier ones is a wide one
EDGE_STEP = 0.02  # of the log of that width, per forecast

Times = NDArray[np.datetime64]
Key = tuple[str, int]  # gauge_id, lead number


@dataclass(frozen=True)
class Awaited:
    """A band whose outcome has not been observed yet."""

    valid: np.datetime64
    levels_m: Floats  # 5, 50 and 95 % as first forecast, before any factor
    wide: int


@dataclass(frozen=True)
class SideState:
    """What outcomes have taught about one gauge and lead."""

    log_factor: Floats  # (narrow or wide band, lower or upper side)
    wide_m: float = np.nan  # bands wider than this are wide ones
    awaited: tuple[Awaited, ...] = ()  # bands whose outcome was not observed yet


BandState = Mapping[Key, SideState]


def adapt(
    forecast: LevelForecast, observations: Observations, state: BandState | None = None
) -> tuple[LevelForecast, BandState]:
    """Give forecasts with bands adapted to earlier outcomes, and the state after the last one.

    Parameters
    ----------
    forecast
        level_m (issued_at, gauge, lead, quantile), issue times rising, as the model gave it.
    observations
        Good levels are read up to each issue time, none later.
    state
        That of an earlier call; it is not changed. None = nothing is known yet.

    Returns
    -------
        Quantiles never cross; the median stays.

    Raises
    ------
    ValueError
        If issue times do not rise or the quantiles lack 0.05, 0.5 and 0.95.
    """
    issued = forecast["issued_at"].values
    if issued.ndim != 1 or (np.diff(issued) <= np.timedelta64(0, "ns")).any():
        raise ValueError("issue times must rise, one after the other. Sort the forecasts.")
    grid = np.asarray(forecast["quantile"].values, dtype=float)
    outer = [np.flatnonzero(np.isclose(grid, q)) for q in (MISSED, 0.5, 1 - MISSED)]
    if not all(len(found) for found in outer):
        raise ValueError(
            f"quantiles must hold {MISSED}, 0.5 and {1 - MISSED}, got {grid.tolist()}."
        )
    columns = np.array([found[0] for found in outer])
    after = dict(state or {})
    table = forecast["level_m"].transpose("issued_at", "gauge", "lead", "quantile")
    levels = np.array(table.values, dtype=float)
    for gauge, name in enumerate(str(one) for one in forecast["gauge"].values):
        observed = pd.Series(good_levels(observations, name), index=observations["time"].values)
        for lead, ahead in enumerate(forecast["lead"].values):
            learner = _Learner(after.get((name, lead), SideState(np.zeros((2, 2)))), observed)
            part = levels[:, gauge, lead]
            levels[:, gauge, lead] = learner.follow(part, issued, issued + ahead, columns)
            after[name, lead] = learner.state()
    adapted = forecast.assign(level_m=(table.dims, levels, table.attrs))
    return LevelForecast(adapted.assign_attrs(bands="adapted to earlier outcomes")), after


class _Learner:
    """Adapts the bands of one gauge and lead in order of issue, learning on the way."""

    def __init__(self, state: SideState, observed: pd.Series) -> None:
        self.log_factor = state.log_factor.copy()
        self.wide_m = state.wide_m
        self.awaited = deque(state.awaited)
        self.observed = observed

    def state(self) -> SideState:
        return SideState(self.log_factor.copy(), self.wide_m, tuple(self.awaited))

    def follow(
        self, levels: Floats, issued: Times, valid: Times, columns: NDArray[np.intp]
    ) -> Floats:
        """Give adapted levels (issue time, quantile)."""
        outcomes = dict(zip(self.observed.index.values.tolist(), self.observed, strict=True))
        adapted = levels.copy()
        for row, now in enumerate(issued):
            while self.awaited and self.awaited[0].valid <= now:
                band = self.awaited.popleft()
                self._learn(band, outcomes.get(int(band.valid.astype("int64")), np.nan))
            if not np.isfinite(levels[row]).all():
                continue
            low, middle, high = levels[row, columns]
            wide = self._wideness(float(high - low))
            factor = np.exp(self.log_factor[wide])
            distance = levels[row] - middle
            adapted[row] = middle + distance * np.where(distance < 0, factor[0], factor[1])
            self.awaited.append(Awaited(valid[row], np.array([low, middle, high]), wide))
        return adapted

    def _learn(self, band: Awaited, outcome_m: float) -> None:
        """Move the factors of a band's kind by its outcome; a missing one teaches nothing."""
        if not np.isfinite(outcome_m):
            return
        low, middle, high = band.levels_m
        factor = np.exp(self.log_factor[band.wide])
        passed = np.array(
            [
                outcome_m < middle - factor[0] * (middle - low),
                outcome_m > middle + factor[1] * (high - middle),
            ]
        )
        moved = self.log_factor[band.wide] + STEP * (passed - MISSED)
        self.log_factor[band.wide] = np.clip(moved, LEAST[band.wide], MOST)

    def _wideness(self, width_m: float) -> int:
        """Give 1 for a wide band, 0 for a narrow one, by the bands issued before."""
        edge_m = self.wide_m if np.isfinite(self.wide_m) else width_m
        wide = width_m > edge_m
        self.wide_m = edge_m * float(np.exp(EDGE_STEP * (wide - (1 - WIDE))))
        return int(wide)
