"""The cycle: observations to forecast, water, people, shelters, advice and drafts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from advisory.decide import decide
from advisory.district import place_of as middle_of
from advisory.policy import ClearanceTimes, Policy
from advisory.rules import Sky, sky_at
from advisory.telegrams import Gale, Place, gale_onset
from advisory.types import Advice, Report, Warnings
from forecasting.models import LevelModel
from forecasting.types import Exceedance, Observations, RainForecast
from hazard.select import select_layer
from hazard.types import COMBINED, FloodLayer
from kawamori.champion import Champion
from kawamori.city import City
from kawamori.closures import Closures, closures
from kawamori.digests import city_digest, facts_digest, rain_digest, series_digest
from kawamori.drafts import drafts
from kawamori.followed import FollowedModel, Spans
from kawamori.foresight import Foreseen, foresee
from kawamori.ground import Ground
from kawamori.grounded import (
    allowed_upstairs,
    check_ground,
    city_on_ground,
    close_reported,
    ground_facts,
    reported_roads,
    uncounted_shelters,
)
from kawamori.kept_models import fit_or_load
from kawamori.out_of_reach import planned_stranding
from kawamori.outlook import outlook
from kawamori.placement import Placement, basis_of, place_people
from kawamori.routes import main_routes
from kawamori.run import Forecaster, Run
from kawamori.shelter_rules import ShelterDesk, open_shelters
from kawamori.sheltering import sheltering
from kawamori.telegrams import place_of
from kawamori.waters import CityWater, Waters, lay_water, waters
from kawamori.ways import Ways, open_ways
from shelters.types import Allocation


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
    out_of_reach: Any | None  # who is out of reach in each official flood
    forecaster: Forecaster


def open_desk(
    city: City,
    model: LevelModel,
    training: Observations,
    policy: Policy,
    *,
    drill: bool,
    models: Path | None = None,
    lent: Path | None = None,
    rain_forecast: RainForecast | None = None,
    champion: Champion | None = None,
) -> Desk:
    """Train the model on `training` (NaN teaches nothing) and give the desk.

    A model that was trained on the same before is read from the folder `models` instead, or
    from `lent`, into which nothing is written. With the rain that was forecast in the training time
    the model also reads rain forecasts. A champion that can serve forecasts in its place, and
    nothing is trained.
    """
    spans: Spans = ()
    if champion is not None and champion.model is not None:
        fitted, spans = champion.model, champion.learned
    elif models is None:
        fitted = model.fit(training, rain_forecast)
    else:
        fitted = fit_or_load(
            model, training, models, city=city, rain_forecast=rain_forecast, lent=lent
        )
    forecaster = (
        Forecaster("default", model.model_id)
        if champion is None
        else champion.forecaster(model.model_id)
    )
    ways = open_ways(city, policy)
    known = [city_digest(city), series_digest(training), asdict(forecaster), asdict(policy)]
    shelters = open_shelters(city, policy.clearance)
    digest = facts_digest(*known, asdict(ways.speeds), shelters.facts())
    followed = FollowedModel.of(fitted, training, spans)
    place = place_of(city)
    water = lay_water(city)
    lost = planned_stranding(city, ways, water.rivers)
    return Desk(
        city, followed, policy, drill, digest, water, ways, shelters, place, lost, forecaster
    )


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
    ground: Ground | None = None,
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
    ground
        Doors, head counts and closed roads as reported up to `issued_at`; None = none are read.
    """
    ground = check_ground(ground, issued_at)
    heard = Heard(warnings or Warnings(), tuple(reports), rain_forecast, ground)
    desk = replace(desk, city=city_on_ground(desk.city, ground))
    seen = foresee(
        desk.model, observations, desk.city.gauges, issued_at=issued_at,
        rain_forecast=rain_forecast,
    )  # fmt: skip
    middle = middle_of(desk.city.districts, desk.city.gauges)
    sky = sky_at(issued_at, middle, desk.policy)
    water, closed = water_at(desk, seen, heard.warnings, sky)
    closed = close_reported(closed, reported_roads(ground, desk.city))
    gale = _gale(desk, heard.warnings, middle, issued_at)
    placement = place_people(
        desk.shelters, desk.city, desk.ways, water, seen.chances, closed=closed, told=told,
        upstairs=allowed_upstairs(ground), uncounted=uncounted_shelters(ground),
    )  # fmt: skip
    advice = _advice(
        desk, heard, seen, water=water, placement=placement, gale=gale, previous=previous,
        issued_at=issued_at,
    )  # fmt: skip
    return _run(
        desk, heard, seen, water=water, closed=closed, placement=placement, advice=advice,
        issued_at=issued_at,
    )  # fmt: skip


