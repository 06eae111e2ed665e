"""Which batches are due, who has them, and whether they may still go.

Leases, not locks: a batch belongs to a worker until `lease_until`; then the next one takes it.

Clocks may jump. A batch remembers the latest time it was touched, and one that goes back cannot
bring back what had expired by then. One that jumps ahead and is set right leaves waits in the far
future: none is longer than `WAIT_MAX`, so such a batch is due at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, insert, not_, or_, select, update

from alerts.outbox import STATUS, status, tell
from alerts.schema import approval, attempt, message, outbox
from alerts.types import Channel, Delivery, Message

WAIT_MAX = timedelta(hours=1)  # no lease and no wait for a retry is longer


def expire(connection: Connection, now: datetime) -> list[Delivery]:
    """Bury what was not sent in time, with its last error; give those batches."""
    late = (
        select(outbox.c.key)
        .where(_expired(now), outbox.c.state.in_(("waiting", "leased")))
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        update(outbox)
        .where(outbox.c.key.in_(late))
        .values(
            state="dead",
            lease_until=None,
            error=case(
                (outbox.c.error.is_(None), "expired before it was sent"),
                else_="expired; last: " + outbox.c.error,
            ),
        )
        .returning(*STATUS)
    ).all()
    if rows:
        told = [
            {"key": row.key, "at": now, "outcome": "expired", "detail": row.error} for row in rows
        ]
        connection.execute(insert(attempt), told)
    buried = [status(row) for row in rows]
    tell(connection, buried, now)
    return buried


def due_keys(connection: Connection, channel: str, now: datetime) -> list[str]:
    """Give the batches a channel could send now: highest level first, then the least tried."""
    rows = connection.execute(
        select(outbox.c.key)
        .join(approval, approval.c.approval_id == outbox.c.approval_id)
        .where(outbox.c.channel == channel, _due(now), approval.c.voided_at.is_(None))
        .order_by(approval.c.level.desc(), outbox.c.attempts, outbox.c.batch_number, outbox.c.key)
    )
    return list(rows.scalars())


def lease(
    connection: Connection, keys: Sequence[str], *, now: datetime, lease_s: float
) -> list[Row[Any]]:
    """Take those of the batches that nobody else took meanwhile, in the order of `keys`."""
    free = (
        select(outbox.c.key)
        .where(outbox.c.key.in_(keys), _due(now))
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        update(outbox)
        .where(outbox.c.key.in_(free))
        .values(
            state="leased",
            lease_until=now + timedelta(seconds=lease_s),
            attempts=outbox.c.attempts + 1,
            touched_at=case((outbox.c.touched_at > now, outbox.c.touched_at), else_=now),
        )
        .returning(outbox)
    ).all()
    return sorted(rows, key=lambda row: keys.index(row.key))


def guard(
    connection: Connection, rows: Sequence[Row[Any]], channels: Mapping[str, Channel]
) -> tuple[dict[str, Message], dict[str, str]]:
    """Look once more: give, by key, the approved message, or why the batch may not go."""
    found = {
        (row.message_id, row.approval_id): row
        for row in connection.execute(
            select(message, approval.c.voided_at)
            .join(approval, approval.c.approval_id == message.c.approval_id)
            .where(message.c.message_id.in_({row.message_id for row in rows}))
        )
    }
    texts: dict[str, Message] = {}
    faults: dict[str, str] = {}
    for row in rows:
        checked = _approved(found.get((row.message_id, row.approval_id)), channels[row.channel])
        if isinstance(checked, str):
            faults[row.key] = checked
        else:
            texts[row.key] = checked
    return texts, faults


def _approved(row: Row[Any] | None, channel: Channel) -> Message | str:
    if row is None:
        return "there is no approval for this message"
    if row.voided_at is not None:
        return "the approval was withdrawn or superseded"
    text = Message(
        row.message_id, row.district_id, row.language, row.form, row.subject, bytes(row.body)
    )
    if text.sha256 != row.sha256:
        return "the stored bytes differ from those approved"
    if text.form != channel.form:
        return f"channel {channel.name} sends form {channel.form}, approved is {text.form}"
    return text


def _due(now: datetime) -> ColumnElement[bool]:
    far = now + WAIT_MAX
    return and_(
        not_(_expired(now)),
        or_(
            and_(
                outbox.c.state == "waiting",
                or_(outbox.c.next_try <= now, outbox.c.next_try > far),
            ),
            and_(
                outbox.c.state == "leased",
                or_(outbox.c.lease_until <= now, outbox.c.lease_until > far),
            ),
        ),
    )


def _expired(now: datetime) -> ColumnElement[bool]:
    return or_(outbox.c.expires <= now, outbox.c.expires <= outbox.c.touched_at)
