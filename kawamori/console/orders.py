"""The course of a district's orders: what stands now, and what a cancelled order leaves behind.

A newer order ends the one before it for good. When the newer one is cancelled, nothing stands: the
earlier one is not revived, because what of it had not left was voided and people were told anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from alerts.edits import read_words
from alerts.schema import approval, message, outbox
from alerts.standing import ENDINGS
from alerts.types import Message


@dataclass(frozen=True)
class Order:
    """One approved order, as it was told."""

    approval_id: str
    run_id: str
    district_id: str
    level: int
    at: datetime
    expires: datetime
    finish_by: datetime | None


@dataclass(frozen=True)
class Course:
    """What of a district's orders decides what comes next; None = there is no such order.

    `standing` holds now. Else `withdrawn` was cancelled last, after `reached` addresses had been
    told, and `not_revived` is the order that it had ended and that does not come back.
    """

    standing: Order | None = None
    withdrawn: Order | None = None
    not_revived: Order | None = None
    reached: int = 0


def read_courses(
    connection: Connection, city_id: str, *, drill: bool, at: datetime
) -> dict[str, Course]:
    """Give the course of every district with an order that has not expired, by district_id."""
    query = select(approval).where(
        approval.c.city_id == city_id, approval.c.drill.is_(drill), approval.c.expires > at
    )
    by_district: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query.order_by(approval.c.at, approval.c.approval_id)):
        by_district.setdefault(row.district_id, []).append(row)
    return {key: _course(connection, rows) for key, rows in by_district.items()}


def told_words(connection: Connection, order: Order, like: Message) -> str | None:
    """Give what an order told in the form, language and household of a text; None = nothing."""
    names = ("form", "language", "household")
    same = (message.c[name] == getattr(like, name) for name in names)
    query = select(message).where(message.c.approval_id == order.approval_id, *same)
    row = connection.execute(query).first()
    if row is None:
        return None
    kept = ("message_id", "district_id", "language", "form", "subject", "household")
    return read_words(Message(**{name: getattr(row, name) for name in kept}, body=bytes(row.body)))


def _course(connection: Connection, rows: Sequence[Row[Any]]) -> Course:
    """Give the course of one district, oldest row first."""
    last = rows[-1]
    if last.occasion in ENDINGS:
        return Course()
    if last.voided_at is None:
        return Course(standing=_order(last))
    if last.superseded_by is not None:
        return Course()
    before = [row for row in rows if row.superseded_by == last.approval_id]
    earlier = _order(before[-1]) if before and before[-1].occasion not in ENDINGS else None
    told = select(func.sum(outbox.c.accepted)).where(outbox.c.approval_id == last.approval_id)
    return Course(
        withdrawn=_order(last),
        not_revived=earlier,
        reached=int(connection.execute(told).scalar() or 0),
    )


def _order(row: Row[Any]) -> Order:
    return Order(**{name: getattr(row, name) for name in Order.__dataclass_fields__})
