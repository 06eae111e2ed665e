"""The gale rule: told before it is too windy to walk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from advisory.telegrams.gale import Gale
from advisory.types import Advice, Level

NOON = datetime(2023, 9, 8, 3, tzinfo=UTC)
Desk = Callable[..., Advice]


def gale(minutes: float) -> Gale:
    return Gale(NOON + timedelta(minutes=minutes), "T1", "試号の暴風警戒域")


@pytest.fixture
def worried(desk: Desk, walk: Callable[..., Any]) -> Callable[..., Advice]:
    """Give a district with level 3: 鎌田 at 避難判断水位, not rising fast; clearance 156 min."""
    return lambda **changes: desk(6.4, 0.0, allocation=walk(), **changes)


def test_level_3_becomes_4_within_clearance_and_an_hour(worried: Callable[..., Advice]) -> None:
    # (20 + 20 + 60 + 30) * 1.2 = 156 min of clearance at 90 %, with the margin 216 min
    assert worried().level is Level.ELDERLY
    assert worried(gale=gale(216)).level is Level.EVACUATE
    assert worried(gale=gale(217)).level is Level.ELDERLY


def test_a_gale_that_blows_already_says_so(worried: Callable[..., Advice]) -> None:
    text = next(r.text for r in worried(gale=gale(0)).reasons if r.rule == "L4-gale")
    assert text.startswith("すでに暴風（試号の暴風警戒域）")


def test_the_telegram_of_the_gale_is_named(worried: Callable[..., Advice]) -> None:
    reason = next(r for r in worried(gale=gale(60)).reasons if r.rule == "L4-gale")
    assert (reason.telegram_id, reason.verified) == ("T1", False)


def test_wind_alone_sends_nobody_away_from_a_calm_river(desk: Desk) -> None:
    advice = desk(1.0, gale=gale(10))
    assert advice.level is Level.NONE
    assert all(reason.rule != "L4-gale" for reason in advice.reasons)


def test_a_far_gale_is_shown_beside_level_3(worried: Callable[..., Advice]) -> None:
    rules = [reason.rule for reason in worried(gale=gale(300)).counter_evidence]
    assert "L4-gale" in rules
