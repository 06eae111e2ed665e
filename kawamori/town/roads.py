"""Roads of the fictional town: a connected net of streets, joined over rivers by bridges only."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

from hazard.types import JGD2011
from kawamori.town.districts import to_lonlat
from kawamori.town.plan import Floats, Plan
from kawamori.town.terrain import Nodes, Terrain

SPACING_M = 170.0  # of junctions where people live
LONGEST_M = 420.0  # of a street between two junctions
DROPPED = 0.32  # share of streets left out
STEEP = 0.2
BANK_ROAD_M = 45.0  # a bridge begins and ends this far from the channel's edge

Links = npt.NDArray[np.int64]


def make_roads(plan: Plan, nodes: Nodes, terrain: Terrain, places_m: Floats, rivers: Any) -> Any:
    """Give the roads as lines with `kind` (primary, residential) and `bridge`, EPSG:6668.

    Every two junctions are connected; no road crosses a river but on a bridge.
    """
    random = np.random.default_rng(plan.seed + 3)
    ends = _bridge_ends(plan, nodes)
    junctions = np.vstack([ends, _junctions(places_m, ends, random)])
    water = shapely.union_all(rivers)
    links, crossing = _candidates(junctions, water)
    length = np.hypot(*(junctions[links[:, 0]] - junctions[links[:, 1]]).T)
    bridges = np.arange(len(ends)).reshape(-1, 2)
    land, land_m = links[~crossing], length[~crossing]
    climb = _steepness(terrain, junctions, land, land_m)
    tree = _tree(len(junctions), land, land_m * (1 + 8 * climb))
    wanted = (land_m < LONGEST_M) & (climb < STEEP) & (random.uniform(size=len(land)) > DROPPED)
    chosen = np.vstack([land[tree | wanted], bridges])
    bridge = np.arange(len(chosen)) >= len(chosen) - len(bridges)
    joined = connected_components(_graph(len(junctions), chosen), directed=False)
    keep = joined[1][chosen[:, 0]] == np.bincount(joined[1]).argmax()
    chosen, bridge = chosen[keep], bridge[keep]
    lines = shapely.linestrings(junctions[chosen])
    near_bridge = np.isin(chosen, np.unique(bridges)).any(axis=1)
    frame = {"kind": np.where(near_bridge, "primary", "residential"), "bridge": bridge}
    return gpd.GeoDataFrame(frame, geometry=to_lonlat(plan, lines).array, crs=JGD2011)


def _bridge_ends(plan: Plan, nodes: Nodes) -> Floats:
    """Give both ends of every bridge, one after the other."""
    ids = [river.river_id for river in plan.rivers]
    ends = []
    for river_id, chainage_km in plan.bridges:
        node = nodes.nearest(ids.index(river_id), chainage_km * 1000)
        normal = np.array([-nodes.direction[node, 1], nodes.direction[node, 0]])
        half = nodes.channel_m[node] / 2 + BANK_ROAD_M
        ends += [nodes.place_m[node] + normal * half, nodes.place_m[node] - normal * half]
    return np.array(ends)


def _junctions(places: Floats, ends: Floats, random: np.random.Generator) -> Floats:
    """Give one junction for every square with houses, a little off the grid."""
    square = np.unique(np.floor(places / SPACING_M).astype(int), axis=0)
    middle = (square + 0.5) * SPACING_M + random.normal(0, 14.0, square.shape)
    far = cKDTree(ends).query(middle)[0] > 60.0
    return np.asarray(middle[far])


def _candidates(junctions: Floats, water: Any) -> tuple[Links, npt.NDArray[np.bool_]]:
    """Give possible streets between neighbours and whether they would cross a river."""
    corners = Delaunay(junctions).simplices
    sides = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    links = np.unique(np.sort(sides, axis=1), axis=0).astype(np.int64)
    shapely.prepare(water)
    return links, np.asarray(shapely.intersects(water, shapely.linestrings(junctions[links])))


def _steepness(terrain: Terrain, junctions: Floats, links: Links, length: Floats) -> Floats:
    height = terrain.elevation_m.ravel()[terrain.cells(junctions)]
    return np.asarray(np.abs(height[links[:, 0]] - height[links[:, 1]]) / length)


def _graph(count: int, links: Links, weight: Floats | None = None) -> Any:
    values = np.ones(len(links)) if weight is None else weight
    return coo_matrix((values, (links[:, 0], links[:, 1])), shape=(count, count)).tocsr()


def _tree(count: int, links: Links, cost: Floats) -> npt.NDArray[np.bool_]:
    """Give which links the cheapest tree needs, so that no junction is cut off."""
    tree = minimum_spanning_tree(_graph(count, links, cost)).tocoo()
    used = set(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    return np.array([(int(a), int(b)) in used for a, b in links])
