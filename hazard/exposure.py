"""Who and what lies inside the water: people by what they can do, buildings and roads.

`WaterIndex` finds once which buildings and roads lie in which areas; here they are counted for
one selection of areas. Who may stay upstairs is told in `hazard.staying`. Collapse zones and
durations are published for the largest flood only; where a river floods at all, they hold for
every one of its scenarios that the library behind the selection tells of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazard.indexed import Floats, Key, WaterIndex, index_water
from hazard.staying import CLASSES, MAY_STAY, UNSURE, StayRules
from hazard.types import EXPOSURE_COLUMNS, SCENARIOS, Buildings, Districts, Exposure, FloodLayer
from hazard.water import ROAD_CUT_M, STAY, Population, count_people, people_of, put_in_water


def expose(
    layer: FloodLayer | None,
    districts: Districts,
    buildings: Buildings | None,
    roads: Any | None = None,
    *,
    rules: StayRules = STAY,
    population: Population = "night",
) -> Exposure:
    """Give people, buildings and roads inside the water, by district and scenario.

    Parameters
    ----------
    layer
        A whole library or what `select_layer` gave; None = nothing is known about the water.
    districts, buildings
        `buildings.people` may be fractional; buildings without a district are passed over.
    roads
        Lines, EPSG:6668; each belongs to the district of a point near its middle. None = unknown.
    population
        "night" counts `people`, "day" the optional column `day_people`.

    Returns
    -------
        Index (district_id, scenario), every district with every scenario of the layer. The row
        of a scenario counts all water up to it, so a district's last row is the whole layer; a
        layer without rows gives 0 under "planned". Whole numbers, must_leave + may_stay + unknown =
        people; `unknown` are people in water from 0.5 m whose number of floors is not known.
        <NA> where nothing can be said: no layer, no buildings, a building inside whose people are
        not known, a district of a gauge in `layer.attrs["unknown_gauges"]`, or one without any
        gauge that the layer does not touch.

    Raises
    ------
    ValueError
        If the day population is asked for and the buildings have none.
    """
    if layer is None or buildings is None:
        scenarios = [SCENARIOS[-1]] if layer is None else _scenarios(layer)
        return unknown_exposure(districts, scenarios)
    index = index_water(layer, districts, buildings, roads)
    return expose_indexed(index, layer, rules=rules, population=population)


def expose_indexed(
    index: WaterIndex,
    layer: FloodLayer,
    *,
    rules: StayRules = STAY,
    population: Population = "night",
) -> Exposure:
    """Give `expose` for a selection of the library that the index was built from."""
    people = people_of(index, population)
    keys = index.keys_of(layer)
    parts = {
        name: count_keys(index, _up_to(keys, name), people, rules) for name in _scenarios(layer)
    }
    table = pd.concat(parts, names=["scenario"]).swaplevel()
    unknown_gauges = layer.attrs.get("unknown_gauges", ())
    silent = silent_districts(index.districts, unknown_gauges, table["buildings"])
    table.loc[table.index.get_level_values("district_id").isin(silent)] = pd.NA
    order = pd.MultiIndex.from_product(
        [index.districts.index, _scenarios(layer)], names=["district_id", "scenario"]
    )
    return Exposure(table.loc[order, list(EXPOSURE_COLUMNS)].astype("Int64"))


def demand(
    layer: FloodLayer,
    districts: Districts,
    buildings: Buildings,
    *,
    include_unknown: bool = True,
    rules: StayRules = STAY,
) -> pd.DataFrame:
    """Give where the people are who must leave, block by block.

    People of unknown floors are counted as leaving unless `include_unknown` is False: the safest
    assumption. The sum over a district equals its must_leave (+ unknown) in the last row of
    `expose`. A district whose counts are <NA> there has no rows.

    Returns
    -------
        Columns district_id, block, people (whole, > 0), lon, lat: the centre of those people.
    """
    index = index_water(layer, districts, buildings)
    return demand_indexed(index, layer, include_unknown=include_unknown, rules=rules)


def demand_indexed(
    index: WaterIndex,
    layer: FloodLayer,
    *,
    include_unknown: bool = True,
    rules: StayRules = STAY,
) -> pd.DataFrame:
    """Give `demand` for a selection of the library that the index was built from."""
    table: Any = expose_indexed(index, layer, rules=rules)
    last = table.groupby("district_id").last(skipna=False)
    keys = index.keys_of(layer)
    return leaving_blocks(index, keys, last, include_unknown=include_unknown, rules=rules)


def leaving_blocks(
    index: WaterIndex,
    keys: Iterable[Key],
    counts: Any,
    *,
    include_unknown: bool = True,
    rules: StayRules = STAY,
    population: Population = "night",
) -> pd.DataFrame:
    """Give `demand` for the water of some keys.

    `counts` has index district_id and the columns must_leave and unknown of the same water; a
    district whose counts are <NA> has no rows.
    """
    names = ["must_leave", "unknown"] if include_unknown else ["must_leave"]
    totals = counts[names].dropna().sum(axis=1)
    wet, water = index.wet, put_in_water(index, keys, rules)
    leaving = water.touched & (water.kind != MAY_STAY)
    leaving &= include_unknown | (water.kind != UNSURE)
    people = np.where(leaving, np.nan_to_num(people_of(index, population)), 0.0)
    size = len(wet.blocks)
    blocks: Any = wet.blocks.assign(people=np.bincount(wet.block, people, size))
    for name, at in (("lon", wet.lon), ("lat", wet.lat)):
        middle = np.bincount(wet.block, people * at, size)
        blocks[name] = middle / blocks["people"].where(blocks["people"] > 0)
    known = blocks["district_id"].isin(totals.index)
    blocks = blocks[known & (blocks["people"] > 0)].reset_index(drop=True)
    for district_id, rows in blocks.groupby("district_id").groups.items():
        parts = blocks.loc[rows, "people"].to_numpy()
        blocks.loc[rows, "people"] = _whole(parts, int(totals[district_id]))
    blocks["people"] = blocks["people"].astype(int)
    columns = ["district_id", "block", "people", "lon", "lat"]
    return pd.DataFrame(blocks.loc[blocks["people"] > 0, columns].reset_index(drop=True))


def silent_districts(districts: Any, unknown_gauges: Iterable[str], buildings: Any) -> list[str]:
    """Name districts about which a layer can say nothing; `buildings` counts those inside."""
    unknown = set(unknown_gauges)
    touched = buildings.groupby("district_id").max()
    return [
        district_id
        for district_id, gauge_ids in districts["gauge_ids"].items()
        if unknown & set(gauge_ids) or (not len(gauge_ids) and touched[district_id] == 0)
    ]


def unknown_exposure(districts: Districts, scenarios: list[str]) -> Exposure:
    """Give an exposure of which nothing is known."""
    index = pd.MultiIndex.from_product(
        [districts.index, scenarios], names=["district_id", "scenario"]
    )
    nothing = {name: pd.array([pd.NA] * len(index), dtype="Int64") for name in EXPOSURE_COLUMNS}
    return Exposure(pd.DataFrame(nothing, index=index))


def _scenarios(layer: FloodLayer) -> list[str]:
    """Give the scenarios of a layer, mildest first; a layer without rows is calm."""
    present = set(layer["scenario"])
    return [name for name in SCENARIOS if name in present] or [SCENARIOS[0]]


def _up_to(keys: Iterable[Key], scenario: str) -> list[Key]:
    names = SCENARIOS[: SCENARIOS.index(scenario) + 1]
    return [key for key in keys if key[1] in names]


def count_keys(
    index: WaterIndex, keys: list[Key], people: Floats, rules: StayRules
) -> pd.DataFrame:
    """Give people by class, buildings and roads of one water, index district_id."""
    water = put_in_water(index, keys, rules)
    whole = _heads(count_people(index, water, people))
    counts = pd.DataFrame(whole, columns=list(CLASSES), index=index.districts.index).astype("Int64")
    counts["people"] = counts[list(CLASSES)].sum(axis=1, skipna=False)
    found = np.bincount(index.wet.district[water.touched], minlength=len(counts))
    counts["buildings"] = pd.array(found, dtype="Int64")
    counts["roads_cut"] = _roads_cut(index, keys)
    return counts.rename_axis(index="district_id", columns=None)


def _heads(people: Floats) -> Floats:
    """Give whole people by class whose sum is the rounded sum, whatever the classes.

    Rounded sums of must leave, then unknown, then may stay: who changes to a class of more concern
    never lowers it, nor the total.
    """
    order = [CLASSES.index(name) for name in ("must_leave", "unknown", "may_stay")]
    sums = people[:, order].cumsum(axis=1).round(6).round()  # the noise of sums first
    whole = np.empty_like(people)
    whole[:, order] = np.diff(sums, axis=1, prepend=0.0)
    return whole


def _roads_cut(index: WaterIndex, keys: list[Key]) -> Any:
    roads, size = index.roads, len(index.districts)
    if roads is None:
        return pd.array([pd.NA] * size, dtype="Int64")
    depth = roads.depth_max_m[:, index.columns(keys)].max(axis=1, initial=-np.inf)
    cut = depth[roads.row] > ROAD_CUT_M
    return pd.array(np.bincount(roads.district[cut], minlength=size), dtype="Int64")


def _whole(parts: Floats, total: int) -> npt.NDArray[np.int64]:
    """Give whole numbers near `parts` that add up to `total` (largest remainders first)."""
    share = parts / parts.sum() * total
    whole = np.floor(share).astype(int)
    order = np.argsort(whole - share, kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return np.asarray(whole)
