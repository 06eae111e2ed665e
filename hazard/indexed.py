"""Which buildings and roads lie in which water, found once, so that an update is arithmetic only.

The library of flood areas does not change while it rains; what changes is which rivers flood and
how far. So every building is laid into every area once: one column per river and scenario holds the
deepest water there. The water of any selection is then the maximum of some columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazard.staying import highest_floor_m
from hazard.types import SCENARIOS, Buildings, Districts, FloodLayer

Key = tuple[str | None, str]  # river (None = the layer names none), scenario
Floats = npt.NDArray[np.float64]
POPULATIONS = {"night": "people", "day": "day_people"}


@dataclass(frozen=True, eq=False)
class WetBuildings:
    """Buildings of a district that any area of the library touches; dims (row) or (row, key).

    `at` is the position in the city's buildings; people may be NaN (unknown).
    """

    at: npt.NDArray[np.intp]
    district: npt.NDArray[np.intp]  # position in the city's districts
    block: npt.NDArray[np.intp]  # position in `blocks`
    blocks: pd.DataFrame  # district_id, block: sorted
    lon: Floats
    lat: Floats
    floor_m: Floats  # highest storey's floor above ground, NaN = unknown
    people: dict[str, Floats]  # "night", and "day" and "assisted" where the city has them
    depth_min_m: Floats  # (row, key) of the deepest area, -inf = dry
    depth_max_m: Floats  # (row, key), -inf = dry
    collapse: npt.NDArray[np.bool_]  # (row, key)
    duration_rank: npt.NDArray[np.int8]  # (row, key), 0 = not known


@dataclass(frozen=True, eq=False)
class WetRoads:
    """Roads that any area with a depth touches, and the districts of their middles."""

    at: npt.NDArray[np.intp]  # position in the city's roads
    depth_max_m: Floats  # (row, key), -inf = dry
    row: npt.NDArray[np.intp]  # pairs of row and district
    district: npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class WaterIndex:
    """A city laid into its flood areas; build it with `index_water`."""

    keys: tuple[Key, ...]  # scenarios mildest first within a river
    areas: tuple[int, ...]  # rows of the library by key
    districts: Districts
    buildings: Buildings
    wet: WetBuildings
    roads: WetRoads | None  # None = roads are not known

    def columns(self, keys: Iterable[Key]) -> list[int]:
        """Give the columns of keys, in their order."""
        wanted = set(keys)
        return [column for column, key in enumerate(self.keys) if key in wanted]

    def keys_of(self, layer: FloodLayer) -> tuple[Key, ...]:
        """Give the keys that a selection of the library holds.

        Raises
        ------
        ValueError
            If the layer is not made of whole keys of the library this index was built from.
        """
        found = _areas_by_key(layer)
        strange = {
            key: count
            for key, count in found.items()
            if dict(zip(self.keys, self.areas, strict=True)).get(key) != count
        }
        if strange:
            raise ValueError(
                "the layer must be a selection of the library of this index, got other areas for"
                f" {sorted(map(str, strange))}. Build the index from the library again."
            )
        return tuple(found)

    @property
    def rivers(self) -> tuple[str | None, ...]:
        return tuple(dict.fromkeys(river for river, _ in self.keys))


def index_water(
    library: FloodLayer, districts: Districts, buildings: Buildings, roads: Any | None = None
) -> WaterIndex:
    """Lay a city's buildings and roads into every flood area of its library.

    Parameters
    ----------
    library
        Every scenario of every river; areas may overlap, the deeper holds.
    buildings
        Points with people (night) and, where known, `day_people` and `assisted`.
    roads
        Lines, EPSG:6668; each belongs to the district of a point near its middle. None = unknown.
    """
    areas = _areas_by_key(library)
    keys = tuple(areas)
    column = {key: at for at, key in enumerate(keys)}
    of_area = np.array([column[key] for key in _keys(library)], dtype=np.intp)
    return WaterIndex(
        keys=keys,
        areas=tuple(areas.values()),
        districts=districts,
        buildings=buildings,
        wet=_wet_buildings(library, of_area, len(keys), districts, buildings),
        roads=None if roads is None else _wet_roads(library, of_area, len(keys), districts, roads),
    )


def roads_of(index: WaterIndex) -> WetRoads:
    """Give the wet roads, or raise ValueError where the index was built without roads."""
    if index.roads is None:
        raise ValueError("the city must have roads, got none. Add roads.parquet to its bundle.")
    return index.roads


def _wet_buildings(
    library: Any, of_area: Any, keys: int, districts: Any, buildings: Any
) -> WetBuildings:
    known = np.flatnonzero(buildings["district_id"].isin(districts.index).to_numpy())
    points = buildings.geometry.array[known]
    area, point = shapely.STRtree(points).query(library.geometry.array, predicate="intersects")
    row_of = np.unique(point)
    row, column = np.searchsorted(row_of, point), of_area[area]
    low, high = (library[f"depth_{end}_m"].to_numpy(float)[area] for end in ("min", "max"))
    zone = library["collapse_zone"].notna().to_numpy()[area]
    rank = pd.to_numeric(library["duration_rank"]).fillna(0).to_numpy(np.int8)[area]
    shape = (len(row_of), keys)
    depth_min, depth_max = np.full(shape, -np.inf), np.full(shape, -np.inf)
    collapse, duration = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int8)
    np.fmax.at(depth_min, (row, column), low)
    np.fmax.at(depth_max, (row, column), high)
    np.logical_or.at(collapse, (row, column), zone)
    np.maximum.at(duration, (row, column), rank)
    at = known[row_of]
    table = buildings.iloc[at]
    groups = table.groupby(["district_id", "block"], dropna=False, sort=True)
    blocks = groups.size().index.to_frame(index=False)
    people = {name: table[col] for name, col in POPULATIONS.items() if col in table}
    if "assisted" in table:
        people["assisted"] = table["assisted"]
    return WetBuildings(
        at=at,
        district=np.asarray(districts.index.get_indexer(table["district_id"])),
        block=groups.ngroup().to_numpy(np.intp),
        blocks=blocks,
        lon=shapely.get_x(points[row_of]),
        lat=shapely.get_y(points[row_of]),
        floor_m=highest_floor_m(table["floors"].to_numpy(float)),
        people={name: values.to_numpy(float, na_value=np.nan) for name, values in people.items()},
        depth_min_m=depth_min,
        depth_max_m=depth_max,
        collapse=collapse,
        duration_rank=duration,
    )


def _wet_roads(library: Any, of_area: Any, keys: int, districts: Any, roads: Any) -> WetRoads:
    deep = np.flatnonzero(library["depth_max_m"].notna().to_numpy())
    lines = roads.geometry.array
    area, line = shapely.STRtree(lines).query(library.geometry.array[deep], predicate="intersects")
    at = np.unique(line)
    depth = np.full((len(at), keys), -np.inf)
    upper = library["depth_max_m"].to_numpy(float)[deep]
    np.fmax.at(depth, (np.searchsorted(at, line), of_area[deep[area]]), upper[area])
    middles = shapely.point_on_surface(lines[at])
    district, row = shapely.STRtree(middles).query(districts.geometry.array, predicate="intersects")
    return WetRoads(at=at, depth_max_m=depth, row=row, district=district)


def _keys(layer: Any) -> list[Key]:
    rivers = [None if pd.isna(river) else str(river) for river in layer["river"]]
    return list(zip(rivers, layer["scenario"], strict=True))


def _areas_by_key(layer: Any) -> dict[Key, int]:
    """Give the rows of each river and scenario, rivers sorted, scenarios mildest first."""
    counts = pd.Series(_keys(layer), dtype=object).value_counts()

    def order(key: Key) -> tuple[bool, str, int]:
        river, scenario = key
        known = SCENARIOS.index(scenario) if scenario in SCENARIOS else len(SCENARIOS)
        return (river is None, river or "", known)

    return {key: int(counts[key]) for key in sorted(counts.index, key=order)}
