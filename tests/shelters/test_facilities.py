"""A city's own table adds what official lists do not tell; empty cells stay unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from shelters.facilities import read_facilities, with_facilities


def table(path: Path, text: str) -> pd.DataFrame:
    file = path / "facilities.csv"
    file.write_text(text, encoding="utf-8-sig")
    return read_facilities(file)


def test_numbers_are_read_and_empty_cells_stay_unknown(
    tmp_path: Path, places: Callable[..., Any]
) -> None:
    told = table(tmp_path, 'shelter_id,parking,floors,water_l\nS0,40,3,"1,200 "\nS1,,,\n')
    town = with_facilities(places(10, 20, 30), told)
    assert town.loc["S0", ["parking", "floors", "water_l"]].tolist() == [40, 3.0, 1200.0]
    assert town.loc[["S1", "S2"], ["parking", "floors", "water_l"]].isna().all(axis=None)


def test_a_told_capacity_replaces_an_assumed_one(
    tmp_path: Path, places: Callable[..., Any]
) -> None:
    town = places(10, 20, capacity_source="assumed")
    town = with_facilities(town, table(tmp_path, "shelter_id,capacity\nS1,99\n"))
    assert town["capacity"].tolist() == [10, 99]
    assert town["capacity_source"].tolist() == ["assumed", "listed"]


def test_a_head_count_opens_a_shelter_and_a_mark_closes_it(
    tmp_path: Path, places: Callable[..., Any]
) -> None:
    told = table(tmp_path, "shelter_id,occupied,closed\nS0,7,\nS1,,1\nS2,,0\n")
    town = with_facilities(places(10, 20, 30), told)
    assert town["status"].tolist() == ["open", "closed", "unknown"]
    assert town["occupied"].tolist() == [7, pd.NA, pd.NA]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,parking\nS0,1\n", "must have shelter_id and some of"),
        ("shelter_id,parkng\nS0,1\n", "must have shelter_id and some of"),
        ("shelter_id,parking,floors\nS0,1.5,x\n", r"got 1.5 \(row 2\); floors .* got x \(row 2\)"),
        ("shelter_id,parking\nS0,1\nS0,2\n", "S0 appears more than once"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table(tmp_path, text)


def test_a_shelter_that_is_not_listed_is_named(tmp_path: Path, places: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"got \['X'\] \(1\)"):
        with_facilities(places(1), table(tmp_path, "shelter_id,parking\nX,1\n"))
