"""Who cannot reach a usable shelter in time, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from shelters.routes import straight_minutes
from shelters.speeds import Speeds
from shelters.stranded import STRANDED_COLUMNS, stranded
from shelters.types import Shelters

Places, People = Callable[..., Shelters], Callable[..., pd.DataFrame]


def layer(people: pd.DataFrame, shelters: Shelters, time_min: Any) -> Any:
    ways = straight_minutes(people, shelters, crs="EPSG:6677", speeds=Speeds(), night=False)
    return stranded(people, shelters, ways, scenario="maximum", time_min=time_min)


def test_a_way_longer_than_the_time_left_strands(places: Places, people: People) -> None:
    # One step takes 37.4 min: b has 30 minutes, a has 40.
    here = people(("a", 1.0, 7), ("b", 1.0, 9))
    found = layer(here, places(5), {"a": 40.0, "b": 30.0})
    assert found[["district_id", "people", "scenario"]].to_numpy().tolist() == [["b", 9, "maximum"]]
    assert found["reason"].item() == "使える避難所まで37分かかり、30分では着かない (too_late)"
    assert found.geometry.iloc[0].x == here["lon"].iloc[1]


def test_a_full_shelter_within_reach_strands_nobody(places: Places, people: People) -> None:
    assert layer(people(("a", 0, 7)), places(0), 30.0).empty


def test_nobody_usable_and_no_way_are_told_apart(places: Places, people: People) -> None:
    assert (
        layer(people(("a", 0, 7)), places(), 30.0)["reason"].item().endswith("(no_usable_shelter)")
    )
    far = layer(people(("a", 9, 7)), places(5), {})
    assert far["reason"].item().endswith("(cut_off)")
    assert math.isinf(far["minutes"].item())


def test_an_unknown_position_is_stranded_and_said(places: Places, people: People) -> None:
    lost = layer(people(("a", 0, 7)).assign(lon=math.nan), places(5), 30.0)
    assert lost["reason"].item() == "居住位置が不明 (no_position)"
    assert lost.geometry.iloc[0].is_empty


def test_slow_walkers_are_stranded_where_others_are_not(places: Places, people: People) -> None:
    # 0.8 steps: 29.9 min at 2.0 km/h, 46 at 1.3 km/h.
    here = people(("a", 0.8, 10)).assign(assisted=4)
    found = layer(here, places(5), 35.0)
    assert found[["traveller", "people"]].to_numpy().tolist() == [["assisted", 4]]


def test_no_people_give_an_empty_layer(places: Places, people: People) -> None:
    assert list(layer(people(), places(5), 30.0)) == list(STRANDED_COLUMNS)
