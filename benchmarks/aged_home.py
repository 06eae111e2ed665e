"""A home of a city as the desk leaves it after so many days: store, reports, archive, telegrams.

One real calm cycle and one of a flood are computed; the days before are copies of them with times
of their own (模擬), as `kawamori thin` and `kawamori compact` leave them: every report of the last
30 days, then the first of each hour; one file of readings a day.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select

from advisory.types import ORDERS
from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.duty.tables import staff_alert, staff_delivery
from alerts.ledger import append_all
from alerts.outbox import approve
from alerts.types import Audience
from benchmarks.soak import own_home
from benchmarks.soak_feed import Feed, before, connect
from forecasting.types import Observations
from kawamori.archive import Archive
from kawamori.cities import open_city
from kawamori.cycle import MEMORY, run_cycle
from kawamori.cycle_log import STEP
from kawamori.drill import drill_times, read_storm, train_desk
from kawamori.feeds.poll import archive_folder
from kawamori.feeds.tables import cycle_log
from kawamori.run import Run
from kawamori.run_line import LINE, RECORD, write_record
from kawamori.settings import Settings
from kawamori.store import opened_store, runs

WHOLE_DAYS = 30  # of which every report stays
APPROVALS, PEOPLE = 50, 400
ALERTS, ENTRIES = 400, 4_000
DAY = timedelta(days=1)
ROSTER = (
    '[[person]]\nid = "one"\nname = "当番"\norder = 1\nmail = "one@city.example"\n'
    'shifts = [{ days = "月火水木金土日", start = "00:00", end = "00:00" }]\n'
)


@dataclass(frozen=True)
class Home:
    """A home at work: its settings, its feed, and when its newest cycle was."""

    settings: Settings
    feed: Feed
    series: Observations
    at: datetime


def young_home(real: Settings, city_id: str, folder: Path, **more: object) -> Home:
    """Make a home with one calm cycle in it, and the readings that a cycle looks back on."""
    folder.mkdir()
    settings = own_home(real, city_id, folder).model_copy(update=more)
    settings.rosters.mkdir()
    (settings.rosters / f"{city_id}.toml").write_text(ROSTER, encoding="utf-8")
    city = open_city(city_id, settings, lambda *_: None)
    _, series = read_storm(city, None)
    at = drill_times(series)[0]
    home = Home(settings, Feed(series), series, at)
    connect(city.folder, home.feed)
    archive = Archive(archive_folder(settings.home, city_id))
    archive.append(before(series, at), received_at=at)
    home.feed.now = at
    _archive(settings, city_id, home, range(1, MEMORY.days + 1))
    run_cycle(settings, city_id, now=at, wait=lambda _: None)
    return home


def age(home: Home, city_id: str, days: int) -> None:
    """Give a home of one cycle so many days before it."""
    settings = home.settings
    flood = _flood(home, city_id)
    times = [home.at - number * STEP for number in range(days * 144, 0, -1)]
    with opened_store(settings.store_url) as store:
        with store.begin() as connection:
            calm = connection.execute(select(runs)).one()._mapping
            for chunk in range(0, len(times), 2_000):
                rows = [_row(calm, at, settings, home.at) for at in times[chunk : chunk + 2_000]]
                connection.execute(insert(runs), rows)
            connection.execute(insert(cycle_log), [_cycle(city_id, at) for at in times])
            _staff(connection, city_id, times)
        for number in range(APPROVALS):
            _approved(store, flood, times[(number + 1) * len(times) // (APPROVALS + 2)], city_id)
        events = [("login", {"officer": f"o{number % 9}", "ok": True}) for number in range(ENTRIES)]
        with store.begin() as connection:
            append_all(connection, events, by="bench", at=home.at)
    source = Path(calm["folder"])
    record = json.loads((source / RECORD).read_text(encoding="utf-8"))
    for at in filter(lambda at: _kept(at, home.at), times):
        _report(source, record, settings.out / _name(city_id, at), at)
    _archive(settings, city_id, home, range(MEMORY.days + 1, days + 1))


def _flood(home: Home, city_id: str) -> Run:
    """Give a run of the storm's height from a home of its own, which goes."""
    folder = home.settings.home.with_name("flood")
    folder.mkdir()
    settings = own_home(home.settings, city_id, folder)
    city = open_city(city_id, settings, lambda *_: None)
    times = drill_times(home.series)
    height = times[len(times) // 2]
    home.feed.now = height
    Archive(archive_folder(settings.home, city_id)).append(
        before(home.series, height), received_at=height
    )
    desk = train_desk(city, settings, drill=False)
    run = run_cycle(settings, city_id, now=height, desk=desk, wait=lambda _: None).run
    home.feed.now = home.at
    shutil.rmtree(folder)
    return run


def _name(city_id: str, at: datetime) -> str:
    return f"{city_id}-{at:%Y%m%dT%H%MZ}"


def _kept(at: datetime, now: datetime) -> bool:
    return at >= now - WHOLE_DAYS * DAY or at.minute == 0


def _row(calm: object, at: datetime, settings: Settings, now: datetime) -> dict[str, object]:
    row = dict(calm)  # type: ignore[call-overload]
    name = _name(row["city_id"], at)
    folder = str(settings.out / name) if _kept(at, now) else None
    return {**row, "run_id": name, "name": name, "issued_at": at, "folder": folder}


def _cycle(city_id: str, at: datetime) -> dict[str, object]:
    return {
        "city_id": city_id, "due": at, "state": "complete", "started": at,
        "ended": at + timedelta(seconds=9), "run_id": _name(city_id, at), "note": "",
    }  # fmt: skip


def _report(source: Path, record: dict[str, object], folder: Path, at: datetime) -> None:
    """Store a report again as of another time: its own run.json, all else linked."""
    shutil.copytree(source, folder, copy_function=os.link)
    for name in (RECORD, LINE):
        (folder / name).unlink()
    own = {**record, "run_id": folder.name, "issued_at": at.isoformat()}
    write_record(folder, json.dumps(own, ensure_ascii=False))


def _archive(settings: Settings, city_id: str, home: Home, days: range) -> None:
    """Keep a day's readings of the series again for each of these days before, a file a day."""
    archive = Archive(archive_folder(settings.home, city_id))
    readings = before(home.series, home.at).sort_values("at", kind="stable")
    day = readings[readings["at"] > pd.Timestamp(home.at - DAY)]
    for back in days:
        moved = day.assign(at=day["at"] - pd.Timedelta(days=back))
        archive.append(moved, received_at=home.at - back * DAY)


def _approved(store: Engine, flood: Run, at: datetime, city_id: str) -> None:
    """Approve one order for many people, and send it over the recording channel."""
    advice = next(one for one in flood.advice if one.level in ORDERS)
    text = next(
        one for one in flood.messages
        if (one.district_id, one.form, one.household) == (advice.district_id, "plain", "")
    )  # fmt: skip
    people = tuple(f"{number}@people.example" for number in range(PEOPLE))
    with store.begin() as connection:
        approve(
            connection, run_id=_name(city_id, at), advice=advice,
            messages=[replace(text, message_id=str(uuid4()))],
            audiences=[Audience("email", "plain", people)], first="one", second="two", at=at,
            expires=at + timedelta(hours=6), drill=False, city_id=city_id,
        )  # fmt: skip
    deliver(store, {"email": RecordingChannel("email")}, now=at)


def _staff(connection: Connection, city_id: str, times: list[datetime]) -> None:
    """Keep alerts of staff that ended, three messages each."""
    chosen = times[:: max(1, len(times) // ALERTS)]
    connection.execute(insert(staff_alert), [*_alerts(city_id, chosen)])
    connection.execute(insert(staff_delivery), [
        {"key": f"{number}-{step}", "alert_id": str(number), "person_id": "one",
         "channel": "email", "step": step, "off_shift": False, "state": "accepted", "attempts": 1,
         "at": at, "next_try": at, "expires": at + DAY}
        for number, at in enumerate(chosen) for step in range(3)
    ])  # fmt: skip


def _alerts(city_id: str, times: list[datetime]) -> Iterator[dict[str, object]]:
    empty: list[str] = []
    for number, at in enumerate(times):
        yield {
            "alert_id": str(number), "city_id": city_id, "city_name": city_id,
            "topic": f"advice-{number}", "kind": "advice", "state": "", "severity": 1, "level": 3,
            "title": "", "reasons": empty, "districts": empty, "items": empty, "notes": empty,
            "deadline_of": "", "run_id": "", "run_name": "", "drill": False, "at": at, "step": 3,
            "closed_at": at, "closed": "ended",
        }  # fmt: skip
