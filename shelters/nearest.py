"""The plain way to place people: the nearest pair of group and shelter first, while room lasts."""

from __future__ import annotations

import numpy as np

from shelters.flow import Demand, Flow


def nearest_first(demand: Demand, status: str) -> Flow:
    """Serve pairs by cost, ties by row order; never above room, and never called optimal."""
    groups, places = np.nonzero(demand.way & (demand.heads[:, None] > 0) & (demand.room > 0))
    order = np.argsort(demand.cost[groups, places], kind="stable")
    left, room, parking = demand.heads.tolist(), demand.room.tolist(), demand.parking.tolist()
    people = np.zeros_like(demand.cost)
    for group, place in zip(groups[order].tolist(), places[order].tolist(), strict=True):
        lots = parking[place] if demand.parks[group] else room[place]
        moved = min(left[group], room[place], lots)
        left[group] -= moved
        room[place] -= moved
        parking[place] -= moved if demand.parks[group] else 0
        people[group, place] += moved
    unplaced = np.array(left, dtype=np.int64)
    return Flow(people, unplaced, False, status, 0, len(groups))
