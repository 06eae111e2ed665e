"""Ways of a city: the network kept on disk, speeds from files, closures from hours."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from kawamori.city import City, read_city
from kawamori.policies import read_policy
from kawamori.routes import main_routes
from kawamori.settings import Settings
from kawamori.ways import Ways, open_ways, read_speeds, road_network
from shelters.allocate import allocate

POLICY = read_policy(Settings())
ROADS = gpd.GeoDataFrame(
    {"kind": ["minor", "minor"]},
    geometry=[
        LineString([(140.01, 37.004), (140.01, 37.01)]),
        LineString([(140.01, 37.01), (140.01, 37.015)]),
    ],
    crs="EPSG:6668",
)
PEOPLE = pd.DataFrame(
    {"district_id": "low", "block": "川下一丁目", "people": [100], "lon": 140.01, "lat": 37.004}
)


@pytest.fixture
def city(tmp_path: Path, tiny: ModuleType) -> City:
    """Give the tiny city with one street from the lower to the upper district."""
    tiny.write_tiny_city(tmp_path / "tiny")
    ROADS.to_parquet(tmp_path / "tiny" / "roads.parquet")
    return read_city(tmp_path / "tiny")


def kept(city: City) -> list[Path]:
    return sorted(city.folder.glob("network-*.npz"))


def test_the_network_is_built_once_and_read_again(city: City, monkeypatch: Any) -> None:
    built = road_network(city)
    assert built is not None
    assert len(kept(city)) == 1
    monkeypatch.setattr("kawamori.ways.build_network", None)  # building again would fail
    again = road_network(city)
    assert again is not None
    assert np.array_equal(again.length_m, built.length_m)


def test_other_roads_are_another_network_and_replace_the_old_one(city: City) -> None:
    road_network(city)
    first = kept(city)
    road_network(dataclasses.replace(city, roads=ROADS.assign(oneway=[1, 0])))
    assert len(kept(city)) == 1
    assert kept(city) != first


def test_a_broken_kept_network_is_built_again(city: City) -> None:
    road_network(city)
    (path,) = kept(city)
    path.write_bytes(b"no archive")
    network = road_network(city)
    assert network is not None
    assert path.stat().st_size > 1000


def test_a_city_without_roads_measures_straight_and_says_so(city: City) -> None:
    ways = open_ways(dataclasses.replace(city, roads=None), POLICY)
    assert ways.network is None
    assert ways.minutes(PEOPLE, city.shelters).attrs["kind"] == "straight"


def test_walking_speeds_are_the_policys_and_the_rest_a_citys_own(tmp_path: Path) -> None:
    common = read_speeds(POLICY.clearance, tmp_path)
    assert common.general_km_h == POLICY.clearance.walk_km_per_h
    assert (common.detour, common.car_km_h) == (1.4, 15.0)
    (tmp_path / "travel.toml").write_text("[detour]\nvalue = 1.2\n")
    assert read_speeds(POLICY.clearance, tmp_path).detour == 1.2
    (tmp_path / "travel.toml").write_text("[detours]\nvalue = 1.2\n")
    with pytest.raises(ValueError, match=r"travel.toml must hold tables .*detours"):
        read_speeds(POLICY.clearance, tmp_path)


def test_the_main_way_follows_the_street(city: City) -> None:
    ways = open_ways(city, POLICY)
    routes = routed(ways, city)
    # 80 of the 100 people find room in s1; 11 thousandths of a degree of latitude are 1.22 km.
    upper = routes[routes["shelter_id"] == "s1"].iloc[0]
    assert (upper["people"], upper["on_roads"]) == (80, True)
    assert upper["minutes"] == pytest.approx(1221 / (2000 / 60), rel=0.01)
    assert upper.geometry.length == pytest.approx(0.011, rel=1e-3)


def test_without_roads_the_line_is_straight_and_named_so(city: City) -> None:
    routes = routed(open_ways(dataclasses.replace(city, roads=None), POLICY), city)
    assert not routes["on_roads"].any()
    assert len(routes.geometry.iloc[0].coords) == 2


def test_nobody_sent_anywhere_draws_no_way(city: City) -> None:
    ways = open_ways(city, POLICY)
    nobody = routed(ways, city, PEOPLE.assign(people=0))
    assert len(nobody) == 0
    assert nobody.crs == "EPSG:6668"


def routed(ways: Ways, city: City, people: pd.DataFrame = PEOPLE) -> Any:
    assert city.shelters is not None
    upper = city.shelters.loc[["s1"]]
    allocation = allocate(people, upper, ways.minutes(people, upper))
    return main_routes(ways, people, upper, allocation)
