"""What the doctor finds of a store that answers and is not whole, and of its back-ups."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from kawamori.backup import backup, nightly
from kawamori.console.accounts import add_account
from kawamori.database import HEAD
from kawamori.doctor import store
from kawamori.doctor.finding import Patient
from kawamori.store import complete, start
from tests.findings import NOW, only


def _execute(patient: Patient, *statements: str) -> None:
    assert patient.engine is not None
    with patient.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_store_of_a_newer_program_is_not_to_be_upgraded(patient: Patient) -> None:
    _execute(patient, "UPDATE alembic_version SET version_num = '9999'")
    engine, line = store.open_store(patient.settings)
    assert engine is None
    assert "newer program" in line.told
    assert f"database downgrade {HEAD}" in line.remedy


def test_a_store_that_lacks_tables_of_its_revision_is_named(patient: Patient) -> None:
    _execute(patient, "DROP TABLE feed_state", "DROP TABLE cycle_log")
    engine, line = store.open_store(patient.settings)
    assert engine is None
    assert line.told.startswith("tables are missing: cycle_log, feed_state")


def test_a_ledger_without_its_guards_is_named(patient: Patient) -> None:
    assert list(store.guards(patient)) == []
    _execute(patient, "DROP TRIGGER ledger_no_update")
    assert "ledger_no_update" in only(store.guards(patient)).told


def test_a_back_up_whose_store_cannot_come_back_is_named(patient: Patient) -> None:
    folder = patient.settings.backups
    folder.mkdir()
    file = folder / "a.zip"
    backup(patient.settings.store_url, file, at=NOW - timedelta(hours=3))
    assert only(store.backups(patient)).state == "ok"
    content = bytearray(file.read_bytes())
    content[500:600] = bytes(100)  # within the packed store, which comes first
    file.write_bytes(content)
    line = only(store.backups(patient))
    assert line.told.startswith("a.zip cannot be restored: store.sqlite")


def test_a_nightly_back_up_that_lacks_a_packed_report_is_named(
    patient: Patient, tmp_path: Path
) -> None:
    assert patient.engine is not None
    report = tmp_path / "report"
    report.mkdir()
    (report / "run.json").write_text("{}")
    start(patient.engine, run_id="r1", name="report", city_id="town", issued_at=NOW, drill=False)
    complete(patient.engine, "r1", input_digest="d", folder=report, advice=[])
    file, _, _ = nightly(patient.settings.store_url, patient.settings.backups, kept=2, at=NOW)
    assert only(store.backups(patient)).state == "ok"
    (file.parent / "reports" / "r1.zip").unlink()
    assert only(store.backups(patient)).told.endswith(
        "reports/ beside it lacks 1 reports, as r1.zip"
    )


def test_a_console_that_nobody_may_administer_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    with patient.engine.begin() as connection:  # before `kawamori serve` was ever started
        add_account(connection, "taro", name="x", roles=["approver"], by="t", at=NOW)
    line = only(store.first_admin(patient))
    assert line.told == "none of 1 accounts may administer the console"
    assert line.remedy.endswith("--role admin")
