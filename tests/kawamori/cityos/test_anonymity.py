"""Attacks on the published counts of people: none tells a count of fewer than ten."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kawamori.cityos.anonymity import K, tens, told_shelter
from kawamori.console.api.bodies import PublicShelter

PEOPLE = st.none() | st.integers(0, 5000)


def shelter(inside: int | None, capacity: int | None) -> PublicShelter:
    said = {"shelter_id": "s", "shelter_name": "x", "address": "y"}
    return PublicShelter(**said, occupied_people=inside, capacity_people=capacity,
                         room_people=None)  # fmt: skip


def told(inside: int | None, capacity: int | None) -> tuple[int | None, int | None]:
    one = told_shelter(shelter(inside, capacity))
    return one.occupied_people, one.room_people


@given(PEOPLE)
def test_no_published_count_is_of_fewer_than_k(people: int | None) -> None:
    shown = tens(people)
    assert shown is None or (shown >= K and people is not None and shown <= people < shown + K)


def test_two_districts_and_two_times_leave_ten_counts_open_for_each() -> None:
    """The attacker knows both districts at both times, and every count but the one attacked."""
    for counts in product((0, 4, 9, 10, 18, 29), repeat=4):
        shown = [tens(one) for one in counts]
        for attacked in range(4):
            others = {n: one for n, one in enumerate(counts) if n != attacked}
            fit = [guess for guess in range(60)
                   if [tens(others.get(n, guess)) for n in range(4)] == shown]  # fmt: skip
            assert len(fit) >= K


def test_what_is_known_of_two_times_does_not_tell_who_came_between() -> None:
    """Exact counts would: 25 and then 31 are six people. Tens tell only 1 to 19 or -9 to 9."""
    for before, after in product(range(40), repeat=2):
        fit = {two - one for one, two in product(range(60), repeat=2)
               if (tens(one), tens(two)) == (tens(before), tens(after))}  # fmt: skip
        assert len(fit) >= K


@pytest.mark.parametrize("capacity", [1, 8, 9, 10, 19, 80, 85, 89])
def test_room_and_people_together_leave_every_small_count_open(capacity: int) -> None:
    """80 places of which 76 are left would tell that four people are inside."""
    for inside in range(K):
        fit = [one for one in range(200) if told(one, capacity) == told(inside, capacity)]
        assert set(fit) == set(range(K))


@given(st.integers(0, 400), st.integers(1, 400))
def test_room_that_is_told_is_there_and_full_is_full(inside: int, capacity: int) -> None:
    _, room = told(inside, capacity)
    assert room is None or room <= max(capacity - inside, 0)
    if room == 0:
        assert inside >= capacity


def test_what_is_unknown_stays_unknown() -> None:
    assert told(None, 80) == (None, None)
    assert told(40, None) == (40, None)
    assert told(75, 80) == (70, 1)  # at most 79 are inside
    assert told(80, 80) == (80, 0)
