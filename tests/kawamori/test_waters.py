"""All water in play is joined: people, shelters and hazards follow the worst, unknown is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from advisory.rules import sky_at
from advisory.types import Level, Warning, Warnings
from kawamori.city import City, read_city
from kawamori.policies import read_policy
from kawamori.settings import Settings
from kawamori.waters import Waters, lay_water, population_at, waters

POLICY = read_policy(Settings())
HIGH = box(140.0, 37.012, 140.02, 37.018)  # over the house of 50 people and 山上小学校


@pytest.fixture
def city(tiny_home) -> City:
    """Give the tiny city with an inland map and a landslide zone over the upper district."""
    folder = tiny_home / "cities" / "tiny"
    inland = {"A51_003": ["試験町"], "A51_005": ["0.5m以上1.0m未満"]}
    slope = {"A33_001": [1], "A33_002": [1]}
    for fields, name in ((inland, "A51-25_00000"), (slope, "A33-25_00")):
        frame = gpd.GeoDataFrame(fields, geometry=[HIGH], crs="EPSG:6668")
        frame.to_file(folder / "layers" / f"{name}.geojson", engine="pyogrio")
    return read_city(folder)


def warned(hazard: str, level: Level, at: datetime) -> Warnings:
    one = Warning("t1", hazard, level, ("0000000",), (), at, None, hazard=hazard)
    return Warnings(received_at=at, active=(one,))


def found(
    city: City,
    series: Any,
    *,
    flooding: bool = False,
    warnings: Warnings | None = None,
    unknown_gauges: tuple[str, ...] = (),
) -> Waters:
    """Give the waters at the end of the series; the river floods or not."""
    at = series["time"].values[-1].astype("datetime64[s]").item().replace(tzinfo=UTC)
    layer = city.layers if flooding else city.layers.iloc[:0]
    layer.attrs["unknown_gauges"] = unknown_gauges
    return waters(
        lay_water(city), city, layer, observations=series, forecast=None,
        warnings=warnings or Warnings(), policy=POLICY, sky=sky_at(at, (140.0, 37.0), POLICY),
    )  # fmt: skip


def dry(tiny) -> Any:
    series = tiny.tiny_series(48)
    series["rain_mm"][-6:] = 0.0
    return series


def now(series: Any) -> datetime:
    return series["time"].values[-1].astype("datetime64[s]").item().replace(tzinfo=UTC)


def people(water: Waters, scenario: str) -> list[Any]:
    rows = water.exposure.xs(scenario, level="scenario")["people"]
    return [None if pd.isna(rows[name]) else int(rows[name]) for name in ("low", "high")]


def test_calm_river_and_little_rain_put_nobody_in_the_water(city, tiny) -> None:
    water = found(city, dry(tiny))
    assert people(water, "combined") == [0, 0]
    assert water.hazards == ("flood",)
    assert len(water.demand) == 0


def test_heavy_rain_adds_the_inland_people_to_those_of_the_river(city, tiny) -> None:
    water = found(city, tiny.tiny_series(48, storm_mm=40.0), flooding=True)
    assert people(water, "maximum") == [100, 0]
    assert people(water, "inland") == [None, 50]  # nothing inland is mapped in the lower district
    assert people(water, "combined") == [100, 50]
    assert dict(water.demand.groupby("district_id")["people"].sum()) == {"low": 100, "high": 50}


def test_inland_water_asks_shelters_for_their_designation_and_place(city, tiny) -> None:
    water = found(city, tiny.tiny_series(48, storm_mm=40.0))
    assert water.hazards == ("flood", "inland_flood")
    assert set(water.unsafe["scenario"]) == {"inland"}


def test_landslide_level_of_the_telegrams_moves_everybody_out_of_the_zones(city, tiny) -> None:
    series = dry(tiny)
    told = warned("土砂災害", Level.ELDERLY, now(series))
    water = found(city, series, warnings=told)
    assert water.hazards == ("flood", "landslide")
    row = water.exposure.loc[("high", "combined")]
    assert (row["must_leave"], row["may_stay"]) == (50, 0)
    assert set(water.unsafe["collapse_zone"]) == {"landslide"}


def test_landslides_without_a_feed_are_unknown_and_cloud_no_other_count(city, tiny) -> None:
    water = found(city, dry(tiny))
    assert people(water, "landslide") == [None, None]
    assert people(water, "combined") == [0, 0]
    assert water.exposure.attrs["partial"] == ()


def test_unknown_river_with_known_inland_people_is_at_least_these(city, tiny) -> None:
    water = found(city, tiny.tiny_series(48, storm_mm=40.0), unknown_gauges=("g1",))
    assert people(water, "combined") == [None, 50]
    assert water.exposure.attrs["partial"] == ("high",)
    assert list(water.demand["district_id"]) == ["high"]


def test_silent_rain_makes_a_mapped_district_unknown(city, tiny) -> None:
    series = dry(tiny)
    series["rain_mm"][-6:] = np.nan
    assert people(found(city, series), "combined") == [0, None]


def test_people_by_day_count_only_where_the_city_has_them() -> None:
    noon, midnight = datetime(2026, 7, 1, 3, tzinfo=UTC), datetime(2026, 7, 1, 15, tzinfo=UTC)
    both, night = pd.DataFrame({"day_people": [1]}), pd.DataFrame({"people": [1]})
    assert population_at(noon, POLICY, both) == "day"
    assert population_at(midnight, POLICY, both) == "night"
    assert population_at(noon, POLICY, night) == "night"
    assert population_at(noon - timedelta(hours=4, minutes=1), POLICY, both) == "night"  # 07:59
    assert population_at(noon + timedelta(hours=6), POLICY, both) == "night"  # 18:00
