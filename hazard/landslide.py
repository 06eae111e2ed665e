"""Zones of landslide warning (国土数値情報 A33 土砂災害警戒区域): nobody stays upstairs there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hazard.codes import LANDSLIDE_KINDS, LANDSLIDE_ZONES, whole_codes
from hazard.ground import sound_areas
from hazard.layers import stand_ins
from hazard.published import PublishedFile, find_published, read_published
from hazard.types import JGD2011, LANDSLIDE, FloodLayer, check_layer

LANDSLIDE_COLUMNS = (
    "kind", "special", "designated", "number", "name", "address", "notified_on",
    "stand_in", "source", "geometry",
)  # fmt: skip
_TEXTS = {"number": "A33_004", "name": "A33_005", "address": "A33_006", "notified_on": "A33_007"}
_NEEDED = ("A33_001", "A33_002")
_NAME = re.compile(r"^A33-", re.IGNORECASE)


def read_landslide(folder: Path) -> Any:
    """Give every A33 file below a folder as one frame of zones.

    Returns
    -------
        LANDSLIDE_COLUMNS, EPSG:6668: `kind` of steep_slope, debris_flow, landslide; `special`
        True = 特別警戒区域; `designated` False = not yet. Texts are None where a file lacks the
        field. Lines of the same edition are passed over: they bound the areas. No file gives a
        frame without rows.

    Raises
    ------
    FileNotFoundError, ValueError
        As `hazard.layers.read_layers`.
    """
    files = [file for file in find_published(folder) if _NAME.match(file.name)]
    parts = [part for file in files if len(part := read_landslide_file(file))]
    if not parts:
        empty = {name: pd.Series(dtype=object) for name in LANDSLIDE_COLUMNS}
        return gpd.GeoDataFrame(empty, geometry="geometry", crs=JGD2011)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011)


def landslide_layer(zones: Any) -> FloodLayer:
    """Give zones as areas of scenario "landslide" in which nobody stays, for `expose_signalled`.

    Special zones (特別警戒区域) lie within the others, so that both count a person once.
    """
    none = pd.Series(np.nan, index=zones.index)
    columns = {
        "scenario": LANDSLIDE,
        "river": zones["kind"].astype(object),
        "depth_min_m": none,
        "depth_max_m": none,
        "duration_rank": pd.array([pd.NA] * len(zones), dtype="Int64"),
        "collapse_zone": LANDSLIDE,
        "stand_in": zones["stand_in"],
        "source": zones["source"],
    }
    frame = pd.DataFrame(columns, index=zones.index)
    return check_layer(gpd.GeoDataFrame(frame, geometry=zones.geometry.array, crs=JGD2011))


def read_landslide_file(file: PublishedFile) -> Any:
    """Give the zones of one file; see `read_landslide` for columns and errors."""
    raw = read_published(file, needed=_NEEDED)
    kinds = shapely.get_type_id(raw.geometry.array)
    raw = raw[~np.isin(kinds, (1, 5))]  # LineString, MultiLineString: the edition's boundaries
    if not len(raw):
        return raw
    areas, repaired = sound_areas(raw, file.where)
    kinds_told = whole_codes(raw["A33_001"], LANDSLIDE_KINDS, file.where)
    zones_told = whole_codes(raw["A33_002"], LANDSLIDE_ZONES, file.where)
    zone = [LANDSLIDE_ZONES[code] for code in zones_told]
    frame = gpd.GeoDataFrame(
        {
            "kind": [LANDSLIDE_KINDS[code] for code in kinds_told],
            "special": [special for special, _ in zone],
            "designated": [designated for _, designated in zone],
            **{name: _text(raw, field) for name, field in _TEXTS.items()},
            "stand_in": stand_ins(raw),
            "source": file.name,
        },
        geometry=areas,
        crs=JGD2011,
    )
    frame.attrs["repaired"] = repaired
    return frame[~frame.geometry.is_empty]


def _text(raw: Any, field: str) -> Any:
    if field not in raw.columns:
        return [None] * len(raw)
    return raw[field].astype(object).where(raw[field].notna(), None).tolist()
