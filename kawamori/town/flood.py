"""Water on the valley floor: bank overflow fills flood cells, which pass it on and drain.

Storage-cell model [1]_: inflow is weir flow over the bank, outflow normal flow to the next cell
downstream, back over the bank when the river has fallen, and slow drainage. Water that leaves
the river is not taken from the river (an assumption).

References
----------
.. [1] Cunge, Holly, Verwey: Practical aspects of computational river hydraulics, 1980, chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kawamori.town.cells import STAGE_M, Cells, stage_of
from kawamori.town.plan import Floats
from kawamori.town.rivers import Rivers
from kawamori.town.terrain import Nodes

WEIR = 1.6  # broad-crested, [m^0.5/s]
FLOOR_MANNING = 0.1  # houses, fields, road embankments
OPEN_SHARE = 0.35  # part of a cell's width that lets water pass downstream
DRAIN_M_PER_H = 0.004, 0.05  # while the river stands above the floor, and after
STEP_S, SUBSTEPS = 600.0, 4
SUBMERGED_M = 0.3  # a smaller fall from river to floor throttles the weir


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
        stage[time] = stage_of(volume, cells)[0]
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
    stage, area = stage_of(volume, cells)
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
