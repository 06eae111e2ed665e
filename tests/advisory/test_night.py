"""The night rule on official foresight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from advisory.night import foreseen, judge_night, night_level
from advisory.policy import Policy
from advisory.rules import Sky, sky_at
from advisory.types import Advice, Bin, Level, Warnings

JST = timezone(timedelta(hours=9))
IWAKI = (140.9, 37.05)  # sunset 17:55 on 2023-09-08
SIX = datetime(2023, 9, 8, 18, tzinfo=JST)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2023, 9, 8, hour, minute, tzinfo=JST)


def told(
    level: Level, start: datetime = SIX, hazard: str = "大雨浸水", issued: datetime | None = None
) -> Warnings:
    one = Bin(
        "0720400", "いわき市", hazard, start, start + timedelta(hours=3), level,
        telegram_id="B1", issued_at=issued or at(15),
    )  # fmt: skip
    return Warnings(received_at=at(16), bins=(one,))


@pytest.fixture
def evening(policy: Policy) -> Sky:
    return sky_at(at(16), IWAKI, policy)


PEOPLE = {"大雨": 120, "土砂災害": 0}


@pytest.mark.parametrize(
    ("level", "fired"),
    [
        (Level.CAUTION, []),
        (Level.ELDERLY, ["L3-night-rain"]),
        (Level.EVACUATE, ["L4-night-rain", "L3-night-rain"]),
        (Level.EMERGENCY, ["L4-night-rain", "L3-night-rain"]),
    ],
)
def test_the_level_of_the_night_is_advised_in_the_evening(
    policy: Policy, evening: Sky, level: Level, fired: list[str]
) -> None:
    found = judge_night(told(level), policy.night, evening, people=PEOPLE)
    assert [reason.rule for reason in found if reason.fired] == fired


@pytest.mark.parametrize("hour", [0, 10, 14, 18, 22])
def test_by_other_hours_the_rule_is_silent(policy: Policy, hour: int) -> None:
    sky = sky_at(at(hour), IWAKI, policy)
    later = told(Level.EVACUATE, start=at(21), issued=at(0))
    assert judge_night(later, policy.night, sky, people=PEOPLE) == []
    assert night_level(later, "大雨", policy.night, sky) == 0.0


def test_a_bin_that_ends_before_sunset_is_not_of_the_night(policy: Policy, evening: Sky) -> None:
    day = told(Level.EVACUATE, start=at(14))  # 14:00 to 17:00
    assert judge_night(day, policy.night, evening, people=PEOPLE) == []


def test_a_bin_beyond_the_night_is_not_of_it(policy: Policy, evening: Sky) -> None:
    # Sunset 17:55 + 12 h = 05:55
    morning = told(Level.EVACUATE, start=at(6) + timedelta(days=1))
    assert judge_night(morning, policy.night, evening, people=PEOPLE) == []


def test_a_bin_issued_later_is_not_known_yet(policy: Policy, evening: Sky) -> None:
    late = told(Level.EVACUATE, issued=at(16, 1))
    assert judge_night(late, policy.night, evening, people=PEOPLE) == []


def test_a_district_with_nobody_in_the_danger_is_left_out(policy: Policy, evening: Sky) -> None:
    slope = told(Level.EVACUATE, hazard="土砂災害")
    assert judge_night(slope, policy.night, evening, people=PEOPLE) == []
    found = judge_night(slope, policy.night, evening, people={"土砂災害": 7})
    assert "7人" in found[0].text


def test_unknown_people_are_not_nobody(policy: Policy, evening: Sky) -> None:
    found = judge_night(told(Level.EVACUATE), policy.night, evening, people={})
    assert found[0].fired
    assert "人数は不明" in found[0].text


def test_an_unreadable_bin_advises_nothing_here(policy: Policy, evening: Sky) -> None:
    assert judge_night(told(Level.UNKNOWN), policy.night, evening, people=PEOPLE) == []


def test_the_highest_and_then_the_earliest_bin_counts(policy: Policy) -> None:
    early, late = told(Level.ELDERLY).bins[0], told(Level.ELDERLY, start=at(21)).bins[0]
    high = told(Level.EVACUATE, start=at(21)).bins[0]
    span = {"start": at(18), "end": at(23), "issued_at": at(16)}
    assert foreseen(Warnings(bins=(late, early)), "大雨", **span) is early
    assert foreseen(Warnings(bins=(early, high, late)), "大雨", **span) is high


def test_a_district_gets_level_4_before_dark(desk: Callable[..., Advice]) -> None:
    advice = desk(1.0, issued_at=at(16, 30), warnings=told(Level.EVACUATE))
    assert advice.level is Level.EVACUATE
    reason = next(r for r in advice.reasons if r.rule == "L4-night-rain")
    assert (reason.telegram_id, reason.verified) == ("B1", False)
