"""The open roads as a sparse graph, every arc turned round: ways are searched from the shelters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from shelters.access import Access
from shelters.roads import Bools, Floats, Ints, RoadNetwork
from shelters.types import TRAVELLERS

CLOSEST_M = 1e-3  # an arc of length 0 would be no arc
DOOR = -1  # "edge" of an arc between a shelter and its road


@dataclass(frozen=True, eq=False)
class OpenGraph:
    """Nodes of the network, then one node per shelter; `edge` of each stored arc, by `lengths_m`.

    `ahead` and `back` tell per edge whether it is open as drawn and against.
    """

    lengths_m: csr_matrix
    edge: Ints  # (arc), aligned with lengths_m.data
    ahead: Bools
    back: Bools


def closed_edges(network: RoadNetwork, closed: pd.DataFrame | None) -> dict[str, Bools]:
    """Give which edges are closed to each traveller.

    Raises
    ------
    ValueError
        If `closed` names a road or traveller that is not known.
    """
    shut = {traveller: np.zeros(len(network.road), dtype=bool) for traveller in TRAVELLERS}
    if closed is None:
        return shut
    rows = closed.index.to_numpy()
    strange = sorted(set(closed.columns) - set(TRAVELLERS), key=str)
    beyond = sorted({row for row in rows.tolist() if row not in range(network.roads)}, key=str)
    if strange or beyond:
        raise ValueError(
            f"closed roads must be rows 0 to {network.roads - 1} and columns of {list(TRAVELLERS)},"
            f" got rows {beyond[:9]} and columns {strange}. Use the roads of this network."
        )
    for traveller in closed.columns:
        of_road = np.zeros(network.roads, dtype=bool)
        of_road[rows[closed[traveller].to_numpy(dtype=bool)].astype(int)] = True
        shut[traveller] = of_road[network.road]
    return shut


def open_graph(network: RoadNetwork, mode: str, shut: Bools, doors: Access) -> OpenGraph:
    """Give the graph of what is open to a mode, with the shelters at their `doors`."""
    ahead = (network.walked if mode == "walk" else network.driven) & ~shut
    back = (network.walked if mode == "walk" else network.driven_back) & ~shut
    edge = np.arange(len(network.road))
    nodes = len(network.node_m)
    at = np.flatnonzero(doors.edge >= 0)
    on = doors.edge[at]
    come, go = ahead[on], back[on]  # from the edge's start, from its end
    along_m, rest_m = doors.along_m[at], network.length_m[on] - doors.along_m[at]
    tail = [network.end[ahead], network.start[back], nodes + at[come], nodes + at[go]]
    head = [network.start[ahead], network.end[back], network.start[on[come]], network.end[on[go]]]
    length_m = [network.length_m[ahead], network.length_m[back], along_m[come], rest_m[go]]
    owner = [edge[ahead], edge[back], np.full(come.sum() + go.sum(), DOOR)]
    lengths_m, owners = _shortest(
        np.concatenate(tail),
        np.concatenate(head),
        np.concatenate(length_m),
        np.concatenate(owner),
        size=nodes + len(doors.edge),
    )
    return OpenGraph(lengths_m, owners, ahead, back)


def _shortest(
    tail: Ints, head: Ints, length_m: Floats, owner: Ints, *, size: int
) -> tuple[csr_matrix, Ints]:
    """Give arcs as a matrix; of several between the same two nodes the shortest holds."""
    order = np.lexsort((length_m, head, tail))
    tail, head, length_m, owner = tail[order], head[order], length_m[order], owner[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    first &= tail != head
    pointers = np.searchsorted(tail[first], np.arange(size + 1))
    data = np.maximum(length_m[first], CLOSEST_M)
    matrix: Any = csr_matrix((data, head[first], pointers), shape=(size, size))
    return matrix, owner[first]
