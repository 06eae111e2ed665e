"""NGSI-LD for the city's data platform: for everybody, and with forecasts for staff."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from kawamori.cityos.ngsi import CONTEXT, Entity, normalized, of_types, staff_entities
from kawamori.cityos.publication import published
from kawamori.console.access import public
from kawamori.console.api.answers import FAULTS, PRIVATE, answer, etag_of
from kawamori.console.api.public import CACHE, newest_real
from kawamori.console.api.tokens import reader
from kawamori.console.desk import desk_of
from kawamori.console.errors import NotStoredError
from kawamori.console.situation_records import Stored

MOST = 1000
KIND = "application/ld+json"
Options = Annotated[str, Query(max_length=40, description="keyValues = the short form")]
router = APIRouter(responses={404: FAULTS[404], 422: FAULTS[422]})


@dataclass(frozen=True)
class Asked:
    """What a client asks for, by the names of NGSI-LD."""

    types: Annotated[str, Query(alias="type", max_length=200, description="comma between")] = ""
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100
    offset: Annotated[int, Query(ge=0)] = 0
    options: Options = ""


Wanted = Annotated[Asked, Depends()]


@router.get("/public/api/v1/ngsi-ld/entities", dependencies=[Depends(public)])
def list_entities(request: Request, stored: Stored, asked: Wanted) -> Response:
    """Give what was observed and approved: WaterObserved, FloodMonitoring, Alert, shelters."""
    desk, record = desk_of(request), newest_real(stored)
    found = list(published(desk, record)) if record else []
    return _answer(request, found, asked, CACHE)


@router.get("/api/v1/ngsi-ld/entities", dependencies=[Depends(reader)])
def list_all_entities(request: Request, stored: Stored, asked: Wanted) -> Response:
    """Give the same with forecasts and advice, which must not leave the staff."""
    desk, record = desk_of(request), newest_real(stored)
    found = [*published(desk, record), *staff_entities(record.run)] if record else []
    return _answer(request, found, asked, PRIVATE)


@router.get("/public/api/v1/ngsi-ld/entities/{entity}", dependencies=[Depends(public)])
def read_entity(entity: str, request: Request, stored: Stored, options: Options = "") -> Response:
    """Give one entity by its id."""
    desk, record = desk_of(request), newest_real(stored)
    found = [one for one in published(desk, record) if one["id"] == entity] if record else []
    if not found:
        raise NotStoredError(f"no entity {entity!r}")
    made = _form(found[0], options)
    return answer(request, etag_of(made), lambda: _bytes(made), kind=KIND, cache=CACHE)


def _answer(request: Request, found: list[Entity], asked: Asked, cache: str) -> Response:
    rows = of_types(found, [name for name in asked.types.split(",") if name])
    page = rows[asked.offset : asked.offset + asked.limit]
    made = [_form(one, asked.options) for one in page]
    told = answer(request, etag_of(made), lambda: _bytes(made), kind=KIND, cache=cache)
    told.headers["NGSILD-Results-Count"] = str(len(rows))
    return told


def _form(one: Entity, options: str) -> Entity:
    return {"@context": CONTEXT, **one} if options == "keyValues" else normalized(one)


def _bytes(made: Any) -> bytes:
    return json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
