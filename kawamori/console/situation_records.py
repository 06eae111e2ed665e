"""The stored runs as the console reads them: each record parsed once for as long as it stays."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Request

from kawamori.console.desk import desk_of
from kawamori.console.errors import NotStoredError
from kawamori.console.runs import RECORD, Listed, Shelf, listed
from kawamori.run import Run
from kawamori.stored_run import run_of

LATEST = "latest"
KEPT = 8  # records in memory: what is on screen, the run before, and a few that are looked up
Stamp = tuple[int, int]  # when a file was written [ns], its size [bytes]


@dataclass(frozen=True, eq=False)
class Record:
    """One stored run: its folder name, its record as JSON types, and as a run."""

    name: str
    etag: str  # changes whenever the record does
    record: dict[str, Any]
    run: Run
    folder: Path
    packed: dict[Any, Any] = field(default_factory=dict)  # what was made of it: layers, views


class Records:
    """What is on the shelf, read again only where a file changed. Threads may share it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._listed: dict[str, tuple[Stamp, Listed]] = {}
        self._read: OrderedDict[tuple[str, Stamp], Record] = OrderedDict()
        self._lock = Lock()

    def listed(self) -> list[Listed]:
        """Give every stored run, newest issue time first; unreadable ones stand on top."""
        stamps = self.stamps()
        with self._lock:
            known = self._listed
        fresh = {
            name: known[name] if known.get(name, (None,))[0] == stamp else self._list(name, stamp)
            for name, stamp in stamps.items()
        }
        with self._lock:
            self._listed = fresh
        runs = [run for _, run in fresh.values()]
        return sorted(runs, key=_age, reverse=True)

    def stamps(self) -> dict[str, Stamp]:
        """Give when each record was written: differs whenever a run came or changed."""
        found = {}
        for path in sorted(self.shelf.folder.glob(f"*/{RECORD}")):
            if path.parent.name.startswith("."):
                continue
            try:
                facts = path.stat()
            except FileNotFoundError:  # the run was replaced at this very moment
                continue
            found[path.parent.name] = (facts.st_mtime_ns, facts.st_size)
        return found

    def find(self, key: str) -> Listed:
        """Give a run by folder name, run_id, or `latest`; raise NotStoredError if there is none."""
        readable = [run for run in self.listed() if not run.fault]
        for run in readable:
            if key in {run.name, run.run_id} or key == LATEST:
                return run
        raise NotStoredError(f"no stored run {key!r}")

    def read(self, key: str) -> Record:
        """Give the record of a run, see `find`."""
        run = self.find(key)
        path = self.shelf.file(run.name, RECORD)
        facts = path.stat()
        at = (run.name, (facts.st_mtime_ns, facts.st_size))
        with self._lock:
            if at in self._read:
                self._read.move_to_end(at)
                return self._read[at]
            made = _record(run.name, path)
            self._read[at] = made
            while len(self._read) > KEPT:
                self._read.popitem(last=False)
        return made

    def before(self, record: Record) -> Record | None:
        """Give the newest earlier run of the same city and kind (drill or not); None if none."""
        run = record.run
        for other in self.listed():
            alike = other.drill == run.drill and other.city == run.city.name
            if alike and other.issued_at is not None and other.issued_at < run.issued_at:
                return self.read(other.name)
        return None

    def _list(self, name: str, stamp: Stamp) -> tuple[Stamp, Listed]:
        return stamp, listed(self.shelf, name)


def records_of(request: Request) -> Records:
    """Give the records of this application, kept as long as it runs."""
    state = request.app.state
    found: Records | None = getattr(state, "records", None)
    if found is None:
        found = state.records = Records(Shelf(desk_of(request).settings.out))
    return found


Stored = Annotated[Records, Depends(records_of)]


def _record(name: str, path: Path) -> Record:
    text = path.read_bytes()
    try:
        record: dict[str, Any] = json.loads(text)
        run = run_of(record)
    except ValueError as error:
        raise NotStoredError(f"the record of {name!r} cannot be read: {error}") from error
    return Record(name, sha256(text).hexdigest()[:32], record, run, path.parent)


def _age(run: Listed) -> float:
    return run.issued_at.timestamp() if run.issued_at else float("inf")
