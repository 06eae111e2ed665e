"""Elderly and assisted people and cars among those who leave, from what a city knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kawamori.city import City, read_city
from kawamori.parts import Shares, _whole, assumed_parts, with_parts
from kawamori.policies import read_policy
from kawamori.settings import Settings
from kawamori.shelter_rules import open_shelters

SHARES = Shares(elderly=0.3, assisted=0.05, by_car=0.5)


@pytest.fixture
def city(tiny_home: Path) -> City:
    return read_city(tiny_home / "cities" / "tiny")


def people(*counts: int) -> pd.DataFrame:
    """Give people of the lower district's block."""
    return pd.DataFrame({"district_id": "low", "block": "川下一丁目", "people": list(counts)})


def parts(city: City, *counts: int, shares: Shares = SHARES) -> dict[str, Any]:
    table = with_parts(people(*counts), city, shares)
    return {name: table[name].tolist() for name in ("assisted", "elderly", "cars")}


def test_a_city_that_knows_nothing_takes_the_shares_and_says_so(city: City) -> None:
    # 5 of 100 assisted; 30 % of the other 95 = 28.5 elderly; no parking is known: no cars.
    assert parts(city, 100) == {"assisted": [5], "elderly": [28], "cars": [0]}
    said = assumed_parts(city, SHARES)
    assert said == "避難する人の内訳は仮定: 高齢者 30%、支援の必要な人 5% (assumed_parts)"


def test_counts_of_the_block_stand_over_the_shares(city: City) -> None:
    homes = city.buildings.assign(assisted=[20.0, float("nan")], elderly=[50.0, 5.0])
    known = replace(city, buildings=homes)
    # The block has 100 people: 20 % assisted, 50 % of the others elderly; 10 of them leave.
    assert parts(known, 10) == {"assisted": [2], "elderly": [4], "cars": [0]}
    assert assumed_parts(known, SHARES) == ""


def test_the_districts_count_stands_where_the_block_has_none(city: City) -> None:
    told = city.districts.assign(assisted=pd.array([10, pd.NA], dtype="Int64"))
    assert parts(replace(city, districts=told), 50)["assisted"] == [5]  # 10 of 100


def test_cars_are_counted_only_where_parking_is_known(city: City) -> None:
    parked = replace(city, shelters=city.shelters.assign(parking=[10.0, float("nan")]))
    # 100 - 5 - 28 = 67 others, half of them 33.5.
    assert parts(parked, 100)["cars"] == [34]
    assert "車で避難する人 50%" in assumed_parts(parked, SHARES)


def test_shares_come_from_the_policy_and_cars_from_the_citys_file(tiny_home: Path) -> None:
    folder = tiny_home / "cities" / "tiny"
    times = read_policy(Settings()).clearance
    assert open_shelters(read_city(folder), times).shares == Shares(0.3, 0.05, 0.0)
    (folder / "sheltering.toml").write_text("[car_share]\nvalue = 1.5\n", encoding="utf-8")
    with pytest.raises(ValueError, match="shares must be 0 to 1"):
        open_shelters(read_city(folder), times)


@given(st.lists(st.integers(0, 9), max_size=30), st.floats(0, 1))
def test_parts_are_whole_and_never_more_than_the_people(counts: list[int], share: float) -> None:
    heads = pd.Series(counts, dtype="int64").to_numpy()
    whole = _whole(heads * share, heads)
    assert (whole >= 0).all()
    assert (whole <= heads).all()
    assert abs(whole.sum() - (heads * share).sum()) <= 0.5 + 1e-6
