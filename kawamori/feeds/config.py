"""The feeds of a city: `[[feed]]` in its city.toml, every fault of them named at once."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from kawamori.city import City, read_toml
from kawamori.feeds.types import Feed

TELEGRAMS = "jma-xml"
LEAST_S = {  # what the owner allows, else what makes sense
    "amedas": 60.0,
    TELEGRAMS: 60.0,  # 気象庁: one poller, updated each minute, 10 GB a day and no more
    "kawabou": 600.0,
    "crisis": 60.0,
    "suimon": 300.0,
    "table": 60.0,
    "drop": 0.0,
    "jma-nowcast": 300.0,  # renewed each five minutes
    "jma-rasrf": 600.0,
    "gpv": 0.0,
}
# Kinds that forecast rain, the one to be preferred first, and how old an issue may be.
RAIN = {
    "jma-nowcast": timedelta(minutes=30),
    "jma-rasrf": timedelta(hours=3),
    "gpv": timedelta(hours=12),
}
ON_DEMAND = ("kawabou",)  # whose terms ask not to collect by tools at intervals
BY_FOLDER = ("drop", "gpv")
WANTED = ("VXKO", "VXSU", "VPWW", "VXWW", "VPWP", "VPBS", "VPOA", "VPTW")  # that are read here
DEFAULTS: dict[str, dict[str, Any]] = {
    "amedas": {"url": "https://www.jma.go.jp/bosai/amedas/data"},
    TELEGRAMS: {"url": "https://www.data.jma.go.jp/developer/xml/feed", "types": WANTED},
    "jma-nowcast": {"url": "https://www.jma.go.jp/bosai/jmatile/data/nowc"},
    "jma-rasrf": {"url": "https://www.jma.go.jp/bosai/jmatile/data/rasrf"},
}
NEEDED = {"amedas": "stations", "kawabou": "stations", "suimon": "stations", "table": "columns",
          "drop": "columns"}  # fmt: skip
KEYS = {field.name for field in fields(Feed)}


def read_feeds(city: City) -> tuple[Feed, ...]:
    """Give the feeds of a city; none where its city.toml names none.

    Raises
    ------
    ValueError
        Naming every feed that cannot be used and why.
    """
    path = city.folder / "city.toml"
    tables = read_toml(path).get("feed", []) if path.exists() else []
    known = set(kinds_of(city))
    faults: list[str] = []
    feeds = []
    for number, table in enumerate(tables, start=1):
        found = _faults(table, known)
        if table.get("kind") in RAIN and not city.rain_gauges:
            found.append("the city must have rain gauges, at which rain forecasts are read")
        faults += [f"feed {number} ({table.get('name', 'no name')}): {fault}" for fault in found]
        if not found:
            feeds.append(_feed(table, city.folder))
    names = [feed.name for feed in feeds]
    faults += [f"two feeds are named {name!r}" for name in sorted(set(names))
               if names.count(name) > 1]  # fmt: skip
    if faults:
        raise ValueError(f"{path}: {'; '.join(faults)}. Correct the file.")
    return tuple(feeds)


def kinds_of(city: City) -> dict[str, str]:
    """Give what each station of a city measures: house id to level_m or rain_mm."""
    rains = {gauge.rain_gauge_id: "rain_mm" for gauge in city.rain_gauges}
    return rains | {gauge.gauge_id: "level_m" for gauge in city.gauges}


def feed_id(city: City, feed: Feed) -> str:
    """Give the key of a feed's row: telegrams are polled once for all cities."""
    return TELEGRAMS if feed.kind == TELEGRAMS else f"{city.city_id}/{feed.name}"


def _feed(table: Mapping[str, Any], folder: Path) -> Feed:
    values = {**DEFAULTS.get(table["kind"], {}), "every_s": 600.0, **table}
    for name in ("types", "lists"):
        if name in values:
            values[name] = tuple(values[name])
    if "folder" in values:
        values["folder"] = folder / values["folder"]
    return Feed(**values)


def _faults(table: Mapping[str, Any], known: Collection[str]) -> list[str]:
    kind = table.get("kind")
    if kind not in LEAST_S:
        return [f"kind must be one of {sorted(LEAST_S)}, got {kind!r}"]
    faults = []
    if unknown := sorted(set(table) - KEYS):
        faults.append(f"keys must be of {sorted(KEYS)}, got also {unknown}")
    name = table.get("name")
    if not isinstance(name, str) or not name or "/" in name:
        faults.append(f"name must be a text without /, got {name!r}")
    every_s = table.get("every_s", 600.0)
    if not isinstance(every_s, int | float) or every_s < LEAST_S[kind]:
        faults.append(f"every_s must be at least {LEAST_S[kind]:g}, got {every_s!r}")
    if kind in ON_DEMAND and table.get("on_demand") is not True:
        faults.append("on_demand must be true: its terms ask not to collect at intervals")
    if not _encoding(table.get("encoding", "utf-8")):
        faults.append(f"encoding must be one that is known, got {table['encoding']!r}")
    place = "folder" if kind in BY_FOLDER else "url"
    if not table.get(place) and not DEFAULTS.get(kind, {}).get(place):
        faults.append(f"{place} must be given")
    return faults + _station_faults(table, kind, known)


def _encoding(name: Any) -> bool:
    try:
        return isinstance(name, str) and bool(codecs.lookup(name))
    except LookupError:
        return False


def _station_faults(table: Mapping[str, Any], kind: str, known: Collection[str]) -> list[str]:
    needed = NEEDED.get(kind)
    given = table.get(needed or "stations", {})
    if not isinstance(given, Mapping):
        return [f"{needed or 'stations'} must be a table, got {given!r}"]
    house = given.keys() if needed == "columns" else given.values()
    faults = [f"{needed} must name at least one station"] if needed and not given else []
    if strange := sorted(set(map(str, house)) - set(known)):
        faults.append(f"stations must be of the city, got also {strange}")
    return faults
