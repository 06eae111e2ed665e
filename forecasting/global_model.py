"""One model for all gauges: boosters in common, a few numbers per gauge, gauges without history.

A gauge with too few known rises to learn from is served by what the others taught
(`model_used` says ``global, no history``): its scale is assumed to be the middle one of theirs.
All gauges of one time are forecast in one batch from their `Window`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import joblib
import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats, good_levels, lagged
from forecasting.frame import LevelFrame, whole_steps
from forecasting.intervals import QUANTILES, Bands
from forecasting.reach import FREE, GUARDED, guarded, within_reach
from forecasting.rise import LEAST_ROWS, held_out_blocks
from forecasting.shared_guard import SharedGuard
from forecasting.shared_rise import SharedRise
from forecasting.spread import Spread, Standardised, fit_spread
from forecasting.state import State
from forecasting.types import LevelForecast, Observations, RainForecast, step_of
from forecasting.window import NAMES, Scale, Window, scale_of, window_features, window_of

MOST_ROWS = 200_000  # of all gauges together; of more, every few are used
AT_ONCE = 8192  # rows forecast together, so that memory stays small
NO_HISTORY = "global, no history"
MEDIAN = QUANTILES.index(0.5)
RISE_TERMS = tuple(NAMES.index(name) for name in ("rise_1", "rise_3"))
RAIN_TERMS = tuple(
    NAMES.index(name) for name in ("rain_1_mm", "rain_3_mm", "rain_12_mm", "wetness_24h_mm")
)
Times = NDArray[np.datetime64]
Numbers = NDArray[np.intp]  # of the gauges that taught, from 1 on; 0 = none


@dataclass(frozen=True)
class Pool:
    """Rows of all gauges that teach, in order of time; rises in units of the gauge's scale."""

    times: Times
    rows: Numbers  # of the gauge's own series
    gauge: Numbers
    values: NDArray[np.float32]  # (row, `window.NAMES`)
    rises: Floats  # (row, lead)


