"""Reports of patrols, gates and dams: entered here, read by the next cycle, ended here.

They are real reports (本番). A drill's cycles do not read them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from advisory.policy import Policy
from advisory.types import Report
from alerts.ledger import append
from kawamori.city import City
from kawamori.console.access import Officer, needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import ConflictError, NotStoredError, RefusedError
from kawamori.console.moments import read_moment, typed_moment
from kawamori.console.pages import page
from kawamori.console.situation_records import LATEST, Stored
from kawamori.field_log import Entered, end_report, enter_reports, read_field_log
from kawamori.policies import read_policy

router = APIRouter(prefix="/field")
Here = Annotated[Desk, Depends(desk_of)]
Reader = Annotated[Officer, Depends(needs("viewer"))]
Chief = Annotated[Officer, Depends(needs("officer"))]
LONGEST = 300  # characters of a report


@router.get("")
def field_page(request: Request, desk: Here, stored: Stored, officer: Reader) -> Response:
    """Show the reports in force and those that are over, and the form for a new one."""
    city = _city(stored)
    if city is None:
        return page(request, "field.html", city=None)
    now, rules = desk.now(), _policy(desk, city).report
    log = read_field_log(desk.engine, city.city_id, at=now)
    valid_h = {rule.kind: rule.valid_h for rule in rules}
    counts = [_counts(one, valid_h.get(one.report.kind), now) for one in log]
    return page(
        request, "field.html", city=city, rules=rules, levels={r.kind: r.level for r in rules},
        standing=[one for one, until in zip(log, counts, strict=True) if until > now],
        over=[one for one, until in zip(log, counts, strict=True) if until <= now][:50],
        until={one.report_id: until for one, until in zip(log, counts, strict=True)},
        names=_names(city), typed_now=typed_moment(now), may_decide=officer.may("officer"),
    )  # fmt: skip


async def sent(request: Request) -> FormData:
    """Give what a form holds, names that stand several times among it."""
    return await request.form()


@router.post("")
def enter(
    desk: Here, stored: Stored, officer: Chief, form: Annotated[FormData, Depends(sent)]
) -> Response:
    """Append a report; the time is read as Japanese time."""
    city = _city(stored)
    if city is None:
        raise RefusedError("a report needs a city, no run is stored yet")
    told = {name: str(form.get(name) or "").strip() for name in ("kind", "at", "by", "text")}
    places = {name: tuple(map(str, form.getlist(name))) for name in ("district", "gauge")}
    now = desk.now()
    try:
        report = Report(
            told["kind"], read_moment(told["at"], "at") or now, told["by"][:LONGEST],
            told["text"][:LONGEST], places["district"], places["gauge"],
        )  # fmt: skip
        enter_reports(
            desk.engine, city, [report], kinds={r.kind for r in _policy(desk, city).report},
            entered_by=officer.account_id, entered_at=now,
        )  # fmt: skip
    except ValueError as error:
        raise RefusedError(str(error)) from error
    _log(desk, "field.report", {**told, **places, "at": report.at}, officer)
    return RedirectResponse("/field", 303)


@router.post("/{report_id}/end")
def end(report_id: int, desk: Here, stored: Stored, officer: Chief) -> Response:
    """Append that what was reported is over."""
    city = _city(stored)
    if city is None:
        raise NotStoredError(f"no report {report_id}: no run is stored yet")
    try:
        found = end_report(
            desk.engine, city.city_id, report_id, by=officer.account_id, at=desk.now()
        )
    except LookupError as error:
        raise NotStoredError(str(error)) from error
    except ValueError as error:
        raise ConflictError(str(error)) from error
    _log(desk, "field.end", {"report_id": report_id, "kind": found.report.kind}, officer)
    return RedirectResponse("/field", 303)


def _city(stored: Stored) -> City | None:
    try:
        return stored.read(LATEST).run.city
    except NotStoredError:
        return None


def _policy(desk: Desk, city: City) -> Policy:
    return read_policy(desk.settings, desk.settings.cities / city.city_id)


def _counts(one: Entered, valid_h: float | None, now: datetime) -> datetime:
    """Give until when a report counts; one of a kind without a rule stands until it is ended."""
    if one.report.ended is not None:
        return one.report.ended
    return now + timedelta(days=1) if valid_h is None else one.report.at + timedelta(hours=valid_h)


def _names(city: City) -> dict[str, str]:
    """Give what districts and gauges are called, by id."""
    gauges = {gauge.gauge_id: f"{gauge.name} ({gauge.river})" for gauge in city.gauges}
    return {str(key): str(name) for key, name in city.districts["name"].items()} | gauges


def _log(desk: Desk, kind: str, facts: dict[str, Any], officer: Officer) -> None:
    with desk.engine.begin() as connection:
        append(connection, kind, facts, by=officer.account_id, at=desk.now())
