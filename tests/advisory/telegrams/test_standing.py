"""Corrections, withdrawals, late and repeated telegrams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from advisory.telegrams import Telegram, merge
from advisory.types import Level, Warnings

Flood = Callable[..., Telegram]
Levels = Callable[[Warnings], Sequence[int]]
AT = [f"2026-09-01T{hour}:00:00+09:00" for hour in range(10, 20)]


def test_newest_telegram_of_a_river_counts_however_late_others_come(
    flood: Flood, levels: Levels
) -> None:
    first, second, third = flood(3, AT[0], 1), flood(4, AT[1], 2), flood(2, AT[2], 3)
    assert levels(merge([third, first, second])) == [2]
    assert levels(merge([second, first])) == [4]


def test_lifting_ends_the_warning_and_a_new_event_starts_anew(flood: Flood, levels: Levels) -> None:
    lifted, again = flood(0, AT[2], 3), flood(4, AT[5], 1)  # serial numbers start again
    assert levels(merge([flood(4, AT[1], 2), lifted])) == []
    assert levels(merge([again, lifted, flood(4, AT[1], 2)])) == [4]


def test_correction_takes_the_place_of_what_it_corrects(flood: Flood, levels: Levels) -> None:
    wrong, corrected = flood(5, AT[0], 1), flood(3, AT[0], 1, info="訂正")
    assert levels(merge([corrected, wrong])) == [3]


def test_late_correction_does_not_undo_a_newer_telegram(flood: Flood, levels: Levels) -> None:
    old, new = flood(3, AT[0], 1), flood(4, AT[1], 2)
    late = flood(2, AT[2], 1, info="訂正")  # corrects number 1 after number 2 went out
    assert levels(merge([old, new, late])) == [4]


def test_withdrawal_brings_back_what_was_in_force_before(flood: Flood, levels: Levels) -> None:
    first, wrong = flood(3, AT[0], 1), flood(5, AT[1], 2)
    by_serial = flood(5, AT[2], 2, info="取消")
    by_next = flood(5, AT[2], 3, info="取消")  # counted on: takes the newest before it
    assert levels(merge([by_serial, wrong, first])) == [3]
    assert levels(merge([by_next, wrong, first])) == [3]


def test_withdrawal_of_the_first_telegram_leaves_nothing(flood: Flood, levels: Levels) -> None:
    assert levels(merge([flood(5, AT[0], 1), flood(5, AT[1], 1, info="取消")])) == []


def test_withdrawal_with_an_unknown_past_is_unknown_until_the_next(
    flood: Flood, levels: Levels
) -> None:
    cancel = flood(5, AT[2], 4, info="取消")
    (found,) = merge([cancel, flood(5, AT[1], 3)]).active
    assert found.level is Level.UNKNOWN
    assert "受信していない" in found.doubts[0]
    assert (found.river_codes, found.area_codes) == (("0700280001",), ("070000",))
    assert levels(merge([cancel])) == [Level.UNKNOWN]
    assert levels(merge([cancel, flood(2, AT[3], 5)])) == [2]


def test_withdrawal_without_serial_takes_the_newest_of_its_office(
    rain: Flood, levels: Levels
) -> None:
    def cancel(**given: Any) -> Telegram:
        return rain(5, AT[2], info="取消", **given)

    three, five = rain(3, AT[0]), rain(5, AT[1])
    assert levels(merge([cancel(), five, three])) == [3]
    # Another office has withdrawn nothing that is known: what it had in force is not known either.
    assert levels(merge([cancel(office="仙台管区気象台"), five, three])) == [5, Level.UNKNOWN]


def test_withdrawal_in_a_drill_changes_nothing(flood: Flood, levels: Levels) -> None:
    cancel = flood(5, AT[1], 1, info="取消", status="訓練")
    assert levels(merge([flood(4, AT[0], 1), cancel])) == [4]


def test_rival_readings_of_one_telegram_count_both(flood: Flood, levels: Levels) -> None:
    assert levels(merge([flood(3, AT[0], 1), flood(4, AT[0], 1)])) == [4, 3]
