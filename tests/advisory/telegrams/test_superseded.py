"""Telegrams that may be left out: the state stays what it was, whatever comes later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisory.telegrams import Telegram, merge, superseded
from advisory.types import Level

Make = Callable[..., Telegram]
AREAS = ("0720400", "0720500")
# (river or rain, level, minute, serial, info type, status, area)
sent = st.tuples(
    st.booleans(), st.sampled_from([0, 2, 3, 4, 5]), st.integers(0, 9), st.integers(1, 4),
    st.sampled_from(["発表", "発表", "訂正", "取消"]), st.sampled_from(["通常", "通常", "訓練"]),
    st.sampled_from(AREAS),
)  # fmt: skip
issued = st.tuples(
    st.booleans(), st.sampled_from([0, 2, 3, 4, 5]), st.integers(0, 9), st.integers(1, 9),
    st.just("発表"), st.just("通常"), st.sampled_from(AREAS),
)  # fmt: skip


def made(flood: Make, rain: Make, rows: Any, day: int) -> list[Telegram]:
    found = []
    for river, level, minute, serial, info, status, area in rows:
        at = f"2026-09-{day:02}T18:{minute:02}:00+09:00"
        if river:
            found.append(flood(level, at, serial, info=info, status=status))
        else:
            lifted = "解除" if level == 0 else "発表"
            found.append(rain(level or 2, at, area=area, status=lifted, info=info))
    return found


def without(telegrams: list[Telegram], gone: list[Telegram]) -> list[Telegram]:
    digests = {one.digest for one in gone}
    return [one for one in telegrams if one.digest not in digests]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(sent, max_size=10), later=st.lists(issued, max_size=4))
def test_left_out_they_change_no_state_now_or_later(
    flood: Make, rain: Make, rows: Any, later: Any
) -> None:
    old, young = made(flood, rain, rows, 1), made(flood, rain, later, 20)
    stays = without(old, superseded(old))
    for more in ([], young):
        whole, left = merge([*old, *more]), merge([*stays, *more])
        assert (left.active, left.bins, left.typhoons) == (whole.active, whole.bins, whole.typhoons)


def test_of_each_line_the_newest_two_stay(rain: Make) -> None:
    days = [rain(2, f"2026-09-{day:02}T18:00:00+09:00") for day in range(1, 8)]
    other = rain(4, "2026-09-01T09:00:00+09:00", area=AREAS[1])  # old, and in force
    # Seven of one area: five go, however old the one of the other area is.
    assert superseded([*days, other]) == days[:5]


def test_a_later_withdrawal_falls_back_on_what_stayed(flood: Make) -> None:
    old = [flood(level, f"2026-09-01T1{level}:00:00+09:00", level) for level in (2, 3, 4)]
    cancel = flood(4, "2026-09-20T18:00:00+09:00", 4, info="取消")
    stays = without(old, superseded(old))
    assert len(stays) == 2  # levels 3 and 4; 2 went
    assert [one.level for one in merge([*stays, cancel]).active] == [Level.ELDERLY]


def test_of_an_unclear_withdrawal_everything_stays(flood: Make) -> None:
    drill = flood(5, "2026-09-01T17:00:00+09:00", status="訓練")
    cancel = flood(4, "2026-09-01T18:00:00+09:00", 7, info="取消")
    assert [one.level for one in merge([cancel]).active] == [Level.UNKNOWN]
    assert cancel not in superseded([cancel, drill])
    assert superseded([]) == []
