"""Approval and outbox: what officers approved is frozen, and only that may leave.

`approve` writes the approval, the rendered bytes with their sha256 and the frozen recipient
batches; call it inside one transaction (`with engine.begin() as connection:`). A key belongs to a
run, message, channel and batch number for ever: a new cut of recipients needs a new run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from advisory.types import Advice
from alerts.ledger import append, append_all
from alerts.objections import objections, time_faults
from alerts.receipts import root
from alerts.schema import approval, check_guarded, message, metadata, outbox, prepare
from alerts.standing import stop_rows, supersede
from alerts.types import NEW, Audience, Delivery, Message, Occasion

__all__ = ["approve", "deliveries", "metadata", "prepare", "replay", "revive", "void"]

APPROVALS = UUID("0d8a8e6c-5f53-5b36-8d0e-4b4f6f2f9c11")  # name spaces of our own
KEYS = UUID("b0b9b0de-7f5b-5a67-9a53-1f2a7c3d8e22")
BATCH_SIZE = {"line": 500}  # LINE multicast takes 500 user ids
WORKER = "dispatch"  # who writes outcomes into the ledger
STATUS = tuple(column for column in outbox.c if column.name not in {"recipients", "pending"})
OTHER_BATCH_SIZE = 50  # a kill repeats at most the mails of one batch


def approve(
    connection: Connection,
    *,
    run_id: str,
    advice: Advice,
    messages: Sequence[Message],
    audiences: Sequence[Audience],
    first: str,
    second: str | None = None,
    at: datetime,
    expires: datetime,
    drill: bool,
    city_id: str | None = None,
    occasion: Occasion = NEW,
    finish_by: datetime | None = None,
) -> str:
    """Record that officers approve these messages of one district; give the approval id.

    What stood for this district of this city until now is superseded in the same transaction: its
    unsent rows are voided. A drill supersedes drills only.

    Parameters
    ----------
    messages, audiences
        Public messages of this advice, at most one per form, language and kind of household; and
        who gets which form over which channel (repeated recipients count once).
    first, second, city_id
        Officers, two different ones for levels 4 and 5; whose district it is (None = not known,
        nothing is superseded).
    occasion, finish_by
        What the messages say became of the order before, and the deadline they name.

    Raises
    ------
    ValueError
        Naming all that forbids it, also another approval at this moment; nothing is written then.
    """
    check_guarded(connection)
    faults = objections(advice, messages, audiences, officers=(first, second), drill=drill)
    if faults := [*faults, *time_faults(at, expires), *_repeat_faults(connection, messages)]:
        raise ValueError(f"{advice.name} cannot be approved: " + "; ".join(faults) + ".")
    approval_id = str(uuid5(APPROVALS, f"{run_id}/{advice.district_id}/{at.isoformat()}"))
    decision = {
        **_of_advice(advice), "approval_id": approval_id, "run_id": run_id, "city_id": city_id,
        "first_officer": first.strip(), "second_officer": second.strip() if second else None,
        "at": at, "expires": expires, "drill": drill,
        "occasion": occasion.kind, "finish_by": finish_by,
    }  # fmt: skip
    secret = token_bytes(32)
    ended = supersede(connection, decision)
    told_of = {**_told_of(advice, occasion), "secret": secret}
    _write_decision(connection, advice.name, {**decision, **told_of})
    connection.execute(insert(message), [_message_row(each, approval_id) for each in messages])
    due = {"approval_id": approval_id, "next_try": at, "touched_at": at, "expires": expires}
    if rows := [{**due, **row} for row in _all_batches(run_id, messages, audiences)]:
        connection.execute(insert(outbox), rows)
    told = {**decision, "messages": _texts(messages), "batches": _sealed(rows, secret)}
    events = [*(("supersede", each) for each in ended), ("approval", told)]
    append_all(connection, events, by=first.strip(), at=at)
    return approval_id


def _told_of(advice: Advice, occasion: Occasion) -> dict[str, Any]:
    """Give what a decision's messages say of staying and of places."""
    shelters = [one.shelter_id for one in advice.shelters]
    return {"stays": occasion.after_water, "shelters": shelters}


def _all_batches(
    run_id: str, messages: Sequence[Message], audiences: Sequence[Audience]
) -> list[dict[str, Any]]:
    """Give the rows of the outbox for every audience."""
    by_form = {(item.form, item.language, item.household): item for item in messages}
    return [
        row
        for audience in audiences
        for row in _batches(
            run_id, by_form[audience.form, audience.language, audience.household], audience
        )
    ]


def _of_advice(advice: Advice) -> dict[str, Any]:
    """Give what a decision says of its advice."""
    return {
        "district_id": advice.district_id,
        "level": int(advice.level),
        "advice_digest": advice.digest,
    }


def void(connection: Connection, approval_id: str, *, by: str, at: datetime) -> int:
    """Withdraw an approval: rows not yet accepted are never sent; give how many that stopped.

    A batch that a channel holds at this moment may still arrive; its row then says accepted.
    """
    withdrawn = connection.execute(
        update(approval)
        .where(approval.c.approval_id == approval_id, approval.c.voided_at.is_(None))
        .values(voided_at=at, voided_by=by)
    )
    if withdrawn.rowcount == 0 and not _exists(connection, approval_id):
        raise ValueError(
            f"approval_id must name an approval, got {approval_id!r}. List them first."
        )
    stopped = stop_rows(connection, approval_id)
    told = {"approval_id": approval_id, "batches_stopped": stopped}
    append(connection, "void", told, by=by, at=at)
    return stopped


