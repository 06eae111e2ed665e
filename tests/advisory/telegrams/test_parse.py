"""The head of a telegram, and what makes it unusable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from advisory.telegrams import Family, TelegramError, merge, parse_telegram

RAIN = "気象警報・注意報（Ｒ０６）（大雨）"


def test_head_is_read_in_utc(report: Callable[..., bytes]) -> None:
    telegram = parse_telegram(report(RAIN, serial="7", event="E1"))
    assert telegram.family is Family.WARNING
    assert (telegram.serial, telegram.event_id, telegram.info_type) == (7, "E1", "発表")
    assert telegram.issued_at == datetime(2026, 9, 1, 9, tzinfo=UTC)  # 18:00 in Japan
    assert telegram.doubts == ()


def test_same_body_has_the_same_id_and_another_has_not(report: Callable[..., bytes]) -> None:
    one, again, other = (parse_telegram(report(RAIN, serial=n)) for n in ("1", "1", "2"))
    assert one == again
    assert one.telegram_id != other.telegram_id


@pytest.mark.parametrize("status", ["訓練", "試験"])
def test_drill_never_acts(
    report: Callable[..., bytes], kinds: Callable[..., str], status: str
) -> None:
    body = kinds(("0720400", "33", "レベル5大雨特別警報", "発表"))
    drill = parse_telegram(report(RAIN, body=body, status=status))
    assert drill.drill
    assert merge([drill]).active == ()


def test_unknown_status_and_info_type_act_and_are_told(
    report: Callable[..., bytes], kinds: Callable[..., str]
) -> None:
    body = kinds(("0720400", "33", "レベル5大雨特別警報", "発表"))
    telegram = parse_telegram(report(RAIN, body=body, status="?", info="?"))
    (warning,) = merge([telegram]).active
    assert warning.level == 5
    assert len(warning.doubts) == 2


def test_unknown_title_is_an_error_that_lists_the_known(report: Callable[..., bytes]) -> None:
    with pytest.raises(TelegramError, match=r"VXKO.*got '震度速報'") as caught:
        parse_telegram(report("震度速報"))
    assert len(caught.value.digest) == 64


@pytest.mark.parametrize("at", ["", "2026-09-01T18:00:00", "later", "9026-09-01T18:00:00+09:00"])
def test_time_of_issue_must_be_known_and_not_after_sending(
    report: Callable[..., bytes], at: str
) -> None:
    with pytest.raises(TelegramError, match="ReportDateTime"):
        parse_telegram(report(RAIN, at=at, sent="2026-09-01T09:00:00Z"))


def test_report_for_the_full_hour_may_be_sent_before_it(report: Callable[..., bytes]) -> None:
    telegram = parse_telegram(report(RAIN, sent="2026-09-01T08:55:00Z"))
    assert telegram.issued_at > telegram.sent_at
