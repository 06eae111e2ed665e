"""The situation on one page, its parts that are swapped when something changes, and its charts."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from advisory.types import Level
from kawamori.console.access import needs
from kawamori.console.advice_cards import total
from kawamori.console.api.answers import answer
from kawamori.console.api.decisions import decisions
from kawamori.console.desk import desk_of
from kawamori.console.desk_health import (
    automatic_levels,
    channel_health,
    on_duty,
    standing_alerts,
)
from kawamori.console.errors import NotStoredError
from kawamori.console.events import watch_of
from kawamori.console.pages import language_of, page, render
from kawamori.console.situation_records import LATEST, Record, Records, Stored
from kawamori.console.situation_view import (
    Situation,
    chart_list,
    log_rows,
    situation,
)
from kawamori.run_map import MAP_DATA
from kawamori.situation import pressing

MOST_SHARED = 64  # renderings in memory: parts x languages x the runs that are looked at
PARTS = ("head", "advice", "gauges", "charts", "log")
router = APIRouter(dependencies=[Depends(needs("viewer"))])
Key = Annotated[str, Query(alias="run", max_length=200)]


@router.get("/")
def situation_page(request: Request, stored: Stored, key: Key = LATEST) -> HTMLResponse:
    """Show the situation of a stored run, the newest unless another is named."""
    try:
        record = stored.read(key)
    except NotStoredError:
        if key != LATEST:
            raise
        return page(request, "situation_none.html", faults=_unreadable(stored))
    return page(request, "situation.html", **_shown(request, record, stored, key))


@router.get("/situation/{part}")
def situation_part(
    part: str,
    request: Request,
    stored: Stored,
    key: Key = LATEST,
    mark: Annotated[str, Query(max_length=40, description="of the event that was heard")] = "",
) -> HTMLResponse:
    """Give one part of the page anew; viewers who heard the same event share one rendering."""
    if part not in PARTS:
        raise NotStoredError(f"part must be one of {list(PARTS)}, got {part!r}")
    watch, minute = watch_of(request), desk_of(request).now().replace(second=0, microsecond=0)
    shared = (part, key, language_of(request), minute, *sorted(watch.marks.items()))
    # What was rendered after the watch saw a mark shows at least the change that the mark tells.
    if not (watch.viewers and mark in watch.marks.values()):
        return HTMLResponse(_part(request, stored, part, key))
    with watch.rendering:  # all ask at once: one renders, the others wait for it
        if shared not in watch.shown:
            if len(watch.shown) >= MOST_SHARED:
                watch.shown.clear()
            watch.shown[shared] = _part(request, stored, part, key)
        return HTMLResponse(watch.shown[shared])


@router.get("/situation-charts.json")
def situation_charts(request: Request, stored: Stored, key: Key = LATEST) -> Response:
    """Give the lines of the hydrographs."""
    language = language_of(request)
    made = situation(stored.read(key), stored, desk_of(request).now(), language=language)
    before = made.previous.etag if made.previous else ""

    def text() -> bytes:
        return json.dumps(chart_list(made), ensure_ascii=False, separators=(",", ":")).encode()

    return answer(request, f"{made.record.etag}-{before}-{language}", text)


def _part(request: Request, stored: Records, part: str, key: str) -> str:
    return render(
        request, f"situation_{part}.html", **_shown(request, stored.read(key), stored, key)
    )


def _shown(request: Request, record: Record, stored: Records, key: str) -> dict[str, Any]:
    """Give what the templates show."""
    desk = desk_of(request)
    now = desk.now()
    made = situation(record, stored, now, language=language_of(request))
    city_id = record.run.city.city_id
    return {
        "key": key,
        "drill": record.run.drill,
        "now": made,
        "run": record.run,
        "Level": Level,
        "pressing": pressing,
        "channels": channel_health(desk.engine, now),
        "duty": on_duty(desk.settings, city_id, now),
        "automatic": automatic_levels(desk.settings, city_id),
        "alerts": standing_alerts(desk.engine, city_id, drill=record.run.drill),
        "total": total(made.advice),
        "approved": decisions(desk.engine, record.run.run_id),
        "log": log_rows(desk.engine),
        "has_map": (record.folder / MAP_DATA).is_file(),
        "faults": _unreadable(stored),
        "newest": _newest(made, stored),
        "approvals_page": "/approvals" in request.app.state.paths,
    }


def _unreadable(stored: Records) -> list[str]:
    return [f"{run.name}: {run.fault}" for run in stored.listed() if run.fault]


def _newest(made: Situation, stored: Records) -> str | None:
    """Give the name of a newer run of any kind than the one shown; None if there is none."""
    newest = stored.find(LATEST)
    return newest.name if newest.name != made.record.name else None
