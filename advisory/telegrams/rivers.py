"""VXKO 指定河川洪水予報 and VXSU 水位周知河川に関する情報: a level per station section.

The headline gives the highest level of the river; the 主文 of each station the level of its own
section, and only this counts for the section. Where no section has the headline's level, a part
could not be read: then sections of unread level have the headline's level.
"""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from advisory.telegrams.codes import (
    grade_in,
    hazard_and_level,
    level_in_name,
    level_in_text,
    level_of_significancy,
    strongest,
)
from advisory.telegrams.stations import Key, Mentions, quarters, read_sections
from advisory.telegrams.types import Statement, Telegram
from advisory.telegrams.words import prose_of, text_of, type_of
from advisory.types import FloodedArea, Level, Section

UNREAD = "区間のレベルが読めないため、河川全体のレベルを用いる"
NOT_NAMED = "主文に記載のない区間"


def read_river(telegram: Telegram, head: Element, body: Element) -> Telegram:
    """Give the telegram with its river's statement and its sections."""
    statement = _statement(telegram, head)
    sections = read_sections(body)
    told = _told(telegram, body, sections)
    warned = [level for level, _ in told.values() if level is not None and level >= Level.ELDERLY]
    if not statement.active and warned:
        doubt = "見出しは解除、主文は警戒中。有効として扱う"
        statement = replace(statement, active=True, level=max(warned), doubts=(doubt,))
    if not statement.active:
        levels = {key: Level.NONE for key in sections}
        doubts: tuple[str, ...] = ()
    else:
        levels, doubts = _levels(sections, told, statement.level)
    found = [
        replace(section, level=levels[key], text=told[key][1] if key in told else "")
        for key, section in sections.items()
    ]
    worst = strongest((statement.level, *levels.values()))
    common = _common_areas(body)
    return replace(
        telegram,
        statements=(replace(statement, level=worst if statement.active else Level.NONE),),
        sections=tuple(_with_areas(section, common, worst) for section in found),
        areas=common,
        river_codes=_rivers(telegram, head),
        prefectures=_headline_codes(head, "(府県予報区等)"),
        doubts=(*telegram.doubts, *doubts),
    )


def _statement(telegram: Telegram, head: Element) -> Statement:
    """Give what the headline says of the whole river; only code 10 named 解除 lifts it."""
    kinds = head.findall("Headline/Information/Item/Kind")
    said = [(text_of(kind, "Name"), text_of(kind, "Code")) for kind in kinds]
    if said and all(code == "10" and name.endswith("解除") for name, code in said):
        return Statement(said[0][0], "10", "洪水", "", Level.NONE, False, "", "")
    found = [hazard_and_level(telegram.family, code, name) for name, code in said]
    by_text = level_in_text(telegram.headline)
    level = strongest((*(level for _, level, _ in found), by_text, level_in_name(_last(telegram))))
    doubts = tuple(
        f"符号「{code[:8]}」と名称「{name[:24]}」が不明または食い違う"
        for (name, code), (_, _, odd) in zip(said, found, strict=True)
        if odd
    )
    name, code = said[0] if said else (telegram.head_title, "")
    return Statement(
        name, code, "洪水", grade_in(name), level, True, telegram.event_id, "", doubts[:1]
    )


def _last(telegram: Telegram) -> str:
    """Give the part of the title that names the kind, e.g. レベル2氾濫注意報."""
    title = telegram.head_title
    starts = [title.rfind(word) for word in ("レベル", "氾濫")]
    found = [start for start in starts if start >= 0]
    return title[min(found) :] if found and not title.endswith("解除") else ""


def _rivers(telegram: Telegram, head: Element) -> tuple[str, ...]:
    """Give the codes with which the codes of the river's stations begin."""
    own = {telegram.event_id[:-2]} if len(telegram.event_id) > 4 else set()
    return tuple(sorted({*_headline_codes(head, "(河川)"), *own}))


def _headline_codes(head: Element, scope: str) -> tuple[str, ...]:
    codes = {
        text_of(area, "Code")
        for info in head.findall("Headline/Information")
        if type_of(info).endswith(scope)
        for area in info.findall("Item/Areas/Area")
    }
    return tuple(sorted(codes - {""}))


def _told(
    telegram: Telegram, body: Element, sections: dict[Key, Section]
) -> dict[Key, tuple[Level | None, str]]:
    """Give level and text per station that a 主文 or 概況 speaks of, and add unheard stations."""
    told: dict[Key, tuple[Level | None, str]] = {}
    mentions = Mentions(sections)
    for item in body.findall("Warning/Item"):
        kind = item.find("Kind")
        texts = [
            prose_of(prop, "Text")
            for prop in item.findall("Kind/Property")
            if "浸水想定地区" not in text_of(prop, "Type")
        ]
        if kind is None or not any(texts):
            continue
        code, name = text_of(kind, "Code"), text_of(kind, "Name")
        levels = [level_in_text(text) for text in texts]
        if code:
            levels.append(hazard_and_level(telegram.family, code, name)[1])
        marks = kind.findall("Property/SignificancyPart/Base/Significancy")
        levels += [level_of_significancy(text_of(mark, "Code")) for mark in marks]
        level = strongest(levels)
        if code == "10" and name.endswith("解除"):
            level = Level.NONE
        known = None if level is Level.UNKNOWN else level
        text = "\n".join(text for text in texts if text)
        for station in item.findall("Stations/Station"):
            key = mentions.of(station)
            before = told.get(key, (None, ""))
            best = known if before[0] is None else max(before[0], known or Level.NONE)
            told[key] = (best, "\n".join(part for part in (before[1], text) if part))
    return told


def _levels(
    sections: dict[Key, Section], told: dict[Key, tuple[Level | None, str]], river: Level
) -> tuple[dict[Key, Level], tuple[str, ...]]:
    """Give the level of every section, and what had to be assumed."""
    levels: dict[Key, Level] = {}
    unread = [key for key in sections if key in told and told[key][0] is None]
    silent = [key for key in sections if key not in told]
    for key, (level, _) in told.items():
        levels[key] = river if level is None else level
    doubts = [UNREAD] if unread else []
    carried = any(level >= river for level in levels.values())
    for key in silent:
        levels[key] = Level.UNKNOWN if carried else river
    if silent:
        names = "、".join(sections[key].name for key in silent)
        doubts.append(f"{NOT_NAMED}: {names}")
    if not carried and not silent and levels:
        levels = dict.fromkeys(levels, river)
        doubts.append("見出しのレベルに当たる区間がない。全区間を見出しのレベルとする")
    return levels, tuple(doubts)


def _common_areas(body: Element) -> tuple[FloodedArea, ...]:
    """Give the areas that an overflow threatens, which belong to no station."""
    return tuple(
        FloodedArea(text_of(area, "CityCode"), text_of(area, "Name"), quarters(area))
        for item in body.findall("Warning/Item")
        if not item.findall("Stations/Station")
        for area in item.findall("Areas/Area")
        if area.find("CityCode") is not None and not area.get("codeType")
    )


def _with_areas(section: Section, common: tuple[FloodedArea, ...], worst: Level) -> Section:
    if section.level is not worst or not common:
        return section
    return replace(section, areas=(*section.areas, *common))
