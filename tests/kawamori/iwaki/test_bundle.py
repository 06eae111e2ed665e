"""Iwaki's bundle: every block has its district, nobody is lost, stand-ins and simulation say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forecasting.types import MISSING, check_observations
from hazard.exposure import demand, expose
from hazard.indexed import index_water
from hazard.inland import inland_signal, most_rain_mm_per_h
from hazard.layers import read_layers
from hazard.signalled import expose_signalled
from hazard.types import INLAND
from kawamori.city import City, read_city, read_gauges, read_toml
from kawamori.iwaki.bundle import FACTS, build_iwaki
from kawamori.iwaki.places import read_blocks
from kawamori.iwaki.series import read_basins

KAMATA, UMEMOTO, KUBOTA = "0179300400072", "0179300400123", "0179300400084"
CENSUS_2015 = 350_237
OFFICIAL_RIVERS = {"夏井川", "新川", "好間川", "仁井田川", "鮫川", "蛭田川"}

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def city(bundle: Path) -> City:
    return read_city(bundle)


@pytest.fixture(scope="module")
def training(bundle: Path) -> xr.Dataset:
    return check_observations(xr.load_dataset(bundle / "observations.nc"))


@pytest.fixture(scope="module")
def storm(bundle: Path) -> xr.Dataset:
    return check_observations(xr.load_dataset(bundle / "storms" / "2023-09-08.nc"))


def test_every_one_of_490_blocks_has_one_district(real_data):
    blocks = read_blocks(real_data / "iwaki", read_toml(FACTS / "districts.toml"))
    assert len(blocks) == 490
    assert blocks["district_id"].notna().all()
    assert blocks["district_id"].nunique() == 13


def test_districts_hold_the_census(city):
    assert city.districts["population"].sum() == CENSUS_2015
    assert city.districts["assisted"].isna().all()


def test_districts_do_not_overlap(city):
    areas = city.districts.to_crs(city.crs).geometry
    # Each district is closed by 1 m along its seams, so that only slivers may be shared.
    assert areas.area.sum() == pytest.approx(areas.union_all().area, rel=1e-3)


def test_nobody_is_lost_between_census_and_buildings(city):
    by_district = city.buildings.groupby("district_id")["people"].sum()
    expected = city.districts["population"].loc[by_district.index]
    assert by_district.to_numpy() == pytest.approx(expected.to_numpy())
    assert len(city.buildings) > 139_000


def test_floors_of_the_drawing_default_are_unknown(city):
    # Of 139,425 listed buildings 139,388 have the default height of 3.7 m and 12 have 0 m.
    assert city.buildings["floors"].notna().sum() == 139_425 - 139_388 - 12


def test_stand_in_layers_say_so_and_bear_official_names(city):
    assert city.layers["stand_in"].all()
    assert set(city.layers["river"]) >= OFFICIAL_RIVERS
    assert city.layers["source"].str.startswith("A31a-").all()
    assert "A31a-20-24_07_0700280001_10.geojson" in set(city.layers["source"])


def test_planned_water_lies_within_maximum_water(city):
    wet = city.layers[city.layers["depth_min_m"].notna()].to_crs(city.crs)
    planned, maximum = (
        wet[wet["scenario"] == name].union_all().buffer(2) for name in ("planned", "maximum")
    )
    assert planned.difference(maximum).area < 1e-3 * planned.area


def test_official_shapefile_replaces_the_stand_in_of_its_name(bundle, tmp_path):
    stand_in = next(bundle.rglob("A31a-20-24_07_0700280001_10.geojson"))
    original = read_layers(stand_in.parent)
    frame = original[original["river"] == "夏井川"].iloc[:1]
    official = frame[["geometry"]].assign(
        A31a_201="0700280001", A31a_202="夏井川", A31a_203="07", A31a_204="福島県", A31a_205=3
    )
    (tmp_path / stand_in.name).write_bytes(stand_in.read_bytes())
    official.to_file(tmp_path / f"{stand_in.stem}.shp", engine="pyogrio", encoding="CP932")
    assert read_layers(tmp_path)[["depth_min_m", "stand_in"]].to_numpy().tolist() == [[3.0, False]]


def test_exposure_reconciles_and_demand_names_those_who_leave(city):
    counts = expose(city.layers, city.districts, city.buildings, city.roads)
    known = counts.dropna()
    classes = known[["must_leave", "may_stay", "unknown"]].sum(axis=1)
    assert (classes == known["people"]).all()
    last = counts.groupby("district_id").last(skipna=False).dropna()
    points = demand(city.layers, city.districts, city.buildings)
    assert points["people"].sum() == last[["must_leave", "unknown"]].to_numpy().sum()
    leaving = points.groupby("district_id")["people"].sum()
    assert (leaving <= city.districts["population"].loc[leaving.index]).all()


def test_storm_rain_is_what_amedas_reported(storm):
    # 山田 20:00 JST = 11:00 UTC: 71.0 mm in the hour.
    assert float(storm["rain_mm"].sel(time="2023-09-08T11:00", rain_gauge="36836")) == 71.0


def test_simulated_storm_peaks_as_reported(storm, city):
    peaks = storm["level_m"].max("time")
    gauges = {gauge.gauge_id: gauge.thresholds for gauge in city.gauges}
    assert float(peaks.sel(gauge=KAMATA)) == pytest.approx(6.0, abs=0.1)
    assert float(peaks.sel(gauge=UMEMOTO)) > gauges[UMEMOTO].danger
    assert float(peaks.sel(gauge=KUBOTA)) > gauges[KUBOTA].danger


def test_kamata_peaks_late_in_the_evening(storm):
    level_m = storm["level_m"].sel(gauge=KAMATA)
    peak = storm["time"].values[int(level_m.argmax("time"))]
    # Residents reported about midnight JST = 15:00 UTC.
    assert abs(peak - np.datetime64("2023-09-08T15:00")) <= np.timedelta64(2, "h")


def test_training_does_not_know_the_storm(training, storm):
    hours = training.sel(time=slice("2023-09-07T16:00", "2023-09-09T15:00"))
    assert hours["level_m"].isnull().all()
    assert hours["rain_mm"].isnull().all()
    assert (hours["level_flag"] == MISSING).all()
    # The recession after it is that of a year without the storm.
    after = training["level_m"].sel(time="2023-09-09T16:00", gauge=KAMATA)
    end = storm["level_m"].sel(time="2023-09-09T15:00", gauge=KAMATA)
    assert float(after) < float(end)


def test_training_holds_floods_above_danger(training, city):
    over = [
        gauge.gauge_id
        for gauge in city.gauges
        if gauge.thresholds.danger is not None
        and float(training["level_m"].sel(gauge=gauge.gauge_id).max()) > gauge.thresholds.danger
    ]
    assert len(over) >= 8


def test_series_say_that_levels_are_simulated(training, storm):
    for series in (training, storm):
        assert "模擬" in series.attrs["source"]
        assert "模擬" in series.attrs["comment"]
    assert "synthetic" in training.attrs["comment"]


def test_notes_name_every_stand_in_and_assumption(city):
    notes = " ".join(city.notes)
    for word in ("浸水想定は模式", "水位は模擬", "収容人数は仮定", "要支援者の人数は不明"):
        assert word in notes


def test_shelters_have_an_assumed_capacity_that_says_so(city):
    assert len(city.shelters) > 400
    assert set(city.shelters["capacity_source"]) == {"assumed"}


def test_uchigo_of_2023_is_not_missed_although_its_stream_has_no_gauge(city, storm):
    # 宮川 has no gauge; 平, the nearest rain station, had 47 mm in the hour to 23:00 JST.
    rain = storm["rain_mm"].sel(time=slice("2023-09-08T06:00", "2023-09-08T18:00"))
    most = most_rain_mm_per_h(rain, ["36781"], steps_per_h=1)
    assert most == 47.0
    signal = inland_signal(rain_mm_per_h=most)
    index = index_water(city.inland, city.districts, city.buildings)
    counts = expose_signalled(index, {"uchigo": signal}, INLAND)
    assert counts.loc[("uchigo", "inland"), "people"] > 100
    assert city.inland["stand_in"].all()
    assert "宮川" in set(city.inland["river"])


def test_missing_data_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"iwaki must hold Iwaki's lists"):
        build_iwaki(tmp_path, tmp_path / "out")


def test_facts_agree_with_each_other():
    gauges, rain_gauges = read_gauges(FACTS / "gauges.toml")
    ids = {gauge.gauge_id for gauge in gauges}
    stations = {station.rain_gauge_id for station in rain_gauges}
    assert len(ids) == 13
    assert {name for gauge in gauges for name in gauge.rain_gauges} == stations
    assert {above for gauge in gauges for above in gauge.upstream} <= ids
    basins = read_basins(FACTS / "basins.toml")
    assert {basin.gauge_id for basin in basins} == ids
    assert {b.gauge_id: set(b.upstream) for b in basins} == {
        gauge.gauge_id: set(gauge.upstream) for gauge in gauges
    }
    districts = read_toml(FACTS / "districts.toml")["district"]
    assert {gauge for row in districts for gauge in row["gauge_ids"]} <= ids
