"""The outbox for officers: what waits, what arrived, what is dead and why; nobody's address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts.outbox import void
from alerts.schema import STATES, approval, message, outbox
from alerts.wording import jst


@dataclass(frozen=True)
class Row:
    """One batch: whom it tells is a number."""

    key: str
    run_id: str
    district_id: str
    level: int
    channel: str
    language: str
    state: str
    people: int
    accepted: int
    attempts: int
    next_try: datetime
    expires: datetime
    error: str | None


def rows(
    connection: Connection,
    *,
    state: str | None = None,
    channel: str | None = None,
    district_id: str | None = None,
) -> list[Row]:
    """Give the batches, newest approval first.

    Raises
    ------
    ValueError
        If there is no such state.
    """
    if state is not None and state not in STATES:
        raise ValueError(f"state must be one of {sorted(STATES)}, got {state!r}.")
    wanted = {outbox.c.state: state, outbox.c.channel: channel, approval.c.district_id: district_id}
    query = (
        select(
            outbox.c.key, approval.c.run_id, approval.c.district_id, approval.c.level,
            outbox.c.channel, message.c.language, outbox.c.state,
            func.json_array_length(outbox.c.recipients).label("people"), outbox.c.accepted,
            outbox.c.attempts, outbox.c.next_try, outbox.c.expires, outbox.c.error,
        )
        .join(approval, approval.c.approval_id == outbox.c.approval_id)
        .join(message, message.c.message_id == outbox.c.message_id)
        .where(*(column == value for column, value in wanted.items() if value is not None))
        .order_by(
            approval.c.at.desc(), approval.c.district_id, outbox.c.channel, message.c.language,
            outbox.c.batch_number,
        )
    )  # fmt: skip
    return [Row(**row._mapping) for row in connection.execute(query)]


def lines(found: Sequence[Row], *, each: bool) -> Iterator[str]:
    """Give totals by run, district, channel and state; then every row, or the dead ones."""
    totals: Counter[tuple[str, ...]] = Counter()
    people: Counter[tuple[str, ...]] = Counter()
    for row in found:
        place: tuple[str, ...] = (
            row.run_id,
            row.district_id,
            f"level {row.level}",
            row.channel,
            row.state,
        )
        totals[place] += 1
        people[place] += row.people
    for told, count in totals.items():
        yield f"{'  '.join(told)}: {count} batches, {people[told]} people"
    for row in found:
        if each or row.state == "dead":
            yield _line(row)
    if not found:
        yield "no batch"


def cancel(connection: Connection, target: str, *, by: str, at: datetime) -> int:
    """Withdraw the approvals of RUN/DISTRICT; give how many batches that stopped.

    Raises
    ------
    ValueError
        If no approval of that run and district stands.
    """
    run_id, _, district_id = target.rpartition("/")
    found = connection.execute(
        select(approval.c.approval_id).where(
            approval.c.run_id == run_id,
            approval.c.district_id == district_id,
            approval.c.voided_at.is_(None),
        )
    )
    ids = list(found.scalars())
    if not ids:
        raise ValueError(
            f"target must be RUN/DISTRICT of an approval that stands, got {target!r}. "
            "See: kawamori outbox list"
        )
    return sum(void(connection, approval_id, by=by, at=at) for approval_id in ids)


def _line(row: Row) -> str:
    until = jst(row.expires, day=True)
    reason = f": {row.error}" if row.error else ""
    return (
        f"{row.key}  {row.state}  {row.district_id} {row.channel} {row.language}  "
        f"{row.accepted}/{row.people} people, {row.attempts} tries, until {until}"
        f"{reason}"
    )
