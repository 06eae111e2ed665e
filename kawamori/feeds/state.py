"""What became of each poll, and who may poll now: one durable row a feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from kawamori.feeds.tables import feed_state

SET_BACK = timedelta(minutes=5)  # less is another process that began a little later


@dataclass(frozen=True)
class FeedState:
    """One row: how a feed is."""

    feed_id: str
    kind: str
    last_try: datetime
    last_good: datetime | None
    newest: datetime | None
    fault_at: datetime | None
    last_fault: str
    failures: int
    memory: Mapping[str, Any]


def claim(engine: Engine, feed_id: str, kind: str, *, every_s: float, now: datetime
          ) -> FeedState | None:  # fmt: skip
    """Give the feed's state if it may be polled now, and take the turn; None = not due.

    The turn is taken in one statement, so of two pollers one gets it; it is taken even if the poll
    is killed. A `last_try` far ahead of now (a clock was set back) does not hold the feed.
    """
    due = or_(
        feed_state.c.last_try <= now - timedelta(seconds=every_s),
        feed_state.c.last_try > now + SET_BACK,
    )
    mine = feed_state.c.feed_id == feed_id
    with engine.begin() as connection:
        before = connection.execute(select(feed_state).where(mine)).first()
        if before is not None:
            taken = connection.execute(update(feed_state).where(mine, due).values(last_try=now))
            return None if taken.rowcount == 0 else FeedState(**before._mapping)
    row: dict[str, Any] = {"feed_id": feed_id, "kind": kind, "last_try": now, "last_fault": "",
                           "failures": 0, "memory": {}}  # fmt: skip
    try:
        with engine.begin() as connection:
            connection.execute(insert(feed_state).values(row))
    except IntegrityError:  # another process was first
        return None
    return FeedState(**row, last_good=None, newest=None, fault_at=None)


def record_good(engine: Engine, feed_id: str, *, now: datetime, newest: datetime | None,
                memory: Mapping[str, Any], faults: tuple[str, ...]) -> None:  # fmt: skip
    """Keep that a poll was good, and what of it was refused."""
    values: dict[str, Any] = {"last_good": now, "failures": 0, "memory": dict(memory)}
    if newest is not None:
        values["newest"] = newest
    if faults:
        values |= {"fault_at": now, "last_fault": "; ".join(faults)[:500]}
    with engine.begin() as connection:
        mine = feed_state.c.feed_id == feed_id
        connection.execute(update(feed_state).where(mine).values(values))


def record_fault(engine: Engine, feed_id: str, *, now: datetime, fault: str) -> None:
    """Keep that a poll gave nothing, and why; what the feed remembered stays."""
    values = {"fault_at": now, "last_fault": fault[:500], "failures": feed_state.c.failures + 1}
    with engine.begin() as connection:
        mine = feed_state.c.feed_id == feed_id
        connection.execute(update(feed_state).where(mine).values(values))


def feed_states(engine: Engine, feed_ids: list[str] | None = None) -> list[FeedState]:
    """Give the feeds ever polled, by name."""
    query = select(feed_state).order_by(feed_state.c.feed_id)
    if feed_ids is not None:
        query = query.where(feed_state.c.feed_id.in_(feed_ids))
    with engine.connect() as connection:
        return [FeedState(**row._mapping) for row in connection.execute(query)]
