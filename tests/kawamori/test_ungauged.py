"""Rain at the nearest stations and heavy-rain warnings tell which districts may flood inland."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import geopandas as gpd
import pytest
import xarray as xr
from shapely.geometry import box

from advisory.rules import sky_at
from advisory.types import Bin, Level, Warning, Warnings
from forecasting.types import GOOD
from kawamori.city import read_city
from kawamori.policies import read_policy
from kawamori.settings import Settings
from kawamori.ungauged import in_force, inland_index, inland_water, nearest_stations, rain_states


@pytest.fixture
def city(tiny_home):
    """Give the tiny city with an inland map over the upper district's house."""
    folder = tiny_home / "cities" / "tiny"
    fields = {"A51_003": ["試験町"], "A51_005": ["0.5m以上1.0m未満"]}
    area = gpd.GeoDataFrame(fields, geometry=[box(140.0, 37.012, 140.02, 37.018)], crs="EPSG:6668")
    area.to_file(folder / "layers" / "A51-25_00000.geojson", engine="pyogrio")
    return read_city(folder)


def at(series: xr.Dataset) -> datetime:
    return series["time"].values[-1].astype("datetime64[s]").item().replace(tzinfo=UTC)


def water(city, series, warnings=None):
    return told_at(city, series, at(series), warnings or Warnings())


def told_at(city, series, moment, warnings):
    policy, index = read_policy(Settings()), inland_index(city)
    rain = rain_states(index, city, series, policy, issued_at=moment)
    sky = sky_at(moment, (140.0, 37.0), policy)
    return inland_water(index, rain, warnings, policy, sky=sky)


def test_heavy_rain_puts_the_upper_district_under_inland_water(city, tiny) -> None:
    # 40 mm in each of the last hours, limit 30; the house holds 50 people in one storey.
    found = water(city, tiny.tiny_series(48, storm_mm=40.0))
    assert found.signals["high"].applies
    assert found.exposure.loc[("high", "inland"), "must_leave"] == 50
    assert in_force(found) == {"high": 50, "low": None}  # no inland area is mapped there


def test_dry_hours_are_known_to_be_calm(city, tiny) -> None:
    series = tiny.tiny_series(48)
    series["rain_mm"][-6:] = 0.0
    found = water(city, series)
    assert found.exposure.loc[("high", "inland"), "people"] == 0
    assert in_force(found) == {}


def test_silent_rain_gauge_is_unknown(city, tiny) -> None:
    series = tiny.tiny_series(48)
    series["rain_mm"][-6:] = float("nan")
    found = water(city, series)
    assert found.signals["high"].applies is None
    assert found.exposure.isna().all(axis=None)


def test_rain_after_the_issue_time_is_not_seen(city, tiny) -> None:
    series = tiny.tiny_series(48, storm_mm=40.0)
    series["rain_mm"][-12:-6] = 0.0
    early = series["time"].values[-7].astype("datetime64[s]").item().replace(tzinfo=UTC)
    found = told_at(city, series, early, Warnings())
    assert found.signals["high"].applies is False


def test_heavy_rain_warning_of_level_three_is_enough(city, tiny) -> None:
    series = tiny.tiny_series(48)
    series["rain_mm"][-6:] = 0.0
    warning = Warning("t1", "大雨警報", Level.ELDERLY, ("0000000",), (), at(series), None)
    assert series["rain_flag"].values[-1] == GOOD
    found = water(city, series, Warnings(received_at=at(series), active=(warning,)))
    assert found.signals["high"].applies
    ended = dataclasses.replace(warning, valid_until=at(series))
    found = water(city, series, Warnings(received_at=at(series), active=(ended,)))
    assert found.signals["high"].applies is False


def test_city_without_an_inland_map_has_no_inland_scenario(tiny_home, tiny) -> None:
    city = read_city(tiny_home / "cities" / "tiny")
    assert water(city, tiny.tiny_series(48)) is None


def test_each_district_hears_its_nearest_stations(city) -> None:
    assert nearest_stations(city, 2) == {"low": ("r1",), "high": ("r1",)}


def test_a_night_foreseen_in_the_evening_calls_for_the_inland_scenario(city, tiny) -> None:
    series = tiny.tiny_series(48)
    series["rain_mm"][-6:] = 0.0
    dusk = datetime(2026, 6, 2, 7, tzinfo=UTC)  # 16:00 in Japan, sunset about 19:00
    night = Bin("0000000", "試験町", "大雨浸水", dusk.replace(hour=12), dusk.replace(hour=15),
                Level.EVACUATE, issued_at=dusk)  # fmt: skip
    warnings = Warnings(received_at=dusk, bins=(night,))
    assert told_at(city, series, dusk, warnings).where(True) == {"low", "high"}
    assert told_at(city, series, dusk.replace(hour=4), warnings).where(True) == frozenset()
