"""Flood layers of the fictional town in the official A31a schema, computed from its own land.

As the official ones, each layer is the worst of all bank breaks along one river: the river
stands as high as in the design storm and reaches all lower land behind the broken bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from forecasting.simulate import simulate
from hazard.layers import DEPTH_RANKS, DURATION_RANKS
from hazard.types import JGD2011
from kawamori.town.cells import Cells, spots
from kawamori.town.districts import to_lonlat
from kawamori.town.flood import flood
from kawamori.town.plan import Floats, Plan
from kawamori.town.rivers import Rivers, design_rain
from kawamori.town.storms import STEPS_PER_H
from kawamori.town.terrain import Nodes, Terrain

SHALLOW_M = 0.05  # less is not drawn
FOLDERS = {
    "10": "10_計画規模",
    "20": "20_想定最大規模",
    "30": "30_浸水継続時間",
    "41": "41_家屋倒壊等氾濫想定区域_氾濫流",
    "42": "42_家屋倒壊等氾濫想定区域_河岸侵食",
}
MANAGER_CODE, MANAGER = "99", "架空県"  # no prefecture has the code 99
EDITION = "24"
FLOW_DEPTH_M, FLOW_REACH_M = 1.2, 220.0  # deep water close behind a broken bank
EROSION_REACH_M, EROSION_SLOPE = 40.0, 0.0018  # from the channel's edge, on steep rivers


@dataclass(frozen=True)
class Worst:
    """What one river can do, by terrain cell."""

    planned_m: Floats
    maximum_m: Floats
    duration_h: Floats  # water of the largest storm stays, 0 = dry


def worst_floods(
    plan: Plan, nodes: Nodes, terrain: Terrain, rivers: Rivers, cells: Cells
) -> tuple[Worst, ...]:
    """Give the worst flood of each river, in plan order."""
    every = spots(cells, nodes, terrain, np.arange(terrain.elevation_m.size))
    peaks = (plan.design.planned_peak_mm_h, plan.design.maximum_peak_mm_h)
    levels = [simulate(design_rain(plan, peak), rivers.basins)["level_m"].values for peak in peaks]
    worst = []
    for index in range(len(plan.rivers)):
        broken = np.where((nodes.river == index)[:, None], nodes.incision_m[:, None], np.inf)
        broken = np.repeat(broken, 2, axis=1)
        stages = [flood(level, rivers, nodes, cells, bank_m=broken) for level in levels]
        planned, maximum = (every.depth_m(stage.max(axis=0)) for stage in stages)
        wet = np.flatnonzero(maximum > SHALLOW_M)
        duration = np.zeros(len(maximum))
        hourly = every.of(wet).depth_m(stages[1][::STEPS_PER_H])
        duration[wet] = (hourly > SHALLOW_M).sum(axis=0)
        worst.append(Worst(planned, maximum, duration))
    return tuple(worst)


def write_layers(
    folder: Path, plan: Plan, nodes: Nodes, terrain: Terrain, worst: tuple[Worst, ...]
) -> None:
    """Write every layer of every river under its official folder and file name (GeoJSON)."""
    for river, flooded in zip(plan.rivers, worst, strict=True):
        for number, ranks in _ranks(nodes, terrain, flooded).items():
            digit = number[0]
            areas = [
                (rank, cells_area(ranks == rank, terrain)) for rank in np.unique(ranks[ranks > 0])
            ]
            if not areas:
                continue
            prefix = f"A31a_{digit}0"
            frame = gpd.GeoDataFrame(
                {
                    f"{prefix}1": river.number,
                    f"{prefix}2": river.name,
                    f"{prefix}3": MANAGER_CODE,
                    f"{prefix}4": MANAGER,
                    f"{prefix}5": [int(rank) for rank, _ in areas],
                    "stand_in": "模式",
                },
                geometry=to_lonlat(plan, np.array([area for _, area in areas])).array,
                crs=JGD2011,
            )
            target = folder / FOLDERS[number]
            target.mkdir(parents=True, exist_ok=True)
            name = f"A31a-{number}-{EDITION}_{MANAGER_CODE}_{river.number}_10.geojson"
            frame.to_file(target / name, driver="GeoJSON", engine="pyogrio")


def _ranks(nodes: Nodes, terrain: Terrain, worst: Worst) -> dict[str, npt.NDArray[np.int64]]:
    """Give the official rank of every cell by layer number, 0 = outside."""
    node, distance = terrain.node.ravel(), terrain.distance_m.ravel()
    wet = worst.maximum_m > SHALLOW_M
    hours = [first for first, _ in DURATION_RANKS.values()]
    from_channel = distance - nodes.channel_m[node] / 2
    flow = (worst.maximum_m >= FLOW_DEPTH_M) & (from_channel <= FLOW_REACH_M)
    erosion = wet & (from_channel <= EROSION_REACH_M) & (nodes.slope[node] >= EROSION_SLOPE)
    return {
        "10": _depth_rank(worst.planned_m),
        "20": _depth_rank(worst.maximum_m),
        "30": np.where(wet, np.searchsorted(hours, worst.duration_h, side="right"), 0),
        "41": np.where(flow, 1, 0),
        "42": np.where(erosion, 2, 0),
    }


def _depth_rank(depth_m: Floats) -> npt.NDArray[np.int64]:
    lower = [low for low, _ in DEPTH_RANKS.values()]
    rank = np.searchsorted(lower, depth_m, side="right")
    return np.where(depth_m > SHALLOW_M, rank, 0)


def cells_area(inside: npt.NDArray[np.bool_], terrain: Terrain) -> Any:
    """Give the cells as one area, corners lightly cut. [m from the corner]"""
    rows, columns = terrain.elevation_m.shape
    padded = np.pad(inside.reshape(rows, columns).astype(int), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    row, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1]
    size = terrain.cell_m
    strips = shapely.box(first * size, row * size, last * size, (row + 1) * size)
    return shapely.simplify(shapely.union_all(strips), size * 0.3)
