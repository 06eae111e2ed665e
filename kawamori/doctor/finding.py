"""What a check says: one line that is right, wrong or unknown, and the remedy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine

from kawamori.city import City, read_city
from kawamori.settings import Settings
from kawamori.store import StoredRun, newest_run

State = Literal["ok", "red", "unknown"]
MARKS: dict[State, str] = {"ok": "✔", "red": "✖", "unknown": "？"}


@dataclass(frozen=True)
class Finding:
    """One line; `remedy` says what to do, empty where nothing is."""

    check: str
    state: State
    told: str
    remedy: str = ""


@dataclass(frozen=True)
class Patient:
    """What the checks look at."""

    settings: Settings
    cities: tuple[str, ...]
    now: datetime
    engine: Engine | None = None  # None = no store that this program can read
    read: Callable[[Path], City] = read_city  # an examination reads each city once

    def city(self, city_id: str) -> City:
        """Give a built city; errors are those of `read_city`."""
        return self.read(self.settings.cities / city_id)

    def newest(self, city_id: str) -> StoredRun | None:
        """Give the newest complete run of a city that is no drill; None = there is none."""
        engine = self.engine
        return None if engine is None else newest_run(engine, city_id=city_id, drill=False)

    def record(self, run: StoredRun | None) -> dict[str, Any]:
        """Give run.json of a run; {} if there is none or it cannot be read."""
        try:
            folder = Path() if run is None or run.folder is None else run.folder
            told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}


Found = Iterator[Finding]


def ok(check: str, told: str) -> Finding:
    """Give a line that all is well."""
    return Finding(check, "ok", told)


def red(check: str, told: str, remedy: str) -> Finding:
    """Give a fault and its remedy; what a driver said in many lines stands in one."""
    return Finding(check, "red", " ".join(told.split()), remedy)


def unknown(check: str, told: str, remedy: str) -> Finding:
    """Give what could not be looked at, and what would let it be."""
    return Finding(check, "unknown", told, remedy)


def age(span: timedelta) -> str:
    """Give a length of time in words.

    >>> age(timedelta(minutes=95))
    '1 h 35 min'
    >>> age(timedelta(days=3, hours=2))
    '3 d 2 h'
    """
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
