"""Tokens for programs that read the API: the secret is shown once, its sha256 is kept."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Column, Connection, Engine, String, Table, Text, insert, select, update

from alerts.ledger import append
from alerts.schema import UtcTime, metadata
from kawamori.console.access import ROLES_OF, Officer, SignedIn, needs
from kawamori.console.desk import desk_of
from kawamori.console.errors import NotSignedInError

api_token = Table(
    "api_token",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False, unique=True),  # of the program, no person
    Column("at", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)
ROLES = ("viewer",)  # a token reads; nothing is approved or changed with it
BEARER = "bearer "


def issue_token(
    connection: Connection, name: str, *, expires: datetime, by: str, at: datetime
) -> str:
    """Give a new secret for a program.

    Raises
    ------
    ValueError
        If the name is empty or in use, or `expires` lies in the past.
    """
    name = name.strip()
    known = connection.execute(select(api_token.c.name).where(api_token.c.name == name)).first()
    if not name or known is not None:
        raise ValueError(f"a token needs a name of its own, got {name!r}. Choose another name.")
    if expires <= at:
        raise ValueError(f"a token must expire after now ({at}), got {expires}.")
    secret = f"kwm_{secrets.token_urlsafe(32)}"
    row = {"token_sha256": _digest(secret), "name": name, "at": at, "expires": expires}
    connection.execute(insert(api_token).values(**row))
    append(connection, "token.issued", {"name": name, "expires": expires}, by=by, at=at)
    return secret


def revoke_token(connection: Connection, name: str, *, by: str, at: datetime) -> None:
    """End a token, or raise ValueError if no open one has that name."""
    ours = (api_token.c.name == name) & api_token.c.revoked_at.is_(None)
    if connection.execute(update(api_token).where(ours).values(revoked_at=at)).rowcount == 0:
        raise ValueError(f"no open token is named {name!r}.")
    append(connection, "token.revoked", {"name": name}, by=by, at=at)


def token_name(engine: Engine, secret: str, *, at: datetime) -> str | None:
    """Give the name of the program a secret belongs to; None if it is unknown or ended."""
    ours = (
        (api_token.c.token_sha256 == _digest(secret))
        & (api_token.c.expires > at)
        & api_token.c.revoked_at.is_(None)
    )
    with engine.connect() as connection:
        found = connection.execute(select(api_token.c.name).where(ours)).first()
    return None if found is None else str(found.name)


signed_in_reader = needs(*ROLES)


def reader(request: Request, officer: SignedIn) -> Officer:
    """Admit whoever may look: a session of the console, or `Authorization: Bearer SECRET`."""
    sent = request.headers.get("authorization", "")
    if not sent.lower().startswith(BEARER):
        return signed_in_reader(request, officer, "")
    desk = desk_of(request)
    name = token_name(desk.engine, sent[len(BEARER) :].strip(), at=desk.now())
    if name is None:
        raise NotSignedInError
    return Officer(f"token:{name}", name, ROLES)


ROLES_OF[reader] = ROLES
Reader = Annotated[Officer, Depends(reader)]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
