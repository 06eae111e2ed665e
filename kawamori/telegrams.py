"""Official telegrams of a folder, as the state in force for one city at one time.

A receiver drops every body it gets into the folder, any name, ending .xml, and writes the time of
its last successful look at the feed into `last_poll.txt` (ISO 8601 with zone). Without that file
the newest telegram tells when the feed last lived. Nothing is deleted; `set_aside` moves what says
nothing any more into `past/YEAR`, so that a cycle need not read the telegrams of a year.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advisory.telegrams import (
    LIMIT_BYTES,
    Place,
    Telegram,
    TelegramError,
    merge,
    of_place,
    parse_telegram,
    superseded,
)
from advisory.types import Warnings
from kawamori.city import City, read_toml

LAST_POLL = "last_poll.txt"
PAST = "past"  # folder of what was set aside
KEYS = {"area_codes", "stations"}


def read_warnings(folder: Path, city: City, *, issued_at: datetime) -> Warnings:
    """Give the official warnings for a city, from telegrams sent up to `issued_at`.

    A body that cannot be read is a warning of unknown level from the time its file was written;
    so is a `last_poll.txt` that tells no time, and the newest telegram then counts in its place.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If the city's table `telegrams` is not as it should be.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} must be a folder of telegrams (*.xml). Correct the path."
        )
    telegrams, unreadable = _bodies(folder)
    polled: datetime | None = None
    try:
        polled = _last_poll(folder / LAST_POLL, issued_at)
    except ValueError as error:
        unreadable.append((TelegramError(str(error), LAST_POLL), issued_at))
    state = merge(
        [one for one in telegrams.values() if one.sent_at <= issued_at],
        unreadable=[one for one in unreadable if one[1] <= issued_at],
        received_at=polled,
    )
    return of_place(state, place_of(city))


def set_aside(folder: Path, *, before: datetime) -> int:
    """Move away the telegrams sent before a time that others of then replaced; give how many.

    What is in force stays, however old, and so does what could not be read.
    """
    telegrams, _ = _bodies(folder)
    old = {path: one for path, one in telegrams.items() if one.sent_at < before}
    gone = {one.digest for one in superseded([*old.values()])}
    moved = {path: one for path, one in old.items() if one.digest in gone}
    for path, one in moved.items():
        target = folder / PAST / f"{one.sent_at:%Y}"
        target.mkdir(parents=True, exist_ok=True)
        path.replace(target / path.name)
    return len(moved)


def _bodies(folder: Path) -> tuple[dict[Path, Telegram], list[tuple[TelegramError, datetime]]]:
    """Give the telegrams of a folder, and those that cannot be read with their arrival."""
    telegrams: dict[Path, Telegram] = {}
    unreadable: list[tuple[TelegramError, datetime]] = []
    for path in sorted(folder.glob("*.xml")):
        try:
            with path.open("rb") as body:
                arrived = datetime.fromtimestamp(os.fstat(body.fileno()).st_mtime, UTC)
                telegrams[path] = parse_telegram(body.read(LIMIT_BYTES + 1))
        except FileNotFoundError:  # set aside at this very moment: it says nothing any more
            continue
        except OSError as error:  # may not be read, or is a folder
            arrived = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            unreadable.append((TelegramError(f"{path.name}: {error}", path.name), arrived))
        except TelegramError as error:
            unreadable.append((TelegramError(f"{path.name}: {error}", error.digest), arrived))
    return telegrams, unreadable


def place_of(city: City) -> Place:
    """Give a city as telegrams know it, from the table `telegrams` of its city.toml (optional)."""
    path = city.folder / "city.toml"
    table: Mapping[str, Any] = read_toml(path).get("telegrams", {}) if path.exists() else {}
    stations = dict(table.get("stations", {}))
    unknown = sorted(set(table) - KEYS)
    strange = sorted(set(stations.values()) - {gauge.gauge_id for gauge in city.gauges})
    if unknown or strange:
        raise ValueError(
            f"{path}, table telegrams: keys must be of {sorted(KEYS)}, got also {unknown}; "
            f"stations must name gauges of the city, got also {strange}. Correct the file."
        )
    return Place(city.code, tuple(table.get("area_codes", ())), stations, city.name)


def _last_poll(path: Path, issued_at: datetime) -> datetime | None:
    """Give the last successful look at the feed, None = not told or not yet."""
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8-sig").strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{path} must hold one ISO 8601 time, got {text!r}.") from error
    if moment.tzinfo is None:
        raise ValueError(f"{path} must hold a time with its zone, got {text!r}. Add it.")
    return moment if moment <= issued_at else None
