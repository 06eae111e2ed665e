"""Who and what lies inside the water: people by what they can do, buildings and roads.

A person stays upstairs only where the water cannot reach the floor of the highest storey and no
collapse zone lies there. Floor levels follow the official rank table, in which water below
0.5 m stays under the ground floor, below 3 m under the first floor, and each storey adds about
3 m [1]_. A rank counts with its upper end. How long the water stays does not yet matter here.

References
----------
.. [1] 国土交通省: 水害ハザードマップ作成の手引き (浸水深と階: 0.5 m 1階床下, 3 m 1階, 5 m 2階).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazard.types import (
    EXPOSURE_COLUMNS,
    SCENARIOS,
    Buildings,
    Districts,
    Exposure,
    FloodLayer,
)

GROUND_FLOOR_M = 0.5
STOREY_M = 3.0
ROAD_CUT_M = 0.5  # neither car nor walker passes water that may be deeper
CLASSES = ("must_leave", "may_stay", "unknown")


def expose(
    layer: FloodLayer | None,
    districts: Districts,
    buildings: Buildings | None,
    roads: Any | None = None,
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

    Returns
    -------
        Index (district_id, scenario), every district with every scenario of the layer. The row
        of a scenario counts all water up to it, so a district's last row is the whole layer; a
        layer without rows gives 0 under "planned". Whole numbers, must_leave + may_stay + unknown =
        people; `unknown` are people in water from 0.5 m whose number of floors is not known.
        <NA> where nothing can be said: no layer, no buildings, a building inside whose people are
        not known, a district of a gauge in `layer.attrs["unknown_gauges"]`, or one without any
        gauge that the layer does not touch.
    """
    if layer is None or buildings is None:
        scenarios = [SCENARIOS[-1]] if layer is None else _scenarios(layer)
        return _unknown(districts, scenarios)
    parts = {name: _counts(_up_to(layer, name), districts, buildings) for name in _scenarios(layer)}
    for name, counts in parts.items():
        counts["roads_cut"] = _roads_cut(_up_to(layer, name), districts, roads)
    table = pd.concat(parts, names=["scenario"]).swaplevel()
    silent = _silent(layer, districts, table)
    table.loc[table.index.get_level_values("district_id").isin(silent)] = pd.NA
    order = pd.MultiIndex.from_product(
        [districts.index, _scenarios(layer)], names=["district_id", "scenario"]
    )
    return Exposure(table.loc[order, list(EXPOSURE_COLUMNS)].astype("Int64"))


def demand(
    layer: FloodLayer,
    districts: Districts,
    buildings: Buildings,
    *,
    include_unknown: bool = True,
) -> pd.DataFrame:
    """Give where the people are who must leave, block by block.

    People of unknown floors are counted as leaving unless `include_unknown` is False: the safest
    assumption. The sum over a district equals its must_leave (+ unknown) in the last row of
    `expose`. A district whose counts are <NA> there has no rows.

    Returns
    -------
        Columns district_id, block, people (whole, > 0), lon, lat: the centre of those people.
    """
    kinds = ["must_leave", "unknown"] if include_unknown else ["must_leave"]
    table: Any = expose(layer, districts, buildings)
    totals = table.groupby("district_id").last(skipna=False)[kinds].dropna().sum(axis=1)
    inside: Any = classify(layer, buildings)
    leaving = inside[inside["kind"].isin(kinds) & (inside["people"] > 0)]
    weight = leaving["people"]
    sums = pd.DataFrame(
        {
            "district_id": leaving["district_id"],
            "block": leaving["block"],
            "people": weight,
            "lon": leaving["lon"] * weight,
            "lat": leaving["lat"] * weight,
        }
    )
    blocks: Any = sums.groupby(["district_id", "block"], as_index=False).sum()
    blocks = blocks[blocks["district_id"].isin(totals.index)].reset_index(drop=True)
    for name in ("lon", "lat"):
        blocks[name] = blocks[name] / blocks["people"]
    for district_id, rows in blocks.groupby("district_id").groups.items():
        parts = blocks.loc[rows, "people"].to_numpy()
        blocks.loc[rows, "people"] = _whole(parts, int(totals[district_id]))
    blocks["people"] = blocks["people"].astype(int)
    return pd.DataFrame(blocks[blocks["people"] > 0].reset_index(drop=True))


