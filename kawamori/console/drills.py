"""The drill page: ask for a stored storm with faults, watch it, stop it, read its report.

The console computes nothing: `kawamori drill-worker` runs what is asked for here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from alerts.ledger import append
from kawamori import drill_book, drill_review
from kawamori.city import read_gauges
from kawamori.console.access import Officer, needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import NotStoredError, RefusedError
from kawamori.console.pages import page, render
from kawamori.console.runs import MAP_PAGE, MAP_POLICY, Shelf
from kawamori.console.shelters_desk import Fields
from kawamori.drill_faults import road_at

router = APIRouter(prefix="/drill")
Here = Annotated[Desk, Depends(desk_of)]
Trainer = Annotated[Officer, Depends(needs("officer"))]
SHOWN = 10  # earlier drills on the page
# The review is one file without scripts that carries its styles itself.
REVIEW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " + MAP_POLICY
POLICIES = {MAP_PAGE: MAP_POLICY, drill_review.PAGE: REVIEW_POLICY}
KINDS = ("gauge", "road", "shelter")  # faults that name what fails


@router.get("")
def drill_page(request: Request, desk: Here, _officer: Trainer) -> Response:
    """Show the form and the drills that were asked for."""
    known = drill_book.storms(desk.settings.cities)
    named = {city: choices(desk.settings.cities / city) for city in known}
    return page(request, "drills.html", drill=True, storms=known, choices=named, **_shown(desk))


@router.get("/progress")
def drill_progress(request: Request, desk: Here, _officer: Trainer) -> HTMLResponse:
    """Give the part of the page that tells how far the drills are."""
    return HTMLResponse(render(request, "drills_progress.html", drill=True, **_shown(desk)))


@router.post("/start")
def start_drill(desk: Here, officer: Trainer, fields: Fields) -> Response:
    """Write down that a drill is wanted."""
    city, _, storm = fields.get("storm", "").partition("/")
    try:
        faults = _faults(fields)
        speed = float(fields.get("speed", ""))
        made = drill_book.ask(
            desk.settings.drills, desk.settings.cities, city=city, storm=storm, speed=speed,
            faults=faults, by=officer.account_id, at=desk.now(),
        )  # fmt: skip
    except ValueError as error:
        raise RefusedError(str(error)) from error
    _log(desk, "drill.asked", {"drill_id": made.drill_id, "city": city, "storm": storm}, officer)
    return RedirectResponse("/drill", 303)


@router.post("/{drill_id}/faults")
def change_faults(drill_id: str, desk: Here, officer: Trainer, fields: Fields) -> Response:
    """Write down which faults hold from the next cycle on; what is left empty is lifted."""
    one = _known(desk, drill_id)
    try:
        faults = _faults(fields)
        _check_named(faults, choices(desk.settings.cities / one.city))
        drill_book.set_faults(desk.settings.drills, drill_id, faults)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    _log(desk, "drill.faults", {"drill_id": drill_id, "faults": faults}, officer)
    return RedirectResponse("/drill", 303)


@router.post("/{drill_id}/stop")
def stop_drill(drill_id: str, desk: Here, officer: Trainer) -> Response:
    """Write down that a drill is to stop."""
    _known(desk, drill_id)
    drill_book.stop(desk.settings.drills, drill_id)
    _log(desk, "drill.stopped", {"drill_id": drill_id}, officer)
    return RedirectResponse("/drill", 303)


@router.get("/{drill_id}/report/{inside:path}")
def drill_report(drill_id: str, inside: str, desk: Here, _officer: Trainer) -> FileResponse:
    """Give one file of the report of a drill."""
    _known(desk, drill_id)
    shelf = Shelf(desk.settings.drills / drill_id / "out")
    headers = {"Content-Security-Policy": POLICIES[inside]} if inside in POLICIES else None
    return FileResponse(shelf.file(drill_book.REPORT, inside or "index.html"), headers=headers)


def _shown(desk: Desk) -> dict[str, Any]:
    book = desk.settings.drills
    drills = [(one, drill_book.progress(book, one.drill_id)) for one in drill_book.asked(book)]
    going = any(told["state"] not in drill_book.ENDED for _, told in drills)

    def has_page(key: str, name: str) -> bool:
        return (book / key / "out" / drill_book.REPORT / name).is_file()

    return {
        "drills": drills[:SHOWN],
        "going": going,
        "clock": datetime.fromisoformat,
        "ended": drill_book.ENDED,
        "has_page": has_page,
        "holding": lambda one: drill_book.faults_of(book, one),
        "pages": (("drills.review", drill_review.PAGE), ("drills.report", "index.html")),
    }


def choices(folder: Path) -> dict[str, dict[str, str]]:
    """Give what may fail in a built city by kind: id and name; what cannot be read is left out."""
    found: dict[str, dict[str, str]] = {}
    if (path := folder / "gauges.toml").is_file():
        gauges, _ = read_gauges(path)
        found["gauge"] = {one.gauge_id: f"{one.name} ({one.river})" for one in gauges}
    if (path := folder / "shelters.parquet").is_file():
        names = pd.read_parquet(path, columns=["name"])["name"]
        found["shelter"] = {str(key): str(name) for key, name in names.items()}
    return found


def _faults(fields: Mapping[str, str]) -> dict[str, str]:
    """Give the faults that a form asks for; ValueError if a road cannot be read."""
    faults = {kind: fields[kind][:60] for kind in KINDS if fields.get(kind)}
    if "road" in faults:
        road_at(faults["road"])
    return faults | ({"line": ""} if fields.get("line") else {})


def _check_named(faults: Mapping[str, str], known: Mapping[str, Collection[str]]) -> None:
    wrong = [
        f"{kind} must be of the city, got {faults[kind]!r}"
        for kind in known
        if kind in faults and faults[kind] not in known[kind]
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


def _known(desk: Desk, drill_id: str) -> drill_book.DrillRequest:
    for one in drill_book.asked(desk.settings.drills):
        if one.drill_id == drill_id:
            return one
    raise NotStoredError(f"no drill {drill_id!r}")


def _log(desk: Desk, kind: str, facts: dict[str, Any], officer: Officer) -> None:
    with desk.engine.begin() as connection:
        append(connection, kind, facts, by=officer.account_id, at=desk.now())
