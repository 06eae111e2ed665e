"""When something changes, as few people as possible go elsewhere, and each is told why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelters.allocate import allocate
from shelters.replan import Replan, replan
from shelters.routes import straight_minutes
from shelters.speeds import Speeds
from shelters.types import Allocation, Shelters

Places, People = Callable[..., Shelters], Callable[..., pd.DataFrame]


def ways(people: pd.DataFrame, shelters: Shelters) -> Any:
    return straight_minutes(people, shelters, crs="EPSG:6677", speeds=Speeds(), night=False)


def planned(people: pd.DataFrame, shelters: Shelters) -> Allocation:
    return allocate(people, shelters, ways(people, shelters))


def changed(before: Allocation, people: pd.DataFrame, shelters: Shelters, **given: Any) -> Replan:
    minutes = given.pop("minutes", None)
    return replan(
        before, people, shelters, ways(people, shelters) if minutes is None else minutes, **given
    )


def moves(result: Replan) -> list[tuple[Any, ...]]:
    columns = ["block", "from_id", "to_id", "people"]
    return list(result.moves[columns].itertuples(index=False, name=None))


def test_nothing_changed_moves_nobody(places: Places, people: People) -> None:
    here, town = people(("a", 0.1, 30), ("b", 0.4, 20)), places(40, 99)
    before = planned(here, town)
    result = changed(before, here, town)
    assert result.moves.empty
    assert result.kept == 50
    pd.testing.assert_frame_equal(result.allocation.assigned, before.assigned)


def test_a_flooded_shelter_moves_its_people_only(places: Places, people: People) -> None:
    here, town = people(("a", 0.1, 30), ("b", 1.1, 20)), places(40, 99, 99)
    rejected = pd.DataFrame({"shelter_id": ["S1"], "reason": ["浸水想定区域内 (in_flood_depth)"]})
    dry = Shelters(town.drop(index="S1"))
    result = changed(planned(here, town), here, dry, rejected=rejected)
    # b's nearest is S2 (0.9 steps); 10 of them would fit into S0, 1.1 steps away.
    assert moves(result) == [("b1", "S1", "S2", 20)]
    assert result.moves["reason"].item() == (
        "避難所が使えなくなった: 浸水想定区域内 (in_flood_depth) (rejected)"
    )
    assert result.kept == 30


def test_a_nearer_shelter_that_opens_later_moves_nobody(places: Places, people: People) -> None:
    here = people(("a", 0.9, 30))
    before = planned(here, places(99))
    result = changed(before, here, places(99, 99))
    assert result.moves.empty


def test_more_people_are_added_and_nobody_moves(places: Places, people: People) -> None:
    town = places(40, 99)
    before = planned(people(("a", 0.1, 30)), town)
    result = changed(before, people(("a", 0.1, 50)), town)
    assert result.moves.empty
    assert (result.kept, result.added) == (30, 20)
    sent = result.allocation.assigned.set_index("shelter_id")["people"].to_dict()
    assert sent == {"S0": 40, "S1": 10}


def test_fewer_people_go_home_and_do_not_move(places: Places, people: People) -> None:
    town = places(20, 99)
    before = planned(people(("a", 0.1, 30)), town)  # 20 at S0, 10 at S1
    result = changed(before, people(("a", 0.1, 5)), town)
    assert result.moves.empty
    assert result.kept == 5


def test_a_closed_road_moves_those_who_used_it(places: Places, people: People) -> None:
    here, town = people(("a", 0.1, 30), ("b", 0.1, 20)), places(99, 99)
    minutes = ways(here, town)
    minutes.loc[{"origin": 0, "shelter_id": "S0"}] = math.inf
    result = changed(planned(here, town), here, town, minutes=minutes)
    assert moves(result) == [("a0", "S0", "S1", 30)]
    assert result.moves["reason"].item() == "道が通れず時間内に着けない (no_way)"


def test_people_with_one_choice_come_before_those_with_two(places: Places, people: People) -> None:
    # a had the ten places of S0; c can walk to S0 only, so ten of a go on to S1.
    town = places(10, 99)
    before = planned(people(("a", 0.1, 10)), town)
    here = people(("a", 0.1, 10), ("c", -2.5, 10))
    result = changed(before, here, town)
    assert moves(result) == [("a0", "S0", "S1", 10)]
    assert result.moves["reason"].item().endswith("(others_first)")
    assert result.allocation.unplaced.empty


def test_fewer_places_move_only_those_too_many(places: Places, people: People) -> None:
    here = people(("a", 0.1, 30))
    result = changed(planned(here, places(40, 99)), here, places(25, 99))
    assert moves(result) == [("a0", "S0", "S1", 5)]
    assert result.moves["reason"].item() == "避難所の空きが減った (less_room)"


def test_people_who_lose_their_place_are_named_with_both_reasons(
    places: Places, people: People
) -> None:
    here = people(("a", 0.1, 30))
    result = changed(planned(here, places(40)), here, places(25))
    assert moves(result) == [("a0", "S0", None, 5)]
    assert result.moves["reason"].item() == (
        "避難所の空きが減った (less_room)、時間内に行ける避難所が満員 (no_room)"
    )


def test_a_block_that_is_not_in_the_old_plan_is_added(places: Places, people: People) -> None:
    before = planned(people(), places(9))
    result = changed(before, people(("a", 0, 4)), places(9))
    assert (result.kept, result.added, len(result.moves)) == (0, 4, 0)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    old=st.lists(st.integers(0, 60), min_size=2, max_size=5),
    new=st.lists(st.integers(0, 60), min_size=2, max_size=5),
    rooms=st.lists(st.integers(0, 80), min_size=1, max_size=4),
    later=st.lists(st.integers(0, 80), min_size=1, max_size=4),
)
def test_people_are_kept_moved_added_or_left_and_never_lost(
    places: Places, people: People, old: Any, new: Any, rooms: Any, later: Any
) -> None:
    def blocks(counts: list[int]) -> pd.DataFrame:
        return people(*[("a", 0.7 * at, count) for at, count in enumerate(counts)])

    before = planned(blocks(old), places(*rooms))
    result = changed(before, blocks(new), places(*later))
    after = result.allocation
    assert after.optimal
    elsewhere = result.moves.loc[result.moves["to_id"].notna(), "people"].sum()
    assert result.kept + elsewhere + result.added == after.assigned["people"].sum()
    assert after.assigned["people"].sum() + after.unplaced["people"].sum() == sum(new)
    fresh = planned(blocks(new), places(*later))
    assert after.unplaced["people"].sum() == fresh.unplaced["people"].sum()
    for shelter_id, count in after.assigned.groupby("shelter_id")["people"].sum().items():
        assert count <= later[int(str(shelter_id)[1:])]
