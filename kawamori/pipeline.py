"""The cycle: observations to forecast, water, people, shelters, advice and drafts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from advisory.decide import decide
from advisory.district import place_of as middle_of
from advisory.policy import ClearanceTimes, Policy
from advisory.rules import sky_at
from advisory.telegrams import Gale, Place, gale_onset
from advisory.types import Advice, GaugeState, Report, Warnings
from alerts.compose import compose
from alerts.facts import observe
from alerts.types import PUBLIC_FORMS, STAFF_FORM, Message
from forecasting.exceedance import exceedance
from forecasting.models import LevelModel
from forecasting.quality import flag, good
from forecasting.types import Exceedance, Observations, RainForecast, utc64
from hazard.select import select_layer
from hazard.types import COMBINED, FloodLayer
from kawamori.city import City
from kawamori.digests import city_digest, facts_digest, rain_digest, series_digest
from kawamori.followed import FollowedModel
from kawamori.kept_models import fit_or_load
from kawamori.outlook import outlook
from kawamori.placement import Placement, place_people
from kawamori.routes import main_routes
from kawamori.run import Run
from kawamori.shelter_rules import ShelterDesk, open_shelters
from kawamori.sheltering import sheltering
from kawamori.states import alarmed_rivers, gauge_states
from kawamori.telegrams import place_of
from kawamori.waters import CityWater, lay_water, waters
from kawamori.ways import Ways, closed_for, open_ways
from shelters.types import Allocation

FORMS = (*PUBLIC_FORMS, STAFF_FORM)


@dataclass(frozen=True)
class Desk:
    """What stays the same from cycle to cycle, and the digest of it."""

    city: City
    model: FollowedModel
    policy: Policy
    drill: bool
    digest: str
    water: CityWater  # the city laid into its maps and terrain, once
    ways: Ways
    shelters: ShelterDesk
    place: Place  # the city as official telegrams know it


def open_desk(
    city: City,
    model: LevelModel,
    training: Observations,
    policy: Policy,
    *,
    drill: bool,
    models: Path | None = None,
    rain_forecast: RainForecast | None = None,
) -> Desk:
    """Train the model on `training` (NaN teaches nothing) and give the desk.

    A model that was trained on the same before is read from the folder `models` instead. With
    the rain that was forecast in the training time the model also reads rain forecasts.
    """
    if models is None:
        fitted = model.fit(training, rain_forecast)
    else:
        fitted = fit_or_load(model, training, models, city=city, rain_forecast=rain_forecast)
    ways = open_ways(city, policy)
    known = [city_digest(city), series_digest(training), model.model_id, asdict(policy)]
    shelters = open_shelters(city)
    digest = facts_digest(*known, asdict(ways.speeds), shelters.facts())
    followed = FollowedModel.of(fitted, training)
    place = place_of(city)
    return Desk(city, followed, policy, drill, digest, lay_water(city), ways, shelters, place)


def cycle(
    desk: Desk,
    observations: Observations,
    *,
    issued_at: datetime,
    warnings: Warnings | None = None,
    previous: Sequence[Advice] | None = None,
    told: Allocation | None = None,
    reports: Sequence[Report] = (),
    rain_forecast: RainForecast | None = None,
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
    told
        The plan that people were told before: they keep their places where they can.
    reports
        From the ground: patrols, gates, dams.
    rain_forecast
        Issued at or before `issued_at`; only for a model that learned with rain forecasts.
    """
    city, warnings = desk.city, warnings or Warnings()
    past = Observations(observations.sel(time=slice(None, utc64(issued_at))))
    flagged = flag(past, city.gauges)
    usable_series = good(flagged)
    forecast = desk.model.predict(usable_series, issued_at=issued_at, rain_forecast=rain_forecast)
    chances = exceedance(forecast, city.gauges)
    states = gauge_states(usable_series, city.gauges, issued_at=issued_at)
    alarmed = alarmed_rivers(states, chances, city.gauges)
    middle = middle_of(city.districts, city.gauges)
    sky = sky_at(issued_at, middle, desk.policy)
    water = waters(
        desk.water,
        city,
        _layer(city, chances, alarmed),
        observations=usable_series,
        forecast=forecast,
        warnings=warnings,
        policy=desk.policy,
        sky=sky,
    )
    called = None
    if desk.water.inland is not None and water.inland is not None:
        called = desk.water.inland, water.inland.signals
    closed = closed_for(desk.water.rivers, chances, city, inland=called)
    placement = place_people(
        desk.shelters, city, desk.ways, water, chances, closed=closed, told=told
    )
    allocation = None if placement is None else placement.allocation
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
        gale=_gale(desk, warnings, middle, issued_at),
        reports=reports,
        previous=previous,
        issued_at=issued_at,
    )
    said = [asdict(warnings), [asdict(report) for report in reports]]
    digest = facts_digest(
        desk.digest, series_digest(flagged), *said, rain_digest(rain_forecast), issued_at
    )
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
        reports=tuple(reports),
        rain_forecast=rain_forecast,
        advice=advice,
        messages=_messages(desk, advice, states, warnings),
        population=water.population,
        dynamic=water.dynamic,
        inland=water.inland,
        landslide=water.landslide,
        outlook=outlook(
            desk.water.rivers,
            water.layer,
            chances,
            city.gauges,
            alarmed=alarmed,
            population=water.population,
        ),
        closed=closed,
        routes=_routes(desk, placement, closed),
        sheltering=sheltering(
            desk.shelters,
            city,
            placement,
            chances,
            advice,
            leaving_min=_leaving_min(desk.policy.clearance),
            scenario=COMBINED,
            issued_at=issued_at,
        ),
    )


def _gale(
    desk: Desk, warnings: Warnings, middle: tuple[float, float] | None, issued_at: datetime
) -> Gale | None:
    """Give when storm wind begins at the middle of the city; None = none foreseen, or no feed."""
    if middle is None:
        return None
    lon, lat = middle
    return gale_onset(warnings, desk.place, lon=lon, lat=lat, issued_at=issued_at)


def _layer(city: City, chances: Exceedance, alarmed: Collection[str]) -> FloodLayer | None:
    """Give the official areas that the forecast selects; None = the city has none."""
    if city.layers is None:
        return None
    return select_layer(chances, city.layers, city.gauges, alarmed=alarmed)


def _routes(desk: Desk, placement: Placement | None, closed: pd.DataFrame | None) -> Any | None:
    """Give the main ways of a placement; None = nobody is placed."""
    if placement is None:
        return None
    people, safe = placement.people, placement.safe
    return main_routes(desk.ways, people, safe, placement.allocation, closed=closed)


def _leaving_min(times: ClearanceTimes) -> float:
    """Give how long after the decision begins a household sets out by day."""
    return times.decide_min + times.diffuse_day_min + times.mobilise_min


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
