"""The ledger: who decided what and what became of it, each row chained to the one before.

A row's digest is the sha256 of its canonical JSON (sorted keys, no spaces, UTF-8), in which stands
the digest of the row before. Rows are only ever added, in the transaction of what they tell.
No citizen's data may stand in it: people are counted, and bound by a salted root (alerts.receipts).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from alerts.ledger_tables import FIRST, head, ledger

MAIL_ADDRESS = re.compile(r"[^\s@\"]@[^\s@\"]")
LINE_USER_ID = re.compile(r"U[0-9a-f]{32}")
LOCK = update(head).values(number=head.c.number).returning(head.c.number, head.c.digest)
MOVE = update(head).values(number=bindparam("new_number"), digest=bindparam("new_digest"))
ADD = insert(ledger)


@dataclass(frozen=True)
class Entry:
    """One row; `facts` is canonical JSON text."""

    number: int
    previous: str  # digest of the row before, of row 1: 64 zeros
    at: datetime
    by: str
    kind: str
    facts: str
    digest: str

    def computed(self) -> str:
        """Give the digest that these contents have."""
        return sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """Give the canonical JSON that is hashed, with the facts as they stand."""
        rest = canonical({"kind": self.kind, "number": self.number, "previous": self.previous})
        start = canonical({"at": self.at, "by": self.by})
        return f'{start[:-1]},"facts":{self.facts},{rest[1:]}'

    def plain(self) -> dict[str, Any]:
        """Give all but the digest as JSON types."""
        return {
            "number": self.number,
            "previous": self.previous,
            "at": self.at.astimezone(UTC).isoformat(),
            "by": self.by,
            "kind": self.kind,
            "facts": json.loads(self.facts),
        }


@dataclass(frozen=True)
class Head:
    """How many rows there should be and the digest of the last."""

    number: int = 0
    digest: str = FIRST


def append(
    connection: Connection, kind: str, facts: Mapping[str, Any], *, by: str, at: datetime
) -> Entry:
    """Add one row in the caller's transaction; give it. Do it last: writers wait for each other.

    Parameters
    ----------
    kind
        What happened, such as `approval` or `login`.
    facts
        JSON types and aware times; digests, ids and counts, no address and no text of a person.
    by
        The officer or program that did it.

    Raises
    ------
    ValueError
        If a fact is no JSON, or shows a mail address or a LINE user id.
    """
    (entry,) = append_all(connection, [(kind, facts)], by=by, at=at)
    return entry


def append_all(
    connection: Connection,
    events: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    by: str,
    at: datetime,
) -> list[Entry]:
    """Add a row per kind and facts; see `append`."""
    if at.tzinfo is None:
        raise ValueError(f"time must be aware (with a zone), got {at.isoformat()}.")
    texts = [(kind, _checked(kind, facts)) for kind, facts in events]
    if not texts:
        return []
    entries = list(_chained(_lock(connection), texts, by, at))
    connection.execute(ADD, [vars(entry) for entry in entries])
    last = entries[-1]
    connection.execute(MOVE, {"new_number": last.number, "new_digest": last.digest})
    return entries


def read(connection: Connection, *, after: int = 0) -> Iterator[Entry]:
    """Give the rows with a number above `after`, in order."""
    rows = connection.execute(
        select(ledger).where(ledger.c.number > after).order_by(ledger.c.number)
    )
    for row in rows:
        yield Entry(**row._mapping)


def read_head(connection: Connection) -> Head:
    """Give how far the ledger says it goes."""
    row = connection.execute(select(head.c.number, head.c.digest)).one_or_none()
    return Head() if row is None else Head(row.number, row.digest)


def faults(entries: Iterable[Entry], known: Head | None) -> Iterator[str]:
    """Name every row that was changed, taken out, put in or moved; nothing if the chain holds.

    Parameters
    ----------
    entries
        In the order they stand in, from row 1.
    known
        Where the ledger should end; None leaves the end unchecked.
    """
    last = Head()
    for entry in entries:
        yield from _order_faults(entry, last)
        if entry.computed() != entry.digest:
            yield f"row {entry.number} was changed: its contents do not have its digest"
        last = Head(entry.number, entry.digest)
    if known is not None and known != last:
        yield from _end_faults(last, known)


def canonical(value: Any) -> str:
    """Give a value as canonical JSON: sorted keys, no spaces, aware times in UTC."""
    return json.dumps(
        value,
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
        default=_time,
    )


def _order_faults(entry: Entry, last: Head) -> Iterator[str]:
    due = last.number + 1
    if entry.number > due:
        one = entry.number == due + 1
        rows = f"row {due} is" if one else f"rows {due} to {entry.number - 1} are"
        yield f"{rows} missing: row {entry.number} stands after row {last.number}"
    elif entry.number < due:
        yield f"row {entry.number} was put in or moved: it stands after row {last.number}"
    elif entry.previous != last.digest:
        yield (
            f"row {entry.number} does not follow row {last.number}: one of the two was changed "
            "or put in and given a new digest"
        )


def _end_faults(last: Head, known: Head) -> Iterator[str]:
    if last.number < known.number:
        yield f"rows {last.number + 1} to {known.number} are missing at the end"
    elif last.number > known.number:
        yield f"rows {known.number + 1} to {last.number} were put in at the end"
    else:
        yield f"row {last.number} is not the one the head of the ledger names"


def _lock(connection: Connection) -> Head:
    """Give the head; until this transaction ends no other writer gets it."""
    row = connection.execute(LOCK).one()
    return Head(row.number, row.digest)


def _chained(
    last: Head, texts: Sequence[tuple[str, str]], by: str, at: datetime
) -> Iterator[Entry]:
    number, digest = last.number, last.digest
    for kind, facts in texts:
        number += 1
        open_entry = Entry(number, digest, at.astimezone(UTC), by, kind, facts, "")
        digest = open_entry.computed()
        yield Entry(number, open_entry.previous, open_entry.at, by, kind, facts, digest)


def _checked(kind: str, facts: Mapping[str, Any]) -> str:
    if not kind.strip():
        raise ValueError("kind of a ledger row must be named, got an empty one.")
    try:
        text = canonical(facts)
    except (TypeError, ValueError) as error:
        raise ValueError(f"facts of {kind!r} must be JSON types, {error}.") from error
    if ("@" in text and MAIL_ADDRESS.search(text)) or LINE_USER_ID.search(text):
        raise ValueError(
            f"facts of {kind!r} must hold no mail address and no LINE user id, found one. "
            "Give counts and digests."
        )
    return text


def _time(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"got {type(value).__name__}")
