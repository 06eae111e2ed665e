"""`/metrics` for Prometheus: how the desk is, as store and stored runs tell it, and its answers.

A scraper sends `Authorization: Bearer` with KAWAMORI_METRICS_TOKEN, or a token of the API; staff
may look too. A value that is not known is left out: no series is not the same as 0.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from hmac import compare_digest
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Engine, String, column, func, inspect, select, table
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.duty.tables import staff_alert
from alerts.schema import UtcTime, outbox
from kawamori.console.access import ROLES_OF, SignedIn
from kawamori.console.api.tokens import BEARER, ROLES, reader
from kawamori.console.desk import Desk, desk_of
from kawamori.console.situation_records import Records, Stored
from kawamori.feeds.state import feed_states
from kawamori.store import runs

CYCLES = table(
    "cycle_log",
    column("city_id", String),
    column("due", UtcTime),
    column("state", String),
    column("started", UtcTime),
    column("ended", UtcTime),
)
router = APIRouter(include_in_schema=False)


def scraper(request: Request, officer: SignedIn) -> None:
    """Admit the scraper of the settings, a token of the API, or staff."""
    known = desk_of(request).settings.metrics_token.get_secret_value()
    sent = request.headers.get("authorization", "")
    secret = sent[len(BEARER) :].strip() if sent.lower().startswith(BEARER) else ""
    if not known or not compare_digest(secret.encode(), known.encode()):
        reader(request, officer)


ROLES_OF[scraper] = ROLES


@router.get("/metrics", dependencies=[Depends(scraper)])
def metrics(request: Request, stored: Stored) -> Response:
    """Give every figure in the text form of Prometheus."""
    registry = CollectorRegistry()
    registry.register(Figures(desk_of(request), stored))
    body = generate_latest(registry) + generate_latest(request.app.state.answers.registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """Reads store and runs anew at each scrape."""

    def __init__(self, desk: Desk, stored: Records) -> None:
        self.desk, self.stored = desk, stored

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures, each with its labels."""
        engine, now = self.desk.engine, self.desk.now()
        newest = _newest(engine)
        ages = [([city], (now - at).total_seconds()) for city, at in newest.items()]
        yield _family("cycle_age_seconds", "age of the newest live cycle", ["city"], ages)
        yield _family("cycle_duration_seconds", "of the newest cycle that ended", ["city"],
                      _durations(engine))  # fmt: skip
        yield _family("feed_age_seconds", "since the feed was last good", ["feed"],
                      [([feed], (now - good).total_seconds())
                       for feed, good in _good(engine) if good is not None])  # fmt: skip
        yield _family("outbox_batches", "batches by channel and state", ["channel", "state"],
                      _counts(engine, outbox.c.channel, outbox.c.state))  # fmt: skip
        yield _family("staff_alerts_open", "alerts of staff that stand", ["city", "kind"],
                      _counts(engine, staff_alert.c.city_id, staff_alert.c.kind,
                              where=staff_alert.c.closed_at.is_(None)))  # fmt: skip
        yield _family("forecast_guarded", "steps of the newest forecast cut at the river's reach",
                      ["city"], self._guarded())  # fmt: skip

    def _guarded(self) -> Iterator[tuple[list[str], float]]:
        """Count, in the newest live run of each city, what the model's guard has cut."""
        seen: set[str] = set()
        for run in self.stored.listed():
            if run.drill is not False or run.city in seen or run.city is None:
                continue
            seen.add(run.city)
            made = self.stored.read(run.name).run
            if "guarded" in made.forecast:
                yield [made.city.city_id], float((made.forecast["guarded"] != 0).sum())


class Answers:
    """ASGI middleware: how long each route takes to answer, by its path as declared."""

    def __init__(self, app: ASGIApp, told: Latency) -> None:
        self.app, self.told = app, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), [500]

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                path = getattr(scope.get("route"), "path", "other")
                labels = str(path), str(scope["method"]), f"{status[0] // 100}xx"
                self.told.seconds.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, noted)


class Latency:
    """The histogram of answers in a registry of its own, one for each application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "kawamori_http_seconds",
            "time to the first byte of an answer",
            ["path", "method", "status"],
            registry=self.registry,
        )


def _newest(engine: Engine) -> dict[str, datetime]:
    """Give the issue time of the newest complete live run of each city."""
    live = runs.c.drill.is_(False), runs.c.state == "complete"
    query = select(runs.c.city_id, func.max(runs.c.issued_at)).where(*live)
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query.group_by(runs.c.city_id))}


def _good(engine: Engine) -> list[tuple[str, datetime | None]]:
    return [(state.feed_id, state.last_good) for state in feed_states(engine)]


def _durations(engine: Engine) -> list[tuple[list[str], float]]:
    if not inspect(engine).has_table(CYCLES.name):
        return []
    whole = CYCLES.c.state == "complete", CYCLES.c.started.is_not(None)
    last = select(CYCLES.c.city_id, func.max(CYCLES.c.due).label("due")).where(*whole)
    each = last.group_by(CYCLES.c.city_id).subquery()
    newest = (CYCLES.c.city_id == each.c.city_id) & (CYCLES.c.due == each.c.due)
    with engine.connect() as connection:
        rows = connection.execute(select(CYCLES).join(each, newest).where(*whole)).all()
    return sorted(([row.city_id], (row.ended - row.started).total_seconds()) for row in rows)


def _counts(engine: Engine, *columns: Any, where: Any = True) -> list[tuple[list[str], float]]:
    query = select(*columns, func.count()).where(where).group_by(*columns).order_by(*columns)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [([str(one) for one in row[:-1]], float(row[-1])) for row in rows]


def _family(
    name: str, told: str, labels: list[str], rows: Iterable[tuple[list[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"kawamori_{name}", told, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
