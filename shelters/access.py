"""Where doors meet the road: each point is laid on the nearest road its traveller may use.

Nobody lives on a bridge or in a tunnel, so those are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from shelters.roads import Bools, Floats, Ints, RoadNetwork


@dataclass(frozen=True, eq=False)
class Access:
    """How points meet the network, dims (point); -1 = no edge near.

    `along_m` is the way from the edge's start to the point's foot on it.
    """

    edge: Ints
    along_m: Floats
    apart_m: Floats  # straight from the point to the road, NaN = position unknown, inf = no road
    placed: Bools  # the position is known


def attach(network: RoadNetwork, points_m: Floats, mode: str, *, limit_m: float) -> Access:
    """Give how points (east, north) meet the roads of a mode ("walk" or "car") within `limit_m`."""
    count = len(points_m)
    placed = np.asarray(np.isfinite(points_m).all(axis=1), dtype=bool)
    edge = np.full(count, -1, dtype=np.int64)
    along_m, apart_m = np.zeros(count), np.where(placed, np.inf, np.nan)
    usable, tree = _tree(network, mode)
    points = shapely.points(points_m[placed])
    (which, line), near_m = tree.query_nearest(
        points, max_distance=limit_m, return_distance=True, all_matches=False
    )
    at = np.flatnonzero(placed)[which]
    edge[at], apart_m[at] = usable[line], near_m
    along_m[at] = shapely.line_locate_point(tree.geometries[line], points[which])
    return Access(edge, np.minimum(along_m, _length(network, edge)), apart_m, placed)


@lru_cache(maxsize=4)
def _tree(network: RoadNetwork, mode: str) -> tuple[Ints, shapely.STRtree]:
    """Give the edges a mode may meet and the tree of their lines; a network never changes."""
    usable = np.flatnonzero(network.may_use(mode) & ~network.raised)
    return usable, shapely.STRtree(edge_lines(network, usable))


def edge_lines(network: RoadNetwork, edges: Ints) -> Any:
    """Give the lines of edges, in metres."""
    count = network.last[edges] - network.first[edges] + 1
    owner = np.repeat(np.arange(len(edges)), count)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    vertices = network.vertex_m[np.repeat(network.first[edges], count) + offset]
    return shapely.linestrings(vertices, indices=owner)


def _length(network: RoadNetwork, edge: Ints) -> Floats:
    if not len(network.length_m):
        return np.zeros(len(edge))
    return np.where(edge >= 0, network.length_m[edge], 0.0)
