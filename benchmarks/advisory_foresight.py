"""What the desk foresees in each simulated storm, kept on disk: a new policy only decides again.

A storm's forecasts are made in one go and nobody is placed where nobody need move; drafts and
reports are left out. Advice from it is that of the full cycle: `benchmarks.advisory --check SEED`.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import joblib
import numpy as np
import numpy.typing as npt

from advisory.decide import decide
from advisory.district import place_of
from advisory.policy import Policy
from advisory.rules import sky_at
from advisory.types import Advice, GaugeState, RainState, Warnings
from benchmarks.advisory_storms import storm_of
from forecasting.quality import flag, good
from forecasting.rain import noisy_rain
from forecasting.types import Exceedance, Observations, aware, utc64
from hazard.combined import KEY
from hazard.types import Exposure
from hazard.water import STAY, put_in_water
from kawamori.digests import city_digest, facts_digest
from kawamori.foresight import Foreseen, foresee_many
from kawamori.pipeline import Desk, cycle, water_at
from kawamori.placement import place_people
from kawamori.simulated_rain import MEMBERS, SEED, rain_outlook, steps_of
from kawamori.town.town import Town
from kawamori.town.truth import Truth
from shelters.types import Allocation

HOUR = timedelta(hours=1)
BEFORE, AFTER = timedelta(hours=11), timedelta(hours=10)  # around the peak of the rain
WARNING = timedelta(hours=12)  # before the first water at least: a forecast and any clearance
DAY_STEPS = 24 * 6  # of ten minutes
UNLIKELY = 0.05  # below every probability that a policy tried here may ask for
NO_WARNINGS = Warnings()
# Tables of the policy that the foresight reads; the others may change without making it again.
UPSTREAM = (
    "inland",
    "inland_rain",
    "landslide",
    "night",
    "evening",
    "daytime",
    "clearance",
    "order_area",
)


@dataclass(frozen=True)
class Ahead:
    """What `decide` reads at one issue time, and the buildings that it counts."""

    issued_at: datetime
    chances: Exceedance
    exposure: Exposure | None
    allocation: Allocation | None
    states: tuple[GaugeState, ...]
    rain: tuple[RainState, ...]
    inside: npt.NDArray[np.str_]  # building_ids in any water that is counted


@dataclass(frozen=True)
class StormAhead:
    """One storm: what is foreseen, cycle by cycle, and what happens."""

    truth: Truth
    cycles: tuple[Ahead, ...]


def storm_times(observations: Observations, truth: Truth) -> list[datetime]:
    """Give the issue times of a storm: every hour, as in a drill, from a day into its record.

    A storm of several peaks can flood homes long before the greatest one: it begins before that.
    """
    first, last = (aware(observations["time"].values[end]) for end in (0, -1))
    wet = truth.districts["first_water"].dropna()
    water = [aware(wet.min().to_datetime64()) - WARNING] if len(wet) else []
    at = max(min([truth.peak_at - BEFORE, *water]), first + 25 * HOUR)
    end = min(truth.peak_at + AFTER, last)
    return [at + number * HOUR for number in range((end - at) // HOUR + 1)]


def look_ahead(desk: Desk, town: Town, seed: int) -> StormAhead:
    """Give what the desk foresees in one storm."""
    observations, truth = storm_of(town, seed)
    times = storm_times(observations, truth)
    seen = good(flag(observations, desk.city.gauges))
    rain = noisy_rain(
        seen, np.array([utc64(at) for at in times]), steps_of(seen), members=MEMBERS, seed=SEED
    )
    foreseen = foresee_many(
        desk.model, observations, desk.city.gauges, issue_times=times, rain_forecast=rain
    )
    cycles, calm = [], None
    for one, at in zip(foreseen, times, strict=True):
        still = _still(one, desk)
        if still and calm is None and one.alarmed:
            still = False  # the first one counted must be dry indeed
        cycles.append(_calm(calm, one, at) if still and calm else _ahead(desk, one, at))
        calm = cycles[-1] if still and calm is None else calm
    return StormAhead(truth, tuple(cycles))


def _still(seen: Foreseen, desk: Desk) -> bool:
    """Tell whether nobody can be told to leave: no river is high, nor likely to be soon."""
    last = seen.good.isel(time=slice(-DAY_STEPS, None))["level_m"].max("time")
    highest = dict(zip(last["gauge"].values.astype(str), last.values, strict=True))
    limits = {gauge.gauge_id: gauge.thresholds.judgment for gauge in desk.city.gauges}
    chance = seen.chances["probability"].sel(threshold=["danger", "overflow"])
    low = all(limit is not None and highest.get(key, np.inf) < limit
              for key, limit in limits.items())  # fmt: skip
    return low and bool((chance < UNLIKELY).all())


def _calm(calm: Ahead, seen: Foreseen, issued_at: datetime) -> Ahead:
    """Give a cycle in which nobody can be told to leave: people and ways are not asked for."""
    return replace(calm, issued_at=issued_at, chances=seen.chances, states=seen.states)


def _ahead(desk: Desk, seen: Foreseen, issued_at: datetime) -> Ahead:
    place = place_of(desk.city.districts, desk.city.gauges)
    sky = sky_at(issued_at, place, desk.policy)
    water, closed = water_at(desk, seen, NO_WARNINGS, sky)
    allocation, inside = None, np.array([], dtype=str)
    if water.demand is not None and len(water.demand):
        placed = place_people(
            desk.shelters, desk.city, desk.ways, water, seen.chances, closed=closed
        )
        allocation = None if placed is None else placed.allocation
    if water.combined is not None:
        wet = put_in_water(water.combined, [KEY], STAY).touched
        at = water.combined.wet.at[wet]
        inside = np.asarray(water.combined.buildings.index[at], dtype=str)
    return Ahead(
        issued_at, seen.chances, water.exposure, allocation, seen.states, water.rain, inside
    )


def advise(desk: Desk, storm: StormAhead, policy: Policy) -> list[tuple[Advice, ...]]:
    """Give the advice of a policy through one storm."""
    names = {} if desk.city.shelters is None else dict(desk.city.shelters["name"])
    told: list[tuple[Advice, ...]] = []
    for one in storm.cycles:
        advice = decide(
            one.chances,
            one.exposure,
            one.allocation,
            NO_WARNINGS,
            policy,
            districts=desk.city.districts,
            gauges=desk.city.gauges,
            states=one.states,
            rain=one.rain,
            shelter_names=names,
            previous=told[-1] if told else None,
            issued_at=one.issued_at,
        )
        told.append(advice)
    return told


def full_cycles(desk: Desk, town: Town, seed: int) -> list[tuple[Advice, ...]]:
    """Give the advice of the whole cycle, time by time, as in a drill: some 0.5 s CPU each."""
    observations, truth = storm_of(town, seed)
    seen = good(flag(observations, desk.city.gauges))
    told: list[tuple[Advice, ...]] = []
    for at in storm_times(observations, truth):
        previous = told[-1] if told else None
        rain = rain_outlook(seen, at)
        run = cycle(desk, observations, issued_at=at, previous=previous, rain_forecast=rain)
        told.append(run.advice)
    return told


def kept_storm(desk: Desk, town: Town, seed: int, home: Path) -> StormAhead:
    """Give what is foreseen in a storm: read from below `home`, else made and kept there.

    It is looked up by the city, the kind of model and the tables of the policy that it rests on,
    not by the program: remove the folder after a change of forecasts or of water.
    """
    path = home / _key(desk) / f"{seed}.joblib"
    if path.exists():
        kept: StormAhead = joblib.load(path)
        return kept
    storm = look_ahead(desk, town, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{seed}-", dir=path.parent)
    os.close(handle)
    joblib.dump(storm, name, compress=3)
    os.replace(name, path)
    return storm


def _key(desk: Desk) -> str:
    policy = asdict(desk.policy)
    read = [policy[name] for name in UPSTREAM]
    return facts_digest(city_digest(desk.city), desk.model.model.model_id, read)[:16]
