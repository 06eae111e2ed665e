"""Lifting an order, or taking back one that was told by mistake: to everyone who was told of it.

What has not left yet is withdrawn in the same transaction, so nobody reads the order after its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, select

from advisory.types import Advice, Level
from alerts.outbox import approve, void
from alerts.schema import approval, message, outbox
from alerts.standing import ENDINGS
from alerts.types import Audience, Message, Occasion
from kawamori.drafts import written_anew
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import read_record
from kawamori.stored_run import run_of

Kind = Literal["lifted", "withdrawn"]
LIFE = timedelta(hours=6)  # a lifting that arrives later would only confuse


@dataclass(frozen=True)
class Ending:
    """What is told at the end of an order, to whom, before anybody has approved it."""

    order: Row[Any]  # of the approval table
    occasion: Occasion
    advice: Advice  # of the order, as if issued at its end
    messages: tuple[Message, ...]
    audiences: tuple[Audience, ...]


def end_order(
    approval_id: str,
    settings: Settings,
    *,
    kind: Kind,
    officer: str,
    second: str | None,
    at: datetime,
) -> str:
    """Approve the end of an order for the same people in the same languages; give its approval id.

    Parameters
    ----------
    kind
        withdrawn = the order was told by mistake.
    officer, second
        As for the order: levels 4 and 5 need two different ones.

    Raises
    ------
    ValueError
        If there is no such approval, it has ended already, or the end may not be approved.
    """
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        ending = draft_end(engine, connection, approval_id, kind=kind, at=at)
        return end_in(connection, ending, officer=officer, second=second, at=at)


def draft_end(
    engine: Engine, connection: Connection, approval_id: str, *, kind: Kind, at: datetime
) -> Ending:
    """Write what would be told if an order ended at a time; nothing is stored.

    Raises
    ------
    ValueError
        If there is no such approval, or it has ended already.
    """
    row = connection.execute(select(approval).where(approval.c.approval_id == approval_id)).first()
    if row is None or row.voided_at is not None:
        said = "got none" if row is None else f"ended {row.voided_at:%Y-%m-%d %H:%M} UTC"
        raise ValueError(f"approval {approval_id!r} must be one that stands, {said}.")
    if row.occasion in ENDINGS:
        raise ValueError(f"approval {approval_id!r} must be of an order, it ended one.")
    run = run_of(read_record(engine, row.run_id))
    advice, occasion = _advice(run, row, at), Occasion(kind, earlier=row.at)
    told = written_anew(run, advice, _told(connection, approval_id), occasion=occasion)
    return Ending(row, occasion, advice, tuple(told), tuple(_audiences(connection, approval_id)))


def end_in(
    connection: Connection, ending: Ending, *, officer: str, second: str | None, at: datetime
) -> str:
    """Approve a drafted end in the caller's transaction; give its approval id.

    Raises
    ------
    ValueError
        If the end may not be approved.
    """
    order = ending.order
    void(connection, order.approval_id, by=officer, at=at)
    return approve(
        connection,
        run_id=order.run_id,
        advice=ending.advice,
        messages=list(ending.messages),
        audiences=list(ending.audiences),
        first=officer,
        second=second,
        at=at,
        expires=ending.advice.valid_until,
        drill=order.drill,
        city_id=order.city_id,
        occasion=ending.occasion,
    )


def _advice(run: Run, row: Row[Any], at: datetime) -> Advice:
    """Give the advice of the order that ends, as if issued at its end."""
    found = next(one for one in run.advice if one.district_id == row.district_id)
    return replace(found, level=Level(row.level), issued_at=at, valid_until=at + LIFE)


def _told(connection: Connection, approval_id: str) -> Iterator[Message]:
    rows = connection.execute(
        select(message).where(message.c.approval_id == approval_id).order_by(message.c.form)
    )
    names = ("message_id", "district_id", "language", "form", "subject", "household")
    for row in rows:
        yield Message(**{name: getattr(row, name) for name in names}, body=bytes(row.body))


def _audiences(connection: Connection, approval_id: str) -> Iterator[Audience]:
    rows = connection.execute(
        select(
            outbox.c.channel, message.c.form, message.c.language, message.c.household,
            outbox.c.recipients,
        )
        .join(message, message.c.message_id == outbox.c.message_id)
        .where(outbox.c.approval_id == approval_id)
        .order_by(outbox.c.channel, outbox.c.message_id, outbox.c.batch_number)
    )  # fmt: skip
    people: defaultdict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for channel, form, language, household, recipients in rows:
        people[channel, form, language, household] += recipients
    for (channel, form, language, household), everyone in people.items():
        yield Audience(channel, form, tuple(everyone), language, household)
