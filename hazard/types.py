"""Flood layers, districts and what lies inside the water: frames with checked columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NewType

import pandas as pd

# scenario, river, depth_min_m, depth_max_m, duration_rank, collapse_zone, stand_in, geometry
FloodLayer = NewType("FloodLayer", Any)  # type: ignore[valid-newtype]  # GeoDataFrame, EPSG:6668
# district_id (index), name, population, households, assisted, gauge_ids, geometry
Districts = NewType("Districts", Any)  # type: ignore[valid-newtype]  # GeoDataFrame, EPSG:6668
# building_id (index), area_m2, floors (NaN = unknown), people, district_id, block, geometry
Buildings = NewType("Buildings", Any)  # type: ignore[valid-newtype]  # GeoDataFrame of points, EPSG:6668
# index (district_id, scenario): people, must_leave, may_stay, unknown, buildings, roads_cut
Exposure = NewType("Exposure", pd.DataFrame)

JGD2011 = "EPSG:6668"  # lon/lat of every official Japanese layer since 2011

# 計画規模 (once in some decades), 想定最大規模 (largest conceivable): official scenario names.
SCENARIOS = ("planned", "maximum")
# Computed from terrain and river levels, never official: not selected, shown beside the others.
DYNAMIC = "dynamic"
DYNAMIC_MEDIAN = (
    "dynamic_median"  # the same from the median forecast; `DYNAMIC` is on the safe side
)
INLAND = "inland"  # 内水・小河川: no gauge tells of it
LANDSLIDE = "landslide"  # 土砂災害警戒区域
# Every water and danger in play joined, the deeper holds: what people and shelters are judged by.
COMBINED = "combined"

LAYER_COLUMNS = (
    "scenario", "river", "depth_min_m", "depth_max_m",
    "duration_rank", "collapse_zone", "stand_in", "geometry",
)  # fmt: skip
DISTRICT_COLUMNS = ("name", "population", "households", "assisted", "gauge_ids", "geometry")
BUILDING_COLUMNS = ("area_m2", "floors", "people", "district_id", "block", "geometry")
EXPOSURE_COLUMNS = ("people", "must_leave", "may_stay", "unknown", "buildings", "roads_cut")


def check_columns(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Raise ValueError naming every column of `columns` that `frame` lacks."""
    missing = sorted(set(columns) - set(frame.columns))
    if missing:
        raise ValueError(
            f"{what} must have columns {list(columns)}, missing {missing}. Add them to the file."
        )


def check_layer(frame: Any) -> FloodLayer:
    """Give the frame as `FloodLayer`, or raise ValueError naming what is wrong."""
    check_columns(frame, LAYER_COLUMNS, "A flood layer")
    _check_crs(frame, "A flood layer")
    return FloodLayer(frame)


def check_districts(frame: Any) -> Districts:
    """Give the frame (index district_id) as `Districts`, or raise ValueError."""
    check_columns(frame, DISTRICT_COLUMNS, "Districts")
    _check_crs(frame, "Districts")
    if frame.index.has_duplicates:
        twice = sorted(set(frame.index[frame.index.duplicated()]))
        raise ValueError(f"district_id must be unique, got {twice} more than once.")
    return Districts(frame)


def check_buildings(frame: Any) -> Buildings:
    """Give the frame (index building_id) as `Buildings`, or raise ValueError."""
    check_columns(frame, BUILDING_COLUMNS, "Buildings")
    _check_crs(frame, "Buildings")
    return Buildings(frame)


def _check_crs(frame: Any, what: str) -> None:
    if frame.crs is None or frame.crs.to_epsg() != 6668:
        raise ValueError(f"{what} must be in {JGD2011}, got {frame.crs}. Reproject it first.")
