"""What officers decided, as the pages and the API show it beside a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, select

from alerts.schema import approval, message
from alerts.standing import ENDINGS


@dataclass(frozen=True)
class Decision:
    """One approval that stands."""

    approval_id: str
    run_id: str
    district_id: str
    level: int
    at: datetime
    expires: datetime
    officers: tuple[str, ...]
    ends: bool = False  # this text told that an order ends, or was a mistake


def decisions(engine: Engine, run_id: str) -> dict[str, Decision]:
    """Give the approvals of a run that nobody voided, by district_id."""
    query = select(approval).where(approval.c.run_id == run_id, approval.c.voided_at.is_(None))
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(approval.c.at)).all()
    return {row.district_id: _decision(row) for row in rows}


def in_force(engine: Engine, at: datetime) -> list[Decision]:
    """Give the real orders (no drill) that stand at a time, newest of each district."""
    return [one for one in last_told(engine, at) if not one.ends]


def last_told(engine: Engine, at: datetime, *, past: timedelta = timedelta(0)) -> list[Decision]:
    """Give what each district was last told for real and nobody voided, highest level first.

    Parameters
    ----------
    past
        So long after their expiry approvals are still given: an order stands until it is lifted.
    """
    query = select(approval).where(
        approval.c.drill.is_(False), approval.c.voided_at.is_(None), approval.c.expires > at - past
    )
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(approval.c.at)).all()
    newest = {row.district_id: _decision(row) for row in rows}
    return sorted(newest.values(), key=lambda one: (-one.level, one.district_id))


def approved_texts(engine: Engine, run_id: str) -> set[str]:
    """Give the sha256 of every text of a run whose approval stands."""
    query = (
        select(message.c.sha256)
        .join_from(message, approval)
        .where(approval.c.run_id == run_id, approval.c.voided_at.is_(None))
    )
    with engine.connect() as connection:
        return {str(row.sha256) for row in connection.execute(query)}


def _decision(row: Row[Any]) -> Decision:
    officers = (row.first_officer, row.second_officer)
    return Decision(
        row.approval_id,
        row.run_id,
        row.district_id,
        row.level,
        row.at,
        row.expires,
        tuple(name for name in officers if name),
        row.occasion in ENDINGS,
    )
