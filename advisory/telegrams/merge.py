"""Telegrams to the state they describe together: what is in force, foreseen and on its way.

For each line the newest telegram counts: per river (VXKO, VXSU), per title and area (VPWW, VXWW50,
VPWP50), per event (VPBS50, VPTW60). The state depends on the set of telegrams only.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from advisory.telegrams.codes import Family
from advisory.telegrams.document import TelegramError
from advisory.telegrams.in_force import RIVERS, warning_of, warnings_of
from advisory.telegrams.standing import Version, series_of, standing
from advisory.telegrams.types import Telegram
from advisory.types import Bin, Level, Warning, Warnings

Line = tuple[str, ...]


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
    newest = _newest(stands)
    active: set[Warning] = {_unreadable(*one) for one in unreadable}
    active |= {_unclear(one, _area_codes(known, one)) for one in unclear}
    bins: set[Bin] = set()
    typhoons = set()
    for version, telegram in stands:
        lines = {line for line in _lines(telegram) if newest[line] == version}
        if not lines:
            continue
        said = [one for one in telegram.statements if _line(telegram, one.area_code) in lines]
        active |= set(warnings_of(telegram, said))
        bins |= {one for one in telegram.bins if _line(telegram, one.area_code) in lines}
        typhoons |= {telegram.typhoon} if telegram.typhoon else set()
    return Warnings(
        received_at=received_at or max((one.sent_at for one in known), default=None),
        active=tuple(sorted(active, key=_order)),
        bins=tuple(sorted(bins, key=_bin_order)),
        typhoons=tuple(sorted(typhoons, key=lambda one: (one.event_id, one.telegram_id))),
    )


def spoken(telegrams: Iterable[Telegram], *, unclear: bool = False) -> list[Telegram]:
    """Give the telegrams that the state is made of; `unclear` = the unclear withdrawals instead."""
    stands, withdrawals = standing(telegrams)
    if unclear:
        return [*withdrawals]
    newest = _newest(stands)
    return [
        telegram for version, telegram in stands
        if any(newest[line] == version for line in _lines(telegram))
    ]  # fmt: skip


def _newest(stands: Iterable[tuple[Version, Telegram]]) -> dict[Line, Version]:
    newest: dict[Line, Version] = {}
    for version, telegram in stands:
        for line in _lines(telegram):
            newest[line] = version  # oldest first, so the last one stays
    return newest


def _lines(telegram: Telegram) -> list[Line]:
    """Give what a telegram speaks of; a newer one that speaks of the same replaces it there."""
    if telegram.family in RIVERS or telegram.family in (Family.BULLETIN, Family.TYPHOON):
        return [(telegram.family, telegram.event_id or telegram.head_title)]
    if telegram.family is Family.BINS:
        codes = [one.area_code for one in telegram.bins]
    else:
        codes = [one.area_code for one in telegram.statements]
    own: Line = (telegram.family, telegram.title, telegram.office, "")
    lines = [_line(telegram, code) for code in dict.fromkeys(codes)]
    return [*lines, own]


def _line(telegram: Telegram, area_code: str) -> Line:
    return (telegram.family, telegram.title, area_code)


def _unclear(telegram: Telegram, area_codes: set[str]) -> Warning:
    doubt = "取消の前に何が発表されていたか受信していない"
    kind = f"{telegram.head_title or telegram.title}（取消）"
    return warning_of(
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


def _order(warning: Warning) -> tuple[float, str, str, str]:
    return (-int(warning.level), warning.telegram_id, warning.kind, repr(warning))


def _bin_order(one: Bin) -> tuple[str, ...]:
    return (one.area_code, one.hazard, one.local, one.start.isoformat(), repr(one))
