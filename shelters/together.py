"""Neighbours stay together: blocks whose people were sent apart are joined where that costs little.

The least total of minutes splits some blocks between shelters. Here the people of a block go to
one shelter, cheapest block first, as long as places are free and the minutes of all such moves
stay within a share of the total. Nobody loses a place, no shelter gets more than its room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelters.flow import Demand
from shelters.prices import Floats, Ints

PASSES = 3  # a move frees places that the next pass may use


@dataclass
class _Table:
    """People by group and shelter while blocks are being joined, and the places still free."""

    people: Ints
    room: Ints
    parking: Ints


def join_blocks(demand: Demand, people: Ints, blocks: Ints, *, share: float) -> Ints:
    """Give the flow with as many blocks whole as `share` of its total cost pays for.

    Parameters
    ----------
    people
        A flow, dims (g, s).
    blocks
        Number of the block of each group, dims (g); -1 = leave this group where it is.
    share
        Of the total cost that all joins together may add, 0 to 1.
    """
    table = _Table(
        people.copy(),
        demand.room - people.sum(axis=0),
        demand.parking - people[demand.parks].sum(axis=0),
    )
    budget = share * float((demand.cost * people).sum())
    for _ in range(PASSES):
        joins = [
            (extra, block, rows, place)
            for block, rows in _split_blocks(table.people, blocks)
            for extra, place in [_best_place(demand, table, rows)]
            if place >= 0
        ]
        if not joins:
            break
        for _, _, rows, _ in sorted(joins, key=lambda join: join[:2]):
            extra, place = _best_place(demand, table, rows)
            if place >= 0 and extra <= budget:
                budget -= max(extra, 0.0)
                _move(demand, table, rows, place)
    return table.people


def split_blocks(people: Ints, blocks: Ints) -> int:
    """Count blocks whose people go to more than one shelter."""
    return len(_split_blocks(people, blocks))


def _split_blocks(people: Ints, blocks: Ints) -> list[tuple[int, npt.NDArray[np.intp]]]:
    group, place = np.nonzero(people * (blocks >= 0)[:, None])
    pairs = np.unique(np.column_stack([blocks[group], place]), axis=0)
    names, shelters = np.unique(pairs[:, 0], return_counts=True)
    placed = people.sum(axis=1) > 0
    split = names[shelters > 1].tolist()
    order = np.argsort(blocks, kind="stable")
    ends = np.searchsorted(blocks[order], [split, np.array(split) + 1])
    rows = [order[low:high] for low, high in zip(*ends.tolist(), strict=True)]
    return [(block, each[placed[each]]) for block, each in zip(split, rows, strict=True)]


def _best_place(demand: Demand, table: _Table, rows: npt.NDArray[np.intp]) -> tuple[float, int]:
    """Give the extra cost and the shelter that takes all placed people of these groups; -1: none.

    They may go where some of them are already or where there is room for all.
    """
    here = table.people[rows]
    size, cars = here.sum(axis=1), demand.parks[rows]
    fits = table.room + here.sum(axis=0) >= size.sum()
    fits &= table.parking + here[cars].sum(axis=0) >= size[cars].sum()
    fits &= demand.way[rows].all(axis=0)
    if not fits.any():
        return np.inf, -1
    cost: Floats = (demand.cost[rows] * size[:, None]).sum(axis=0).astype(float)
    place = int(np.where(fits, cost, np.inf).argmin())
    return float(cost[place] - (demand.cost[rows] * here).sum()), place


def _move(demand: Demand, table: _Table, rows: npt.NDArray[np.intp], place: int) -> None:
    here, cars = table.people[rows], demand.parks[rows]
    size = here.sum(axis=1)
    table.room += here.sum(axis=0)
    table.room[place] -= size.sum()
    table.parking += here[cars].sum(axis=0)
    table.parking[place] -= size[cars].sum()
    table.people[rows] = 0
    table.people[rows, place] = size
