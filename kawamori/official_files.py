"""What `kawamori city check` says: the official files of a city, and those it still lacks."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from hazard.inventory import OfficialFile, inventory
from hazard.types import check_districts
from kawamori.city import read_gauges

STATES = {
    "official": "公式",
    "stand_in": "模式 (公式の図ではない)",
    "missing": "なし",
    "unreadable": "読めない",
}

MOST_NAMED = 5  # files elsewhere: an archive of a prefecture holds many


def check_official_files(folder: Path) -> tuple[list[str], bool]:
    """Give a line for each official layer of a city's bundle, and whether all can be read.

    Raises
    ------
    FileNotFoundError
        If the folder has no gauges.toml: it is no city bundle.
    """
    rows = official_files(folder)
    away = [row.source for row in rows if row.state == "elsewhere"]
    rows = tuple(row for row in rows if row.state != "elsewhere")
    lines = [_line(row) for row in rows]
    if away:
        more = f" ほか{len(away) - MOST_NAMED}件" if len(away) > MOST_NAMED else ""
        lines.append(f"市にかからない: {'、'.join(away[:MOST_NAMED])}{more}")
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    summary = "、".join(f"{word} {counts[state]}" for state, word in STATES.items())
    return [*lines, f"計 {len(rows)}: {summary}"], counts["unreadable"] == 0


def official_files(folder: Path) -> tuple[OfficialFile, ...]:
    """Give every official layer of a city's bundle; see `check_official_files`."""
    gauges, _ = read_gauges(folder / "gauges.toml")
    rivers = list(dict.fromkeys(gauge.river for gauge in gauges))
    districts = folder / "districts.parquet"  # of a built city; facts alone tell no place
    known = check_districts(gpd.read_parquet(districts)) if districts.exists() else None
    return inventory(folder / "layers", rivers, known)


def _line(row: OfficialFile) -> str:
    if row.state == "unreadable":
        return f"{STATES[row.state]}: {row.note}"
    tail = f" {row.source}" if row.source else ""
    tail += f" ({row.note})" if row.note else ""
    return f"{row.layer} {row.what} {row.area}: {STATES[row.state]}{tail}"
