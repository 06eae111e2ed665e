"""The state is a function of the set of telegrams: order and repetition change nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisory.telegrams import Telegram, TelegramError, merge, parse_telegram
from advisory.types import Level, Warnings

Flood = Callable[..., Telegram]
AREAS = ("0720400", "0720500")

# (river or rain, level, minute, serial, info type, status, area)
sent = st.tuples(
    st.booleans(), st.sampled_from([0, 2, 3, 4, 5]), st.integers(0, 5), st.integers(1, 4),
    st.sampled_from(["発表", "発表", "訂正", "取消"]), st.sampled_from(["通常", "通常", "訓練"]),
    st.sampled_from(AREAS),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(sent, min_size=1, max_size=8), seed=st.integers(0, 10**6))
def test_any_order_and_repetition_gives_the_same_state(
    flood: Flood, rain: Flood, rows: list[tuple[bool, int, int, int, str, str, str]], seed: int
) -> None:
    telegrams = []
    for river, level, minute, serial, info, status, area in rows:
        at = f"2026-09-01T18:{minute:02}:00+09:00"
        if river:
            telegrams.append(flood(level, at, serial, info=info, status=status))
        else:
            lifted = "解除" if level == 0 else "発表"
            one = rain(level or 2, at, area=area, status=lifted, info=info)
            telegrams.append(one)
    expected = merge(telegrams)
    random = Random(seed)
    again = [*telegrams, *random.choices(telegrams, k=random.randint(0, 8))]
    random.shuffle(again)
    assert merge(again) == expected
    assert merge([*again, *again]) == expected


def test_no_telegrams_and_no_feed_is_not_connected() -> None:
    assert merge([]) == Warnings()


def test_feed_is_as_fresh_as_its_newest_telegram_or_as_told(flood: Flood) -> None:
    drill = flood(3, "2026-09-01T18:00:00+09:00", status="試験")
    assert merge([drill]).received_at == datetime(2026, 9, 1, 9, tzinfo=UTC)
    told = datetime(2026, 9, 2, tzinfo=UTC)
    assert merge([drill], received_at=told).received_at == told


def test_areas_of_one_title_are_replaced_one_by_one(rain: Flood) -> None:
    old = [rain(4, "2026-09-01T18:00:00+09:00", area=area) for area in AREAS]
    new = rain(2, "2026-09-01T19:00:00+09:00", area=AREAS[0])
    found = {one.area_codes: int(one.level) for one in merge([new, *old]).active}
    assert found == {(AREAS[0],): 2, (AREAS[1],): 4}


def test_unreadable_body_is_a_warning_of_unknown_level(flood: Flood) -> None:
    with pytest.raises(TelegramError) as caught:
        parse_telegram(b"<!DOCTYPE x><x/>")
    at = datetime(2026, 9, 1, 9, tzinfo=UTC)
    state = merge([flood(4, "2026-09-01T18:00:00+09:00")], unreadable=[(caught.value, at)] * 2)
    assert [one.level for one in state.active] == [4, Level.UNKNOWN]
    assert "DTD" in state.active[1].doubts[0]
    assert state.active[1].issued_at == at


def test_drills_leave_the_state_empty(
    flood: Flood, levels: Callable[[Warnings], Sequence[int]]
) -> None:
    drill = flood(5, "2026-09-01T18:00:00+09:00", status="訓練")
    real = flood(3, "2026-09-01T17:00:00+09:00")
    assert levels(merge([drill])) == []
    assert levels(merge([drill, real])) == [3]
