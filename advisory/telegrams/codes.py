"""What titles, codes and names of telegrams mean, and which of them speaks of the highest level.

Facts: 気象庁 技術情報第634号 and its sample telegrams (R06 codes, read 2026-11), the codes of
指定河川洪水予報, and for forms before 2026 内閣府 警戒レベル相当情報: 大雨警報 and 洪水警報 are 3,
高潮警報 is 4.
A telegram says the same in several places; where they differ, the highest counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from advisory.levels import highest
from advisory.telegrams.words import plain
from advisory.types import Level


class Family(StrEnum):
    """Telegrams that are read alike."""

    RIVER = "VXKO"  # 指定河川洪水予報
    NOTIFIED = "VXSU"  # 水位周知河川に関する情報
    WARNING = "VPWW"  # 気象警報・注意報 of the R06 form
    OLD_WARNING = "VPWW53"  # of the forms before
    LANDSLIDE = "VXWW50"  # 土砂災害警戒情報
    BINS = "VPWP50"  # 警報・注意報時系列情報
    BULLETIN = "VPBS50"  # 府県気象防災速報
    TYPHOON = "VPTW60"  # 台風解析・予報情報


_TITLES = (  # first match counts
    ("指定河川洪水予報", Family.RIVER),
    ("水位周知河川に関する情報", Family.NOTIFIED),
    ("気象警報・注意報時系列情報", Family.BINS),
    ("気象警報・注意報(R06)", Family.WARNING),
    ("気象特別警報・警報・注意報", Family.OLD_WARNING),
    ("気象警報・注意報", Family.OLD_WARNING),
    ("土砂災害警戒情報", Family.LANDSLIDE),
    ("府県気象防災速報", Family.BULLETIN),
    ("記録的短時間大雨情報", Family.BULLETIN),  # VPOA50, before 2026
    ("台風解析・予報情報", Family.TYPHOON),
)

# Hazards with 警戒レベル; all others have grades only.
LEVELLED = ("洪水", "大雨", "土砂災害", "高潮")

_OTHERS = {
    "02": "暴風雪", "05": "暴風", "06": "大雪", "07": "波浪", "12": "大雪", "13": "風雪",
    "14": "雷", "15": "強風", "16": "波浪", "17": "融雪", "20": "濃霧", "21": "乾燥",
    "22": "なだれ", "23": "低温", "24": "霜", "25": "着氷", "26": "着雪", "27": "その他",
    "32": "暴風雪", "35": "暴風", "36": "大雪", "37": "波浪",
}  # fmt: skip
_WARNING = {
    "10": ("大雨", 2), "03": ("大雨", 3), "43": ("大雨", 4), "33": ("大雨", 5),
    "29": ("土砂災害", 2), "09": ("土砂災害", 3), "49": ("土砂災害", 4), "39": ("土砂災害", 5),
    "19": ("高潮", 2), "08": ("高潮", 3), "48": ("高潮", 4), "38": ("高潮", 5),
} | {code: (hazard, 0) for code, hazard in _OTHERS.items()}  # fmt: skip
_OLD_WARNING = _WARNING | {  # of 2026 they bear 危険警報 too (seen in headlines of VPWW53)
    "18": ("洪水", 2), "04": ("洪水", 3), "08": ("高潮", 4), "38": ("高潮", 4),
}  # fmt: skip
_RIVER = {
    "20": 2, "21": 2, "22": 2, "30": 3, "31": 3, "40": 4, "41": 4, "51": 5, "53": 5,
}  # fmt: skip
CODES: dict[Family, dict[str, tuple[str, int]]] = {
    Family.WARNING: _WARNING,
    Family.OLD_WARNING: _OLD_WARNING,
    Family.LANDSLIDE: {"3": ("土砂災害", 4)},
    Family.RIVER: {code: ("洪水", level) for code, level in _RIVER.items()},
    Family.NOTIFIED: {code: ("洪水", level) for code, level in _RIVER.items()},
}
RELEASED = ("解除", "なし", "発表警報・注意報はなし")
_NAMES = {  # that have one level, also without レベルN before them
    "氾濫発生情報": 5, "氾濫危険情報": 4, "氾濫警戒情報": 3, "氾濫注意情報": 2,
    "氾濫特別警報": 5, "氾濫危険警報": 4, "氾濫警報": 3, "氾濫注意報": 2,
    "大雨危険警報": 4, "高潮危険警報": 4,
    "土砂災害特別警報": 5, "土砂災害危険警報": 4, "土砂災害警報": 3, "土砂災害注意報": 2,
}  # fmt: skip
_GRADES = ("特別警報", "危険警報", "警報", "注意報")
_PHRASES = {
    "災害が発生しています": 5,
    "災害が発生しているおそれ": 5,
    "これは、避難指示の発令の目安": 4,
    "これは、高齢者等避難の発令の目安": 3,
}


def family_of(title: str) -> Family | None:
    """Give the family of a Control/Title, None if it is not one of ours."""
    return next((family for start, family in _TITLES if title.startswith(start)), None)


def level_in_name(name: str) -> Level | None:
    """Give the level that a name states, e.g. レベル4大雨危険警報, 大雨危険警報 or 氾濫危険情報."""
    match = re.match(r"レベル([1-5])", name)
    if match:
        return Level(int(match.group(1)))
    found = [level for start, level in _NAMES.items() if name.startswith(start)]
    return Level(found[0]) if found else None


def level_in_text(text: str) -> Level | None:
    """Give the highest level that a text claims: 【警戒レベル4相当…】 or its set phrases."""
    told = plain(text)
    found = [Level(int(digit)) for digit in re.findall(r"【警戒レベル([1-5])", told)]
    found += [Level(level) for phrase, level in _PHRASES.items() if plain(phrase) in told]
    return max(found, default=None)


def level_of_significancy(code: str) -> Level:
    """Give the level of a 危険度 code, 11 (below 2) to 51; UNKNOWN for any other."""
    if not re.fullmatch(r"[1-5][1-3]", code):
        return Level.UNKNOWN
    return Level.NONE if code[0] == "1" else Level(int(code[0]))


def hazard_and_level(family: Family, code: str, name: str) -> tuple[str, Level, bool]:
    """Give hazard and level of a kind, and whether its code is unknown or at odds with its name.

    An unknown code has the level of its name, else UNKNOWN.
    """
    hazard, by_code = CODES[family].get(code, ("", None))
    level = None if by_code is None else Level(by_code)
    by_name = level_in_name(name)
    if not hazard:
        told = name.replace("氾濫", "洪水")  # seen in headlines of VPWW53: 危険警報(氾濫)
        hazard = next((known for known in LEVELLED if known in told), "")
    odd = level is None or (by_name is not None and by_name != level)
    if by_name is not None and family is Family.OLD_WARNING and level is not None:
        odd = False  # a bare old code under a name of the new system
    return hazard, strongest((level, by_name)), odd


def strongest(levels: Iterable[Level | None]) -> Level:
    """Give the highest level told; UNKNOWN only if none is told."""
    told = [level for level in levels if level is not None and level is not Level.UNKNOWN]
    return highest(*told) if told else Level.UNKNOWN


def grade_in(name: str) -> str:
    """Give 特別警報, 危険警報, 警報 or 注意報 as in the name, else nothing."""
    return next((grade for grade in _GRADES if grade in name), "")
