"""Flood cells: the valley floor cut along its rivers, with how much water each part holds.

Each side of each river is cut into cells about 1 km long. A cell's water lies parallel to the
valley floor at a height `stage_m` above it, so a place is wet where the stage is above its own
height over the floor; between cell middles the stage is interpolated along the river.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kawamori.town.plan import Floats, Plan
from kawamori.town.terrain import Nodes, Terrain

CELL_LENGTH_M = 1000.0
STAGE_M = np.arange(-1.2, 8.0, 0.1)  # steps of the volume curves
LIFT_M3 = 1e9  # more than any cell holds


@dataclass(frozen=True)
class Cells:
    """Flood cells of the valley floor; `next_cell` is where water goes, -1 = the sea."""

    node_cell: npt.NDArray[np.int64]  # (node, side)
    next_cell: npt.NDArray[np.int64]
    river: npt.NDArray[np.int64]
    length_m: Floats
    slope: Floats
    volume_m3: Floats  # (cell, STAGE_M)
    area_m2: Floats  # (cell, STAGE_M)
    ladder_m3: Floats  # volume_m3 in one row, LIFT_M3 added from cell to cell
    node_between: npt.NDArray[np.int64]  # (node, side, 2) cells around a node
    node_weight: Floats  # (node, side) weight of the second

    def __len__(self) -> int:
        """Give the number of cells."""
        return len(self.next_cell)


@dataclass(frozen=True)
class Spots:
    """Places on the land: the two cells that decide their water, and their height."""

    between: npt.NDArray[np.int64]  # (place, 2)
    weight: Floats  # of the second
    relative_m: Floats  # above the valley floor at the river

    def of(self, rows: npt.NDArray[np.int64]) -> Spots:
        """Give some of the places."""
        return Spots(self.between[rows], self.weight[rows], self.relative_m[rows])

    def depth_m(self, stage_m: Floats) -> Floats:
        """Give water depth from stages (time, cell) or (cell,); 0 = dry. [m]"""
        first, second = stage_m[..., self.between[:, 0]], stage_m[..., self.between[:, 1]]
        stage = first + (second - first) * self.weight
        return np.maximum(stage - self.relative_m, 0.0)


def make_cells(plan: Plan, nodes: Nodes, terrain: Terrain) -> Cells:
    """Cut the valley floors into flood cells."""
    size = len(nodes.river)
    node_cell = np.zeros((size, 2), dtype=np.int64)
    between = np.zeros((size, 2, 2), dtype=np.int64)
    weight = np.zeros((size, 2))
    river: list[int] = []
    following: list[int] = []
    length: list[float] = []
    slope: list[float] = []
    for index in range(len(plan.rivers)):
        rows = nodes.of(index)
        chainage = nodes.chainage_m[rows]
        count = max(2, round(chainage[-1] / CELL_LENGTH_M))
        part = np.minimum((chainage / chainage[-1] * count).astype(int), count - 1)
        middle = np.clip(chainage / chainage[-1] * count - 0.5, 0, count - 1)
        low = np.minimum(middle.astype(int), count - 2)
        for side in (0, 1):
            start = len(river)
            node_cell[rows, side] = start + part
            between[rows, side] = np.column_stack([start + low, start + low + 1])
            weight[rows, side] = middle - low
            river += [index] * count
            length += [float(chainage[-1]) / count] * count
            slope += [float(nodes.slope[rows][part == k].mean()) for k in range(count)]
            following += [*range(start + 1, start + count), -1]
    next_cell = _join(plan, nodes, node_cell, np.array(following))
    volume, area = _curves(terrain, node_cell, len(river))
    ladder = volume + np.arange(len(river))[:, None] * LIFT_M3
    return Cells(node_cell, next_cell, np.array(river), np.array(length), np.array(slope),
                 volume, area, ladder.ravel(), between, weight)  # fmt: skip


def _join(
    plan: Plan, nodes: Nodes, node_cell: npt.NDArray[np.int64], following: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Lead the last cells of a tributary into the cell of the main river at its mouth."""
    for index, river in enumerate(plan.rivers):
        if river.joins is None:
            continue
        rows = nodes.of(index)
        main = nodes.of([other.river_id for other in plan.rivers].index(river.joins))
        gap = np.hypot(*(nodes.place_m[main] - nodes.place_m[rows][-1]).T)
        mouth = main.start + int(gap.argmin())
        toward, flow = nodes.place_m[rows][-6] - nodes.place_m[mouth], nodes.direction[mouth]
        side = 0 if flow[0] * toward[1] - flow[1] * toward[0] > 0 else 1
        following[node_cell[rows.stop - 1]] = node_cell[mouth, side]
    return following


def _curves(
    terrain: Terrain, node_cell: npt.NDArray[np.int64], count: int
) -> tuple[Floats, Floats]:
    """Give volume [m3] and wet area [m2] of every flood cell at STAGE_M."""
    side = np.where(terrain.left.ravel(), 0, 1)
    cell = node_cell[terrain.node.ravel(), side]
    relative = terrain.relative_m.ravel()
    ground = terrain.cell_m**2
    bins = np.clip(np.searchsorted(STAGE_M, relative), 0, len(STAGE_M))
    low = relative < STAGE_M[-1]
    wet = np.zeros((count, len(STAGE_M)))
    height = np.zeros((count, len(STAGE_M)))
    np.add.at(wet, (cell[low], np.minimum(bins[low], len(STAGE_M) - 1)), ground)
    np.add.at(height, (cell[low], np.minimum(bins[low], len(STAGE_M) - 1)), ground * relative[low])
    area = np.cumsum(wet, axis=1)
    volume = area * STAGE_M - np.cumsum(height, axis=1)
    return np.maximum(volume, 0.0), area


def spots(cells: Cells, nodes: Nodes, terrain: Terrain, numbers: npt.NDArray[np.int64]) -> Spots:
    """Give what decides the water at some terrain cells (numbered row by row)."""
    node = terrain.node.ravel()[numbers]
    side = np.where(terrain.left.ravel()[numbers], 0, 1)
    return Spots(
        between=cells.node_between[node, side],
        weight=cells.node_weight[node, side],
        relative_m=terrain.relative_m.ravel()[numbers],
    )


def stage_of(volume: Floats, cells: Cells) -> tuple[Floats, Floats]:
    """Give stage [m] and wet area [m2] of every cell at its volume."""
    rows = np.arange(len(volume))
    # One sorted list of all curves, each lifted above the one before: one search finds all.
    found = np.searchsorted(cells.ladder_m3, volume + rows * LIFT_M3, side="right")
    upper = np.clip(found - rows * len(STAGE_M), 1, len(STAGE_M) - 1)
    low, high = cells.volume_m3[rows, upper - 1], cells.volume_m3[rows, upper]
    part = np.clip((volume - low) / np.maximum(high - low, 1e-9), 0, 1)
    stage = STAGE_M[upper - 1] + part * (STAGE_M[upper] - STAGE_M[upper - 1])
    area = cells.area_m2[rows, upper - 1] * (1 - part) + cells.area_m2[rows, upper] * part
    return np.where(volume > 1.0, stage, STAGE_M[0]), area
