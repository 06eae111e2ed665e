"""Kinds in force per municipality: VPWW55 to 61, VPWW50/53/54 and VXWW50.

Body and headline are both read: what the headline calls in force stays in force even where the
body does not mention it. `Status` decides what is lifted, never the code alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

from advisory.telegrams.codes import (
    LEVELLED,
    RELEASED,
    Family,
    grade_in,
    hazard_and_level,
    level_of_significancy,
    strongest,
)
from advisory.telegrams.types import Statement
from advisory.telegrams.words import text_of, type_of
from advisory.types import Level

_NO_CODES = ("", "0", "00", "1")  # headlines and VXWW50: 0, 00 none, 1 lifted


def read_statements(family: Family, head: Element, body: Element) -> tuple[Statement, ...]:
    """Give what is said of each municipality, or of wider areas if there is none."""
    said = list(_read(family, _narrowest(body.findall("Warning"))))
    for heard in _read(family, _narrowest(head.findall("Headline/Information"))):
        same = [one for one in said if one.area_code == heard.area_code and one.active]
        if heard.active and not any(_covers(one, heard) for one in same):
            doubt = "見出しにあり、本文では有効でない。有効として扱う"
            said.append(replace(heard, doubts=(*heard.doubts, doubt)))
    return tuple(dict.fromkeys(said))


def _covers(one: Statement, other: Statement) -> bool:
    """Tell whether a statement says at least what another does."""
    alike = one.hazard == other.hazard or one.kind == other.kind
    return alike and one.level >= other.level


def _narrowest(parts: list[Element]) -> list[Element]:
    """Give the parts for municipalities; all parts if none is marked so."""
    narrow = [part for part in parts if type_of(part).endswith("(市町村等)")]
    return narrow or parts


def _read(family: Family, parts: list[Element]) -> Iterator[Statement]:
    for part in parts:
        for item in part.findall("Item"):
            areas = [*item.findall("Area"), *item.findall("Areas/Area")] or [Element("Area")]
            for kind in item.findall("Kind"):
                said = _statement(family, kind)
                for area in areas:
                    yield replace(
                        said, area_code=text_of(area, "Code"), area_name=text_of(area, "Name")
                    )


def _statement(family: Family, kind: Element) -> Statement:
    name, code = text_of(kind, "Name"), text_of(kind, "Code")
    status = text_of(kind, "Status") or text_of(kind, "Condition")
    if _released(family, name, code, status):
        return Statement(name, code, "", grade_in(name), Level.NONE, False, "", "")
    hazard, level, odd = hazard_and_level(family, code, name)
    if family is Family.LANDSLIDE:
        name, hazard = f"土砂災害警戒情報（{name}）", "土砂災害"
    doubts = (f"符号「{code[:8]}」と名称「{name[:24]}」が不明または食い違う",) if odd else ()
    if family is Family.WARNING:
        level = strongest((level, _significancy(kind)))
    return Statement(name, code, hazard, grade_in(name), level, True, "", "", doubts)


def _released(family: Family, name: str, code: str, status: str) -> bool:
    if family is Family.LANDSLIDE:
        return code in _NO_CODES and (status in RELEASED or name in RELEASED)
    return status in RELEASED or (not status and name == "解除" and code in _NO_CODES)


def _significancy(kind: Element) -> Level | None:
    """Give the highest 危険度 of hazards with levels for now; foreseen peaks are bins."""
    found = [
        level_of_significancy(text_of(mark, "Code"))
        for part in kind.findall("Property/SignificancyPart")
        for mark in part.iter("Significancy")
        if type_of(mark).startswith(LEVELLED)
    ]
    return strongest(found) if found else None
