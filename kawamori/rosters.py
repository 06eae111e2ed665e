"""The duty rosters of the desk's cities: private files under its home."""

from __future__ import annotations

from pathlib import Path

from alerts.duty.roster import read_roster
from alerts.duty.types import Officer
from kawamori.city import read_toml
from kawamori.settings import Settings


def rostered(settings: Settings) -> list[str]:
    """Give the cities that have a roster."""
    return sorted(path.stem for path in settings.rosters.glob("*.toml"))


def roster_file(settings: Settings, city_id: str) -> Path:
    """Give where a city's roster lies, or would lie."""
    return settings.rosters / f"{city_id}.toml"


def city_roster(settings: Settings, city_id: str) -> tuple[Officer, ...]:
    """Give a city's roster, first in order first.

    Raises
    ------
    FileNotFoundError
        If the city has none.
    ValueError
        Naming every fault of it, by id only.
    """
    path = roster_file(settings, city_id)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} must hold the duty roster of {city_id}, there is none. Write it as in "
            f"docs/duty.md. Cities with one: {rostered(settings)}"
        )
    return read_roster(read_toml(path))
