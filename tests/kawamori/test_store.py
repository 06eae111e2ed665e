from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from kawamori.store import complete, open_store, start, stored_runs

AT = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)


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
