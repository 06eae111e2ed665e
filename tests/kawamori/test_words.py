"""Words for people: JST, units, and 不明 for whatever is unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from advisory.types import Level
from kawamori import words

NEW_YEAR = datetime(2025, 12, 31, 15, 0, tzinfo=UTC)  # midnight JST, 1 January 2026, a Thursday


def test_stamp_is_jst_across_the_years_end() -> None:
    assert words.stamp(NEW_YEAR) == "2026年1月1日(木) 00:00"
    assert words.stamp(None) == "不明"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0分"), (59.6, "1時間"), (80, "1時間20分"), (1500, "1日1時間"), (None, "不明"),
     (float("nan"), "不明"), (float("inf"), "予測時間内になし")],
)  # fmt: skip
def test_duration(minutes: float | None, text: str) -> None:
    assert words.duration(minutes) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(40, "基準時刻から40分後"), (0, "直ちに"), (-5, "直ちに(期限を5分超過)")],
)
def test_deadline_that_passed_says_at_once(minutes: int, text: str) -> None:
    assert words.until(NEW_YEAR + timedelta(minutes=minutes), NEW_YEAR) == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "1%未満"), (0.5, "50%"), (0.99, "99%"), (1.0, "99%超"), (None, "不明")],
)
def test_probability_never_claims_certainty(probability: float | None, text: str) -> None:
    assert words.percent(probability) == text


def test_unknown_people_are_not_zero() -> None:
    assert (words.people(None), words.people(0), words.people(1200)) == ("不明", "0人", "1,200人")


def test_unknown_level_and_rise_are_said() -> None:
    assert words.metres(None) == words.metres(float("nan")) == "不明"
    assert words.metres(0.5, signed=True) == "+0.50"


def test_every_level_has_a_word_and_a_digit() -> None:
    assert set(words.LEVEL_WORDS) == set(Level)
    assert [words.number(level) for level in Level] == ["?", "0", "1", "2", "3", "4", "5"]
