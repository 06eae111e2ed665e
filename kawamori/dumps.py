"""A PostgreSQL database to a file and back, through its own pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

DEBIAN = Path("/usr/lib/postgresql")


def dump(url: URL, file: Path) -> None:
    """Write a database as it is at one moment."""
    _run("pg_dump", "--format=custom", "--no-owner", "--file", str(file), url=url)


def load(url: URL, file: Path) -> None:
    """Read a dump into an empty database: all of it or nothing."""
    _run("pg_restore", "--no-owner", "--single-transaction", "--exit-on-error",
         "--dbname", url.database or "", str(file), url=url)  # fmt: skip


def _run(name: str, *arguments: str, url: URL) -> None:
    """Run a program of PostgreSQL; the password goes by the environment, never by an argument."""
    options = {key: value for key, value in url.query.items() if isinstance(value, str)}
    named = {
        "PGHOST": url.host or options.get("host"),
        "PGPORT": str(url.port) if url.port else options.get("port"),
        "PGUSER": url.username or options.get("user"),
        "PGPASSWORD": url.password or options.get("password"),
        "PGDATABASE": url.database,
        "PGSSLMODE": options.get("sslmode"),
    }
    env = {**os.environ, **{key: str(value) for key, value in named.items() if value}}
    done = subprocess.run(
        [_program(name), *arguments], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(f"{name} must end well, it said: {done.stderr.strip()}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        known = sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True)
        found = str(known[0]) if known else None
    if found is None:
        raise FileNotFoundError(f"{name} is missing. Install PostgreSQL's client: make debian")
    return found
