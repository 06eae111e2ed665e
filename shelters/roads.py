"""The roads of a city as a graph, built once from lines.

Lines meet where they share a vertex. Where the middle of a bridge or tunnel and the middle of a
line on the ground share one, they only cross: a bridge is left at the end of a line. Ends that miss
a vertex by less than `SNAP_M` (tiles round coordinates) are joined to it.

Optional columns of the lines: `kind` (a highway class), `bridge`, `tunnel` (true or false),
`oneway` (1 or true = as drawn, -1 = against; binds cars only), `foot`, `car` ("no" = not allowed).
A column that is absent forbids nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from hazard.types import JGD2011
from shelters.plane import in_metres

SNAP_M = 1.0
NOT_WALKED = frozenset({"motorway", "motorway_link", "rail", "construction", "proposed"})
NOT_DRIVEN = frozenset({
    "path", "footway", "pedestrian", "steps", "cycleway", "bridleway", "track", "corridor", "rail",
    "construction", "proposed",
})  # fmt: skip
NOT_SET = ("", "0", "0.0", "no", "false", "nan", "none")  # of a flag in a table of any origin
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Junctions and the pieces of road between them; build it with `build_network`.

    Dims (node), (edge) or (vertex); an edge runs along the vertices `first` to `last`.
    `walk_piece` and `car_piece` number the connected pieces of the network, largest = 0.
    """

    crs: str
    roads: int  # rows of the frame it was built from
    node_m: Floats  # (node, 2) east, north
    start: Ints  # (edge) node
    end: Ints
    length_m: Floats
    road: Ints  # (edge) position in that frame
    walked: Bools
    driven: Bools  # as drawn
    driven_back: Bools  # against
    raised: Bools  # bridge or tunnel: nobody lives on it
    vertex_m: Floats  # (vertex, 2) east, north
    first: Ints  # (edge) vertex
    last: Ints
    walk_piece: Ints  # (node)
    car_piece: Ints

    def arrays(self) -> dict[str, Any]:
        """Give everything as arrays by name, for keeping."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """Give the network kept as `arrays`; a missing name raises KeyError."""
        kept = {field.name: arrays[field.name] for field in fields(cls)}
        return cls(**{**kept, "crs": str(kept["crs"]), "roads": int(kept["roads"])})

    def may_use(self, mode: str) -> Bools:
        """Give which edges walkers ("walk") or cars ("car") may use in any direction."""
        return self.walked if mode == "walk" else self.driven | self.driven_back

    def pieces(self, mode: str) -> Ints:
        """Give the number of the connected piece of each node."""
        return self.walk_piece if mode == "walk" else self.car_piece

    def share_connected(self, mode: str = "walk") -> float:
        """Give the share of the road's length in the largest connected piece; NaN = no road."""
        used = self.may_use(mode)
        inside = used & (self.pieces(mode)[self.start] == 0)
        total = float(self.length_m[used].sum())
        return float(self.length_m[inside].sum()) / total if total else float("nan")


def build_network(roads: Any, *, crs: str, snap_m: float = SNAP_M) -> RoadNetwork:
    """Give the network of a frame of lines (EPSG:6668).

    Rows that are no line, or leave the plane of `crs`, carry no road.

    Raises
    ------
    ValueError
        If the frame is in another CRS, or `crs` is not projected in metres.
    """
    if roads.crs is None or roads.crs.to_epsg() != 6668:
        raise ValueError(f"roads must be in {JGD2011}, got {roads.crs}. Reproject them first.")
    vertex_m, line, road = _vertices(roads, crs)
    is_end = np.ones(len(line), dtype=bool)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    raised = _flag(roads, "bridge") | _flag(roads, "tunnel")
    place = _places(vertex_m, is_end, raised[road[line]] & ~is_end, snap_m)
    uses = np.bincount(place, weights=np.where(is_end, 2, 1))
    cut = uses[place] > 1
    return _network(roads, crs, vertex_m, place=place, cut=cut, line=line, road=road[line])


def _vertices(roads: Any, crs: str) -> tuple[Floats, Ints, Ints]:
    """Give the vertices of all single lines, the line of each, and the row of each line."""
    parts, row = shapely.get_parts(roads.geometry.array, return_index=True)
    is_line = (shapely.get_type_id(parts) == 1) & ~shapely.is_empty(parts)
    at, line = shapely.get_coordinates(parts[is_line], return_index=True)
    vertex_m = in_metres(at[:, 0], at[:, 1], crs)
    lost = np.unique(line[~np.isfinite(vertex_m).all(axis=1)])
    kept = ~np.isin(line, lost)
    return vertex_m[kept], line[kept], np.asarray(row[is_line], dtype=np.int64)


