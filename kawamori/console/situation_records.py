"""The stored runs as the console reads them: each record parsed once for as long as it stays."""

from __future__ import annotations

import json
import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Request

from kawamori.console.desk import desk_of
from kawamori.console.errors import NotStoredError
from kawamori.console.runs import Shelf, listed
from kawamori.run import Run
from kawamori.run_line import RECORD, Listed, Stamp, read_line, stamp_of
from kawamori.stored_run import run_of

LATEST = "latest"
KEPT = 8  # records in memory: what is on screen, the run before, and a few that are looked up
OFTEN = 200  # newest runs: whether one of them was written anew, every look sees
SELDOM_S = 10.0  # so often the others are looked at, if nothing came to the shelf or went


@dataclass(frozen=True, eq=False)
class Record:
    """One stored run: its folder name, its record as JSON types, and as a run."""

    name: str
    etag: str  # changes whenever the record does
    record: dict[str, Any]
    run: Run
    folder: Path
    packed: dict[Any, Any] = field(default_factory=dict)  # what was made of it: layers, views


@dataclass(frozen=True)
class Seen:
    """The shelf as it was at one look."""

    at_s: float = -math.inf  # when all of it was looked at, by a clock that only measures
    folder_ns: int = 0  # when the shelf itself last changed
    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    lines: Mapping[str, Listed] = field(default_factory=dict)  # by name, newest first
    by_key: Mapping[str, Listed] = field(default_factory=dict)  # readable ones, by name and run_id
    mark: str = ""  # differs whenever a run came, went or changed


class Records:
    """What is on the shelf, read again only where a file changed. Threads may share it.

    A year's shelf holds thousands of runs. Each look sees whether the shelf has changed and, of the
    newest runs, whether a record has; older records are looked at again each `SELDOM_S`.
    """

    def __init__(self, shelf: Shelf, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.shelf, self.clock = shelf, clock
        self._seen = Seen()
        self._looking = Lock()
        self._read: OrderedDict[tuple[str, Stamp], Record] = OrderedDict()
        self._lock = Lock()

    def listed(self) -> list[Listed]:
        """Give every stored run, newest issue time first; unreadable ones stand on top."""
        return [*self._look().lines.values()]

    def mark(self) -> str:
        """Give what differs whenever a run came, went or changed."""
        return self._look().mark

    def find(self, key: str) -> Listed:
        """Give a run by folder name, run_id, or `latest`; raise NotStoredError if there is none."""
        seen = self._look()
        run = next(iter(seen.by_key.values()), None) if key == LATEST else seen.by_key.get(key)
        if run is None:
            raise NotStoredError(f"no stored run {key!r}")
        return run

    def read(self, key: str) -> Record:
        """Give the record of a run, see `find`; of `latest` the newest that can be read."""
        while True:
            run = self.find(key)
            try:
                return self._record(run)
            except NotStoredError as error:
                self._spoilt(run, str(error))
                if key != LATEST:
                    raise

    def before(self, record: Record) -> Record | None:
        """Give the newest earlier run of the same city and kind (drill or not); None if none."""
        run = record.run
        for other in self.listed():
            alike = other.drill == run.drill and other.city == run.city.name
            if alike and other.issued_at is not None and other.issued_at < run.issued_at:
                return self.read(other.name)
        return None

    def _record(self, run: Listed) -> Record:
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

    def _look(self) -> Seen:
        with self._looking:
            before, now_s = self._seen, self.clock()
            folder_ns = _changed_ns(self.shelf.folder)
            whole = folder_ns != before.folder_ns or now_s - before.at_s > SELDOM_S
            names = _names(self.shelf.folder) if whole else islice(before.lines, OFTEN)
            stamps = {name: stamp_of(f"{self.shelf.folder}/{name}") for name in names}
            found = stamps if whole else {**before.stamps, **stamps}
            known = {name: stamp for name, stamp in found.items() if stamp is not None}
            if known != before.stamps:
                self._seen = self._listed(before, known)
            self._seen = replace(
                self._seen, folder_ns=folder_ns, at_s=now_s if whole else before.at_s
            )
            return self._seen

    def _listed(self, before: Seen, stamps: Mapping[str, Stamp]) -> Seen:
        """Give what is on the shelf, read anew where a stamp differs."""
        lines = [
            before.lines[name] if before.stamps.get(name) == stamp else self._line(name, stamp)
            for name, stamp in stamps.items()
        ]
        return _in_order(lines, stamps)

    def _line(self, name: str, stamp: Stamp) -> Listed:
        folder = f"{self.shelf.folder}/{name}"
        kept = None if os.path.islink(folder) else read_line(folder, name, stamp)
        return listed(self.shelf, name) if kept is None else kept

    def _spoilt(self, run: Listed, fault: str) -> None:
        """Remember that a record cannot be read although its line could."""
        with self._looking:
            seen = self._seen
            if seen.lines.get(run.name) == run:
                lines = {**seen.lines, run.name: Listed(run.name, fault=f"{RECORD}: {fault}")}
                made = _in_order([*lines.values()], seen.stamps)
                self._seen = replace(made, at_s=seen.at_s, folder_ns=seen.folder_ns)


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


def _in_order(lines: Sequence[Listed], stamps: Mapping[str, Stamp]) -> Seen:
    ordered = sorted(lines, key=_age, reverse=True)
    by_key: dict[str, Listed] = {}
    for run in ordered:
        for key in () if run.fault else (run.name, run.run_id):
            by_key.setdefault(str(key), run)
    facts = [*sorted(stamps.items()), [run.name for run in ordered if run.fault]]
    mark = sha256(json.dumps(facts).encode()).hexdigest()[:16]
    return Seen(stamps=stamps, lines={run.name: run for run in ordered}, by_key=by_key, mark=mark)


def _changed_ns(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return -1


def _names(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return []


def _age(run: Listed) -> float:
    return run.issued_at.timestamp() if run.issued_at else math.inf
