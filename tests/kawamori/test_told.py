"""Who was told a shelter is read from approvals and the newest run; drills tell nobody."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from alerts.schema import approval
from kawamori import store
from kawamori.told import read_told

NOON = datetime(2026, 9, 1, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUP = {
    "origin": "a/1", "district_id": "a", "block": "1", "traveller": "general", "shelter_id": "S0",
    "people": 30, "minutes": 10.0, "walk_minutes": 10.0, "reason": None,
}  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = store.open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.dispose()


def keep(engine: Engine, folder: Path, run_id: str, at: datetime, groups: Any) -> None:
    folder.mkdir(exist_ok=True)
    record = {"run_id": run_id, "allocation": {"groups": groups}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    store.start(engine, run_id=run_id, name="t", city_id="t", issued_at=at, drill=False)
    store.complete(engine, run_id, input_digest="", folder=folder, advice=[])


def order(engine: Engine, run_id: str, district_id: str, **changes: Any) -> None:
    row = {
        "approval_id": f"{run_id}{district_id}", "run_id": run_id, "district_id": district_id,
        "level": 4, "advice_digest": "", "first_officer": "A", "second_officer": "B", "at": NOON,
        "expires": NOON + 9 * HOUR, "drill": False, **changes,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(approval).values(**row))


def test_the_newest_plan_tells_the_places_of_districts_under_an_order(
    engine: Engine, tmp_path: Path
) -> None:
    other = {**GROUP, "district_id": "b"}
    keep(engine, tmp_path / "run", "r1", NOON, [GROUP, other])
    order(engine, "r1", "a")
    keep(engine, tmp_path / "run", "r2", NOON + HOUR, [{**GROUP, "people": 31}, other])
    told = read_told(engine, "t", at=NOON + 2 * HOUR)
    assert told is not None
    assert told.groups[["district_id", "shelter_id", "people"]].to_numpy().tolist() == [
        ["a", "S0", 31]
    ]
    assert read_told(engine, "elsewhere", at=NOON + 2 * HOUR) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": NOON + HOUR},
        {"voided_at": NOON},
        {"drill": True},
    ],
)
def test_an_order_that_does_not_stand_tells_nobody(
    engine: Engine, tmp_path: Path, changes: dict[str, Any]
) -> None:
    keep(engine, tmp_path / "run", "r1", NOON, [GROUP])
    order(engine, "r1", "a", **changes)
    assert read_told(engine, "t", at=NOON + 2 * HOUR) is None


def test_no_run_and_no_order_tell_nobody(engine: Engine, tmp_path: Path) -> None:
    assert read_told(engine, "t", at=NOON) is None
    keep(engine, tmp_path / "run", "r1", NOON, [GROUP])
    assert read_told(engine, "t", at=NOON) is None


def test_an_order_is_found_among_more_runs_than_a_statement_may_name(
    engine: Engine, tmp_path: Path
) -> None:
    # A desk stores 52,560 runs a year; PostgreSQL takes 65,535 values in a statement.
    @event.listens_for(engine, "connect")
    def few(connection: Any, _record: Any) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 12)

    for number in range(13):
        keep(engine, tmp_path / "run", f"r{number}", NOON + number * HOUR / 60, [GROUP])
    order(engine, "r0", "a")
    engine.dispose()  # the next connection has the limit
    told = read_told(engine, "t", at=NOON + HOUR)
    assert told is not None
    assert list(told.groups["district_id"]) == ["a"]
