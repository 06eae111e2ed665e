"""Prices of places: the proof that no exchange of people would lower the sum of costs.

A flow is optimal exactly if every place can be given a price >= 0, 0 where room is left, so that
nobody finds cost + price lower elsewhere. The price of a place is what one more place there would
save: the cheapest chain "someone moves out to the next place, someone from there to the next …"
that ends where room is left or somebody stays without a place. Such a chain is a shortest path
between shelters; a path that gains on itself (a negative cycle) shows that there is no proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Prices:
    """Price of one place by shelter (s): for those on foot, and for those who also park."""

    on_foot: Floats
    by_car: Floats

    def of(self, parks: Bools) -> Floats:
        """Give the prices that each group meets, dims (g, s)."""
        return np.where(parks[:, None], self.by_car, self.on_foot)


def prices_of(
    add: Floats,
    give: Floats,
    people: Ints,
    unplaced: Ints,
    *,
    parks: Bools,
    spare_room: Ints,
    spare_parking: Ints,
    unplaced_cost: float,
) -> Prices | None:
    """Give the prices of places in a flow, None if an exchange of people would lower its cost.

    Parameters
    ----------
    add, give
        Cost of one person more, and saving of one person less, dims (g, s); inf = no arc.
    people, unplaced
        The flow, dims (g, s), and who stays without a place, dims (g).
    parks
        Groups that come by car.
    spare_room, spare_parking
        Places left, dims (s).
    """
    size = people.shape[1]
    nowhere, sink = 2 * size, 2 * size + 1
    steps = np.full((sink + 1, sink + 1), np.inf)
    for first, kind in ((0, ~parks), (size, parks)):
        steps[first : first + size, first : first + size], out = _moves(
            add[kind], give[kind], people[kind], unplaced_cost
        )
        steps[first : first + size, nowhere] = out
        waiting = add[kind][unplaced[kind] > 0]
        steps[nowhere, first : first + size] = waiting.min(axis=0, initial=np.inf) - unplaced_cost
    foot, car = np.arange(size), np.arange(size, 2 * size)
    steps[car[spare_parking > 0], foot[spare_parking > 0]] = 0.0
    parked = people[parks].sum(axis=0) > 0
    steps[foot[parked], car[parked]] = 0.0
    steps[foot[spare_room > 0], sink] = 0.0
    steps[sink, foot[people.sum(axis=0) > 0]] = 0.0
    steps[nowhere, sink] = 0.0
    if unplaced.any():
        steps[sink, nowhere] = 0.0
    price = _shortest(steps, sink)
    return None if price is None else Prices(price[:size], price[size : 2 * size])


def gainful_arcs(
    add: Floats,
    give: Floats,
    people: Ints,
    unplaced: Ints,
    *,
    prices: Prices,
    parks: Bools,
    unplaced_cost: float,
) -> Bools:
    """Give the arcs by which somebody would gain at these prices, dims (g, s)."""
    met = prices.of(parks)
    paid = np.where(people > 0, give + met, -np.inf).max(axis=1, initial=-np.inf)
    paid = np.where(unplaced > 0, np.maximum(paid, unplaced_cost), paid)
    return np.asarray(add + met < paid[:, None])


def _moves(add: Floats, give: Floats, people: Ints, unplaced_cost: float) -> tuple[Floats, Floats]:
    """Give the cheapest move of one person between shelters, and out of each to no place."""
    size = people.shape[1]
    between, out = np.full((size, size), np.inf), np.full(size, np.inf)
    for place in np.flatnonzero(people.sum(axis=0)):
        rows = np.flatnonzero(people[:, place])
        saved = give[rows, place]
        between[place] = (add[rows] - saved[:, None]).min(axis=0)
        out[place] = unplaced_cost - saved.max()
    return between, out


def _shortest(steps: Floats, target: int) -> Floats | None:
    """Give the length of the shortest way to the target from everywhere; None: a cycle gains."""
    length = np.full(len(steps), np.inf)
    length[target] = 0.0
    for _ in range(len(steps) + 1):
        shorter = np.minimum(length, (steps + length).min(axis=1))
        if np.array_equal(shorter, length):
            return length
        length = shorter
    return None
