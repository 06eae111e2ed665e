"""Lon/lat to metres of a city's plane and back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from hazard.types import JGD2011

Floats = npt.NDArray[np.float64]


def in_metres(lon: Any, lat: Any, crs: str) -> Floats:
    """Give points as (east, north), shape (point, 2); NaN where a position is not known. [m]"""
    east, north = _projection(crs).transform(
        np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    )
    points = np.column_stack([east, north])
    return np.where(np.isfinite(points).all(axis=1, keepdims=True), points, np.nan)


def points_in_metres(points: Any, crs: str) -> Floats:
    """Give shapely points in lon/lat as (east, north); NaN where one is empty or missing. [m]"""
    held = np.array(points, dtype=object)
    held[shapely.is_empty(held)] = None  # an empty point has no coordinate to ask for
    return in_metres(shapely.get_x(held), shapely.get_y(held), crs)


def in_lonlat(points: Floats, crs: str) -> Floats:
    """Give (east, north) in metres as (lon, lat)."""
    lon, lat = _projection(crs).transform(points[:, 0], points[:, 1], direction="INVERSE")
    return np.column_stack([lon, lat])


@lru_cache
def _projection(crs: str) -> Transformer:
    target = CRS.from_user_input(crs)
    if not target.is_projected or target.axis_info[0].unit_name != "metre":
        raise ValueError(f"crs must be projected in metres, got {crs}. Use a plane zone's EPSG.")
    return Transformer.from_crs(JGD2011, target, always_xy=True)
