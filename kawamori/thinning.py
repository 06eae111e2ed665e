"""Thinning of reports: old runs of quiet hours go from the disk, what anybody decided on never.

A report stays for good if its run advised level 3 or more anywhere, if an approval, an alert of
staff or any other table refers to it, or the ledger does. It stays, too, if it is a drill's, the
newest of its city, or the first of its hour. Of a report that goes the row remains, with the advice
of every district.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from advisory.types import Level
from alerts.ledger import append
from alerts.ledger_tables import ledger
from kawamori.run_line import RECORD, keep_line
from kawamori.store import StoredRun, runs, stored_advice, stored_runs
from kawamori.tables import metadata

KEPT_LEVEL = Level.ELDERLY  # from which a run stays for good
NOT_DECISIVE = ("run", "cycle_log", "staff_watch")  # tables that name every run, or the newest
PART = ".part"  # ends the name of a report that was never finished


@dataclass(frozen=True)
class Thinned:
    """What went, or would go."""

    names: tuple[str, ...]  # of reports
    freed_bytes: int
    kept: dict[str, int]  # older ones that stay, by reason
    unfinished: int  # folders that killed cycles left
    strange: tuple[str, ...]  # folders of old runs that do not lie in `out`: left alone


def thin(
    store: Engine, out: Path, *, before: datetime, by: str, at: datetime, dry_run: bool
) -> Thinned:
    """Remove reports of quiet runs issued before a time; `dry_run` only tells which.

    The ledger is told first. What a killed call leaves undone, the next one does. Reports that stay
    get the line by which the console lists them, if an older program wrote none.
    """
    known = [run for run in stored_runs(store, state="complete") if run.folder is not None]
    old = [run for run in known if run.issued_at < before]
    with store.connect() as connection:
        kept = dict(_kept(connection, known))
        # Advice is long: only that is read on which alone it depends whether the run stays.
        unsure = [run.run_id for run in old if run.run_id not in kept]
        kept |= dict.fromkeys(_grave(connection, unsure), f"level {KEPT_LEVEL:d} or more")
    going = [run for run in old if run.run_id not in kept]
    strange = tuple(run.name for run in going if not _inside(run, out))
    going = [run for run in going if _inside(run, out)]
    parts = [path for path in out.glob(f".*{PART}") if path.stat().st_mtime < before.timestamp()]
    folders = [run.folder for run in going if run.folder is not None and _own(run)]
    told = Thinned(
        tuple(run.name for run in going), sum(map(_size, [*folders, *parts])),
        dict(Counter(kept[run.run_id] for run in old if run.run_id in kept)), len(parts), strange,
    )  # fmt: skip
    if not dry_run:
        _remove(store, going, parts, {"before": before, "reports": len(going)}, by=by, at=at)
        for record in out.glob(f"*/{RECORD}"):
            keep_line(record.parent)
    return told


def _remove(
    store: Engine, going: list[StoredRun], parts: list[Path], facts: dict[str, Any], *, by: str,
    at: datetime,
) -> None:  # fmt: skip
    if going:
        with store.begin() as connection:
            append(connection, "thin", facts, by=by, at=at)
    for run in going:
        if run.folder is not None and _own(run):
            shutil.rmtree(run.folder, ignore_errors=True)
        with store.begin() as connection:
            gone = update(runs).where(runs.c.run_id == run.run_id).values(folder=None)
            connection.execute(gone)
    for path in parts:
        shutil.rmtree(path, ignore_errors=True)


def _kept(connection: Connection, known: list[StoredRun]) -> Iterator[tuple[str, str]]:
    """Give run_id and reason of each run that stays whatever it advised; the last one counts."""
    hours: dict[tuple[str, str], StoredRun] = {}
    newest: dict[str, StoredRun] = {}
    for run in sorted(known, key=lambda one: one.issued_at):
        hours.setdefault((run.city_id, f"{run.issued_at:%Y%m%d%H}"), run)
        newest[run.city_id] = run
    yield from ((run.run_id, "first of its hour") for run in hours.values())
    yield from ((run.run_id, "newest of its city") for run in newest.values())
    yield from ((run.run_id, "drill") for run in known if run.drill)
    named = _named(connection)
    yield from ((run.run_id, "referred to") for run in known if {run.run_id, run.name} & named)


def _named(connection: Connection) -> set[str]:
    """Give every text that could name a run: run_id of other tables, and all in the ledger."""
    found: set[str] = set()
    for table in metadata.tables.values():
        if "run_id" in table.c and table.name not in NOT_DECISIVE:
            found |= {row for row in connection.scalars(select(table.c.run_id)) if row}
    for facts in connection.scalars(select(ledger.c.facts)):
        found |= set(_texts(json.loads(facts)))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _grave(connection: Connection, run_ids: Sequence[str]) -> Iterator[str]:
    """Give which of the runs advised `KEPT_LEVEL` or more; one whose advice is not kept counts."""
    for run_id, advice in stored_advice(connection, run_ids):
        levels = [KEPT_LEVEL] if advice is None else [row["level"] for row in advice]
        if any(level is not None and level >= KEPT_LEVEL for level in levels):
            yield run_id


def _inside(run: StoredRun, out: Path) -> bool:
    return run.folder is not None and run.folder.resolve().parent == out.resolve()


def _own(run: StoredRun) -> bool:
    """Tell whether the folder still holds this run, not a later one of the same name."""
    path = (run.folder or Path()) / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True  # half removed
    except ValueError:
        return False
    return isinstance(record, dict) and record.get("run_id") == run.run_id


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
