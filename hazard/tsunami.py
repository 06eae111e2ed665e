"""Tsunami depths (国土数値情報 A40 津波浸水想定): the depth is free text, by prefecture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hazard.depth_text import depth_ranges_m
from hazard.ground import sound_areas
from hazard.layers import stand_ins
from hazard.published import PublishedFile, find_published, read_published
from hazard.types import JGD2011

TSUNAMI_COLUMNS = ("prefecture", "depth_min_m", "depth_max_m", "stand_in", "source", "geometry")
_NEEDED = ("A40_001", "A40_003")
_NAME = re.compile(r"^A40-", re.IGNORECASE)


def read_tsunami(folder: Path) -> Any:
    """Give every A40 file below a folder as one frame, EPSG:6668, columns TSUNAMI_COLUMNS.

    A depth without upper end is infinite; no file gives a frame without rows.

    Raises
    ------
    FileNotFoundError, ValueError
        As `hazard.layers.read_layers`; a depth text that cannot be read is named with its file
        and features.
    """
    parts = [read_tsunami_file(file) for file in find_published(folder) if _NAME.match(file.name)]
    if not parts:
        empty = {name: pd.Series(dtype=object) for name in TSUNAMI_COLUMNS}
        return gpd.GeoDataFrame(empty, geometry="geometry", crs=JGD2011)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011)


def read_tsunami_file(file: PublishedFile) -> Any:
    """Give the depths of one file; see `read_tsunami` for columns and errors."""
    raw = read_published(file, needed=_NEEDED)
    areas, repaired = sound_areas(raw, file.where)
    depths = depth_ranges_m(raw["A40_003"], file.where)
    frame = gpd.GeoDataFrame(
        {
            "prefecture": raw["A40_001"].astype(object),
            "depth_min_m": depths[:, 0],
            "depth_max_m": depths[:, 1],
            "stand_in": stand_ins(raw),
            "source": file.name,
        },
        geometry=areas,
        crs=JGD2011,
    )
    frame.attrs["repaired"] = repaired
    return frame[~frame.geometry.is_empty]
