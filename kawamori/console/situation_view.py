"""The situation as the page shows it: made once per run and minute, shared by every viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from advisory.types import Advice
from alerts.breaker import read_breakers
from alerts.duty.roster import on_watch, read_roster
from alerts.ledger import Entry
from alerts.ledger_tables import ledger
from alerts.schema import outbox
from kawamori.charts import Hydrograph, chart_data, hydrographs
from kawamori.city import read_toml
from kawamori.console.situation_records import Record, Records
from kawamori.settings import Settings
from kawamori.situation import (
    OLD_MIN,
    Age,
    GaugeRow,
    advice_rows,
    ages,
    alarms,
    gaps,
    gauge_rows,
    main_reason,
    pressing,
)
from kawamori.words import duration

LOG_ROWS = 12
WAITING = "waiting"  # rule under which advice tells the price of 10, 30 and 60 minutes


@dataclass(frozen=True, eq=False)
class Situation:
    """What the page shows of one run; `seen` is now for a live run, the issue time for a drill."""

    record: Record
    seen: datetime
    late_min: float | None  # how long a live run is overdue; None = it is fresh
    ages: list[Age]
    alarms: list[str]
    gaps: list[str]
    gauges: list[GaugeRow]
    advice: list[Advice]
    why: Mapping[str, str]  # main reason by district_id
    waiting: Mapping[str, str]  # what if we wait, by district_id
    charts: list[Hydrograph]
    previous: Record | None


@dataclass(frozen=True)
class ChannelHealth:
    """What one channel has done and whether it pauses now."""

    name: str
    counts: Mapping[str, int]  # batches by state
    paused_until: datetime | None

    @property
    def well(self) -> bool:
        """Tell whether nothing is dead and the channel does not pause."""
        return self.paused_until is None and not self.counts.get("dead")


def situation(record: Record, records: Records, now: datetime) -> Situation:
    """Give what the page shows, from memory if it was made in the same minute."""
    run = record.run
    seen = run.issued_at if run.drill else max(now, run.issued_at)
    minute = seen.replace(second=0, microsecond=0)
    previous = records.before(record)
    key = ("situation", minute, previous.etag if previous else None)
    if key not in record.packed:
        for old in [each for each in record.packed if each[0] == "situation"]:
            record.packed.pop(old, None)
        record.packed[key] = _situation(record, previous, minute)
    made: Situation = record.packed[key]
    return made


def _situation(record: Record, previous: Record | None, seen: datetime) -> Situation:
    run = record.run
    seen = max(seen, run.issued_at)
    advice = advice_rows(run)
    overdue = (seen - run.issued_at) / timedelta(minutes=1)
    return Situation(
        record=record,
        seen=seen,
        late_min=overdue if overdue > OLD_MIN else None,
        ages=ages(run, at=seen),
        alarms=alarms(run, at=seen),
        gaps=gaps(run),
        gauges=gauge_rows(run, at=seen),
        advice=advice,
        why={item.district_id: main_reason(item, advice) for item in advice},
        waiting={item.district_id: _waiting(item) for item in advice},
        charts=hydrographs(run, previous=previous.run if previous else None),
        previous=previous,
    )


def _waiting(item: Advice) -> str:
    """Say what is lost by waiting: as the advice priced it, else whether people are out in time."""
    priced = [each for each in (*item.reasons, *item.counter_evidence) if each.rule == WAITING]
    if priced:
        return priced[0].text
    if not pressing(item) or item.issue_by is None:
        return ""
    if item.clearance is None:
        return "期限を過ぎると避難が間に合わないおそれ(避難に要する時間は不明)"
    span = duration(item.clearance.p90_min)
    return f"期限を過ぎた分だけ避難の完了が遅れる(発令から90%が避難し終えるまで{span})"


def channel_health(engine: Engine, at: datetime) -> list[ChannelHealth]:
    """Give each channel that has anything in the outbox, worst first."""
    query = select(outbox.c.channel, outbox.c.state, func.count().label("batches"))
    counts: dict[str, dict[str, int]] = {}
    with engine.connect() as connection:
        for row in connection.execute(query.group_by(outbox.c.channel, outbox.c.state)):
            counts.setdefault(row.channel, {})[row.state] = row.batches
        breakers = read_breakers(connection, counts)
    found = []
    for name, states in counts.items():
        until = breakers[name].paused_until
        found.append(ChannelHealth(name, states, until if until and until > at else None))
    return sorted(found, key=lambda one: (one.well, one.name))


def log_rows(engine: Engine, rows: int = LOG_ROWS) -> list[Entry]:
    """Give the newest rows of the ledger, newest first."""
    query = select(ledger).order_by(ledger.c.number.desc()).limit(rows)
    with engine.connect() as connection:
        return [Entry(**row._mapping) for row in connection.execute(query)]


def on_duty(settings: Settings, city_id: str, at: datetime) -> Sequence[str] | None:
    """Give who is on shift by the roster; [] = nobody, None = there is no usable roster."""
    path = settings.rosters / f"{city_id}.toml"
    try:
        watch = on_watch(read_roster(read_toml(path)), at)
    except (OSError, ValueError):
        return None
    return [] if watch.off_shift else [person.name for person in watch.people]


def chart_list(made: Situation) -> list[dict[str, Any]]:
    """Give the lines of every hydrograph that has any."""
    return [chart_data(chart) for chart in made.charts if not chart.empty]
