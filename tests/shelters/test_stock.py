"""What people need is counted; what nobody knows stays unknown."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from shelters.allocate import allocate
from shelters.routes import straight_minutes
from shelters.speeds import Speeds
from shelters.stock import (
    STOCK,
    StockRules,
    district_shortfall,
    shortfall_lines,
    stock_balance,
)
from shelters.types import Allocation, Shelters

Places, People = Callable[..., Shelters], Callable[..., pd.DataFrame]


def sent(people: pd.DataFrame, shelters: Shelters) -> Allocation:
    ways = straight_minutes(people, shelters, crs="EPSG:6677", speeds=Speeds(), night=False)
    return allocate(people, shelters, ways)


def by_item(balance: pd.DataFrame, column: str) -> dict[str, Any]:
    return dict(zip(balance["item"], balance[column], strict=True))


def test_a_hundred_people_need_300_litres_and_two_toilets(places: Places, people: People) -> None:
    balance = stock_balance(sent(people(("a", 0, 101)), places(200)), places(200))
    assert by_item(balance, "need") == {
        "water_l": 303, "meals": 303, "blankets": 101, "toilets": 3,  # one per 50 begun
        "cool_places": 35,  # 34 % of 101 are 34.3
    }  # fmt: skip


def test_shortfall_is_need_above_stock_and_never_below_zero(places: Places, people: People) -> None:
    town = places(200).assign(water_l=100.0, blankets=500.0, toilets=math.nan)
    balance = stock_balance(sent(people(("a", 0, 100)), town), town)
    short = by_item(balance, "shortfall")
    assert (short["water_l"], short["blankets"]) == (200, 0)
    assert math.isnan(short["toilets"])  # unknown, not zero
    assert math.isnan(short["meals"])  # no such column


def test_those_inside_already_eat_too(places: Places, people: People) -> None:
    town = places(200, occupied=50, status="open")
    balance = stock_balance(sent(people(("a", 0, 50)), town), town)
    assert by_item(balance, "people")["meals"] == 100
    assert by_item(balance, "need")["toilets"] == 2


def test_told_elderly_count_when_they_are_more_than_the_share(
    places: Places, people: People
) -> None:
    here = people(("a", 0, 100)).assign(elderly=80)
    balance = stock_balance(sent(here, places(200)), places(200))
    assert by_item(balance, "need")["cool_places"] == 80


def test_a_district_bears_its_share_of_the_shortfall(places: Places, people: People) -> None:
    # S0 lacks 300 - 100 = 200 l for 75 people of a and 25 of b: 150 and 50.
    town = places(200).assign(water_l=100.0)
    result = sent(people(("a", 0, 75), ("b", 0, 25)), town)
    table = district_shortfall(result, stock_balance(result, town))
    water = table[table["item"] == "water_l"].set_index("district_id")
    assert water["shortfall"].to_dict() == {"a": 150, "b": 50}
    meals = table[table["item"] == "meals"].set_index("district_id")
    assert meals["unknown_people"].to_dict() == {"a": 75, "b": 25}
    lines = shortfall_lines(table, {"a": "上町"})
    assert lines[0].startswith("上町: 不足 飲料水 (L) 150 / 不明 食料 (食)")


def test_unknown_stock_is_said_once(places: Places, people: People) -> None:
    result = sent(people(("a", 0, 5)), places(9))
    table = district_shortfall(result, stock_balance(result, places(9)))
    assert shortfall_lines(table, {}) == ["a: 備蓄は不明"]
    assert list(table["item"]) == list(STOCK)


def test_nobody_needs_nothing(places: Places, people: People) -> None:
    result = sent(people(), places())
    balance = stock_balance(result, places())
    assert balance.empty
    assert district_shortfall(result, balance).empty


def test_rules_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="people_per_toilet > 0"):
        StockRules(people_per_toilet=0)
