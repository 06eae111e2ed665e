"""Few shelters with staff, the earliest needed first; nobody stays outside to save staff."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from shelters.allocate import allocate
from shelters.opening import OpeningChoice, OpeningRules, choose_openings, opening_schedule
from shelters.routes import straight_minutes
from shelters.speeds import Speeds
from shelters.types import Allocation, Shelters

CRS = "EPSG:6677"
NOON = datetime(2026, 9, 1, 3, tzinfo=UTC)
Places, People = Callable[..., Shelters], Callable[..., pd.DataFrame]


def choose(people: pd.DataFrame, shelters: Shelters, **rules: Any) -> OpeningChoice:
    ways = straight_minutes(people, shelters, crs=CRS, speeds=Speeds(), night=False)
    return choose_openings(people, shelters, ways, rules=OpeningRules(**rules))


def sent(people: pd.DataFrame, shelters: Shelters) -> Allocation:
    ways = straight_minutes(people, shelters, crs=CRS, speeds=Speeds(), night=False)
    return allocate(people, shelters, ways)


def test_a_second_shelter_opens_where_it_saves_enough_walking(
    places: Places, people: People
) -> None:
    # 20 people at each of two shelters one step (37.4 min) apart: the second saves 747 minutes.
    town, here = places(99, 99), people(("a", 0, 20), ("b", 1, 20))
    assert choose(here, town, worth_person_min=700).shelter_ids == ("S0", "S1")
    assert len(choose(here, town, worth_person_min=800).shelter_ids) == 1


def test_nobody_stays_outside_to_save_a_shelter(places: Places, people: People) -> None:
    choice = choose(people(("a", 0, 21)), places(20, 99), worth_person_min=1e5)
    assert choice.shelter_ids == ("S1",)  # one large one instead of two
    choice = choose(people(("a", 0, 21)), places(20, 5), worth_person_min=1e5)
    assert choice.shelter_ids == ("S0", "S1")


def test_staff_bounds_how_many_are_served(places: Places, people: People) -> None:
    # 3 people of staff serve 150 of 500, whatever the room.
    here = people(("a", 0, 500))
    choice = choose(here, places(999), staff=3)
    limited = choice.of(places(999))
    assert limited["capacity"].item() == 150
    plan = opening_schedule(sent(here, limited), limited, need_at={}, rules=OpeningRules(staff=3))
    assert plan["staff"].item() == 3
    assert choose(here, places(999), staff=1).shelter_ids == ()  # two are needed to open a door


def test_what_is_open_stays_open(places: Places, people: People) -> None:
    town = places(99, 99)
    town.loc["S1", ["status", "occupied"]] = ["open", 5]
    assert choose(people(("a", 0, 3)), town, worth_person_min=1e5).shelter_ids == ("S1",)
    assert choose(people(), town).shelter_ids == ("S1",)


def test_nobody_and_no_shelters_open_nothing(places: Places, people: People) -> None:
    assert choose(people(), places(5)).shelter_ids == ()
    assert choose(people(("a", 0, 3)), places()).shelter_ids == ()


def test_the_door_opens_before_the_first_who_walk_there(places: Places, people: People) -> None:
    # District b leaves at noon and lives 0.5 steps (18.7 min) from S1; its people arrive 12:18:41
    # JST, staff is called an hour before. When a leaves is not known, so S0 comes last.
    town, here = places(99, 99), people(("a", 0, 90), ("b", 1.5, 60))
    plan = opening_schedule(
        sent(here, town), town, need_at={"b": NOON, "a": None}, rules=OpeningRules()
    )
    assert plan["shelter_id"].tolist() == ["S1", "S0"]
    door = plan["open_by"].iloc[0]
    assert door == pd.Timestamp(NOON + timedelta(minutes=18))
    assert door - plan["staff_call_by"].iloc[0] == timedelta(minutes=60)
    assert pd.isna(plan["open_by"].iloc[1])
    assert plan["staff"].tolist() == [2, 2]


def test_staff_counts_those_inside_already(places: Places, people: People) -> None:
    # 60 come and 50 are inside: 110 people need 3.
    town = places(200, occupied=50, status="open")
    plan = opening_schedule(
        sent(people(("a", 0, 60)), town), town, need_at={}, rules=OpeningRules()
    )
    assert plan["staff"].tolist() == [3]


def test_an_empty_plan_keeps_its_columns(places: Places, people: People) -> None:
    plan = opening_schedule(sent(people(), places()), places(), need_at={}, rules=OpeningRules())
    assert list(plan) == ["shelter_id", "people", "staff", "staff_call_by", "open_by"]


@pytest.mark.parametrize("wrong", [{"staff": -1}, {"people_per_staff": 0}, {"opening_min": -1}])
def test_rules_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be >= 0 and people_per_staff >= 1"):
        OpeningRules(**wrong)


def test_no_plan_opens_all_and_says_so(
    places: Places, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shelters.opening._Program.solve", lambda _: None)
    choice = choose(people(("a", 0, 3)), places(5, 5))
    assert choice.shelter_ids == ("S0", "S1")
    assert math.isnan(choice.gap)
    assert choice.method == "all (no plan found)"
