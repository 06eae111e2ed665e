"""Advice held against what happened, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from advisory.review import Outcome, review, summary
from advisory.types import Advice, Clearance, Level, People

IWAKI = (140.9, 37.05)  # sunset 2023-09-08 is 17:55 JST = 08:55 UTC
NOON = datetime(2023, 9, 8, 3, tzinfo=UTC)


def told(
    hours: float,
    level: Level,
    *,
    district: str = "D0",
    needed_min: float | None = 120.0,
    must_leave: int | None = 50,
) -> Advice:
    at = NOON + timedelta(hours=hours)
    needed = None if needed_min is None else Clearance(needed_min / 2, needed_min, "")
    return Advice(
        district, district, level, at, None, at, (), (), People(must_leave=must_leave),
        needed, (), "",
    )  # fmt: skip


def water(hours: float, people: int = 20) -> dict[str, Outcome]:
    return {"D0": Outcome(NOON + timedelta(hours=hours), people)}


DRY = {"D0": Outcome(None, 0)}
CALM_THEN_ORDER = [[told(0, Level.NONE)], [told(1, Level.EVACUATE)], [told(2, Level.EVACUATE)]]


def test_an_order_its_own_clearance_before_the_water_is_a_hit() -> None:
    (one,) = review(CALM_THEN_ORDER, water(3), place=IWAKI)
    assert (one.verdict, one.lead_min, one.needed_min) == ("hit", 120.0, 120.0)


def test_a_minute_less_than_the_clearance_is_late() -> None:
    (one,) = review(CALM_THEN_ORDER, water(3 - 1 / 60), place=IWAKI)
    assert one.verdict == "late"


def test_an_order_whose_clearance_is_unknown_is_never_in_time() -> None:
    cycles = [[told(0, Level.EVACUATE, needed_min=None)]]
    (one,) = review(cycles, water(9), place=IWAKI)
    assert one.verdict == "late"


@pytest.mark.parametrize("level", [Level.ELDERLY, Level.CAUTION, Level.UNKNOWN])
def test_water_without_an_order_is_a_miss_whatever_else_was_said(level: Level) -> None:
    (one,) = review([[told(0, level)]], water(3), place=IWAKI)
    assert (one.verdict, one.ordered_at) == ("miss", None)


def test_an_order_after_the_water_is_a_miss_and_still_counts_as_ordered() -> None:
    (one,) = review(CALM_THEN_ORDER, water(0.5), place=IWAKI)
    assert (one.verdict, one.ordered_at, one.ordered) == ("miss", None, 50)


def test_an_order_without_water_is_a_false_alarm() -> None:
    (one,) = review(CALM_THEN_ORDER, DRY, place=IWAKI)
    assert (one.verdict, one.flooded, one.ordered) == ("false_alarm", 0, 50)


def test_silence_without_water_is_quiet() -> None:
    (one,) = review([[told(0, Level.NONE)]], DRY, place=IWAKI)
    assert (one.verdict, one.ordered) == ("quiet", 0)


def test_water_at_night_asks_for_an_order_by_the_sunset_before_it() -> None:
    # Water at 21:00 JST, sunset 17:55: an order at 13:00 was by daylight, one at 19:00 was not.
    (by_day,) = review(CALM_THEN_ORDER, water(9), place=IWAKI)
    (by_night,) = review([[told(0, Level.NONE)], [told(7, Level.EVACUATE)]], water(9), place=IWAKI)
    assert (by_day.before_dark, by_day.night_order) == (True, False)
    assert (by_night.before_dark, by_night.night_order) == (False, True)


def test_water_by_day_or_nights_older_than_the_record_ask_nothing_of_daylight() -> None:
    (by_day,) = review(CALM_THEN_ORDER, water(3), place=IWAKI)
    (too_young,) = review([[told(7, Level.EVACUATE)]], water(9), place=IWAKI)
    assert (by_day.before_dark, too_young.before_dark) == (None, None)


def test_changes_and_unknown_cycles_are_counted() -> None:
    levels = [Level.NONE, Level.UNKNOWN, Level.EVACUATE, Level.EVACUATE, Level.NONE]
    cycles = [[told(hours, level)] for hours, level in enumerate(levels)]
    (one,) = review(cycles, DRY, place=IWAKI)
    assert (one.changes, one.unknown_cycles) == (3, 1)


def test_people_ordered_are_the_most_of_one_cycle_and_unknown_is_not_zero() -> None:
    grows = [[told(0, Level.EVACUATE, must_leave=30)], [told(1, Level.EMERGENCY, must_leave=70)]]
    unknown = [[told(0, Level.EVACUATE, must_leave=None)]]
    assert review(grows, DRY, place=IWAKI)[0].ordered == 70
    assert review(unknown, DRY, place=IWAKI)[0].ordered is None


def test_summary_weighs_districts_by_their_people() -> None:
    cycles = [
        [told(0, Level.EVACUATE), told(0, Level.NONE, district="D1")],
        [told(1, Level.EVACUATE), told(1, Level.NONE, district="D1")],
    ]
    outcomes = {**water(3, people=30), "D1": Outcome(NOON + timedelta(hours=2), 10)}
    total = summary(review(cycles, outcomes, place=IWAKI))
    # 30 of 40 people in time, 10 of 40 missed, 50 ordered for 40 flooded
    assert (total.in_time_share, total.miss_rate, total.ordered_per_flooded) == (0.75, 0.25, 1.25)


def test_summary_of_dry_storms_has_no_shares() -> None:
    total = summary(review(CALM_THEN_ORDER, DRY, place=IWAKI))
    assert (total.in_time_share, total.miss_rate, total.ordered_per_flooded) == (None, None, None)
    assert total.false_alarms == 1


def test_orders_of_unknown_size_are_told_apart() -> None:
    cycles = [[told(0, Level.EVACUATE, must_leave=None)]]
    total = summary(review(cycles, water(3), place=IWAKI))
    assert (total.ordered, total.unsized_orders) == (0, 1)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one cycle"):
        review([], DRY, place=IWAKI)
    with pytest.raises(ValueError, match="in order of time"):
        review(CALM_THEN_ORDER[::-1], DRY, place=IWAKI)
    with pytest.raises(ValueError, match=r"missing \['D0'\]"):
        review(CALM_THEN_ORDER, {}, place=IWAKI)
    with pytest.raises(ValueError, match="aware"):
        Outcome(datetime(2023, 9, 8, 3), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="first_water is None"):
        Outcome(None, 5)
