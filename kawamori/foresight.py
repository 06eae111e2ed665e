"""What gauges say and what the model foresees at one issue time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
