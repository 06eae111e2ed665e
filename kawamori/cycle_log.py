"""Every ten-minute cycle accounted for: begun, complete, failed, killed, or missed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, insert, select, update

from kawamori.feeds.tables import cycle_log

STEP = timedelta(minutes=10)
ENDS = ("complete", "failed", "killed", "missed")
MISSED_MAX = timedelta(days=7)  # a longer silence is told by one row at its beginning


@dataclass(frozen=True)
class CycleRow:
    """One cycle of a city."""

    city_id: str
    due: datetime
    state: str
    started: datetime | None
    ended: datetime | None
    run_id: str | None
    note: str


def due_at(now: datetime) -> datetime:
    """Give the whole ten minutes that a cycle at a time is for."""
    return now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)


def begin(engine: Engine, city_id: str, *, now: datetime) -> datetime | None:
    """Write that the cycle of this time began; give its time, None = it is complete already."""
    due = due_at(now)
    values = {"state": "started", "started": now, "ended": None, "run_id": None, "note": ""}
    with engine.begin() as connection:
        mine = (cycle_log.c.city_id == city_id) & (cycle_log.c.due == due)
        state = connection.scalar(select(cycle_log.c.state).where(mine))
        if state == "complete":
            return None
        if state is None:
            connection.execute(insert(cycle_log).values(city_id=city_id, due=due, **values))
        else:
            connection.execute(update(cycle_log).where(mine).values(values))
    return due


def end(engine: Engine, city_id: str, due: datetime, *, state: str, now: datetime,
        run_id: str | None = None, note: str = "") -> None:  # fmt: skip
    """Write how a cycle ended."""
    mine = (cycle_log.c.city_id == city_id) & (cycle_log.c.due == due)
    values = {"state": state, "ended": now, "run_id": run_id, "note": note[:500]}
    with engine.begin() as connection:
        connection.execute(update(cycle_log).where(mine).values(values))


def account(engine: Engine, city_id: str, due: datetime, *, now: datetime) -> int:
    """Write down what became of the cycles before `due`; give how many were missed.

    One that began and never ended was killed. Where none began it is missed: nothing is computed
    for it afterwards, because nobody could act on it any more.
    """
    mine = cycle_log.c.city_id == city_id
    before = mine & (cycle_log.c.due < due)
    killed = {"state": "killed", "ended": now, "note": "the process ended without a word"}
    with engine.begin() as connection:
        unfinished = before & (cycle_log.c.state == "started")
        connection.execute(update(cycle_log).where(unfinished).values(killed))
        last = connection.scalar(select(func.max(cycle_log.c.due)).where(before))
        rows = [] if last is None else list(_missed(city_id, last, due))
        if rows:
            connection.execute(insert(cycle_log), rows)
    return len(rows)


def _missed(city_id: str, last: datetime, due: datetime) -> Iterator[dict[str, Any]]:
    row = {"city_id": city_id, "state": "missed", "started": None, "ended": None, "run_id": None}
    if due - last > MISSED_MAX:
        yield row | {"due": last + STEP, "note": f"and all others until {due.isoformat()}"}
        return
    for number in range(1, round((due - last) / STEP)):
        yield row | {"due": last + number * STEP, "note": ""}


def cycles(engine: Engine, city_id: str) -> list[CycleRow]:
    """Give the cycles of a city, oldest first."""
    query = select(cycle_log).where(cycle_log.c.city_id == city_id).order_by(cycle_log.c.due)
    with engine.connect() as connection:
        return [CycleRow(**row._mapping) for row in connection.execute(query)]


def last_cycle(engine: Engine, city_id: str) -> CycleRow | None:
    """Give the cycle of a city that was due last, None = there was none."""
    query = select(cycle_log).where(cycle_log.c.city_id == city_id)
    with engine.connect() as connection:
        row = connection.execute(query.order_by(cycle_log.c.due.desc()).limit(1)).first()
    return None if row is None else CycleRow(**row._mapping)


def write_heartbeat(path: Path, *, due: datetime, at: datetime, run_id: str) -> None:
    """Write that a cycle is complete, for a machine that cannot see the store."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    told = {"due": due.isoformat(), "at": at.isoformat(), "run_id": run_id}
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(path)


def read_heartbeat(path: Path) -> datetime | None:
    """Give when the last complete cycle was due; None = none is told of."""
    try:
        due = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["due"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return due if due.tzinfo is not None else None
