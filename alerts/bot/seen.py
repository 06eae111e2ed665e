"""Which webhook events were answered: LINE sends an event again when it heard no 200.

An event is claimed for a while, so that one that died half-way is answered by its redelivery and
one that is being answered is not answered twice. Only ids are kept, no user and no text.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Boolean, Column, Connection, String, Table, delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from alerts.schema import UtcTime, metadata

CLAIM = timedelta(seconds=30)
KEPT = timedelta(days=3)  # LINE redelivers for some hours

bot_event = Table(
    "bot_event",
    metadata,
    Column("event_id", String(100), primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("claimed_until", UtcTime, nullable=False),
    Column("answered", Boolean, nullable=False),
)


def claim(connection: Connection, event_id: str, now: datetime) -> bool:
    """Take an event; False = it was answered, or somebody else is at it."""
    row = {"event_id": event_id, "at": now, "claimed_until": now + CLAIM, "answered": False}
    try:
        with connection.begin_nested():
            connection.execute(insert(bot_event).values(row))
    except IntegrityError:
        again = connection.execute(
            update(bot_event)
            .where(
                bot_event.c.event_id == event_id,
                bot_event.c.answered.is_(False),
                or_(bot_event.c.claimed_until <= now, bot_event.c.at > now),
            )
            .values(claimed_until=now + CLAIM, at=now)
        )
        return again.rowcount == 1
    return True


def release(connection: Connection, event_id: str, now: datetime) -> None:
    """Give an event back that could not be answered: its redelivery may be."""
    connection.execute(
        update(bot_event).where(bot_event.c.event_id == event_id).values(claimed_until=now)
    )


def answered(connection: Connection, event_id: str, now: datetime) -> None:
    """Record that an event is done, and forget those of last week."""
    connection.execute(
        update(bot_event).where(bot_event.c.event_id == event_id).values(answered=True)
    )
    connection.execute(delete(bot_event).where(bot_event.c.at < now - KEPT))
