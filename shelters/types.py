"""Shelters and who goes where."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NewType

import pandas as pd
import xarray as xr

from hazard.types import check_columns

# Who moves, and how: three kinds of walkers, and people who go by car.
TRAVELLERS = ("general", "elderly", "assisted", "car")
Traveller = Literal["general", "elderly", "assisted", "car"]
# Whole-number parts of the people of an origin; a column that is absent is not known, and all are
# general. `cars` counts people who go by car.
PART_COLUMNS = ("elderly", "assisted", "cars")

# Dims (origin, shelter_id, traveller): minutes from door to door, inf = no way, NaN = position
# unknown. Coordinates `origin_note` and `shelter_note` (… x traveller) say why ("" = reachable);
# attrs: `kind` (roads | straight), `night`.
TravelMinutes = NewType("TravelMinutes", xr.DataArray)

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


# Rows of `Allocation.groups`: people of one origin and traveller with one shelter (None = without
# a place, then `reason` says why); minutes are their own, walk_minutes those of a general walker.
GROUP_COLUMNS = (
    "origin", "district_id", "block", "traveller", "shelter_id",
    "people", "minutes", "walk_minutes", "reason",
)  # fmt: skip


def no_groups() -> pd.DataFrame:
    """Give `Allocation.groups` without rows."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in GROUP_COLUMNS})


@dataclass(frozen=True)
class Allocation:
    """Who goes where; sum(assigned.people) + sum(unplaced.people) = people who must leave.

    `assigned` has columns district_id, shelter_id, people, minutes (longest of the district, of a
    general walker where mode is walk), mode; `unplaced` district_id, people, reason; `rejected`
    shelter_id, reason (why a shelter is not used in this event).
    """

    assigned: pd.DataFrame
    unplaced: pd.DataFrame
    rejected: pd.DataFrame
    openings: tuple[str, ...]  # shelter_ids to open, in order
    groups: pd.DataFrame = field(default_factory=no_groups)  # GROUP_COLUMNS, what the rest sums up
    optimal: bool = False  # proven: no other plan places more, or as many in fewer minutes
    method: str = "unknown"
    minutes_total: float = math.nan  # person-minutes of `groups`, blocks kept together
    minutes_least: float = math.nan  # of the optimal plan before blocks were joined
    notes: tuple[str, ...] = ()  # what bounds the answer, for the officer


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
