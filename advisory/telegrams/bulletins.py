"""VPBS50 府県気象防災速報: 線状降水帯の直前予測と発生, 記録的短時間大雨 (also as VPOA50), others.

A bulletin has no 警戒レベル of its own; it says that warnings in force matter more. It counts as
CAUTION here, so that it is shown and never reads as calm; an unknown tag is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from xml.etree.ElementTree import Element

from advisory.telegrams.codes import level_in_text, strongest
from advisory.telegrams.types import Statement, Telegram
from advisory.telegrams.words import plain, text_of, type_of
from advisory.types import Level

HAZARDS = {"線状降水帯直前": "線状降水帯直前予測", "線状降水帯発生": "線状降水帯発生",
           "記録雨": "記録的短時間大雨"}  # fmt: skip
OLD = "記録的短時間大雨情報"
_OTHER_SIGNS = ("雪", "竜巻", "突風")
VALID = timedelta(hours=3)  # 直前予測 speaks of 3 h; for the others assumed (仮定)


def read_bulletin(telegram: Telegram, head: Element, body: Element) -> Telegram:
    """Give the telegram with one statement per tag and area; near which municipality included."""
    found: list[Statement] = []
    near = [
        (text_of(area, "Code"), text_of(area, "Name") + text_of(area, "Status"))
        for area in body.findall("MeteorologicalInfos/MeteorologicalInfo/Item/Area")
        if "市町村" in plain(area.get("codeType"))
    ]
    for info in head.findall("Headline/Information"):
        if type_of(info) == "情報タグ" or type_of(info).startswith(OLD):
            for item in info.findall("Item"):
                areas = [
                    (text_of(area, "Code"), text_of(area, "Name"))
                    for area in item.findall("Areas/Area")
                ]
                tag = text_of(item, "Kind/Condition")
                found += [_said(telegram, tag, *area) for area in [*areas, *near]]
    found = found or [_said(telegram, "", "", "")]
    valid_until = telegram.valid_until or telegram.issued_at + VALID
    return replace(telegram, statements=tuple(found), valid_until=valid_until)


def _said(telegram: Telegram, tag: str, code: str, name: str) -> Statement:
    by_title = [known for known in HAZARDS.values() if known in telegram.head_title]
    hazard = HAZARDS.get(tag) or next(iter(by_title), "")
    if hazard:
        level = strongest((Level.CAUTION, level_in_text(telegram.headline)))
    elif any(sign in tag for sign in _OTHER_SIGNS):
        hazard, level = tag, Level.NONE
    else:
        level = Level.UNKNOWN
    doubts = () if hazard else (f"情報タグ「{tag[:20]}」は不明",)
    return Statement(telegram.head_title, tag, hazard, "速報", level, True, code, name, doubts)
