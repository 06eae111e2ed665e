"""Built cities: which there are, and building one so that it appears whole or not at all."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from hazard.assisted import assisted_by_district, share_assisted
from kawamori.city import City, read_city
from kawamori.progress import Report
from kawamori.settings import Settings

CACHE = "network-*.npz"  # made again when it is needed
BY_HAND = {".toml", ".csv"}  # what a person corrects


def build_city(name: str, settings: Settings, progress: Report, *, replace: bool = False) -> Path:
    """Build the bundle of a city, replacing an earlier one only when complete.

    Parameters
    ----------
    replace
        Also one that was changed by hand: feeds, thresholds, official files put there are lost.

    Raises
    ------
    ValueError
        If no builder has that name, or the earlier bundle was changed by hand; the message lists
        the builders, or the files.
    """
    builders = _builders(settings)
    if name not in builders:
        raise ValueError(f"city must be one of {sorted(builders)}, got {name!r}. Choose one.")
    settings.cities.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.cities, prefix=f".{name}-") as scratch:
        fresh = Path(scratch) / name
        builders[name](fresh, progress)
        target = settings.cities / name
        if not replace and (own := _own_files(target, fresh)):
            raise ValueError(
                f"{target} holds what a new build would lose: {', '.join(own[:5])}"
                f"{' …' if own[5:] else ''}. Copy them elsewhere, then: kawamori city build {name} "
                "--replace"
            )
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return target


def _own_files(target: Path, fresh: Path) -> list[str]:
    """Give the files of a built bundle that the builder does not make, or makes otherwise."""
    found = []
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target)
        made = fresh / name
        if not path.is_file() or path.match(CACHE) or path.name.startswith("."):
            continue
        if not made.is_file() or (
            path.suffix in BY_HAND and path.read_bytes() != made.read_bytes()
        ):
            found.append(name.as_posix())
    return found


def open_city(name: str, settings: Settings, progress: Report) -> City:
    """Read a built city; one that has a builder and was never built is built first.

    With `settings.assisted` its districts and buildings carry the city's private counts.
    """
    folder = settings.cities / name
    if not folder.exists():
        with _alone(settings.cities / f".{name}.lock"):
            if not folder.exists():  # another process may have built it meanwhile
                build_city(name, settings, progress)
    city = read_city(folder)
    if city.city_id != name:
        raise ValueError(
            f"city_id of {folder / 'city.toml'} must be {name!r} as its folder, got "
            f"{city.city_id!r}: its readings and runs would be another city's. Correct one of them."
        )
    return city if settings.assisted is None else with_assisted(city, settings.assisted)


def with_assisted(city: City, path: Path) -> City:
    """Give a city with the counts of 避難行動要支援者 of a file: district_id, block, assisted.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the city has no buildings to share the counts out to, or a row is wrong.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} must hold counts of assisted people, not found.")
    if city.buildings is None:
        raise ValueError(f"{path.name} needs the buildings of {city.city_id}, got none. Add them.")
    counts = pd.read_csv(path, dtype={"district_id": str, "block": str}, encoding="utf-8-sig")
    buildings = share_assisted(city.buildings, counts)
    return replace(
        city, buildings=buildings, districts=assisted_by_district(city.districts, counts)
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock file; a process that dies lets go of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _builders(settings: Settings) -> dict[str, Callable[[Path, Report], None]]:
    def drill_town(folder: Path, progress: Report) -> None:
        from kawamori.town.bundle import build_town

        build_town(folder, progress=progress)

    def iwaki(folder: Path, progress: Report) -> None:
        from kawamori.iwaki.bundle import build_iwaki

        build_iwaki(settings.real_data(), folder, progress=progress)

    return {"drill-town": drill_town, "iwaki": iwaki}
