"""The book of staff alerts: what was told, who was told, who said that they know.

Every function is given a connection inside a transaction, so a pass is written whole or not at
all. An alert is open until its topic has calmed down and somebody acknowledged it, or a worse one
on the same topic takes its place; while it is open and nobody acknowledged, the next person on the
roster is told every few minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from alerts.duty.roster import Watch, on_watch, quiet_until, whom
from alerts.duty.tables import staff_acknowledgement, staff_alert, staff_delivery, staff_watch
from alerts.duty.triggers import worse
from alerts.duty.types import Officer, StaffRules, Trigger

ALERTS = UUID("3b0d9a52-6a1e-5c8e-9d0d-7f2c51b3c6a4")  # name spaces of our own
KEYS = UUID("c1f7be0a-96d8-5e0b-8a52-1f4a8e1d7b93")
GOOD_FOR = timedelta(hours=2)  # an alert that comes later is no alert; LINE's keys live 24 h
PICTURE_MAX = 60 * 1024  # bytes
UNSENT = ("waiting", "leased")
WAYS = ("line", "email")

Picture = Callable[[Trigger], bytes | None]


def take(connection: Connection, city_id: str, now: datetime) -> Row[Any]:
    """Take the city's turn: other passes wait until this transaction ends; give its watch row."""
    turn = update(staff_watch).where(staff_watch.c.city_id == city_id).values(looked_at=now)
    if connection.execute(turn).rowcount == 0:
        new = {"city_id": city_id, "looked_at": now, "failure": ""}
        try:
            with connection.begin_nested():
                connection.execute(insert(staff_watch).values(new))
        except IntegrityError:  # another pass was first
            connection.execute(turn)
    return connection.execute(select(staff_watch).where(staff_watch.c.city_id == city_id)).one()


def admit(
    connection: Connection,
    found: Sequence[Trigger],
    *,
    city_id: str,
    city_name: str,
    run_name: str,
    notes: Sequence[str],
    kinds: Collection[str],
    staff: StaffRules,
    now: datetime,
    picture: Picture = lambda _trigger: None,
) -> list[str]:
    """Open an alert for what is new or worse, end what has calmed down; give the new alert ids.

    Parameters
    ----------
    found
        Everything that stands now, of the kinds that were looked at (`kinds`): others stay open.
    picture
        Gives the shelter map of a trigger's district, None = there is none.
    """
    standing = {row.topic: row for row in _open(connection, city_id)}
    new = []
    for trigger in found:
        told = standing.pop(trigger.topic, None)
        if told is not None and not worse(trigger, dict(told._mapping), staff):
            continue
        if told is not None:
            _close(connection, told.alert_id, "superseded", now)
        row = _row(trigger, now, picture(trigger))
        row |= {"city_id": city_id, "city_name": city_name, "notes": list(notes)}
        row |= {"run_name": run_name if trigger.run_id else ""}
        row["alert_id"] = str(uuid5(ALERTS, f"{city_id}/{trigger.topic}/{now.isoformat()}"))
        row["next_at"] = _allowed(now, trigger.level, staff)
        connection.execute(insert(staff_alert).values(row))
        new.append(row["alert_id"])
    known = _acknowledged(connection, [left.alert_id for left in standing.values()])
    for left in standing.values():
        if left.kind in kinds and left.alert_id in known:
            _close(connection, left.alert_id, "ended", now)
    return new


def advance(
    connection: Connection,
    city_id: str,
    roster: Sequence[Officer],
    *,
    channels: Collection[str],
    staff: StaffRules,
    now: datetime,
) -> int:
    """Tell the next on the roster of every alert whose time has come; give how many texts wait."""
    watch = on_watch(roster, now)
    count = 0
    for row in _open(connection, city_id):
        if row.next_at is None or row.next_at > now:
            continue
        step = row.step + 1
        deliveries = [
            delivery
            for person in whom(watch, _times_told(connection, row.alert_id))
            for delivery in _deliveries(
                row.alert_id, person, channels, step=step, watch=watch, now=now
            )
        ]
        connection.execute(insert(staff_delivery), deliveries)
        waits = len([each for each in deliveries if each["state"] == "waiting"])
        again = now + timedelta(minutes=staff.escalate_min if waits else 0.0)
        connection.execute(
            update(staff_alert)
            .where(staff_alert.c.alert_id == row.alert_id)
            .values(step=step, next_at=_allowed(again, row.level, staff))
        )
        count += waits
    return count


def acknowledge(
    connection: Connection, alert_id: str, *, person_id: str, how: str, at: datetime
) -> bool:
    """Record that somebody knows; nobody else is told. Give False if somebody did before.

    Raises
    ------
    ValueError
        If there is no such alert.
    """
    stop = update(staff_alert).where(staff_alert.c.alert_id == alert_id).values(next_at=None)
    if connection.execute(stop).rowcount == 0:
        raise ValueError(f"alert_id must name a staff alert, got {alert_id!r}.")
    _void(connection, alert_id)
    if _acknowledged(connection, [alert_id]):
        return False
    row = {"alert_id": alert_id, "person_id": person_id, "how": how, "at": at}
    connection.execute(insert(staff_acknowledgement).values(row))
    return True


