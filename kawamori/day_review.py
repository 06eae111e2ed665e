"""A documented day, cycle by cycle: our advice, with and without what is reconstructed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import xarray as xr

from advisory.decide import decide
from advisory.district import place_of as middle_of
from advisory.policy import Policy
from advisory.rules import Sky, sky_at
from advisory.telegrams import gale_onset
from advisory.types import Advice, Level, Warnings
from advisory.words import JST
from forecasting.types import LevelForecast, Observations
from hazard.select import select_layer
from kawamori.cases import issue_times
from kawamori.cities import open_city
from kawamori.city import City
from kawamori.day_inputs import (
    PUBLISHED,
    STEP,
    WHOLE,
    Telling,
    no_forecast,
    reports_at,
    sparse_series,
    warnings_at,
)
from kawamori.days import Day, check_day, read_day
from kawamori.drill import read_storm, train_desk
from kawamori.pipeline import Desk, cycle
from kawamori.placement import told_plan
from kawamori.policies import read_policy
from kawamori.progress import Report, part
from kawamori.settings import Settings
from kawamori.states import gauge_states
from kawamori.telegrams import place_of
from kawamori.waters import CityWater, Waters, lay_water, waters

HALF_HOURS = (12, 24)  # clock hours of Japan between which a cycle runs every half hour
HOUR = timedelta(hours=1)

Advices = tuple[Advice, ...]
Runner = Callable[[Telling, Sequence[datetime]], Iterator[Advices]]


@dataclass(frozen=True)
class Told:
    """The advice of a whole day under one telling, cycle by cycle."""

    telling: Telling
    cycles: tuple[Advices, ...]

    def first(self, district_id: str, level: Level = Level.EVACUATE) -> datetime | None:
        """Give when a district first gets a level or a higher one; None = never."""
        times = [
            one.issued_at
            for advice in self.cycles
            for one in advice
            if one.district_id == district_id and one.level >= level
        ]
        return min(times, default=None)

    def share(self, city: City, level: Level = Level.EVACUATE) -> float:
        """Give the share of residents whose district ever gets a level or a higher one."""
        ordered = [key for key in city.districts.index if self.first(str(key), level)]
        return float(
            city.districts.loc[ordered, "population"].sum() / city.districts["population"].sum()
        )

    def leaving(self, district_id: str, level: Level = Level.EVACUATE) -> int | None:
        """Give the most people of a district told to leave at once; 0 = never, None = unknown."""
        counts = [
            one.people.must_leave
            for advice in self.cycles
            for one in advice
            if one.district_id == district_id and one.level >= level
        ]
        known = [count for count in counts if count is not None]
        return max(known) if known else (None if counts else 0)

    def unknown_share(self) -> float:
        """Give the share of all advice that could not be judged."""
        every = [one.level for advice in self.cycles for one in advice]
        return sum(level is Level.UNKNOWN for level in every) / len(every)


@dataclass(frozen=True)
class DayReview:
    """A day with all its tellings: the whole one first, then published facts, then what-ifs."""

    day: Day
    city: City
    told: tuple[Told, ...]

    def rests_on_assumption(self, district_id: str) -> bool:
        """Tell whether the first level 4 comes later, or never, without reconstructed facts."""
        whole, published = self.told[0].first(district_id), self.told[1].first(district_id)
        return whole is not None and (published is None or whole < published)


def review_day(name: str, settings: Settings, progress: Report) -> DayReview:
    """Read a day and run it; a day with a storm trains (or reads) the city's own model."""
    day = read_day(name, settings.bundles)
    city = open_city(day.city, settings, part(progress, 0.0, 0.1))
    check_day(day, city)
    if day.storm:
        progress(f"{name}: training", 0.1)
        runner = storm_runner(day, train_desk(city, settings, drill=True))
    else:
        runner = sparse_runner(day, city, read_policy(settings, city.folder))
    tellings = [WHOLE, PUBLISHED]
    tellings += [Telling(f"もし{what_if}", what_if=what_if) for what_if in day.what_ifs]
    told = []
    for number, telling in enumerate(tellings):
        progress(f"{name}: {telling.name}", 0.2 + 0.8 * number / len(tellings))
        told.append(Told(telling, tuple(runner(telling, day_times(day)))))
    return DayReview(day, city, tuple(told))


def day_times(day: Day) -> list[datetime]:
    """Give the issue times: every hour, without a series every half hour from noon to midnight."""
    if day.storm:
        return issue_times(day.start, day.end, HOUR)
    return [
        at
        for at in issue_times(day.start, day.end, STEP)
        if at.minute == 0 or HALF_HOURS[0] <= at.astimezone(JST).hour < HALF_HOURS[1]
    ]


def storm_runner(day: Day, desk: Desk) -> Runner:
    """Give what runs the whole pipeline on the stored storm and the telegrams of the day.

    No forecast of rain that was issued on the day is kept, so none is read.
    """
    _, observations = read_storm(desk.city, day.storm)

    def run(telling: Telling, times: Sequence[datetime]) -> Iterator[Advices]:
        previous, plan = None, None
        for issued_at in times:
            result = cycle(
                desk,
                observations,
                issued_at=issued_at,
                warnings=warnings_at(day, telling, desk.city, issued_at),
                reports=reports_at(day, telling, issued_at),
                previous=previous,
                told=plan,
            )
            previous, plan = result.advice, told_plan(result.allocation, result.advice)
            yield result.advice

    return run


def sparse_runner(day: Day, city: City, policy: Policy) -> Runner:
    """Give what decides from the day's few facts: no forecast, no allocation of shelters."""
    laid = replace(lay_water(city), land=None)  # water over terrain needs a forecast
    middle = middle_of(city.districts, city.gauges)
    place = place_of(city)

    def run(telling: Telling, times: Sequence[datetime]) -> Iterator[Advices]:
        series = sparse_series(day, telling, city)
        previous: Advices | None = None
        for issued_at in times:
            warnings = warnings_at(day, telling, city, issued_at)
            gale = None
            if middle is not None:
                gale = gale_onset(
                    warnings, place, lon=middle[0], lat=middle[1], issued_at=issued_at
                )
            sky = sky_at(issued_at, middle, policy)
            water = sparse_water(laid, city, series, warnings, policy=policy, sky=sky)
            previous = decide(
                None,
                water.exposure,
                None,
                warnings,
                policy,
                districts=city.districts,
                gauges=city.gauges,
                states=gauge_states(series, city.gauges, issued_at=issued_at),
                rain=water.rain,
                gale=gale,
                reports=reports_at(day, telling, issued_at),
                previous=previous,
                issued_at=issued_at,
            )
            yield previous

    return run


def sparse_water(
    laid: CityWater,
    city: City,
    series: Observations,
    warnings: Warnings,
    *,
    policy: Policy,
    sky: Sky,
) -> Waters:
    """Give the water of one issue time without a forecast: every river may be at its highest."""
    layer = None
    if city.layers is not None:
        layer = select_layer(no_forecast(), city.layers, city.gauges)
    return waters(
        laid,
        city,
        layer,
        observations=series,
        forecast=LevelForecast(xr.Dataset()),
        warnings=warnings,
        policy=policy,
        sky=sky,
    )