def classify(layer: FloodLayer, buildings: Buildings) -> pd.DataFrame:
    """Give the buildings inside the water with depth and class (must_leave, may_stay, unknown).

    Returns
    -------
        Index building_id; district_id, block, people, lon, lat, depth_max_m (NaN in a collapse
        zone without depth), collapse, kind. Order follows `buildings`.
    """
    wet = layer[layer["depth_max_m"].notna() | layer["collapse_zone"].notna()]
    points = buildings.geometry.array
    area, point = shapely.STRtree(points).query(wet.geometry.array, predicate="intersects")
    depth_m = np.full(len(buildings), -np.inf)
    np.fmax.at(depth_m, point, wet["depth_max_m"].to_numpy(dtype=float)[area])
    collapse = np.zeros(len(buildings), dtype=bool)
    np.logical_or.at(collapse, point, wet["collapse_zone"].notna().to_numpy()[area])
    touched = np.zeros(len(buildings), dtype=bool)
    touched[point] = True
    inside = pd.DataFrame(buildings[["district_id", "block", "people"]])
    inside["lon"], inside["lat"] = shapely.get_x(points), shapely.get_y(points)
    inside["depth_max_m"] = np.where(np.isneginf(depth_m), np.nan, depth_m)
    inside["collapse"] = collapse
    inside["kind"] = _kinds(depth_m, collapse, buildings["floors"].to_numpy(dtype=float))
    return inside[touched & inside["district_id"].notna()]


def highest_floor_m(floors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the height of the highest storey's floor above ground; NaN for unknown floors. [m]"""
    return np.where(floors <= 1, GROUND_FLOOR_M, STOREY_M * (floors - 1))


def _kinds(depth_m: Any, collapse: Any, floors: Any) -> Any:
    reached = depth_m > highest_floor_m(floors)  # False where floors are unknown
    unsure = np.isnan(floors) & (depth_m > GROUND_FLOOR_M)
    return np.select([collapse | reached, unsure], ["must_leave", "unknown"], "may_stay")


def _scenarios(layer: FloodLayer) -> list[str]:
    """Give the scenarios of a layer, mildest first; a layer without rows is calm."""
    present = set(layer["scenario"])
    return [name for name in SCENARIOS if name in present] or [SCENARIOS[0]]


def _up_to(layer: FloodLayer, scenario: str) -> FloodLayer:
    names = SCENARIOS[: SCENARIOS.index(scenario) + 1]
    return FloodLayer(layer[layer["scenario"].isin(names)])


def _counts(layer: FloodLayer, districts: Districts, buildings: Buildings) -> pd.DataFrame:
    """Give people by class and buildings of one water, index district_id."""
    inside = classify(layer, buildings)
    people = inside.pivot_table(
        index="district_id", columns="kind", values="people", aggfunc=_sum, observed=True
    )
    people = people.reindex(index=districts.index, columns=list(CLASSES))
    nobody = inside.groupby("district_id")["people"].agg(_sum).reindex(districts.index)
    unclear = nobody.isna() & nobody.index.isin(inside["district_id"].unique())
    counts = people.fillna(0.0).round().astype("Int64")
    counts[unclear] = pd.NA
    counts["people"] = counts[list(CLASSES)].sum(axis=1, skipna=False)
    found = inside["district_id"].value_counts().reindex(districts.index)
    counts["buildings"] = found.fillna(0).astype("Int64")
    return counts.rename_axis(index="district_id", columns=None)


def _sum(people: Any) -> float:
    """Give the sum, NaN as soon as one part is not known."""
    return float(people.sum(skipna=False))


def _roads_cut(layer: FloodLayer, districts: Districts, roads: Any | None) -> Any:
    if roads is None:
        return pd.array([pd.NA] * len(districts), dtype="Int64")
    deep = layer[layer["depth_max_m"] > ROAD_CUT_M]
    lines = roads.geometry.array
    _, line = shapely.STRtree(lines).query(deep.geometry.array, predicate="intersects")
    middles = shapely.point_on_surface(lines[np.unique(line)])
    row, _ = shapely.STRtree(middles).query(districts.geometry.array, predicate="intersects")
    return pd.array(np.bincount(row, minlength=len(districts)), dtype="Int64")


def _silent(layer: FloodLayer, districts: Districts, table: Any) -> list[str]:
    """Name districts about which the layer can say nothing."""
    unknown = set(layer.attrs.get("unknown_gauges", ()))
    touched = table.groupby("district_id")["buildings"].max()
    return [
        district_id
        for district_id, gauge_ids in districts["gauge_ids"].items()
        if unknown & set(gauge_ids) or (not len(gauge_ids) and touched[district_id] == 0)
    ]


def _unknown(districts: Districts, scenarios: list[str]) -> Exposure:
    index = pd.MultiIndex.from_product(
        [districts.index, scenarios], names=["district_id", "scenario"]
    )
    return Exposure(
        pd.DataFrame(
            {name: pd.array([pd.NA] * len(index), dtype="Int64") for name in EXPOSURE_COLUMNS},
            index=index,
        )
    )


def _whole(parts: npt.NDArray[np.float64], total: int) -> npt.NDArray[np.int64]:
    """Give whole numbers near `parts` that add up to `total` (largest remainders first)."""
    share = parts / parts.sum() * total
    whole = np.floor(share).astype(int)
    order = np.argsort(whole - share, kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return np.asarray(whole)
