"""The store's schema and its revisions: whole in an empty database, else moved step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from alerts.schema import guarded

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0013"  # the revision this program reads and writes
FIRST = {"run", "approval", "message", "outbox", "attempt"}  # a store older than revisions
MIGRATIONS = Path(__file__).with_name("migrations")
VERSIONED = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')",
)
WRONG = (ArgumentError, DBAPIError, ModuleNotFoundError, NoSuchModuleError, OSError, ValueError)
MAKING = 0x6B61_7761  # advisory lock of PostgreSQL: one process makes the tables


class NoAnswerError(ValueError):
    """The database that a URL names does not answer; it may be there again in a while."""


def connect(url: str) -> Engine:
    """Give an engine on a database that answers; its folder is made, its tables are not.

    Raises
    ------
    ValueError
        If the URL names no database that answers (NoAnswerError where its form is right). The
        error shows no password.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = guarded(create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite"))
        engine.connect().close()
    except WRONG as error:
        kind = NoAnswerError if isinstance(error, (DBAPIError, OSError)) else ValueError
        raise kind(
            f"KAWAMORI_DATABASE_URL must name a database that answers, got {shown(url)} "
            f"({_reason(url, error)}). SQLite: sqlite:///path; PostgreSQL: "
            "postgresql+psycopg://user:password@host/name with kawamori[postgresql] installed."
        ) from None
    return engine


def ready(engine: Engine) -> Engine:
    """Make every table in an empty database; refuse one of another revision.

    Raises
    ------
    ValueError
        Naming the revision found and the one needed.
    """
    found = revision(engine)
    if found is None and not _tables(engine):
        found = _make(engine)
    _refuse_newer(found)
    if found != HEAD:
        raise ValueError(
            f"the store must be at revision {HEAD}, got {found or 'one older than revisions'}. "
            "Back it up (kawamori backup FILE), then: kawamori database upgrade"
        )
    return engine


def _refuse_newer(found: str | None) -> None:
    """Raise if a store is of a newer program: this one knows no way down from there."""
    if found is not None and found > HEAD:
        raise ValueError(
            f"the store must be at revision {HEAD} or older, got {found}: a newer program made it. "
            "Install that one again; it alone can take the store back: kawamori database "
            f"downgrade {HEAD}"
        )


def revision(engine: Engine) -> str | None:
    """Give the revision of a store, None if it is empty or older than revisions."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def upgrade(engine: Engine, to: str = "head") -> str:
    """Move a store up to a revision; give it. A store older than revisions counts as 0001."""
    from alembic import command

    names, found = _tables(engine), revision(engine)
    _refuse_newer(found)
    older = found is None and bool(names)
    if older and names != FIRST:
        raise ValueError(
            f"the store must have a revision or the tables {sorted(FIRST)}, got {sorted(names)}. "
            "It was made by a program between two revisions: move it aside and start a new one."
        )
    with _migrating(engine) as config:
        if older:
            command.stamp(config, "0001")
        command.upgrade(config, to)
    return str(revision(engine))


def downgrade(engine: Engine, to: str) -> str | None:
    """Move a store down to a revision, `base` = no table; give it. What is newer is lost."""
    from alembic import command

    _refuse_newer(revision(engine))
    with _migrating(engine) as config:
        command.downgrade(config, to)
    return revision(engine)


def shown(url: str) -> str:
    """Give a URL without user, password and options."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if rest else "no URL"


def _reason(url: str, error: Exception) -> str:
    """Give what a driver said without any part of a password."""
    rest = url.partition("://")[2]
    secrets = [rest.rpartition("@")[0].partition(":")[2]]
    secrets += [value for name, value in parse_qsl(rest.partition("?")[2]) if "pass" in name]
    parts = {part for secret in secrets for part in [secret, *re.split(r"[:/@?&=#]", secret)]}
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    for part in sorted(parts | set(map(unquote, parts)), key=len, reverse=True):
        said = said.replace(part, "***") if part else said
    return said


def _tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def _make(engine: Engine) -> str:
    """Make all tables in one transaction, or leave them to the process that was first."""
    from kawamori import tables

    with engine.begin() as connection:
        _alone(connection)
        if not inspect(connection).has_table("alembic_version"):
            tables.metadata.create_all(connection)
            for statement in VERSIONED:
                connection.execute(text(statement))
    return str(revision(engine))


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    """Give a configuration of Alembic whose steps all happen in one transaction, or none."""
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    on_sqlite = engine.dialect.name == "sqlite"
    try:
        with engine.connect() as connection:
            if on_sqlite:  # tables are made anew and renamed; checked at the end
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.rollback()
            with connection.begin():
                _alone(connection)
                config.attributes["connection"] = connection
                yield config
                if on_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise ValueError("rows must keep what they point to, some do not any more.")
    except CommandError as error:
        raise ValueError(f"revision must be one of 0001 to {HEAD}, or base: {error}.") from error
    finally:
        engine.dispose()  # the next connection enforces foreign keys again


def _alone(connection: Connection) -> None:
    """Keep every other process from changing the schema until the transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING})
