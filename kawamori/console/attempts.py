"""Tries to sign in: too many wrong ones shut the door for a while.

Counted per account and address, per account and per address. The limit of an account alone is
wide: a stranger must not be able to lock the desk out of its own console.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from alerts.schema import UtcTime, metadata

attempts = Table(
    "sign_in_attempt",
    metadata,
    Column("attempt_id", Integer, primary_key=True),
    Column("account_id", String(64), nullable=False),  # as typed, cut to 64
    Column("address", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("good", Boolean, nullable=False),
    Index("sign_in_attempt_at", "at"),
)
WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)
TRIES_HERE, TRIES_ACCOUNT, TRIES_ADDRESS = 5, 50, 30  # wrong ones within WINDOW


def begin_attempt(
    connection: Connection, account_id: str, address: str, *, at: datetime
) -> int | None:
    """Write a try down as wrong before it is judged; give its id, None if the door is shut.

    Written first, so that tries made at the same moment count each other.
    """
    row = {"account_id": account_id[:64], "address": address[:64], "at": at, "good": False}
    number = connection.execute(insert(attempts).values(row)).inserted_primary_key
    connection.execute(delete(attempts).where(attempts.c.at < at - KEPT))
    by_name = attempts.c.account_id == row["account_id"]
    by_address = attempts.c.address == row["address"]
    shut = (
        _wrong(connection, at, by_name, by_address) > TRIES_HERE
        or _wrong(connection, at, by_name) > TRIES_ACCOUNT
        or _wrong(connection, at, by_address) > TRIES_ADDRESS
    )
    return None if shut or number is None else int(number[0])


def end_attempt(connection: Connection, attempt_id: int) -> None:
    """Write down that a try was right; wrong ones of the same account and address are forgiven."""
    ours = select(attempts.c.account_id, attempts.c.address)
    row = connection.execute(ours.where(attempts.c.attempt_id == attempt_id)).one()
    same = (attempts.c.account_id == row.account_id) & (attempts.c.address == row.address)
    connection.execute(update(attempts).where(same).values(good=True))


def _wrong(connection: Connection, at: datetime, *conditions: ColumnElement[bool]) -> int:
    recent = (attempts.c.at > at - WINDOW, attempts.c.good.is_(False), *conditions)
    return int(connection.execute(select(func.count()).where(*recent)).scalar_one())
