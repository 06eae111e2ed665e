"""Tells every viewer what changed: one look at the store per process, fanned out to all.

A viewer gets the newest mark of each kind at once and then one event per change. A viewer who is
slow gets the last state, not every step between.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from alerts.ledger import read_head
from alerts.schema import approval, outbox
from kawamori.console.api.tokens import reader
from kawamori.console.desk import desk_of
from kawamori.console.layers import packed_layer
from kawamori.console.situation_records import LATEST, Records, records_of
from kawamori.console.situation_view import situation
from kawamori.map_layers import LAYERS

LOG = logging.getLogger(__name__)
EVERY_S = 0.4  # how often the store is looked at
BEAT_S = 15.0  # a line without meaning, so that proxies keep the connection
RETRY_MS = 2000  # when a browser that lost the connection comes again
Marks = Mapping[str, str]  # kind of event -> what differs after every change of it


@dataclass(eq=False)
class Viewer:
    """One open connection: what it was told last, and a bell for news."""

    bell: asyncio.Event
    told: dict[str, str]

    def news(self, marks: Marks) -> list[tuple[str, str]]:
        """Give the kinds that changed since the last time, and remember them."""
        fresh = [(kind, mark) for kind, mark in marks.items() if self.told.get(kind) != mark]
        self.told |= dict(fresh)
        return fresh


class Watch:
    """Looks at the store while anybody is looking at a page."""

    def __init__(
        self, look: Callable[[], Marks], *, warm: Callable[[], None], every_s: float = EVERY_S
    ) -> None:
        self.look, self.warm, self.every_s = look, warm, every_s
        self.marks: Marks = {}
        self.viewers: set[Viewer] = set()
        self.shown: dict[Any, str] = {}  # parts of the page as rendered for the present marks
        self.rendering = Lock()
        self._task: asyncio.Task[None] | None = None

    async def follow(self, until_s: float) -> AsyncIterator[tuple[str, str]]:
        """Give (kind, mark) of all that is and then of every change; ("", "") as a beat.

        Ends after `until_s`: who may no longer look is not let in again.
        """
        viewer = Viewer(asyncio.Event(), {})
        self.viewers.add(viewer)
        if self._task is None or self._task.done():
            self.marks = await asyncio.to_thread(self.look)
            self._task = asyncio.create_task(self._run())
        clock = asyncio.get_running_loop().time
        end_s = clock() + until_s
        try:
            while True:
                viewer.bell.clear()
                for change in viewer.news(self.marks):
                    yield change
                left_s = end_s - clock()
                if left_s <= 0:
                    return
                try:
                    await asyncio.wait_for(viewer.bell.wait(), min(BEAT_S, left_s))
                except TimeoutError:
                    yield "", ""
        finally:
            self.viewers.discard(viewer)

    async def _run(self) -> None:
        while self.viewers:
            try:
                marks = {**await asyncio.to_thread(self.look), "store": "ok"}
                if marks["run"] != self.marks.get("run"):
                    await asyncio.to_thread(self.warm)
            except (OSError, ValueError, SQLAlchemyError) as error:
                marks = {**self.marks, "store": f"fault: {type(error).__name__}"}
            if marks != self.marks:
                self.marks = marks
                for viewer in self.viewers:
                    viewer.bell.set()
            await asyncio.sleep(self.every_s)


def marks_of(engine: Engine, records: Records) -> Marks:
    """Give the present mark of runs, approvals, deliveries and the ledger."""
    with engine.connect() as connection:
        approved = connection.execute(
            select(func.count(), func.count(approval.c.voided_at), func.max(approval.c.at))
        ).one()
        sent = connection.execute(
            select(outbox.c.state, func.count(), func.sum(outbox.c.attempts))
            .group_by(outbox.c.state)
            .order_by(outbox.c.state)
        ).all()
        written = read_head(connection).number
    return {
        "run": records.mark(),
        "approval": _mark([str(value) for value in approved]),
        "delivery": _mark([[str(value) for value in row] for row in sent]),
        "log": str(written),
    }


def warm(records: Records, now: datetime) -> None:
    """Read the newest run and make what its page and map ask for first, before viewers do."""
    try:
        record = records.read(LATEST)
        situation(record, records, now)
        for name in LAYERS:
            packed_layer(record, name, record.run.issued_at)
    except (OSError, LookupError, TypeError, ValueError) as error:
        LOG.warning("the newest run is not ready for viewers: %s: %s", type(error).__name__, error)


def _mark(facts: Any) -> str:
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


router = APIRouter(prefix="/api/v1")


@router.get("/events", dependencies=[Depends(reader)], response_class=StreamingResponse)
async def events(request: Request) -> StreamingResponse:
    """Stream what changes: a run stored, an approval, a delivery, a row of the ledger.

    Server-sent events named `run`, `approval`, `delivery`, `log` and `store`; the data is a mark
    that differs after every change. What changed is asked for by its own path.
    """
    watch, until_s = watch_of(request), desk_of(request).settings.events_s

    async def lines() -> AsyncIterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        async for kind, mark in watch.follow(until_s):
            yield f"event: {kind}\ndata: {mark}\n\n".encode() if kind else b": beat\n\n"

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


def watch_of(request: Request) -> Watch:
    """Give the watch of this application."""
    state = request.app.state
    found: Watch | None = getattr(state, "watch", None)
    if found is None:
        desk, records = desk_of(request), records_of(request)
        found = state.watch = Watch(
            lambda: marks_of(desk.engine, records), warm=lambda: warm(records, desk.now())
        )
    return found
