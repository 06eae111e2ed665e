"""The bundle is whole, readable as a city, and the same every time."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pandas as pd
import xarray as xr

from forecasting.types import check_observations
from kawamori.city import read_city
from kawamori.town.bundle import build_town
from kawamori.town.town import Town
from kawamori.town.truth import named_storms, play


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_builds_are_the_same_bytes(bundle: Path, tmp_path: Path):
    shares: list[float] = []
    build_town(tmp_path / "again", progress=lambda _what, share: shares.append(share))
    assert digests(bundle) == digests(tmp_path / "again")
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_bundle_is_read_as_a_city(bundle: Path, town: Town):
    city = read_city(bundle)
    assert city.city_id == "drill-town"
    assert city.gauges == town.rivers.gauges
    assert city.rain_gauges == town.rivers.rain_gauges
    assert city.districts["gauge_ids"].tolist() == town.districts["gauge_ids"].tolist()
    assert city.buildings is not None
    assert city.layers is not None
    assert city.roads is not None


def test_city_says_that_it_is_fictional_and_simulated(bundle: Path):
    notes = " ".join(read_city(bundle).notes)
    assert "架空" in notes
    assert "模擬" in notes


def test_shelters_come_from_the_published_list(bundle: Path):
    shelters = read_city(bundle).shelters
    assert shelters is not None
    assert len(shelters) == 20
    assert (shelters["capacity_source"] == "listed").all()
    hall = shelters[shelters["name"] == "川守本町公民館"].iloc[0]
    assert hall["capacity"] == 240
    assert "flood" in hall["hazard_ok"]
    assert {"emergency", "evacuation"} <= hall["kinds"]


def test_series_survive_writing(bundle: Path, town: Town):
    named = named_storms()["rainband"]
    seen, _ = play(town, named.storm, named.peak_at)
    with xr.open_dataset(bundle / "storms" / "rainband.nc") as stored:
        check_observations(stored)
        xr.testing.assert_allclose(stored["level_m"], seen["level_m"], atol=1e-9)
        xr.testing.assert_allclose(stored["rain_mm"], seen["rain_mm"], atol=1e-9)
        assert "模擬" in stored.attrs["source"]
        # The rain peaks at 19:30 JST = 10:30 UTC; the drill begins 9 h before the hour.
        assert stored.attrs["drill_start"] == "2024-07-11T01:00:00+00:00"


def test_every_named_storm_has_its_truth(bundle: Path, town: Town):
    for name, named in named_storms().items():
        truth = play(town, named.storm, named.peak_at)[1]
        stored = json.loads((bundle / "storms" / f"{name}.truth.json").read_text("utf-8"))
        assert stored["kind"] == named.storm.kind
        people = sum(row["people_in_water"] for row in stored["districts"])
        assert people == truth.districts["people_in_water"].sum()
        buildings = pd.read_parquet(bundle / "storms" / f"{name}.truth.parquet")
        assert buildings["max_depth_m"].equals(truth.buildings["max_depth_m"])


def test_times_of_the_truth_are_aware_and_never_is_null(bundle: Path):
    text = (bundle / "storms" / "tributary-flash.truth.json").read_text("utf-8")
    gauges = {row["gauge_id"]: row for row in json.loads(text)["gauges"]}
    assert gauges["kiriune"]["overflow"].endswith("+00:00")
    assert gauges["hotaruno"]["overflow"] is None
