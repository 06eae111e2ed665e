"""Kinds in force per municipality: status, names, headline, and forms before 2026."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advisory.telegrams import merge, parse_telegram
from advisory.types import Level

RAIN, OLD = "気象警報・注意報（Ｒ０６）（大雨）", "気象特別警報・警報・注意報"
SLIDE = "土砂災害警戒情報"
Make = Callable[..., bytes]
Text = Callable[..., str]


def levels(data: bytes) -> dict[str, int]:
    """Give the highest level in force by area code."""
    found: dict[str, int] = {}
    for one in merge([parse_telegram(data)]).active:
        for code in one.area_codes:
            found[code] = max(found.get(code, -1), int(one.level))
    return found


@pytest.mark.parametrize(
    ("status", "in_force"),
    [("発表", True), ("継続", True), ("特別警報から危険警報", True), ("？", True), ("", True),
     ("解除", False)],
)  # fmt: skip
def test_status_decides_what_is_in_force(
    report: Make, kinds: Text, status: str, in_force: bool
) -> None:
    body = kinds(("0720400", "43", "レベル４大雨危険警報", status))
    assert levels(report(RAIN, body=body)) == ({"0720400": 4} if in_force else {})


def test_each_municipality_has_its_own_level(report: Make, kinds: Text) -> None:
    body = kinds(("0720400", "43", "レベル４大雨危険警報", "発表"),
                 ("0720500", "10", "レベル２大雨注意報", "継続"),
                 ("0720600", "", "", "発表警報・注意報はなし"))  # fmt: skip
    assert levels(report(RAIN, body=body)) == {"0720400": 4, "0720500": 2}


def test_wider_areas_count_only_without_municipalities(report: Make, kinds: Text) -> None:
    wide = kinds(("070000", "33", "レベル５大雨特別警報", "発表"), scope="府県予報区等")
    narrow = kinds(("0720400", "03", "レベル３大雨警報", "発表"))
    assert levels(report(RAIN, body=wide + narrow)) == {"0720400": 3}
    assert levels(report(RAIN, body=wide)) == {"070000": 5}


def test_unknown_code_is_in_force_and_shown(report: Make, kinds: Text) -> None:
    body = kinds(("0720400", "99", "新しい警報", "発表"))
    (found,) = merge([parse_telegram(report(RAIN, body=body))]).active
    assert (found.level, found.kind) == (Level.UNKNOWN, "新しい警報")
    assert "99" in found.doubts[0]


def test_headline_keeps_in_force_what_the_body_omits_or_lifts(report: Make, kinds: Text) -> None:
    head = kinds(("0720400", "43", "レベル４大雨危険警報", "")).replace("Warning", "Information")
    assert levels(report(RAIN, headline=head)) == {"0720400": 4}
    body = kinds(("0720400", "43", "レベル４大雨危険警報", "解除"))
    assert levels(report(RAIN, headline=head, body=body)) == {"0720400": 4}


def test_danger_now_raises_the_level_and_a_foreseen_peak_does_not(
    report: Make, kinds: Text
) -> None:
    extra = (
        "<Property><Type>大雨浸水危険度</Type><SignificancyPart><Base><Significancy "
        'type="大雨浸水危険度"><Code>31</Code></Significancy></Base></SignificancyPart>'
        "<CriteriaPeriod><Base><CriteriaClass><Code>41</Code></CriteriaClass>"
        "<Time>2026-09-01T21:00:00+09:00</Time><Duration>PT3H</Duration></Base>"
        "</CriteriaPeriod></Property></Kind>"
    )
    body = kinds(("0720400", "10", "レベル２大雨注意報", "発表")).replace("</Kind>", extra)
    telegram = parse_telegram(report(RAIN, body=body))
    assert [one.level for one in telegram.statements] == [3]
    assert [(one.level, one.hazard) for one in telegram.bins] == [(4, "大雨浸水")]


def test_wind_has_a_grade_and_no_level(report: Make, kinds: Text) -> None:
    body = kinds(("0720400", "05", "暴風警報", "発表"))
    data = report("気象警報・注意報（Ｒ０６）（暴風）", body=body)
    (found,) = merge([parse_telegram(data)]).active
    assert (found.level, found.hazard, found.grade) == (Level.NONE, "暴風", "警報")


def test_old_form_names_several_kinds_per_municipality(report: Make, kinds: Text) -> None:
    more = "</Kind><Kind><Name>洪水警報</Name><Code>04</Code><Status>発表</Status></Kind>"
    body = kinds(("0720400", "33", "大雨特別警報", "発表")).replace("</Kind>", more)
    telegram = parse_telegram(report(OLD, body=body))
    assert [(one.hazard, one.level) for one in telegram.statements] == [("大雨", 5), ("洪水", 3)]
    assert all(one.doubts == () for one in telegram.statements)


@pytest.mark.parametrize(
    ("code", "name", "status", "expected"),
    [("3", "警戒", "発表", 4), ("3", "警戒", "継続", 4), ("1", "解除", "解除", None),
     ("0", "なし", "なし", None), ("3", "警戒", "解除", 4), ("7", "？", "発表", -1)],
)  # fmt: skip
def test_landslide_alert_is_level_4_until_lifted(
    report: Make, kinds: Text, code: str, name: str, status: str, expected: int | None
) -> None:
    body = kinds(("0720400", code, name, status)).replace("（市町村等）", "")
    assert levels(report(SLIDE, body=body)) == ({} if expected is None else {"0720400": expected})


def test_telegram_without_any_area_is_in_force_of_unknown_level(report: Make) -> None:
    (found,) = merge([parse_telegram(report(RAIN))]).active
    assert (found.level, found.area_codes) == (Level.UNKNOWN, ())
