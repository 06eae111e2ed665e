"""The shelters of a run with what the ground reported since: lines of the desk, and who is hit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kawamori.console.api.places import whole
from kawamori.console.situation_records import Record
from kawamori.ground import Ground, ShelterState
from kawamori.grounded import uncounted_shelters
from kawamori.moves import lasting
from kawamori.run import Run
from shelters.inside import Moving, moving


@dataclass(frozen=True)
class ShelterLine:
    """One shelter as the desk sees it; None = not known."""

    shelter_id: str
    name: str
    address: str
    status: str  # open | opening | closed | unknown
    inside: int | None
    capacity: int | None
    assigned: int | None  # by the plan of the run
    stock: Mapping[str, float]
    upstairs: bool | None
    rejected: str
    by: str
    at: datetime | None
    mine: bool

    @property
    def room(self) -> int | None:
        """Give the places that are left now."""
        if self.capacity is None or self.inside is None:
            return None
        return self.capacity - self.inside


@dataclass(frozen=True)
class Affected:
    """People of a district whose place is gone or too small since the plan."""

    district: str
    shelter: str
    people: int
    why: str  # closed | full


def shelter_lines(run: Run, ground: Ground, *, mine: Collection[str] = ()) -> list[ShelterLine]:
    """Give every shelter of the run's list, the reader's own first, then by name."""
    if run.city.shelters is None:
        return []
    told = {state.shelter_id: state for state in ground.shelters}
    plan = run.allocation
    assigned = {} if plan is None else plan.assigned.groupby("shelter_id")["people"].sum().to_dict()
    why: dict[Any, Any] = {} if plan is None else dict(plan.rejected.itertuples(index=False))
    lines = []
    for key, row in run.city.shelters.iterrows():
        state = told.get(str(key))
        lines.append(
            ShelterLine(
                shelter_id=str(key),
                name=str(row["name"]),
                address=str(row["address"]),
                status=state.status if state and state.status else str(row["status"]),
                inside=_inside(state, row),
                capacity=whole(row["capacity"]),
                assigned=None if plan is None else int(assigned.get(key, 0)),
                stock=state.stock if state else {},
                upstairs=state.upstairs if state else None,
                rejected=str(why.get(key, "")),
                by=state.by if state else "",
                at=state.at if state else None,
                mine=str(key) in mine,
            )
        )
    return sorted(lines, key=lambda line: (not line.mine, line.status != "open", line.name))


def still_moving(run: Run, ground: Ground, lines: Sequence[ShelterLine]) -> Moving | None:
    """Give who must leave by the plan and who is counted in shelters that it may use.

    None = there is no plan, or nobody must leave. See `shelters.inside`.
    """
    plan = run.allocation
    if plan is None:
        return None
    people = int(plan.assigned["people"].sum() + plan.unplaced["people"].sum())
    if not people:
        return None
    untold = uncounted_shelters(ground)
    counts = [
        None if line.shelter_id in untold and not line.inside else line.inside
        for line in lines
        if line.status != "closed" and not lasting(line.rejected)
        if line.status == "open" or line.inside is not None
    ]
    return moving(people, counts)


def affected(run: Run, ground: Ground) -> list[Affected]:
    """Give who loses a place by what was reported; where they go the next cycle tells.

    People inside are taken as those the plan sent there: a shelter is too small when its list place
    count is below the larger of the two.
    """
    plan = run.allocation
    if plan is None or run.city.shelters is None or not len(plan.assigned):
        return []
    lines = {line.shelter_id: line for line in shelter_lines(run, ground)}
    districts = run.city.districts["name"]
    found = []
    for row in plan.assigned.itertuples(index=False):
        line = lines.get(str(row.shelter_id))
        if line is None:
            continue
        name = str(districts.get(row.district_id, row.district_id))
        people = int(str(row.people))
        if line.status == "closed":
            found.append(Affected(name, line.name, people, "closed"))
        elif line.capacity is not None and (line.inside or 0) >= line.capacity:
            found.append(Affected(name, line.name, people, "full"))
    return sorted(found, key=lambda one: -one.people)


def last_moves(record: Record) -> list[dict[str, Any]]:
    """Give who moves by the plan of the run itself, against what people were told before."""
    rows = (record.record.get("sheltering") or {}).get("moves") or []
    places = record.run.city.shelters
    names = {} if places is None else dict(places["name"].astype(str))
    return [
        {"people": row["people"], "block": row["block"], "reason": row["reason"],
         "from": names.get(row["from_id"], row["from_id"]),
         "to": names.get(row["to_id"], row["to_id"])}
        for row in rows
    ]  # fmt: skip


def _inside(state: ShelterState | None, row: Any) -> int | None:
    if state is not None and state.occupied is not None:
        return state.occupied
    return whole(row["occupied"])
