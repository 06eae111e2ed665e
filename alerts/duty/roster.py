"""The roster: who is on duty at a time, and who is told next.

A roster is private. It is a TOML file of `[[person]]` tables (docs/duty.md shows one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from alerts.duty.types import Officer, Shift
from alerts.wording import JST

DAYS = {"月": 0, "火": 1, "水": 2, "木": 3, "金": 4, "土": 5, "日": 6}
LINE_ID = re.compile(r"U[0-9a-f]{32}")
MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
PERSON_KEYS = {"id", "name", "order", "line", "mail", "shifts"}
SHIFT_KEYS = {"days", "start", "end"}


@dataclass(frozen=True)
class Watch:
    """Who may be told now; `off_shift` = nobody is on shift, so everybody on the roster may."""

    people: tuple[Officer, ...]
    off_shift: bool


def read_roster(raw: Mapping[str, Any]) -> tuple[Officer, ...]:
    """Give the people of a parsed roster, first in order first.

    Raises
    ------
    ValueError
        Naming every fault by the person's id, never a name or an address.
    """
    rows = raw.get("person")
    if not isinstance(rows, list) or not rows:
        raise ValueError("a roster must have at least one [[person]], got none. Add the duty.")
    faults = [f"unknown table {key!r} (known: ['person'])" for key in sorted(set(raw) - {"person"})]
    people = [_person(row, number, faults) for number, row in enumerate(rows, 1)]
    found = [person for person in people if person is not None]
    ids = [person.person_id for person in found]
    faults += [f"id must be unique, got {name!r} twice" for name in sorted(_twice(ids))]
    if faults:
        raise ValueError("The roster is not usable: " + "; ".join(faults) + ". Correct it.")
    return tuple(sorted(found, key=lambda person: (person.order, person.person_id)))


def on_watch(roster: Sequence[Officer], now: datetime) -> Watch:
    """Give the people on shift; with nobody on shift everybody, so that no alert is lost."""
    present = tuple(person for person in roster if any(_covers(s, now) for s in person.shifts))
    return Watch(present or tuple(roster), off_shift=not present)


def whom(watch: Watch, times_told: Mapping[str, int]) -> tuple[Officer, ...]:
    """Give who is told next: the least often told, of these the first in order, all of that order.

    Parameters
    ----------
    times_told
        By person_id, how often each was told of this alert.
    """
    if not watch.people:
        return ()
    rank = {
        person.person_id: (times_told.get(person.person_id, 0), person.order)
        for person in watch.people
    }
    first = min(rank.values())
    return tuple(person for person in watch.people if rank[person.person_id] == first)


def within(clock: time, start: time, end: time) -> bool:
    """Tell whether a clock time lies in a span that may pass midnight; start = end is all day."""
    if start < end:
        return start <= clock < end
    return clock >= start or clock < end


def quiet_until(now: datetime, start: time, end: time) -> datetime:
    """Give the end of the quiet hours that `now` lies in, else `now`. Clock times of Japan."""
    local = now.astimezone(JST)
    if start == end or not within(local.time(), start, end):
        return now
    until = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def _covers(shift: Shift, now: datetime) -> bool:
    local = now.astimezone(JST)
    clock = local.time()
    if not within(clock, shift.start, shift.end):
        return False
    past_midnight = shift.start >= shift.end and clock < shift.end
    began = local - timedelta(days=1) if past_midnight else local
    return began.weekday() in shift.weekdays


def _person(row: Any, number: int, faults: list[str]) -> Officer | None:
    if not isinstance(row, Mapping):
        faults.append(f"person {number} must be a table")
        return None
    who = f"person {row.get('id') or number}"
    before = len(faults)
    faults += [
        f"unknown key {key!r} in {who} (known: {sorted(PERSON_KEYS)})"
        for key in sorted(set(row) - PERSON_KEYS)
    ]
    faults += [
        f"{key} of {who} must be text, not empty"
        for key in ("id", "name")
        if not isinstance(row.get(key), str) or not row[key].strip()
    ]
    order = row.get("order")
    if type(order) is not int or order < 1:
        faults.append(f"order of {who} must be a whole number >= 1")
    line, mail = row.get("line", ""), row.get("mail", "")
    if not (isinstance(line, str) and (not line or LINE_ID.fullmatch(line))):
        faults.append(f"line of {who} must be a LINE user id (U and 32 hex digits)")
    if not (isinstance(mail, str) and (not mail or MAIL.fullmatch(mail))):
        faults.append(f"mail of {who} must be one plain mail address")
    if not line and not mail:
        faults.append(f"{who} must have line or mail, got neither")
    shifts = _shifts(row.get("shifts"), who, faults)
    if len(faults) > before or not isinstance(order, int):
        return None
    return Officer(row["id"].strip(), order, row["name"].strip(), shifts, line, mail)


def _shifts(raw: Any, who: str, faults: list[str]) -> tuple[Shift, ...]:
    if not isinstance(raw, list) or not raw:
        faults.append(f"shifts of {who} must be a list of {{days, start, end}}, got none")
        return ()
    found = []
    for row in raw:
        try:
            if set(row) != SHIFT_KEYS or not row["days"]:
                raise ValueError
            days = tuple(DAYS[day] for day in row["days"])
            start, end = (time.fromisoformat(row[key]) for key in ("start", "end"))
            found.append(Shift(days, start, end))
        except (KeyError, TypeError, ValueError, AttributeError):
            faults.append(
                f'a shift of {who} must read {{days = "月火", start = "08:30", end = "17:15"}}'
            )
    return tuple(found)


def _twice(ids: Sequence[str]) -> set[str]:
    return {name for name in ids if ids.count(name) > 1}
