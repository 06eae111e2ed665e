"""Land of the fictional town: valley floors that rise gently from their rivers, then hills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from kawamori.town.plan import Floats, Plan, RiverPlan

NODE_M = 50.0  # distance of river nodes
CONCAVITY = 1.45  # a valley floor flattens towards the sea
FLOOR_RISE = 0.0012  # valley floor, away from the river [m/m]
FOOT_M = 420.0  # from the edge of the floor to half the hill's height
NEARNESS = 0.006  # of valleys about as low, the nearer river owns the land [m/m]
MOUTH_NODES = 5
LOWEST_M = -1.1  # hollows are not deeper below the valley floor
HUMMOCK_M = 0.30  # unevenness of the floor, standard deviation


@dataclass(frozen=True)
class Nodes:
    """All rivers as points about 50 m apart, upstream first, one river after the other."""

    river: npt.NDArray[np.int64]  # index into plan.rivers
    place_m: Floats  # (node, 2) east, north of the corner
    direction: Floats  # (node, 2) unit vector downstream
    chainage_m: Floats
    floor_m: Floats  # valley floor at the river, above T.P.
    incision_m: Floats  # bed below the floor
    half_width_m: Floats
    channel_m: Floats
    slope: Floats

    def of(self, river: int) -> slice:
        """Give the nodes of one river."""
        rows = np.flatnonzero(self.river == river)
        return slice(int(rows[0]), int(rows[-1]) + 1)

    def nearest(self, river: int, chainage_m: float) -> int:
        """Give the node of a river nearest to a chainage."""
        rows = self.of(river)
        return int(rows.start) + int(np.abs(self.chainage_m[rows] - chainage_m).argmin())


@dataclass(frozen=True)
class Terrain:
    """Square cells, first row in the south: height and the river node each drains to."""

    cell_m: float
    elevation_m: Floats  # (row, column), above T.P.
    node: npt.NDArray[np.int64]
    left: npt.NDArray[np.bool_]  # left bank, looking downstream
    distance_m: Floats  # from the node
    relative_m: Floats  # above the valley floor at the node

    def centres_m(self) -> Floats:
        """Give east, north of every cell centre, row by row."""
        rows, columns = self.elevation_m.shape
        east, north = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
        return np.column_stack([east.ravel(), north.ravel()]) * self.cell_m

    def cells(self, place_m: Any) -> npt.NDArray[np.int64]:
        """Give the number (row by row) of the cell that holds each place."""
        rows, columns = self.elevation_m.shape
        index = np.floor(np.asarray(place_m) / self.cell_m).astype(np.int64)
        column = np.clip(index[:, 0], 0, columns - 1)
        row = np.clip(index[:, 1], 0, rows - 1)
        return np.asarray(row * columns + column)


def make_nodes(plan: Plan) -> Nodes:
    """Give the nodes of all rivers; a tributary ends at the floor of the river it joins."""
    parts: list[dict[str, Floats]] = []
    for index, river in enumerate(plan.rivers):
        part = _course(river)
        end = river.floor_m[1]
        if river.joins is not None:
            main = parts[[other.river_id for other in plan.rivers].index(river.joins)]
            gap = np.hypot(*(main["place_m"] - part["place_m"][-1]).T)
            end = float(main["floor_m"][gap.argmin()])
        share = part["chainage_m"] / part["chainage_m"][-1]
        part["floor_m"] = end + (river.floor_m[0] - end) * (1 - share) ** CONCAVITY
        for name in ("incision_m", "half_width_m", "channel_m"):
            first, last = getattr(river, name)
            part[name] = first + (last - first) * share
        fall = -np.gradient(part["floor_m"], part["chainage_m"])
        part["slope"] = np.maximum(fall, 0.0005)
        part["river"] = np.full(len(share), index)
        parts.append(part)
    return Nodes(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _course(river: RiverPlan) -> dict[str, Any]:
    """Give a smooth course through the planned points, cut every NODE_M."""
    points = np.array(river.course) * 1000
    knots = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    fine = CubicSpline(knots, points)(np.linspace(0, knots[-1], 4000))
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    chainage = np.linspace(0, length[-1], int(length[-1] // NODE_M) + 1)
    place = np.column_stack([np.interp(chainage, length, fine[:, axis]) for axis in (0, 1)])
    direction = np.gradient(place, axis=0)
    direction /= np.hypot(*direction.T)[:, None]
    return {"place_m": place, "direction": direction, "chainage_m": chainage}


def make_terrain(plan: Plan, nodes: Nodes) -> Terrain:
    """Give the land: at each cell the lowest of the valleys that could reach it."""
    columns, rows = (round(side * 1000 / plan.cell_m) for side in plan.size_km)
    empty = np.zeros((rows, columns))
    blank = Terrain(plan.cell_m, empty, empty.astype(int), empty.astype(bool), empty, empty)
    centres = blank.centres_m()
    random = np.random.default_rng(plan.seed)
    ridges = _noise(random, (rows, columns), 14).ravel()
    hummocks = _noise(random, (rows, columns), 3).ravel() * HUMMOCK_M
    valleys = [_valley(river, index, nodes, centres, ridges)
               for index, river in enumerate(plan.rivers)]  # fmt: skip
    heights = np.array([height for height, _, _ in valleys])
    distances = np.array([distance for _, _, distance in valleys])
    owner = (heights + NEARNESS * distances).argmin(axis=0)
    node = np.choose(owner, [node for _, node, _ in valleys])
    distance = np.choose(owner, distances)
    height = gaussian_filter(heights.min(axis=0).reshape(rows, columns), 1.0).ravel() + hummocks
    height = np.maximum(height, nodes.floor_m[node] + LOWEST_M)
    across = centres - nodes.place_m[node]
    along = nodes.direction[node]
    left = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0] > 0
    shape = (rows, columns)
    return Terrain(
        cell_m=plan.cell_m,
        elevation_m=height.reshape(shape),
        node=node.reshape(shape),
        left=left.reshape(shape),
        distance_m=distance.reshape(shape),
        relative_m=(height - nodes.floor_m[node]).reshape(shape),
    )


def _valley(
    river: RiverPlan, index: int, nodes: Nodes, centres: Floats, ridges: Floats
) -> tuple[Floats, Any, Floats]:
    """Give the height of every cell if only this river had shaped it, its node and distance."""
    rows = nodes.of(index)
    distance, nearest = cKDTree(nodes.place_m[rows]).query(centres)
    node = nearest + rows.start
    width = nodes.half_width_m[node] * (1 + 0.18 * ridges)
    beyond = np.maximum(distance - width, 0) / FOOT_M
    hill = river.hill_m * np.maximum(1 + 0.35 * ridges, 0.3) * beyond**2 / (1 + beyond**2)
    height = nodes.floor_m[node] + FLOOR_RISE * np.minimum(distance, width) + hill
    if river.joins is not None:  # at its mouth the land belongs to the river it joins
        height[node >= rows.stop - MOUTH_NODES] = np.inf
    return height, node, distance


def _noise(random: np.random.Generator, shape: tuple[int, int], cells: float) -> Floats:
    """Give smooth noise of mean 0 and standard deviation 1."""
    smooth = gaussian_filter(random.normal(size=shape), cells, mode="wrap")
    return np.asarray((smooth - smooth.mean()) / smooth.std())
