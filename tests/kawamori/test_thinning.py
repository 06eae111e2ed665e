"""Old reports of quiet hours go; what anybody decided on stays, and so does what is not ours."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from alerts.ledger import append, faults, read, read_head
from alerts.ledger_tables import ledger
from alerts.schema import approval
from kawamori.backup import backup
from kawamori.run_line import LINE, RECORD
from kawamori.store import complete, open_store, runs, start, stored_runs
from kawamori.thinning import thin

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(days=30)
OLD = datetime(2026, 7, 1, 6, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    (tmp_path / "out").mkdir()
    yield engine
    engine.dispose()


@pytest.fixture
def keep(store, tmp_path):
    """Store a run with a report of 1,000 bytes."""

    def keep(name, at, *, level=1, folder=None, drill=False):
        place = folder or tmp_path / "out" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "run.json").write_text(json.dumps({"run_id": f"id-{name}"}).ljust(1000))
        start(store, run_id=f"id-{name}", name=name, city_id="town", issued_at=at, drill=drill)
        complete(store, f"id-{name}", input_digest="d", folder=place, advice=[{"level": level}])
        return place

    keep("newest", NOW)
    return keep


def thinned(store, tmp_path, **changes):
    told = {"before": BEFORE, "by": "retention", "at": NOW, "dry_run": False, **changes}
    return thin(store, tmp_path / "out", **told)


def minutes(count):
    return OLD + timedelta(minutes=count)


def test_of_each_old_hour_the_first_stays(store, keep, tmp_path):
    folders = [keep(f"r{number}", minutes(number)) for number in (0, 10, 20, 60, 70)]
    young = [keep(f"y{number}", NOW - timedelta(days=1, minutes=number)) for number in (1, 2)]
    told = thinned(store, tmp_path, dry_run=True)
    assert all(folder.is_dir() for folder in (*folders, *young))
    # 06:10, 06:20 and 07:10 go, 06:00 and 07:00 stay.
    assert sorted(told.names) == ["r10", "r20", "r70"]
    assert (told.freed_bytes, told.kept) == (3000, {"first of its hour": 2})
    assert thinned(store, tmp_path) == told
    assert [folder.is_dir() for folder in folders] == [True, False, False, True, False]
    assert all(folder.is_dir() for folder in young)
    assert thinned(store, tmp_path).names == ()
    with store.connect() as connection:
        row = connection.execute(select(runs).where(runs.c.run_id == "id-r10")).one()
        assert (row.state, row.folder, row.advice) == ("complete", None, '[{"level": 1}]')
        assert connection.scalars(select(ledger.c.kind)).all() == ["thin"]
        assert not list(faults(read(connection), read_head(connection)))
    # A back-up does not miss what was let go on purpose.
    assert backup(str(store.url), tmp_path / "b.zip", at=NOW)[1] == []


def test_what_was_advised_approved_or_told_of_stays(store, keep, tmp_path):
    keep("first", minutes(0))
    for number, level in enumerate((2, 3, 4, 5, None), start=1):
        keep(f"level-{level}", minutes(number), level=level)
    for number, name in enumerate(("approved", "told", "named"), start=10):
        keep(name, minutes(number))
    keep("drill", minutes(20), drill=True)
    with store.begin() as connection:
        connection.execute(
            insert(approval).values(
                approval_id="a", run_id="id-approved", district_id="d", level=3, drill=False,
                advice_digest="d", first_officer="one", at=OLD, expires=NOW,
            )
        )  # fmt: skip
        append(connection, "seen", {"of": [{"run": "id-told"}]}, by="one", at=OLD)
        append(connection, "seen", {"report": "named"}, by="one", at=OLD)
    told = thinned(store, tmp_path)
    # An unknown level is no order; level 2 neither.
    assert sorted(told.names) == ["level-2", "level-None"]
    assert told.kept == {
        "first of its hour": 1, "level 3 or more": 3, "referred to": 3, "drill": 1,
    }  # fmt: skip


def test_a_run_whose_advice_is_not_kept_stays(store, keep, tmp_path):
    keep("first", minutes(0))
    keep("dumb", minutes(1))
    with store.begin() as connection:
        connection.execute(runs.update().values(advice=None))
    assert thinned(store, tmp_path).names == ()


def test_a_folder_of_a_later_run_or_elsewhere_is_not_touched(store, keep, tmp_path):
    keep("first", minutes(0))
    shared = keep("before", minutes(1))
    keep("after", NOW - timedelta(hours=1), folder=shared)
    elsewhere = keep("elsewhere", minutes(2), folder=tmp_path / "other" / "elsewhere")
    told = thinned(store, tmp_path)
    assert (told.names, told.freed_bytes, told.strange) == (("before",), 0, ("elsewhere",))
    assert shared.is_dir()
    assert elsewhere.is_dir()
    assert "id-before" not in {run.run_id for run in stored_runs(store) if run.folder}


def test_what_a_killed_call_or_cycle_left_goes_with_the_next(store, keep, tmp_path):
    keep("first", minutes(0))
    half = keep("half", minutes(1))
    (half / "run.json").unlink()
    (half / "map.html").write_text("x")
    for name, at in ((".town.1.part", OLD), (".town.2.part", NOW)):
        part = tmp_path / "out" / name
        part.mkdir()
        os.utime(part, (at.timestamp(), at.timestamp()))
    told = thinned(store, tmp_path)
    assert (told.names, told.unfinished) == (("half",), 1)
    assert not half.exists()
    # The one of now may belong to a cycle at work.
    assert [path.name for path in (tmp_path / "out").glob(".*")] == [".town.2.part"]


def test_a_report_that_stays_gets_the_line_of_the_console(store, keep, tmp_path):
    folder = keep("first", minutes(0))
    record = {"run_id": "id-first", "issued_at": OLD.isoformat(), "drill": False,
              "city": {"name": "町"}, "advice": []}  # fmt: skip
    (folder / RECORD).write_text(json.dumps(record))
    thinned(store, tmp_path, dry_run=True)
    assert not (folder / LINE).exists()
    thinned(store, tmp_path)
    assert (folder / LINE).is_file()
