"""The line of a run in lists, kept beside its record: no list reads thousands of records.

A line counts only while the record is as long as when the line was written, and not newer: a record
that was changed, cut or restored out of order is read itself.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

RECORD = "run.json"
LINE = "run.line.json"  # stands after the record in every list of files, so it is restored later
Stamp = tuple[int, int]  # when a file was written [ns], its size [bytes]


@dataclass(frozen=True)
class Listed:
    """One stored run as the list shows it; `fault` says why its record cannot be read."""

    name: str
    run_id: str | None = None
    issued_at: datetime | None = None
    drill: bool | None = None
    city: str | None = None
    highest: int | None = None  # highest advised level; None = no level is known
    unknown: int | None = None  # districts whose level is UNKNOWN
    fault: str = ""


def line_of(name: str, record: Any) -> Listed:
    """Give the line of a record.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the record is not one of a run.
    """
    levels = [advice["level"] for advice in record["advice"]]
    return Listed(
        name=name,
        run_id=record["run_id"],
        issued_at=datetime.fromisoformat(record["issued_at"]),
        drill=record["drill"],
        city=record["city"]["name"],
        highest=max((level for level in levels if level is not None), default=None),
        unknown=levels.count(None),
    )


def write_record(folder: Path, text: str) -> None:
    """Write the record of a run into its folder, and its line beside it."""
    (folder / RECORD).write_text(text, encoding="utf-8")
    _write_line(folder, json.loads(text))


def keep_line(folder: Path) -> None:
    """Write the line of a record that has none, as of older programs; a bad record gets none."""
    if (folder / LINE).exists():
        return
    try:
        _write_line(folder, json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return


def _write_line(folder: Path, record: Any) -> None:
    line = asdict(line_of("", record)) | {"bytes": (folder / RECORD).stat().st_size}
    told = json.dumps(line, ensure_ascii=False, sort_keys=True, default=datetime.isoformat)
    (folder / LINE).write_text(told, encoding="utf-8")


def stamp_of(folder: str) -> Stamp | None:
    """Give when and how long the record of a folder was written; None = it has none."""
    try:
        facts = os.stat(f"{folder}/{RECORD}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return facts.st_mtime_ns, facts.st_size


def read_line(folder: str, name: str, stamp: Stamp) -> Listed | None:
    """Give the line kept beside a record of this stamp; None = there is none that counts."""
    try:
        with open(f"{folder}/{LINE}", encoding="utf-8") as file:
            facts = os.fstat(file.fileno())
            told = json.load(file)
        written_ns, size = stamp
        if not stat.S_ISREG(facts.st_mode) or told.pop("bytes") != size:
            return None
        issued_at = datetime.fromisoformat(told.pop("issued_at"))
        line = Listed(**{**told, "name": name, "issued_at": issued_at})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return line if written_ns <= facts.st_mtime_ns else None
