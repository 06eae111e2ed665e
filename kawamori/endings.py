"""Lifting an order, or taking back one that was told by mistake: to everyone who was told of it.

What has not left yet is withdrawn in the same transaction, so nobody reads the order after its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

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

LIFE = timedelta(hours=6)  # a lifting that arrives later would only confuse


def end_order(
    approval_id: str,
    settings: Settings,
    *,
    kind: Literal["lifted", "withdrawn"],
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
        row = connection.execute(
            select(approval).where(approval.c.approval_id == approval_id)
        ).first()
        if row is None or row.voided_at is not None:
            said = "got none" if row is None else f"ended {row.voided_at:%Y-%m-%d %H:%M} UTC"
            raise ValueError(f"approval {approval_id!r} must be one that stands, {said}.")
        if row.occasion in ENDINGS:
            raise ValueError(f"approval {approval_id!r} must be of an order, it ended one.")
        run = run_of(read_record(engine, row.run_id))
        advice = _advice(run, row, at)
        occasion = Occasion(kind, earlier=row.at)
        void(connection, approval_id, by=officer, at=at)
        return approve(
            connection,
            run_id=row.run_id,
            advice=advice,
            messages=list(
                written_anew(run, advice, _told(connection, approval_id), occasion=occasion)
            ),
            audiences=list(_audiences(connection, approval_id)),
            first=officer,
            second=second,
            at=at,
            expires=at + LIFE,
            drill=row.drill,
            city_id=row.city_id,
            occasion=occasion,
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
