"""Which order stands for a district, what people were told by it, and what a newer one ends.

Of one city, district and kind (real or drill) one approval stands: the index `one_stands` says so.
An approval that lifts an order stands like one, so that the next order ends what of it has not
left; it is no order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from advisory.types import Advice, Level
from alerts.schema import approval, outbox
from alerts.types import NEW, Change, Occasion

ENDINGS = ("lifted", "withdrawn")
UNSENT = ("waiting", "leased", "dead")


def in_force(at: datetime) -> ColumnElement[bool]:
    """Give the condition that an approval is an order that stands at a time."""
    return and_(
        approval.c.voided_at.is_(None),
        approval.c.expires > at,
        approval.c.occasion.not_in(ENDINGS),
    )


def ended_since(
    connection: Connection, city_id: str, since: datetime, *, drill: bool = False
) -> set[str]:
    """Give the districts whose order the city lifted or withdrew after a time."""
    rows = select(approval.c.district_id).where(
        approval.c.city_id == city_id,
        approval.c.drill.is_(drill),
        approval.c.occasion.in_(ENDINGS),
        approval.c.at > since,
    )
    return set(connection.scalars(rows))


def occasion_of(
    connection: Connection,
    advice: Advice,
    *,
    city_id: str,
    run_id: str,
    drill: bool,
    finish_by: datetime | None = None,
) -> Occasion:
    """Give what becomes of the order before when this advice is approved.

    That order must not have expired at the issue of the advice. One of the same run is this one
    itself: before it is what it superseded.
    """
    told = _told(connection, advice, city_id=city_id, run_id=run_id, drill=drill)
    if told is None or told.occasion in ENDINGS:
        return NEW
    before, level = Level(told.level), advice.level
    if before < level:
        return Occasion("raised", before=before)
    stays = level < Level.EMERGENCY and bool(told.stays or before == Level.EMERGENCY)
    if before > level:
        return Occasion("lowered", before=before, stays=stays)
    changed = () if stays or level == Level.EMERGENCY else _changes(told, advice, finish_by)
    if not changed or told.at > advice.issued_at:
        return Occasion(stays=stays)
    return Occasion("changed", earlier=told.at, changed=changed)


def supersede(connection: Connection, decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """End what stands for the district of a decision; give the ledger's facts of each."""
    if decision["city_id"] is None:
        return []
    same = (approval.c[name] == decision[name] for name in ("city_id", "district_id", "drill"))
    ended = connection.execute(
        update(approval)
        .where(*same, approval.c.voided_at.is_(None))
        .values(
            voided_at=decision["at"],
            voided_by=decision["first_officer"],
            superseded_by=decision["approval_id"],
        )
        .returning(approval.c.approval_id)
    )
    return [
        {
            "approval_id": approval_id,
            "superseded_by": decision["approval_id"],
            "batches_stopped": stop_rows(connection, approval_id, wait=False),
        }
        for approval_id in ended.scalars().all()
    ]


def stop_rows(connection: Connection, approval_id: str, *, wait: bool = True) -> int:
    """Void the rows of an approval that no channel has accepted; give how many.

    With `wait` False rows that a worker is writing at this moment are left: its approval is void,
    so the worker's guard stops them. Waiting for them could wait for ever, in a ring.
    """
    unsent = and_(outbox.c.approval_id == approval_id, outbox.c.state.in_(UNSENT))
    if not wait:
        free = select(outbox.c.key).where(unsent).with_for_update(skip_locked=True)
        unsent = outbox.c.key.in_(free)
    stopped = connection.execute(
        update(outbox).where(unsent).values(state="void", lease_until=None)
    )
    return int(stopped.rowcount)


def _told(
    connection: Connection, advice: Advice, *, city_id: str, run_id: str, drill: bool
) -> Row[Any] | None:
    """Give the approval that people were told last, not by this run."""
    own = select(approval.c.approval_id).where(approval.c.run_id == run_id)
    return connection.execute(
        select(approval)
        .where(
            approval.c.city_id == city_id,
            approval.c.district_id == advice.district_id,
            approval.c.drill.is_(drill),
            approval.c.expires > advice.issued_at,
            or_(approval.c.run_id != run_id, approval.c.occasion.in_(ENDINGS)),
            or_(approval.c.voided_at.is_(None), approval.c.superseded_by.in_(own)),
        )
        .order_by(approval.c.at.desc(), approval.c.approval_id)
        .limit(1)
    ).first()


def _changes(told: Row[Any], advice: Advice, finish_by: datetime | None) -> tuple[Change, ...]:
    shelters = {one.shelter_id for one in advice.shelters}
    moved = told.shelters is not None and bool(shelters) and set(told.shelters) != shelters
    later = finish_by is not None and finish_by != told.finish_by
    found: list[Change] = [*(["shelters"] if moved else []), *(["deadline"] if later else [])]  # type: ignore[list-item]
    return tuple(found)
