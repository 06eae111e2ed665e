"""What one telegram puts in force: a warning per kind of its areas, or per river section."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from advisory.telegrams.codes import Family
from advisory.telegrams.types import Statement, Telegram
from advisory.types import FloodedArea, Level, Section, Warning

RIVERS = (Family.RIVER, Family.NOTIFIED)
Group = tuple[str, ...]


def warnings_of(telegram: Telegram, said: Sequence[Statement]) -> list[Warning]:
    """Give the warnings of a telegram; `said` = its statements that no newer one replaces."""
    if telegram.family in RIVERS:
        return _of_river(telegram)
    if telegram.family in (Family.BINS, Family.TYPHOON):
        return []
    if telegram.family is Family.BULLETIN:
        return _of_areas(telegram, telegram.statements)
    if not telegram.statements:
        doubt = "対象区域の読めない電文"
        return [
            warning_of(telegram, kind=telegram.head_title, level=Level.UNKNOWN, doubts=(doubt,))
        ]
    return _of_areas(telegram, said)


def _of_areas(telegram: Telegram, said: Sequence[Statement]) -> list[Warning]:
    """Give one warning per kind, with all of its areas."""
    groups: dict[Group, list[Statement]] = defaultdict(list)
    for one in said:
        if one.active:
            groups[one.kind, one.code, one.hazard, str(int(one.level)), *one.doubts].append(one)
    return [
        warning_of(
            telegram,
            kind=members[0].kind or telegram.head_title,
            level=members[0].level,
            hazard=members[0].hazard,
            grade=members[0].grade,
            area_codes=tuple(sorted({one.area_code for one in members})),
            area_names=tuple(sorted({one.area_name for one in members})),
            doubts=(*telegram.doubts, *members[0].doubts),
        )
        for members in groups.values()
    ]


def _of_river(telegram: Telegram) -> list[Warning]:
    """Give one warning per section that is warned of; one for the river if none is named."""
    river = telegram.statements[0]
    if not river.active:
        return []
    common = warning_of(
        telegram,
        kind=telegram.head_title,
        level=river.level,
        hazard="洪水",
        grade=river.grade,
        area_codes=_codes(telegram.areas) or telegram.prefectures,
        area_names=tuple(area.name for area in telegram.areas),
        river_codes=telegram.river_codes,
        doubts=(*telegram.doubts, *river.doubts),
    )
    warned = [one for one in telegram.sections if one.level is not Level.NONE]
    if not warned:
        doubt = "見出しのみの電文。区間ごとのレベルは不明"
        return [replace(common, doubts=(*common.doubts, doubt))]
    return [_of_section(common, section) for section in warned]


def _of_section(common: Warning, section: Section) -> Warning:
    return replace(
        common,
        kind=f"{common.kind}（{section.name}の受け持ち区間）",
        level=section.level,
        area_codes=_codes(section.areas) or common.area_codes,
        area_names=tuple(dict.fromkeys(area.name for area in section.areas)),
        section=section,
    )


def _codes(areas: Sequence[FloodedArea]) -> tuple[str, ...]:
    return tuple(sorted({area.area_code for area in areas}))


def warning_of(
    telegram: Telegram,
    *,
    kind: str,
    level: Level,
    hazard: str = "",
    grade: str = "",
    area_codes: tuple[str, ...] = (),
    area_names: tuple[str, ...] = (),
    river_codes: tuple[str, ...] = (),
    doubts: tuple[str, ...] = (),
) -> Warning:
    """Give a warning with what the head of its telegram says."""
    return Warning(
        telegram_id=telegram.telegram_id,
        kind=kind,
        level=level,
        area_codes=area_codes,
        gauge_ids=(),
        issued_at=telegram.issued_at,
        valid_until=telegram.valid_until,
        hazard=hazard,
        grade=grade,
        area_names=area_names,
        river_codes=river_codes,
        headline=telegram.headline,
        doubts=doubts,
    )
