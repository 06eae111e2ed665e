"""Minutes from every door to every shelter, on the roads that are open.

Ways are searched from the shelters backwards, once for walkers and once for cars, and again only
where other roads are closed to a traveller; the time is then metres over speed. What lies between
a door and the nearest road is walked: straight distance times the detour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.sparse.csgraph import dijkstra

from shelters.access import Access, attach
from shelters.graph import OpenGraph, closed_edges, open_graph
from shelters.plane import in_metres, points_in_metres
from shelters.roads import Bools, Floats, RoadNetwork
from shelters.speeds import Speeds
from shelters.types import TRAVELLERS, Shelters, TravelMinutes
from shelters.way_out import ways_out

# Identifier -> what the officer reads about a point that has no way at all.
NOTES = {
    "": "",
    "position_unknown": "位置が不明",
    "no_road": "近くに通れる道路がない",
    "road_closed": "最寄りの道路が通行止め",
    "road_barred": "最寄りの道路がすでに通れない",
    "separate_piece": "道路網が避難所または住まいとつながっていない(島など)",
    "cut_off": "時間の限度内に着く、開いている道路がない",
}
CHUNK = 64  # shelters searched at a time: bounds memory
Notes = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class _Doors:
    """Where origins and shelters meet the roads of one mode."""

    mode: str
    origins: Access
    places: Access


@dataclass(frozen=True, eq=False)
class _Ways:
    """Ways from door to door over one set of open roads; `way_m` (origin, shelter), inf = none."""

    doors: _Doors
    shut: Bools
    barred: Bools
    way_m: Floats
    extra_m: Floats  # (origin) of it along closed roads, before the open ones


def travel_minutes(
    network: RoadNetwork,
    people: pd.DataFrame,
    shelters: Shelters,
    *,
    speeds: Speeds,
    night: bool,
    closed: pd.DataFrame | None = None,
    barred: Sequence[int] = (),
    travellers: Sequence[str] = TRAVELLERS,
) -> TravelMinutes:
    """Give the minutes of the quickest open way from every origin to every shelter.

    Parameters
    ----------
    people
        One row per origin with lon, lat; its index becomes the coordinate `origin`.
    closed
        Index: positions of roads in the frame the network was built from; columns: some of
        `TRAVELLERS`, True = closed to them. Roads and travellers that are absent stay open.
    barred
        Positions of roads that nobody may set foot on: under water now, or reported closed.

    Returns
    -------
        attrs["kind"] is "roads". A way beyond the limit of the speeds is no way. Whoever lives on a
        closed road comes along it to the nearest open one within `Speeds.around_m`, or has no way;
        the coordinate `origin_extra_min` (origin, traveller) tells those minutes.

    Raises
    ------
    ValueError
        If `closed` names a road or traveller that is not known.
    """
    shut, stop = closed_edges(network, closed), barred_edges(network, barred)
    doors = _doors(network, people, shelters, speeds)
    found: dict[tuple[str, bytes], _Ways] = {}
    layers, notes, extra = [], [], []
    for traveller in travellers:
        mode = mode_of(traveller)
        key = (mode, shut[traveller].tobytes())
        if key not in found:
            limit_m = _limit_m(mode, speeds, night=night)
            found[key] = _ways(
                network,
                doors[mode],
                shut[traveller],
                limit_m,
                barred=stop,
                around_m=speeds.around_m,
            )
        ways = found[key]
        extra.append(ways.extra_m / speeds.metres_per_minute(traveller, night=night))
        layers.append(_minutes(ways, traveller, speeds, night=night))
        notes.append(_notes(layers[-1], *_known(network, ways)))
    result = _result(people, shelters, travellers, layers, notes)
    result = result.assign_coords(origin_extra_min=(("origin", "traveller"), np.stack(extra, -1)))
    return TravelMinutes(result.assign_attrs(kind="roads", night=night))


def barred_edges(network: RoadNetwork, barred: Sequence[int]) -> Bools:
    """Give which edges are part of some roads (positions)."""
    return np.isin(network.road, np.asarray(barred, dtype=np.int64))


def straight_minutes(
    people: pd.DataFrame, shelters: Shelters, *, crs: str, speeds: Speeds, night: bool
) -> TravelMinutes:
    """Give `travel_minutes` of a city without roads: straight distance times the detour.

    attrs["kind"] is "straight", which the officer must be told: rivers and hills do not count.
    """
    origins_m = in_metres(people["lon"], people["lat"], crs)
    places_m = points_in_metres(shelters.geometry.array, crs)
    way_m = np.hypot(*(origins_m[:, None, :] - places_m).transpose(2, 0, 1)) * speeds.detour
    lost = [np.isnan(points).any(axis=1) for points in (origins_m, places_m)]
    known = [np.where(side, "position_unknown", "").astype(object) for side in lost]
    layers = [
        _within(way_m / speeds.metres_per_minute(who, night=night), speeds.limit_of(who))
        for who in TRAVELLERS
    ]
    notes = [_notes(layer, *known) for layer in layers]
    result = _result(people, shelters, TRAVELLERS, layers, notes)
    return TravelMinutes(result.assign_attrs(kind="straight", night=night))


def mode_of(traveller: str) -> str:
    """Give whose roads a traveller uses: "walk" or "car"."""
    return "car" if traveller == "car" else "walk"


def _limit_m(mode: str, speeds: Speeds, *, night: bool) -> float:
    """Give how far the fastest traveller of a mode comes within the limit."""
    return max(
        speeds.metres_per_minute(who, night=night) * speeds.limit_of(who)
        for who in TRAVELLERS
        if mode_of(who) == mode
    )


def _doors(
    network: RoadNetwork, people: pd.DataFrame, shelters: Shelters, speeds: Speeds
) -> dict[str, _Doors]:
    origins_m = in_metres(people["lon"], people["lat"], network.crs)
    places_m = points_in_metres(shelters.geometry.array, network.crs)
    return {
        mode: _Doors(
            mode,
            attach(network, origins_m, mode, limit_m=speeds.access_m),
            attach(network, places_m, mode, limit_m=speeds.access_m),
        )
        for mode in ("walk", "car")
    }


def _ways(
    network: RoadNetwork, doors: _Doors, shut: Bools, limit_m: float, *, barred: Bools,
    around_m: float,
) -> _Ways:  # fmt: skip
    shut = shut | barred
    graph = open_graph(network, doors.mode, shut, doors.places)
    left = ways_out(
        network, graph, doors.origins, mode=doors.mode, shut=shut, barred=barred, limit_m=around_m
    )
    doors = replace(doors, origins=left.doors)
    count = len(doors.places.edge)
    way_m = np.full((len(doors.origins.edge), count), np.inf)
    on = np.flatnonzero(doors.origins.edge >= 0)
    edge, along_m = doors.origins.edge[on], doors.origins.along_m[on]
    to_start = np.where(graph.back[edge], along_m, np.inf)
    to_end = np.where(graph.ahead[edge], network.length_m[edge] - along_m, np.inf)
    for begin in range(0, count, CHUNK):
        chunk = np.arange(begin, min(begin + CHUNK, count))
        reached = dijkstra(graph.lengths_m, indices=len(network.node_m) + chunk, limit=limit_m)
        by_start = reached[:, network.start[edge]] + to_start
        by_end = reached[:, network.end[edge]] + to_end
        way_m[np.ix_(on, chunk)] = np.minimum(by_start, by_end).T
    _along_one_edge(way_m, doors, graph)
    return _Ways(doors, shut, barred, way_m + left.extra_m[:, None], left.extra_m)


def _along_one_edge(way_m: Floats, doors: _Doors, graph: OpenGraph) -> None:
    """Put in the ways that need no junction: door and shelter on the same piece of road."""
    on = np.flatnonzero(doors.places.edge >= 0)
    origin, which = np.nonzero(doors.origins.edge[:, None] == doors.places.edge[on])
    place = on[which]
    edge = doors.places.edge[place]
    go_m = doors.places.along_m[place] - doors.origins.along_m[origin]
    is_open = np.where(go_m >= 0, graph.ahead[edge], graph.back[edge])
    np.minimum.at(way_m, (origin, place), np.where(is_open, np.abs(go_m), np.inf))


def _minutes(ways: _Ways, traveller: str, speeds: Speeds, *, night: bool) -> Floats:
    on_foot = "general" if traveller == "car" else traveller
    doors_m = ways.doors.origins.apart_m[:, None] + ways.doors.places.apart_m
    walk = doors_m * speeds.detour / speeds.metres_per_minute(on_foot, night=night)
    way = ways.way_m / speeds.metres_per_minute(traveller, night=night)
    return _within(walk + way, speeds.limit_of(traveller))


def _within(minutes: Floats, limit_min: float) -> Floats:
    """Give minutes with inf beyond the limit; NaN stays NaN."""
    return np.where(minutes > limit_min, np.inf, minutes)


def _known(network: RoadNetwork, ways: _Ways) -> tuple[Notes, Notes]:
    """Say what is known of each origin and each shelter before any way is searched."""
    piece = network.pieces(ways.doors.mode)
    sides = (ways.doors.origins, ways.doors.places)
    notes = []
    for here, there in (sides, sides[::-1]):
        met = piece[network.start[there.edge[there.edge >= 0]]]
        on = here.edge >= 0
        edge = here.edge[on]
        note = np.where(here.placed, "no_road", "position_unknown").astype(object)
        apart = np.where(np.isin(piece[network.start[edge]], met), "", "separate_piece")
        note[on] = np.where(ways.shut[edge], "road_closed", apart)
        note[on] = np.where(ways.barred[edge], "road_barred", note[on])
        notes.append(note)
    return notes[0], notes[1]


def _notes(minutes: Floats, origins: Notes, places: Notes) -> tuple[Notes, Notes]:
    """Give why an origin or a shelter has no way at all; "" where it has one."""
    found = np.isfinite(minutes)
    sides = []
    for note, reached in ((origins, found.any(axis=1)), (places, found.any(axis=0))):
        sides.append(np.where(reached, "", np.where(note == "", "cut_off", note)))
    return sides[0], sides[1]


def _result(
    people: pd.DataFrame,
    shelters: Any,
    travellers: Sequence[str],
    layers: list[Floats],
    notes: list[tuple[Notes, Notes]],
) -> Any:
    origin_note, shelter_note = (np.stack(side, axis=-1) for side in zip(*notes, strict=True))
    return xr.DataArray(
        np.stack(layers, axis=-1),
        dims=("origin", "shelter_id", "traveller"),
        coords={
            "origin": people.index.to_numpy(),
            "shelter_id": shelters.index.to_numpy(dtype=object),
            "traveller": list(travellers),
            "origin_note": (("origin", "traveller"), origin_note),
            "shelter_note": (("shelter_id", "traveller"), shelter_note),
        },
        name="minutes",
        attrs={"units": "min"},
    )
