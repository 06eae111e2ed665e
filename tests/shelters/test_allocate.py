"""Everybody who can be placed has a place, in the fewest minutes; the rest have a reason."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelters.allocate import allocate
from shelters.demand import Limits
from shelters.groups import PEOPLE_COLUMNS
from shelters.records import shelter_frame
from shelters.routes import straight_minutes
from shelters.speeds import Speeds
from shelters.types import Allocation, Shelters

CRS = "EPSG:6677"  # plane zone IX, metres
LAT = 37.0
FAR = 1e6  # minutes: no limit
# One degree of longitude at 37 N is 89.0 km; 0.01 degrees are 890 m.
STEP_LON = 0.01


def places(*rooms: int | None, **given: Any) -> Shelters:
    """Shelters S0, S1 … in a row eastwards, 890 m apart, with these capacities."""
    return shelter_frame(
        {
            "shelter_id": f"S{at}", "name": f"S{at}", "address": "", "area_m2": math.nan,
            "lon": 140.0 + STEP_LON * at, "lat": LAT, "kinds": frozenset({"emergency"}),
            "hazard_ok": frozenset({"flood"}), "capacity": room, "capacity_source": "listed",
            "occupied": None, "status": "unknown", "features": frozenset(), **given,
        }
        for at, room in enumerate(rooms)
    )  # fmt: skip


def people(*blocks: tuple[str, float, int]) -> pd.DataFrame:
    """Blocks as (district, steps east, people)."""
    rows = [
        (d, f"{d}{at}", n, 140.0 + STEP_LON * east, LAT) for at, (d, east, n) in enumerate(blocks)
    ]
    return pd.DataFrame(rows, columns=list(PEOPLE_COLUMNS))


def placed(
    people: pd.DataFrame, shelters: Shelters, *, limit_min: float = 120.0, **given: Any
) -> Allocation:
    """Allocate over straight ways; a car takes as long as its limit allows a walker here."""
    speeds = Speeds(limit_min=limit_min, car_limit_min=limit_min)
    ways = straight_minutes(people, shelters, crs=CRS, speeds=speeds, night=False)
    return allocate(people, shelters, ways, **given)


def assigned(result: Allocation) -> list[tuple[str, str, int]]:
    table = result.assigned[["district_id", "shelter_id", "people"]]
    return [(str(d), str(s), int(n)) for d, s, n in table.itertuples(index=False)]


def test_everyone_goes_to_the_nearest_shelter() -> None:
    result = placed(people(("a", 0.1, 30), ("b", 1.1, 40)), places(100, 100))
    assert assigned(result) == [("a", "S0", 30), ("b", "S1", 40)]
    assert result.unplaced.empty
    assert result.openings == ("S1", "S0")  # most people first


def test_a_full_shelter_sends_people_to_the_next_nearest() -> None:
    result = placed(people(("a", 0.1, 30)), places(10, 5, 100))
    assert assigned(result) == [("a", "S2", 15), ("a", "S0", 10), ("a", "S1", 5)]


def test_those_who_live_nearer_take_the_last_places() -> None:
    result = placed(people(("far", 0.5, 10), ("near", 0.1, 10)), places(12))
    assert assigned(result) == [("far", "S0", 2), ("near", "S0", 10)]
    assert result.unplaced.to_dict("records") == [
        {"district_id": "far", "people": 8, "reason": "時間内に行ける避難所が満員 (no_room)"}
    ]


def test_walking_time_is_detour_over_speed() -> None:
    # One step is 890 m straight, 1246 m on roads; at 2 km/h 37.4 min.
    result = placed(people(("a", 1.0, 1)), places(5))
    assert result.assigned["minutes"].item() == pytest.approx(37.4, abs=0.1)
    assert result.assigned["mode"].item() == "walk"


def test_a_walk_beyond_the_limit_is_not_assigned() -> None:
    result = placed(people(("a", 1.0, 7)), places(50), limit_min=30)
    assert assigned(result) == []
    assert result.unplaced["reason"].item().endswith("(cut_off)")


def test_unknown_capacity_is_never_filled_and_is_said() -> None:
    result = placed(people(("a", 0, 7)), places(None, 3))
    assert assigned(result) == [("a", "S1", 3)]
    assert result.rejected.to_dict("records") == [
        {
            "shelter_id": "S0",
            "reason": "収容人数が不明のため人を割り当てない (capacity_unknown)",
        }
    ]
    assert result.unplaced["people"].sum() == 4


def test_people_already_inside_take_room() -> None:
    inside = places(10, 10, status="open", occupied=8)
    assert assigned(placed(people(("a", 0, 3)), inside)) == [
        ("a", "S0", 2),
        ("a", "S1", 1),
    ]


def test_an_open_shelter_without_a_head_count_gets_nobody() -> None:
    result = placed(people(("a", 0, 3)), places(10, status="open"))
    assert assigned(result) == []
    assert "occupied_unknown" in result.rejected["reason"].item()
    assert result.unplaced["reason"].item() == "使える避難所がない (no_usable_shelter)"


def test_what_was_rejected_before_is_passed_on() -> None:
    before = pd.DataFrame(
        [("X", "閉鎖中で開設できない (closed)")], columns=["shelter_id", "reason"]
    )
    result = placed(people(("a", 0, 1)), places(None), rejected=before)
    assert list(result.rejected["shelter_id"]) == ["X", "S0"]


def test_a_block_without_position_is_unplaced_with_that_reason() -> None:
    lost = people(("a", 0, 4)).assign(lon=math.nan)
    assert placed(lost, places(9)).unplaced["reason"].item() == ("居住位置が不明 (no_position)")


def test_nobody_and_no_shelters_give_empty_tables() -> None:
    result = placed(people(), places())
    assert result.assigned.empty
    assert result.unplaced.empty
    assert result.openings == ()
    assert assigned(placed(people(("a", 0, 0)), places(5))) == []


def test_bad_head_counts_are_all_named() -> None:
    bad = people(("a", 0, 1), ("b", 0, 1), ("c", 0, 1)).assign(people=[-1, 2.5, math.nan])
    with pytest.raises(ValueError, match=r"-1.0 \(district a, block a0\), 2.5 .* nan \(district c"):
        placed(bad, places(5))


@pytest.mark.parametrize("wrong", [{"people_per_car": 0}, {"together_share": 1.1}])
def test_limits_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="need people_per_car >= 1"):
        Limits(**wrong)


@settings(max_examples=20, deadline=None)
@given(
    blocks=st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(-3, 8), st.integers(0, 300)), max_size=12
    ),
    rooms=st.lists(st.one_of(st.none(), st.integers(0, 200)), max_size=6),
    limit_min=st.sampled_from([0.1, 40.0, FAR]),
)
def test_nobody_is_lost_and_no_shelter_overfilled(
    blocks: list[tuple[str, float, int]], rooms: list[int | None], limit_min: float
) -> None:
    result = placed(people(*blocks), places(*rooms), limit_min=limit_min)
    supply = pd.DataFrame(blocks, columns=["d", "east", "n"]).groupby("d")["n"].sum()
    sent = result.assigned.groupby("district_id")["people"].sum()
    left = result.unplaced.groupby("district_id")["people"].sum()
    for district, count in supply.items():
        assert sent.get(district, 0) + left.get(district, 0) == count
    for shelter_id, count in result.assigned.groupby("shelter_id")["people"].sum().items():
        assert count <= (rooms[int(str(shelter_id)[1:])] or 0)
    assert (result.assigned["people"] > 0).all()
    assert (result.assigned["minutes"] <= limit_min).all()
    assert set(result.openings) == set(result.assigned["shelter_id"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 120), min_size=1, max_size=5), st.integers(0, 600))
def test_nobody_is_unplaced_while_a_shelter_in_reach_has_room(rooms: list[int], count: int) -> None:
    result = placed(people(("a", 0.3, count)), places(*rooms), limit_min=FAR)
    assert result.unplaced["people"].sum() == max(count - sum(rooms), 0)


def test_far_people_make_room_for_near_ones_when_that_saves_minutes() -> None:
    # At 0.4 steps S0 is nearer than S1 (0.4 against 0.6), at 0 steps much nearer (0 against 1).
    # Both want the one place of S0: 0 + 0.6 steps are fewer than 0.4 + 1.
    result = placed(people(("a", 0.4, 1), ("b", 0.0, 1)), places(1, 1))
    assert assigned(result) == [("a", "S1", 1), ("b", "S0", 1)]
    assert result.optimal
    assert result.minutes_total == pytest.approx(0.6 * 37.4, abs=0.1)


def test_a_block_is_kept_together_where_that_costs_little() -> None:
    # 40 people in two cells of one block, 0.49 and 0.51 steps east: nearest are S0 and S1. All at
    # S0 costs 20 x 0.02 steps more than 40 x 0.49: 2 %.
    cells = people(("a", 0.49, 20), ("a", 0.51, 20)).assign(block="a1")
    assert assigned(placed(cells, places(99, 99))) == [("a", "S0", 40)]
    apart = placed(cells, places(99, 99), limits=Limits(together_share=0.0))
    assert assigned(apart) == [("a", "S0", 20), ("a", "S1", 20)]
    assert apart.minutes_total == placed(cells, places(99, 99)).minutes_least


def test_a_block_stays_apart_where_joining_costs_more() -> None:
    cells = people(("a", 0.0, 20), ("a", 1.0, 20)).assign(block="a1")
    assert len(assigned(placed(cells, places(99, 99)))) == 2


def test_a_risky_way_counts_longer() -> None:
    # 0.4 steps at risk 1 count as 0.8 and lose against 0.6 steps without risk.
    result = placed(people(("a", 0.4, 1)), places(1, 1), risk=np.array([[1.0, 0.0]]))
    assert assigned(result) == [("a", "S1", 1)]
    with pytest.raises(ValueError, match=r"risk must be numbers >= 0 of shape \(1, 2\)"):
        placed(people(("a", 0.4, 1)), places(1, 1), risk=np.array([[-1.0, 0.0]]))


def parts(**counts: int) -> pd.DataFrame:
    return people(("a", 0.2, sum(counts.values()))).assign(
        **{name: count for name, count in counts.items() if name != "general"}
    )


def test_all_kinds_of_travellers_share_one_room() -> None:
    result = placed(parts(general=5, elderly=3, assisted=2, cars=0), places(8))
    assert result.groups["people"].sum() == 10
    assert result.assigned["people"].sum() == 8
    # Assisted walk 1.3 km/h, the others 2.0: the two slowest ways are the dearest.
    left = result.groups[result.groups["shelter_id"].isna()]
    assert left[["traveller", "people"]].to_numpy().tolist() == [["assisted", 2]]


def test_minutes_of_a_district_are_those_of_a_general_walker() -> None:
    # 0.2 steps are 178 m straight, 249 m on roads: 7.5 min at 2.0 km/h, 11.5 at 1.3 km/h.
    result = placed(parts(assisted=1), places(9))
    assert result.assigned["minutes"].item() == pytest.approx(7.5, abs=0.05)
    assert result.groups["minutes"].item() == pytest.approx(11.5, abs=0.05)


def test_people_by_car_need_a_parking_lot_and_room() -> None:
    # Two people a car: 3 lots hold 6 people.
    lots = places(99).assign(parking=pd.array([3], dtype="Int64"))
    result = placed(parts(general=4, cars=8), lots)
    by_mode = result.assigned.set_index("mode")["people"].to_dict()
    assert by_mode == {"car": 6, "walk": 4}
    assert result.unplaced["reason"].item() == "時間内に行ける避難所が満員 (no_room)"


def test_unknown_parking_takes_no_car_and_is_said() -> None:
    for lots, reason in ((pd.NA, "(parking_unknown)"), (0, "(no_parking)")):
        table = places(99).assign(parking=pd.array([lots], dtype="Int64"))
        assert placed(parts(cars=8), table).unplaced["reason"].item().endswith(reason)
    assert placed(parts(cars=8), places(99)).unplaced["people"].sum() == 8


def test_more_parts_than_people_are_named() -> None:
    too_many = parts(elderly=3).assign(people=2)
    with pytest.raises(ValueError, match=r"more than 2 \(district a, block a0\)"):
        placed(too_many, places(9))


def test_shelters_that_are_all_full_are_not_called_missing() -> None:
    result = placed(people(("a", 0, 3)), places(0, 0))
    assert result.unplaced["reason"].item() == "使える避難所がすべて満員 (all_full)"
    assert result.optimal  # nobody can be placed: proven too


def test_an_island_gets_nobody_and_is_named() -> None:
    town = places(50, 50)
    ways = straight_minutes(people(("a", 0, 3)), town, crs=CRS, speeds=Speeds(), night=False)
    ways.loc[{"shelter_id": "S1"}] = math.inf
    ways.coords["shelter_note"].loc[{"shelter_id": "S1"}] = "separate_piece"
    result = allocate(people(("a", 0, 3)), town, ways)
    assert assigned(result) == [("a", "S0", 3)]
    assert [note for note in result.notes if note.endswith("(separate_piece)")] != []


def test_people_cut_off_by_a_gap_in_the_roads_have_that_reason() -> None:
    ways = straight_minutes(people(("a", 0, 3)), places(9), crs=CRS, speeds=Speeds(), night=False)
    ways[:] = math.inf
    ways.coords["origin_note"][:] = "separate_piece"
    result = allocate(people(("a", 0, 3)), places(9), ways)
    assert result.unplaced["reason"].item().endswith("(separate_piece)")


def test_when_the_solver_fails_the_nearest_are_served_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shelters.flow._solve_seen", lambda *_: (None, "INFEASIBLE"))
    result = placed(people(("a", 0.1, 30), ("b", 1.1, 40)), places(20, 100))
    assert result.assigned["people"].sum() == 70
    assert not result.optimal
    assert any(note.endswith("(solver_failed: INFEASIBLE)") for note in result.notes)


def test_ways_that_are_missing_are_named() -> None:
    ways = straight_minutes(people(("a", 0, 3)), places(9), crs=CRS, speeds=Speeds(), night=False)
    with pytest.raises(ValueError, match=r"missing shelters \['S1'\] \(1\)"):
        allocate(people(("a", 0, 3)), places(9, 9), ways)


@settings(max_examples=12, deadline=None)
@given(
    cells=st.lists(st.tuples(st.floats(0, 5), *[st.integers(0, 40)] * 4), min_size=1, max_size=8),
    rooms=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 20)), min_size=1, max_size=5),
)
def test_no_kind_of_traveller_overfills_room_or_parking(
    cells: list[tuple[float, int, int, int, int]], rooms: list[tuple[int, int]]
) -> None:
    table = people(*[("a", east, sum(counts)) for east, *counts in cells])
    for at, name in enumerate(("elderly", "assisted", "cars"), start=2):
        table[name] = [cell[at] for cell in cells]
    town = places(*[room for room, _ in rooms])
    town["parking"] = pd.array([lots for _, lots in rooms], dtype="Int64")
    result = placed(table, town)
    sent = result.groups[result.groups["shelter_id"].notna()]
    by_car = sent[sent["traveller"] == "car"].groupby("shelter_id")["people"].sum()
    for at, (room, lots) in enumerate(rooms):
        assert sent.loc[sent["shelter_id"] == f"S{at}", "people"].sum() <= room
        assert by_car.get(f"S{at}", 0) <= 2 * lots
    assert result.groups["people"].sum() == table["people"].sum()
    assert result.optimal


def test_the_same_input_gives_the_same_answer() -> None:
    draw = np.random.default_rng(7)
    table = people(*[("a", float(draw.uniform(0, 5)), 40) for _ in range(60)])
    first, second = (placed(table, places(*[300] * 6)) for _ in range(2))
    pd.testing.assert_frame_equal(first.groups, second.groups)
