"""A desk's model with bands that follow what became of its earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
import xarray as xr

from forecasting.adaptive import Times, adapted, taught_by
from forecasting.models import LevelModel
from forecasting.types import LevelForecast, Observations, RainForecast, step_of, utc64

Spans = tuple[tuple[np.datetime64, np.datetime64], ...]


@dataclass(frozen=True)
class FollowedModel:
    """A fitted model and the hours it has learned from, which say nothing of its errors.

    Nothing is kept between cycles: what it would have said in the last two weeks is told again
    from the observations, so that a stored run gives the same forecast again.
    """

    model: LevelModel
    learned: Times

    @classmethod
    def of(cls, model: LevelModel, training: Observations, spans: Spans = ()) -> Self:
        """Give the model that was fitted on `training`; hours without any level taught nothing.

        Parameters
        ----------
        spans
            First and last time of what a model has seen that was fitted on another series.
        """
        known = np.isfinite(training["level_m"].values).any(axis=1)
        learned = training["time"].values[known]
        if spans:
            step = step_of(training)
            seen = [np.arange(first, last + step, step) for first, last in spans]
            learned = np.unique(np.concatenate([learned, *seen]))
        return cls(model, learned)

    def predict(
        self,
        observations: Observations,
        *,
        issued_at: datetime,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give the model's forecast, its bands adapted (see `forecasting.adaptive`).

        Earlier rain forecasts are not asked for: the bands that teach are those without.
        """
        forecast = self.model.predict(
            observations, issued_at=issued_at, rain_forecast=rain_forecast
        )
        times = observations["time"].values
        new = times[~np.isin(times, self.learned)]
        earlier = taught_by(utc64(issued_at), forecast, new)
        if not len(earlier):
            return forecast
        hindcast = self.model.predict_many(observations, earlier)
        return adapted(forecast, hindcast, Observations(observations.sel(time=new)))

    def predict_many(
        self,
        observations: Observations,
        issue_times: Times,
        *,
        rain_forecast: RainForecast | None = None,
    ) -> LevelForecast:
        """Give one forecast per issue time (extra dim issued_at), each as `predict` gives it.

        The observations must be such that nothing later changes what is said of an earlier time,
        as after `forecasting.quality.flag` without hindsight.
        """
        raw = self.model.predict_many(observations, issue_times, rain_forecast=rain_forecast)
        times = observations["time"].values
        new = times[~np.isin(times, self.learned)]
        seen = Observations(observations.sel(time=new))
        # Bands are taught by those of whole hours before: other minutes must not teach them here.
        minutes = (issue_times - issue_times.astype("datetime64[h]")).astype(int)
        parts = []
        for minute in np.unique(minutes):
            forecast = LevelForecast(raw.isel(issued_at=np.flatnonzero(minutes == minute)))
            teaching = [taught_by(one, forecast, new) for one in forecast["issued_at"].values]
            earlier = np.unique(np.concatenate(teaching))
            if not all(map(len, teaching)):
                raise ValueError(
                    "each issue time must lie at least one hour after the first new observation."
                )
            parts.append(adapted(forecast, self.model.predict_many(observations, earlier), seen))
        return LevelForecast(
            xr.concat(
                parts,
                dim="issued_at",
                data_vars="minimal",
                coords="minimal",
                compat="override",
                join="exact",
            ).sortby("issued_at")
        )
