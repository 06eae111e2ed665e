"""Every water and danger in play at once: the deeper holds, and each person is counted once.

Official floods, inundation from terrain, inland water and landslide zones each have an index or a
raster of their own. Here they are laid over one another, building by building and road by road,
and give an index of the single scenario "combined" that is counted like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazard.indexed import Floats, Key, WaterIndex, index_water
from hazard.types import COMBINED, JGD2011, Buildings, Districts, check_layer
from hazard.water import STAY, put_in_water

AROUND_DEG = 0.01  # beyond the last building or road
KEY: Key = (None, COMBINED)


@dataclass(frozen=True, eq=False)
class Part:
    """One kind of water at every building and road of the ground; -inf = dry. [m]"""

    depth_min_m: Floats  # (row,) of `ground.wet`
    depth_max_m: Floats
    collapse: npt.NDArray[np.bool_]  # nobody stays there
    duration_rank: npt.NDArray[np.int8]  # 0 = not known
    road_depth_m: Floats | None  # (row,) of `ground.roads`; None = no roads


def lay_ground(districts: Districts, buildings: Buildings, roads: Any | None = None) -> WaterIndex:
    """Give an index in which every building of a district and every road has a row."""
    places = [frame.geometry.array for frame in (buildings, roads) if frame is not None]
    bounds = np.array([shapely.total_bounds(part) for part in places])
    low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
    everywhere = shapely.box(*(low - AROUND_DEG), *(high + AROUND_DEG))
    columns = {
        "scenario": [COMBINED],
        "river": pd.Series([None], dtype=object),
        "depth_min_m": [0.0],
        "depth_max_m": [0.0],
        "duration_rank": pd.array([pd.NA], dtype="Int64"),
        "collapse_zone": pd.Series([None], dtype=object),
        "stand_in": [False],
    }
    layer = gpd.GeoDataFrame(columns, geometry=[everywhere], crs=JGD2011)
    return index_water(check_layer(layer), districts, buildings, roads)


def selected(
    ground: WaterIndex,
    index: WaterIndex,
    keys: Iterable[Key],
    districts: Collection[str] | None = None,
) -> Part:
    """Give the water of some keys of an index of the same city; `districts` None = everywhere."""
    wanted, wet = tuple(keys), index.wet
    water, columns = put_in_water(index, wanted, STAY), index.columns(wanted)
    rivers = {river for river, _ in wanted}
    whole = [at for at, (river, _) in enumerate(index.keys) if river in rivers]
    inside = water.touched
    names = np.asarray(index.districts.index)
    if districts is not None:
        inside = inside & np.isin(names[wet.district], list(districts))
    rows = np.searchsorted(ground.wet.at, wet.at[inside])
    part = dry(ground)
    part.depth_min_m[rows] = wet.depth_min_m[:, columns].max(axis=1, initial=-np.inf)[inside]
    part.depth_max_m[rows] = water.depth_m[inside]
    part.collapse[rows] = water.collapse[inside]
    part.duration_rank[rows] = wet.duration_rank[:, whole].max(axis=1, initial=0)[inside]
    if part.road_depth_m is not None and ground.roads is not None and index.roads is not None:
        road_rows = np.searchsorted(ground.roads.at, index.roads.at)
        depth = index.roads.depth_max_m[:, columns].max(axis=1, initial=-np.inf)
        if districts is not None:
            here = index.roads.row[np.isin(names[index.roads.district], list(districts))]
            depth = np.where(np.isin(np.arange(len(depth)), here), depth, -np.inf)
        part.road_depth_m[road_rows] = depth
    return part


def dry(ground: WaterIndex) -> Part:
    """Give the part in which nothing is wet."""
    size = len(ground.wet.at)
    roads = None if ground.roads is None else np.full(len(ground.roads.at), -np.inf)
    return Part(
        np.full(size, -np.inf),
        np.full(size, -np.inf),
        np.zeros(size, dtype=bool),
        np.zeros(size, dtype=np.int8),
        roads,
    )


def combine(ground: WaterIndex, parts: Iterable[Part]) -> WaterIndex:
    """Give the index of all parts joined, with the one key `KEY`; no part = nothing is wet."""
    every = [dry(ground), *parts]
    wet = replace(
        ground.wet,
        depth_min_m=np.max([part.depth_min_m for part in every], axis=0)[:, None],
        depth_max_m=np.max([part.depth_max_m for part in every], axis=0)[:, None],
        collapse=np.any([part.collapse for part in every], axis=0)[:, None],
        duration_rank=np.max([part.duration_rank for part in every], axis=0)[:, None],
    )
    roads = ground.roads
    if roads is not None:
        depths = [part.road_depth_m for part in every if part.road_depth_m is not None]
        roads = replace(roads, depth_max_m=np.max(depths, axis=0)[:, None])
    return replace(ground, keys=(KEY,), wet=wet, roads=roads)
