"""Values that no telegram should have: refused, left out or taken as they are, never a crash."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advisory.telegrams import TelegramError, merge, parse_telegram
from advisory.types import Level

FAR = "9999-12-31T23:59:59+00:00"
RAIN, OLD = "気象警報・注意報（Ｒ０６）（大雨）", "気象特別警報・警報・注意報"
TYPHOON = "台風解析・予報情報（５日予報）（Ｈ３０）"


@pytest.mark.parametrize("at", [FAR, "0001-01-01T00:00:00+09:00"])
@pytest.mark.parametrize("title", [RAIN, "府県気象防災速報（線状降水帯）", TYPHOON])
def test_a_telegram_of_no_year_of_telegrams_is_refused(
    report: Callable[..., bytes], title: str, at: str
) -> None:
    with pytest.raises(TelegramError, match="ReportDateTime"):
        parse_telegram(report(title, at=at))


def test_a_period_that_begins_at_the_end_of_time_is_left_out(
    report: Callable[..., bytes], kinds: Callable[..., str]
) -> None:
    period = (
        f"<Property><Type>大雨</Type><CriteriaPeriod><Base><Time>{FAR}</Time>"
        "<Duration>PT3H</Duration><CriteriaClass><Code>31</Code></CriteriaClass></Base>"
        "</CriteriaPeriod></Property></Kind>"
    )
    body = kinds(("0720400", "43", "レベル4大雨危険警報", "発表")).replace("</Kind>", period)
    state = merge([parse_telegram(report(RAIN, body=body))])
    assert state.bins == ()
    assert [one.level for one in state.active] == [Level.EVACUATE]  # the warning itself stands


@pytest.mark.parametrize(
    ("number", "name"),
    [("2610", "台風第10号（ハギビス）"), ("26", "26"), ("²", "2"), ("第10号", "第10号")],
)
def test_a_typhoon_s_number_is_its_year_and_number_or_stays_as_it_came(
    report: Callable[..., bytes], number: str, name: str
) -> None:
    part = (
        "<MeteorologicalInfos><MeteorologicalInfo><Item><Kind><Property><TyphoonNamePart>"
        f"<NameKana>ハギビス</NameKana><Number>{number}</Number></TyphoonNamePart></Property>"
        "</Kind></Item></MeteorologicalInfo></MeteorologicalInfos>"
    )
    telegram = parse_telegram(report(TYPHOON, body=part))
    assert telegram.typhoon is not None
    assert telegram.typhoon.name == name


def test_the_old_form_of_2026_bears_danger_warnings_too(
    report: Callable[..., bytes], kinds: Callable[..., str]
) -> None:
    body = kinds(("0720400", "49", "土砂災害危険警報", "発表"))
    (warning,) = merge([parse_telegram(report(OLD, body=body))]).active
    assert (warning.level, warning.hazard, warning.grade) == (
        Level.EVACUATE,
        "土砂災害",
        "危険警報",
    )
    assert warning.doubts == ()


def test_a_danger_warning_of_floods_in_the_old_form_is_of_level_4_whatever_its_code(
    report: Callable[..., bytes], kinds: Callable[..., str]
) -> None:
    body = kinds(("0720400", "44", "氾濫危険警報", "発表"))
    (warning,) = merge([parse_telegram(report(OLD, body=body))]).active
    assert (warning.level, warning.hazard) == (Level.EVACUATE, "洪水")
    assert warning.doubts != ()  # the code is not known
