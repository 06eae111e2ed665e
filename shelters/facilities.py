"""What official lists do not tell of a shelter: parking, storeys, stock, and its state now.

A city keeps such a table itself; any column may be absent and any cell empty, which is unknown and
never zero. `occupied` is a head count of now: the shelter is open; `closed` 1 = cannot be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shelters.read import read_rows
from shelters.records import plain
from shelters.stock import STOCK
from shelters.types import Shelters, check_shelters

# Column of the table -> column of `Shelters`, and its kind.
FACILITY_COLUMNS = {
    "capacity": "Int64",
    "occupied": "Int64",
    "closed": "Int64",
    "parking": "Int64",
    "floors": "float64",
    **dict.fromkeys(STOCK, "float64"),
}
STATE_COLUMNS = ("capacity", "occupied", "closed")  # they change columns of the list itself


def read_facilities(path: Path) -> pd.DataFrame:
    """Read a CSV with shelter_id and any of `FACILITY_COLUMNS`.

    Raises
    ------
    ValueError
        If shelter_id or every other column is missing, a column is not known, an id appears twice
        or a cell is not a number >= 0; every bad cell is named.
    """
    rows = read_rows(path)
    names = [name for name in rows[0] if name != "shelter_id"]
    strange = sorted(set(names) - set(FACILITY_COLUMNS), key=str)
    if "shelter_id" not in rows[0] or not names or strange:
        raise ValueError(
            f"{path.name} must have shelter_id and some of {list(FACILITY_COLUMNS)}, got"
            f" {list(rows[0])}. Rename the columns."
        )
    faults: list[str] = []
    table = {name: [_number(row, name, at, faults) for at, row in enumerate(rows)]
             for name in names}  # fmt: skip
    ids = pd.Index([plain(row["shelter_id"]) for row in rows], name="shelter_id", dtype=object)
    faults += [
        f"shelter_id {key} appears more than once" for key in sorted(set(ids[ids.duplicated()]))
    ]
    if faults:
        raise ValueError(f"{path.name}: {'; '.join(faults)}. Correct the cells.")
    return pd.DataFrame(table, index=ids).astype({name: FACILITY_COLUMNS[name] for name in names})


def with_facilities(shelters: Shelters, table: pd.DataFrame) -> Shelters:
    """Give the shelters with what the table tells; a capacity of the table counts as listed.

    Raises
    ------
    ValueError
        If the table names a shelter that is not in the list.
    """
    strange = sorted(set(table.index) - set(shelters.index), key=str)
    if strange:
        raise ValueError(
            f"facilities must be of listed shelters, got {strange[:10]} ({len(strange)}) beside"
            " them. Correct the ids or read the newer list."
        )
    frame = shelters.copy()
    told = table.reindex(frame.index)
    for name in [name for name in table.columns if name not in STATE_COLUMNS]:
        frame[name] = told[name]
    if "capacity" in table:
        known = told["capacity"].notna()
        frame.loc[known, "capacity"] = told.loc[known, "capacity"]
        frame.loc[known, "capacity_source"] = "listed"
    if "occupied" in table:
        inside = told["occupied"].notna()
        frame.loc[inside, "occupied"] = told.loc[inside, "occupied"]
        frame.loc[inside, "status"] = "open"
    if "closed" in table:
        frame.loc[told["closed"].fillna(0) > 0, "status"] = "closed"
    return check_shelters(frame)


def _number(row: Mapping[str, Any], name: str, at: int, faults: list[str]) -> float:
    text = plain(row[name]).replace(",", "")
    if text == "":
        return np.nan
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    whole = FACILITY_COLUMNS[name] != "Int64" or value.is_integer()
    if not (np.isfinite(value) and value >= 0 and whole):
        kind = "number" if FACILITY_COLUMNS[name] != "Int64" else "whole number"
        faults.append(f"{name} must be a {kind} >= 0, got {text} (row {at + 2})")
        return np.nan
    return value
