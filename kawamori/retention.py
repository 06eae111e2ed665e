"""Retention: whose data goes when. Runs, approvals, texts and the ledger stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)

from alerts.ledger import append
from alerts.recipients import forget, recipient_address
from alerts.schema import approval, attempt, outbox


@dataclass(frozen=True)
class Pruned:
    """How many rows of each kind are past their time."""

    batches: int  # with the addresses in them, sent or not
    tries: int
    secrets: int  # without them no proof can be made, and none of the old ones can be guessed
    addresses: int  # of recipients who left with all their addresses


def prune(
    connection: Connection, *, before: datetime, by: str, at: datetime, dry_run: bool
) -> Pruned:
    """Delete what expired, or was left, before a time; give how much; `dry_run` only counts.

    A recipient who opted out of some addresses stays, so that these stay opted out. Of forgotten
    addresses a digest remains, so that an old list does not bring them back.
    """
    found = _count(connection, before)
    if dry_run or found == Pruned(0, 0, 0, 0):
        return found
    connection.execute(delete(attempt).where(attempt.c.key.in_(_old_keys(before))))
    connection.execute(delete(outbox).where(outbox.c.expires < before))
    connection.execute(update(approval).where(_sealed(before)).values(secret=None))
    for channel, address in _one_address_each(connection, before):
        forget(connection, channel, address, at=at)
    append(connection, "prune", {"before": before, **vars(found)}, by=by, at=at)
    return found


def _count(connection: Connection, before: datetime) -> Pruned:
    owners = _left(before)
    counts = {
        "batches": select(func.count()).where(outbox.c.expires < before),
        "tries": select(func.count()).where(attempt.c.key.in_(_old_keys(before))),
        "secrets": select(func.count()).where(_sealed(before)),
        "addresses": select(func.count())
        .select_from(recipient_address)
        .where(recipient_address.c.recipient_id.in_(select(owners.c.recipient_id))),
    }
    return Pruned(**{name: int(connection.scalar(query) or 0) for name, query in counts.items()})


def _old_keys(before: datetime) -> Select[tuple[str]]:
    return select(outbox.c.key).where(outbox.c.expires < before)


def _sealed(before: datetime) -> ColumnElement[bool]:
    return and_(approval.c.expires < before, approval.c.secret.is_not(None))


def _left(before: datetime) -> Subquery:
    """Give the recipients of whom every address was opted out before a time."""
    stays = or_(
        recipient_address.c.opted_out_at.is_(None), recipient_address.c.opted_out_at >= before
    )
    staying = select(recipient_address.c.recipient_id).where(stays)
    return (
        select(recipient_address.c.recipient_id)
        .where(not_(recipient_address.c.recipient_id.in_(staying)))
        .distinct()
        .subquery()
    )


def _one_address_each(connection: Connection, before: datetime) -> list[tuple[str, str]]:
    owners = _left(before)
    rows = connection.execute(
        select(
            recipient_address.c.recipient_id,
            recipient_address.c.channel,
            recipient_address.c.address,
        ).where(recipient_address.c.recipient_id.in_(select(owners.c.recipient_id)))
    )
    first = {row.recipient_id: (str(row.channel), str(row.address)) for row in rows}
    return list(first.values())
