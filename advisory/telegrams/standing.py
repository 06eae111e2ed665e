"""Which telegrams still stand, whatever the order and number of their arrivals.

Everything here is computed from the set of telegrams, never from the order in which they came:
drills fall out, a correction (訂正) takes the place of what it corrects, a withdrawal (取消) takes
away the telegram with its serial number, or else the newest before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from advisory.telegrams.codes import Family
from advisory.telegrams.types import CORRECTION, WITHDRAWAL, Telegram

Series = tuple[str, ...]
Version = tuple[datetime, int, bool, datetime]

# A withdrawal in these leaves a state that only an earlier telegram can tell.
_STATES = (Family.RIVER, Family.NOTIFIED, Family.WARNING, Family.OLD_WARNING, Family.LANDSLIDE)


def standing(telegrams: Iterable[Telegram]) -> tuple[list[tuple[Version, Telegram]], set[Telegram]]:
    """Give the telegrams that stand with their versions, oldest first, and unclear withdrawals.

    Those of equal version are rival readings of one telegram: all of them count. A withdrawal is
    unclear if what was in force before the withdrawn telegram is not known.
    """
    series: dict[Series, list[Telegram]] = defaultdict(list)
    for telegram in {one.digest: one for one in telegrams if not one.drill}.values():
        series[series_of(telegram)].append(telegram)
    stands: list[tuple[Version, Telegram]] = []
    unclear: set[Telegram] = set()
    for members in series.values():
        reports = [one for one in members if one.info_type != WITHDRAWAL]
        versions = {one.digest: _version(one, reports) for one in reports}
        gone: set[str] = set()
        for cancel in members:
            if cancel.info_type == WITHDRAWAL:
                gone |= {one.digest for one in _withdrawn(cancel, reports, versions)}
        left = [one for one in reports if one.digest not in gone]
        stands += [(versions[one.digest], one) for one in left]
        unclear |= _unclear(members, reports, left, gone)
    return sorted(stands, key=lambda pair: (pair[0], pair[1].digest)), unclear


def series_of(telegram: Telegram) -> Series:
    """Give what a telegram is one of: an event, or the titles of an office."""
    if telegram.event_id:
        return (telegram.family, telegram.event_id)
    return (telegram.family, telegram.title, telegram.office)


def _version(telegram: Telegram, reports: list[Telegram]) -> Version:
    place = telegram.issued_at
    if telegram.info_type == CORRECTION and telegram.serial is not None:
        same = [
            one.issued_at
            for one in reports
            if one.info_type != CORRECTION
            and one.serial == telegram.serial
            and one.issued_at <= telegram.issued_at
        ]
        place = max(same, default=place)
    corrects = telegram.info_type == CORRECTION
    return (place, telegram.serial or 0, corrects, telegram.sent_at)


def _withdrawn(
    cancel: Telegram, reports: list[Telegram], versions: dict[str, Version]
) -> list[Telegram]:
    """Give the report that a 取消 takes away, with its corrections."""
    before = [one for one in reports if versions[one.digest][0] <= cancel.issued_at]
    same = [one for one in before if cancel.serial is not None and one.serial == cancel.serial]
    candidates = same or before
    if not candidates:
        return []
    newest = max(versions[one.digest][:2] for one in candidates)
    return [one for one in candidates if versions[one.digest][:2] == newest]


def _unclear(
    members: list[Telegram], reports: list[Telegram], left: list[Telegram], gone: set[str]
) -> set[Telegram]:
    """Give the newest withdrawal of a series of which nothing stands, unless it was the first."""
    cancels = [one for one in members if one.info_type == WITHDRAWAL and one.family in _STATES]
    first = [one.serial == 1 for one in reports if one.digest in gone]
    if left or not cancels or (first and all(first)):
        return set()
    return {max(cancels, key=lambda one: (one.issued_at, one.sent_at, one.digest))}
