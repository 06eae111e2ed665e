"""What the doctor finds of the models that live cycles would use."""

from __future__ import annotations

from pathlib import Path

import pytest

from kawamori.champion import Need
from kawamori.doctor import model
from kawamori.doctor.finding import Patient
from tests.findings import names, only

NOWCAST = '[[feed]]\nname = "now"\nkind = "jma-nowcast"\nevery_s = 600\n'


def test_without_a_kept_model_the_next_cycle_trains_first(patient: Patient) -> None:
    line = only(model.model(patient, "tiny"))
    assert "trains first" in line.told
    assert line.remedy == "kawamori learn tiny"


def test_a_kept_model_that_was_altered_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = patient.settings.models / ("a" * 64)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    monkeypatch.setattr(model, "kept_folder", lambda *_, **__: folder)
    line = only(model.model(patient, "tiny"))
    assert line.state == "red"
    assert "cannot be used" in line.told


def test_a_champion_that_cannot_forecast_is_named(patient: Patient) -> None:
    patient.settings.champions.mkdir()
    pointer = patient.settings.champions / "tiny.json"
    for text_of_it in ("[]", '{"model_folder": "gone"}', "half of a f"):
        pointer.write_text(text_of_it)
        assert "tiny champion" in names(model.champion(patient, "tiny"))


def test_rain_forecasts_that_no_model_reads_are_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(model.rain(patient, "tiny")) == []  # no feed forecasts rain
    path = patient.settings.cities / "tiny" / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + NOWCAST, encoding="utf-8")
    line = only(model.rain(patient, "tiny"))
    assert line.told == "rain forecasts are polled (now) and no model reads them"
    assert line.remedy.startswith("kawamori learn tiny")
    monkeypatch.setattr(model, "kept_folder", lambda *_, **__: patient.settings.home)
    assert only(model.rain(patient, "tiny")).state == "ok"


def test_a_champion_that_reads_no_rain_leaves_the_feeds_unread(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Deaf:
        reads_rain = False

    path = patient.settings.cities / "tiny" / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + NOWCAST, encoding="utf-8")
    monkeypatch.setattr(model, "champion_folder", lambda *_: tmp_path)
    monkeypatch.setattr(model, "load", lambda _: Deaf())
    assert "the promoted one has not learned to" in only(model.rain(patient, "tiny")).told


def test_a_champion_that_looks_less_far_than_the_desk_is_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short = Need("hours ahead", 3.0, ">=", 6.0, "it must look 6 h ahead, looks 3 h")
    monkeypatch.setattr(model, "champion_folder", lambda *_: tmp_path)
    monkeypatch.setattr(model, "load", lambda _: object())
    monkeypatch.setattr(model, "needs_of", lambda *_: [short])
    line = only(model.champion(patient, "tiny"))
    assert line.state == "red"
    assert line.told.endswith("it must look 6 h ahead, looks 3 h")
