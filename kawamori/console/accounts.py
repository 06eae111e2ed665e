"""Accounts: who may sign in, with which roles; passwords are kept as Argon2 hashes only.

The account id is the login name: it stands in approvals and in the audit log, so it never changes
and is never given to a second person (accounts are disabled, not deleted).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from alerts.ledger import append
from alerts.schema import UtcTime, metadata
from kawamori.console.roles import check_roles

account = Table(
    "account",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("shelters", JSON, nullable=False),  # shelter_ids, for the role shelter
    Column("password_hash", Text),  # NULL = signs in elsewhere (OIDC)
    Column("must_change", Boolean, nullable=False),  # the password was given by somebody else
    Column("disabled", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
)
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
PASSWORD_LENGTH = 12  # NIST SP 800-63B-4 asks for length, not for composition
LONGEST = 256
HASHES = PasswordHash((Argon2Hasher(),))
AT_ONCE = BoundedSemaphore(2)  # a hash takes 64 MiB: a crowd at the door must not fill the memory
NOBODY = HASHES.hash(secrets.token_urlsafe(16))  # unknown names take as long as known ones


@dataclass(frozen=True)
class Account:
    """One person who may sign in."""

    account_id: str
    name: str
    roles: tuple[str, ...]
    shelters: tuple[str, ...]
    must_change: bool
    disabled: bool
    local: bool  # has a password here


def add_account(
    connection: Connection,
    account_id: str,
    *,
    name: str,
    roles: Sequence[str],
    shelters: Sequence[str] = (),
    by: str,
    at: datetime,
) -> str:
    """Add a local account; give the one-time secret that its owner must change at first sign-in.

    Raises
    ------
    ValueError
        If the login name is taken or malformed, the name is empty or a role is unknown.
    """
    if not LOGIN.fullmatch(account_id):
        raise ValueError(
            f"a login name must be 2 to 32 of a-z, 0-9, '.', '_', '-', got {account_id!r}."
        )
    if not name.strip():
        raise ValueError(f"the person's name must not be empty (account {account_id}).")
    held = check_roles(roles)
    secret = secrets.token_urlsafe(18)
    row = {"account_id": account_id, "name": name.strip(), "roles": held, "shelters": [*shelters]}
    state = {"password_hash": hashed(secret), "must_change": True, "disabled": False, "at": at}
    try:
        connection.execute(insert(account).values(**row, **state))
    except IntegrityError as error:
        raise ValueError(f"account {account_id!r} exists already. Choose another name.") from error
    facts = {"account": account_id, "roles": list(held), "shelters": [*shelters]}
    append(connection, "account.added", facts, by=by, at=at)
    return secret


def first_admin(engine: Engine, *, at: datetime) -> str | None:
    """Add the account `admin` if there is no account; give its one-time secret, else None."""
    with engine.begin() as connection:
        if connection.execute(select(func.count()).select_from(account)).scalar():
            return None
        return add_account(
            connection, "admin", name="管理者", roles=["admin"], by="first start", at=at
        )


def accounts(connection: Connection) -> list[Account]:
    """Give every account, by login name."""
    return [_account(row) for row in connection.execute(select(account).order_by("account_id"))]


def find_account(connection: Connection, account_id: str) -> Account | None:
    """Give one account, None if there is no such."""
    found = connection.execute(select(account).where(account.c.account_id == account_id)).first()
    return None if found is None else _account(found)


def disable_account(connection: Connection, account_id: str, *, by: str, at: datetime) -> None:
    """Shut an account; its sessions end with it.

    Raises
    ------
    ValueError
        If there is no such account, or nobody could administer the desk afterwards.
    """
    _change(connection, account_id, disabled=True)
    open_admins = [one for one in accounts(connection) if "admin" in one.roles if not one.disabled]
    if not open_admins:
        raise ValueError(f"{account_id!r} is the last admin. Add another admin first.")
    append(connection, "account.disabled", {"account": account_id}, by=by, at=at)


def reset_account(connection: Connection, account_id: str, *, by: str, at: datetime) -> str:
    """Give an account a new one-time secret and open it again if it was disabled."""
    secret = secrets.token_urlsafe(18)
    _change(connection, account_id, password_hash=hashed(secret), must_change=True, disabled=False)
    append(connection, "account.reset", {"account": account_id}, by=by, at=at)
    return secret


def change_password(
    connection: Connection, account_id: str, *, old: str, new: str, at: datetime
) -> None:
    """Replace the password by one of its owner's choice, or raise ValueError saying why not."""
    if not password_is(connection, account_id, old):
        raise ValueError("the present password is wrong.")
    if not PASSWORD_LENGTH <= len(new) <= LONGEST:
        raise ValueError(f"a password must have {PASSWORD_LENGTH} to {LONGEST} characters.")
    if new == old or account_id in new.lower():
        raise ValueError("the new password must differ from the old one and not name the account.")
    _change(connection, account_id, password_hash=hashed(new), must_change=False)
    append(connection, "account.password_changed", {"account": account_id}, by=account_id, at=at)


def password_is(connection: Connection, account_id: str, password: str) -> bool:
    """Tell whether this is the password of an open account; takes as long when it is not."""
    query = select(account.c.password_hash, account.c.disabled)
    found = connection.execute(query.where(account.c.account_id == account_id)).first()
    kept = found.password_hash if found is not None and found.password_hash else NOBODY
    with AT_ONCE:
        right = HASHES.verify(password[:LONGEST], kept)
    return right and found is not None and kept is not NOBODY and not found.disabled


def hashed(password: str) -> str:
    """Give the Argon2id hash of a password."""
    with AT_ONCE:
        return HASHES.hash(password)


def _change(connection: Connection, account_id: str, **values: Any) -> None:
    changed = connection.execute(
        update(account).where(account.c.account_id == account_id).values(**values)
    )
    if changed.rowcount == 0:
        known = [one.account_id for one in accounts(connection)]
        raise ValueError(f"account must be one of {known}, got {account_id!r}.")


def _account(row: Row[Any]) -> Account:
    return Account(
        account_id=row.account_id,
        name=row.name,
        roles=tuple(row.roles),
        shelters=tuple(row.shelters),
        must_change=row.must_change,
        disabled=row.disabled,
        local=row.password_hash is not None,
    )
