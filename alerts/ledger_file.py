"""The ledger as a file: one JSON object a line, the head last. Reading it needs no database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime

from alerts.ledger import Entry, Head, canonical, faults

FIELDS = {each.name for each in fields(Entry)}


def lines(entries: Iterable[Entry], head: Head) -> Iterator[str]:
    """Give the lines of the file."""
    for entry in entries:
        yield canonical({**entry.plain(), "digest": entry.digest}) + "\n"
    yield canonical({"head": vars(head)}) + "\n"


def file_faults(text: Iterable[str]) -> Iterator[str]:
    """Name every row of a file that was changed, taken out, put in or moved.

    A line that is no row is named by its number; without a head the end of the file is unknown.
    """
    entries: list[Entry] = []
    head: Head | None = None
    for number, line in enumerate(text, start=1):
        if head is not None:
            yield f"line {number} stands after the head"
        read = _read(line)
        if isinstance(read, Head):
            head = read
        elif isinstance(read, Entry):
            entries.append(read)
        else:
            yield f"line {number} is no row of the ledger"
    if head is None:
        yield "the head is missing: rows may be missing at the end"
    yield from faults(entries, head)


def _read(line: str) -> Entry | Head | None:
    try:
        row = json.loads(line)
        if set(row) == {"head"}:
            return Head(**row["head"])
        if set(row) != FIELDS:
            return None
        entry = {**row, "at": datetime.fromisoformat(row["at"]), "facts": canonical(row["facts"])}
        return Entry(**entry)
    except (ValueError, TypeError, AttributeError):
        return None
