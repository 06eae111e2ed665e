"""Two editions of a list differ in what a human must look at, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from shelters.editions import change_lines, edition_changes
from shelters.read import read_shelters
from shelters.types import Shelters

Places = Callable[..., Shelters]
EMERGENCY = "jp-shelter-api_emergency_072044.json"
PREFECTURE = "hinan-saki_07_fukushima_2026-07.json"


def changes(old: Any, new: Any) -> list[tuple[Any, ...]]:
    table = edition_changes(old, new)
    return list(table[["change", "shelter_id", "old", "new"]].itertuples(index=False, name=None))


def test_the_same_edition_has_no_differences(places: Places) -> None:
    assert changes(places(1, 2), places(1, 2)) == []
    assert change_lines(edition_changes(places(1), places(1))) == ["違いはありません"]


def test_opened_and_closed_places_are_named(places: Places) -> None:
    town = places(1, 2, 3)
    assert changes(town.drop(index="S2"), town.drop(index="S0")) == [
        ("opened", "S2", "", ""),
        ("closed", "S0", "", ""),
    ]


def test_a_lost_flag_a_new_name_and_a_moved_point_are_told(places: Places) -> None:
    old, new = places(5), places(5)
    new.at["S0", "name"] = "新館"
    new.at["S0", "hazard_ok"] = frozenset({"earthquake"})
    new["geometry"] = new.translate(yoff=0.001)  # 0.001 degrees are 111 m
    assert changes(old, new) == [
        ("renamed", "S0", "S0", "新館"),
        ("moved", "S0", "140.00000, 37.00000", "140.00000, 37.00100 (111m)"),
        ("flag", "S0", "洪水", "地震"),
    ]


def test_a_correction_of_the_point_is_no_move(places: Places) -> None:
    new = places(5)
    new["geometry"] = new.translate(yoff=0.0004)  # 44 m
    assert changes(places(5), new) == []


def test_an_assumed_capacity_is_no_change_of_the_list(places: Places) -> None:
    assert changes(places(5), places(9)) == [("capacity", "S0", "5人", "9人")]
    assumed = {"capacity_source": "assumed"}
    assert changes(places(5, **assumed), places(9, **assumed)) == []


def test_the_same_place_under_a_new_id_is_found_by_name_and_distance(places: Places) -> None:
    renumbered = places(5).rename(index={"S0": "N7"})
    assert changes(places(5), renumbered) == [("new_id", "N7", "S0", "N7")]


def test_a_kind_that_one_edition_lacks_is_not_compared(places: Places) -> None:
    both = pd.concat([places(5), places(5, kinds=frozenset({"evacuation"})).rename({"S0": "S9"})])
    assert changes(places(5), both) == []


def test_empty_editions_are_compared(places: Places) -> None:
    assert changes(places(), places()) == []


@pytest.mark.real_data
def test_iwaki_closed_five_places_between_2025_10_and_2026_07(real_data: Path) -> None:
    folder = real_data / "iwaki" / "shelters"
    evacuation = folder / EMERGENCY.replace("emergency", "evacuation")
    old = read_shelters([folder / EMERGENCY, evacuation])
    table = edition_changes(old, read_shelters(folder / PREFECTURE, city="いわき市"))
    counts = table["change"].value_counts().to_dict()
    # Ids that only one of the raw lists holds, less those of places that another id still holds.
    assert (counts["opened"], counts["closed"]) == (3, 5)
    assert "県立四倉高等学校校庭" in set(table.loc[table["change"] == "closed", "name"])
