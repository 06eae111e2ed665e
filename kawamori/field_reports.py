"""Reports that crews, gate keepers and dams send in, read from a file: CSV or JSON.

A row is one report: `kind` (of the policy's report rules), `at` (ISO 8601 with zone), `by`
(office or crew, no person's name), `text`, `districts` (ids or names) and `gauges` (ids), of which
one is enough, and `ended` where it is over. In a CSV several ids stand in one cell, apart by
semicolon, comma or space (`APART`); the headings may be Japanese (`HEADINGS`).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advisory.types import Report
from kawamori.city import City

NEEDED = ("kind", "at", "by", "text")
COLUMNS = (*NEEDED, "districts", "gauges", "ended")
HEADINGS = {
    "種別": "kind", "時刻": "at", "日時": "at", "報告者": "by", "内容": "text",
    "地区": "districts", "水位計": "gauges", "終了": "ended",
}  # fmt: skip
APART = re.compile(r"[\s;、，,・]+")
ZONE = "ISO 8601 with its zone, e.g. 2026-09-08T19:05+09:00"


def read_reports(path: Path, city: City, kinds: Collection[str]) -> tuple[Report, ...]:
    """Read the reports of a file for a city.

    Parameters
    ----------
    kinds
        Those that the policy has a rule for.

    Raises
    ------
    ValueError, FileNotFoundError
        If the file is no such table, or naming every row that cannot be used and why.
    """
    rows = _json(path) if path.suffix.lower() == ".json" else _csv(path)
    districts = {str(name): str(key) for key, name in city.districts["name"].items()}
    reader = _Rows(
        frozenset(kinds),
        districts | {str(key): str(key) for key in city.districts.index},
        {gauge.gauge_id: gauge.gauge_id for gauge in city.gauges},
    )
    reports: list[Report] = []
    faults: list[str] = []
    for where, row in rows:
        read = reader.report(row)
        if isinstance(read, Report):
            reports.append(read)
        else:
            faults.append(f"{where}: {', '.join(read)}")
    if faults:
        raise ValueError(f"{path.name} has {len(faults)} rows that cannot be used. "
                         f"{'; '.join(faults)}. Correct them: a report left out may be the one "
                         "that matters.")  # fmt: skip
    return tuple(reports)


class _Rows:
    """Reads one row after another against what the city and the policy know."""

    def __init__(
        self, kinds: frozenset[str], districts: Mapping[str, str], gauges: Mapping[str, str]
    ) -> None:
        self._kinds, self._districts, self._gauges = kinds, districts, gauges

    def report(self, row: Mapping[str, Any]) -> Report | list[str]:
        """Give the report of a row, or all that is wrong with it."""
        faults = [f"unknown column {name!r}" for name in row if name not in COLUMNS]
        faults += [f"{name} is empty" for name in NEEDED if not str(row.get(name) or "").strip()]
        kind = str(row.get("kind") or "").strip()
        if kind and kind not in self._kinds:
            faults.append(f"kind must be one of {sorted(self._kinds)}, got {kind!r}")
        at, ended = (_moment(row.get(name), name, faults) for name in ("at", "ended"))
        if at and ended and ended < at:
            faults.append(f"ended must not be before at, got {ended.isoformat()}")
        districts = _ids(row.get("districts"), self._districts, "districts", faults)
        gauges = _ids(row.get("gauges"), self._gauges, "gauges", faults)
        if not (row.get("districts") or row.get("gauges")):
            faults.append("districts or gauges must say for whom it is, both are empty")
        if faults or at is None:
            return faults
        by, text = (str(row[name]).strip() for name in ("by", "text"))
        return Report(kind, at, by, text, districts, gauges, ended)


def _moment(value: Any, name: str, faults: list[str]) -> datetime | None:
    """Give a time in UTC, None where nothing is told; without a zone it is refused."""
    told = str(value or "").strip()
    if not told:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        faults.append(f"{name} must be {ZONE}, got {told!r}")
        return None
    return moment.astimezone(UTC)


def _ids(value: Any, known: Mapping[str, str], name: str, faults: list[str]) -> tuple[str, ...]:
    """Give the ids that a cell or a list names, each once."""
    told = value if isinstance(value, list) else APART.split(str(value or ""))
    asked = [str(one).strip() for one in told if str(one).strip()]
    strange = [one for one in asked if one not in known]
    if strange:
        faults.append(f"{name} must be among {sorted(set(known.values()))}, got {strange}")
    return tuple(dict.fromkeys(known[one] for one in asked if one in known))


def _csv(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Give the rows of a CSV with a heading, as Excel writes it here or in UTF-8."""
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            lines = raw.decode(encoding).splitlines()
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValueError(f"{path.name} must be UTF-8 or Shift_JIS text. Save it as CSV UTF-8.")
    reader = csv.reader(lines)
    head = [HEADINGS.get(cell.strip(), cell.strip()) for cell in next(reader, [])]
    lacking = [name for name in NEEDED if name not in head]
    twice = sorted({name for name in head if name and head.count(name) > 1})
    if lacking or twice:
        raise ValueError(
            f"{path.name} must have a heading with {list(COLUMNS)}, each once, lacking {lacking}, "
            f"repeated {twice}."
        )
    found = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        where, row = f"row {reader.line_num}", dict(zip(head, cells, strict=False))
        beyond = [cell for cell in cells[len(head) :] if cell.strip()]
        if beyond:
            row[" ".join(beyond)] = ""  # cells under no heading: told as an unknown column
        found.append((where, {name: value for name, value in row.items() if name or value}))
    return found


def _json(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Give the objects of a JSON list."""
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path.name} must be JSON: {error}. Correct the file.") from error
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise ValueError(f"{path.name} must be a list of objects with {list(COLUMNS)}.")
    return [(f"item {number}", one) for number, one in enumerate(told, start=1)]
