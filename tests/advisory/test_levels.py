"""Levels in words: ours are 3 to 5, JMA's are only described, unknown is not calm."""

from __future__ import annotations

import pytest

from advisory.levels import action, concern, highest, level_word
from advisory.types import Level


@pytest.mark.parametrize(
    ("level", "word"),
    [
        (Level.UNKNOWN, "判定不能"),
        (Level.NONE, "避難情報なし"),
        (Level.CAUTION, "避難情報なし（レベル2相当の水位）"),
        (Level.ELDERLY, "警戒レベル3 高齢者等避難"),
        (Level.EVACUATE, "警戒レベル4 避難指示"),
        (Level.EMERGENCY, "警戒レベル5 緊急安全確保"),
    ],
)
def test_level_word(level: Level, word: str) -> None:
    assert level_word(level) == word


def test_every_level_has_a_word_and_an_action() -> None:
    assert all(level_word(level) for level in Level)
    assert [bool(action(level)) for level in Level] == [False, False, True, True, True, True, True]


def test_unknown_concerns_more_than_calm_and_less_than_an_order() -> None:
    order = sorted(Level, key=concern)
    assert order[2:5] == [Level.CAUTION, Level.UNKNOWN, Level.ELDERLY]


def test_highest_of_none_is_none() -> None:
    assert highest() is Level.NONE
    assert highest(Level.CAUTION, Level.UNKNOWN) is Level.UNKNOWN


def test_no_action_coins_a_warning_of_its_own() -> None:
    assert not any("警報" in action(level) for level in Level)
