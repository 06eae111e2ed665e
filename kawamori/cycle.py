"""One ten-minute cycle: poll, window of what is known, run, store; `kawamori.cycle_guard` runs it.

One time serves for all of it: readings, telegrams and advice are of `now`, the cycle's beginning.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import numpy as np
from sqlalchemy import Engine

from advisory.types import Advice, Warnings
from alerts.standing import ended_since
from forecasting.types import Observations, step_of
from kawamori.archive import Archive
from kawamori.cities import open_city
from kawamori.city import City
from kawamori.cycle_log import due_at
from kawamori.degraded import BEGINNING, degraded
from kawamori.drill import read_series
from kawamori.feeds.config import TELEGRAMS, read_feeds
from kawamori.feeds.facts import feed_facts
from kawamori.feeds.fetch import new_client
from kawamori.feeds.poll import Outcome, Round, archive_folder, poll_due, telegram_folder
from kawamori.feeds.types import Feed
from kawamori.field_log import reports_at
from kawamori.ground import read_ground
from kawamori.live_desk import live_desk
from kawamori.pipeline import Desk
from kawamori.pipeline import cycle as run_of
from kawamori.rain_feeds import rain_ahead_at, rain_feeds
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import newest_run, opened_store
from kawamori.stored import read_record, store_and_report
from kawamori.stored_run import advice_of
from kawamori.telegrams import read_warnings
from kawamori.told import read_told

MEMORY = timedelta(days=30)  # that the features look back on, and a little more
TEN_MINUTES = timedelta(minutes=10)
RECENT = timedelta(hours=24)  # an order older than that is not held: an outage may take hours


@dataclass(frozen=True)
class Cycled:
    """What a cycle gave."""

    run: Run
    folder: Path
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]  # what it had to do without


def run_cycle(
    settings: Settings,
    city_id: str,
    *,
    now: datetime,
    desk: Desk | None = None,
    client: httpx2.Client | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Cycled:
    """Poll what is due, compute, store and report one cycle.

    Parameters
    ----------
    now
        Issue time and time of receipt; seconds count.
    desk
        Opened before, for many cycles of one process; None = opened here.
    """
    now = now.replace(microsecond=0)
    city = open_city(city_id, settings, _quiet) if desk is None else desk.city
    feeds = read_feeds(city)
    with opened_store(settings.store_url) as store, closing(client or new_client()) as http:
        tokens = {name: token.get_secret_value() for name, token in settings.feed_tokens.items()}
        round_ = Round(store, settings.home, http, now, tokens, wait)
        outcomes = tuple(poll_due(city, feeds, round_))
        if desk is None:
            desk = live_desk(city, settings, rain=bool(rain_feeds(feeds)))
        run, notes = _computed(desk, store, settings, feeds, now)
    folder = store_and_report(run, f"{city_id}-{due_at(now):%Y%m%dT%H%MZ}", settings)
    return Cycled(run, folder, outcomes, notes)


def _computed(
    desk: Desk, store: Engine, settings: Settings, feeds: tuple[Feed, ...], now: datetime
) -> tuple[Run, tuple[str, ...]]:
    city = desk.city
    observations = window_of(city, settings.home, now)
    warnings = _warnings(city, settings.home, feeds, now)
    facts = feed_facts(store, city, feeds)
    notes = degraded(
        city, observations, desk.policy, feeds=facts,
        heard_at=None if warnings is None else warnings.received_at, issued_at=now,
    )  # fmt: skip
    rain = rain_ahead_at(
        city, feeds, settings.home, now=now, step=step_of(observations),
        readable=desk.model.model.reads_rain,
    )  # fmt: skip
    notes = (*notes, *rain.missing, *(BEGINNING + note for note in desk.forecaster.notes()))
    told = replace(desk, city=replace(city, notes=(*city.notes, *notes, *rain.said)))
    run = run_of(
        told, observations, issued_at=now, warnings=warnings,
        previous=_previous(store, city.city_id, now),
        told=read_told(store, city.city_id, at=now),
        ground=read_ground(store, city.city_id, at=now),
        reports=reports_at(store, city.city_id, at=now),
        rain_forecast=rain.forecast,
    )  # fmt: skip
    return replace(run, feeds=facts), notes


def window_of(city: City, home: Path, now: datetime) -> Observations:
    """Give the city's series as known at `now`, in the step that its models learned."""
    learned = step_of(read_series(city.folder / "observations.nc"))
    step = timedelta(seconds=float(learned / np.timedelta64(1, "s")))
    archive = Archive(archive_folder(home, city.city_id))
    return archive.window(
        city.gauges, start=now - MEMORY, end=now, step=step, rain_step=min(step, TEN_MINUTES),
        known_at=now, to_the_end=True,
    )  # fmt: skip


def _warnings(city: City, home: Path, feeds: tuple[Feed, ...], now: datetime) -> Warnings | None:
    """Give what the telegrams say; None = no feed of them is connected, or nothing came yet."""
    ours = [feed for feed in feeds if feed.kind == TELEGRAMS]
    if not ours:
        return None
    folder = ours[0].folder or telegram_folder(home)
    return read_warnings(folder, city, issued_at=now) if folder.is_dir() else None


def _previous(store: Engine, city_id: str, now: datetime) -> list[Advice] | None:
    """Give the advice of the newest run, if it is recent and can be read.

    Where the city has ended the order since, nothing is held: the rules alone may raise it again.
    """
    run = newest_run(store, city_id=city_id, drill=False, until=now)
    if run is None or now - run.issued_at > RECENT:
        return None
    with store.connect() as connection:
        ended = ended_since(connection, city_id, run.issued_at)
    told = (advice_of(row) for row in read_record(store, run.run_id)["advice"])
    return [advice for advice in told if advice.district_id not in ended]


def _quiet(_: str, __: float) -> None:
    """Take a progress report that nobody watches."""
