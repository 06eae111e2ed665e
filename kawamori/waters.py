"""All water and danger of one cycle, joined: official floods, terrain, inland water, landslides.

Where more than one kind covers a place the deeper holds, so people and shelters are judged by the
worst that is in play. What is unknown in one kind never lowers the count of another: a district
with known people in the water and something unknown beside has at least so many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from advisory.policy import Policy
from advisory.rules import Sky
from advisory.types import RainState, Warnings
from advisory.words import JST
from forecasting.types import Gauge, LevelForecast, Observations
from hazard.combined import KEY, Part, combine, lay_ground, selected
from hazard.exposure import count_keys, expose, expose_indexed, leaving_blocks
from hazard.indexed import WaterIndex, index_water
from hazard.types import (
    COMBINED,
    DYNAMIC,
    EXPOSURE_COLUMNS,
    Exposure,
    FloodLayer,
)
from hazard.water import STAY, Population, people_of
from kawamori.city import City
from kawamori.dynamic import DynamicWater, LaidLand, dynamic_waters, lay_land
from kawamori.order_area import official_parts, reckoned_rivers
from kawamori.ungauged import (
    Danger,
    inland_index,
    inland_water,
    landslide_index,
    landslides,
    mapped,
    rain_states,
)
from kawamori.unsafe import hazards_in_play, unsafe_areas


@dataclass(frozen=True, eq=False)
class CityWater:
    """A city laid into everything that may flood or slide, once; None = it has no such map."""

    rivers: WaterIndex | None
    inland: WaterIndex | None
    landslide: WaterIndex | None
    ground: WaterIndex | None  # every building and road; None = no buildings
    land: LaidLand | None


@dataclass(frozen=True, eq=False)
class Waters:
    """The water of one issue time, and what the decision and the allocation need of it."""

    layer: FloodLayer | None  # official areas selected
    exposure: Exposure | None  # a row a scenario, "combined" last
    dynamic: tuple[DynamicWater, ...]
    inland: Danger | None
    landslide: Danger | None
    rain: tuple[RainState, ...]
    population: Population
    combined: WaterIndex | None  # of the one key `hazard.combined.KEY`; None = no buildings
    demand: pd.DataFrame | None  # who must leave, block by block; None = unknown
    unsafe: FloodLayer | None  # every area in play, for shelters; None = no map of any kind
    hazards: tuple[str, ...]  # for which a shelter must be designated


def lay_water(city: City) -> CityWater:
    """Lay the city into its maps and its terrain once, so that each cycle only counts."""
    ground = None
    if city.buildings is not None and len(city.buildings):
        ground = lay_ground(city.districts, city.buildings, city.roads)
    rivers = None
    if city.layers is not None and city.buildings is not None:
        rivers = index_water(city.layers, city.districts, city.buildings, city.roads)
    return CityWater(
        rivers=rivers,
        inland=inland_index(city),
        landslide=landslide_index(city),
        ground=ground,
        land=lay_land(city.land, ground, city.roads, city.gauges),
    )


def population_at(issued_at: datetime, policy: Policy, buildings: Any | None) -> Population:
    """Give which people count at a time: those by day where the city has them, else by night."""
    local = issued_at.astimezone(JST).time()
    by_day = policy.daytime.start <= local < policy.daytime.end
    return "day" if by_day and buildings is not None and "day_people" in buildings else "night"


def waters(
    laid: CityWater,
    city: City,
    layer: FloodLayer | None,
    *,
    observations: Observations,
    forecast: LevelForecast,
    warnings: Warnings,
    policy: Policy,
    sky: Sky,
) -> Waters:
    """Give all water of one issue time.

    Parameters
    ----------
    layer
        The official areas that the forecast selects; None = the city has none.
    observations
        Good levels and rain up to the issue time.
    sky
        The issue time, and whether it is the hour to judge the coming night.
    """
    issued_at = sky.issued_at
    population = population_at(issued_at, policy, city.buildings)
    now: Any = {"sky": sky, "population": population}
    rain = rain_states(laid.inland, city, observations, policy, issued_at=issued_at)
    inland = inland_water(laid.inland, rain, warnings, policy, **now)
    slides = landslides(laid.landslide, warnings, policy, **now)
    dynamic, parts = _dynamic(laid, city.gauges, observations, forecast, issued_at=issued_at)
    official = _official(laid, city, layer, population)
    tables = [official] if official is not None else []
    tables += [_dynamic_table(laid, parts, one, population) for one in dynamic]
    tables += [danger.exposure for danger in (inland, slides) if danger is not None]
    combined, demand, partial = None, None, frozenset[str]()
    if laid.ground is not None and tables:
        heard = warnings.received_at is not None or policy.telegrams.required
        doubtful = _doubtful(
            laid, city, official, dynamic, inland=inland, slides=slides if heard else None
        )
        near = reckoned_rivers(None if laid.land is None else laid.land.land, dynamic, policy)
        combined = combine(laid.ground, _in_play(laid, layer, parts, inland, slides, near=near))
        counts = count_keys(combined, [KEY], people_of(combined, population), STAY)
        counts, partial = _lower_bounds(counts, doubtful)
        demand = leaving_blocks(combined, [KEY], counts, population=population)
        tables.append(_rows(counts, COMBINED))
    return Waters(
        layer=layer,
        exposure=_joined(tables, partial),
        dynamic=dynamic,
        inland=inland,
        landslide=slides,
        rain=rain,
        population=population,
        combined=combined,
        demand=demand,
        unsafe=unsafe_areas(city, layer, dynamic, inland, slides),
        hazards=hazards_in_play(inland, slides),
    )


def _official(
    laid: CityWater, city: City, layer: FloodLayer | None, population: Population
) -> Exposure | None:
    if layer is None:
        return None
    if laid.rivers is None:
        return expose(layer, city.districts, None)
    return expose_indexed(laid.rivers, layer, population=population)


def _dynamic(
    laid: CityWater,
    gauges: Sequence[Gauge],
    observations: Observations,
    forecast: LevelForecast,
    *,
    issued_at: datetime,
) -> tuple[tuple[DynamicWater, ...], dict[str, Part]]:
    if laid.land is None or laid.ground is None:
        return (), {}
    return dynamic_waters(
        laid.land, laid.ground, gauges, observations, forecast, issued_at=issued_at
    )


def _dynamic_table(
    laid: CityWater, parts: Mapping[str, Part], one: DynamicWater, population: Population
) -> Exposure:
    assert laid.ground is not None
    index = combine(laid.ground, [parts[one.scenario]])
    counts = count_keys(index, [KEY], people_of(index, population), STAY)
    counts.loc[counts.index.isin(one.unknown_districts)] = pd.NA
    return _rows(counts, one.scenario)


def _in_play(
    laid: CityWater,
    layer: FloodLayer | None,
    parts: Mapping[str, Part],
    inland: Danger | None,
    slides: Danger | None,
    *,
    near: frozenset[str],
) -> list[Part]:
    """Give the parts that are joined: of the two quantiles the higher, signals where they apply.

    Of the rivers `near` the terrain tells what lies beyond the planned flood (`order_area`).
    """
    assert laid.ground is not None
    found = [parts[DYNAMIC]] if DYNAMIC in parts else []
    if laid.rivers is not None and layer is not None:
        found += official_parts(laid.ground, laid.rivers, laid.rivers.keys_of(layer), near)
    for index, danger in ((laid.inland, inland), (laid.landslide, slides)):
        if index is not None and danger is not None and danger.where(True):
            found.append(selected(laid.ground, index, index.keys, danger.where(True)))
    return found


def _doubtful(
    laid: CityWater,
    city: City,
    official: Exposure | None,
    dynamic: Sequence[DynamicWater],
    *,
    inland: Danger | None,
    slides: Danger | None,
) -> frozenset[str]:
    """Name the districts where some water cannot be counted.

    Terrain counts beside official areas and stands for them where there are none. Where a signal
    is unknown the mapped districts are doubtful; where it applies, those without inland map.
    """
    everyone = frozenset(map(str, city.districts.index))
    if official is not None:
        last = official["people"].groupby("district_id").last(skipna=False)
        doubtful = frozenset(map(str, last.index[last.isna()]))
    else:
        doubtful = frozenset(dynamic[-1].unknown_districts) if dynamic else everyone
    if inland is not None and laid.inland is not None:
        places = mapped(laid.inland)
        doubtful |= (inland.where(None) & places) | (inland.where(True) - places)
    if slides is not None and laid.landslide is not None:
        doubtful |= slides.where(None) & mapped(laid.landslide)
    return doubtful


def _lower_bounds(counts: Any, doubtful: frozenset[str]) -> tuple[Any, frozenset[str]]:
    """Make doubtful districts unknown where nobody is known, and name those with at least some."""
    known = counts["people"].fillna(0) > 0
    inside = counts.index.isin(doubtful)
    counts.loc[inside & ~known] = pd.NA
    return counts, frozenset(map(str, counts.index[inside & known]))


def _rows(counts: Any, scenario: str) -> Exposure:
    table = pd.concat({scenario: counts}, names=["scenario"]).swaplevel()
    return Exposure(table[list(EXPOSURE_COLUMNS)].astype("Int64"))


def _joined(tables: Sequence[Exposure], partial: frozenset[str]) -> Exposure | None:
    """Give all rows district by district, in the order of the tables."""
    if not tables:
        return None
    table: Any = pd.concat(tables)
    scenarios = list(dict.fromkeys(table.index.get_level_values("scenario")))
    districts = list(dict.fromkeys(table.index.get_level_values("district_id")))
    order = pd.MultiIndex.from_product([districts, scenarios], names=["district_id", "scenario"])
    table = table.loc[order]
    table.attrs["partial"] = tuple(sorted(partial))
    return Exposure(table)
