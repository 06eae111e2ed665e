"""The console: pages, API and what machines call, in one application.

It shows stored runs and records decisions. It computes no forecast and sends nothing: `kawamori
run` computes, `kawamori dispatch` sends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from kawamori import acknowledge, line_webhook, push_page
from kawamori.cap_feed import cap_router
from kawamori.console import (
    accounts_page,
    approval_edits,
    approvals,
    audit,
    citizen,
    citizen_map,
    doors,
    drills,
    events,
    field_page,
    map_page,
    metrics,
    models,
    oidc,
    order_ends,
    runs,
    runs_page,
    shelters_desk,
    situation,
)
from kawamori.console.access import declared
from kawamori.console.access import public as open_page
from kawamori.console.api import document, ngsi, ogc, places, public
from kawamori.console.api import runs as api_runs
from kawamori.console.desk import Clock, Desk, utc_now
from kawamori.console.faults import answer_faults
from kawamori.console.guard import Guard
from kawamori.console.pages import compile_all
from kawamori.console.runs import Shelf
from kawamori.console.situation_records import Records
from kawamori.settings import Settings
from kawamori.store import open_store

STATIC = Path(__file__).parent / "static"
REPORTS = Path(__file__).parents[1] / "static"

# One line per module of pages.
ROUTERS: tuple[APIRouter, ...] = (
    doors.router,
    accounts_page.router,
    approvals.router,
    approval_edits.router,
    order_ends.router,
    audit.router,
    runs_page.router,
    runs.router,
    api_runs.router,
    places.router,
    public.router,
    events.router,
    document.router,
    situation.router,
    map_page.router,
    citizen.router,
    citizen_map.router,
    shelters_desk.router,
    field_page.router,
    drills.router,
    models.router,
    acknowledge.router,
    line_webhook.router,
    push_page.router,
    metrics.router,
    ngsi.router,
    ogc.router,
)


class Files(StaticFiles):
    """Styles and scripts, the same for everybody: a town that reloads need not fetch them anew."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """Give a file that browsers and shared caches may keep for a minute."""
        answer = super().file_response(*args, **more)
        answer.headers["Cache-Control"] = "public, max-age=60"
        return answer


@asynccontextmanager
async def _ready(app: FastAPI) -> AsyncIterator[None]:
    """Make the newest run and the pages ready before the first request is taken."""
    desk: Desk = app.state.desk
    app.state.records = records = Records(Shelf(desk.settings.out))
    await run_in_threadpool(events.warm, records, desk.now())
    await run_in_threadpool(compile_all)
    await run_in_threadpool(map_page.map_frame)
    yield


def create_app(settings: Settings, *, now: Clock = utc_now) -> FastAPI:
    """Build the application on the store and the folders that the settings name.

    Parameters
    ----------
    now
        Gives the time; only tests hand over another clock.

    Raises
    ------
    ValueError
        If a route declares no role.
    """
    app = FastAPI(title="Kawamori", version="1", docs_url=None, redoc_url=None, openapi_url=None,
                  lifespan=_ready)  # fmt: skip
    app.state.desk = Desk(settings, open_store(settings.store_url), now)
    app.mount("/static", Files(directory=STATIC))
    app.mount("/report", Files(directory=REPORTS))
    app.mount("/assets", Files(directory=settings.assets, check_dir=False))
    app.router.routes.extend(_pages().routes)
    if settings.cap_sender:
        feed = cap_router(settings.cap_feed, public_url=settings.public_url, clock=now)
        app.include_router(feed, dependencies=[Depends(open_page)])
    oidc.set_up(app, settings)
    app.state.paths = frozenset(path for _method, path, _roles in declared(app.routes))
    answer_faults(app)
    app.add_middleware(Guard)
    app.add_middleware(citizen.FromMemory)
    app.state.answers = metrics.Latency()
    app.add_middleware(metrics.Answers, told=app.state.answers)
    return app


@cache
def _pages() -> APIRouter:
    """Give the routes of all modules: their signatures are read once, not for each application."""
    every = APIRouter()
    for router in ROUTERS:
        every.include_router(router)
    return every
