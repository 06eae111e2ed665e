"""How late people may set out and still come to a shelter before a road closes on them.

The definition of 避難困難地域 sets the time a way takes against the time there is. Here the time
there is follows from the roads of the way itself: whoever is on a road when it closes does not get
through. Searched from all shelters at once: at a shelter it is never too late, and before a road of
w minutes that closes at c one must be at its beginning by min(c, latest at its end) - w.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from shelters.access import Access, attach
from shelters.graph import closed_edges, open_graph
from shelters.plane import in_metres, points_in_metres
from shelters.roads import Bools, Floats, RoadNetwork
from shelters.routes import barred_edges, mode_of
from shelters.speeds import Speeds
from shelters.types import Shelters
from shelters.way_out import ways_out


def latest_departures(
    network: RoadNetwork,
    people: pd.DataFrame,
    shelters: Shelters,
    *,
    closing: pd.DataFrame,
    speeds: Speeds,
    travellers: Sequence[str],
    barred: Sequence[int] = (),
) -> xr.DataArray:
    """Give the last minute from now at which people may set out, by day.

    Parameters
    ----------
    people, shelters
        As in `shelters.routes.travel_minutes`.
    closing
        Index: positions of roads; columns: some of `TRAVELLERS`, minutes from now at which the road
        closes to them (0 = closed now). Roads and travellers that are absent stay open.
    barred
        Roads that nobody may set foot on, see `shelters.way_out`.

    Returns
    -------
        Dims (origin, traveller). inf = a way stays open; below 0 = too late already; -inf = no way
        at all. The limit of the ways is not asked for. [min]
    """
    origins_m = in_metres(people["lon"], people["lat"], network.crs)
    places_m = points_in_metres(shelters.geometry.array, network.crs)
    stop = barred_edges(network, barred)
    shut = {who: edges | stop for who, edges in closed_edges(network, closing <= 0).items()}
    columns = []
    for who in travellers:
        mode = mode_of(who)
        homes, places = (attach(network, points, mode, limit_m=speeds.access_m)
                         for points in (origins_m, places_m))  # fmt: skip
        graph = open_graph(network, mode, shut[who], places)
        left = ways_out(
            network, graph, homes, mode=mode, shut=shut[who], barred=stop, limit_m=speeds.around_m
        )
        pace = speeds.metres_per_minute(who, night=False)
        close_min = _closing_min(network, closing, who)
        times = _Times(network, close_min, pace, (graph.ahead, graph.back))
        on_foot = speeds.metres_per_minute("general" if who == "car" else who, night=False)
        before = left.extra_m / pace + homes.apart_m * speeds.detour / on_foot
        columns.append(times.at_doors(left.doors, times.at_nodes(places), places) - before)
    return xr.DataArray(
        np.column_stack(columns) if columns else np.zeros((len(people), 0)),
        dims=("origin", "traveller"),
        coords={"origin": people.index.to_numpy(), "traveller": list(travellers)},
        attrs={"units": "min"},
    )


def _closing_min(network: RoadNetwork, closing: pd.DataFrame, traveller: str) -> Floats:
    """Give by edge when it closes; inf = not foreseen."""
    of_road = np.full(network.roads, np.inf)
    if traveller in closing:
        of_road[closing.index.to_numpy(dtype=int)] = closing[traveller].to_numpy(dtype=float)
    return of_road[network.road]


class _Times:
    """Latest times at nodes and doors for one traveller."""

    def __init__(
        self, network: RoadNetwork, close_min: Floats, pace: float, is_open: tuple[Bools, Bools]
    ) -> None:
        self.network, self.close_min = network, close_min
        self.pace, (self.ahead, self.back) = pace, is_open

    def at_nodes(self, places: Access) -> Floats:
        """Give the latest time at each node, -inf = no way."""
        latest = np.full(len(self.network.node_m), -np.inf)
        for place in np.flatnonzero(places.edge >= 0):
            edge, along_m = int(places.edge[place]), float(places.along_m[place])
            rest_m = float(self.network.length_m[edge]) - along_m
            if self.ahead[edge]:
                self._raise(latest, self.network.start[edge], edge, np.inf, along_m)
            if self.back[edge]:
                self._raise(latest, self.network.end[edge], edge, np.inf, rest_m)
        return self._search(latest)

    def at_doors(self, homes: Access, latest: Floats, places: Access) -> Floats:
        """Give the latest time at each door, on the road; NaN = position unknown."""
        found = np.where(homes.placed, -np.inf, np.nan)
        on = np.flatnonzero(homes.edge >= 0)
        edge, along_m = homes.edge[on], homes.along_m[on]
        close, net = self.close_min[edge], self.network
        rest_m = net.length_m[edge] - along_m
        by_end = np.minimum(close, latest[net.end[edge]]) - rest_m / self.pace
        by_start = np.minimum(close, latest[net.start[edge]]) - along_m / self.pace
        by_end = np.where(self.ahead[edge], by_end, -np.inf)
        by_start = np.where(self.back[edge], by_start, -np.inf)
        found[on] = np.maximum(by_end, by_start)
        for place in np.flatnonzero(places.edge >= 0):  # door and shelter on the same road
            same = on[edge == places.edge[place]]
            go_m = places.along_m[place] - homes.along_m[same]
            road = places.edge[place]
            is_open = np.where(go_m >= 0, self.ahead[road], self.back[road])
            direct = self.close_min[road] - np.abs(go_m) / self.pace
            found[same] = np.maximum(found[same], np.where(is_open, direct, -np.inf))
        return found

    def _raise(self, latest: Floats, node: Any, edge: int, then: float, way_m: float) -> bool:
        time = min(self.close_min[edge], then) - way_m / self.pace
        if time <= latest[node]:
            return False
        latest[node] = time
        return True

    def _search(self, latest: Floats) -> Floats:
        net = self.network
        into = [np.flatnonzero(self.ahead), np.flatnonzero(self.back)]
        tail = np.concatenate([net.start[into[0]], net.end[into[1]]])
        head = np.concatenate([net.end[into[0]], net.start[into[1]]])
        edge = np.concatenate(into)
        order = np.argsort(head, kind="stable")
        first = np.searchsorted(head[order], np.arange(len(latest) + 1)).tolist()
        tails, walk = tail[order].tolist(), (net.length_m[edge[order]] / self.pace).tolist()
        close = self.close_min[edge[order]].tolist()
        best = latest.tolist()
        queue = [(-time, node) for node, time in enumerate(best) if time > -np.inf]
        heapq.heapify(queue)
        while queue:
            time, node = heapq.heappop(queue)
            if -time < best[node]:
                continue
            for arc in range(first[node], first[node + 1]):
                then = min(close[arc], -time) - walk[arc]
                if then > best[tails[arc]]:
                    best[tails[arc]] = then
                    heapq.heappush(queue, (-then, tails[arc]))
        return np.array(best)