def _flag(roads: Any, name: str) -> Bools:
    if name not in roads:
        return np.zeros(len(roads), dtype=bool)
    text = roads[name].astype("string").str.strip().str.lower()
    return np.asarray(~text.isin(NOT_SET) & text.notna(), dtype=bool)


def _places(vertex_m: Floats, is_end: Bools, in_air: Bools, snap_m: float) -> Ints:
    """Number the places that vertices share; the middle of a bridge meets no middle below it."""
    if not len(vertex_m):
        return np.zeros(0, dtype=np.int64)
    _, spot = np.unique(np.round(vertex_m, 2), axis=0, return_inverse=True)
    spot = spot.ravel()
    has_end = np.bincount(spot, weights=is_end) > 0
    apart = in_air & ~has_end[spot]
    _, place = np.unique(2 * spot + apart, return_inverse=True)
    place = place.ravel()
    lonely = is_end & (np.bincount(place)[place] == 1)
    target = ~apart
    tree = cKDTree(vertex_m[target])
    near_m, near = tree.query(vertex_m[lonely], k=3, distance_upper_bound=snap_m)
    ends = np.repeat(place[lonely], 3)
    found = np.isfinite(near_m.ravel())
    others = place[np.flatnonzero(target)[near.ravel()[found]]]
    count = int(place.max()) + 1
    joined = coo_matrix((np.ones(len(others)), (ends[found], others)), shape=(count, count))
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)[place]


def _between(line: Any, cut: Bools) -> tuple[Ints, Ints]:
    """Give first and last vertex of every piece of a line between two junctions."""
    stops = np.flatnonzero(cut)
    begin, finish = stops[:-1], stops[1:]
    same = line[begin] == line[finish]
    return begin[same], finish[same]


def _network(
    roads: Any, crs: str, vertex_m: Floats, *, place: Ints, cut: Bools, line: Ints, road: Ints
) -> RoadNetwork:
    begin, finish = _between(line, cut)
    step_m = np.hypot(*np.diff(vertex_m, axis=0).T) if len(vertex_m) else np.zeros(0)
    along_m = np.concatenate([[0.0], np.cumsum(step_m)])
    length_m = along_m[finish] - along_m[begin]
    real = (length_m > 0) & np.isfinite(length_m)
    begin, finish, length_m = begin[real], finish[real], length_m[real]
    used, joined = np.unique([place[begin], place[finish]], return_inverse=True)
    start, end = joined.reshape(2, -1)
    node_m = np.full((len(used), 2), np.nan)
    node_m[start], node_m[end] = vertex_m[begin], vertex_m[finish]
    row = road[begin]
    walked, driven, driven_back = (allowed[row] for allowed in _allowed(roads))
    raised = (_flag(roads, "bridge") | _flag(roads, "tunnel"))[row]
    return RoadNetwork(
        crs=crs,
        roads=len(roads),
        node_m=node_m,
        start=start,
        end=end,
        length_m=length_m,
        road=row,
        walked=walked,
        driven=driven,
        driven_back=driven_back,
        raised=raised,
        vertex_m=vertex_m,
        first=begin,
        last=finish,
        walk_piece=_pieces(start, end, walked, length_m, len(used)),
        car_piece=_pieces(start, end, driven | driven_back, length_m, len(used)),
    )


def _allowed(roads: Any) -> tuple[Bools, Bools, Bools]:
    """Give which rows walkers, cars as drawn and cars against may use."""
    nothing = pd.Series(pd.NA, index=roads.index, dtype="string")
    kind, foot, car, oneway = (
        (roads[name].astype("string") if name in roads else nothing).str.strip().str.lower()
        for name in ("kind", "foot", "car", "oneway")
    )
    walked = ~(kind.isin(NOT_WALKED) | (foot == "no")).fillna(False).to_numpy(dtype=bool)
    driven = ~(kind.isin(NOT_DRIVEN) | (car == "no")).fillna(False).to_numpy(dtype=bool)
    against = oneway.isin(["-1", "-1.0", "reverse"]).to_numpy(dtype=bool)
    along = _flag(roads, "oneway") & ~against
    return walked, driven & ~against, driven & ~along


def _pieces(start: Ints, end: Ints, used: Bools, length_m: Floats, count: int) -> Ints:
    """Number the connected pieces, the one with the longest roads first."""
    joined = coo_matrix((np.ones(used.sum()), (start[used], end[used])), shape=(count, count))
    label = connected_components(joined, directed=False)[1]
    total_m = np.bincount(
        label[start[used]], weights=length_m[used], minlength=label.max(initial=-1) + 1
    )
    rank = np.empty(len(total_m), dtype=np.int64)
    rank[np.argsort(-total_m, kind="stable")] = np.arange(len(total_m))
    return np.asarray(rank[label])
