"""People who need help (避難行動要支援者): counts by 町丁字, shared out to buildings.

The list itself names people and stays with the city. What comes in here are counts, from a file
outside the repository; even they are never committed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hazard.types import Buildings, Districts, check_buildings, check_columns, check_districts

COUNT_COLUMNS = ("district_id", "block", "assisted")


def share_assisted(buildings: Buildings, counts: pd.DataFrame) -> Buildings:
    """Give the buildings with `assisted`, each block's count shared out by its people.

    Parameters
    ----------
    counts
        COUNT_COLUMNS: a whole number for each block that is known, 0 included.

    Returns
    -------
        Column `assisted`, NaN where the block has no count: unknown, not 0. The buildings of a
        block add up to its count; where nobody lives in them, alike.

    Raises
    ------
    ValueError
        If a count is no whole number from 0, a block appears twice or has no building; all of
        them are named.
    """
    known = _checked(buildings, counts)
    keys = pd.MultiIndex.from_frame(buildings[["district_id", "block"]])
    people = buildings["people"].fillna(0.0).astype(float)
    groups = people.groupby([buildings["district_id"], buildings["block"]])
    total, size = groups.transform("sum"), groups.transform("size")
    share = (people / total).where(total > 0, 1.0 / size)
    count = pd.Series(known.reindex(keys).to_numpy(dtype=float), index=buildings.index)
    return check_buildings(buildings.assign(assisted=count * share))


def assisted_by_district(districts: Districts, counts: pd.DataFrame) -> Districts:
    """Give the districts with `assisted` from the counts of their blocks; <NA> = no count."""
    total = counts.groupby("district_id")["assisted"].sum()
    return check_districts(
        districts.assign(assisted=total.reindex(districts.index).astype("Int64"))
    )


def _checked(buildings: Any, counts: pd.DataFrame) -> pd.Series[Any]:
    """Give the counts by (district_id, block), or raise naming every bad row."""
    check_columns(counts, COUNT_COLUMNS, "Counts of assisted people")
    number = pd.to_numeric(counts["assisted"], errors="coerce")
    keys = pd.MultiIndex.from_frame(counts[["district_id", "block"]])
    built = pd.MultiIndex.from_frame(buildings[["district_id", "block"]].drop_duplicates())
    bad = np.flatnonzero(~(number >= 0) | (number % 1 != 0))
    names = keys.to_list()
    faults = [f"{names[row]}: {counts['assisted'].iloc[row]!r}" for row in bad]
    faults += [f"{key}: more than once" for key in keys[keys.duplicated()].unique()]
    faults += [f"{key}: no such block with buildings" for key in keys[~keys.isin(built)]]
    if faults:
        raise ValueError(
            "Counts of assisted people must be whole numbers from 0, one for each block of the"
            f" city, got {'; '.join(faults)}. Correct the rows."
        )
    return pd.Series(number.to_numpy(dtype=float), index=keys)
