"""Built cities: which there are, and building one so that it appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from kawamori.city import City, read_city
from kawamori.progress import Report
from kawamori.settings import Settings


def build_city(name: str, settings: Settings, progress: Report) -> Path:
    """Build the bundle of a city, replacing an earlier one only when complete.

    Raises
    ------
    ValueError
        If no builder has that name; the message lists those that exist.
    """
    builders = _builders(settings)
    if name not in builders:
        raise ValueError(f"city must be one of {sorted(builders)}, got {name!r}. Choose one.")
    settings.cities.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.cities, prefix=f".{name}-") as scratch:
        fresh = Path(scratch) / name
        builders[name](fresh, progress)
        target = settings.cities / name
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return target


def open_city(name: str, settings: Settings, progress: Report) -> City:
    """Read a built city; one that has a builder and was never built is built first."""
    folder = settings.cities / name
    if not folder.exists():
        build_city(name, settings, progress)
    return read_city(folder)


def _builders(settings: Settings) -> dict[str, Callable[[Path, Report], None]]:
    def drill_town(folder: Path, progress: Report) -> None:
        from kawamori.town.bundle import build_town

        build_town(folder, progress=progress)

    def iwaki(folder: Path, progress: Report) -> None:
        from kawamori.iwaki.bundle import build_iwaki

        build_iwaki(settings.real_data(), folder, progress=progress)

    return {"drill-town": drill_town, "iwaki": iwaki}
