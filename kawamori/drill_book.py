"""Drills that were asked for: a folder each, with what was asked, how far it is, a wish to stop.

Files and no tables: a drill touches nothing of the store that real orders are in.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

FAULTS = ("gauge", "line", "road", "shelter")  # silent, down, closed, flooded
SPEEDS = (1, 10, 60)  # simulated seconds in a real one, as the page offers them; 1 to 60 may be
ENDED = ("done", "stopped", "failed")
REQUEST, PROGRESS, STOP, NOW = "request.json", "progress.json", "stop", "faults.json"
REPORT = "report"  # folder name of the decisive cycle's report, below out
DRILL_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class DrillRequest:
    """What an officer asked for; `faults` maps a kind to what fails ("" for LINE)."""

    drill_id: str
    city: str
    storm: str
    speed: float
    faults: dict[str, str]
    by: str
    at: str  # ISO 8601, UTC


def storms(cities: Path) -> dict[str, list[str]]:
    """Give the stored storms by built city."""
    found: dict[str, list[str]] = {}
    for path in sorted(cities.glob("*/storms/*.nc")):
        name = path.parents[1].name
        if not name.startswith("."):
            found.setdefault(name, []).append(path.stem)
    return found


def ask(
    book: Path, cities: Path, *, city: str, storm: str, speed: float, faults: dict[str, str],
    by: str, at: datetime,
) -> DrillRequest:  # fmt: skip
    """Write down a drill that somebody wants; a worker runs it.

    Raises
    ------
    ValueError
        If there is no such storm, the speed is not 1 to 60, a fault is unknown, or a drill runs.
    """
    known = storms(cities)
    if storm not in known.get(city, []):
        raise ValueError(f"storm must be one of {known}, got {city} {storm!r}.")
    if not 1 <= speed <= 60:
        raise ValueError(f"speed must be 1 to 60, got {speed}.")
    _check_kinds(faults)
    if any(progress(book, one.drill_id)["state"] not in ENDED for one in asked(book)):
        raise ValueError("one drill at a time: stop the one that waits or runs first.")
    one = DrillRequest(uuid4().hex, city, storm, speed, faults, by, at.isoformat())
    folder = book / one.drill_id
    folder.mkdir(parents=True)
    _write(folder / REQUEST, asdict(one))
    return one


def asked(book: Path) -> list[DrillRequest]:
    """Give every drill, newest first."""
    found = [
        DrillRequest(**json.loads(path.read_text(encoding="utf-8")))
        for path in book.glob(f"*/{REQUEST}")
        if DRILL_ID.fullmatch(path.parent.name)
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def progress(book: Path, drill_id: str) -> dict[str, Any]:
    """Give how far a drill is; before a worker took it, it waits."""
    path = book / drill_id / PROGRESS
    if not path.is_file():
        stopped = (book / drill_id / STOP).exists()
        return {"state": "stopped" if stopped else "waiting", "share": 0.0, "cycles": []}
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def tell(book: Path, drill_id: str, told: dict[str, Any]) -> None:
    """Write how far a drill is, whole or not at all."""
    _write(book / drill_id / PROGRESS, told)


def set_faults(book: Path, drill_id: str, faults: dict[str, str]) -> None:
    """Wish that these faults, and no others, hold from the next cycle on.

    Raises
    ------
    ValueError
        If a kind of fault is unknown, or the drill has ended.
    """
    _check_kinds(faults)
    state = progress(book, drill_id)["state"]
    if state in ENDED:
        raise ValueError(f"faults must be of a drill that waits or runs, this one is {state}.")
    _write(book / drill_id / NOW, faults)


def faults_of(book: Path, request: DrillRequest) -> dict[str, str]:
    """Give the faults that shall hold: those wished last, else those it was asked for with."""
    path = book / request.drill_id / NOW
    if not path.is_file():
        return request.faults
    told: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return told


def stop(book: Path, drill_id: str) -> None:
    """Wish that a drill stops: its worker looks between cycles and each second of waiting."""
    (book / drill_id / STOP).touch()


def stopping(book: Path, drill_id: str) -> bool:
    """Tell whether somebody wishes that a drill stops."""
    return (book / drill_id / STOP).exists()


def _check_kinds(faults: dict[str, str]) -> None:
    wrong = sorted(set(faults) - set(FAULTS))
    if wrong:
        raise ValueError(f"faults must be of {list(FAULTS)}, got {wrong}.")


def _write(path: Path, told: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    os.replace(fresh, path)
