"""Decisions on their way: who approved first, until when, and what the second officer saw.

The database holds the rules: one open decision per run and district (`open_key`), and for levels 4
and 5 a second officer who is not the first. A decision is a claim that only one request can win.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from alerts.schema import UtcTime, metadata
from kawamori.console.errors import ConflictError, RefusedError

STATES = ("pending", "approved", "returned", "lapsed", "cancelled")
PENDING_LIFE = timedelta(minutes=15)  # our own choice: a first approval goes stale like its texts

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_id", String(36), primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("district_id", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # of texts and head counts as they were shown
    Column("state", Text, nullable=False),
    Column("open_key", Text, unique=True),  # run and district while pending or approved, else NULL
    Column("first_officer", Text, nullable=False),
    Column("second_officer", Text),
    Column("at", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("reason", Text),
    Column("approval_id", String(36)),
    Column("finish_by", UtcTime),  # the time the mayor names for being out, NULL = none
    CheckConstraint(f"state IN {STATES}", name="known_decision"),
    CheckConstraint(
        "second_officer IS NULL OR second_officer <> first_officer", name="another_officer"
    ),
    CheckConstraint(
        "state <> 'approved' OR level = 3 OR second_officer IS NOT NULL",
        name="two_who_decided",
    ),
)

edit = Table(  # rows are only ever added; the newest of a kind stands
    "edit",
    metadata,
    Column("edit_id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("district_id", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("base_sha256", String(64), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("finish_by", UtcTime),  # the deadline of the text that was written anew
)


@dataclass(frozen=True)
class Decision:
    """One decision on one district of a run."""

    proposal_id: str
    district_id: str
    level: int
    digest: str
    state: str
    first_officer: str
    second_officer: str | None
    at: datetime
    expires: datetime
    reason: str | None
    approval_id: str | None
    finish_by: datetime | None = None

    @property
    def open(self) -> bool:
        """Tell whether it waits for a second officer or stands."""
        return self.state in ("pending", "approved")


def decide(
    connection: Connection,
    run_id: str,
    district_id: str,
    *,
    level: int,
    digest: str,
    by: str,
    at: datetime,
    expires: datetime,
    finish_by: datetime | None = None,
) -> Decision:
    """Claim a decision: the first approval, or the second one that completes it.

    Raises
    ------
    RefusedError
        If the same officer would approve twice.
    ConflictError
        If another request decided meanwhile, or something else was shown to the first officer.
    """
    key = _key(run_id, district_id)
    lapsed = (proposal.c.open_key == key, proposal.c.state == "pending", proposal.c.expires <= at)
    connection.execute(update(proposal).where(*lapsed).values(state="lapsed", open_key=None))
    found = _open(connection, key)
    if found is not None and found.state == "pending":
        return _second(connection, found, digest=digest, by=by, at=at)
    alone = level == 3
    row: dict[str, Any] = {
        "proposal_id": str(uuid4()),
        "run_id": run_id,
        "district_id": district_id,
        "level": level,
        "digest": digest,
        "state": "approved" if alone else "pending",
        "open_key": key,
        "first_officer": by,
        "at": at,
        "expires": expires if alone else min(expires, at + PENDING_LIFE),
        "decided_at": at if alone else None,
        "finish_by": finish_by,
    }
    try:
        connection.execute(insert(proposal).values(row))
    except IntegrityError as error:
        raise ConflictError(f"{district_id} was decided meanwhile.") from error
    return _read(connection, row["proposal_id"])


def _second(
    connection: Connection, first: Decision, *, digest: str, by: str, at: datetime
) -> Decision:
    if first.first_officer == by:
        raise RefusedError("levels 4 and 5 need two different officers; you approved first.")
    claimed = connection.execute(
        update(proposal)
        .where(
            proposal.c.proposal_id == first.proposal_id,
            proposal.c.state == "pending",
            proposal.c.digest == digest,
            proposal.c.first_officer != by,
        )
        .values(state="approved", second_officer=by, decided_at=at)
    )
    if claimed.rowcount == 0:
        raise ConflictError(f"{first.district_id} reads otherwise than the first officer saw.")
    return _read(connection, first.proposal_id)


def bind(connection: Connection, decision: Decision, approval_id: str) -> None:
    """Note which approval in the outbox a decision became."""
    ours = proposal.c.proposal_id == decision.proposal_id
    connection.execute(update(proposal).where(ours).values(approval_id=approval_id))


def close_decision(
    connection: Connection, run_id: str, district_id: str, *, state: str, reason: str, at: datetime
) -> bool:
    """End the open decision of a district; tell whether there was one."""
    ended = connection.execute(
        update(proposal)
        .where(proposal.c.open_key == _key(run_id, district_id))
        .values(state=state, open_key=None, reason=reason, decided_at=at)
    )
    return ended.rowcount > 0


def give_back(
    connection: Connection,
    run_id: str,
    district_id: str,
    *,
    level: int,
    digest: str,
    by: str,
    reason: str,
    at: datetime,
) -> None:
    """Write down that an officer sent a district's drafts back; a pending approval ends."""
    close_decision(connection, run_id, district_id, state="lapsed", reason=reason, at=at)
    connection.execute(
        insert(proposal).values(
            proposal_id=str(uuid4()), run_id=run_id, district_id=district_id, level=level,
            digest=digest, state="returned", first_officer=by, at=at, expires=at, decided_at=at,
            reason=reason,
        )
    )  # fmt: skip


def was_cancelled(connection: Connection, run_id: str, district_id: str) -> bool:
    """Tell whether an approval of this district and run was ever cancelled."""
    where = (proposal.c.run_id == run_id, proposal.c.district_id == district_id)
    query = select(proposal.c.proposal_id).where(*where, proposal.c.state == "cancelled")
    return connection.execute(query.limit(1)).first() is not None


def decisions(connection: Connection, run_id: str, *, at: datetime) -> dict[str, Decision]:
    """Give the newest decision of each district of a run; a lapsed first approval is left out."""
    query = select(proposal).where(proposal.c.run_id == run_id).order_by(proposal.c.at)
    found = [_decision(row) for row in connection.execute(query)]
    standing = {each.district_id: each for each in found if each.state != "lapsed"}
    return {
        district_id: each
        for district_id, each in standing.items()
        if each.state != "pending" or each.expires > at
    }


def _open(connection: Connection, key: str) -> Decision | None:
    found = connection.execute(select(proposal).where(proposal.c.open_key == key)).first()
    return None if found is None else _decision(found)


def _read(connection: Connection, proposal_id: str) -> Decision:
    query = select(proposal).where(proposal.c.proposal_id == proposal_id)
    return _decision(connection.execute(query).one())


def _key(run_id: str, district_id: str) -> str:
    return f"{run_id}/{district_id}"


def _decision(row: Row[Any]) -> Decision:
    names = Decision.__dataclass_fields__
    return Decision(**{name: getattr(row, name) for name in names})
