"""Who lives on a closed road leaves along it, a short way, to the nearest road that leads on.

Roads are closed by what is foreseen, and people set out before the water stands at their door; so
they may use closed roads for the first metres, as far as `limit_m`. Never over a closed bridge or
through a tunnel, never over a road that is barred: under water now, or reported closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from shelters.access import Access
from shelters.graph import CLOSEST_M, OpenGraph
from shelters.roads import Bools, Floats, Ints, RoadNetwork


@dataclass(frozen=True, eq=False)
class WayOut:
    """Doors, moved to a road that leads on where the own one does not; dims (point)."""

    doors: Access
    extra_m: Floats  # along closed roads to that door, 0 = none


def ways_out(
    network: RoadNetwork, graph: OpenGraph, doors: Access, *, mode: str, shut: Bools,
    barred: Bools, limit_m: float,
) -> WayOut:  # fmt: skip
    """Give where people enter the open roads, and how far they come along closed ones before.

    Parameters
    ----------
    shut, barred
        (edge) closed to them; and of those the ones that nobody may set foot on.
    limit_m
        Longest way along closed roads, 0 = none.
    """
    extra_m = np.zeros(len(doors.edge))
    if limit_m <= 0 or not shut.any():
        return WayOut(doors, extra_m)
    linked = _linked(network, graph)
    leads = (graph.ahead & linked[network.end]) | (graph.back & linked[network.start])
    on = np.flatnonzero(doors.edge >= 0)
    own = doors.edge[on]
    stuck = on[~leads[own] & ~barred[own]]
    if not len(stuck) or not linked.any():
        return WayOut(doors, extra_m)
    free = network.may_use(mode) & ~barred & ~(shut & network.raised)
    out_m, exit_node = _to_linked(network, free, linked, limit_m)
    edge, along_m = doors.edge[stuck], doors.along_m[stuck]
    by_start = out_m[network.start[edge]] + along_m
    by_end = out_m[network.end[edge]] + network.length_m[edge] - along_m
    best_m = np.minimum(by_start, by_end)
    found = best_m <= limit_m
    node = np.where(by_start <= by_end, network.start[edge], network.end[edge])[found]
    at = stuck[found]
    moved_edge, moved_m = doors.edge.copy(), doors.along_m.copy()
    moved_edge[at], moved_m[at] = _entrance(network, graph, linked, exit_node[node])
    extra_m[at] = best_m[found]
    return WayOut(replace(doors, edge=moved_edge, along_m=moved_m), extra_m)


def _linked(network: RoadNetwork, graph: OpenGraph) -> Bools:
    """Tell from which nodes some shelter is reached on open roads."""
    nodes, size = len(network.node_m), graph.lengths_m.shape[0]
    if size == nodes:
        return np.zeros(nodes, dtype=bool)
    near_m = dijkstra(graph.lengths_m, indices=np.arange(nodes, size), min_only=True)
    return np.asarray(np.isfinite(near_m[:nodes]))


def _to_linked(
    network: RoadNetwork, free: Bools, linked: Bools, limit_m: float
) -> tuple[Floats, Ints]:
    """Give for each node the way along free roads to the nearest linked node, and that node."""
    start, end = network.start[free], network.end[free]
    length_m = np.maximum(network.length_m[free], CLOSEST_M)
    order = np.lexsort((length_m, end, start))  # of two roads between the same nodes the shorter
    start, end, length_m = start[order], end[order], length_m[order]
    first = np.ones(len(start), dtype=bool)
    first[1:] = (np.diff(start) != 0) | (np.diff(end) != 0)
    size = len(network.node_m)
    arcs = (start[first], end[first])
    graph: Any = coo_matrix((length_m[first], arcs), shape=(size, size)).tocsr()
    out_m, _, source = dijkstra(
        graph, directed=False, indices=np.flatnonzero(linked), min_only=True,
        return_predecessors=True, limit=limit_m,
    )  # fmt: skip
    return out_m, source


def _entrance(
    network: RoadNetwork, graph: OpenGraph, linked: Bools, node: Ints
) -> tuple[Ints, Floats]:
    """Give the edge, and the place on it, by which a linked node is left."""
    edge = np.full(len(linked), -1, dtype=np.int64)
    along_m = np.zeros(len(linked))
    out = np.flatnonzero(graph.back & linked[network.start])
    edge[network.end[out]], along_m[network.end[out]] = out, network.length_m[out]
    out = np.flatnonzero(graph.ahead & linked[network.end])
    edge[network.start[out]], along_m[network.start[out]] = out, 0.0
    return edge[node], along_m[node]