def _advice(
    desk: Desk,
    heard: Heard,
    seen: Foreseen,
    *,
    water: Waters,
    placement: Placement | None,
    gale: Gale | None,
    previous: Sequence[Advice] | None,
    issued_at: datetime,
) -> tuple[Advice, ...]:
    """Give what to advise each district."""
    return decide(
        seen.chances,
        water.exposure,
        None if placement is None else placement.allocation,
        heard.warnings,
        desk.policy,
        districts=desk.city.districts,
        gauges=desk.city.gauges,
        states=seen.states,
        rain=water.rain,
        shelter_names=_names(desk.city),
        gale=gale,
        reports=heard.reports,
        previous=previous,
        issued_at=issued_at,
    )


@dataclass(frozen=True)
class Heard:
    """What others told the desk."""

    warnings: Warnings
    reports: tuple[Report, ...]
    rain_forecast: RainForecast | None
    ground: Ground | None = None

    def digest(self) -> str:
        """Give the sha256 of all of it."""
        said = [asdict(self.warnings), [asdict(report) for report in self.reports]]
        return facts_digest(*said, rain_digest(self.rain_forecast), ground_facts(self.ground))


def water_at(
    desk: Desk, seen: Foreseen, warnings: Warnings, sky: Sky
) -> tuple[Waters, Closures | None]:
    """Give all water of the cycle and the roads it closes."""
    water = waters(
        desk.water,
        desk.city,
        _layer(desk.city, seen.chances, seen.alarmed),
        observations=seen.good,
        forecast=seen.forecast,
        warnings=warnings,
        policy=desk.policy,
        sky=sky,
    )
    called = None
    if desk.water.inland is not None and water.inland is not None:
        called = desk.water.inland, water.inland.signals
    return water, closures(
        desk.water.rivers, seen.chances, desk.city, inland=called, combined=water.combined
    )


def _run(
    desk: Desk,
    heard: Heard,
    seen: Foreseen,
    *,
    water: Waters,
    closed: Closures | None,
    placement: Placement | None,
    advice: tuple[Advice, ...],
    issued_at: datetime,
) -> Run:
    city = desk.city
    digest = facts_digest(desk.digest, series_digest(seen.flagged), heard.digest(), issued_at)
    return Run(
        run_id=f"{city.city_id}-{issued_at:%Y%m%dT%H%MZ}-{digest[:8]}",
        issued_at=issued_at,
        input_digest=digest,
        drill=desk.drill,
        city=city,
        observations=seen.flagged,
        forecast=seen.forecast,
        exceedance=seen.chances,
        states=seen.states,
        layer=water.layer,
        exposure=water.exposure,
        allocation=None if placement is None else placement.allocation,
        warnings=heard.warnings,
        reports=heard.reports,
        rain_forecast=heard.rain_forecast,
        advice=advice,
        messages=drafts(city, advice, seen.states, drill=desk.drill),
        population=water.population,
        dynamic=water.dynamic,
        inland=water.inland,
        landslide=water.landslide,
        outlook=outlook(
            desk.water.rivers, water.layer, seen.chances, city.gauges,
            alarmed=seen.alarmed, population=water.population,
        ),
        closed=None if closed is None else closed.table,
        ground=heard.ground,
        forecaster=desk.forecaster,
        out_of_reach=desk.out_of_reach,
        routes=_routes(desk, placement, closed),
        basis=basis_of(placement, city, closed),
        sheltering=sheltering(
            desk.shelters, city, placement, seen.chances, advice,
            ways=desk.ways, closed=closed, leaving_min=_leaving_min(desk.policy.clearance),
            scenario=COMBINED, issued_at=issued_at,
        ),
    )  # fmt: skip


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


def _routes(desk: Desk, placement: Placement | None, closed: Closures | None) -> Any | None:
    """Give the main ways of a placement; None = nobody is placed."""
    if placement is None:
        return None
    people, safe = placement.people, placement.safe
    return main_routes(desk.ways, people, safe, placement.allocation, closed=closed)


def _leaving_min(times: ClearanceTimes) -> float:
    """Give how long after the decision begins a household sets out by day."""
    return times.decide_min + times.diffuse_day_min + times.mobilise_min


def _names(city: City) -> dict[str, str]:
    return {} if city.shelters is None else dict(city.shelters["name"])
