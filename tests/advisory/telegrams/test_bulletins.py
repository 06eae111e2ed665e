"""Bulletins of extreme rain: shown while they last, without a level of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from advisory.telegrams import merge, parse_telegram
from advisory.types import Level, Warning

TITLE = "府県気象防災速報"
Make = Callable[..., bytes]


def tag(condition: str) -> str:
    return (
        f'<Information type="情報タグ"><Item><Kind><Condition>{condition}</Condition></Kind>'
        "<Areas><Area><Name>浜通り</Name><Code>070020</Code></Area></Areas></Item></Information>"
    )


def read(report: Make, condition: str, **given: str) -> Warning:
    (found,) = merge([parse_telegram(report(TITLE, headline=tag(condition), **given))]).active
    return found


@pytest.mark.parametrize(
    ("condition", "hazard"),
    [("線状降水帯直前", "線状降水帯直前予測"), ("線状降水帯発生", "線状降水帯発生"),
     ("記録雨", "記録的短時間大雨")],
)  # fmt: skip
def test_bulletins_of_rain_are_shown_for_three_hours(
    report: Make, condition: str, hazard: str
) -> None:
    found = read(report, condition)
    assert (found.hazard, found.level, found.area_codes) == (hazard, 2, ("070020",))
    assert found.valid_until == found.issued_at + timedelta(hours=3)


def test_unknown_tag_is_of_unknown_level_and_snow_of_none(report: Make) -> None:
    assert read(report, "新種").level is Level.UNKNOWN
    assert read(report, "短時間大雪").level is Level.NONE


def test_title_tells_the_kind_where_the_tag_is_unknown(report: Make) -> None:
    found = read(report, "新種", head_title="福島県気象防災速報（線状降水帯発生）")
    assert found.hazard == "線状降水帯発生"


def test_record_rain_in_the_form_before_2026_is_the_same(report: Make) -> None:
    head = tag("発表").replace("情報タグ", "記録的短時間大雨情報（発表細分）")
    data = report("記録的短時間大雨情報", headline=head, head_title="福島県記録的短時間大雨情報")
    (found,) = merge([parse_telegram(data)]).active
    assert (found.hazard, found.level) == ("記録的短時間大雨", 2)


def test_bulletins_of_different_events_stand_side_by_side(report: Make) -> None:
    both = [
        parse_telegram(report(TITLE, headline=tag("記録雨"), event=event)) for event in ("A", "B")
    ]
    assert len(merge(both).active) == 2
    cancel = parse_telegram(report(TITLE, event="A", info="取消", at="2026-09-01T18:30:00+09:00"))
    assert len(merge([*both, cancel]).active) == 1