def replay(connection: Connection, approval_id: str, *, by: str, at: datetime) -> int:
    """Put an approval's dead rows that have not expired back in line, same key; give how many."""
    dead = connection.execute(
        select(outbox.c.key)
        .where(outbox.c.approval_id == approval_id, outbox.c.state == "dead", outbox.c.expires > at)
        .order_by(outbox.c.key)
    )
    return revive(connection, list(dead.scalars()), by=by, at=at)


def revive(connection: Connection, keys: Sequence[str], *, by: str, at: datetime) -> int:
    """Put dead rows back in line under their own keys; give how many.

    Raises
    ------
    ValueError
        Naming every key that is unknown, not dead, expired or withdrawn; nothing is changed then.
    """
    rows = connection.execute(
        select(outbox.c.key, outbox.c.state, outbox.c.expires).where(outbox.c.key.in_(keys))
    )
    known = {row.key: (row.state, row.expires) for row in rows}
    faults = [f"{key} {fault}" for key in keys if (fault := _stays(known.get(key), at))]
    if faults:
        raise ValueError("only dead rows in time can be replayed: " + "; ".join(faults) + ".")
    revived = connection.execute(
        update(outbox)
        .where(outbox.c.key.in_(keys), outbox.c.state == "dead")
        .values(state="waiting", next_try=at, lease_until=None)
    )
    told = [("replay", {"key": key}) for key in sorted(known)]
    append_all(connection, told, by=by, at=at)
    return int(revived.rowcount)


def deliveries(connection: Connection, approval_id: str | None = None) -> list[Delivery]:
    """Give the state of every batch, of one approval if named; no recipient is in it."""
    rows = select(*STATUS).order_by(outbox.c.approval_id, outbox.c.channel, outbox.c.batch_number)
    if approval_id is not None:
        rows = rows.where(outbox.c.approval_id == approval_id)
    return [status(row) for row in connection.execute(rows)]


def status(row: Row[Any]) -> Delivery:
    """Give a row with the columns of `STATUS` as a `Delivery`."""
    return Delivery(
        key=row.key,
        channel=row.channel,
        state=row.state,
        attempts=row.attempts,
        expires=row.expires,
        reference=row.reference,
        error=row.error,
        accepted=row.accepted,
        refused=len(row.refused),
    )


def _stays(row: tuple[str, datetime] | None, at: datetime) -> str:
    """Say why a row cannot be replayed, '' if it can."""
    if row is None:
        return "is not in the outbox"
    state, expires = row
    if state != "dead":
        return f"is {state}"
    return f"expired {expires:%Y-%m-%d %H:%M} UTC" if expires <= at else ""


def tell(connection: Connection, ended: Iterable[Delivery], at: datetime) -> None:
    """Write into the ledger what became of batches; errors stay in the attempt log."""
    names = ("key", "channel", "state", "attempts", "accepted", "refused")
    facts = [{name: getattr(each, name) for name in names} for each in ended]
    append_all(connection, [("batch", each) for each in facts], by=WORKER, at=at)


def _write_decision(connection: Connection, name: str, row: Mapping[str, Any]) -> None:
    """Write an approval; the index `one_stands` lets only one of two at the same moment in."""
    try:
        connection.execute(insert(approval).values(**row))
    except IntegrityError as error:
        raise ValueError(
            f"{name} cannot be approved: another approval of this district was written at the "
            "same moment. Look at what stands now, then decide again."
        ) from error


def _repeat_faults(connection: Connection, messages: Sequence[Message]) -> Iterator[str]:
    ids = [item.message_id for item in messages]
    for row in connection.execute(
        select(message.c.message_id, message.c.approval_id).where(message.c.message_id.in_(ids))
    ):
        yield f"message {row.message_id} was already approved in {row.approval_id}"


def _message_row(item: Message, approval_id: str) -> dict[str, object]:
    return {
        "message_id": item.message_id,
        "approval_id": approval_id,
        "district_id": item.district_id,
        "language": item.language,
        "form": item.form,
        "subject": item.subject,
        "body": item.body,
        "sha256": item.sha256,
        "household": item.household,
    }


def _texts(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Give what the ledger says of the approved texts."""
    names = ("message_id", "form", "language", "sha256")
    return [{name: getattr(item, name) for name in names} for item in messages]


def _sealed(rows: Sequence[Mapping[str, Any]], secret: bytes) -> list[dict[str, object]]:
    """Give what the ledger says of the batches: how many people, and the root that binds them."""
    return [
        {
            **{name: row[name] for name in ("key", "message_id", "channel", "batch_number")},
            "people": len(row["recipients"]),
            "root": root(secret, row["key"], row["recipients"]),
        }
        for row in rows
    ]


def _batches(run_id: str, chosen: Message, audience: Audience) -> Iterator[dict[str, Any]]:
    recipients = list(dict.fromkeys(audience.recipients))
    size = BATCH_SIZE.get(audience.channel, OTHER_BATCH_SIZE)
    for number, start in enumerate(range(0, len(recipients), size)):
        yield {
            "key": str(uuid5(KEYS, f"{run_id}/{chosen.message_id}/{audience.channel}/{number}")),
            "message_id": chosen.message_id,
            "channel": audience.channel,
            "batch_number": number,
            "recipients": recipients[start : start + size],
            "refused": [],
            "state": "waiting",
            "attempts": 0,
            "accepted": 0,
        }


def _exists(connection: Connection, approval_id: str) -> bool:
    found = select(func.count()).where(approval.c.approval_id == approval_id)
    return bool(connection.execute(found).scalar())
