"""The drill page: ask for a stored storm with faults, watch it, stop it, read its report.

The console computes nothing: `kawamori drill-worker` runs what is asked for here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from advisory.types import Level
from alerts.ledger import append
from kawamori import drill_book
from kawamori.console.access import Officer, needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import NotStoredError, RefusedError
from kawamori.console.pages import page, render
from kawamori.console.runs import MAP_PAGE, MAP_POLICY, Shelf
from kawamori.console.shelters_desk import Fields
from kawamori.words import LEVEL_WORDS

router = APIRouter(prefix="/drill")
Here = Annotated[Desk, Depends(desk_of)]
Trainer = Annotated[Officer, Depends(needs("officer"))]
SHOWN = 10  # earlier drills on the page


@router.get("")
def drill_page(request: Request, desk: Here, _officer: Trainer) -> Response:
    """Show the form and the drills that were asked for."""
    known = drill_book.storms(desk.settings.cities)
    return page(request, "drills.html", drill=True, storms=known, **_shown(desk))


@router.get("/progress")
def drill_progress(request: Request, desk: Here, _officer: Trainer) -> HTMLResponse:
    """Give the part of the page that tells how far the drills are."""
    return HTMLResponse(render(request, "drills_progress.html", drill=True, **_shown(desk)))


@router.post("/start")
def start_drill(desk: Here, officer: Trainer, fields: Fields) -> Response:
    """Write down that a drill is wanted."""
    city, _, storm = fields.get("storm", "").partition("/")
    faults = {kind: fields[kind] for kind in ("gauge", "road", "shelter") if fields.get(kind)}
    if fields.get("line"):
        faults["line"] = ""
    try:
        speed = float(fields.get("speed", ""))
        made = drill_book.ask(
            desk.settings.drills, desk.settings.cities, city=city, storm=storm, speed=speed,
            faults=faults, by=officer.account_id, at=desk.now(),
        )  # fmt: skip
    except ValueError as error:
        raise RefusedError(str(error)) from error
    _log(desk, "drill.asked", {"drill_id": made.drill_id, "city": city, "storm": storm}, officer)
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
    headers = {"Content-Security-Policy": MAP_POLICY} if inside == MAP_PAGE else None
    return FileResponse(shelf.file(drill_book.REPORT, inside or "index.html"), headers=headers)


def _shown(desk: Desk) -> dict[str, Any]:
    book = desk.settings.drills
    drills = [(one, drill_book.progress(book, one.drill_id)) for one in drill_book.asked(book)]
    going = any(told["state"] not in drill_book.ENDED for _, told in drills)

    def has_report(key: str) -> bool:
        return (book / key / "out" / drill_book.REPORT / "index.html").is_file()

    return {
        "drills": drills[:SHOWN],
        "going": going,
        "clock": datetime.fromisoformat,
        "ended": drill_book.ENDED,
        "level_word": lambda level: LEVEL_WORDS[Level(level)],
        "has_report": has_report,
    }


def _known(desk: Desk, drill_id: str) -> None:
    if drill_id not in {one.drill_id for one in drill_book.asked(desk.settings.drills)}:
        raise NotStoredError(f"no drill {drill_id!r}")


def _log(desk: Desk, kind: str, facts: dict[str, Any], officer: Officer) -> None:
    with desk.engine.begin() as connection:
        append(connection, kind, facts, by=officer.account_id, at=desk.now())
