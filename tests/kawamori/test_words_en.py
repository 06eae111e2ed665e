"""English words: the same names as the Japanese ones, and nothing unknown reads as a number."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta

import pytest

from kawamori import words, words_en
from kawamori.situation_words import ENGLISH, JAPANESE

NEW_YEAR = datetime(2025, 12, 31, 15, 0, tzinfo=UTC)  # midnight JST, 1 January 2026, a Thursday


def test_english_has_every_name_that_a_page_asks_for() -> None:
    # `until` and `quantity` stand on the Japanese report alone.
    public = {
        name
        for name, value in vars(words).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or name.endswith(("_WORDS", "_SHORT", "_WORD")))
    }
    assert public - set(vars(words_en)) == {"until", "quantity"}
    assert JAPANESE.keys() == ENGLISH.keys()
    for name in ("LEVEL_WORDS", "THRESHOLD_WORDS", "THRESHOLD_SHORT", "FORM_WORDS", "MODE_WORDS"):
        assert getattr(words, name).keys() == getattr(words_en, name).keys()


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 min"), (80, "1 h 20 min"), (1500, "1 d 1 h"), (None, "unknown"),
     (float("nan"), "unknown"), (float("inf"), "not within the forecast")],
)  # fmt: skip
def test_duration(minutes: float | None, text: str) -> None:
    assert words_en.duration(minutes) == text


def test_unknown_is_never_a_number() -> None:
    assert {words_en.people(None), words_en.percent(None), words_en.stamp(None)} == {"unknown"}
    assert words_en.people(1234, True) == "1,234 or more"
    assert [words_en.percent(value) for value in (0.0, 0.5, 1.0)] == [
        "under 1 %", "50 %", "over 99 %"
    ]  # fmt: skip


def test_times_are_of_japan() -> None:
    assert words_en.stamp(NEW_YEAR) == "Thu 1 Jan 2026 00:00"
    assert words_en.countdown(NEW_YEAR + timedelta(minutes=40), NEW_YEAR) == "in 40 min"
    past = words_en.countdown(NEW_YEAR - timedelta(minutes=5), NEW_YEAR)
    assert past == "at once (5 min past the deadline)"