def open_alerts(connection: Connection, city_id: str) -> list[Row[Any]]:
    """Give the open alerts that nobody acknowledged, most urgent first."""
    rows = _open(connection, city_id)
    known = _acknowledged(connection, [row.alert_id for row in rows])
    return [row for row in rows if row.alert_id not in known]


def told_of(connection: Connection, person_id: str, city_id: str) -> list[str]:
    """Give the open, unacknowledged alerts that a person was told of."""
    told = select(staff_delivery.c.alert_id).where(staff_delivery.c.person_id == person_id)
    known = set(connection.execute(told).scalars())
    return [row.alert_id for row in open_alerts(connection, city_id) if row.alert_id in known]


def alert(connection: Connection, alert_id: str) -> Row[Any] | None:
    """Give one alert with who acknowledged it (`person_id`, `how`, `known_at`), or None."""
    return connection.execute(
        select(
            staff_alert,
            staff_acknowledgement.c.person_id,
            staff_acknowledgement.c.how,
            staff_acknowledgement.c.at.label("known_at"),
        )
        .outerjoin(staff_acknowledgement)
        .where(staff_alert.c.alert_id == alert_id)
    ).one_or_none()


def _open(connection: Connection, city_id: str) -> list[Row[Any]]:
    query = (
        select(*(column for column in staff_alert.c if column.name != "picture"))
        .where(staff_alert.c.city_id == city_id, staff_alert.c.closed_at.is_(None))
        .order_by(staff_alert.c.level.desc(), staff_alert.c.at, staff_alert.c.topic)
    )
    return list(connection.execute(query))


def _acknowledged(connection: Connection, alert_ids: Sequence[str]) -> set[str]:
    query = select(staff_acknowledgement.c.alert_id).where(
        staff_acknowledgement.c.alert_id.in_(alert_ids)
    )
    return set(connection.execute(query).scalars())


def _close(connection: Connection, alert_id: str, why: str, now: datetime) -> None:
    ended = {"closed": why, "closed_at": now, "next_at": None}
    connection.execute(update(staff_alert).where(staff_alert.c.alert_id == alert_id).values(ended))
    _void(connection, alert_id)


def _void(connection: Connection, alert_id: str) -> None:
    unsent = staff_delivery.c.state.in_(UNSENT)
    connection.execute(
        update(staff_delivery)
        .where(staff_delivery.c.alert_id == alert_id, unsent)
        .values(state="void", lease_until=None)
    )


def _times_told(connection: Connection, alert_id: str) -> Mapping[str, int]:
    steps = func.count(func.distinct(staff_delivery.c.step))
    query = (
        select(staff_delivery.c.person_id, steps)
        .where(staff_delivery.c.alert_id == alert_id)
        .group_by(staff_delivery.c.person_id)
    )
    return {person_id: int(count) for person_id, count in connection.execute(query)}


def _allowed(moment: datetime, level: int, staff: StaffRules) -> datetime:
    """Give the first moment at which an alert of this level may be told."""
    if level > staff.quiet_level_max:
        return moment
    return quiet_until(moment, staff.quiet_start, staff.quiet_end)


def _row(trigger: Trigger, now: datetime, picture: bytes | None) -> dict[str, Any]:
    small = picture if picture is not None and len(picture) <= PICTURE_MAX else None
    names = ("topic", "kind", "state", "severity", "level", "title", "deadline", "deadline_of",
             "run_id", "drill")  # fmt: skip
    return {
        **{name: getattr(trigger, name) for name in names},
        **{name: list(getattr(trigger, name)) for name in ("reasons", "districts", "items")},
        "at": now,
        "step": 0,
        "picture": small,
    }


def _deliveries(
    alert_id: str,
    person: Officer,
    channels: Collection[str],
    *,
    step: int,
    watch: Watch,
    now: datetime,
) -> list[dict[str, Any]]:
    """Give a row a channel that reaches a person; one that reaches nobody is dead and says so."""
    known = [name for name in WAYS if person.address(name)]
    usable = [name for name in known if name in channels]
    row = {
        "alert_id": alert_id,
        "person_id": person.person_id,
        "step": step,
        "off_shift": watch.off_shift,
        "state": "waiting" if usable else "dead",
        "attempts": 0,
        "at": now,
        "next_try": now,
        "expires": now + GOOD_FOR,
        "error": None if usable else "this channel is not set up",
    }
    return [
        {
            **row,
            "channel": name,
            "key": str(uuid5(KEYS, f"{alert_id}/{person.person_id}/{name}/{step}")),
        }
        for name in usable or known
    ]
