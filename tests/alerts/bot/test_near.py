from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.bot.near import FAR_M, Near, distance_m, nearest, route
from alerts.bot.types import Refuge

OPEN = Refuge("a", "甲", 140.85, 37.01, "open", True, 5)


def test_a_hundredth_of_a_degree_north_is_1112_m():
    """6,371,008.8 m x 0.01 x pi / 180 = 1111.95 m."""
    assert distance_m(140.85, 37.0, 140.85, 37.01) == pytest.approx(1111.95, abs=0.01)


def test_a_degree_east_shrinks_with_the_cosine_of_the_latitude():
    """At 60 degrees north a degree of longitude is half of that at the equator."""
    wide, narrow = distance_m(140, 0, 140.01, 0), distance_m(140, 60, 140.01, 60)
    assert narrow == pytest.approx(wide / 2, rel=1e-6)


def test_the_walk_takes_the_detour_at_the_speed_of_the_policy():
    """1000 m x 1.3 = 1300 m at 2 km/h = 33.3 m/min: 39 min. No walk takes less than one."""
    assert Near(OPEN, 1000.0).minutes(2000 / 60) == 39
    assert Near(OPEN, 0.0).minutes(2000 / 60) == 1


def test_open_ones_come_before_nearer_ones_of_unknown_state():
    unknown = replace(OPEN, shelter_id="b", lat=37.001, status="unknown")
    found, known_open = nearest([unknown, OPEN], 140.85, 37.0)
    assert [near.refuge.shelter_id for near in found] == ["a"]
    assert known_open


def test_without_an_open_one_those_of_unknown_state_are_told_as_such():
    unknown = replace(OPEN, status="unknown")
    found, known_open = nearest([unknown], 140.85, 37.0)
    assert len(found) == 1
    assert not known_open


@pytest.mark.parametrize(
    "changes", [{"status": "closed"}, {"safe": False}, {"safe": None}, {"room": 0}, {"lat": 38.0}]
)
def test_closed_unsafe_unjudged_full_and_far_ones_are_never_named(changes):
    assert nearest([replace(OPEN, **changes)], 140.85, 37.0) == ([], False)


def test_no_shelters_give_none():
    assert nearest([], 140.85, 37.0) == ([], False)


REFUGES = st.lists(
    st.builds(
        Refuge,
        st.uuids().map(str),
        st.just("甲"),
        st.floats(140.7, 141.0),
        st.floats(36.9, 37.2),
        st.sampled_from(["open", "closed", "unknown"]),
        st.sampled_from([True, False, None]),
        st.one_of(st.none(), st.integers(0, 50)),
    ),
    max_size=20,
)


@given(refuges=REFUGES, lon=st.floats(140.7, 141.0), lat=st.floats(36.9, 37.2))
def test_only_safe_places_with_room_are_named_and_the_nearest_comes_first(refuges, lon, lat):
    found, known_open = nearest(refuges, lon, lat)
    distances = [near.distance_m for near in found]
    assert distances == sorted(distances)
    for near in found:
        assert near.refuge.safe
        assert near.refuge.room != 0
        assert near.distance_m <= FAR_M
        assert near.refuge.status == ("open" if known_open else "unknown")


def test_a_route_names_latitude_before_longitude_as_maps_do():
    assert "destination=37.01000,140.85000" in route(OPEN, None)
    assert "origin=37.00000,140.85000" in route(OPEN, (140.85, 37.0))
