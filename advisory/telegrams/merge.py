"""Telegrams to the state they describe together: what is in force, foreseen and on its way.

For each line the newest telegram counts: per river (VXKO, VXSU), per title and area (VPWW, VXWW50,
VPWP50), per event (VPBS50, VPTW60). The state depends on the set of telegrams only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from advisory.telegrams.codes import Family
from advisory.telegrams.document import TelegramError
from advisory.telegrams.standing import Version, series_of, standing
from advisory.telegrams.types import Statement, Telegram
from advisory.types import Bin, FloodedArea, Level, Section, Warning, Warnings

RIVERS = (Family.RIVER, Family.NOTIFIED)
Line = tuple[str, ...]
Group = tuple[str, ...]


def merge(
    telegrams: Iterable[Telegram],
    *,
    unreadable: Iterable[tuple[TelegramError, datetime]] = (),
    received_at: datetime | None = None,
) -> Warnings:
    """Give the state that telegrams describe, the same for every order and repetition.

    Parameters
    ----------
    telegrams
        Of any number of rivers and offices; drills (訓練, 試験) never act.
    unreadable
        Bodies that `parse_telegram` refused, each with its time of arrival: every one becomes a
        warning in force of level UNKNOWN until the caller leaves it out.
    received_at
        Last sign of life of the feed; None = the newest sending time of all telegrams.
    """
    known = list(telegrams)
    stands, unclear = standing(known)
    newest: dict[Line, Version] = {}
    for version, telegram in stands:
        for line in _lines(telegram):
            newest[line] = version  # oldest first, so the last one stays
    active: set[Warning] = {_unreadable(*one) for one in unreadable}
    active |= {_unclear(one, _area_codes(known, one)) for one in unclear}
    bins: set[Bin] = set()
    typhoons = set()
    for version, telegram in stands:
        lines = {line for line in _lines(telegram) if newest[line] == version}
        if not lines:
            continue
        active |= set(_warnings(telegram, lines))
        bins |= {one for one in telegram.bins if _area_line(telegram, one.area_code) in lines}
        typhoons |= {telegram.typhoon} if telegram.typhoon else set()
    return Warnings(
        received_at=received_at or max((one.sent_at for one in known), default=None),
        active=tuple(sorted(active, key=_order)),
        bins=tuple(sorted(bins, key=_bin_order)),
        typhoons=tuple(sorted(typhoons, key=lambda one: (one.event_id, one.telegram_id))),
    )


def _lines(telegram: Telegram) -> list[Line]:
    """Give what a telegram speaks of; a newer one that speaks of the same replaces it there."""
    if telegram.family in RIVERS or telegram.family in (Family.BULLETIN, Family.TYPHOON):
        return [(telegram.family, telegram.event_id or telegram.head_title)]
    if telegram.family is Family.BINS:
        codes = [one.area_code for one in telegram.bins]
    else:
        codes = [one.area_code for one in telegram.statements]
    own: Line = (telegram.family, telegram.title, telegram.office, "")
    lines = [_area_line(telegram, code) for code in dict.fromkeys(codes)]
    return [*lines, own]


def _area_line(telegram: Telegram, area_code: str) -> Line:
    return (telegram.family, telegram.title, area_code)


def _warnings(telegram: Telegram, lines: set[Line]) -> list[Warning]:
    if telegram.family in RIVERS:
        return _of_river(telegram)
    if telegram.family in (Family.BINS, Family.TYPHOON):
        return []
    if telegram.family is Family.BULLETIN:
        return _of_areas(telegram, telegram.statements)
    if not telegram.statements:
        doubt = "対象区域の読めない電文"
        return [_warning(telegram, kind=telegram.head_title, level=Level.UNKNOWN, doubts=(doubt,))]
    said = [one for one in telegram.statements if _area_line(telegram, one.area_code) in lines]
    return _of_areas(telegram, said)


def _of_areas(telegram: Telegram, said: Sequence[Statement]) -> list[Warning]:
    """Give one warning per kind, with all of its areas."""
    groups: dict[Group, list[Statement]] = defaultdict(list)
    for one in said:
        if one.active:
            groups[one.kind, one.code, one.hazard, str(int(one.level)), *one.doubts].append(one)
    return [
        _warning(
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
    common = _warning(
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


def _unclear(telegram: Telegram, area_codes: set[str]) -> Warning:
    doubt = "取消の前に何が発表されていたか受信していない"
    kind = f"{telegram.head_title or telegram.title}（取消）"
    return _warning(
        telegram,
        kind=kind,
        level=Level.UNKNOWN,
        area_codes=tuple(sorted(area_codes)),
        river_codes=(telegram.event_id[:-2],) if telegram.family in RIVERS else (),
        doubts=(doubt,),
    )


def _area_codes(telegrams: Iterable[Telegram], cancel: Telegram) -> set[str]:
    """Give the areas of which the series of a withdrawal has ever spoken."""
    found: set[str] = set()
    for one in telegrams:
        if series_of(one) == series_of(cancel):
            found |= {*one.prefectures, *(said.area_code for said in one.statements)}
    found -= {cancel.event_id, ""}
    by_event = cancel.event_id[:2]  # rivers of a prefecture begin with its number, 01 to 47
    if not found and cancel.family in RIVERS and "01" <= by_event <= "47":
        found = {f"{by_event}0000"}
    return found


def _unreadable(error: TelegramError, received_at: datetime) -> Warning:
    name = f"unreadable-{error.digest[:12]}"
    kind = "読めない電文"
    return Warning(name, kind, Level.UNKNOWN, (), (), received_at, None, doubts=(str(error),))


def _warning(
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


def _order(warning: Warning) -> tuple[float, str, str, str]:
    return (-int(warning.level), warning.telegram_id, warning.kind, repr(warning))


def _bin_order(one: Bin) -> tuple[str, ...]:
    return (one.area_code, one.hazard, one.local, one.start.isoformat(), repr(one))
