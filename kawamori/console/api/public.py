"""For everybody, without signing in: orders in force and open shelters, no forecast figure.

Drills never show here. Own forecasts are for staff (気象業務法第17条): an order is what officers
approved, not what the system advises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from advisory.types import ORDERS, Level
from kawamori.cityos.anonymity import told_shelter
from kawamori.console.access import public
from kawamori.console.api.answers import FAULTS, UNCHANGED, answer, etag_of
from kawamori.console.api.bodies import PublicAdvice, PublicOrder, PublicShelter, PublicShelters
from kawamori.console.api.decisions import Decision, in_force
from kawamori.console.api.places import whole
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import NotStoredError
from kawamori.console.situation_records import Record, Records, Stored
from kawamori.ground import read_ground

CACHE = "public, max-age=15"  # a town that reloads costs one answer in 15 s
router = APIRouter(
    prefix="/public/api/v1",
    dependencies=[Depends(public)],
    responses={404: FAULTS[404], 422: FAULTS[422], **UNCHANGED},
)


@router.get("/advice", response_model=PublicAdvice)
def list_orders(request: Request, stored: Stored) -> Response:
    """Give the evacuation orders in force; an empty list does not say that it is safe."""
    desk = desk_of(request)
    record = newest_real(stored)
    standing = in_force(desk.engine, desk.now())
    names = district_names(standing, stored)
    orders = [_order(one, names[one.approval_id]) for one in standing]
    made = PublicAdvice(city_name=record.run.city.name if record else None, orders=orders)
    return answer(request, etag_of(made.model_dump()), lambda: made, cache=CACHE)


@router.get("/shelters", response_model=PublicShelters)
def list_open_shelters(request: Request, stored: Stored) -> Response:
    """Give the shelters that are open now, people in tens, with the room that is sure to be left.

    Fewer than ten people are not told of, nor a room that would tell of them.
    """
    record = newest_real(stored)
    opened = open_shelters(desk_of(request), record) if record else []
    shelters = [told_shelter(one) for one in opened]
    name = record.run.city.name if record else None
    made = PublicShelters(city_name=name, shelters=shelters)
    return answer(request, etag_of(made.model_dump()), lambda: made, cache=CACHE)


def newest_real(stored: Records) -> Record | None:
    """Give the newest run that is no drill; None = there is none."""
    for run in stored.listed():
        if run.drill is False:
            try:
                return stored.read(run.name)
            except NotStoredError:  # its line could be read, it cannot: the one before tells
                continue
    return None


def _order(one: Decision, district_name: str) -> PublicOrder:
    return PublicOrder(
        district_id=one.district_id,
        district_name=district_name,
        level=one.level,
        order_name=ORDERS[Level(one.level)],
        approved_at=one.at,
        expires=one.expires,
    )


def district_names(told: Iterable[Decision], stored: Records) -> dict[str, str]:
    """Give each district's name by approval_id, as the run of the approval knows it.

    The district_id stands where a later run has replaced that one.
    """
    known: dict[str, Mapping[Any, Any]] = {}
    found = {}
    for one in told:
        if one.run_id not in known:
            try:
                known[one.run_id] = stored.read(one.run_id).run.city.districts["name"].to_dict()
            except NotStoredError:
                known[one.run_id] = {}
        found[one.approval_id] = str(known[one.run_id].get(one.district_id, one.district_id))
    return found


def open_shelters(desk: Desk, record: Record) -> list[PublicShelter]:
    """Give the shelters of a run's city that the list or a report from the ground says are open."""
    shelters = record.run.city.shelters
    if shelters is None:
        return []
    ground = read_ground(desk.engine, record.run.city.city_id, at=desk.now())
    told = {state.shelter_id: state for state in ground.shelters}
    found = []
    for row in shelters[["name", "address", "status", "occupied", "capacity"]].itertuples():
        state = told.get(str(row.Index))
        status = state.status if state and state.status else row.status
        if status != "open":
            continue
        inside = state.occupied if state and state.occupied is not None else row.occupied
        people, capacity = whole(inside), whole(row.capacity)
        room = None if people is None or capacity is None else max(0, capacity - people)
        found.append(
            PublicShelter(
                shelter_id=str(row.Index),
                shelter_name=str(row.name),
                address=str(row.address),
                occupied_people=people,
                capacity_people=capacity,
                room_people=room,
            )
        )
    return found
