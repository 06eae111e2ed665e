"""The situation as the page shows it: made once per run and minute, shared by every viewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from advisory.types import Advice, Reason
from alerts.ledger import Entry
from alerts.ledger_tables import ledger
from kawamori.charts import Hydrograph, chart_data, hydrographs
from kawamori.console.advice_cards import Card, cards
from kawamori.console.situation_records import Record, Records
from kawamori.console.texts import teller
from kawamori.reasons_en import english_reason
from kawamori.record import plain
from kawamori.situation import (
    OLD_MIN,
    Age,
    GaugeRow,
    advice_rows,
    ages,
    alarms,
    gaps,
    gauge_rows,
    leading_reason,
    pressing,
)

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
    cards: list[Card]
    language: str
    charts: list[Hydrograph]
    previous: Record | None


def situation(
    record: Record, records: Records, now: datetime, *, language: str = "ja"
) -> Situation:
    """Give what the page shows, from memory if it was made in the same minute."""
    run = record.run
    seen = run.issued_at if run.drill else max(now, run.issued_at)
    minute = seen.replace(second=0, microsecond=0)
    previous = records.before(record)
    at = ("situation", minute, previous.etag if previous else None)
    key = (*at, language)
    if key not in record.packed:
        for old in [each for each in record.packed if each[0] == at[0] and each[:3] != at]:
            record.packed.pop(old, None)
        record.packed[key] = _situation(record, previous, minute, language)
    made: Situation = record.packed[key]
    return made


def _situation(record: Record, previous: Record | None, seen: datetime, language: str) -> Situation:
    run = record.run
    seen = max(seen, run.issued_at)
    advice = advice_rows(run)
    gauges = record.record["city"]["gauges"]

    def say(reason: Reason | None) -> str:
        if reason is None or language == "ja":
            return reason.text if reason else ""
        return english_reason(plain(reason), gauges)

    def why(item: Advice) -> str:
        return say(leading_reason(item, advice))

    def waiting(item: Advice) -> str:
        priced = [one for one in (*item.reasons, *item.counter_evidence) if one.rule == WAITING]
        return say(priced[0]) if priced else _late(item, language)

    overdue = (seen - run.issued_at) / timedelta(minutes=1)
    return Situation(
        record=record,
        seen=seen,
        late_min=overdue if overdue > OLD_MIN else None,
        ages=ages(run, at=seen, language=language),
        alarms=alarms(run, at=seen, language=language),
        gaps=gaps(run, language=language),
        gauges=gauge_rows(run, at=seen, language=language),
        advice=advice,
        cards=cards(advice, why=why, waiting=waiting),
        language=language,
        charts=hydrographs(run, previous=previous.run if previous else None),
        previous=previous,
    )


def _late(item: Advice, language: str) -> str:
    """Say whether people are out in time where the advice did not price a wait."""
    if not pressing(item) or item.issue_by is None:
        return ""
    return teller(language)("situation.late" if item.clearance else "situation.late_unknown")


def log_rows(engine: Engine, rows: int = LOG_ROWS) -> list[Entry]:
    """Give the newest rows of the ledger, newest first."""
    query = select(ledger).order_by(ledger.c.number.desc()).limit(rows)
    with engine.connect() as connection:
        return [Entry(**row._mapping) for row in connection.execute(query)]


def chart_list(made: Situation) -> list[dict[str, Any]]:
    """Give the lines of every hydrograph that has any."""
    return [chart_data(chart, made.language) for chart in made.charts if not chart.empty]
