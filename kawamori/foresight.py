"""What gauges say and what the model foresees at one issue time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from advisory.types import GaugeState
from forecasting.exceedance import exceedance
from forecasting.quality import flag, good
from forecasting.types import (
    Exceedance,
    Gauge,
    LevelForecast,
    Observations,
    RainForecast,
    utc64,
)
from kawamori.followed import FollowedModel
from kawamori.states import alarmed_rivers, gauge_states


@dataclass(frozen=True)
class Foreseen:
    """Series up to the issue time, flagged and only the good of them, and what follows."""

    flagged: Observations
    good: Observations
    forecast: LevelForecast
    chances: Exceedance
    states: tuple[GaugeState, ...]
    alarmed: frozenset[str]  # rivers that may bring level 3 or more


def foresee(
    model: FollowedModel,
    observations: Observations,
    gauges: Sequence[Gauge],
    *,
    issued_at: datetime,
    rain_forecast: RainForecast | None,
) -> Foreseen:
    """Give the forecast of one issue time; later observations are cut off first."""
    past = Observations(observations.sel(time=slice(None, utc64(issued_at))))
    flagged = flag(past, gauges)
    usable = good(flagged)
    forecast = model.predict(usable, issued_at=issued_at, rain_forecast=rain_forecast)
    chances = exceedance(forecast, gauges)
    states = gauge_states(usable, gauges, issued_at=issued_at)
    alarmed = alarmed_rivers(states, chances, gauges)
    return Foreseen(flagged, usable, forecast, chances, states, alarmed)


def foresee_many(
    model: FollowedModel,
    observations: Observations,
    gauges: Sequence[Gauge],
    *,
    issue_times: Sequence[datetime],
    rain_forecast: RainForecast | None,
) -> Iterator[Foreseen]:
    """Give what `foresee` gives at each of many issue times, the forecasts made in one go.

    For stored series only: the observations reach beyond the issue times, and flags without
    hindsight say of every reading what they said when it came. `rain_forecast` has issued_at.
    """
    flagged = flag(observations, gauges)
    usable = good(flagged)
    times = np.array([utc64(at) for at in issue_times])
    forecasts = model.predict_many(usable, times, rain_forecast=rain_forecast)
    chances = exceedance(forecasts, gauges)
    for number, issued_at in enumerate(issue_times):
        past = {"time": slice(None, times[number])}
        known = Observations(usable.sel(past))
        ahead = Exceedance(chances.isel(issued_at=number))
        states = gauge_states(known, gauges, issued_at=issued_at)
        yield Foreseen(
            Observations(flagged.sel(past)),
            known,
            LevelForecast(forecasts.isel(issued_at=number)),
            ahead,
            states,
            alarmed_rivers(states, ahead, gauges),
        )
