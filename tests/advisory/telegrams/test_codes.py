"""Codes, names and texts, and which wins when they differ."""

from __future__ import annotations

import pytest

from advisory.telegrams.codes import (
    Family,
    family_of,
    grade_in,
    hazard_and_level,
    level_in_name,
    level_in_text,
    level_of_significancy,
    strongest,
)
from advisory.types import Level


@pytest.mark.parametrize(
    ("family", "code", "expected"),
    [
        (Family.WARNING, "10", ("大雨", 2)), (Family.WARNING, "03", ("大雨", 3)),
        (Family.WARNING, "43", ("大雨", 4)), (Family.WARNING, "33", ("大雨", 5)),
        (Family.WARNING, "29", ("土砂災害", 2)), (Family.WARNING, "49", ("土砂災害", 4)),
        (Family.WARNING, "08", ("高潮", 3)), (Family.OLD_WARNING, "08", ("高潮", 4)),
        (Family.OLD_WARNING, "04", ("洪水", 3)), (Family.OLD_WARNING, "33", ("大雨", 5)),
        (Family.OLD_WARNING, "49", ("土砂災害", 4)), (Family.OLD_WARNING, "43", ("大雨", 4)),
        (Family.WARNING, "05", ("暴風", 0)), (Family.RIVER, "22", ("洪水", 2)),
        (Family.RIVER, "31", ("洪水", 3)), (Family.NOTIFIED, "41", ("洪水", 4)),
        (Family.RIVER, "53", ("洪水", 5)), (Family.LANDSLIDE, "3", ("土砂災害", 4)),
    ],
)  # fmt: skip
def test_codes_give_hazard_and_level(family: Family, code: str, expected: tuple[str, int]) -> None:
    assert hazard_and_level(family, code, "") == (*expected, False)


def test_unknown_code_has_the_level_of_its_name_or_is_unknown() -> None:
    assert hazard_and_level(Family.WARNING, "99", "レベル4大雨危険警報") == ("大雨", 4, True)
    assert hazard_and_level(Family.WARNING, "99", "新しい警報") == ("", Level.UNKNOWN, True)


def test_higher_of_code_and_name_counts_and_the_difference_is_told() -> None:
    assert hazard_and_level(Family.WARNING, "10", "レベル4大雨危険警報") == ("大雨", 4, True)
    assert hazard_and_level(Family.WARNING, "43", "レベル2大雨注意報") == ("大雨", 4, True)


@pytest.mark.parametrize(
    ("name", "level"),
    [("レベル5氾濫特別警報", 5), ("氾濫危険情報", 4), ("氾濫警戒情報", 3), ("大雨警報", None),
     ("氾濫危険警報", 4), ("土砂災害危険警報", 4), ("大雨危険警報", 4), ("氾濫注意報", 2),
     ("大雨特別警報", None), ("高潮特別警報", None), ("土砂災害警戒情報", None),
     ("氾濫注意情報(警戒情報解除)", 2), ("氾濫発生情報(氾濫水の予報)", 5), ("", None)],
)  # fmt: skip
def test_names_state_levels(name: str, level: int | None) -> None:
    assert level_in_name(name) == level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("【警戒レベル３相当】今後、警戒レベル4相当となる可能性があります", 3),
        ("【警戒レベル２】「避難判断水位」に到達しました", 2),
        ("これは、避難指示の発令の目安です", 4),
        ("これは、高齢者等避難の発令の目安です。避難指示の発令の目安である", 3),
        ("災害が発生しているおそれがあります", 5),
        ("水位は下がりました", None),
    ],
)
def test_only_what_a_text_claims_for_now_counts(text: str, level: int | None) -> None:
    assert level_in_text(text) == level


def test_significancy_below_two_is_none_and_no_value_is_unknown() -> None:
    got = [level_of_significancy(code) for code in ("11", "21", "22", "31", "41", "51", "00", "x")]
    assert got == [0, 2, 2, 3, 4, 5, -1, -1]


def test_strongest_of_nothing_told_is_unknown() -> None:
    assert strongest([]) is Level.UNKNOWN
    assert strongest([None, Level.UNKNOWN, Level.CAUTION]) is Level.CAUTION


def test_titles_tell_families_and_others_are_not_ours() -> None:
    assert family_of("気象警報・注意報(R06)(土砂災害)") is Family.WARNING
    assert family_of("気象警報・注意報(H27)") is Family.OLD_WARNING
    assert family_of("気象警報・注意報時系列情報(R06)") is Family.BINS
    assert family_of("震度速報") is None


def test_grades_are_read_longest_first() -> None:
    names = ("大雨特別警報", "レベル4大雨危険警報", "暴風警報", "雷注意報", "")
    assert [grade_in(name) for name in names] == ["特別警報", "危険警報", "警報", "注意報", ""]
