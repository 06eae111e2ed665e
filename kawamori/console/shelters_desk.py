"""The shelters desk: doors, head counts, stock, upper floors and closed roads, and who is affected.

What is entered is appended as a report from the ground; the next cycle plans with it.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import geopandas as gpd
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from alerts.ledger import append
from kawamori.city import read_toml
from kawamori.console.access import Officer, needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import (
    ConflictError,
    ForbiddenError,
    NotStoredError,
    RefusedError,
)
from kawamori.console.pages import page
from kawamori.console.shelters_moves import Plans
from kawamori.console.shelters_view import affected, last_moves, shelter_lines, still_moving
from kawamori.console.situation_records import LATEST, Record, Stored
from kawamori.ground import (
    Ground,
    ReportedMeanwhileError,
    ShelterReport,
    read_ground,
    record_road,
    record_shelter,
    shelter_report,
    shelter_revision,
    with_report,
)
from shelters.stock import STOCK

router = APIRouter()
Here = Annotated[Desk, Depends(desk_of)]
Reader = Annotated[Officer, Depends(needs("viewer"))]
Staff = Annotated[Officer, Depends(needs("shelter", "officer"))]
Chief = Annotated[Officer, Depends(needs("officer"))]


async def sent_fields(request: Request) -> dict[str, str]:
    """Give the fields of a form, trimmed; files are left out."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(sent_fields)]


@router.get("/shelters")
def shelters_page(request: Request, desk: Here, stored: Stored, officer: Reader) -> Response:
    """Show every shelter, those of the reader first, and who is affected by what was reported."""
    record = _record(stored)
    if record is None:
        return page(request, "shelters.html", record=None, lines=[])
    ground = read_ground(desk.engine, record.run.city.city_id, at=desk.now())
    lines = shelter_lines(record.run, ground, mine=officer.shelters)
    return page(
        request, "shelters.html", record=record, run=record.run, drill=record.run.drill,
        lines=lines, inside=still_moving(record.run, ground, lines),
        affected=affected(record.run, ground), moves=last_moves(record),
        closed=ground.closed, may_report=officer.may("shelter", "officer"),
        may_decide=officer.may("officer"),
        changed=any(one.at > record.run.issued_at for one in ground.history),
    )  # fmt: skip


@router.get("/shelters/moves")
def moves_page(
    request: Request, desk: Here, stored: Stored, plans: Plans, _officer: Reader
) -> Response:
    """Show who moves by what was reported since the newest run; to htmx the table alone."""
    record = _record(stored)
    if record is None:
        raise NotStoredError("no run is stored yet")
    ground = read_ground(desk.engine, record.run.city.city_id, at=desk.now())
    name = "moves_table.html" if "hx-request" in request.headers else "moves.html"
    return page(
        request, name, run=record.run, drill=record.run.drill, foreseen=plans.now(record, ground),
        inside=still_moving(record.run, ground, shelter_lines(record.run, ground)),
    )  # fmt: skip


@router.get("/shelters/{shelter_id}")
def shelter_page(
    shelter_id: str, request: Request, desk: Here, stored: Stored, officer: Staff
) -> Response:
    """Show the form of one shelter, made for a phone."""
    record = _with(stored, shelter_id)
    ground = read_ground(desk.engine, record.run.city.city_id, at=desk.now())
    lines = shelter_lines(record.run, ground)
    return page(
        request, "shelter.html", drill=record.run.drill, stock=STOCK,
        one=next(line for line in lines if line.shelter_id == shelter_id),
        version=shelter_revision(desk.engine, record.run.city.city_id, shelter_id),
        may_decide=officer.may("officer"),
        mine=_mine(officer, shelter_id),
    )  # fmt: skip


@router.post("/shelters/{shelter_id}/report")
def report_shelter(
    shelter_id: str,
    request: Request,
    *,
    desk: Here,
    stored: Stored,
    plans: Plans,
    officer: Staff,
    fields: Fields,
) -> Response:
    """Append a report about a shelter, unless somebody reported since the form was opened.

    One that takes people's places away is kept only after the reader saw who moves.
    """
    record = _with(stored, shelter_id)
    _check_may(officer, shelter_id, fields)
    city = record.run.city
    told = _told(fields)
    known = set(map(str, city.shelters.index)) if city.shelters is not None else set()
    given: dict[str, Any] = {
        **told, "known": known, "by": officer.account_id, "at": desk.now(),
        "note": fields.get("note", "")[:500],
    }  # fmt: skip
    seen = _seen(desk, city.city_id, shelter_id, fields.get("version", ""))
    try:
        report = shelter_report(shelter_id, **given)
        ground = read_ground(desk.engine, city.city_id, at=desk.now())
        asked = fields.get("step") == "preview"
        if asked or (fields.get("confirmed") != "yes" and _takes_places(record, ground, report)):
            after = with_report(ground, report)
            return _preview(request, record, after, plans=plans, report=report, fields=fields)
        record_shelter(desk.engine, city.city_id, shelter_id, **given, seen=seen)
    except ReportedMeanwhileError as error:
        raise ConflictError(str(error)) from error
    except ValueError as error:
        raise RefusedError(str(error)) from error
    _log(desk, "shelter.report", {"shelter_id": shelter_id, **told}, officer)
    return RedirectResponse(f"/shelters/{quote(shelter_id, safe='')}", 303)


