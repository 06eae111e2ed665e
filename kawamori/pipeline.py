"""The cycle: observations to forecast, water, people, shelters, advice and drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from advisory.decide import decide
from advisory.policy import Policy
from advisory.types import Advice, GaugeState, Warnings
from alerts.compose import compose
from alerts.facts import observe
from alerts.types import PUBLIC_FORMS, STAFF_FORM, Message
from forecasting.exceedance import exceedance
from forecasting.models import LevelModel
from forecasting.quality import flag, good
from forecasting.types import Exceedance, Observations, utc64
from hazard.select import select_layer
from hazard.types import FloodLayer
from kawamori.city import City
from kawamori.digests import city_digest, facts_digest, series_digest
from kawamori.kept_models import fit_or_load
from kawamori.routes import main_routes
from kawamori.run import Run
from kawamori.states import alarmed_rivers, gauge_states
from kawamori.waters import CityWater, Waters, lay_water, waters
from kawamori.ways import Ways, closed_for, open_ways
from shelters.allocate import allocate
from shelters.safety import usable
from shelters.types import Allocation

FORMS = (*PUBLIC_FORMS, STAFF_FORM)


@dataclass(frozen=True)
class Desk:
    """What stays the same from cycle to cycle, and the digest of it."""

    city: City
    model: LevelModel
    policy: Policy
    drill: bool
    digest: str
    water: CityWater  # the city laid into its maps and terrain, once
    ways: Ways


def open_desk(
    city: City,
    model: LevelModel,
    training: Observations,
    policy: Policy,
    *,
    drill: bool,
    models: Path | None = None,
) -> Desk:
    """Train the model on `training` (NaN teaches nothing) and give the desk.

    A model that was trained on the same before is read from the folder `models` instead.
    """
    if models is None:
        fitted = model.fit(training)
    else:
        fitted = fit_or_load(model, training, models, city=city)
    ways = open_ways(city, policy)
    known = [city_digest(city), series_digest(training), model.model_id, asdict(policy)]
    digest = facts_digest(*known, asdict(ways.speeds))
    return Desk(city, fitted, policy, drill, digest, lay_water(city), ways)


def cycle(
    desk: Desk,
    observations: Observations,
    *,
    issued_at: datetime,
    warnings: Warnings | None = None,
    previous: Sequence[Advice] | None = None,
) -> Run:
    """Give the run of one issue time; nothing observed later reaches any part of it.

    Parameters
    ----------
    observations
        Raw series; flags are raised here, values are kept.
    warnings
        Official warnings in force; None = no telegram feed is connected.
    previous
        Advice of the cycle before, so that levels do not flap.
    """
    city, warnings = desk.city, warnings or Warnings()
    past = Observations(observations.sel(time=slice(None, utc64(issued_at))))
    flagged = flag(past, city.gauges)
    usable_series = good(flagged)
    forecast = desk.model.predict(usable_series, issued_at=issued_at)
    chances = exceedance(forecast, city.gauges)
    states = gauge_states(usable_series, city.gauges, issued_at=issued_at)
    water = waters(
        desk.water,
        city,
        _layer(desk, chances, states),
        observations=usable_series,
        forecast=forecast,
        warnings=warnings,
        policy=desk.policy,
        issued_at=issued_at,
    )
    closed = closed_for(desk.water.rivers, chances, city)
    allocation, routes = _places(desk, water, closed)
    advice = decide(
        chances,
        water.exposure,
        allocation,
        warnings,
        desk.policy,
        districts=city.districts,
        gauges=city.gauges,
        states=states,
        rain=water.rain,
        shelter_names=_names(city),
        previous=previous,
        issued_at=issued_at,
    )
    digest = facts_digest(desk.digest, series_digest(flagged), asdict(warnings), issued_at)
    return Run(
        run_id=f"{city.city_id}-{issued_at:%Y%m%dT%H%MZ}-{digest[:8]}",
        issued_at=issued_at,
        input_digest=digest,
        drill=desk.drill,
        city=city,
        observations=flagged,
        forecast=forecast,
        exceedance=chances,
        states=states,
        layer=water.layer,
        exposure=water.exposure,
        allocation=allocation,
        warnings=warnings,
        advice=advice,
        messages=_messages(desk, advice, states, warnings),
        population=water.population,
        dynamic=water.dynamic,
        inland=water.inland,
        landslide=water.landslide,
        closed=closed,
        routes=routes,
    )


def _layer(desk: Desk, chances: Exceedance, states: Sequence[GaugeState]) -> FloodLayer | None:
    """Give the official areas that the forecast selects; None = the city has none."""
    city = desk.city
    if city.layers is None:
        return None
    alarmed = alarmed_rivers(states, chances, city.gauges)
    return select_layer(chances, city.layers, city.gauges, alarmed=alarmed)


def _places(
    desk: Desk, water: Waters, closed: pd.DataFrame | None
) -> tuple[Allocation | None, Any | None]:
    """Give who goes where and the main ways there."""
    people = water.demand
    if desk.city.shelters is None or people is None:
        return None, None
    safe, rejected = usable(desk.city.shelters, water.unsafe, hazards=water.hazards)
    minutes = desk.ways.minutes(people, safe, closed=closed)
    allocation = allocate(people, safe, minutes, rejected=rejected)
    return allocation, main_routes(desk.ways, people, safe, allocation, closed=closed)


def _messages(
    desk: Desk, advice: Sequence[Advice], states: Sequence[GaugeState], warnings: Warnings
) -> tuple[Message, ...]:
    city = desk.city
    drafts = []
    for one in advice:
        gauge_ids = city.districts.loc[one.district_id, "gauge_ids"]
        rivers = [gauge.river for gauge in city.gauges if gauge.gauge_id in gauge_ids]
        seen = observe(states, city.gauges, gauge_ids=gauge_ids, issued_at=one.issued_at)
        drafts += [
            compose(
                one,
                form=form,
                city_name=city.name,
                expires=one.valid_until,
                drill=desk.drill,
                river_names=rivers,
                observed=seen,
                notes=city.notes,
            )
            for form in FORMS
        ]
    return tuple(draft for draft in drafts if draft is not None)


def _names(city: City) -> dict[str, str]:
    return {} if city.shelters is None else dict(city.shelters["name"])
