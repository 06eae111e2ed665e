"""The store: runs beside approvals and outbox, in one database that survives kill -9."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    update,
)

from alerts.schema import UtcTime, metadata
from kawamori.database import connect, ready

runs = Table(
    "run",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("city_id", String, nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("state", String, nullable=False),  # started | complete | interrupted
    Column("input_digest", String),
    Column("folder", Text),
    Column("advice", Text),  # canonical JSON of run.json's advice
    Index("run_newest", "state", "issued_at", "drill", "city_id"),
)

# Reports from the ground (`kawamori.ground`): rows are appended, never changed.
ground_shelter = Table(
    "ground_shelter",
    metadata,
    Column("report_id", Integer, primary_key=True),
    Column("city_id", String, nullable=False),
    Column("shelter_id", String, nullable=False),
    Column("status", String),  # open | closed | opening, NULL = not told
    Column("occupied", Integer),
    Column("upstairs", Boolean),
    Column("stock", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("revision", Integer, nullable=False),  # 1, 2, … of the reports of a shelter
    Index("one_revision", "city_id", "shelter_id", "revision", unique=True),
)

ground_road = Table(
    "ground_road",
    metadata,
    Column("report_id", Integer, primary_key=True),
    Column("city_id", String, nullable=False),
    Column("road", Integer, nullable=False),  # position in the city's roads
    Column("middle_lon", Float, nullable=False),  # of that road
    Column("middle_lat", Float, nullable=False),
    Column("lon", Float, nullable=False),  # where it was pointed at
    Column("lat", Float, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", UtcTime, nullable=False),
)

field_report = Table(
    "field_report",
    metadata,
    Column("report_id", Integer, primary_key=True),
    Column("city_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", UtcTime, nullable=False),  # when it was seen
    Column("by", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("district_ids", JSON, nullable=False),
    Column("gauge_ids", JSON, nullable=False),
    Column("ended", UtcTime),
    Column("ends", Integer),  # the report whose end this row tells
    Column("entered_by", String, nullable=False),
    Column("entered_at", UtcTime, nullable=False),
    UniqueConstraint("ends", name="one_end"),
)


AT_ONCE = 200  # runs whose advice is read together
# What a list of runs needs; the advice is a hundred times as long.
LINE = tuple(column for column in runs.c if column is not runs.c.advice)


@dataclass(frozen=True)
class StoredRun:
    """One row of the run table."""

    run_id: str
    name: str
    city_id: str
    issued_at: datetime
    drill: bool
    state: str
    input_digest: str | None
    folder: Path | None


def open_store(url: str) -> Engine:
    """Give an engine on the store: tables made if it is empty, every commit on the disk.

    Raises
    ------
    ValueError
        If the URL names no database that answers (no password is shown), or the store is of
        another revision than this program.
    """
    engine = connect(url)
    try:
        return ready(engine)
    except ValueError:
        engine.dispose()
        raise


@contextmanager
def opened_store(url: str) -> Iterator[Engine]:
    """Give the store for one command and close every connection after it; see `open_store`."""
    engine = open_store(url)
    try:
        yield engine
    finally:
        engine.dispose()


def start(engine: Engine, *, run_id: str, name: str, city_id: str, issued_at: datetime,
          drill: bool) -> None:  # fmt: skip
    """Record that a run began; an earlier one of the same city that never ended is marked."""
    unfinished = (runs.c.city_id == city_id) & (runs.c.state == "started")
    row = {"run_id": run_id, "name": name, "city_id": city_id, "issued_at": issued_at}
    with engine.begin() as connection:
        connection.execute(update(runs).where(unfinished).values(state="interrupted"))
        connection.execute(runs.delete().where(runs.c.run_id == run_id))
        connection.execute(insert(runs).values(**row, drill=drill, state="started"))


def complete(engine: Engine, run_id: str, *, input_digest: str, folder: Path,
             advice: list[Mapping[str, Any]]) -> None:  # fmt: skip
    """Record that a run ended and where its report lies."""
    ended = {"state": "complete", "input_digest": input_digest, "folder": str(folder)}
    text = json.dumps(advice, ensure_ascii=False, sort_keys=True)
    with engine.begin() as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(**ended, advice=text))


def stored_runs(
    engine: Engine, *, state: str | None = None, city_id: str | None = None
) -> list[StoredRun]:
    """Give the runs, newest issue time first: of a year some fifty thousand, see `newest_run`."""
    query = select(*LINE).order_by(runs.c.issued_at.desc())
    if state is not None:
        query = query.where(runs.c.state == state)
    if city_id is not None:
        query = query.where(runs.c.city_id == city_id)
    with engine.connect() as connection:
        return [_stored(row._mapping) for row in connection.execute(query)]


def newest_run(
    engine: Engine,
    *,
    city_id: str | None = None,
    drill: bool | None = None,
    until: datetime | None = None,
) -> StoredRun | None:
    """Give the newest complete run, None = there is none.

    Parameters
    ----------
    city_id, drill
        Of this city, and a drill or none; None = of any.
    until
        Issued by then; None = at any time.
    """
    query = select(*LINE).where(runs.c.state == "complete")
    if city_id is not None:
        query = query.where(runs.c.city_id == city_id)
    if drill is not None:
        query = query.where(runs.c.drill.is_(drill))
    if until is not None:
        query = query.where(runs.c.issued_at <= until)
    with engine.connect() as connection:
        row = connection.execute(query.order_by(runs.c.issued_at.desc()).limit(1)).first()
    return None if row is None else _stored(row._mapping)


def find_run(engine: Engine, run_id: str) -> StoredRun | None:
    """Give one complete run, None = there is none of this run_id."""
    query = select(*LINE).where(runs.c.run_id == run_id, runs.c.state == "complete")
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _stored(row._mapping)


def stored_advice(
    connection: Connection, run_ids: Sequence[str]
) -> Iterator[tuple[str, list[Mapping[str, Any]] | None]]:
    """Give run_id and advice of runs, also of those whose report went; None = it is not kept."""
    for first in range(0, len(run_ids), AT_ONCE):
        some = runs.c.run_id.in_(run_ids[first : first + AT_ONCE])
        for run_id, text in connection.execute(select(runs.c.run_id, runs.c.advice).where(some)):
            yield run_id, json.loads(text) if text else None


def _stored(row: Mapping[Any, Any]) -> StoredRun:
    return StoredRun(
        run_id=row["run_id"],
        name=row["name"],
        city_id=row["city_id"],
        issued_at=row["issued_at"],
        drill=row["drill"],
        state=row["state"],
        input_digest=row["input_digest"],
        folder=Path(row["folder"]) if row["folder"] else None,
    )
