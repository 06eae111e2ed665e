"""The store: it answers, its ledger holds, nothing is stuck, back-ups are young."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from sqlalchemy import Connection, Engine, func, inspect, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from alerts.ledger import faults, read, read_head
from alerts.ledger_tables import HEAD_GUARDS, ROW_GUARDS
from alerts.preflight import last_checks, tell
from alerts.recipients import recipient_address
from kawamori import tables
from kawamori.backup import MANIFEST, STORE
from kawamori.database import HEAD, connect, revision
from kawamori.doctor.finding import Finding, Found, Patient, age, ok, red
from kawamori.duty_facts import health
from kawamori.packed_reports import FOLDER as REPORTS
from kawamori.packed_reports import digest_of
from kawamori.settings import Settings

KEYS = {
    "line": "KAWAMORI_LINE_TOKEN", "email": "KAWAMORI_SMTP_HOST", "webpush": "KAWAMORI_VAPID_KEY",
}  # fmt: skip
FILE_REMEDY = (
    "Give the file to the user that runs kawamori, or free the disk; a damaged one is moved aside, "
    "then: kawamori restore, from the newest file of backups/."
)
TRIGGER = re.compile(r"CREATE TRIGGER (\w+)")
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
BACKUP_MAX = timedelta(days=2)  # a nightly back-up may miss once


def open_store(settings: Settings) -> tuple[Engine | None, Finding]:
    """Give the store if this program can read it, and the line that says so; makes none."""
    parsed = make_url(settings.store_url)
    on_disk = parsed.get_backend_name() == "sqlite" and parsed.database
    remedy = FILE_REMEDY if on_disk else "Start the database or correct KAWAMORI_DATABASE_URL."
    try:
        if on_disk and not Path(str(parsed.database)).is_file():
            return None, red("store", "there is no store yet", "Start it: kawamori serve")
        engine = connect(settings.store_url)
        found = revision(engine)
    except (ValueError, OSError, SQLAlchemyError) as error:
        return None, red("store", str(error).split(" SQLite:")[0], remedy)
    fault = _revision(found) if found != HEAD else _shape(engine)
    if fault is not None:
        engine.dispose()
        return None, fault
    return engine, ok("store", f"answers, revision {HEAD}")


def _revision(found: str | None) -> Finding:
    if found is not None and found > HEAD:
        return red("store", f"revision {found} is of a newer program, this one needs {HEAD}",
                   "Install the newer program again; only that one can take the store back: "
                   f"kawamori database downgrade {HEAD}")  # fmt: skip
    return red("store", f"revision {found or 'none'}, this program needs {HEAD}",
               "kawamori backup FILE, then: kawamori database upgrade")  # fmt: skip


def _shape(engine: Engine) -> Finding | None:
    """Give what the store lacks of what its revision promises; None = nothing."""
    there = set(inspect(engine).get_table_names())
    if lacking := sorted(set(tables.metadata.tables) - there):
        return red("store", f"tables are missing: {', '.join(lacking)}: an upgrade or a restore "
                   "ended half-way", "Move it aside, then: kawamori restore, from the newest file "
                   "of backups/.")  # fmt: skip
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
        if said != "ok":
            return red("store", f"the file is damaged: {said}", FILE_REMEDY)
    return None


def guards(patient: Patient) -> Found:
    """See that the database itself still refuses to change a row of the ledger."""
    if patient.engine is None:
        return
    dialect = patient.engine.dialect.name
    wanted = {found[1] for statement in (*ROW_GUARDS[dialect], *HEAD_GUARDS[dialect])
              if (found := TRIGGER.match(statement))}  # fmt: skip
    with patient.engine.connect() as connection:
        there = set(map(str, connection.execute(text(TRIGGERS[dialect])).scalars()))
    if lacking := sorted(wanted - there):
        yield red("ledger guards", f"triggers are missing: {', '.join(lacking)}: rows of the "
                  "ledger could be rewritten", "kawamori verify-ledger, then bring the store back "
                  "from a back-up: kawamori restore")  # fmt: skip


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
        waiting = _addresses(connection)
    for name, count in sorted(waiting.items()):
        if name not in opened:
            yield red(
                f"channel {name}",
                f"{count} addresses wait for it, and it is not set up: they get nothing",
                f"Set {KEYS.get(name, 'its settings')} (README).",
            )
    for name in sorted(set(opened) & set(checks)):
        at, said = checks[name]
        check, when = f"preflight {name}", f"{age(patient.now - at)} ago"
        if lines := tell(said):
            yield red(
                check, f"{when}: {lines[0]}", "Do what the service asks, then: kawamori dispatch"
            )
        else:
            yield ok(check, f"{when}: nothing to say")


def _addresses(connection: Connection) -> dict[str, int]:
    """Give how many addresses want each channel."""
    wanted = recipient_address.c.opted_out_at.is_(None)
    channel = recipient_address.c.channel
    query = select(channel, func.count()).where(wanted).group_by(channel)
    return {str(name): int(count) for name, count in connection.execute(query)}


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
    elif not any("admin" in one.roles and not one.disabled for one in known):
        yield red(
            "first admin",
            f"none of {len(known)} accounts may administer the console",
            "kawamori accounts add LOGIN --name NAME --role admin",
        )
    else:
        yield ok("first admin", f"{len(known)} accounts, the first secret is spent")


def approvers(patient: Patient) -> Found:
    """See that two people can approve: levels 4 and 5 need two."""
    if patient.engine is None:
        return
    from kawamori.console.accounts import accounts

    with patient.engine.connect() as connection:
        known = accounts(connection)
    able = [one for one in known if not one.disabled and {"approver", "admin"} & set(one.roles)]
    if len(able) < 2:
        yield red(
            "approvers",
            f"{len(able)} accounts may approve: levels 4 and 5 need two people",
            "kawamori accounts add LOGIN --name NAME --role approver",
        )
    else:
        yield ok("approvers", f"{len(able)} accounts may approve")


def backups(patient: Patient) -> Found:
    """Look for a young back-up that says when it was made."""
    folder = patient.settings.backups
    on_server = make_url(patient.settings.store_url).get_backend_name() == "postgresql"
    if on_server and shutil.which("pg_dump") is None:
        yield red("pg_dump", "it is not installed: no back-up can be made",
                  "apt-get install postgresql-client")  # fmt: skip
    made = {at: path for path in sorted(folder.glob("*.zip"))
            if (at := _made_at(path)) is not None}  # fmt: skip
    if not made:
        yield red(
            "backup",
            f"no back-up lies in {folder.name}/",
            "systemctl enable --now kawamori-backup.timer; keep a copy elsewhere.",
        )
        return
    newest = max(made)
    old = patient.now - newest
    if fault := _broken(made[newest], "postgresql" if on_server else "sqlite"):
        yield red("backup", f"{made[newest].name} cannot be restored: {fault}",
                  "kawamori backup makes a new one; look at the disk.")  # fmt: skip
    elif old > BACKUP_MAX:
        yield red(
            "backup",
            f"the newest is {age(old)} old",
            "kawamori backup, and see why kawamori-backup.timer did not.",
        )
    else:
        yield ok("backup", f"the newest is {age(old)} old")


def _broken(path: Path, kind: str) -> str:
    """Give why a file could not be restored; "" = it could. Reports are looked for, not read."""
    name = STORE[kind]
    try:
        with ZipFile(path) as packed:
            manifest = json.loads(packed.read(MANIFEST))
            wanted = manifest["sha256"].get(name)
            if wanted is None:
                return f"it holds no {name}"
            with packed.open(name) as part:
                found = digest_of(part)
        beside = path.parent / REPORTS
        lacking = [one for one in manifest.get(REPORTS, {}) if not (beside / one).is_file()]
        if lacking:
            return f"{REPORTS}/ beside it lacks {len(lacking)} reports, as {lacking[0]}"
        return "" if found == wanted else f"{name} was changed"
    except (BadZipFile, KeyError, ValueError, OSError, zlib.error) as error:
        return f"{name}: {error}"


def _made_at(path: Path) -> datetime | None:
    """Give when a back-up was made; None if the file is none."""
    try:
        with ZipFile(path) as packed:
            return datetime.fromisoformat(json.loads(packed.read(MANIFEST))["at"])
    except (BadZipFile, KeyError, ValueError, OSError):
        return None
