"""The way itself from a door to a shelter, as a line to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from shelters.access import Access, attach, edge_lines
from shelters.graph import DOOR, OpenGraph, closed_edges, open_graph
from shelters.plane import in_lonlat, in_metres, points_in_metres
from shelters.roads import Floats, Ints, RoadNetwork
from shelters.routes import barred_edges, mode_of
from shelters.speeds import Speeds
from shelters.types import Shelters
from shelters.way_out import ways_out

TOGETHER_M = 0.01


def paths(
    network: RoadNetwork,
    people: pd.DataFrame,
    shelters: Shelters,
    pairs: Sequence[tuple[Any, Any]],
    *,
    speeds: Speeds,
    traveller: str = "general",
    closed: pd.DataFrame | None = None,
    barred: Sequence[int] = (),
) -> list[Any]:
    """Give the shortest open way of each pair of origin and shelter_id, lon/lat.

    Parameters
    ----------
    people, shelters, closed, barred
        As in `travel_minutes`; a pair names the index of each.

    Returns
    -------
        Lines from door to door, those between door and open road straight; None = no way on roads.

    Raises
    ------
    KeyError
        If a pair names an origin or a shelter that is not given.
    """
    stop = barred_edges(network, barred)
    mode, shut = mode_of(traveller), closed_edges(network, closed)[traveller] | stop
    origin_ids, shelter_ids = ([pair[side] for pair in pairs] for side in (0, 1))
    leave = people.loc[list(dict.fromkeys(origin_ids))]
    enter = shelters.loc[list(dict.fromkeys(shelter_ids))]
    from_m = in_metres(leave["lon"], leave["lat"], network.crs)
    to_m = points_in_metres(enter.geometry.array, network.crs)
    origins = attach(network, from_m, mode, limit_m=speeds.access_m)
    places = attach(network, to_m, mode, limit_m=speeds.access_m)
    graph = open_graph(network, mode, shut, places)
    origins = ways_out(
        network, graph, origins, mode=mode, shut=shut, barred=stop, limit_m=speeds.around_m
    ).doors
    search: dict[int, _Search] = {}
    found = []
    for origin, place in zip(
        leave.index.get_indexer(pd.Index(origin_ids)).tolist(),
        enter.index.get_indexer(pd.Index(shelter_ids)).tolist(),
        strict=True,
    ):
        if place not in search:
            search[place] = _Search.to(place, network, graph, places)
        way_m = search[place].way_m(origins, origin)
        ends = [from_m[[origin]], to_m[[place]]]
        found.append(None if way_m is None else _lonlat(network, ends[0], way_m, ends[1]))
    return found


@dataclass(frozen=True, eq=False)
class _Search:
    """The ways from every node to one shelter; `onward` is the next node on the way, < 0 = none."""

    network: RoadNetwork
    graph: OpenGraph
    edge: int  # of the shelter, -1 = no road near
    along_m: float
    left_m: Floats
    onward: Ints

    @classmethod
    def to(cls, place: int, network: RoadNetwork, graph: OpenGraph, places: Access) -> Self:
        node = len(network.node_m) + place
        left_m, onward = dijkstra(graph.lengths_m, indices=node, return_predecessors=True)
        edge, along_m = int(places.edge[place]), float(places.along_m[place])
        return cls(network, graph, edge, along_m, left_m, onward)

    def way_m(self, origins: Access, origin: int) -> Floats | None:
        """Give the vertices of the way on roads, in metres; None = there is none."""
        edge, along_m = int(origins.edge[origin]), float(origins.along_m[origin])
        if edge < 0 or self.edge < 0:
            return None
        net, length_m = self.network, float(self.network.length_m[edge])
        go_m = self.along_m - along_m
        passable = self.graph.ahead if go_m >= 0 else self.graph.back
        choices = {
            "direct": abs(go_m) if edge == self.edge and passable[edge] else np.inf,
            "start": self.left_m[net.start[edge]] + along_m if self.graph.back[edge] else np.inf,
            "end": self.left_m[net.end[edge]] + length_m - along_m
            if self.graph.ahead[edge]
            else np.inf,
        }
        best = min(choices, key=lambda name: choices[name])
        if not np.isfinite(choices[best]):
            return None
        if best == "direct":
            return self._part(edge, along_m, self.along_m)
        node = int(net.start[edge] if best == "start" else net.end[edge])
        return np.vstack([self._part(edge, along_m, 0.0 if best == "start" else length_m),
                          *self._onward(node)])  # fmt: skip

    def _onward(self, node: int) -> list[Floats]:
        """Give the parts of the way from a node to the shelter."""
        parts, lengths = [], self.graph.lengths_m
        while (then := int(self.onward[node])) >= 0:
            arcs = slice(lengths.indptr[then], lengths.indptr[then + 1])
            edge = int(self.graph.edge[arcs][lengths.indices[arcs] == node][0])
            if edge == DOOR:
                begin_m = 0.0 if self._comes_by_start(node) else self.network.length_m[self.edge]
                parts.append(self._part(self.edge, float(begin_m), self.along_m))
            else:
                whole_m = float(self.network.length_m[edge])
                drawn = int(self.network.start[edge]) == node
                parts.append(self._part(edge, *((0.0, whole_m) if drawn else (whole_m, 0.0))))
            node = then
        return parts

    def _comes_by_start(self, node: int) -> bool:
        """Tell from which end of its road the shelter is reached; on a loop, the shorter."""
        start, end = self.network.start[self.edge], self.network.end[self.edge]
        if start != end:
            return bool(start == node)
        open_ahead = bool(self.graph.ahead[self.edge])
        rest_m = float(self.network.length_m[self.edge]) - self.along_m
        return open_ahead and (self.along_m <= rest_m or not self.graph.back[self.edge])

    def _part(self, edge: int, begin_m: float, end_m: float) -> Floats:
        line = edge_lines(self.network, np.array([edge]))[0]
        return np.asarray(shapely.get_coordinates(substring(line, begin_m, end_m)))


def _lonlat(network: RoadNetwork, door_m: Floats, way_m: Floats, shelter_m: Floats) -> Any:
    """Give the line from door to door; of vertices that lie together only one stays."""
    at_m = np.vstack([door_m, way_m, shelter_m])
    moved = np.hypot(*np.diff(at_m, axis=0).T) > TOGETHER_M
    kept = at_m[np.concatenate([[True], moved])]
    return shapely.LineString(in_lonlat(kept if len(kept) > 1 else at_m[[0, -1]], network.crs))
