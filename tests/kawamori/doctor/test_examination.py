"""The doctor: each thing is broken in turn, and its name and remedy are expected."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from typer.testing import CliRunner

from alerts.enrolment import enrol
from alerts.ledger import append
from alerts.preflight import channel_check
from alerts.recipients import Person
from alerts.schema import approval, message, outbox
from kawamori.backup import backup
from kawamori.cli import app
from kawamori.console.accounts import add_account, first_admin
from kawamori.doctor import machine, store
from kawamori.doctor.examination import as_json, examine, table
from kawamori.doctor.finding import Finding, Patient
from kawamori.settings import Settings
from tests.findings import NOW, names, only


def test_every_fault_has_a_remedy_and_what_is_well_has_none(settings: Settings) -> None:
    found = examine(settings, now=datetime.now(UTC))
    assert all(bool(line.remedy) == (line.state != "ok") for line in found)
    assert {"store", "channels", "backup", "tiny model", "tiny roster"} <= names(found)


def test_the_command_ends_with_1_and_tells_json(settings: Settings) -> None:
    told = {"KAWAMORI_HOME": str(settings.home), "KAWAMORI_OUT": str(settings.out)}
    done = CliRunner().invoke(app, ["doctor", "tiny", "--json"], env=told)
    assert done.exit_code == 1
    made = json.loads(done.stdout)
    assert made["healthy"] is False
    assert {"check", "state", "told", "remedy"} == set(made["findings"][0])


def test_the_table_says_it_with_a_mark_and_a_word() -> None:
    rows = [Finding("store", "red", "silent", "wake it"), Finding("x", "ok", "well")]
    assert table(rows)[0] == "✖ 異常 store  silent"
    assert table(rows)[1].strip() == "→ wake it"
    assert table(rows)[-1] == "✔ 1  ✖ 1  ？ 0"
    assert as_json(rows[1:])["healthy"] is True


def test_no_city_at_all_is_a_fault(tmp_path: Path) -> None:
    found = examine(Settings(home=tmp_path, out=tmp_path, _env_file=None), now=NOW)
    assert "city" in names(found)


def test_an_old_python_is_named(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(machine.python(patient)).state == "ok"
    monkeypatch.setattr(machine, "PYTHON", (9, 0))
    assert "Install Python" in only(machine.python(patient)).remedy


def test_a_package_of_another_version_is_named(patient: Patient, tmp_path: Path) -> None:
    file = tmp_path / "run.txt"
    file.write_text(
        "numpy==0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1 \\\n"
        "pandas==0.1 ; sys_platform == 'win32' \\\n"  # not meant for this machine
    )
    line = only(machine.lock(patient, file))
    assert line.state == "red"
    assert line.told.startswith("numpy ")
    assert "no-such-package none, locked 1" in line.told
    assert "pandas" not in line.told
    assert only(machine.lock(patient, tmp_path / "none.txt")).state == "unknown"


def test_an_altered_page_script_is_named(patient: Patient) -> None:
    line = only(machine.assets(patient))  # the tiny home has empty scripts
    assert line.state == "red"
    assert "leaflet.js" in line.told
    assert "make assets" in line.remedy


def test_a_missing_folder_is_named(patient: Patient) -> None:
    assert names(machine.folders(patient)) == set()
    patient.settings.out.rmdir()
    assert names(machine.folders(patient)) == {"folder OUT"}


def test_a_folder_that_cannot_be_written_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(machine.tempfile, "NamedTemporaryFile", refused)
    assert names(machine.folders(patient)) == {"folder HOME", "folder OUT"}


def test_a_full_disk_is_named(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "FREE_MIN_BYTES", 2**62)
    assert names(machine.disk(patient)) == {"disk HOME", "disk OUT"}


def test_a_clock_behind_its_files_is_named(patient: Patient) -> None:
    file = patient.settings.out / "run"
    file.touch()
    for minutes, state in ((1, "ok"), (10, "red")):  # up to two minutes ahead is no fault
        written = (datetime.now(UTC) + timedelta(minutes=minutes)).timestamp()
        os.utime(file, (written, written))
        line = only(machine.clock(Patient(patient.settings, (), datetime.now(UTC))))
        assert line.state == state
    assert "timedatectl" in line.remedy


def test_the_time_of_japan_is_told(patient: Patient) -> None:
    assert "16:00 in Japan" in only(machine.timezone(patient)).told  # 07:00 UTC + 9 h


def test_a_private_file_that_all_can_read_is_named(patient: Patient) -> None:
    file = patient.settings.home / "kawamori.env"
    file.write_text("KAWAMORI_LINE_TOKEN=secret")
    (patient.settings.home / "kawamori.sqlite").chmod(0o600)
    file.chmod(0o604)
    line = only(machine.secrets(patient))
    assert line.told == "readable by everybody: kawamori.env"
    assert "secret" not in line.told + line.remedy.replace("secrets", "")
    file.chmod(0o600)
    assert only(machine.secrets(patient)).state == "ok"


def test_a_store_that_is_not_there_is_not_made(settings: Settings) -> None:
    engine, line = store.open_store(settings)
    assert engine is None
    assert line.state == "red"
    assert not (settings.home / "kawamori.sqlite").exists()


def test_a_store_of_another_revision_is_named(patient: Patient) -> None:
    with patient.engine.begin() as connection:  # type: ignore[union-attr]
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine, line = store.open_store(patient.settings)
    assert engine is None
    assert "0001" in line.told
    assert "database upgrade" in line.remedy


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://u:hidden@127.0.0.1:1/x"
    _, line = store.open_store(Settings(home=tmp_path, database_url=url, _env_file=None))
    assert line.state == "red"
    assert "hidden" not in line.told


def test_a_ledger_that_was_rewritten_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    with patient.engine.begin() as connection:
        append(connection, "login", {"account": "a"}, by="a", at=NOW)
    assert only(store.ledger(patient)).state == "ok"
    with patient.engine.begin() as connection:
        connection.execute(text("UPDATE ledger_head SET number = 5"))
    line = only(store.ledger(patient))
    assert line.state == "red"
    assert "verify-ledger" in line.remedy


def test_without_a_channel_texts_would_reach_nobody(patient: Patient) -> None:
    line = only(store.channels(patient))
    assert line.state == "red"
    assert "KAWAMORI_SMTP_HOST" in line.remedy


def test_a_channel_that_refuses_is_named_with_what_it_said(patient: Patient) -> None:
    assert patient.engine is not None
    settings = patient.settings.model_copy(update={"smtp_host": "mail.city.example"})
    row = {"channel": "email", "at": NOW - timedelta(minutes=5), "needed": 9, "left": 3}
    with patient.engine.begin() as connection:
        connection.execute(insert(channel_check).values(**row, refused=[], unanswered=""))
    found = list(store.channels(Patient(settings, (), NOW, patient.engine)))
    assert found[0] == Finding("channels", "ok", "email")
    assert found[1].state == "red"
    assert found[1].told.startswith("5 min ago: email: 9 messages wait, the plan allows 3")


def test_a_channel_of_half_a_setting_is_named(patient: Patient, tmp_path: Path) -> None:
    half = {"cap_sender": "kawamori@city.example", "cap_key": tmp_path / "key.pem"}
    settings = patient.settings.model_copy(update=half)
    line = only(store.channels(Patient(settings, (), NOW, patient.engine)))
    assert "KAWAMORI_CAP_CERTIFICATE" in line.told


def test_dead_batches_are_counted(patient: Patient) -> None:
    assert patient.engine is not None
    assert only(store.outbox(patient)).state == "ok"
    with patient.engine.begin() as connection:
        _dead_batch(connection)
    line = only(store.outbox(patient))
    assert line.told == "batches that were not sent: email 1"


def _dead_batch(connection: Any) -> None:
    until = NOW + timedelta(hours=1)
    connection.execute(
        insert(approval).values(
            approval_id="a", run_id="r", district_id="low", level=3, advice_digest="d",
            first_officer="one", at=NOW, expires=until, drill=False,
        )
    )  # fmt: skip
    connection.execute(
        insert(message).values(
            message_id="m", approval_id="a", district_id="low", language="ja", form="email",
            subject="s", body=b"b", sha256="0" * 64,
        )
    )  # fmt: skip
    connection.execute(
        insert(outbox).values(
            key="k", approval_id="a", message_id="m", channel="email", batch_number=0,
            state="dead", attempts=9, next_try=NOW, expires=until, touched_at=NOW, accepted=0,
            refused=[], recipients=[],
        )
    )  # fmt: skip


def test_an_unused_first_secret_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    assert "has no account" in only(store.first_admin(patient)).told
    first_admin(patient.engine, at=NOW)
    assert "has not been used" in only(store.first_admin(patient)).told
    with patient.engine.begin() as connection:
        connection.execute(text("UPDATE account SET must_change = FALSE"))
    assert only(store.first_admin(patient)).state == "ok"


def test_the_age_of_the_newest_back_up_is_told(patient: Patient) -> None:
    folder = patient.settings.backups
    assert only(store.backups(patient)).state == "red"
    folder.mkdir()
    (folder / "none.zip").write_text("no zip")
    assert only(store.backups(patient)).state == "red"
    backup(patient.settings.store_url, folder / "a.zip", at=NOW - timedelta(hours=3))
    assert only(store.backups(patient)).told == "the newest is 3 h 0 min old"
    later = Patient(patient.settings, (), NOW + timedelta(days=3), patient.engine)
    assert only(store.backups(later)).told == "the newest is 3 d 3 h old"
    assert only(store.backups(later)).state == "red"


def test_a_setting_that_cannot_be_read_is_named_without_its_value(settings: Settings) -> None:
    told = {"KAWAMORI_SMTP_PORT": "hidden", "KAWAMORI_HOME": str(settings.home)}
    done = CliRunner().invoke(app, ["doctor"], env=told)
    assert done.exit_code == 1
    assert "settings KAWAMORI_SMTP_PORT" in done.stdout
    assert "hidden" not in done.stdout


def test_a_store_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "kawamori.sqlite").write_bytes(b"garbage" * 1000)
    _, line = store.open_store(Settings(home=tmp_path, _env_file=None))
    assert "not a database" in line.told
    assert "kawamori restore" in line.remedy


def test_two_people_must_be_able_to_approve(patient: Patient) -> None:
    assert patient.engine is not None
    for number, (role, count) in enumerate((("officer", 0), ("approver", 1), ("admin", 2))):
        with patient.engine.begin() as connection:
            add_account(connection, f"a{number}", name="x", roles=[role], by="t", at=NOW)
        line = only(store.approvers(patient))
        assert line.told.startswith(f"{count} accounts may approve")
        assert line.state == ("ok" if count == 2 else "red")


def test_addresses_of_a_channel_that_is_not_set_up_are_counted(patient: Patient) -> None:
    assert patient.engine is not None
    settings = patient.settings.model_copy(update={"smtp_host": "mail.city.example"})
    ways = (("line", "U" + "0" * 32), ("email", "a@mail.example"))
    with patient.engine.begin() as connection:
        enrol(connection, [Person("low", "ja", "general", NOW, "窓口", ways)])
    found = list(store.channels(Patient(settings, (), NOW, patient.engine)))
    (line,) = [one for one in found if one.state == "red"]
    assert (line.check, line.told[:11]) == ("channel line", "1 addresses")
    assert "KAWAMORI_LINE_TOKEN" in line.remedy


def test_a_folder_of_data_that_is_gone_is_named(patient: Patient, tmp_path: Path) -> None:
    assert only(machine.data(patient)).state == "ok"
    settings = patient.settings.model_copy(update={"data": tmp_path / "unmounted"})
    assert only(machine.data(Patient(settings, (), NOW))).state == "red"


@pytest.mark.parametrize(("said", "state"), [("yes", "ok"), ("no", "red"), ("", "unknown")])
def test_a_clock_without_a_time_server_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, state: str
) -> None:
    program = tmp_path / "timedatectl"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert only(machine.network_time(patient)).state == state


def test_a_machine_without_a_japanese_font_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kawamori.district_pages.japanese_font", lambda: None)
    assert only(machine.font(patient)).state == "red"
