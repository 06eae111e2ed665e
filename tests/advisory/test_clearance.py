"""Clearance time worked out by hand from the policy's parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from advisory.clearance import clearance, weighted_quantile
from advisory.policy import Policy


def test_one_kilometre_by_day_takes_two_hours_and_the_elderly_longer(
    policy: Policy, walk: Callable[..., Any]
) -> None:
    # walkers 70 %: (20 + 20 + 30 + 30) * 1.2 = 120; elderly 30 %: (20 + 20 + 60 + 30) * 1.2 = 156
    needed = clearance(walk(), "D0", policy.clearance, dark=False, assisted_fraction=0.0)
    assert needed is not None
    assert (needed.p50_min, needed.p90_min) == pytest.approx((120.0, 156.0))


def test_night_slows_the_word_and_the_walk(policy: Policy, walk: Callable[..., Any]) -> None:
    # (20 + 40 + 30 + 30 / 0.8) * 1.2 = 153
    needed = clearance(walk(), "D0", policy.clearance, dark=True, assisted_fraction=0.0)
    assert needed is not None
    assert needed.p50_min == pytest.approx(153.0)
    assert "夜間" in needed.basis


def test_assisted_people_set_the_slowest_tenth(policy: Policy, walk: Callable[..., Any]) -> None:
    # (20 + 20 + 90 + 30 * 2.0 / 1.3) * 1.2 = 211.4
    needed = clearance(walk(), "D0", policy.clearance, dark=False, assisted_fraction=0.2)
    assert needed is not None
    assert needed.p90_min == pytest.approx(211.38, abs=0.01)


def test_quantiles_are_over_people_not_over_shelters(
    policy: Policy, walk: Callable[..., Any]
) -> None:
    near, far = walk(people=99, minutes=10.0), walk(people=1, minutes=110.0)
    both = replace(near, assigned=pd.concat([near.assigned, far.assigned]))
    young = replace(policy.clearance, elderly_fraction=0.0)
    needed = clearance(both, "D0", young, dark=False, assisted_fraction=0.0)
    # 99 of 100 walk 10 minutes: (20 + 20 + 30 + 10) * 1.2 = 96
    assert needed is not None
    assert (needed.p50_min, needed.p90_min) == pytest.approx((96.0, 96.0))


def test_people_without_a_place_are_said_to_be_left_out(
    policy: Policy, walk: Callable[..., Any]
) -> None:
    unplaced = pd.DataFrame([{"district_id": "D0", "people": 40, "reason": "満員"}])
    needed = clearance(replace(walk(), unplaced=unplaced), "D0", policy.clearance, dark=False)
    assert needed is not None
    assert "行き先未定の40人は含まない" in needed.basis


@pytest.mark.parametrize(("people", "minutes"), [(0, 30.0), (10, float("nan"))])
def test_no_people_or_no_known_way_is_unknown(
    policy: Policy, walk: Callable[..., Any], people: int, minutes: float
) -> None:
    allocation = walk(people=people, minutes=minutes)
    assert clearance(allocation, "D0", policy.clearance, dark=False) is None


def test_without_allocation_or_in_another_district_it_is_unknown(
    policy: Policy, walk: Callable[..., Any]
) -> None:
    assert clearance(None, "D0", policy.clearance, dark=False) is None
    assert clearance(walk(), "D9", policy.clearance, dark=False) is None


def test_weighted_quantile_of_one_and_of_none() -> None:
    assert weighted_quantile([(7.0, 0.1)], 0.9) == 7.0
    with pytest.raises(ValueError, match="at least one"):
        weighted_quantile([], 0.5)


def test_groups_that_were_placed_bring_their_own_minutes(
    policy: Policy, walk: Callable[..., Any]
) -> None:
    rows = [("general", 70, 30.0), ("elderly", 20, 30.0), ("assisted", 10, 60.0)]
    groups = pd.DataFrame(
        {"district_id": "D0", "shelter_id": "S1", "traveller": [who for who, _, _ in rows],
         "people": [people for _, people, _ in rows], "minutes": [m for _, _, m in rows]}
    )  # fmt: skip
    plan = replace(walk(), groups=groups)
    needed = clearance(plan, "D0", policy.clearance, dark=False)
    assert needed is not None
    # (20 + 20 + 30 + 30) x 1.2 = 120 for the general half; the slowest tenth begins with the
    # elderly, who start half an hour later: (20 + 20 + 60 + 30) x 1.2 = 156.
    assert (needed.p50_min, needed.p90_min) == (pytest.approx(120.0), pytest.approx(156.0))
