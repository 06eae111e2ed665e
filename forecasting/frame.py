"""What all level models share: gauges, targets and leads in, a labelled forecast out.

`RiseModel` learns each gauge alone, `GlobalGbm` all gauges together; how a forecast is asked for,
checked and labelled is the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.features import Floats, known_until, step_min
from forecasting.intervals import QUANTILES, Bands
from forecasting.state import State, gauge_from_state, gauge_state
from forecasting.types import (
    Gauge,
    LevelForecast,
    Observations,
    RainForecast,
    step_of,
    utc64,
)


class LevelFrame(ABC):
    """Forecasts levels of each target gauge and lead; its subclasses say how.

    Parameters
    ----------
    gauges
        All gauges that feed the features, those upstream included.
    targets
        gauge_id of the gauges to forecast.
    leads
        How far ahead; whole time steps.
    seed
        Of every random choice in training.
    jobs
        Leads trained side by side, in threads; the result is the same.
    """

    model_id: ClassVar[str]
    takes_rain: ClassVar[bool] = False  # True: fit and predict read a rain forecast

    def __init__(
        self,
        *,
        gauges: Sequence[Gauge],
        targets: Sequence[str],
        leads: Sequence[timedelta],
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        unknown = sorted(set(targets) - {gauge.gauge_id for gauge in gauges})
        if unknown:
            raise ValueError(f"targets must be among the gauges, got {unknown}. Add these gauges.")
        if not leads or any(lead <= timedelta(0) for lead in leads):
            raise ValueError(f"leads must be longer than 0, got {[str(lead) for lead in leads]}.")
        self.gauges = tuple(gauges)
        self.targets = tuple(targets)
        self.leads = tuple(sorted(leads))
        self.seed = seed
        self.jobs = jobs
        self._step: np.timedelta64 | None = None
        self._bands: Bands | None = None

    @property
    def reads_rain(self) -> bool:
        """Whether it was fitted with rain forecasts, so that it can read one."""
        return False

    def config(self) -> State:
        """Give the arguments that decide what is learned, as plain values."""
        return {
            "gauges": [gauge_state(gauge) for gauge in self.gauges],
            "targets": list(self.targets),
            "leads_s": [lead.total_seconds() for lead in self.leads],
            "seed": self.seed,
        }

    @classmethod
    def _configured(cls, state: State) -> Self:
        """Give the model of a state's configuration and time step; what it learned is not in it."""
        config = state["config"]
        model = cls(
            gauges=[gauge_from_state(gauge) for gauge in config["gauges"]],
            targets=config["targets"],
            leads=[timedelta(seconds=lead_s) for lead_s in config["leads_s"]],
            seed=config["seed"],
        )
        model._step = np.timedelta64(timedelta(seconds=state["step_s"]), "ns")
        return model

    @abstractmethod
    def fit(self, observations: Observations, rain_forecast: RainForecast | None = None) -> Self:
        """Learn from observations; blanked hours (NaN) teach nothing."""

    @abstractmethod
    def state(self) -> State:
        """Give configuration and all that was learned (forecasting.state)."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """Give the fitted model that `state` was told by; its forecasts are the same bits."""

    def predict(
        self,
        observations: Observations,
        *,
        issued_at: datetime,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give the forecast issued at one time; nothing observed later is looked at.

        Returns
        -------
            level_m (gauge, lead, quantile) [m above gauge zero], NaN where the gauge has no
            recent level; then `model_used` (gauge) is "none". `last_level_m` (gauge) and its
            `last_level_age_h` are what the forecast starts from.
        """
        issue_times = np.array([utc64(issued_at)])
        forecast = self.predict_many(observations, issue_times, rain_forecast=rain_forecast)
        return LevelForecast(forecast.isel(issued_at=0))

    def predict_many(
        self,
        observations: Observations,
        issue_times: NDArray[np.datetime64],
        *,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give one forecast per issue time (extra dim issued_at), each as `predict` gives it."""
        self._refuse(rain_forecast)
        known, bands = self._known(observations, issue_times)
        gauges = [self._predict_gauge(known, target, issue_times, bands) for target in self.targets]
        return LevelForecast(self._dataset(gauges, issue_times).assign(bands.variables()))

    def _known(
        self, observations: Observations, issue_times: NDArray[np.datetime64]
    ) -> tuple[Observations, Bands]:
        """Give what was known at the last issue time, and the bands of the fitted model."""
        if self._step is None or self._bands is None:
            raise ValueError(f"model {self.model_id} must be fitted before it predicts. Call fit.")
        if observations.sizes["time"] > 1 and step_of(observations) != self._step:
            raise ValueError(
                f"observations must have the step that model {self.model_id} was fitted on, "
                f"{step_min(self._step):g} min, got {step_min(step_of(observations)):g} min. "
                "Pass the series of the same step."
            )
        return known_until(observations, issue_times, self._step), self._bands

    @abstractmethod
    def _predict_gauge(
        self,
        observations: Observations,
        target: str,
        issue_times: NDArray[np.datetime64],
        bands: Bands,
    ) -> tuple[Floats, Floats, Floats]:
        """Give levels (time, lead, quantile), last good level (time) [m] and its age (time) [h]."""

    def used(self, target: str) -> str:
        """Give what `model_used` says of a target that has a recent level."""
        return self.model_id

    def _dataset(
        self,
        gauges: Sequence[tuple[Floats, Floats, Floats]],
        issue_times: NDArray[np.datetime64],
    ) -> LevelForecast:
        levels, last, age = (np.stack(part, axis=1) for part in zip(*gauges, strict=True))
        used = np.where(np.isfinite(last), [self.used(target) for target in self.targets], "none")
        level_attrs = {"units": "m", "long_name": "forecast water level above gauge zero"}
        dataset = xr.Dataset(
            {
                "level_m": (("issued_at", "gauge", "lead", "quantile"), levels, level_attrs),
                "last_level_m": (("issued_at", "gauge"), last, {"units": "m"}),
                "last_level_age_h": (("issued_at", "gauge"), age, {"units": "h"}),
            },
            coords={
                "issued_at": issue_times.astype("datetime64[ns]"),
                "gauge": list(self.targets),
                "lead": np.array([np.timedelta64(lead, "ns") for lead in self.leads]),
                "quantile": list(QUANTILES),
                "model_used": (("issued_at", "gauge"), used),
            },
            attrs={"model_id": self.model_id, "Conventions": "CF-1.11"},
        )
        return LevelForecast(dataset)

    def _refuse(self, rain_forecast: RainForecast | None) -> None:
        if rain_forecast is not None:
            raise ValueError(
                f"model {self.model_id} uses observed rain only, got a rain forecast. "
                "Pass rain_forecast=None."
            )


def whole_steps(lead: timedelta, step: np.timedelta64) -> int:
    """Give a lead in time steps, or raise ValueError if it lies between them."""
    steps = np.timedelta64(lead, "ns") / step
    if steps != round(steps):
        raise ValueError(f"lead must be whole time steps of {step_min(step):g} min, got {lead}.")
    return round(steps)
