"""What the doctor finds in a bundle that reads without a fault and yet cannot be right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import xarray as xr

from kawamori.doctor import facts
from kawamori.doctor.finding import Patient
from tests.findings import names, only

Folder = Path


def _replace(name: str, old: str, new: str) -> Callable[[Folder], None]:
    def change(folder: Folder) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def _districts(**columns: object) -> Callable[[Folder], None]:
    def change(folder: Folder) -> None:
        frame = gpd.read_parquet(folder / "districts.parquet")
        frame.assign(**columns).to_parquet(folder / "districts.parquet")

    return change


def _shelters_swapped(folder: Folder) -> None:
    frame = gpd.read_parquet(folder / "shelters.parquet")
    swapped = gpd.points_from_xy(frame.geometry.y, frame.geometry.x, crs=frame.crs)
    frame.set_geometry(swapped).to_parquet(folder / "shelters.parquet")


def _series(gauge: str) -> Callable[[Folder], None]:
    def change(folder: Folder) -> None:
        series = xr.load_dataset(folder / "observations.nc")
        (folder / "observations.nc").unlink()
        series.assign_coords(gauge=[gauge]).to_netcdf(folder / "observations.nc")

    return change


def test_a_bundle_that_fits_is_well(patient: Patient) -> None:
    assert names(facts.facts(patient, "tiny")) == set()
    assert "tiny facts" in names(facts.facts(patient, "tiny"), "ok")


def test_each_thing_that_cannot_be_right_is_named_beside_the_others(patient: Patient) -> None:
    folder = patient.settings.cities / "tiny"
    for change in (
        _replace("city.toml", "notes", "colour = 1\nnotes"),
        _replace("city.toml", '"tiny"', '"tony"'),
        _replace("city.toml", "EPSG:6677", "EPSG:6679"),  # Hokkaido's
        _replace("gauges.toml", '["r1"]', '["r2"]\nupstream = ["g7"]'),
        _replace("gauges.toml", "lon = 140.01", "lon = 104.01"),
        _districts(gauge_ids=[["g1"], ["typo"]], name="同じ"),
        _shelters_swapped,
        _series("other"),
        lambda folder: (folder / "travel.toml").write_text("x = 1"),
        lambda folder: (folder / "sheltering.toml").write_text("x = 1"),
    ):
        change(folder)
    found = {line.check: line for line in facts.facts(patient, "tiny") if line.state == "red"}
    said = {
        "city.toml": "colour", "city_id": "'tony'", "crs": "EPSG:6679", "stations": "typo",
        "stations far away": "g1", "districts": "同じ", "shelters": "2 of 2",
        "series": "no level of g1", "travel.toml": "detour", "sheltering.toml": "staff_least",
    }  # fmt: skip
    assert set(found) == {f"tiny {check}" for check in said}
    assert all(part in found[f"tiny {check}"].told for check, part in said.items())
    assert all(line.remedy for line in found.values())
    assert {"g1: r2", "g1: g7"} <= set(found["tiny stations"].told.split(": ", 1)[1].split(", "))


def test_a_series_that_cannot_be_read_stops_every_cycle(patient: Patient) -> None:
    path = patient.settings.cities / "tiny" / "observations.nc"
    path.write_bytes(b"half")
    line = only(line for line in facts.facts(patient, "tiny") if line.state == "red")
    assert line.told.startswith("no cycle can run")
    assert "kawamori city import tiny --series" in line.remedy


def test_thresholds_in_centimetres_and_none_at_all_are_named(patient: Patient) -> None:
    path = patient.settings.cities / "tiny" / "gauges.toml"
    text = path.read_text(encoding="utf-8")
    before, _, after = text.partition("[gauge.thresholds]")
    rain = after[after.index("[[rain_gauge]]") :]
    path.write_text(f"{before}[gauge.thresholds]\ndanger = 250\n{rain}", encoding="utf-8")
    line = next(line for line in facts.facts(patient, "tiny") if line.state == "red")
    assert line.check == "tiny zero of g1"
    assert "never reached" in line.told
    path.write_text(before + rain, encoding="utf-8")
    line = next(line for line in facts.facts(patient, "tiny") if line.state == "red")
    assert line.told.startswith("none at all: g1")


def test_a_gauge_that_can_tell_no_level_above_two_is_told(patient: Patient) -> None:
    path = patient.settings.cities / "tiny" / "gauges.toml"
    before, _, after = path.read_text(encoding="utf-8").partition("judgment")
    path.write_text(before + after[after.index("[[rain_gauge]]") :], encoding="utf-8")
    found = {line.check: line.state for line in facts.facts(patient, "tiny")}
    assert found["tiny upper thresholds"] == "unknown"


def test_a_district_without_gauge_is_unknown_and_none_at_all_a_fault(patient: Patient) -> None:
    folder = patient.settings.cities / "tiny"
    _districts(gauge_ids=[["g1"], []])(folder)
    found = {line.check: line for line in facts.facts(patient, "tiny")}
    assert found["tiny districts without gauge"].state == "unknown"
    shutil.rmtree(folder / "layers")  # else the bundle's own check says that they touch nothing
    frame = gpd.read_parquet(folder / "districts.parquet")
    frame.iloc[:0].to_parquet(folder / "districts.parquet")
    assert "tiny districts" in names(facts.facts(patient, "tiny"))


def test_counts_of_assisted_people_that_are_not_there_stop_every_cycle(
    patient: Patient, tmp_path: Path
) -> None:
    settings = patient.settings.model_copy(update={"assisted": tmp_path / "none.csv"})
    named = Patient(settings, ("tiny",), patient.now)
    line = only(line for line in facts.facts(named, "tiny") if line.state == "red")
    assert line.check == "tiny KAWAMORI_ASSISTED"
