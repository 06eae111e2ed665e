"""避難困難地域 of a city, scenario by scenario: a layer for planning, with no storm at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from advisory.policy import Policy
from hazard.exposure import demand_indexed
from hazard.indexed import WaterIndex, index_water
from hazard.types import JGD2011, SCENARIOS, FloodLayer
from kawamori.city import City
from kawamori.ways import Ways, open_ways
from shelters.safety import usable
from shelters.stranded import STRANDED_COLUMNS, stranded

TIME_MIN = 120.0  # to walk, where nobody says another time (仮定)
SCENARIO_WORDS = {"planned": "計画規模", "maximum": "想定最大規模"}


def stranded_city(city: City, policy: Policy, *, time_min: float) -> gpd.GeoDataFrame:
    """Give who must leave and cannot reach a shelter that is safe in the same flood.

    Every river of the city has the flood of the scenario; people walk by day, before roads close.

    Parameters
    ----------
    time_min
        Minutes that people have to walk, beside the limit of the ways.

    Raises
    ------
    ValueError
        If the city has no flood areas, buildings or shelters: nothing can be said.
    """
    if city.layers is None or city.buildings is None or city.shelters is None:
        raise ValueError(
            f"{city.city_id} must have flood areas, buildings and shelters to tell who is out of"
            " reach. Complete the bundle: data/README.md."
        )
    index = index_water(city.layers, city.districts, city.buildings)
    return stranded_indexed(city, open_ways(city, policy), index, time_min=time_min)


def planned_stranding(city: City, ways: Ways, index: WaterIndex | None) -> gpd.GeoDataFrame | None:
    """Give `stranded_city` for the map of every run; None = the city cannot tell."""
    if index is None or city.layers is None or city.shelters is None:
        return None
    return stranded_indexed(city, ways, index, time_min=TIME_MIN)


def stranded_indexed(
    city: City, ways: Ways, index: WaterIndex, *, time_min: float
) -> gpd.GeoDataFrame:
    """Give `stranded_city` of a city that was laid into its flood areas before."""
    parts: list[Any] = []
    for number, scenario in enumerate(SCENARIOS, start=1):
        assert city.layers is not None
        assert city.shelters is not None
        if scenario not in set(city.layers["scenario"]):
            continue
        layer = FloodLayer(city.layers[city.layers["scenario"].isin(SCENARIOS[:number])])
        people = demand_indexed(index, layer)
        safe, _ = usable(city.shelters, layer)
        minutes = ways.minutes(people, safe)
        parts.append(stranded(people, safe, minutes, scenario=scenario, time_min=time_min))
    if not parts:
        return gpd.GeoDataFrame(columns=list(STRANDED_COLUMNS), geometry="geometry", crs=JGD2011)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011)


def write_stranded(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write the layer as GeoJSON; minutes without an end are left empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = {name: table[name].replace(np.inf, np.nan) for name in ("minutes", "time_min")}
    table.assign(**numbers).to_file(path, driver="GeoJSON", engine="pyogrio")


def stranded_lines(table: gpd.GeoDataFrame, city: City) -> Sequence[str]:
    """Give the people out of reach by scenario, and their districts."""
    lines = [f"注意: {note}" for note in city.notes]
    for scenario, rows in table.groupby("scenario", sort=False):
        people = rows.groupby("district_id")["people"].sum().sort_values(ascending=False)
        named = [f"{city.districts.at[key, 'name']} {count:,}人" for key, count in people.items()]
        word = SCENARIO_WORDS.get(str(scenario), str(scenario))
        lines.append(f"{word}: 計{people.sum():,}人 ({'、'.join(named)})")
    return lines if len(table) else [*lines, "避難困難な人はいません"]
