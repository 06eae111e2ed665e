"""What the doctor finds of the desk's own files, its settings, and what runs by itself."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from kawamori.console.api.tokens import issue_token
from kawamori.doctor import home, service
from kawamori.doctor.finding import Patient
from tests.findings import NOW, names, only

NOBODY = 65_534


def _with(patient: Patient, **changed: object) -> Patient:
    settings = patient.settings.model_copy(update=changed)
    return Patient(settings, patient.cities, patient.now, patient.engine)


def test_a_home_that_all_may_write_is_named(patient: Patient) -> None:
    patient.settings.home.chmod(0o700)
    assert names(home.owners(patient)) == set()
    patient.settings.home.chmod(0o777)
    assert names(home.owners(patient)) == {"folder HOME"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_left_in_the_home_is_named(patient: Patient) -> None:
    folder = patient.settings.home / "locks"
    folder.mkdir()
    (folder / "cycle-tiny.lock").touch()
    os.chown(folder / "cycle-tiny.lock", NOBODY, NOBODY)
    line = next(line for line in home.owners(patient) if line.state == "red")
    assert "cycle-tiny.lock" in line.told
    assert line.remedy.startswith("chown -R")


def test_a_folder_below_home_that_is_shut_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (patient.settings.home / "archive").mkdir()
    monkeypatch.setattr(home.os, "access", lambda path, _: Path(path).name != "archive")
    assert only(home.writable(patient)).told == "not writable: archive"


def test_readings_that_were_put_aside_are_named(patient: Patient) -> None:
    day = patient.settings.home / "archive" / "tiny" / "2026-11-22"
    day.mkdir(parents=True)
    assert list(home.damaged(patient)) == []
    (day / "a.parquet.damaged").touch()
    assert "a.parquet.damaged" in only(home.damaged(patient)).told


def test_a_disk_full_of_small_files_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for files, free, count in ((10**6, 10**6, 0), (10**6, 9, 2), (0, 0, 0)):  # 0 = without limit
        told = SimpleNamespace(f_files=files, f_favail=free)
        monkeypatch.setattr(home.os, "statvfs", lambda _, told=told: told)
        assert len(list(home.inodes(patient))) == count


def test_a_program_without_its_common_rules_is_named(patient: Patient, tmp_path: Path) -> None:
    assert only(home.common(patient)).state == "ok"
    line = only(home.common(_with(patient, bundles=tmp_path)))
    assert "policy.toml" in line.told
    assert "pip install -e" in line.remedy


def test_a_misspelt_setting_is_named_with_the_right_one(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAWAMORI_DEBUG", "1")
    assert list(home.spelling(patient)) == []
    monkeypatch.setenv("KAWAMORI_SMPT_HOST", "mail.city.example")
    line = only(home.spelling(patient))
    assert line.check == "settings KAWAMORI_SMPT_HOST"
    assert line.remedy == "Write KAWAMORI_SMTP_HOST."
    assert "mail.city.example" not in line.told  # it may be a secret


def test_languages_addresses_and_tokens_that_lead_nowhere_are_named(patient: Patient) -> None:
    assert names(home.spelling(_with(patient, languages=("ja", "xx")))) == {
        "settings KAWAMORI_LANGUAGES"
    }
    wrong = _with(patient, console_url="http://desk", public_url="https://desk.example")
    assert names(home.addresses(wrong)) == {"settings KAWAMORI_CONSOLE_URL"}
    assert "old" in only(home.feed_tokens(_with(patient, feed_tokens={"old": "x"}))).told
    assert list(home.feed_tokens(patient)) == []


def test_alerts_without_a_link_to_acknowledge_are_told(patient: Patient) -> None:
    patient.settings.rosters.mkdir()
    (patient.settings.rosters / "tiny.toml").touch()
    assert only(home.addresses(patient)).state == "unknown"


def test_timers_that_are_not_at_work_are_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(service, "SYSTEMD", tmp_path / "none")
    assert only(service.timers(patient)).state == "unknown"
    program = tmp_path / "systemctl"
    monkeypatch.setattr(service, "SYSTEMD", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    # Asked are serve, watch, dispatch, backup, and cycle and nightly of the city: six.
    for fifth, state in (("", "ok"), ("is-active", "red"), ("is-enabled", "red")):
        program.write_text(
            "#!/bin/sh\nfor unit in 1 2 3 4 5 6; do\n"
            f'[ $unit$1 = "5{fifth}" ] && echo failed || echo ${{1#is-}}\ndone\n'
        )
        program.chmod(0o700)
        line = only(service.timers(patient))
        assert line.state == state
    assert line.told.endswith("kawamori-cycle@tiny.timer")
    assert line.remedy == "systemctl enable --now kawamori-cycle@tiny.timer"


def test_a_mail_server_that_refuses_is_named_without_its_secrets(patient: Patient) -> None:
    assert list(service.mail_server(patient)) == []  # none is named
    shut = _with(patient, smtp_host="127.0.0.1", smtp_port=1)
    line = only(service.mail_server(shut))
    assert line.told == "127.0.0.1:1 does not answer as it should: ConnectionRefusedError"


def test_tokens_of_programs_are_named_before_and_after_their_end(patient: Patient) -> None:
    assert patient.engine is not None
    with patient.engine.begin() as connection:
        for name, days in (("far", 90), ("near", 3), ("gone", 1)):
            issue_token(connection, name, expires=NOW + timedelta(days=days), by="t", at=NOW)
    later = Patient(patient.settings, (), NOW + timedelta(days=2), patient.engine)
    ended, soon = service.tokens(later)
    assert ended.told == "tokens of programs have ended: gone"
    assert soon.told == "tokens of programs end within a week: near"
