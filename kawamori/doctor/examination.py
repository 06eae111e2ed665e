"""Every check in order, and its lines as a table or as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import ValidationError

from kawamori.city import read_city
from kawamori.doctor import city, facts, feeds, home, machine, model, service, store
from kawamori.doctor.finding import MARKS, Finding, Found, Patient, red
from kawamori.rosters import rostered
from kawamori.settings import Settings

SETTINGS_REMEDY = "Correct it where the environment is set: /etc/kawamori/kawamori.env."
MEND = "Mend what it names, then look again."
SHUT = "Run this as the service's user (docs/operations.md); if so, give it the file: chown, chmod."
WORDS = {"ok": "良", "red": "異常", "unknown": "不明"}
MACHINE: tuple[Callable[[Patient], Found], ...] = (
    machine.python, machine.lock, machine.assets, machine.font, machine.data, machine.folders,
    machine.disk, machine.clock, machine.network_time, machine.timezone, machine.secrets,
    home.owners, home.writable, home.damaged, home.inodes, home.common, home.spelling,
    home.addresses, home.feed_tokens, feeds.telegram_feeds, service.timers, service.mail_server,
)  # fmt: skip
STORE: tuple[Callable[[Patient], Found], ...] = (
    store.ledger, store.guards, store.channels, store.outbox, store.first_admin, store.approvers,
    store.backups, service.tokens,
)  # fmt: skip
CITY: tuple[Callable[[Patient, str], Found], ...] = (
    city.bundle, facts.facts, city.policy, model.model, model.champion, model.rain, city.roster,
    city.cycle, feeds.feeds,
)  # fmt: skip


def examine(settings: Settings, *, now: datetime, city_id: str | None = None) -> list[Finding]:
    """Give a line per check; nothing is changed and no check stops another.

    Parameters
    ----------
    city_id
        Look at this city; None = at every city that is built or has a roster.
    """
    engine, answered = store.open_store(settings)
    try:
        cities = _cities(settings) if city_id is None else (city_id,)
        patient = Patient(settings, cities, now, engine, cache(read_city))
        found = [line for check in MACHINE for line in _lines(check, patient)]
        found += [answered, *(line for check in STORE for line in _lines(check, patient))]
        if not cities:
            found.append(red("city", "no city is built", "kawamori city build NAME"))
        found += [line for name in cities for check in CITY
                  for line in _lines(check, patient, name)]  # fmt: skip
    finally:
        if engine is not None:
            engine.dispose()
    return found


def unreadable(error: ValueError) -> list[Finding]:
    """Give the lines of settings that cannot be read: no value is shown, it may be a secret."""
    if not isinstance(error, ValidationError):
        return [red("settings", str(error), SETTINGS_REMEDY)]
    return [
        red(f"settings KAWAMORI_{'.'.join(map(str, each['loc'])).upper()}", each["msg"],
            SETTINGS_REMEDY)
        for each in error.errors(include_input=False)
    ]  # fmt: skip


def _lines(check: Callable[..., Found], *given: Any) -> list[Finding]:
    """Give the lines of a check; one that fails itself is a fault too, and stops no other."""
    found: list[Finding] = []
    try:
        found.extend(check(*given))
    except Exception as error:  # noqa: BLE001 - whatever is broken here, the rest is looked at
        what = " ".join([*map(str, given[1:]), check.__name__])
        told = f"it could not be looked at: {type(error).__name__}: {error}"
        found.append(red(what, told, SHUT if isinstance(error, PermissionError) else MEND))
    return found


def table(found: Iterable[Finding]) -> list[str]:
    """Give the lines for a terminal; a remedy stands under its fault."""
    rows = list(found)
    width = max((_width(row.check) for row in rows), default=0)
    lines = []
    for row in rows:
        space = " " * (width - _width(row.check))
        word = WORDS[row.state] + " " * (4 - _width(WORDS[row.state]))
        lines.append(f"{MARKS[row.state]} {word} {row.check}{space}  {row.told}")
        if row.remedy:
            lines.append(f"{' ' * (width + 9)}→ {row.remedy}")
    counts = {state: sum(row.state == state for row in rows) for state in MARKS}
    return [*lines, "  ".join(f"{MARKS[state]} {count}" for state, count in counts.items())]


def as_json(found: Iterable[Finding]) -> dict[str, Any]:
    """Give the lines as JSON types; `healthy` is false when any is red."""
    rows = list(found)
    return {
        "healthy": all(row.state != "red" for row in rows),
        "findings": [asdict(row) for row in rows],
    }


def _cities(settings: Settings) -> tuple[str, ...]:
    built = (path.parent.name for path in settings.cities.glob("*/city.toml"))
    return tuple(sorted({*(name for name in built if name[0] != "."), *rostered(settings)}))


def _width(text: str) -> int:
    """Give the columns of a text in a terminal: Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
