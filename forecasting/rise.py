"""Models that learn each gauge alone: features in, a rise per lead and its spread out.

A model forecasts the *rise* from the last good level, never the level, so that no flood is
capped by what training has seen and a shifted datum does no harm. Training time is cut into
blocks of consecutive hours; each block is forecast by a regressor that has not seen it, and
those errors give the quantiles. The forecast is the mean of these regressors.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, Self

import joblib
import numpy as np
from numpy.typing import NDArray

from forecasting.features import (
    Design,
    Floats,
    design,
    good_levels,
    lagged,
    step_min,
)
from forecasting.frame import LevelFrame, whole_steps
from forecasting.intervals import QUANTILES, Bands
from forecasting.spread import Spread, Standardised, fit_spread, spread_terms, turned_flood
from forecasting.state import State
from forecasting.types import (
    Gauge,
    Observations,
    RainForecast,
    step_of,
)

BLOCKS = 4  # of training time, each forecast by a regressor that has not seen it
GAP_H = 48.0  # hours left out on both sides of a held-out block
LEAST_ROWS = 200  # of known rises per gauge and lead
MANY_ROWS = 40_000  # of a 10-min series with more, fewer are used, at least one an hour


class Regressor(Protocol):
    """Gives the rise [m] from features (row, feature), NaN = missing."""

    def fit(self, values: NDArray[np.float32], rise_m: Floats) -> Self:
        """Learn from rows that all have a known rise."""

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give one rise per row."""

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the regressor that `state` was told by."""


@dataclass(frozen=True)
class LeadModel:
    """What one gauge has learned for one lead."""

    regressors: tuple[Regressor, ...]
    spread: Spread

    def rise_m(self, values: NDArray[np.float32]) -> Floats:
        """Give the mean rise over the regressors, one per row."""
        each = [one.predict(values) for one in self.regressors]
        return np.asarray(np.mean(each, axis=0), dtype=float)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        regressors = [one.state() for one in self.regressors]
        return {"regressors": regressors, "spread": self.spread.state()}

    @classmethod
    def from_state(cls, state: State, kind: type[Regressor]) -> Self:
        """Give the lead model that `state` was told by, of regressors of one kind."""
        regressors = tuple(kind.from_state(one) for one in state["regressors"])
        return cls(regressors, Spread.from_state(state["spread"]))


class RiseModel(LevelFrame):
    """Forecasts levels as last good level + rise, learned for each target gauge and lead alone."""

    regressor_kind: ClassVar[type[Regressor]]
    blocks: ClassVar[int] = BLOCKS

    def __init__(
        self,
        *,
        gauges: Sequence[Gauge],
        targets: Sequence[str],
        leads: Sequence[timedelta],
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        super().__init__(gauges=gauges, targets=targets, leads=leads, seed=seed, jobs=jobs)
        self._names: dict[str, tuple[str, ...]] = {}  # features of each target
        self._learned: dict[str, tuple[LeadModel, ...]] = {}

    def state(self) -> State:
        """Give configuration and all that was learned (forecasting.state).

        Raises
        ------
        ValueError
            If the model has not been fitted.
        """
        if self._step is None or self._bands is None:
            raise ValueError(f"model {self.model_id} must be fitted before it is kept. Call fit.")
        learned = {
            target: {"names": list(self._names[target]), "leads": [one.state() for one in leads]}
            for target, leads in self._learned.items()
        }
        step_s = float(self._step / np.timedelta64(1, "s"))
        return {
            "config": self.config(),
            "step_s": step_s,
            "learned": learned,
            "bands": self._bands.state(),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the fitted model that `state` was told by; its forecasts are the same bits."""
        model = cls._configured(state)
        for target, learned in state["learned"].items():
            model._names[target] = tuple(learned["names"])
            leads = [LeadModel.from_state(lead, cls.regressor_kind) for lead in learned["leads"]]
            model._learned[target] = tuple(leads)
        model._bands = Bands.from_state(state["bands"])
        return model

    @abstractmethod
    def regressor(self, names: tuple[str, ...], seed: int) -> Regressor:
        """Give a fresh regressor for features of these names."""

    def values(self, known: Design) -> NDArray[np.float32]:
        """Give what the regressors read, (row, feature); the features themselves unless told."""
        return known.values

    def terms(self, known: Design, rise_m: Floats) -> Floats:
        """Give what the spread may grow with, (row, term)."""
        return spread_terms(known, rise_m)

    def fit(self, observations: Observations, rain_forecast: RainForecast | None = None) -> Self:
        """Learn from observations; blanked hours (NaN) teach nothing.

        Raises
        ------
        ValueError
            If a target has too few known rises, or a rain forecast is given.
        """
        self._refuse(rain_forecast)
        self._step = step_of(observations)
        steps = [whole_steps(lead, self._step) for lead in self.leads]
        self._learned, self._names = {}, {}
        errors: list[list[Standardised]] = [[] for _ in steps]
        for target in self.targets:
            known = design(observations, target, self.gauges)
            level = good_levels(observations, target)
            rises = [lagged(level, -lead_steps) - known.level_m for lead_steps in steps]
            learned = joblib.Parallel(n_jobs=self.jobs, prefer="threads", batch_size=1)(
                joblib.delayed(self._fit_lead)(known, rise_m, target) for rise_m in rises
            )
            for number, (_, standardised) in enumerate(learned):
                errors[number].append(standardised)
            self._learned[target] = tuple(one for one, _ in learned)
            self._names[target] = known.names
        self._bands = Bands.fit(errors)
        return self

    def _fit_lead(
        self, known: Design, rise_m: Floats, target: str
    ) -> tuple[LeadModel, Standardised]:
        rows = np.flatnonzero(np.isfinite(rise_m))
        if len(rows) < LEAST_ROWS:
            raise ValueError(
                f"need at least {LEAST_ROWS} known rises to train on, got {len(rows)} "
                f"(gauge {target}). Fetch an earlier start."
            )
        rows = rows[:: stride(len(rows), known.times[1] - known.times[0])]
        held_out_rise = np.full(len(rise_m), np.nan)
        regressors, values = [], self.values(known)
        for number, (seen, held_out) in enumerate(held_out_blocks(known.times, rows, self.blocks)):
            regressor = self.regressor(known.names, self.seed + number)
            regressor.fit(values[seen], rise_m[seen])
            held_out_rise[held_out] = regressor.predict(values[held_out])
            regressors.append(regressor)
        terms = self.terms(known, held_out_rise)[rows]
        error_m = (rise_m - held_out_rise)[rows]
        spread = fit_spread(terms, error_m, held_out_rise[rows])
        flood = turned_flood((known.level_m + rise_m)[rows], rise_m[rows])
        told = spread.standardised(rows, terms, error_m, held_out_rise[rows], flood)
        return LeadModel(tuple(regressors), spread), told

    def _predict_gauge(
        self,
        observations: Observations,
        target: str,
        issue_times: NDArray[np.datetime64],
        bands: Bands,
    ) -> tuple[Floats, Floats, Floats]:
        known = design(observations, target, self.gauges).at(issue_times)
        check_names(known.names, self._names[target], target)
        levels = np.full((len(issue_times), len(self.leads), len(QUANTILES)), np.nan)
        for number, one in enumerate(self._learned[target]):
            rise_m = one.rise_m(self.values(known))
            error_m = bands.errors_m(number, one.spread, self.terms(known, rise_m), rise_m)
            levels[:, number] = (known.level_m + rise_m)[:, None] + error_m
        return levels, known.level_m, known.age_h