@router.post("/shelters/roads")
def report_road(desk: Here, stored: Stored, officer: Chief, fields: Fields) -> Response:
    """Append that the road at a point is closed, or open again."""
    record = _record(stored)
    if record is None:
        raise RefusedError("a road needs a city, no run is stored yet")
    folder = desk.settings.cities / record.run.city.city_id
    closed = fields.get("closed") != "no"
    lon, lat = _number(fields, "lon", float), _number(fields, "lat", float)
    try:
        roads = gpd.read_parquet(folder / "roads.parquet")
        made = record_road(
            desk.engine, record.run.city.city_id, roads=roads,
            crs=read_toml(folder / "city.toml")["crs"], lon=lon, lat=lat, closed=closed,
            note=fields.get("note", "")[:500], by=officer.account_id, at=desk.now(),
        )  # fmt: skip
    except FileNotFoundError as error:
        raise RefusedError("the built city has no roads: build it on this machine") from error
    except ValueError as error:
        raise RefusedError(str(error)) from error
    _log(desk, "road.report", {"road": made.road, "closed": closed}, officer)
    return RedirectResponse("/shelters#roads", 303)


def _record(stored: Stored) -> Record | None:
    try:
        return stored.read(LATEST)
    except NotStoredError:
        return None


def _with(stored: Stored, shelter_id: str) -> Record:
    record = _record(stored)
    places = record.run.city.shelters if record else None
    if record is None or places is None or shelter_id not in set(map(str, places.index)):
        raise NotStoredError(f"no shelter {shelter_id!r} in the newest run")
    return record


def _mine(officer: Officer, shelter_id: str) -> bool:
    return officer.may("officer") or shelter_id in officer.shelters


def _check_may(officer: Officer, shelter_id: str, fields: dict[str, str]) -> None:
    if not _mine(officer, shelter_id):
        raise ForbiddenError(f"shelter {shelter_id} is not one of {list(officer.shelters)}")
    if fields.get("upstairs", "") and not officer.may("officer"):
        raise ForbiddenError("upper floors are allowed by an officer of the desk")


def _told(fields: dict[str, str]) -> dict[str, Any]:
    """Give what a form tells of a shelter; None = not told."""
    return {
        "status": fields.get("status") or None,
        "occupied": _number(fields, "occupied", int),
        "upstairs": {"yes": True, "no": False}.get(fields.get("upstairs", "")),
        "stock": {
            name: held for name in STOCK if (held := _number(fields, name, float)) is not None
        },
    }


def _seen(desk: Desk, city_id: str, shelter_id: str, version: str) -> int:
    """Give the revision that a form was made from, if it is still the newest."""
    now = shelter_revision(desk.engine, city_id, shelter_id)
    if version != str(now):
        raise ConflictError(f"report {now} of shelter {shelter_id} came after {version or 'none'}")
    return now


def _takes_places(record: Record, ground: Ground, report: ShelterReport) -> bool:
    """Tell whether a report closes or fills a shelter that the plan sends people to."""
    before, after = (
        {(one.shelter, one.why) for one in affected(record.run, each)}
        for each in (ground, with_report(ground, report))
    )
    return bool(after - before)


def _preview(
    request: Request,
    record: Record,
    ground: Ground,
    *,
    plans: Plans,
    report: ShelterReport,
    fields: dict[str, str],
) -> Response:
    """Show who moves by a report before it is kept."""
    lines = shelter_lines(record.run, ground)
    sent = {name: text for name, text in fields.items() if name not in {"csrf", "step"}}
    return page(
        request, "shelter_preview.html", run=record.run, drill=record.run.drill,
        one=next(line for line in lines if line.shelter_id == report.shelter_id), sent=sent,
        foreseen=plans.foresee(record, ground), affected=affected(record.run, ground),
        inside=still_moving(record.run, ground, lines),
    )  # fmt: skip


def _number(fields: dict[str, str], name: str, kind: type[int] | type[float]) -> Any:
    """Give a number that was typed, None where nothing was; full-width digits are digits."""
    text = fields.get(name, "")
    if not text:
        return None
    try:
        return kind(text)
    except ValueError as error:
        raise RefusedError(f"{name} must be a number, got {text[:40]!r}") from error


def _log(desk: Desk, kind: str, facts: dict[str, Any], officer: Officer) -> None:
    with desk.engine.begin() as connection:
        append(connection, kind, facts, by=officer.account_id, at=desk.now())
