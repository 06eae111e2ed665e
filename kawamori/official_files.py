"""What `kawamori city check` says: the official files of a city, and those it still lacks."""

from __future__ import annotations

from pathlib import Path

from hazard.inventory import OfficialFile, inventory
from kawamori.city import read_gauges

STATES = {
    "official": "公式",
    "stand_in": "模式 (公式の図ではない)",
    "missing": "なし",
    "unreadable": "読めない",
}


def check_official_files(folder: Path) -> tuple[list[str], bool]:
    """Give a line for each official layer of a city's bundle, and whether all can be read.

    Raises
    ------
    FileNotFoundError
        If the folder has no gauges.toml: it is no city bundle.
    """
    gauges, _ = read_gauges(folder / "gauges.toml")
    rows = inventory(folder / "layers", list(dict.fromkeys(gauge.river for gauge in gauges)))
    lines = [_line(row) for row in rows]
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    summary = "、".join(f"{word} {counts[state]}" for state, word in STATES.items())
    return [*lines, f"計 {len(rows)}: {summary}"], counts["unreadable"] == 0


def _line(row: OfficialFile) -> str:
    if row.state == "unreadable":
        return f"{STATES[row.state]}: {row.note}"
    tail = f" {row.source}" if row.source else ""
    tail += f" ({row.note})" if row.note else ""
    return f"{row.layer} {row.what} {row.area}: {STATES[row.state]}{tail}"