def check_names(names: tuple[str, ...], learned: tuple[str, ...], target: str) -> None:
    """Raise ValueError if the features are not those that were learned from."""
    if names == learned:
        return
    missing, new = sorted(set(learned) - set(names)), sorted(set(names) - set(learned))
    raise ValueError(
        f"features of gauge {target} must be those of the training, got {len(missing)} fewer "
        f"{missing[:3]} and {len(new)} more {new[:3]}. Pass the same rain gauges and dams, a "
        "silent one as NaN, or train again."
    )


def stride(rows: int, step: np.timedelta64) -> int:
    """Give every how many-th row is learned from: neighbours 10 min apart teach nearly the same."""
    return max(1, min(-(-rows // MANY_ROWS), int(60 // step_min(step))))


def held_out_blocks(
    times: NDArray[np.datetime64], rows: NDArray[np.intp], blocks: int = BLOCKS
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Give (seen rows, held-out rows) for each block of consecutive rows, a gap between them.

    One block alone is seen and held out alike.
    """
    if blocks == 1:
        yield rows, rows
        return
    gap = np.timedelta64(round(GAP_H * 3600), "s")
    for block in np.array_split(rows, blocks):
        first, last = times[block[0]] - gap, times[block[-1]] + gap
        outside = (times[rows] < first) | (times[rows] > last)
        yield rows[outside], block
