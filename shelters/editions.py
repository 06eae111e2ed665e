"""Two editions of a shelter list side by side: what a human must look at before the new one counts.

Places are paired by id, then, as an id may have been given anew, by the same name or address within
`SAME_SITE_M`. A kind of list (指定緊急避難場所, 指定避難所) that one edition does not hold at all
is not compared: nothing says that its places were opened or closed.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from shelters.merge import SAME_SITE_M, distances_m, place_keys
from shelters.safety import HAZARD_WORDS
from shelters.types import HAZARDS, Shelters

MOVED_M = 50.0  # a school ground; less is a correction of the point
CHANGE_COLUMNS = ("change", "shelter_id", "name", "old", "new")
CHANGES = {
    "opened": "新しく載った",
    "closed": "載らなくなった",
    "renamed": "名称が変わった",
    "moved": "位置が変わった",
    "flag": "対象の災害が変わった",
    "kind": "種類が変わった",
    "capacity": "収容人数が変わった",
    "new_id": "番号が変わった",
}
KINDS = {"emergency": "指定緊急避難場所", "evacuation": "指定避難所", "welfare": "要配慮者"}
LISTED = "listed"


def edition_changes(old: Shelters, new: Shelters) -> pd.DataFrame:
    """Give every difference between two editions of a list.

    Returns
    -------
        CHANGE_COLUMNS: `change` of CHANGES, the id in the new edition where it has one, and what
        stood before and stands now; in the order of CHANGES, then by id.
    """
    shared = _kinds(old) & _kinds(new)
    old, new = (Shelters(each[[bool(k & shared) for k in each["kinds"]]]) for each in (old, new))
    pairs = dict(_pairs(old, new))
    taken = set(pairs.values())
    rows: list[tuple[str, Any, str, str, str]] = [
        ("opened", key, str(new.at[key, "name"]), "", str(new.at[key, "address"]))
        for key in new.index
        if key not in taken
    ]
    rows += [
        ("closed", key, str(old.at[key, "name"]), str(old.at[key, "address"]), "")
        for key in old.index
        if key not in pairs
    ]
    for before, after in pairs.items():
        rows += _differences(before, old.loc[before], after, new.loc[after], shared)
    order = {change: at for at, change in enumerate(CHANGES)}
    rows.sort(key=lambda row: (order[row[0]], str(row[1])))
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def change_lines(changes: pd.DataFrame) -> list[str]:
    """Give the differences as lines for a human, counted first."""
    if changes.empty:
        return ["違いはありません"]
    counts = changes["change"].value_counts()
    lines = ["、".join(f"{word} {counts[key]}" for key, word in CHANGES.items() if key in counts)]
    for row in changes.itertuples():
        before_after = " → ".join(str(part) for part in (row.old, row.new) if part)
        lines.append(f"{CHANGES[str(row.change)]}: {row.name} ({row.shelter_id}) {before_after}")
    return lines


def _kinds(shelters: Shelters) -> frozenset[str]:
    return frozenset().union(*shelters["kinds"]) if len(shelters) else frozenset()


def _pairs(old: Shelters, new: Shelters) -> list[tuple[str, str]]:
    """Pair by id, then the nearest of the same name or address."""
    pairs = [(str(key), str(key)) for key in old.index if key in new.index]
    rest = [Shelters(each[~each.index.isin(dict(pairs))]) for each in (old, new)]
    if not all(map(len, rest)):
        return pairs
    apart_m = distances_m(rest[0].geometry, rest[1].geometry)
    keys = [place_keys(each) for each in rest]
    found = []
    for row, column in zip(*np.nonzero(apart_m <= SAME_SITE_M), strict=True):
        names, addresses = zip(keys[0][row][1:], keys[1][column][1:], strict=True)
        if any(mine and mine == other for mine, other in (names, addresses)):
            ids = str(rest[0].index[row]), str(rest[1].index[column])
            found.append((names[0] != names[1], float(apart_m[row, column]), *ids))
    taken: set[str] = set()
    for _, _, before, after in sorted(found):
        if f"<{before}" not in taken and f">{after}" not in taken:
            taken |= {f"<{before}", f">{after}"}
            pairs.append((before, after))
    return pairs


def _differences(
    before: str, was: Any, after: str, now: Any, shared: frozenset[str]
) -> list[tuple[str, Any, str, str, str]]:
    facts = {
        "renamed": (str(was["name"]), str(now["name"])),
        "flag": (_hazards(was), _hazards(now)),
        "kind": (_kind_words(was, shared), _kind_words(now, shared)),
        "capacity": (_capacity(was), _capacity(now)),
        "new_id": (before, after),
    }
    apart_m = float(distances_m(*(gpd.GeoSeries([row["geometry"]]) for row in (was, now)))[0, 0])
    if apart_m > MOVED_M:
        facts["moved"] = (_point(was), f"{_point(now)} ({apart_m:.0f}m)")
    name = str(now["name"])
    return [(key, after, name, *pair) for key, pair in facts.items() if pair[0] != pair[1]]


def _hazards(row: Any) -> str:
    return "・".join(HAZARD_WORDS[hazard] for hazard in HAZARDS if hazard in row["hazard_ok"])


def _kind_words(row: Any, shared: frozenset[str]) -> str:
    return "・".join(word for kind, word in KINDS.items() if kind in row["kinds"] & shared)


def _capacity(row: Any) -> str:
    """Give the capacity if the list states one: an assumption of ours is no change of theirs."""
    return f"{int(row['capacity'])}人" if row["capacity_source"] == LISTED else ""


def _point(row: Any) -> str:
    return f"{row['geometry'].x:.5f}, {row['geometry'].y:.5f}"
