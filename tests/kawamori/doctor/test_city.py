"""What the doctor finds of a city: bundle, policy, model, roster, cycles and feeds."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kawamori.cycle_log import begin, end
from kawamori.doctor import city
from kawamori.doctor.examination import examine
from kawamori.doctor.finding import Finding, Found, Patient
from kawamori.feeds.state import claim, record_fault, record_good
from kawamori.settings import Settings
from kawamori.store import complete, start, stored_runs
from tests.findings import NOW, names, only

FEEDS = """
[[feed]]
name = "ten"
kind = "table"
url = "https://pref.example/a.csv"
every_s = 600
[feed.columns]
g1 = "g1"
[[feed]]
name = "hour"
kind = "table"
url = "https://pref.example/b.csv"
every_s = 3600
[feed.columns]
g1 = "g1"
[[feed]]
name = "look"
kind = "kawabou"
url = "https://river.example/{station}"
on_demand = true
[feed.stations]
1 = "g1"
"""
ROSTER = """
[[person]]
id = "duty-a"
name = "川守 一郎"
order = 1
mail = "duty-a@city.example"
shifts = [{ days = "%s", start = "08:30", end = "17:15" }]
"""


def test_a_city_that_is_not_built_is_named(patient: Patient) -> None:
    line = only(city.bundle(patient, "nowhere"))
    assert line.remedy == "kawamori city build nowhere"


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


def test_without_a_kept_model_the_next_cycle_trains_first(patient: Patient) -> None:
    assert "trains first" in only(city.model(patient, "tiny")).told


def test_a_kept_model_that_was_altered_is_named(patient: Patient) -> None:
    folder = patient.settings.models / ("a" * 64)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "config.json").write_text(json.dumps({"facts": {"title": "試験町"}}))
    line = only(city.model(patient, "tiny"))
    assert line.state == "red"
    assert "cannot be used" in line.told


def test_the_roster_must_have_somebody_on_shift(patient: Patient) -> None:
    assert "there is none" in only(city.roster(patient, "tiny")).told
    patient.settings.rosters.mkdir()
    file = patient.settings.rosters / "tiny.toml"
    for days, state in (("日", "ok"), ("月", "red")):  # NOW is a Sunday, 16:00 in Japan
        file.write_text(ROSTER % days, encoding="utf-8")
        line = only(city.roster(patient, "tiny"))
        assert line.state == state
        assert "一郎" not in line.told
    file.write_text("[[person]]\nid = 'x'", encoding="utf-8")
    assert "not usable" in only(city.roster(patient, "tiny")).told


def test_an_old_cycle_and_silent_telegrams_are_named(patient: Patient, tmp_path: Path) -> None:
    assert patient.engine is not None
    assert "no cycle has run" in only(city.cycle(patient, "tiny")).told
    warnings = {"received_at": (NOW - timedelta(minutes=100)).isoformat()}
    (tmp_path / "run.json").write_text(json.dumps({"warnings": warnings}))
    named: dict[str, Any] = {"name": "r", "city_id": "tiny", "drill": False}
    start(patient.engine, run_id="r", issued_at=NOW - timedelta(minutes=100), **named)
    complete(patient.engine, "r", input_digest="0", folder=tmp_path, advice=[])
    runs = tuple(stored_runs(patient.engine, state="complete"))
    cycle, telegrams = city.cycle(
        Patient(patient.settings, ("tiny",), NOW, patient.engine, runs), "tiny"
    )
    assert cycle.told == "the newest is 1 h 40 min old, at most 1 h 30 min"
    assert telegrams.told.startswith("last heard 1 h 40 min ago")
    (tmp_path / "run.json").write_text("{}")
    telegrams = list(
        city.cycle(Patient(patient.settings, ("tiny",), NOW, patient.engine, runs), "tiny")
    )[1]
    assert "no feed is connected" in telegrams.told


def test_a_feed_is_late_by_its_own_interval_and_one_on_demand_never(patient: Patient) -> None:
    assert patient.engine is not None
    assert only(city.feeds(patient, "tiny")).state == "unknown"  # none is set up
    path = patient.settings.cities / "tiny" / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + FEEDS, encoding="utf-8")
    assert names(city.feeds(patient, "tiny")) == {"tiny feed ten", "tiny feed hour"}  # never polled
    good = NOW - timedelta(minutes=25)
    for name in ("ten", "hour"):
        claim(patient.engine, f"tiny/{name}", "table", every_s=600, now=good)
        record_good(patient.engine, f"tiny/{name}", now=good, newest=None, memory={}, faults=())
    found = {line.check: line for line in city.feeds(patient, "tiny")}
    # 25 min: more than two of ten minutes, less than one hour.
    assert found["tiny feed ten"].told == "last good 25 min ago, every 10 min"
    assert {check: line.state for check, line in found.items()} == {
        "tiny feed ten": "red", "tiny feed hour": "ok", "tiny feed look": "ok",
    }  # fmt: skip
    record_fault(patient.engine, "tiny/hour", now=NOW, fault="refused: answered 403")
    (line,) = [one for one in city.feeds(patient, "tiny") if one.check == "tiny feed hour"]
    assert line.told.endswith("1 failed since: refused: answered 403")


def test_a_wrong_feed_is_named(patient: Patient) -> None:
    path = patient.settings.cities / "tiny" / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + "[[feed]]\nkind = 'rss'\n", encoding="utf-8")
    assert "kind must be one of" in only(city.feeds(patient, "tiny")).told


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


def test_a_champion_that_cannot_forecast_is_named(patient: Patient) -> None:
    patient.settings.champions.mkdir()
    pointer = patient.settings.champions / "tiny.json"
    for text_of_it in ("[]", '{"model_folder": "gone"}', "half of a f"):
        pointer.write_text(text_of_it)
        assert "tiny champion" in names(city.model(patient, "tiny"))


def test_a_last_cycle_that_was_killed_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    due = begin(patient.engine, "tiny", now=NOW)
    assert due is not None
    end(patient.engine, "tiny", due, state="killed", now=NOW, note="it took longer than 8 min")
    line = next(city.cycle(patient, "tiny"))
    assert line.told == "11-22 07:00 UTC killed: it took longer than 8 min"
