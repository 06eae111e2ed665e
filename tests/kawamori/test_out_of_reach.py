"""Who is out of reach in each flood of a city, with no storm at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest

from kawamori.city import City, read_city
from kawamori.out_of_reach import stranded_city, stranded_lines, write_stranded
from kawamori.policies import read_policy
from kawamori.settings import Settings


@pytest.fixture
def city(tiny_home: Path) -> City:
    return read_city(tiny_home / "cities" / "tiny")


def test_people_in_the_water_are_in_reach_of_the_dry_shelter(city: City) -> None:
    # s1 is about a kilometre away: half an hour, not two hours.
    assert stranded_city(city, read_policy(Settings()), time_min=120.0).empty


def test_too_little_time_strands_the_lower_district(city: City, tmp_path: Path) -> None:
    table = stranded_city(city, read_policy(Settings()), time_min=1.0)
    assert table[["scenario", "district_id", "people"]].to_numpy().tolist() == [
        ["maximum", "low", 100]
    ]
    assert stranded_lines(table, city)[-1].startswith("想定最大規模: 計100人")
    write_stranded(table, tmp_path / "new" / "out.geojson")
    assert gpd.read_file(tmp_path / "new" / "out.geojson")["people"].tolist() == [100]


def test_a_city_without_shelters_says_what_is_missing(city: City) -> None:
    with pytest.raises(ValueError, match="must have flood areas, buildings and shelters"):
        stranded_city(replace(city, shelters=None), read_policy(Settings()), time_min=9.0)


def test_a_city_adds_its_own_table_of_facilities(tiny_home: Path) -> None:
    folder = tiny_home / "cities" / "tiny"
    (folder / "facilities.csv").write_text("shelter_id,parking\ns1,7\n", encoding="utf-8")
    assert read_city(folder).shelters.loc["s1", "parking"] == 7
