"""Shelters and who goes where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NewType

import pandas as pd

from hazard.types import check_columns

# Hazards for which a 指定緊急避難場所 is designated, in the order of the GSI lists.
HAZARDS = (
    "flood", "landslide", "storm_surge", "earthquake",
    "tsunami", "large_fire", "inland_flood", "volcano",
)  # fmt: skip
CapacitySource = Literal["listed", "area", "assumed", "unknown"]
Mode = Literal["walk", "car"]

# shelter_id (index), name, address, kinds (frozenset of emergency | evacuation | welfare),
# hazard_ok (frozenset of HAZARDS), area_m2 (NaN = unknown), capacity (people, <NA> = unknown),
# capacity_source, occupied (people), status (open | closed | unknown), features (frozenset of
# aircon | pets | wheelchair | parking), geometry (point, EPSG:6668)
Shelters = NewType("Shelters", Any)  # type: ignore[valid-newtype]  # GeoDataFrame

SHELTER_COLUMNS = (
    "name", "address", "kinds", "hazard_ok", "area_m2", "capacity",
    "capacity_source", "occupied", "status", "features", "geometry",
)  # fmt: skip


@dataclass(frozen=True)
class Allocation:
    """Who goes where; sum(assigned.people) + sum(unplaced.people) = people who must leave.

    `assigned` has columns district_id, shelter_id, people, minutes, mode; `unplaced` district_id,
    people, reason; `rejected` shelter_id, reason (why a shelter is not used in this event).
    """

    assigned: pd.DataFrame
    unplaced: pd.DataFrame
    rejected: pd.DataFrame
    openings: tuple[str, ...]  # shelter_ids to open, in order


def check_shelters(frame: Any) -> Shelters:
    """Give the frame (index shelter_id) as `Shelters`, or raise ValueError naming every bad row."""
    check_columns(frame, SHELTER_COLUMNS, "Shelters")
    faults = [
        f"shelter_id {shelter_id} appears more than once"
        for shelter_id in sorted(set(frame.index[frame.index.duplicated()]))
    ]
    listed = frame["capacity"].dropna()
    faults += [
        f"capacity must be a whole number >= 0, got {people} (shelter_id {shelter_id})"
        for shelter_id, people in listed[listed < 0].items()
    ]
    if faults:
        raise ValueError("; ".join(faults) + ". Correct the rows or drop them.")
    return Shelters(frame)