@dataclass(frozen=True)
class SharedLead:
    """What all gauges have learned for one lead."""

    regressor: SharedRise
    spread: Spread

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return {"regressor": self.regressor.state(), "spread": self.spread.state()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the lead that `state` was told by."""
        regressor = SharedRise.from_state(state["regressor"])
        return cls(regressor, Spread.from_state(state["spread"]))


class GlobalGbm(LevelFrame):
    """A line and LightGBM shared by all gauges, one per lead, on rises in units of each gauge."""

    model_id = "global"

    def fit(self, observations: Observations, rain_forecast: RainForecast | None = None) -> Self:
        """Learn from all target gauges together; blanked hours (NaN) teach nothing.

        Raises
        ------
        ValueError
            If no target has enough known rises, or a rain forecast is given.
        """
        self._refuse(rain_forecast)
        self._step = step_of(observations)
        self._numbers: dict[str, int] = {}
        pool = self._pool(observations)
        above_base = pool.values[:, NAMES.index("above_base")].astype(float)
        self._guard = SharedGuard.fit(pool.rises, above_base, pool.gauge)
        learned = joblib.Parallel(n_jobs=self.jobs, prefer="threads", batch_size=1)(
            joblib.delayed(self._fit_lead)(pool, lead) for lead in range(len(self.leads))
        )
        self.learned = tuple(one for one, _ in learned)
        self._bands = Bands.fit([errors for _, errors in learned])
        return self

    def numbers(self, targets: Sequence[str]) -> Numbers:
        """Give the number of each target among the gauges that taught, 0 = it did not."""
        return np.array([self._numbers.get(target, 0) for target in targets], dtype=np.intp)

    def levels(self, window: Window, numbers: Numbers, bands: Bands | None = None) -> Floats:
        """Give levels (row, lead, quantile) of any rows at once. [m above gauge zero]

        Parameters
        ----------
        window
            What is known of each row.
        numbers
            Which gauge each row is, as `numbers` gives it.
        bands
            Default: those of the training.

        Raises
        ------
        ValueError
            If the model has not been fitted.
        """
        return self._told(window, numbers, bands)[0]

    def _told(
        self, window: Window, numbers: Numbers, bands: Bands | None
    ) -> tuple[Floats, NDArray[np.int8]]:
        """Give levels (row, lead, quantile) and where they were guarded (row, lead; see reach)."""
        used = bands or self._bands
        if used is None:
            raise ValueError("model global must be fitted before it predicts. Call fit.")
        levels = np.empty((len(numbers), len(self.leads), len(QUANTILES)))
        kept = np.zeros(levels.shape[:2], dtype=np.int8)
        for first in range(0, len(numbers), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            levels[part], kept[part] = self._some_levels(window.rows(part), numbers[part], used)
        return levels, kept

    def _some_levels(
        self, window: Window, numbers: Numbers, bands: Bands
    ) -> tuple[Floats, NDArray[np.int8]]:
        scale = Scale(self.scales_m[numbers], self.flashiness[numbers])
        values = window_features(window, scale)
        above_base = values[:, NAMES.index("above_base")].astype(float)
        last, _ = window.last()

        def lead_levels(number: int, one: SharedLead) -> tuple[Floats, NDArray[np.int8]]:
            rise = one.regressor.predict(values, numbers)
            low, high = self._guard.limits(numbers, number, above_base)
            bounded = np.clip(rise, low, high)
            errors = bands.errors_m(number, one.spread, _terms(values, bounded), bounded)
            # A river above the level limit may still rise as fast as any flood of the training.
            most = np.maximum(high, FREE * self._guard.highest[numbers, number])
            told, bent = within_reach(bounded[:, None] + errors, MEDIAN, low, most)
            return last[:, None] + scale.scale_m[:, None] * told, guarded(bounded != rise, bent)

        each = joblib.Parallel(n_jobs=self.jobs, prefer="threads", batch_size=1)(
            joblib.delayed(lead_levels)(number, one) for number, one in enumerate(self.learned)
        )
        levels, kept = zip(*each, strict=True)
        return np.stack(levels, axis=1), np.stack(kept, axis=1)

    def predict_many(
        self,
        observations: Observations,
        issue_times: Times,
        *,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give one forecast per issue time (extra dim issued_at), each as `predict` gives it.

        Besides: `guarded` (issued_at, gauge, lead), 2 where the forecast and 1 where only its
        band was kept within what the river can do (`shared_guard`, `reach`).
        """
        self._refuse(rain_forecast)
        known, bands = self._known(observations, issue_times)
        parts = [self._gauge(known, target, issue_times, bands) for target in self.targets]
        dataset = self._dataset([told for told, _ in parts], issue_times)
        kept = np.stack([one for _, one in parts], axis=1)
        dataset["guarded"] = (("issued_at", "gauge", "lead"), kept, GUARDED)
        return LevelForecast(dataset.assign(bands.variables()))

    def _gauge(
        self, observations: Observations, target: str, issue_times: Times, bands: Bands
    ) -> tuple[tuple[Floats, Floats, Floats], NDArray[np.int8]]:
        rows = np.searchsorted(observations["time"].values, issue_times)
        window = window_of(observations, target, self.gauges).rows(rows)
        numbers = np.full(len(rows), self._numbers.get(target, 0), dtype=np.intp)
        last, age = window.last()
        levels, kept = self._told(window, numbers, bands)
        return (levels, last, age * window.step_h), kept

    def _predict_gauge(
        self, observations: Observations, target: str, issue_times: Times, bands: Bands
    ) -> tuple[Floats, Floats, Floats]:
        return self._gauge(observations, target, issue_times, bands)[0]

    def used(self, target: str) -> str:
        """Give what `model_used` says of a target that has a recent level."""
        return self.model_id if self._numbers.get(target, 0) else NO_HISTORY

    def _pool(self, observations: Observations) -> Pool:
        """Give the rows that teach, and set each gauge's number and scale."""
        steps = [whole_steps(lead, step_of(observations)) for lead in self.leads]
        pools: list[Pool] = []
        scales: list[tuple[float, float]] = []
        few: list[str] = []
        for target in self.targets:
            level = good_levels(observations, target)
            window = window_of(observations, target, self.gauges)
            last, _ = window.last()
            rises = np.column_stack([lagged(level, -lead_steps) - last for lead_steps in steps])
            known = np.flatnonzero(np.isfinite(rises).any(axis=1))
            count = int(np.isfinite(rises).sum(axis=0).max())
            if count < LEAST_ROWS:
                few.append(f"{count} (gauge {target})")
                continue
            every = max(1, -(-len(known) * len(self.targets) // MOST_ROWS))
            known = known[::every]
            self._numbers[target] = len(pools) + 1
            scales.append(scale_of(level))
            one = Scale(*(np.full(len(known), value) for value in scales[-1]))
            values = window_features(window.rows(known), one)
            number = np.full(len(known), self._numbers[target], dtype=np.intp)
            told = rises[known] / scales[-1][0]
            pools.append(Pool(observations["time"].values[known], known, number, values, told))
        if not pools:
            raise ValueError(
                f"need at least {LEAST_ROWS} known rises of one gauge to train on, "
                f"got {', '.join(few)}. Fetch an earlier start."
            )
        middle = np.median(scales, axis=0)
        self.scales_m, self.flashiness = np.vstack([middle, *scales]).T.copy()
        return _sorted(pools)

    def _fit_lead(self, pool: Pool, lead: int) -> tuple[SharedLead, list[Standardised]]:
        """Give what is learned for a lead, and each gauge's errors on blocks left out."""
        rise = pool.rises[:, lead]
        rows = np.flatnonzero(np.isfinite(rise))
        held_out_rise = np.full(len(rise), np.nan)
        for number, (seen, held_out) in enumerate(held_out_blocks(pool.times, rows)):
            regressor = self._taught(pool, rise, seen, self.seed + 1 + number)
            held_out_rise[held_out] = regressor.predict(pool.values[held_out], pool.gauge[held_out])
        terms = _terms(pool.values[rows], held_out_rise[rows])
        errors = (rise - held_out_rise)[rows]
        spread = fit_spread(terms, errors, held_out_rise[rows])
        told = []
        for number in range(1, len(self.scales_m)):
            own = pool.gauge[rows] == number
            mine = rows[own]
            known = (pool.rows[mine], terms[own], errors[own], held_out_rise[mine])
            told.append(spread.standardised(*known))
        return SharedLead(self._taught(pool, rise, rows, self.seed), spread), told

    def _taught(self, pool: Pool, rise: Floats, rows: Numbers, seed: int) -> SharedRise:
        return SharedRise.fit(pool.values[rows], rise[rows], pool.gauge[rows], seed=seed)

    def state(self) -> State:
        """Give configuration and all that was learned (forecasting.state).

        Raises
        ------
        ValueError
            If the model has not been fitted.
        """
        if self._step is None or self._bands is None:
            raise ValueError(f"model {self.model_id} must be fitted before it is kept. Call fit.")
        return {
            "config": self.config(),
            "step_s": float(self._step / np.timedelta64(1, "s")),
            "names": list(NAMES),
            "numbers": self._numbers,
            "scales": self.scales_m,
            "flashiness": self.flashiness,
            "leads": [one.state() for one in self.learned],
            "guard": self._guard.state(),
            "bands": self._bands.state(),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the fitted model that `state` was told by; its forecasts are the same bits."""
        model = cls._configured(state)
        model._numbers = dict(state["numbers"])
        model.scales_m, model.flashiness = state["scales"], state["flashiness"]
        model.learned = tuple(SharedLead.from_state(one) for one in state["leads"])
        model._guard = SharedGuard.from_state(state["guard"])
        model._bands = Bands.from_state(state["bands"])
        return model


def _terms(values: NDArray[np.float32], rise: Floats) -> Floats:
    """Give what the error may grow with, (row, term), all >= 0."""
    terms = [np.ones(len(rise)), np.maximum(rise, 0), np.maximum(-rise, 0)]
    terms += [np.abs(values[:, number]) for number in RISE_TERMS]
    terms += [values[:, number] for number in RAIN_TERMS]
    return np.column_stack(terms).astype(float)


def _sorted(pools: Sequence[Pool]) -> Pool:
    """Give the rows of all gauges in order of time, so that blocks of rows are blocks of time."""

    order = np.argsort(np.concatenate([pool.times for pool in pools]), kind="stable")
    names = ("times", "rows", "gauge", "values", "rises")
    tables = [np.concatenate([getattr(pool, name) for pool in pools]) for name in names]
    return Pool(*(table[order] for table in tables))
