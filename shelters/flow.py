"""Who goes where at the least total cost: a min-cost flow, and the proof that it is one.

Groups of people send their members to shelters; a shelter takes no more than its room, and those
who come by car pass its parking first. What is minimised, in this order: people without a place,
people who leave the place they were given before, the sum of the costs. The first two are weights
larger than anything that a chain of exchanges can gain, so that no minute is ever weighed against
a person.

The solver sees the cheapest arcs of each group first. Prices of places (`shelters.prices`) then
show whether any arc it did not see would help; such arcs are added until none is left. Only then
is a flow called optimal, for all arcs and whatever the solver says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

from shelters.prices import Floats, Ints, Prices, gainful_arcs, prices_of

ARCS_PER_GROUP = 40  # of the first round
ROUNDS = 4  # the last one sees every arc
EXACT = 2**53  # whole numbers up to here are exact as floats


@dataclass(frozen=True, eq=False)
class Demand:
    """What is to be solved; dims group (g) and shelter (s), all whole numbers."""

    cost: Ints  # (g, s) of one person, >= 0
    way: npt.NDArray[np.bool_]  # (g, s), False = nobody of g may go to s
    heads: Ints  # (g) people
    room: Ints  # (s) people
    parks: npt.NDArray[np.bool_]  # (g) comes by car
    parking: Ints  # (s) people who may come by car
    kept: Ints  # (g, s) people who were given this place before

    @property
    def leave_cost(self) -> int:
        """Give what it costs that one person leaves the place given before."""
        return self._chain * self._dearest + 1 if self.kept.any() else 0

    @property
    def unplaced_cost(self) -> int:
        """Give what it costs that one person has no place."""
        return self._chain * (self._dearest + self.leave_cost) + 1

    @property
    def _dearest(self) -> int:
        return int(self.cost[self.way].max(initial=0))

    @property
    def _chain(self) -> int:
        """Give how many exchanges the longest chain can have: each place once, on foot and car."""
        return 2 * len(self.room) + 2


@dataclass(frozen=True, eq=False)
class Flow:
    """How many of each group go to each shelter."""

    people: Ints  # (g, s)
    unplaced: Ints  # (g)
    optimal: bool  # proven over all arcs
    status: str  # of the solver
    rounds: int
    arcs: int  # that the solver saw last


def solve(demand: Demand, *, arcs_per_group: int = ARCS_PER_GROUP) -> tuple[Flow | None, str]:
    """Give the flow of least cost, None where the solver gives none, and what the solver says.

    Everybody without a place counts as unplaced, so that a flow always exists.

    Raises
    ------
    ValueError
        If costs are so large that sums of them are not exact.
    """
    if demand.unplaced_cost * (2 * len(demand.room) + 2) >= EXACT:
        raise ValueError(
            f"costs must stay exact in sums, got up to {demand.cost[demand.way].max()} for"
            f" {len(demand.room)} shelters. Measure ways in minutes and drop endless ones."
        )
    seen = _cheapest(demand, arcs_per_group)
    for number in range(1, ROUNDS + 1):
        if number == ROUNDS:
            seen = demand.way
        people, status = _solve_seen(demand, seen)
        if people is None:
            return None, status
        found = Flow(
            people, demand.heads - people.sum(axis=1), False, status, number, int(seen.sum())
        )
        prices = certified_prices(demand, found, seen)
        if prices is None:
            return found, status
        more = _gainful(demand, found, prices)
        if not more.any():
            return replace(found, optimal=True), status
        seen = seen | more
    return found, status


def certified_prices(
    demand: Demand, flow: Flow, seen: npt.NDArray[np.bool_] | None = None
) -> Prices | None:
    """Give prices of places under which nobody gains by another of the arcs that were seen.

    None = there are no such prices: an exchange of people along these arcs would gain.
    """
    seen = demand.way if seen is None else seen
    add, give = _margins(demand, flow)
    return prices_of(
        np.where(seen, add, np.inf),
        give,
        flow.people,
        flow.unplaced,
        parks=demand.parks,
        spare_room=demand.room - flow.people.sum(axis=0),
        spare_parking=demand.parking - flow.people[demand.parks].sum(axis=0),
        unplaced_cost=float(demand.unplaced_cost),
    )


def _gainful(demand: Demand, flow: Flow, prices: Prices) -> npt.NDArray[np.bool_]:
    add, give = _margins(demand, flow)
    return gainful_arcs(
        np.where(demand.way, add, np.inf),
        give,
        flow.people,
        flow.unplaced,
        prices=prices,
        parks=demand.parks,
        unplaced_cost=float(demand.unplaced_cost),
    )


def _margins(demand: Demand, flow: Flow) -> tuple[Floats, Floats]:
    """Give what one person more at each place costs, and what one person less there saves."""
    cost, leave = demand.cost.astype(float), float(demand.leave_cost)
    if not leave:
        return cost, cost
    add = cost - leave * (flow.people < demand.kept)
    return add, cost - leave * (flow.people <= demand.kept)


def _cheapest(demand: Demand, wanted: int) -> npt.NDArray[np.bool_]:
    """Choose the cheapest arcs of each group, and those to the places given before."""
    groups, shelters = demand.way.shape
    if wanted >= shelters or int(demand.way.sum(axis=1).max(initial=0)) <= wanted:
        return demand.way
    cost = np.where(demand.way, demand.cost, np.iinfo(np.int64).max)
    nearest = np.argpartition(cost, wanted - 1, axis=1)[:, :wanted]
    chosen = demand.kept > 0
    chosen[np.arange(groups)[:, None], nearest] = True
    return np.asarray(chosen & demand.way)


def _solve_seen(demand: Demand, seen: npt.NDArray[np.bool_]) -> tuple[Ints | None, str]:
    """Solve with some of the arcs; nodes are groups, shelters, their parking and the sink."""
    groups, shelters = demand.cost.shape
    group, place = np.nonzero(seen)
    sink = groups + 2 * shelters
    entry = groups + place + np.where(demand.parks[group], shelters, 0)
    at, rows = groups + np.arange(shelters), np.arange(groups)
    before = np.minimum(demand.kept[group, place], demand.heads[group])
    again = np.flatnonzero(before)
    none, leave = np.zeros(shelters, dtype=np.int64), demand.leave_cost
    cost = demand.cost[group, place]
    dearest = np.full(groups, demand.unplaced_cost)
    parts = [
        (group, entry, demand.heads[group] - before, cost),
        (group[again], entry[again], before[again], cost[again] - leave),
        (rows, np.full(groups, sink), demand.heads, dearest),
        (at + shelters, at, demand.parking, none),
        (at, np.full(shelters, sink), demand.room, none),
    ]
    tails, heads, limits, costs = (
        np.concatenate([part[column] for part in parts]).astype(np.int64) for column in range(4)
    )
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tails, heads, limits, costs)
    solver.set_nodes_supplies(rows, demand.heads)
    solver.set_node_supply(int(sink), -int(demand.heads.sum()))
    status = solver.solve()
    if status != solver.OPTIMAL:
        return None, str(status.name)
    sent = solver.flows(arcs)
    people = np.zeros((groups, shelters), dtype=np.int64)
    people[group, place] = sent[: len(group)]
    people[group[again], place[again]] += sent[len(group) : len(group) + len(again)]
    return people, str(status.name)
