"""Asking the services before a round of sending: enough quota, and which texts they refuse.

It forbids nothing: what the services take is sent all the same. What they said stands in the
database, so that an officer sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from alerts.schema import UtcTime, approval, message, metadata, outbox
from alerts.types import Channel, Message, Preflight

channel_check = Table(  # the last one of each channel
    "channel_check",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("left", Integer),  # NULL = no limit known
    Column("refused", JSON, nullable=False),  # pairs of message_id and fault
    Column("unanswered", Text, nullable=False),
)


def preflight(engine: Engine, channels: Mapping[str, Channel], *, now: datetime) -> list[Preflight]:
    """Ask each channel that has a `check` about what waits for it, and write down its answer."""
    able: dict[str, Any] = {
        name: channel for name, channel in channels.items() if hasattr(channel, "check")
    }
    with engine.connect() as connection:
        waiting = {name: _waiting(connection, name, now) for name in able}
    found = [
        able[name].check(messages, needed) for name, (messages, needed) in waiting.items() if needed
    ]
    with engine.begin() as connection:
        for each in found:
            _keep(connection, each, now)
    return found


def last_checks(connection: Connection) -> dict[str, tuple[datetime, Preflight]]:
    """Give the last answer of each channel, with its time."""
    rows = connection.execute(select(channel_check).order_by(channel_check.c.channel))
    return {
        row.channel: (
            row.at,
            Preflight(
                row.channel,
                row.needed,
                row.left,
                tuple((message_id, fault) for message_id, fault in row.refused),
                row.unanswered,
            ),
        )
        for row in rows
    }


def tell(check: Preflight) -> list[str]:
    """Give what an officer should read of a check; nothing to say = all is well."""
    lines = []
    if check.unanswered:
        lines.append(f"{check.channel} could not be asked before sending: {check.unanswered}")
    if not check.enough:
        lines.append(
            f"{check.channel}: {check.needed} messages wait, the plan allows {check.left} more "
            "this month. Raise the plan; the other channels go on."
        )
    lines += [f"{check.channel} refuses message {name}: {fault}" for name, fault in check.refused]
    return lines


def _keep(connection: Connection, check: Preflight, now: datetime) -> None:
    connection.execute(delete(channel_check).where(channel_check.c.channel == check.channel))
    connection.execute(
        insert(channel_check).values(
            channel=check.channel,
            at=now,
            needed=check.needed,
            left=check.left,
            refused=[list(pair) for pair in check.refused],
            unanswered=check.unanswered,
        )
    )


def _waiting(connection: Connection, channel: str, now: datetime) -> tuple[list[Message], int]:
    """Give the texts that wait for a channel, and for how many recipients."""
    due = (
        select(outbox.c.message_id, func.json_array_length(outbox.c.recipients).label("people"))
        .join(approval, approval.c.approval_id == outbox.c.approval_id)
        .where(
            outbox.c.channel == channel,
            outbox.c.state == "waiting",
            outbox.c.expires > now,
            approval.c.voided_at.is_(None),
        )
        .subquery()
    )
    totals = select(due.c.message_id, func.sum(due.c.people).label("people"))
    people = {
        row.message_id: int(row.people)
        for row in connection.execute(totals.group_by(due.c.message_id))
    }
    texts = connection.execute(
        select(message)
        .where(message.c.message_id.in_(select(due.c.message_id)))
        .order_by(message.c.message_id)
    )
    names = ("message_id", "district_id", "language", "form", "subject", "household")
    messages = [
        Message(**{name: getattr(row, name) for name in names}, body=bytes(row.body))
        for row in texts
    ]
    return messages, sum(people.values())
