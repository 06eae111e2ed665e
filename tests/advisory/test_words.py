"""Numbers as an officer reads them: rounded down, in the time of Japan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from advisory.words import clock, hours, metres, percent


@pytest.mark.parametrize(
    ("level_m", "words"),
    [(6.999, "6.99m"), (7.0, "7.00m"), (6.35, "6.35m"), (-0.4, "-0.40m"), (0.0, "0.00m")],
)
def test_level_never_shows_a_limit_that_was_not_reached(level_m: float, words: str) -> None:
    assert metres(level_m) == words


@pytest.mark.parametrize(
    ("probability", "words"), [(0.149, "14%"), (0.15, "15%"), (0.29, "29%"), (1.0, "100%")]
)
def test_probability_is_rounded_down(probability: float, words: str) -> None:
    assert percent(probability) == words


def test_midnight_of_japan_is_the_next_day() -> None:
    assert clock(datetime(2023, 12, 31, 15, 0, tzinfo=UTC)) == "1月1日00:00"


@pytest.mark.parametrize(
    ("span_h", "words"), [(3.0, "3時間"), (2.6, "2時間36分"), (0.5, "30分"), (0.0, "0分")]
)
def test_hours(span_h: float, words: str) -> None:
    assert hours(span_h) == words
