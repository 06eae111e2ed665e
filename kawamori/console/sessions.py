"""Sessions, kept on the server: a random id in the browser, its sha256 in the store.

A session begins at sign-in with an id nobody knew before, so an id planted beforehand is worth
nothing. It ends when it idles, when the shift is over, at sign-out, and with its account.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from alerts.schema import UtcTime, metadata
from kawamori.console.accounts import account

session = Table(
    "session",
    metadata,
    Column("session_sha256", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.account_id"), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)
SEEN_STEP = timedelta(minutes=1)  # how exactly idling is known: not every request writes


@dataclass(frozen=True)
class SignedIn:
    """Who a session belongs to."""

    account_id: str
    name: str
    roles: tuple[str, ...]
    shelters: tuple[str, ...]
    must_change: bool


def open_session(connection: Connection, account_id: str, *, at: datetime, shift: timedelta) -> str:
    """Begin a session; give the id for the browser. Expired ones of all accounts are removed."""
    session_id = secrets.token_urlsafe(32)
    connection.execute(delete(session).where(session.c.expires <= at))
    row = {"session_sha256": _digest(session_id), "account_id": account_id}
    connection.execute(insert(session).values(**row, seen_at=at, expires=at + shift))
    return session_id


def read_session(
    engine: Engine, session_id: str, *, at: datetime, idle: timedelta
) -> SignedIn | None:
    """Give whose session this is; None if it ended, idled too long or its account is disabled."""
    ours = session.c.session_sha256 == _digest(session_id)
    query = (
        select(session.c.seen_at, account)
        .join_from(session, account)
        .where(ours, session.c.expires > at, account.c.disabled.is_(False))
    )
    with engine.connect() as connection:
        found = connection.execute(query).first()
    if found is None or found.seen_at + idle <= at:
        return None
    if at - found.seen_at >= SEEN_STEP:
        with engine.begin() as connection:
            connection.execute(update(session).where(ours).values(seen_at=at))
    return SignedIn(
        found.account_id, found.name, tuple(found.roles), tuple(found.shelters), found.must_change
    )


def close_session(connection: Connection, session_id: str) -> None:
    """End one session."""
    connection.execute(delete(session).where(session.c.session_sha256 == _digest(session_id)))


def close_sessions(connection: Connection, account_id: str) -> None:
    """End every session of an account."""
    connection.execute(delete(session).where(session.c.account_id == account_id))


def csrf_token(session_id: str) -> str:
    """Give the token that proves that a change comes from a page of this session."""
    return sha256(b"csrf:" + session_id.encode()).hexdigest()


def _digest(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()
