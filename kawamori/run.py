"""One cycle of the desk: what was known, what was forecast, what was advised and drafted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from advisory.types import Advice, GaugeState, Report, Warnings
from alerts.types import Message
from forecasting.types import Exceedance, LevelForecast, Observations, RainForecast
from hazard.types import Exposure, FloodLayer
from hazard.water import Population
from kawamori.city import City
from kawamori.dynamic import DynamicWater
from kawamori.feeds.facts import FeedFact
from kawamori.ground import Ground
from kawamori.outlook import Outlook
from kawamori.placement import Basis
from kawamori.sheltering import Sheltering
from kawamori.ungauged import Danger
from shelters.types import Allocation


@dataclass(frozen=True)
class Forecaster:
    """Whose forecast it is: the champion's that was promoted for the city, or the default's."""

    kind: Literal["champion", "default"]
    model_id: str
    champion: str = ""  # digest of the promoted model; "" = nothing was promoted
    why_not: str = ""  # why the champion was not used; "" = it was, or there is none

    def notes(self) -> tuple[str, ...]:
        """Give what stands on the page where a champion could not be used."""
        if not self.why_not:
            return ()
        return (f"昇格したモデルを使えない({self.why_not[:200]})。既定のモデルで予測する",)


@dataclass(frozen=True)
class Run:
    """A stored cycle: what the report, the console, the API and the audit log show."""

    run_id: str
    issued_at: datetime
    input_digest: str  # sha256 of city, observations up to issued_at, model and policy
    drill: bool
    city: City
    observations: Observations  # nothing after issued_at
    forecast: LevelForecast
    exceedance: Exceedance
    states: tuple[GaugeState, ...]
    layer: FloodLayer | None  # official areas that the forecast selects
    exposure: Exposure | None  # a row a scenario; "combined" is what advice and places rest on
    allocation: Allocation | None
    warnings: Warnings
    advice: tuple[Advice, ...]
    messages: tuple[Message, ...]
    reports: tuple[Report, ...] = ()  # from the ground
    rain_forecast: RainForecast | None = None  # that the forecast rests on; None = none
    population: Population = "night"  # which people the exposure counts
    dynamic: tuple[DynamicWater, ...] = ()  # reckoned from terrain; () = the city has none
    inland: Danger | None = None  # drains and streams without a gauge; None = no inland map
    landslide: Danger | None = None  # None = no zones are known
    outlook: Outlook | None = None  # how likely the official areas are; None = no areas
    closed: pd.DataFrame | None = None  # position in the city's roads x traveller; None = unknown
    routes: Any | None = None  # of `kawamori.routes`; None = nobody is sent anywhere
    sheltering: Sheltering | None = None  # doors, staff, stock; None = nobody is placed
    out_of_reach: Any | None = None  # 避難困難地域 by scenario, no storm; None = cannot be told
    ground: Ground | None = None  # reports on shelters and roads; None = none are read
    forecaster: Forecaster | None = None  # None = not told, as by a record of an older version
    feeds: tuple[FeedFact, ...] = ()  # as polled for this cycle; () = it was handed a table
    basis: Basis | None = None  # of the allocation; None = nobody is placed
