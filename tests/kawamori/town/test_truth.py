"""Storms with known truth: who was flooded, when."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forecasting.types import check_observations
from kawamori.town.town import Town
from kawamori.town.truth import WET_M, Truth, named_storms, play, simulate_storm


@pytest.fixture(scope="module")
def truths(town: Town) -> dict[str, Truth]:
    return {name: play(town, one.storm, one.peak_at)[1] for name, one in named_storms().items()}


def test_same_seed_gives_the_same_storm_and_truth(town: Town):
    seen, truth = simulate_storm(town, seed=14)
    again, same = simulate_storm(town, seed=14)
    assert seen.equals(again)
    assert truth.buildings.equals(same.buildings)
    assert truth.peak_at == same.peak_at
    assert not seen.equals(simulate_storm(town, seed=15)[0])


def test_observations_are_usable_and_begin_a_day_before_the_river_peaks(town: Town):
    for named in named_storms().values():
        seen, truth = play(town, named.storm, named.peak_at)
        check_observations(seen)
        assert seen.sizes["time"] == 66 * 6
        start = seen["time"].values[0]
        if named.name != "calm":
            highest = truth.gauges["peak_at"].max()
            assert highest - pd.Timestamp(start) >= pd.Timedelta("24h")


def test_instruments_see_the_true_levels_within_centimetres(town: Town):
    seen, truth = simulate_storm(town, seed=3, kind="typhoon")
    gap = np.abs(seen["level_m"].values - truth.levels_m.values)
    assert gap.max() < 0.05


def test_districts_count_the_people_of_wet_buildings(truths: dict[str, Truth]):
    truth = truths["typhoon-night"]
    wet = truth.buildings[truth.buildings["max_depth_m"] >= WET_M]
    assert truth.districts["people_in_water"].sum() == wet["people"].sum() > 1000
    assert (truth.districts["people_over_floor"] <= truth.districts["people_in_water"]).all()
    assert truth.buildings["people"].sum() == 25_000


def test_a_building_is_wet_exactly_when_its_time_is_known(truths: dict[str, Truth]):
    for truth in truths.values():
        known = truth.buildings["first_water"].notna()
        assert (known == (truth.buildings["max_depth_m"] >= WET_M)).all()


def test_water_comes_after_a_bank_is_topped(truths: dict[str, Truth]):
    for name in ("typhoon-night", "rainband", "front-long", "tributary-flash"):
        truth = truths[name]
        assert truth.districts["first_water"].min() >= truth.gauges["overflow"].min()


def test_near_miss_passes_danger_and_floods_nobody(town: Town, truths: dict[str, Truth]):
    truth = truths["near-miss"]
    for gauge in town.rivers.gauges:
        peak = truth.gauges.loc[gauge.gauge_id, "peak_level_m"]
        assert gauge.thresholds.danger < peak < gauge.thresholds.overflow
    assert truth.districts["people_in_water"].sum() == 0
    assert truth.gauges["overflow"].isna().all()


def test_calm_stays_below_every_official_level(town: Town, truths: dict[str, Truth]):
    for gauge in town.rivers.gauges:
        peak = truths["calm"].gauges.loc[gauge.gauge_id, "peak_level_m"]
        assert peak < gauge.thresholds.standby


def test_flash_flood_stays_with_the_tributary(truths: dict[str, Truth]):
    topped = truths["tributary-flash"].gauges["overflow"]
    assert topped.dropna().index.tolist() == ["kiriune"]


@pytest.mark.parametrize("name", ["typhoon-night", "rainband", "front-long"])
def test_the_two_low_shelters_flood_in_the_large_storms(name: str, truths: dict[str, Truth]):
    shelters = truths[name].shelters
    assert sorted(shelters[shelters["flooded"]]["name"]) == ["川守本町公民館", "葦中体育館"]


def test_rain_peaks_when_asked(town: Town):
    moment = datetime(2024, 7, 7, 12, 0, tzinfo=UTC)
    seen, truth = simulate_storm(town, seed=2, kind="flash", peak_at=moment)
    assert truth.peak_at == moment
    # 36 h before the peak to 30 h after it.
    assert str(seen["time"].values[-1]).startswith("2024-07-08T18:00")


def test_a_longer_record_shows_more_of_the_same_storm(town: Town):
    seen, truth = simulate_storm(town, seed=14)
    longer, same = simulate_storm(town, seed=14, before_h=72)
    # 72 h instead of 36 h before the peak: 36 h of six steps more, and the same water.
    assert longer.sizes["time"] - seen.sizes["time"] == 36 * 6
    xr.testing.assert_equal(same.levels_m.isel(time=slice(36 * 6, None)), truth.levels_m)
    assert same.storm == truth.storm
