from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from kawamori.store import (
    complete,
    find_run,
    newest_run,
    open_store,
    opened_store,
    start,
    stored_runs,
)

AT = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _begin(engine, run_id: str) -> None:
    start(engine, run_id=run_id, name="drill", city_id="town", issued_at=AT, drill=True)


def test_completed_run_is_read_back_with_its_time_zone(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    _begin(engine, "r1")
    complete(engine, "r1", input_digest="abc", folder=tmp_path / "out", advice=[{"level": 4}])
    (run,) = stored_runs(engine)
    assert (run.run_id, run.state, run.issued_at, run.input_digest) == ("r1", "complete", AT, "abc")


def test_run_that_never_ended_is_marked_when_the_next_one_starts(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    _begin(engine, "r1")
    _begin(engine, "r2")
    assert {run.run_id: run.state for run in stored_runs(engine)} == {
        "r1": "interrupted",
        "r2": "started",
    }


def test_every_commit_reaches_the_disk_and_foreign_keys_hold(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_store_is_readable_after_kill_9_in_the_middle_of_a_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    code = (
        "import os, signal; from datetime import UTC, datetime\n"
        "from kawamori.store import open_store, start\n"
        f"engine = open_store({url!r})\n"
        "start(engine, run_id='r1', name='x', city_id='town', "
        "issued_at=datetime(2026, 9, 8, tzinfo=UTC), drill=False)\n"
        "connection = engine.connect(); connection.exec_driver_sql('BEGIN IMMEDIATE')\n"
        "connection.exec_driver_sql(\"UPDATE run SET state='complete'\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    (run,) = stored_runs(open_store(url))
    assert run.state == "started"  # the half-made change is gone, the row before it is there


def _run(engine, run_id: str, at: datetime, *, city_id: str = "town", drill: bool = False) -> None:
    start(engine, run_id=run_id, name=run_id, city_id=city_id, issued_at=at, drill=drill)
    complete(engine, run_id, input_digest="", folder=Path(run_id), advice=[{"level": 1}])


def test_newest_run_is_of_the_city_the_kind_and_the_time_asked_for(store_url: str) -> None:
    with opened_store(store_url) as engine:
        assert newest_run(engine) is None
        _run(engine, "r1", AT)
        _run(engine, "r2", AT + HOUR)
        _run(engine, "d3", AT + 2 * HOUR, drill=True)
        _run(engine, "o4", AT + 3 * HOUR, city_id="other")
        _begin(engine, "r5")  # not complete

        def found(**asked: Any) -> str | None:
            run = newest_run(engine, **asked)
            return run.run_id if run else None

        assert found() == "o4"
        assert found(city_id="town") == "d3"
        assert found(city_id="town", drill=False) == "r2"
        assert found(city_id="town", drill=False, until=AT) == "r1"
        assert found(drill=True) == "d3"
        assert found(city_id="town", until=AT - HOUR) is None
        assert [run.run_id for run in stored_runs(engine, city_id="other")] == ["o4"]
        one = find_run(engine, "r1")
        assert one is not None
        assert one.issued_at == AT
        assert find_run(engine, "r5") is None


def test_the_newest_run_is_found_by_the_index_and_no_list_reads_advice(tmp_path: Path) -> None:
    statements: list[str] = []
    with opened_store(f"sqlite:///{tmp_path / 'store.sqlite'}") as engine:

        @event.listens_for(engine, "before_cursor_execute")
        def keep(*told: Any) -> None:
            statements.append(told[2])

        newest_run(engine, city_id="town", drill=False, until=AT)
        stored_runs(engine, state="complete")
        event.remove(engine, "before_cursor_execute", keep)
        assert not [one for one in statements if "advice" in one]
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statements[0]}", ("complete", "town", str(AT), 1, 0)
            )
            steps = " ".join(str(row.detail) for row in plan)
    assert "USING INDEX run_newest" in steps
    assert "TEMP B-TREE" not in steps  # nothing is sorted
