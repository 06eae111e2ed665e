"""The fictional town as one value: land, rivers, people, roads, shelters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.simulate import simulate
from hazard.types import Buildings, Districts
from kawamori.town.buildings import make_buildings, place_buildings
from kawamori.town.cells import Cells, Spots, make_cells, spots
from kawamori.town.districts import district_areas, make_districts, river_lines
from kawamori.town.flood import flood
from kawamori.town.layers import SHALLOW_M, Worst, worst_floods
from kawamori.town.plan import Floats, Plan, read_plan
from kawamori.town.rivers import Rivers, design_rain, make_rivers
from kawamori.town.roads import make_roads
from kawamori.town.shelters import ShelterSite, place_shelters
from kawamori.town.terrain import Nodes, Terrain, make_nodes, make_terrain

LIKELY_PEAK_MM_H = 55.0  # a flood that may well come: water beyond the planned storm


@dataclass(frozen=True)
class Town:
    """Everything about the town; made by `make_town`, the same every time."""

    plan: Plan
    nodes: Nodes
    terrain: Terrain
    rivers: Rivers
    cells: Cells
    worst: tuple[Worst, ...]
    districts: Districts
    buildings: Buildings
    roads: Any
    shelters: tuple[ShelterSite, ...]
    building_spots: Spots
    shelter_spots: Spots


def make_town(plan: Plan | None = None) -> Town:
    """Give the town of data/drill-town/, computed in about a second."""
    plan = read_plan() if plan is None else plan
    nodes = make_nodes(plan)
    terrain = make_terrain(plan, nodes)
    rivers = make_rivers(plan, nodes)
    cells = make_cells(plan, nodes, terrain)
    worst = worst_floods(plan, nodes, terrain, rivers, cells)
    maximum = np.max([river.maximum_m for river in worst], axis=0)
    areas = district_areas(plan, nodes)
    places, table = place_buildings(plan, nodes, terrain, areas)
    cell = table["cell"].to_numpy()
    table["gauge_id"] = _gauge_of(rivers, terrain, cell, maximum)
    sites = place_shelters(
        terrain,
        table,
        worst_m=np.where(maximum > SHALLOW_M, maximum, 0.0),
        likely_m=_likely_depth_m(plan, nodes, terrain, rivers, cells),
    )
    site_cells = np.array([site.cell for site in sites])
    return Town(
        plan=plan,
        nodes=nodes,
        terrain=terrain,
        rivers=rivers,
        cells=cells,
        worst=worst,
        districts=make_districts(plan, areas, table),
        buildings=make_buildings(plan, places, table),
        roads=make_roads(plan, nodes, terrain, places, river_lines(plan, nodes)),
        shelters=sites,
        building_spots=spots(cells, nodes, terrain, cell),
        shelter_spots=spots(cells, nodes, terrain, site_cells),
    )


def _gauge_of(rivers: Rivers, terrain: Terrain, cell: Any, maximum_m: Floats) -> Any:
    """Give the gauge that speaks for the river beside each cell; None where no water can come."""
    ids = np.array([gauge.gauge_id for gauge in rivers.gauges], dtype=object)
    nearest = ids[rivers.share.argmax(axis=1)[terrain.node.ravel()[cell]]]
    nearest[maximum_m[cell] <= SHALLOW_M] = None
    return nearest


def _likely_depth_m(
    plan: Plan, nodes: Nodes, terrain: Terrain, rivers: Rivers, cells: Cells
) -> Floats:
    levels = simulate(design_rain(plan, LIKELY_PEAK_MM_H), rivers.basins)["level_m"].values
    every = spots(cells, nodes, terrain, np.arange(terrain.elevation_m.size))
    return every.depth_m(flood(levels, rivers, nodes, cells).max(axis=0))
