"""People, places and ways as one task: who may go where at what cost, and how many fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shelters.flow import Demand
from shelters.groups import Groups, groups_of
from shelters.prices import Floats, Ints
from shelters.safety import reason
from shelters.types import Shelters, TravelMinutes

STEPS_PER_MIN = 100  # costs are whole hundredths of a minute


@dataclass(frozen=True)
class Limits:
    """What is assumed of people beside their speed; starting points, not survey values.

    A parking lot takes `people_per_car` people. Joining blocks may add `together_share` of all
    minutes.
    """

    people_per_car: int = 2
    together_share: float = 0.05

    def __post_init__(self) -> None:
        """Refuse values without sense."""
        if not (self.people_per_car >= 1 and 0 <= self.together_share <= 1):
            raise ValueError(
                "need people_per_car >= 1 and together_share from 0 to 1,"
                f" got {self}. Correct them."
            )


@dataclass(frozen=True, eq=False)
class Task:
    """Groups of people, what is to be solved for them, and what is not known of the shelters."""

    groups: Groups
    demand: Demand
    parking: Floats  # people by shelter, NaN = unknown
    unknown: pd.DataFrame  # shelter_id, reason: nobody is sent there


def task_of(
    people: pd.DataFrame,
    shelters: Shelters,
    minutes: TravelMinutes,
    limits: Limits,
    risk: Any | None = None,
) -> Task:
    """Give the task of `allocate` (parameters and errors there)."""
    groups = groups_of(people, minutes, shelters.index)
    room, parking, unknown = _room(shelters, limits)
    lots = np.nan_to_num(parking).astype(np.int64)
    return Task(groups, _demand(groups, room, lots, risk), parking, unknown)


def _demand(groups: Groups, room: Ints, parking: Ints, risk: Any | None) -> Demand:
    way = np.isfinite(groups.minutes) & (room > 0)
    way &= ~groups.by_car[:, None] | (parking > 0)
    weight = 1.0 if risk is None else 1.0 + groups.of_origin(_risk(risk, groups, len(room)))
    cost = np.where(way, groups.minutes, 0.0) * weight * STEPS_PER_MIN
    return Demand(
        cost=np.rint(cost).astype(np.int64),
        way=way,
        heads=groups.heads,
        room=room,
        parks=groups.by_car,
        parking=parking,
        kept=np.zeros(way.shape, dtype=np.int64),
    )


def _risk(risk: Any, groups: Groups, shelters: int) -> Floats:
    table = np.asarray(risk, dtype=float)
    if table.shape != (groups.origins, shelters) or not (table >= 0).all():
        raise ValueError(
            f"risk must be numbers >= 0 of shape {(groups.origins, shelters)}, got shape"
            f" {table.shape}. Give one number per origin and shelter."
        )
    return table


def _room(shelters: Shelters, limits: Limits) -> tuple[Ints, Floats, pd.DataFrame]:
    """Give free places and parking [people] per shelter, and whose places are unknown."""
    capacity = shelters["capacity"].to_numpy(dtype=float, na_value=np.nan)
    occupied = shelters["occupied"].to_numpy(dtype=float, na_value=np.nan)
    is_open = (shelters["status"] == "open").to_numpy(dtype=bool)
    no_capacity, no_count = np.isnan(capacity), np.isnan(occupied) & is_open
    free = np.nan_to_num(capacity) - np.nan_to_num(occupied)
    room = np.where(no_capacity | no_count, 0, np.maximum(free, 0)).astype(np.int64)
    rows = [
        (shelter_id, reason("capacity_unknown" if nameless else "occupied_unknown"))
        for shelter_id, nameless, uncounted in zip(
            shelters.index, no_capacity, no_count, strict=True
        )
        if nameless or uncounted
    ]
    parking = np.full(len(shelters), np.nan)
    if "parking" in shelters:
        parking = shelters["parking"].to_numpy(dtype=float, na_value=np.nan)
    return (
        room,
        np.maximum(parking, 0) * limits.people_per_car,
        pd.DataFrame(rows, columns=["shelter_id", "reason"]),
    )
