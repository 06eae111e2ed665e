"""Back-up, restore and retention, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import shutil
import stat
from datetime import UTC, datetime, timedelta
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select

from advisory.types import Level
from alerts.enrolment import enrol
from alerts.ledger import faults, read, read_head
from alerts.outbox import approve
from alerts.recipients import Person, find_person, opt_out, recipient, recipient_forgotten
from alerts.schema import approval, attempt, message, outbox
from alerts.types import Audience
from benchmarks.alerts import order, write
from kawamori import backup as backups
from kawamori.backup import MANIFEST, backup, nightly, restore
from kawamori.database import HEAD
from kawamori.retention import Pruned, prune
from kawamori.store import complete, open_store, start, stored_runs

AT = datetime(2026, 9, 8, 12, tzinfo=UTC)  # expires 14:00
LATER = AT + timedelta(days=90)


def person(number, at=AT):
    return Person("d", "ja", "general", at, "窓口", (("email", f"r{number}@mail.example"),))


def fill(engine, out):
    """Store one run with a report, an approval for three people, and two recipients."""
    folder = out / "town-heavy"
    (folder / "maps").mkdir(parents=True)
    (folder / "run.json").write_text('{"run_id": "r1"}', "utf-8")
    (folder / "maps" / "平.png").write_bytes(b"picture")
    start(engine, run_id="r1", name="town-heavy", city_id="town", issued_at=AT, drill=False)
    complete(engine, "r1", input_digest="d", folder=folder, advice=[])
    advice = order(0, AT)
    assert advice.level is Level.EVACUATE
    with engine.begin() as connection:
        enrol(connection, [person(1), person(2)])
        approve(
            connection, run_id="r1", advice=advice, messages=write(0, AT)[:2],
            audiences=[Audience("email", "mail", ("a@mail.example", "b@mail.example", "c"))],
            first="佐藤", second="鈴木", at=AT, expires=AT + timedelta(hours=2), drill=False,
        )  # fmt: skip


@pytest.fixture
def store(store_url, tmp_path):
    engine = open_store(store_url)
    fill(engine, tmp_path / "out")
    yield engine
    engine.dispose()


@pytest.fixture
def other_url(store_url, tmp_path, request):
    if store_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'home' / 'other.db'}"
    return request.getfixturevalue("postgresql").new_url()


def dump(engine):
    """Give every row of a few tables, and the ledger."""
    with engine.connect() as connection:
        found = [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (approval, message, outbox, recipient)
        ]
        return found, [row.digest for row in read(connection)]


def test_a_restored_store_holds_the_same_rows_reports_and_ledger(
    store, store_url, other_url, tmp_path
):
    file = tmp_path / "backup.zip"
    assert backup(store_url, file, at=AT) == (2, [])
    back = restore(other_url, file, tmp_path / "elsewhere")
    assert (back.revision, back.files, back.ledger_faults) == (HEAD, 2, ())
    other = open_store(other_url)
    assert dump(other) == dump(store)
    (run,) = stored_runs(other)
    other.dispose()
    assert run.folder == tmp_path / "elsewhere" / "town-heavy"
    assert (run.folder / "maps" / "平.png").read_bytes() == b"picture"


def test_a_back_up_is_for_its_owner_only_and_leaves_nothing_beside_it(store, store_url, tmp_path):
    file = tmp_path / "kept" / "backup.zip"
    file.parent.mkdir()
    backup(store_url, file, at=AT)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_back_up_taken_while_others_write_is_whole(store, store_url, other_url, tmp_path):
    with store.begin() as connection:  # not committed: not in it
        if store.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        enrol(connection, [person(3)])
        backup(store_url, tmp_path / "backup.zip", at=AT)
    restore(other_url, tmp_path / "backup.zip", tmp_path / "elsewhere")
    other = open_store(other_url)
    with other.connect() as connection:
        assert find_person(connection, "email", "r3@mail.example") is None
        assert find_person(connection, "email", "r2@mail.example") is not None
    other.dispose()


def rewrite(file, change):
    with ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    with ZipFile(file, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)


def _strange(parts):
    manifest = json.loads(parts[MANIFEST])
    manifest["sha256"]["runs/../../x"] = ""
    parts["runs/../../x"] = b""
    parts[MANIFEST] = json.dumps(manifest).encode()


CHANGES = {
    "run.json was changed": lambda parts: parts.update({"runs/town-heavy/run.json": b"{}"}),
    "run.json is missing": lambda parts: parts.pop("runs/town-heavy/run.json"),
    "more is not in the manifest": lambda parts: parts.update({"more": b""}),
    "must be a file of kawamori backup": lambda parts: parts.pop(MANIFEST),
    "leaves its folder": _strange,
}


def test_a_changed_back_up_is_refused_and_nothing_is_written(store, store_url, other_url, tmp_path):
    for told, change in CHANGES.items():
        file = tmp_path / "backup.zip"
        backup(store_url, file, at=AT)
        rewrite(file, change)
        with pytest.raises(ValueError, match=told):
            restore(other_url, file, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    other = open_store(other_url)
    assert stored_runs(other) == []
    other.dispose()


def test_a_store_or_a_report_that_is_there_is_not_overwritten(
    store, store_url, other_url, tmp_path
):
    file = tmp_path / "backup.zip"
    backup(store_url, file, at=AT)
    with pytest.raises(ValueError, match="the store must be empty"):
        restore(store_url, file, tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="has \\['town-heavy'\\]"):
        restore(other_url, file, tmp_path / "out")


def test_what_is_no_back_up_is_named(other_url, tmp_path):
    (tmp_path / "x.zip").write_text("no")
    with pytest.raises(ValueError, match=r"x\.zip must be a file of kawamori backup"):
        restore(other_url, tmp_path / "x.zip", tmp_path / "out")


def test_a_run_whose_report_is_gone_is_told(store, store_url, tmp_path):
    start(store, run_id="r2", name="gone", city_id="town", issued_at=AT, drill=False)
    complete(store, "r2", input_digest="d", folder=tmp_path / "gone", advice=[])
    assert backup(store_url, tmp_path / "backup.zip", at=AT) == (2, ["r2"])


def test_a_report_that_is_thinned_out_meanwhile_stops_no_back_up(
    store, store_url, other_url, tmp_path, monkeypatch
):
    pack, folder = backups._pack, tmp_path / "out" / "town-heavy"

    def thinning(packed, path, name):
        shutil.rmtree(folder, ignore_errors=True)  # as soon as the store is packed, files are gone
        return pack(packed, path, name)

    monkeypatch.setattr(backups, "_pack", thinning)
    assert backup(store_url, tmp_path / "backup.zip", at=AT) == (0, ["r1"])
    assert restore(other_url, tmp_path / "backup.zip", tmp_path / "new").files == 0


def let_go(store, *, before, dry_run=False):
    with store.begin() as connection:
        return prune(connection, before=before, by="係", at=LATER, dry_run=dry_run)


def count(store, table):
    with store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def leave(store, number, at):
    with store.begin() as connection:
        assert opt_out(connection, "email", f"r{number}@mail.example", at=at)


def test_what_expired_goes_and_the_decision_stays(store):
    with store.begin() as connection:
        key = connection.scalar(select(outbox.c.key))
        row = {"key": key, "at": AT, "outcome": "retry", "detail": "busy"}
        connection.execute(attempt.insert().values(row))
    found = let_go(store, before=AT + timedelta(hours=3))
    assert found == Pruned(batches=1, tries=1, secrets=1, addresses=0)
    assert [count(store, table) for table in (outbox, attempt)] == [0, 0]
    assert [count(store, table) for table in (approval, message)] == [1, 2]
    with store.connect() as connection:
        assert connection.scalar(select(approval.c.secret)) is None
        rows = list(read(connection))
        assert list(faults(rows, read_head(connection))) == []
    assert [row.kind for row in rows][-2:] == ["approval", "prune"]


def test_nothing_that_may_still_be_sent_goes(store):
    assert let_go(store, before=AT + timedelta(hours=2)) == Pruned(0, 0, 0, 0)
    assert count(store, outbox) == 1


def test_a_dry_run_only_counts(store):
    found = let_go(store, before=LATER, dry_run=True)
    assert (found.batches, count(store, outbox)) == (1, 1)


def test_people_who_left_are_forgotten_after_the_time(store):
    leave(store, 1, AT)
    leave(store, 2, LATER)
    found = let_go(store, before=AT + timedelta(days=1))
    assert (found.addresses, count(store, recipient), count(store, recipient_forgotten)) == (
        1,
        1,
        1,
    )


def test_pruning_twice_leaves_one_row_in_the_ledger(store):
    let_go(store, before=LATER)
    let_go(store, before=LATER)
    with store.connect() as connection:
        assert [row.kind for row in read(connection)].count("prune") == 1


def test_of_nightly_back_ups_the_newest_stay_and_others_are_left_alone(store, store_url, tmp_path):
    folder = tmp_path / "home" / "backups"
    for days in range(4):
        nightly(store_url, folder, kept=2, at=AT + timedelta(days=days))
    (folder / "before-the-upgrade.zip").write_bytes(b"")
    file, count, gone = nightly(store_url, folder, kept=2, at=AT + timedelta(days=4))
    assert (file.name, count, gone) == ("2026-09-12.zip", 1, [])
    assert {path.name for path in folder.iterdir()} == {
        "2026-09-11.zip", "2026-09-12.zip", "before-the-upgrade.zip", "reports",
    }  # fmt: skip
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_report_is_packed_once_and_each_nightly_back_up_restores_it(
    store, store_url, other_url, tmp_path
):
    folder = tmp_path / "home" / "backups"
    nightly(store_url, folder, kept=2, at=AT)
    packed = folder / "reports" / "r1.zip"
    made = packed.stat().st_mtime_ns
    second, _, _ = nightly(store_url, folder, kept=2, at=AT + timedelta(days=1))
    assert packed.stat().st_mtime_ns == made
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    back = restore(other_url, second, tmp_path / "elsewhere")
    assert (back.files, back.ledger_faults) == (2, ())
    there = tmp_path / "elsewhere" / "town-heavy"
    assert (there / "maps" / "平.png").read_bytes() == b"picture"


def test_a_packed_report_goes_when_no_back_up_names_it_any_more(store, store_url, tmp_path):
    folder = tmp_path / "home" / "backups"
    nightly(store_url, folder, kept=2, at=AT)
    shutil.rmtree(tmp_path / "out" / "town-heavy")
    (folder / "reports" / "r9.zip.part").write_bytes(b"of a killed call")
    nightly(store_url, folder, kept=2, at=AT + timedelta(days=1))
    assert [path.name for path in (folder / "reports").iterdir()] == ["r1.zip"]
    nightly(store_url, folder, kept=2, at=AT + timedelta(days=2))
    assert [path.name for path in (folder / "reports").iterdir()] == []


def test_a_damaged_back_up_neither_stops_the_next_one_nor_lets_reports_go(
    store, store_url, tmp_path
):
    folder = tmp_path / "home" / "backups"
    old, _, _ = nightly(store_url, folder, kept=3, at=AT)
    old.write_bytes(b"no zip")
    shutil.rmtree(tmp_path / "out" / "town-heavy")
    _, count, gone = nightly(store_url, folder, kept=3, at=AT + timedelta(days=1))
    assert (count, gone) == (0, ["r1"])
    assert (folder / "reports" / "r1.zip").is_file()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: path.unlink(), "reports/r1.zip is missing"),
        (lambda path: path.write_bytes(b"other"), "reports/r1.zip was changed"),
    ],
)
def test_a_packed_report_that_is_not_as_it_was_is_refused_before_anything_is_written(
    store, store_url, other_url, tmp_path, harm, told
):
    folder = tmp_path / "home" / "backups"
    file, _, _ = nightly(store_url, folder, kept=2, at=AT)
    harm(folder / "reports" / "r1.zip")
    with pytest.raises(ValueError, match=told):
        restore(other_url, file, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_report_that_a_later_run_wrote_again_is_packed_as_the_later_ones(
    store, store_url, tmp_path
):
    later = AT + timedelta(minutes=10)
    start(store, run_id="r2", name="town-heavy", city_id="town", issued_at=later, drill=False)
    complete(store, "r2", input_digest="d", folder=tmp_path / "out" / "town-heavy", advice=[])
    folder = tmp_path / "home" / "backups"
    _, count, _ = nightly(store_url, folder, kept=2, at=later)
    assert (count, [path.name for path in (folder / "reports").iterdir()]) == (1, ["r2.zip"])
