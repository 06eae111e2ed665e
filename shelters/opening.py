"""Which shelters to open, in which order, with how many staff and by when.

Every open shelter needs staff, so few large ones are better than many that take a handful each. A
small mixed-integer program (HiGHS) chooses the shelters: first that nobody stays without a place
whom the staff on duty can serve, then fewest minutes of walking, where an open shelter counts as
much as `worth_person_min` minutes. Districts are planned block by block; who goes where to the
last person is for `shelters.allocate` with the shelters chosen here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import scipy  # scipy.optimize is loaded when it is first used
from scipy.sparse import coo_matrix

from shelters.demand import STEPS_PER_MIN, Limits, Task, task_of
from shelters.prices import Floats, Ints
from shelters.types import Allocation, Shelters, TravelMinutes, check_shelters

NEAREST = 15  # shelters that a block is planned for
GAP = 0.005  # share of the best possible by which the plan may miss it
NODES = 2000  # of the search: a bound that does not depend on the clock
OPENING_COLUMNS = ("shelter_id", "people", "staff", "staff_call_by", "open_by")


@dataclass(frozen=True)
class OpeningRules:
    """What it takes to open a shelter; starting points (仮定), to be set by the city.

    `staff` on duty in all, None = not limited. An open shelter takes at least `staff_least` and one
    for every `people_per_staff`; the door opens `opening_min` after the call. A shelter is worth
    opening if it saves `worth_person_min` minutes of walking in all, or somebody needs it.
    """

    staff: int | None = None
    staff_least: int = 2
    people_per_staff: int = 50
    opening_min: float = 60.0
    worth_person_min: float = 600.0

    def __post_init__(self) -> None:
        """Refuse values without sense."""
        good = self.staff_least >= 0 and self.people_per_staff >= 1 and self.opening_min >= 0
        if not (good and self.worth_person_min >= 0 and (self.staff is None or self.staff >= 0)):
            raise ValueError(
                "staff, staff_least, opening_min and worth_person_min must be >= 0 and"
                f" people_per_staff >= 1, got {self}. Correct them."
            )

    def staff_for(self, people: int) -> int:
        """Give the staff for a shelter with so many people; 0 where nobody goes."""
        return max(self.staff_least, math.ceil(people / self.people_per_staff)) if people else 0


@dataclass(frozen=True)
class OpeningChoice:
    """The shelters to open, and what is known of how good the choice is."""

    shelter_ids: tuple[str, ...]
    gap: float  # share by which a better plan may exist, NaN = not known
    method: str  # "milp (…)" or, where the program gives none, "all"
    served: Mapping[str, int] | None = None  # people by shelter for whom there is staff; None = all

    def of(self, shelters: Shelters) -> Shelters:
        """Give the chosen shelters, each with no more room than its staff can serve."""
        chosen = shelters.loc[list(self.shelter_ids)].copy()
        if self.served is not None:
            inside = chosen["occupied"].fillna(0)
            most = inside + [self.served[str(key)] for key in chosen.index]
            chosen["capacity"] = chosen["capacity"].where(chosen["capacity"] <= most, most)
        return check_shelters(chosen)


def choose_openings(
    people: pd.DataFrame,
    shelters: Shelters,
    minutes: TravelMinutes,
    *,
    rules: OpeningRules,
    limits: Limits | None = None,
) -> OpeningChoice:
    """Give the shelters to open; arguments and errors are those of `shelters.allocate.allocate`.

    Shelters that are open already stay so. Where the program finds no plan, all are to be opened
    and `method` says so.
    """
    task = task_of(people, shelters, minutes, limits or Limits())
    ids = shelters.index.astype(str).to_numpy()
    running = (shelters["status"] == "open").to_numpy(dtype=bool)
    blocks = _Blocks.of(task)
    if not len(blocks.place):
        return OpeningChoice(tuple(ids[running]), 0.0, "milp (nobody to place)")
    program = _Program(blocks, task.demand.room, running, rules)
    found = program.solve()
    if found is None:
        return OpeningChoice(tuple(ids), math.nan, "all (no plan found)")
    used, staff, gap, status = found
    opened = used | running
    served = None
    if rules.staff is not None:
        most = staff * rules.people_per_staff
        served = {str(key): int(most[at]) for at, key in enumerate(ids) if opened[at]}
    return OpeningChoice(tuple(ids[opened]), gap, f"milp ({status})", served)


def opening_schedule(
    allocation: Allocation,
    shelters: Shelters,
    *,
    need_at: Mapping[str, datetime | None],
    rules: OpeningRules,
) -> pd.DataFrame:
    """Give the shelters of an allocation in the order in which they are needed.

    Parameters
    ----------
    need_at
        district_id -> when its people begin to leave; None or absent = not known.

    Returns
    -------
        OPENING_COLUMNS: people sent there and staff for them and for those inside already;
        `open_by` = the first of them is at the door, `staff_call_by` = `opening_min` earlier, in
        whole minutes; NaT where nobody can tell. Unknown times come last.
    """
    placed = allocation.groups[allocation.groups["shelter_id"].notna()]
    leaving = {district: at for district, at in need_at.items() if at is not None}
    rows = []
    for shelter_id, group in placed.groupby("shelter_id", sort=True):
        inside = shelters.at[shelter_id, "occupied"]
        people = int(group["people"].sum())
        held = people + (0 if pd.isna(inside) else int(inside))
        arrivals = [
            leaving[district] + timedelta(minutes=float(walk))
            for district, walk in zip(group["district_id"], group["minutes"], strict=True)
            if district in leaving
        ]
        door = min(arrivals, default=None)
        call = None if door is None else door - timedelta(minutes=rules.opening_min)
        rows.append((shelter_id, people, rules.staff_for(held), call, door))
    table = pd.DataFrame(rows, columns=list(OPENING_COLUMNS))
    for name in ("staff_call_by", "open_by"):
        table[name] = pd.to_datetime(table[name], utc=True).dt.floor("min")
    order = table.assign(few=-table["people"]).sort_values(["open_by", "few", "shelter_id"])
    return table.loc[order.index].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class _Blocks:
    """People by block and their cheapest shelters; dims (block) or (arc)."""

    heads: Ints  # (block) those who have a way at all
    block: Ints  # (arc)
    place: Ints  # (arc)
    cost: Floats  # (arc) minutes of one person, the mean of the block

    @classmethod
    def of(cls, task: Task) -> _Blocks:
        """Sum up groups by block; a block goes where any of its groups can go."""
        demand, number = task.demand, task.groups.block_numbers()
        size = int(number.max(initial=-1)) + 1
        weight = demand.heads[:, None] * demand.way
        sums, counts = (np.zeros((size, len(demand.room))) for _ in range(2))
        np.add.at(sums, number, weight * demand.cost / STEPS_PER_MIN)
        np.add.at(counts, number, weight)
        cost = np.divide(sums, counts, out=np.full(sums.shape, np.inf), where=counts > 0)
        nearest = np.argsort(cost, axis=1, kind="stable")[:, :NEAREST]
        block = np.repeat(np.arange(size), nearest.shape[1])
        place = nearest.ravel()
        real = np.isfinite(cost[block, place])
        heads = np.bincount(
            number, np.where(demand.way.any(axis=1), demand.heads, 0), minlength=size
        )
        block, place = block[real], place[real]
        return cls(heads.astype(np.int64), block, place, cost[block, place])


@dataclass(frozen=True, eq=False)
class _Program:
    """The mixed-integer program; columns: arcs, blocks without a place, opened, staff."""

    blocks: _Blocks
    room: Ints
    running: Any  # (shelter) open already
    rules: OpeningRules

    def solve(self) -> tuple[Any, Ints, float, str] | None:
        """Give which shelters get people, their staff, the gap and the status; None = no plan."""
        size, arcs, groups = len(self.room), len(self.blocks.place), len(self.blocks.heads)
        dear = self.rules.worth_person_min + 2.0 * float(self.blocks.cost.max()) + 1.0
        worth = np.where(self.running, 0.0, self.rules.worth_person_min)
        cost = np.r_[self.blocks.cost, np.full(groups, dear), worth, np.zeros(size)]
        most = np.minimum(self.blocks.heads[self.blocks.block], self.room[self.blocks.place])
        result = scipy.optimize.milp(
            cost,
            constraints=self._constraints(most),
            bounds=scipy.optimize.Bounds(
                np.r_[np.zeros(arcs + groups), self.running.astype(float), np.zeros(size)],
                np.r_[most, self.blocks.heads, np.ones(size), np.full(size, np.inf)],
            ),
            integrality=np.r_[np.zeros(arcs + groups), np.ones(2 * size)],
            options={"mip_rel_gap": GAP, "node_limit": NODES},
        )
        if result.x is None:
            return None
        sent = result.x[:arcs]
        used = np.bincount(self.blocks.place, sent, minlength=size) > 0.5
        status = "OPTIMAL" if result.status == 0 else "LIMIT"
        staff = np.rint(result.x[-size:]).astype(np.int64)
        return used, staff, float(result.mip_gap), status

    def _constraints(self, most: Ints) -> list[scipy.optimize.LinearConstraint]:
        block, place = self.blocks.block, self.blocks.place
        arcs, groups, size = len(place), len(self.blocks.heads), len(self.room)
        arc, at = np.arange(arcs), np.arange(size)
        opened, staff = arcs + groups + at, arcs + groups + size + at
        columns = arcs + groups + 2 * size

        def rows(count: int, *parts: tuple[Any, Any, Any]) -> Any:
            row, column, value = (
                np.concatenate([np.broadcast_to(part[n], len(part[1])) for part in parts])
                for n in range(3)
            )
            return coo_matrix((value, (row, column)), shape=(count, columns)).tocsc()

        everyone = rows(groups, (block, arc, 1.0), (np.arange(groups), arcs + np.arange(groups), 1))
        inside = rows(size, (place, arc, 1.0), (at, opened, -self.room.astype(float)))
        only_open = rows(arcs, (arc, arc, 1.0), (arc, opened[place], -most.astype(float)))
        share = 1.0 / self.rules.people_per_staff
        served = rows(size, (place, arc, share), (at, staff, -1.0))
        least = rows(size, (at, opened, float(self.rules.staff_least)), (at, staff, -1.0))
        linear = scipy.optimize.LinearConstraint
        limits = [
            linear(everyone, self.blocks.heads, self.blocks.heads),
            *(linear(part, -np.inf, 0.0) for part in (inside, only_open, served, least)),
        ]
        if self.rules.staff is not None:
            on_duty = rows(1, (np.zeros(size, dtype=int), staff, 1.0))
            limits.append(linear(on_duty, 0.0, float(self.rules.staff)))
        return limits
