"""Water on the valley floor: bank overflow fills storage cells, which pass it on and drain.

Each side of each river is cut into cells about 1 km long (flood cells [1]_). A cell's water lies
parallel to the valley floor at a height `stage_m` above it, so a place is wet where the stage is
above its own height over the floor. Between cell middles the stage is interpolated along the
river. Inflow is weir flow over the bank, outflow normal flow to the next cell downstream, and
slow drainage. Water that leaves the river is not taken from the river (an assumption).

References
----------
.. [1] Cunge, Holly, Verwey: Practical aspects of computational river hydraulics, 1980, chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kawamori.town.plan import Floats, Plan
from kawamori.town.rivers import Rivers
from kawamori.town.terrain import Nodes, Terrain

CELL_LENGTH_M = 1000.0
STAGE_M = np.arange(-1.2, 8.0, 0.1)  # steps of the volume curves
LIFT_M3 = 1e9  # more than any cell holds
WEIR = 1.6  # broad-crested, [m^0.5/s]
FLOOR_MANNING = 0.1  # houses, fields, road embankments
OPEN_SHARE = 0.35  # part of a cell's width that lets water pass downstream
DRAIN_M_PER_H = 0.004, 0.05  # while the river stands above the floor, and after
STEP_S, SUBSTEPS = 600.0, 4
SUBMERGED_M = 0.3  # a smaller fall from river to floor throttles the weir


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


def flood(
    levels_m: Floats,
    rivers: Rivers,
    nodes: Nodes,
    cells: Cells,
    *,
    bank_m: Floats | None = None,
) -> Floats:
    """Give the stage of every flood cell over time in steps of 10 min, from dry.

    Parameters
    ----------
    levels_m
        True gauge levels, dims (time, gauge), gauges in the order of `rivers`. [m]
    bank_m
        Broken banks instead of those of `rivers`, dims (node, side), above the bed; inf = never
        topped. Unlike over whole banks, any part of the river's water may then leave it.

    Returns
    -------
        Dims (time, cell), above the valley floor; STAGE_M[0] where dry. [m]
    """
    bank = rivers.bank_m if bank_m is None else bank_m
    stage = np.full((len(levels_m), len(cells)), STAGE_M[0])
    if not (rivers.share @ levels_m.max(axis=0) > bank.min(axis=1)).any():
        return stage
    supply = _supply(levels_m, bank, rivers, nodes, cells, limited=bank_m is None)
    volume = np.zeros(len(cells))
    for time in range(int(supply.inflow_m3s.any(axis=1).argmax()), len(levels_m)):
        for _ in range(SUBSTEPS):
            volume = _advance(volume, supply, time, cells)
        stage[time] = _stage(volume, cells)[0]
    return stage


@dataclass(frozen=True)
class _Supply:
    """What the river offers to each flood cell, dims (time, cell); heights above the floor."""

    inflow_m3s: Floats  # free flow over the bank
    top_m: Floats  # river where it overflows, -inf where it does not
    river_m: Floats  # river, mean
    crest_m: Floats  # (cell,) bank, mean
    room_m3: Floats  # volume of the cell when it stands as high as `top_m`


def _supply(
    levels: Floats, bank: Floats, rivers: Rivers, nodes: Nodes, cells: Cells, *, limited: bool
) -> _Supply:
    depth = rivers.depth_m(levels)
    gap = np.abs(np.gradient(nodes.chainage_m)).clip(max=100.0)
    head = np.maximum(depth[:, :, None] - bank, 0)
    flow = WEIR * head**1.5 * gap[:, None]
    if limited:
        flow *= _limit(levels, flow.sum(axis=2), rivers)[:, :, None]
    over_floor = depth - nodes.incision_m
    shape = (len(depth), len(cells))
    inflow, top, river = np.zeros(shape), np.full(shape, -np.inf), np.zeros(shape)
    crest = np.zeros(len(cells))
    for side in (0, 1):
        cell, start, count = np.unique(  # the nodes of a cell are neighbours
            cells.node_cell[:, side], return_index=True, return_counts=True
        )
        overflows = np.where(head[:, :, side] > 0, over_floor, -np.inf)
        inflow[:, cell] = np.add.reduceat(flow[:, :, side], start, axis=1)
        top[:, cell] = np.maximum.reduceat(overflows, start, axis=1)
        river[:, cell] = np.add.reduceat(over_floor, start, axis=1) / count
        crest[cell] = np.add.reduceat(bank[:, side] - nodes.incision_m, start) / count
    room = [np.interp(top[:, cell], STAGE_M, cells.volume_m3[cell]) for cell in range(len(cells))]
    return _Supply(inflow, top, river, np.nan_to_num(crest, posinf=1e9), np.column_stack(room))


def _limit(levels: Floats, flow: Floats, rivers: Rivers) -> Floats:
    """Give the share (time, node) of weir flow that the river can feed: what its banks cannot hold.

    Sections are those of the gauges; flow at the overflow level stays in the river.
    """
    section = rivers.share.argmax(axis=1)
    share = np.ones(flow.shape)
    for column, (basin, gauge) in enumerate(zip(rivers.basins, rivers.gauges, strict=True)):
        held = basin.discharge_m3s(gauge.thresholds.overflow)
        excess = np.maximum(basin.discharge_m3s(levels[:, column]) - held, 0)
        wanted = flow[:, section == column].sum(axis=1)
        share[:, section == column] = np.minimum(1, excess / np.maximum(wanted, 1e-9))[:, None]
    return share


def _advance(volume: Floats, supply: _Supply, time: int, cells: Cells) -> Floats:
    """Give the volumes one substep later: weir flow in, flow downstream, back and away."""
    step_s = STEP_S / SUBSTEPS
    stage, area = _stage(volume, cells)
    fall = np.clip((supply.top_m[time] - stage) / SUBMERGED_M, 0, 1)
    room = np.maximum(supply.room_m3[time] - volume, 0)
    gained = np.minimum(supply.inflow_m3s[time] * fall * step_s, room)
    depth = volume / np.maximum(area, 1.0)
    inland = cells.next_cell >= 0
    width = np.where(inland, OPEN_SHARE, 1.0) * area / cells.length_m
    onward = width * depth ** (5 / 3) * np.sqrt(cells.slope) / FLOOR_MANNING
    onward = np.minimum(onward * step_s, 0.4 * volume)
    river = supply.river_m[time]
    spill = np.maximum(stage - np.maximum(supply.crest_m, river), 0) ** 1.5
    back = np.minimum(WEIR * spill * cells.length_m * step_s, 0.5 * volume)
    drain = np.where(river > 0, *DRAIN_M_PER_H) / 3600 * area * step_s
    lost = np.minimum(back + drain, volume - onward)
    np.add.at(gained, cells.next_cell[inland], onward[inland])
    return np.asarray(volume - onward - lost + gained)


def _stage(volume: Floats, cells: Cells) -> tuple[Floats, Floats]:
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
