"""A raster of depths at the buildings and roads of a city, their cells found once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
import xarray as xr

from hazard.combined import Part, dry
from hazard.indexed import WaterIndex
from hazard.inundate import DEPTH_STEPS_M
from hazard.stream import Whole
from hazard.terrain import Terrain, cell_numbers
from hazard.types import JGD2011


@dataclass(frozen=True, eq=False)
class Cells:
    """The terrain cell of each building of the ground and the cells each road runs through."""

    building: Whole  # (row,) of `ground.wet`, -1 = outside the terrain
    road: Whole  # pairs of row of `ground.roads` and cell
    road_cell: Whole


def lay_cells(terrain: Terrain, ground: WaterIndex, roads: Any | None = None) -> Cells:
    """Find the cells of the ground's buildings and of its roads, a point at least every cell."""
    to_plane = pyproj.Transformer.from_crs(JGD2011, terrain.attrs["crs"], always_xy=True)
    building = cell_numbers(terrain, *to_plane.transform(ground.wet.lon, ground.wet.lat))
    none = np.zeros(0, dtype=np.intp)
    if roads is None or ground.roads is None or not len(ground.roads.at):
        return Cells(building, none, none)
    step = abs(float(terrain["x"].values[1] - terrain["x"].values[0]))
    lines = roads.geometry.iloc[ground.roads.at].to_crs(terrain.attrs["crs"]).array
    points, line = shapely.get_coordinates(shapely.segmentize(lines, step), return_index=True)
    cell = cell_numbers(terrain, points[:, 0], points[:, 1])
    pairs = np.unique(np.column_stack([line, cell])[cell >= 0], axis=0)
    return Cells(building, pairs[:, 0], pairs[:, 1])


def sample(depth_m: xr.DataArray, cells: Cells, ground: WaterIndex) -> Part:
    """Give the water of a raster (y, x) at buildings and roads; unknown cells are dry here.

    Less than the first of `DEPTH_STEPS_M` is dry. Ask `unknown_districts` for what is not known.
    """
    flat = np.nan_to_num(depth_m.values.astype(float), nan=0.0).ravel()
    flat = np.where(flat >= DEPTH_STEPS_M[0], flat, -np.inf)
    part = dry(ground)
    inside = cells.building >= 0
    part.depth_min_m[inside] = part.depth_max_m[inside] = flat[cells.building[inside]]
    if part.road_depth_m is not None:
        np.maximum.at(part.road_depth_m, cells.road, flat[cells.road_cell])
    return part


def unknown_districts(depth_m: xr.DataArray, cells: Cells, ground: WaterIndex) -> frozenset[str]:
    """Name the districts with a building where the raster does not tell: NaN, or outside it."""
    blank = np.isnan(depth_m.values).ravel()
    lost = np.where(cells.building >= 0, blank[cells.building], True)
    return frozenset(map(str, ground.districts.index[np.unique(ground.wet.district[lost])]))
