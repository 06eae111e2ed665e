"""What a selection of areas puts into the water: buildings with their class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazard.indexed import Floats, Key, WaterIndex, index_water
from hazard.staying import CLASSES, StayRules, kinds
from hazard.types import Buildings, Districts, FloodLayer

ROAD_CUT_M = 0.5  # neither car nor walker passes water that may be deeper
STAY = StayRules()
Population = Literal["night", "day"]


@dataclass(frozen=True, eq=False)
class Water:
    """What some keys of an index put into the water; dims (row) of its wet buildings."""

    touched: npt.NDArray[np.bool_]
    depth_m: Floats  # upper end of depth, -inf where only a collapse zone lies
    collapse: npt.NDArray[np.bool_]
    kind: npt.NDArray[np.int8]  # position in CLASSES


def classify(layer: FloodLayer, buildings: Buildings, *, rules: StayRules = STAY) -> pd.DataFrame:
    """Give the buildings inside the water with depth and class; see `classify_indexed`."""
    ids = pd.Index(buildings["district_id"].dropna().unique(), name="district_id")
    index = index_water(layer, Districts(pd.DataFrame(index=ids)), buildings)
    return classify_indexed(index, index.keys, rules=rules)


def classify_indexed(
    index: WaterIndex, keys: Iterable[Key], *, rules: StayRules = STAY
) -> pd.DataFrame:
    """Give the buildings that these keys put into the water.

    Returns
    -------
        Index building_id; district_id, block, people, lon, lat, depth_max_m (NaN in a collapse
        zone without depth), collapse, kind (must_leave, may_stay, unknown). Order follows the
        city's buildings.
    """
    wet, water = index.wet, put_in_water(index, keys, rules)
    inside = pd.DataFrame(index.buildings[["district_id", "block", "people"]].iloc[wet.at])
    inside["lon"], inside["lat"] = wet.lon, wet.lat
    inside["depth_max_m"] = np.where(np.isneginf(water.depth_m), np.nan, water.depth_m)
    inside["collapse"] = water.collapse
    inside["kind"] = np.array(CLASSES, dtype=object)[water.kind]
    return inside[water.touched]


def put_in_water(index: WaterIndex, keys: Iterable[Key], rules: StayRules) -> Water:
    """Give what these keys put into the water, and what people there can do."""
    wet, active = index.wet, tuple(keys)
    columns = index.columns(active)
    rivers = {river for river, _ in active}
    whole = [column for column, (river, _) in enumerate(index.keys) if river in rivers]
    depth = wet.depth_max_m[:, columns].max(axis=1, initial=-np.inf)
    touched: Any = (depth > -np.inf) | wet.collapse[:, columns].any(axis=1)
    collapse: Any = wet.collapse[:, whole].any(axis=1)
    duration = wet.duration_rank[:, whole].max(axis=1, initial=0)
    return Water(touched, depth, collapse, kinds(depth, collapse, duration, wet.floor_m, rules))


def count_people(index: WaterIndex, water: Water, people: Floats) -> Floats:
    """Give people by (district, class of CLASSES); NaN where those of a building are unknown."""
    inside = water.touched
    at = index.wet.district[inside] * len(CLASSES) + water.kind[inside]
    size = len(index.districts) * len(CLASSES)
    counts = np.bincount(at, people[inside], size).reshape(-1, len(CLASSES))
    unknown: Any = np.isnan(counts).any(axis=1)
    return np.where(unknown[:, None], np.nan, counts)


def people_of(index: WaterIndex, population: Population) -> Floats:
    """Give the people of each wet building by night or by day."""
    if population not in index.wet.people:
        raise ValueError(
            f"population must be one of {sorted(set(index.wet.people) - {'assisted'})}, got"
            f" {population!r}. Add the column day_people to the buildings."
        )
    return index.wet.people[population]
