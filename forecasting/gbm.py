"""The mixed model: members with opposite failure modes on the rise, weighed on floods not seen.

`model_used` names what each gauge was forecast with: "gbm" is the mix; when inputs are missing it
is "arx", "trend" or "persistence" (see `fallback`). `guarded` tells where the guard cut a forecast.
A model fitted with a rain forecast also forecasts without one, by members trained without.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Self

import joblib
import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats, good_levels, rain_gauges_of
from forecasting.frame import LevelFrame, whole_steps
from forecasting.gauge_forecast import AllBands, GaugeForecast, Learned, forecast_gauge
from forecasting.inputs import Inputs, read_inputs
from forecasting.intervals import Bands
from forecasting.learning import Lesson, learn_gauge
from forecasting.member import Leads
from forecasting.rain_ahead import rain_ahead, rain_told
from forecasting.reach import GUARDED
from forecasting.rise import LEAST_ROWS, check_names, stride
from forecasting.state import State
from forecasting.types import Gauge, LevelForecast, Observations, RainForecast, step_of

SILENT_H = (1.0, 2.0, 3.0)  # outages of the gauge itself that the fallback is trained with


class Gbm(LevelFrame):
    """Lines, lines and trees, storages and trees, trees on scaled floods: mixed, bounded, named."""

    model_id = "gbm"
    takes_rain = True

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
        self._learned: dict[str, Learned] = {}
        self._rain_bands: Bands | None = None

    @property
    def reads_rain(self) -> bool:
        """Whether it was fitted with rain forecasts, so that it can read one."""
        return self._rain_bands is not None

    def fit(self, observations: Observations, rain_forecast: RainForecast | None = None) -> Self:
        """Learn from observations, and what rain was forecast at each time if that is given.

        Raises
        ------
        ValueError
            If a target has too few known rises.
        """
        self._step = step_of(observations)
        lessons = joblib.Parallel(n_jobs=self.jobs, prefer="threads", batch_size=1)(
            joblib.delayed(self._lesson)(observations, target, rain_forecast)
            for target in self.targets
        )
        self._learned = {
            target: Learned(names, lesson.mix, lesson.rain)
            for target, (names, lesson) in zip(self.targets, lessons, strict=True)
        }
        told = [lesson for _, lesson in lessons]
        self._bands = Bands.fit(list(zip(*(lesson.errors for lesson in told), strict=True)))
        self._rain_bands = None
        if rain_forecast is not None:
            pooled = list(zip(*(lesson.rain_errors for lesson in told), strict=True))
            self._rain_bands = Bands.fit(pooled)
        return self

    def _lesson(
        self, observations: Observations, target: str, rain_forecast: RainForecast | None
    ) -> tuple[tuple[str, ...], Lesson]:
        """Give the names of a gauge's features and what it teaches."""
        leads = self._leads()
        inputs = read_inputs(observations, target, self.gauges)
        inputs = self._with_rain(inputs, target, rain_forecast)
        outages = sorted({max(round(hours / leads.step_h), 1) for hours in SILENT_H})
        level = good_levels(observations, target)
        silent = [inputs.silenced(level, steps, leads.step_h) for steps in outages]
        start = np.isfinite(inputs.known.level_m)
        for steps in leads.steps:
            count = int((start[:-steps] & np.isfinite(level[steps:])).sum())
            if count < LEAST_ROWS:
                raise ValueError(
                    f"need at least {LEAST_ROWS} known rises to train on, got {count} "
                    f"(gauge {target}). Fetch an earlier start."
                )
        rows = np.flatnonzero(start)
        if stride(len(rows), step_of(observations)) > 1:  # a long 10-min series: hours are enough
            rows = first_of_hours(inputs.known.times, rows)
        lesson = learn_gauge(inputs, silent, level, leads, rows, seed=self.seed)
        return inputs.known.names, lesson

    def _leads(self) -> Leads:
        assert self._step is not None
        steps = tuple(whole_steps(lead, self._step) for lead in self.leads)
        return Leads(steps, float(self._step / np.timedelta64(1, "s")) / 3600)

    def _with_rain(self, inputs: Inputs, target: str, rain_forecast: RainForecast | None) -> Inputs:
        """Give the inputs with the rain forecast at their times, if there is one."""
        if rain_forecast is None:
            return inputs
        assert self._step is not None
        named, most = rain_gauges_of(target, self.gauges), max(self._leads().steps)
        return inputs.with_rain(
            *rain_ahead(rain_forecast, inputs.known.times, named, self._step, most)
        )

    def _rain_told(
        self, rain: RainForecast | None, times: NDArray[np.datetime64], target: str
    ) -> NDArray[np.str_]:
        """Give in words what of the rain forecast was there (time)."""
        assert self._step is not None
        named, most = rain_gauges_of(target, self.gauges), max(self._leads().steps)
        return rain_told(rain, times, named, self._step, most)

    def predict_many(
        self,
        observations: Observations,
        issue_times: NDArray[np.datetime64],
        *,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give one forecast per issue time (extra dim issued_at), each as `predict` gives it.

        Besides: `guarded` (issued_at, gauge, lead), 2 where the forecast and 1 where only its
        band was kept within what the river can do (`guard`, `reach`), and
        `rain_used` (issued_at, gauge), what of the rain forecast was there (see `rain_ahead`).
        """
        known, bands = self._known(observations, issue_times)
        if rain_forecast is not None and not self.reads_rain:
            raise ValueError(
                f"model {self.model_id} was fitted with observed rain only, got a rain forecast. "
                "Fit it with the rain forecasts of the training time, or pass rain_forecast=None."
            )
        both = AllBands(bands, self._rain_bands)
        parts = [
            self._gauge(known, target, issue_times, rain_forecast, both) for target in self.targets
        ]
        dataset = self._dataset(
            [(one.levels_m, one.last_m, one.age_h) for one in parts], issue_times
        )
        used = np.stack([one.used for one in parts], axis=1)
        guarded = np.stack([one.guarded for one in parts], axis=1)
        rain = np.stack(
            [self._rain_told(rain_forecast, issue_times, target) for target in self.targets], axis=1
        )
        dims = ("issued_at", "gauge")
        named = dataset.assign_coords(model_used=(dims, used), rain_used=(dims, rain))
        named["guarded"] = (("issued_at", "gauge", "lead"), guarded, GUARDED)
        return LevelForecast(named.assign(bands.variables()))

    def _gauge(
        self,
        observations: Observations,
        target: str,
        issue_times: NDArray[np.datetime64],
        rain_forecast: RainForecast | None,
        bands: AllBands,
    ) -> GaugeForecast:
        """Give the forecasts of one gauge, each row with what it has inputs for."""
        learned = self._learned[target]
        inputs = read_inputs(observations, target, self.gauges)
        check_names(inputs.known.names, learned.names, target)
        inputs = inputs.take(np.searchsorted(inputs.known.times, issue_times))
        inputs = self._with_rain(inputs, target, rain_forecast)
        return forecast_gauge(learned, inputs, self._leads(), bands)

    def state(self) -> State:
        """Give configuration and all that was learned (forecasting.state)."""
        if self._step is None or self._bands is None:
            raise ValueError(f"model {self.model_id} must be fitted before it is kept. Call fit.")
        return {
            "config": self.config(),
            "step_s": float(self._step / np.timedelta64(1, "s")),
            "learned": {target: one.state() for target, one in self._learned.items()},
            "bands": self._bands.state(),
            "rain_bands": None if self._rain_bands is None else self._rain_bands.state(),
        }

    def _predict_gauge(
        self,
        observations: Observations,
        target: str,
        issue_times: NDArray[np.datetime64],
        bands: Bands,
    ) -> tuple[Floats, Floats, Floats]:
        one = self._gauge(observations, target, issue_times, None, AllBands(bands, None))
        return one.levels_m, one.last_m, one.age_h

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the fitted model that `state` was told by; its forecasts are the same bits."""
        model = cls._configured(state)
        model._learned = {
            target: Learned.from_state(one) for target, one in state["learned"].items()
        }
        model._bands = Bands.from_state(state["bands"])
        rain = state["rain_bands"]
        model._rain_bands = None if rain is None else Bands.from_state(rain)
        return model


def first_of_hours(times: NDArray[np.datetime64], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give the first of the rows in every hour: the full hour, where it is among them."""
    _, first = np.unique(times[rows].astype("datetime64[h]"), return_index=True)
    return rows[first]
