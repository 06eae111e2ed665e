"""The mixed model: members with opposite failure modes on the rise, weighed on floods not seen.

`model_used` names what each gauge was forecast with: "gbm" is the mix; when inputs are missing it
is "arx", "trend" or "persistence" (see `fallback`). `guarded` tells where the guard cut a forecast.
A model fitted with a rain forecast also forecasts without one, by members trained without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import joblib
import numpy as np
from numpy.typing import NDArray

from forecasting.fallback import CHAIN, MIX, chosen
from forecasting.features import Floats, good_levels, rain_gauges_of
from forecasting.frame import LevelFrame, whole_steps
from forecasting.inputs import Inputs, rain_ahead, read_inputs, without_rain
from forecasting.intervals import QUANTILES, Bands
from forecasting.learning import Lesson, RainMix, learn_gauge, terms_of
from forecasting.member import Leads
from forecasting.mix import GaugeMix
from forecasting.rise import LEAST_ROWS, check_names, stride
from forecasting.spread import Spread
from forecasting.state import State, gauge_from_state
from forecasting.types import Gauge, LevelForecast, Observations, RainForecast, step_of

SILENT_H = (1.0, 2.0, 3.0)  # outages of the gauge itself that the fallback is trained with


@dataclass(frozen=True)
class Learned:
    """What is known of one gauge: names of its features, its mix, and the one that reads rain."""

    names: tuple[str, ...]
    mix: GaugeMix
    rain: RainMix | None

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        rain = None if self.rain is None else self.rain.state()
        return {"names": list(self.names), "mix": self.mix.state(), "rain": rain}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give what `state` was told by."""
        rain = None if state["rain"] is None else RainMix.from_state(state["rain"])
        return cls(tuple(state["names"]), GaugeMix.from_state(state["mix"]), rain)


@dataclass(frozen=True)
class GaugeForecast:
    """Forecasts of one gauge at each issue time."""

    levels_m: Floats  # (time, lead, quantile)
    last_m: Floats
    age_h: Floats
    used: NDArray[np.str_]
    guarded: NDArray[np.bool_]  # (time, lead)


