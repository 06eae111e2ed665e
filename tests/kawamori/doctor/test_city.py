"""What the doctor finds of a city: bundle, policy, model, roster, cycles and feeds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kawamori.cycle_log import begin, end
from kawamori.doctor import city
from kawamori.doctor.examination import examine
from kawamori.doctor.finding import Finding, Found, Patient
from kawamori.settings import Settings
from kawamori.store import complete, start
from tests.findings import NOW, names, only

ROSTER = """
[[person]]
id = "duty-a"
name = "川守 一郎"
order = 1
mail = "duty-a@city.example"
shifts = [{ days = "%s", start = "%s", end = "%s" }]
"""


def test_a_city_that_is_not_built_is_named(patient: Patient) -> None:
    line = only(city.bundle(patient, "nowhere"))
    assert "kawamori city build nowhere" in line.remedy


def test_a_broken_bundle_is_named_with_its_fault(patient: Patient) -> None:
    (patient.settings.cities / "tiny" / "gauges.toml").write_text("[[gauge]]\nx = 1")
    line = only(city.bundle(patient, "tiny"))
    assert "gauges.toml" in line.told


def test_missing_official_files_are_counted(patient: Patient) -> None:
    assert "tiny official files" in names(city.bundle(patient, "tiny"))


def test_a_wrong_policy_is_named(patient: Patient) -> None:
    assert only(city.policy(patient, "tiny")).state == "ok"
    (patient.settings.cities / "tiny" / "policy.toml").write_text("version = ")
    assert only(city.policy(patient, "tiny")).state == "red"


def test_the_roster_must_have_somebody_on_shift_all_the_week(patient: Patient) -> None:
    assert "there is none" in only(city.roster(patient, "tiny")).told
    settings = patient.settings.model_copy(update={"smtp_host": "mail.city.example"})
    patient = replace(patient, settings=settings)
    settings.rosters.mkdir()
    file = settings.rosters / "tiny.toml"
    file.write_text(ROSTER % ("月火水木金土日", "00:00", "00:00"), encoding="utf-8")
    assert only(city.roster(patient, "tiny")) == Finding("tiny roster", "ok", "on watch: duty-a")
    file.write_text(ROSTER % ("月", "08:30", "17:15"), encoding="utf-8")  # NOW: Sunday, 16:00
    assert "is on shift now" in only(city.roster(patient, "tiny")).told
    file.write_text(ROSTER % ("日", "08:30", "17:15"), encoding="utf-8")
    # On watch now; from 17:15 nobody, until the next Sunday 08:30 (29 November).
    told = only(city.roster(patient, "tiny")).told
    assert told.startswith("nobody is on shift from 11-22 17:15 to 11-29 08:30 in Japan")
    assert "一郎" not in told
    file.write_text("[[person]]\nid = 'x'", encoding="utf-8")
    assert "not usable" in only(city.roster(patient, "tiny")).told


def test_staff_whose_only_way_is_not_set_up_are_named(patient: Patient) -> None:
    patient.settings.rosters.mkdir()
    file = patient.settings.rosters / "tiny.toml"
    file.write_text(ROSTER % ("月火水木金土日", "00:00", "00:00"), encoding="utf-8")
    line = only(city.roster(patient, "tiny"))  # by mail only, and no mail server is named
    assert line.told.startswith("duty-a cannot be reached")
    assert "KAWAMORI_SMTP_HOST" in line.remedy


def test_an_old_cycle_and_silent_telegrams_are_named(patient: Patient, tmp_path: Path) -> None:
    assert patient.engine is not None
    assert "no cycle has run" in only(city.cycle(patient, "tiny")).told
    warnings = {"received_at": (NOW - timedelta(minutes=100)).isoformat()}
    (tmp_path / "run.json").write_text(json.dumps({"warnings": warnings}))
    named: dict[str, Any] = {"name": "r", "city_id": "tiny", "drill": False}
    start(patient.engine, run_id="r", issued_at=NOW - timedelta(minutes=100), **named)
    complete(patient.engine, "r", input_digest="0", folder=tmp_path, advice=[])
    cycle, telegrams = city.cycle(patient, "tiny")
    assert cycle.told == "the newest is 1 h 40 min old, at most 1 h 30 min"
    assert telegrams.told.startswith("last heard 1 h 40 min ago")
    (tmp_path / "run.json").write_text("{}")
    telegrams = list(city.cycle(patient, "tiny"))[1]
    assert "no feed is connected" in telegrams.told


def test_a_check_that_fails_itself_is_a_fault_and_stops_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(patient: Patient, city_id: str) -> Found:
        yield Finding("half", "ok", "well")
        raise ZeroDivisionError("by a strange file")

    monkeypatch.setattr("kawamori.doctor.examination.CITY", (broken, city.roster))
    found = {line.check: line for line in examine(settings, now=NOW)}
    assert found["half"].state == "ok"
    assert "ZeroDivisionError: by a strange file" in found["tiny broken"].told
    assert "tiny roster" in found


def test_a_last_cycle_that_was_killed_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    due = begin(patient.engine, "tiny", now=NOW)
    assert due is not None
    end(patient.engine, "tiny", due, state="killed", now=NOW, note="it took longer than 8 min")
    line = next(city.cycle(patient, "tiny"))
    assert line.told == "11-22 07:00 UTC killed: it took longer than 8 min"
