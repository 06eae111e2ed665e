"""Delivery: lease a batch, look once more whether it may go, send, record the answer.

Leases, not locks: a worker that dies leaves its batch leased, and when the lease ends the next
worker sends it again under the same key. LINE answers such a repeat with "already accepted"; mail
knows no key, so a kill repeats at most the mails of one batch. Deadlines, not attempt counts: a
batch is tried until it expires.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, case, insert, or_, select, update

from alerts.outbox import STATUS, status
from alerts.schema import approval, attempt, check_guarded, message, outbox
from alerts.types import (
    Batch,
    Channel,
    Delivery,
    DeliveryState,
    Message,
    PermanentError,
    Receipt,
    RetryableError,
)

BACKOFF_S = 2.0
BACKOFF_MAX_S = 60.0


def deliver(
    engine: Engine,
    channels: Mapping[str, Channel],
    *,
    now: datetime,
    lease_s: float = 60.0,
    stopwatch: Callable[[], float] = time.monotonic,
) -> list[Delivery]:
    """Send every batch that is due over `channels`; give what became of each.

    Parameters
    ----------
    channels
        By name. Batches for other channels wait for a worker that has theirs.
    now
        When this call starts; `stopwatch` [s] only adds the time that passes during it.
    lease_s
        How long a batch belongs to this worker; longer than the slowest send takes.

    Returns
    -------
        One entry per batch touched, expired ones included; a batch is tried once per call.

    Raises
    ------
    ValueError
        If the database does not enforce foreign keys, or a time is naive.
    """
    started = stopwatch()
    done: dict[str, Delivery] = {}

    def moment() -> datetime:
        return now + timedelta(seconds=stopwatch() - started)

    with engine.begin() as connection:
        check_guarded(connection)
        done |= {each.key: each for each in _expire(connection, moment())}
    while True:
        with engine.begin() as connection:
            row = _lease(connection, list(channels), due_at=now, now=moment(), lease_s=lease_s)
        if row is None:
            return list(done.values())
        done[row.key] = _send(engine, channels[row.channel], row, moment)


def _expire(connection: Connection, now: datetime) -> list[Delivery]:
    rows = connection.execute(
        update(outbox)
        .where(outbox.c.expires <= now, outbox.c.state.in_(("waiting", "leased")))
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
    for row in rows:
        _log(connection, row.key, now, "expired", row.error)
    return [status(row) for row in rows]


def _lease(
    connection: Connection,
    channels: list[str],
    *,
    due_at: datetime,
    now: datetime,
    lease_s: float,
) -> Row[Any] | None:
    """Take the next batch due when the call began: highest level first, then the least tried."""
    due = or_(
        and_(outbox.c.state == "waiting", outbox.c.next_try <= due_at),
        and_(outbox.c.state == "leased", outbox.c.lease_until <= due_at),
    )
    next_key = (
        select(outbox.c.key)
        .join(approval, approval.c.approval_id == outbox.c.approval_id)
        .where(due, outbox.c.expires > now, approval.c.voided_at.is_(None))
        .where(outbox.c.channel.in_(channels))
        .order_by(approval.c.level.desc(), outbox.c.attempts, outbox.c.batch_number, outbox.c.key)
        .limit(1)
        .with_for_update(skip_locked=True, of=outbox)
        .scalar_subquery()
    )
    return connection.execute(
        update(outbox)
        .where(outbox.c.key == next_key)
        .values(
            state="leased",
            lease_until=now + timedelta(seconds=lease_s),
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox)
    ).one_or_none()


def _send(engine: Engine, channel: Channel, row: Row[Any], now: Callable[[], datetime]) -> Delivery:
    with engine.begin() as connection:
        text, fault = _guard(connection, channel, row, now())
    if text is None:
        return _record(engine, row, now(), "refused", state="dead", error=fault)
    batch = Batch(
        key=row.key,
        message_id=row.message_id,
        channel=row.channel,
        recipients=tuple(row.recipients),
        pending=None if row.pending is None else tuple(row.pending),
    )
    try:
        receipt = channel.send(batch, text)
    except RetryableError as error:
        wait_s = max(error.retry_after_s or 0.0, backoff_s(row.key, row.attempts))
        return _record(
            engine,
            row,
            now(),
            "retry",
            state="waiting",
            error=str(error),
            next_try=now() + timedelta(seconds=wait_s),
            pending=row.pending if error.pending is None else list(error.pending),
            refused=sorted({*row.refused, *error.refused}),
            accepted=_accepted(row, error),
        )
    except PermanentError as error:
        return _record(engine, row, now(), "dead", state="dead", error=str(error))
    values = _settled(row, receipt)
    if values["accepted"] == 0 and row.recipients:
        return _record(
            engine, row, now(), "dead", state="dead", error="every recipient was refused", **values
        )
    return _record(engine, row, now(), "accepted", state="accepted", **values)


def _guard(
    connection: Connection, channel: Channel, row: Row[Any], now: datetime
) -> tuple[Message | None, str]:
    """Give the approved message, or None and why it may not go."""
    found = connection.execute(
        select(message, approval.c.voided_at)
        .join(approval, approval.c.approval_id == message.c.approval_id)
        .where(message.c.message_id == row.message_id, approval.c.approval_id == row.approval_id)
    ).one_or_none()
    if found is None:
        return None, "there is no approval for this message"
    if found.voided_at is not None:
        return None, "the approval was withdrawn"
    if row.expires <= now:
        return None, "expired before it was sent"
    text = Message(
        found.message_id,
        found.district_id,
        found.language,
        found.form,
        found.subject,
        bytes(found.body),
    )
    if text.sha256 != found.sha256:
        return None, "the stored bytes differ from those approved"
    if text.form != channel.form:
        return None, f"channel {channel.name} sends form {channel.form}, approved is {text.form}"
    return text, ""


def _record(
    engine: Engine,
    row: Row[Any],
    now: datetime,
    outcome: str,
    *,
    state: DeliveryState,
    **values: Any,
) -> Delivery:
    """Write what happened, if the batch is still ours; what a service accepted stays accepted."""
    ours = and_(outbox.c.state == "leased", outbox.c.attempts == row.attempts)
    if state == "accepted":
        ours = outbox.c.state != "accepted"
        values["error"] = None
    with engine.begin() as connection:
        _log(connection, row.key, now, outcome, values.get("error") or "")
        connection.execute(
            update(outbox)
            .where(outbox.c.key == row.key, ours)
            .values(state=state, lease_until=None, **values)
        )
        return status(connection.execute(select(*STATUS).where(outbox.c.key == row.key)).one())


def _settled(row: Row[Any], receipt: Receipt) -> dict[str, Any]:
    refused = sorted({*row.refused, *receipt.refused})
    return {
        "reference": receipt.reference,
        "refused": refused,
        "pending": [],
        "accepted": row.accepted + receipt.accepted,
    }


def _accepted(row: Row[Any], error: RetryableError) -> int:
    if error.pending is None:
        return int(row.accepted)
    refused = {*row.refused, *error.refused}
    return len(row.recipients) - len(error.pending) - len(refused)


def backoff_s(key: str, attempts: int) -> float:
    """Give the wait after a failed try: doubling to a minute, spread by the key. [s]"""
    wait_s = min(BACKOFF_S * 2.0 ** min(max(attempts - 1, 0), 16), BACKOFF_MAX_S)
    spread = int(sha256(f"{key}/{attempts}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return wait_s * (0.5 + 0.5 * spread)


def _log(connection: Connection, key: str, now: datetime, outcome: str, detail: str) -> None:
    connection.execute(insert(attempt).values(key=key, at=now, outcome=outcome, detail=detail))