class Gbm(LevelFrame):
    """Ridge and trees, storages and trees, trees on scaled floods: mixed, bounded, named."""

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
        silent = [
            read_inputs(observations, target, self.gauges, silent_steps=steps) for steps in outages
        ]
        level = good_levels(observations, target)
        start = np.isfinite(inputs.known.level_m)
        for steps in leads.steps:
            count = int((start[:-steps] & np.isfinite(level[steps:])).sum())
            if count < LEAST_ROWS:
                raise ValueError(
                    f"need at least {LEAST_ROWS} known rises to train on, got {count} "
                    f"(gauge {target}). Fetch an earlier start."
                )
        rows = np.flatnonzero(start)
        rows = rows[:: stride(len(rows), step_of(observations))]
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

    def predict_many(
        self,
        observations: Observations,
        issue_times: NDArray[np.datetime64],
        *,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give one forecast per issue time (extra dim issued_at), each as `predict` gives it.

        Besides: `guarded` (issued_at, gauge, lead), 1 where the guard cut the forecast.
        """
        known, bands = self._known(observations, issue_times)
        if rain_forecast is not None and self._rain_bands is None:
            raise ValueError(
                f"model {self.model_id} was fitted with observed rain only, got a rain forecast. "
                "Fit it with the rain forecasts of the training time, or pass rain_forecast=None."
            )
        parts = [self._gauge(known, target, issue_times, rain_forecast) for target in self.targets]
        dataset = self._dataset(
            [(one.levels_m, one.last_m, one.age_h) for one in parts], issue_times
        )
        used = np.stack([one.used for one in parts], axis=1)
        guarded = np.stack([one.guarded for one in parts], axis=1).astype("int8")
        named = dataset.assign_coords(model_used=(("issued_at", "gauge"), used))
        meaning = {"long_name": "forecasts cut to what the river can do"}
        named["guarded"] = (("issued_at", "gauge", "lead"), guarded, meaning)
        return LevelForecast(named.assign(bands.variables()))

    def _gauge(
        self,
        observations: Observations,
        target: str,
        issue_times: NDArray[np.datetime64],
        rain_forecast: RainForecast | None,
    ) -> GaugeForecast:
        """Give the forecasts of one gauge, each row with what it has inputs for."""
        learned = self._learned[target]
        inputs = read_inputs(observations, target, self.gauges)
        check_names(inputs.known.names, learned.names, target)
        inputs = inputs.take(np.searchsorted(inputs.known.times, issue_times))
        inputs = self._with_rain(inputs, target, rain_forecast)
        used = chosen(inputs)
        heard = np.isfinite(inputs.ahead_mm).all(axis=1) & (inputs.ahead_mm.shape[1] > 0)
        levels = np.full((len(inputs), len(self.leads), len(QUANTILES)), np.nan)
        guarded = np.zeros(levels.shape[:2], dtype=bool)
        for name in CHAIN:
            rows = np.flatnonzero((used == name) & ~((name == MIX) & heard))
            if len(rows):
                levels[rows], guarded[rows] = self._dry(learned.mix, name, inputs.take(rows))
        rows = np.flatnonzero((used == MIX) & heard)
        if len(rows) and learned.rain is not None:
            levels[rows], guarded[rows] = self._wet(learned, learned.rain, inputs.take(rows))
        return GaugeForecast(levels, inputs.known.level_m, inputs.known.age_h, used, guarded)

    def _dry(self, mix: GaugeMix, name: str, inputs: Inputs) -> tuple[Floats, NDArray[np.bool_]]:
        """Give levels (row, lead, quantile) by one name of the chain, without rain ahead."""
        dry = without_rain(inputs)
        rises_m, cut = mix.rises_m(name, dry)
        return self._levels(dry, rises_m, mix.spreads[name], self._bands), cut

    def _wet(
        self, learned: Learned, rain: RainMix, inputs: Inputs
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Give levels (row, lead, quantile) from the rain ahead, as far as it is believed."""
        dry_m, dry_cut = learned.mix.rises_m(MIX, without_rain(inputs))
        wet_m, wet_cut = rain.mix.rises_m(MIX, inputs)
        spread_mm = inputs.ahead_spread_mm[:, np.array(self._leads().steps) - 1]
        rises_m = rain.blended(wet_m, dry_m, spread_mm)
        spreads = rain.mix.spreads[MIX]
        return self._levels(inputs, rises_m, spreads, self._rain_bands), dry_cut | wet_cut

    def _levels(
        self, inputs: Inputs, rises_m: Floats, spreads: Sequence[Spread], bands: Bands | None
    ) -> Floats:
        """Give levels (row, lead, quantile): last level + rise + quantiles of the error. [m]"""
        assert bands is not None
        levels = np.empty((len(inputs), len(self.leads), len(QUANTILES)))
        for lead, (spread, steps) in enumerate(zip(spreads, self._leads().steps, strict=True)):
            terms = terms_of(inputs, rises_m[:, lead], steps)
            location_m = inputs.known.level_m + rises_m[:, lead]
            levels[:, lead] = location_m[:, None] + bands.errors_m(lead, spread, terms)
        return levels

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
        one = self._gauge(observations, target, issue_times, None)
        return one.levels_m, one.last_m, one.age_h

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the fitted model that `state` was told by; its forecasts are the same bits."""
        config = state["config"]
        model = cls(
            gauges=[gauge_from_state(gauge) for gauge in config["gauges"]],
            targets=config["targets"],
            leads=[timedelta(seconds=lead_s) for lead_s in config["leads_s"]],
            seed=config["seed"],
        )
        model._step = np.timedelta64(timedelta(seconds=state["step_s"]), "ns")
        model._learned = {
            target: Learned.from_state(one) for target, one in state["learned"].items()
        }
        model._bands = Bands.from_state(state["bands"])
        rain = state["rain_bands"]
        model._rain_bands = None if rain is None else Bands.from_state(rain)
        return model
