"""The store: it answers, its ledger holds, nothing is stuck, back-ups are young."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from sqlalchemy import Engine, make_url

from alerts.ledger import faults, read, read_head
from alerts.preflight import last_checks, tell
from kawamori.backup import MANIFEST
from kawamori.database import HEAD, connect, revision
from kawamori.doctor.finding import Finding, Found, Patient, age, ok, red
from kawamori.duty_facts import health
from kawamori.settings import Settings

BACKUP_MAX = timedelta(days=2)  # a nightly back-up may miss once


def open_store(settings: Settings) -> tuple[Engine | None, Finding]:
    """Give the store if this program can read it, and the line that says so; makes none."""
    parsed = make_url(settings.store_url)
    on_disk = parsed.get_backend_name() == "sqlite" and parsed.database
    if on_disk and not Path(str(parsed.database)).is_file():
        return None, red("store", "there is no store yet", "Start it: kawamori serve")
    try:
        engine = connect(settings.store_url)
    except ValueError as error:
        return None, red(
            "store",
            str(error).split(" SQLite:")[0],
            "Start the database or correct KAWAMORI_DATABASE_URL.",
        )
    found = revision(engine)
    if found != HEAD:
        engine.dispose()
        return None, red(
            "store",
            f"revision {found or 'none'}, this program needs {HEAD}",
            "kawamori backup FILE, then: kawamori database upgrade",
        )
    return engine, ok("store", f"answers, revision {HEAD}")


def ledger(patient: Patient) -> Found:
    """Verify the chain of the ledger."""
    if patient.engine is None:
        return
    with patient.engine.connect() as connection:
        head = read_head(connection)
        broken = list(faults(read(connection), head))
    if broken:
        yield red(
            "ledger",
            f"{len(broken)} faults, the first: {broken[0]}",
            "kawamori verify-ledger names them; keep the store as it is and call the "
            "auditor; kawamori restore brings back a whole one.",
        )
    else:
        yield ok("ledger", f"{head.number} rows, unbroken")


def channels(patient: Patient) -> Found:
    """Open every channel that the settings name and tell what its service last said."""
    from kawamori.dispatch import open_channels

    try:
        opened = open_channels(patient.settings)
    except (ValueError, OSError) as error:
        yield red("channels", f"a channel cannot be opened: {error}", "Correct its settings.")
        return
    for channel in opened.values():
        channel.close()
    if not opened:
        yield red(
            "channels",
            "none is set up: approved texts would reach nobody",
            "Set KAWAMORI_SMTP_HOST, KAWAMORI_LINE_TOKEN or another (README).",
        )
        return
    yield ok("channels", ", ".join(sorted(opened)))
    if patient.engine is None:
        return
    with patient.engine.connect() as connection:
        checks = last_checks(connection)
    for name in sorted(set(opened) & set(checks)):
        at, said = checks[name]
        check, when = f"preflight {name}", f"{age(patient.now - at)} ago"
        if lines := tell(said):
            yield red(
                check, f"{when}: {lines[0]}", "Do what the service asks, then: kawamori dispatch"
            )
        else:
            yield ok(check, f"{when}: nothing to say")


def outbox(patient: Patient) -> Found:
    """Count what will not be sent any more, of the last day."""
    if patient.engine is None:
        return
    with patient.engine.connect() as connection:
        dead = health(connection, newest=None, failure="", channels=(), now=patient.now).dead
    if dead:
        told = ", ".join(f"{channel} {count}" for channel, count in dead)
        yield red(
            "outbox",
            f"batches that were not sent: {told}",
            "kawamori outbox list says why; send them again or call the people.",
        )
    else:
        yield ok("outbox", "no dead batch in the last day")


def first_admin(patient: Patient) -> Found:
    """See that nobody's one-time secret of the first start lies about unused."""
    if patient.engine is None:
        return
    from kawamori.console.accounts import accounts

    with patient.engine.connect() as connection:
        known = accounts(connection)
    waiting = [one for one in known if one.account_id == "admin" and one.must_change]
    if not known:
        yield red(
            "first admin", "the console has no account", "kawamori serve makes the first one."
        )
    elif any(not one.disabled for one in waiting):
        yield red(
            "first admin",
            "the one-time secret of `admin` has not been used",
            "Sign in as admin and choose a password, or: kawamori accounts reset admin",
        )
    else:
        yield ok("first admin", f"{len(known)} accounts, the first secret is spent")


def backups(patient: Patient) -> Found:
    """Look for a young back-up that says when it was made."""
    folder = patient.settings.backups
    made = [at for path in sorted(folder.glob("*.zip")) if (at := _made_at(path)) is not None]
    if not made:
        yield red(
            "backup",
            f"no back-up lies in {folder.name}/",
            "Each night: kawamori backup HOME/backups/DATE.zip; keep a copy elsewhere.",
        )
        return
    old = patient.now - max(made)
    if old > BACKUP_MAX:
        yield red(
            "backup",
            f"the newest is {age(old)} old",
            "kawamori backup HOME/backups/DATE.zip, and mend what should make it.",
        )
    else:
        yield ok("backup", f"the newest is {age(old)} old")


def _made_at(path: Path) -> datetime | None:
    """Give when a back-up was made; None if the file is none."""
    try:
        with ZipFile(path) as packed:
            return datetime.fromisoformat(json.loads(packed.read(MANIFEST))["at"])
    except (BadZipFile, KeyError, ValueError, OSError):
        return None
