"""Tables of the outbox: approval, message, outbox row, attempt. Nothing is in without an approval.

The rules stand in the database, so that no later code can step round them: foreign keys that may
not be null, two different officers for levels 4 and 5, one row per key. SQLAlchemy Core, SQLite
or PostgreSQL. Times are UTC.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    false,
    text,
)
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.types import TypeDecorator

STATES = ("waiting", "leased", "accepted", "dead", "void")
DISK_FULL = "53100"  # SQLSTATE of PostgreSQL


class UtcTime(TypeDecorator[datetime]):
    """An aware time; SQLite, which keeps no zone, gets and gives UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, convert an aware one to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time must be aware (with a zone), got {value.isoformat()}.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

approval = Table(
    "approval",
    metadata,
    Column("approval_id", String(36), primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("district_id", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("advice_digest", Text, nullable=False),
    Column("first_officer", Text, nullable=False),
    Column("second_officer", Text),
    Column("at", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("voided_at", UtcTime),
    Column("voided_by", Text),
    Column("secret", LargeBinary),  # salts of alerts.receipts; NULL once pruned
    Column("city_id", Text),  # NULL = not known: it is never superseded
    Column("occasion", Text, nullable=False, server_default="new"),  # a Happening
    Column("stays", Boolean, nullable=False, server_default=false()),  # water may still stand
    Column("finish_by", UtcTime),  # the deadline that people were told
    Column("shelters", JSON(none_as_null=True)),  # ids that people were told, NULL = not known
    Column("superseded_by", String(36)),  # the later approval that ended this one
    CheckConstraint("level BETWEEN 3 AND 5", name="level_has_an_order"),
    CheckConstraint(
        "level = 3 OR (second_officer IS NOT NULL AND second_officer <> first_officer)",
        name="two_officers",
    ),
    Index(
        "one_stands",
        "city_id",
        "district_id",
        "drill",
        unique=True,
        sqlite_where=text("voided_at IS NULL"),
        postgresql_where=text("voided_at IS NULL"),
    ),
)

message = Table(
    "message",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("approval_id", ForeignKey("approval.approval_id"), nullable=False),
    Column("district_id", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("household", Text, nullable=False, server_default=""),  # "" = not for one kind
    UniqueConstraint("message_id", "approval_id"),
    CheckConstraint("form <> 'staff'", name="staff_text_stays_inside"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("key", String(36), primary_key=True),
    Column("approval_id", ForeignKey("approval.approval_id"), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("channel", Text, nullable=False),
    Column("batch_number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("expires", UtcTime, nullable=False),
    Column("touched_at", UtcTime, nullable=False),  # latest time known: clocks may go back
    Column("reference", Text),
    Column("accepted", Integer, nullable=False),
    Column("error", Text),
    Column("refused", JSON, nullable=False),  # positions the service will never accept
    Column("pending", JSON(none_as_null=True)),  # positions still to send, NULL = all
    Column("recipients", JSON, nullable=False),  # long, so last: looking for work skips it
    ForeignKeyConstraint(
        ["message_id", "approval_id"], ["message.message_id", "message.approval_id"]
    ),
    UniqueConstraint("message_id", "channel", "batch_number"),
    CheckConstraint(f"state IN {STATES}", name="known_state"),
    Index("outbox_due", "state", "next_try"),
)

attempt = Table(  # audit: rows are only ever added
    "attempt",
    metadata,
    Column("attempt_id", Integer, primary_key=True),
    Column("key", ForeignKey("outbox.key"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
)


class StoreFullError(OSError):
    """The disk of the store is full: nothing was changed, and nothing is lost."""


def prepare(engine: Engine) -> Engine:
    """Create the tables after `guarded`; calling again changes nothing."""
    metadata.create_all(guarded(engine))
    return engine


def guarded(engine: Engine) -> Engine:
    """Enforce foreign keys, keep recipients out of database errors, and name a full disk.

    Call once after `create_engine`, before the first connection; calling again changes nothing.
    """
    engine.hide_parameters = True
    if not event.contains(engine, "handle_error", _tell_error):
        event.listen(engine, "handle_error", _tell_error)
    if engine.dialect.name == "sqlite" and not event.contains(engine, "connect", _set_sqlite):
        event.listen(engine, "connect", _set_sqlite)
        engine.dispose()
    return engine


def check_guarded(connection: Connection) -> None:
    """Raise ValueError if this database would let a row in without its approval."""
    if connection.dialect.name != "sqlite":
        return
    if not connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise ValueError(
            "the database must enforce foreign keys, got PRAGMA foreign_keys = 0. "
            "Open the engine through alerts.outbox.prepare(engine)."
        )


def _tell_error(context: ExceptionContext) -> None:
    error = context.original_exception
    on_sqlite = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    if on_sqlite or getattr(error, "sqlstate", None) == DISK_FULL:
        raise StoreFullError(
            "the disk of the store must have room, it is full. Free some and do it again: "
            "nothing was changed, and what waits in the outbox is still there."
        ) from error
    _hide_row(error, context.sqlalchemy_exception)


def _hide_row(error: BaseException, told: BaseException | None) -> None:
    """Keep the first line only: PostgreSQL adds the failing row, addresses and all."""
    for each in (error, told):
        if each is not None and each.args and isinstance(each.args[0], str):
            each.args = (each.args[0].partition("\nDETAIL:")[0], *each.args[1:])


def _set_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
