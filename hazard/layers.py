"""Reader of the official river flood layers (国土数値情報 A31a, and its A31 and A31b siblings).

A folder as the ministry ships it holds five sub-layers, told apart by the digit after the field
prefix (``A31a_105`` is the rank field of sub-layer 1) and, for the two collapse zones that share
digit 4, by the file name:

====  ================================  ==========  ============================================
name  official folder                   fields      row of the layer
====  ================================  ==========  ============================================
10    計画規模                          A31a_1xx    scenario planned, depth
20    想定最大規模                      A31a_2xx    scenario maximum, depth
30    浸水継続時間                      A31a_3xx    scenario maximum, duration_rank, depth NaN
41    家屋倒壊等氾濫想定区域 氾濫流     A31a_4xx    scenario maximum, collapse_zone flow
42    家屋倒壊等氾濫想定区域 河岸侵食   A31a_4xx    scenario maximum, collapse_zone erosion
====  ================================  ==========  ============================================

Zones of landslide (A33), tsunami (A40) and inland flooding have readers of their own and are passed
over here. A file whose features carry the extra field ``stand_in`` (the word 模式, true or 1) is a
stand-in, not official.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hazard.codes import (
    COLLAPSE_ZONES,
    DEPTH_RANKS,
    DURATION_RANKS,
    STAND_IN_WORDS,
    texts_of,
    whole_codes,
)
from hazard.ground import sound_areas
from hazard.published import PublishedFile, find_published, read_published
from hazard.types import JGD2011, LAYER_COLUMNS, FloodLayer, check_layer

__all__ = ["DEPTH_RANKS", "DURATION_RANKS", "SUBLAYERS", "read_layer_file", "read_layers"]

# Digit of the field prefix -> official sub-layer numbers and the codes its rank field may hold.
SUBLAYERS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "1": (("10",), tuple(DEPTH_RANKS)),
    "2": (("20",), tuple(DEPTH_RANKS)),
    "3": (("30",), tuple(DURATION_RANKS)),
    "4": (("41", "42"), tuple(COLLAPSE_ZONES)),
}
OTHER_KINDS = ("A33-", "A40-", "A51-")  # how the names of other readers' files begin

_FIELD = re.compile(r"^(A31[ab]?_)([1-4])0([1-8])$")
_NUMBER = re.compile(r"^A31[ab]?-(10|20|30|41|42)-", re.IGNORECASE)


def read_layers(folder: Path) -> FloodLayer:
    """Give every A31a, A31 and A31b file below a folder as one layer.

    Parameters
    ----------
    folder
        Searched with its sub-folders and zip archives (also archives inside them) for shapefiles,
        GeoJSON, GML and JPGIS XML. Of two files with the same official name, such as a shapefile
        beside its GeoJSON, one is read.

    Returns
    -------
        LAYER_COLUMNS and `river_number`, `source` (file name), EPSG:6668. Depths in metres; rows
        of sub-layers 30, 41 and 42 have no depth. `river` is missing in the A31b mesh layout, which
        does not name it. Areas may overlap: the deeper holds. No file gives a layer without
        rows; `attrs["repaired"]` tells what was repaired, file by file.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If an archive is not safe, or a file is not in the schema, has no features, a wrong CRS,
        coordinates outside Japan or unknown codes; the message names file, features and codes.

    References
    ----------
    .. [1] 国土数値情報 洪水浸水想定区域データ（河川単位）, https://nlftp.mlit.go.jp/ksj/
    """
    parts = [
        read_layer_file(file)
        for file in find_published(folder)
        if not file.name.upper().startswith(OTHER_KINDS)
    ]
    if not parts:
        empty = {name: pd.Series(dtype=object) for name in (*LAYER_COLUMNS, "river_number")}
        return check_layer(gpd.GeoDataFrame(empty, geometry="geometry", crs=JGD2011))
    repaired = tuple(note for part in parts for note in part.attrs.pop("repaired"))
    layer = check_layer(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011))
    layer.attrs["repaired"] = repaired
    return layer


def read_layer_file(file: PublishedFile) -> FloodLayer:
    """Give one A31a file as a layer; see `read_layers` for columns and errors."""
    raw = read_published(file)
    fields, digit = _fields(raw, file.where)
    areas, repaired = sound_areas(raw, file.where)
    codes = whole_codes(raw[fields["rank"]], SUBLAYERS[digit][1], file.where)
    frame = _rows(raw, fields, codes, _number(file, digit)).set_geometry(areas, crs=JGD2011)
    frame["source"] = file.name
    layer = check_layer(frame[~frame.geometry.is_empty])
    layer.attrs["repaired"] = repaired
    return layer


def _fields(raw: pd.DataFrame, where: str) -> tuple[dict[str, str], str]:
    """Give the file's own names for number, river and rank, and its sub-layer digit."""
    found = [match for name in raw.columns if (match := _FIELD.match(str(name)))]
    kinds = {match.group(1, 2) for match in found}
    if len(kinds) != 1:
        raise ValueError(
            f"{where} must have the fields of one A31a sub-layer (A31a_101 to A31a_105 or"
            f" 2xx, 3xx, 4xx), got {sorted(map(str, raw.columns))}. Remove what is no flood layer."
        )
    prefix, digit = kinds.pop()
    present = {match.group(3) for match in found}
    stem = f"{prefix}{digit}0"
    if prefix == "A31b_" or (prefix == "A31_" and "5" not in present):  # 1次メッシュ: no river
        needed = {"rank": "1"}
    else:
        needed = {"number": "1", "river": "2", "rank": "5"}
    missing = sorted(f"{stem}{last}" for last in needed.values() if last not in present)
    if missing:
        raise ValueError(
            f"{where} must have {missing}, got {sorted(map(str, raw.columns))}."
            " Use the official file unchanged."
        )
    return {name: f"{stem}{last}" for name, last in needed.items()}, digit


def _number(file: PublishedFile, digit: str) -> str | None:
    """Give the official sub-layer number of the file's name; refuse one its fields deny."""
    match = _NUMBER.match(file.name)
    if match is None:
        return None
    if match.group(1) not in SUBLAYERS[digit][0]:
        raise ValueError(
            f"{file.where} must have fields of sub-layer {match.group(1)}, got {digit}xx."
            " Use the official file name."
        )
    return match.group(1)


def _rows(raw: Any, fields: dict[str, str], codes: Any, number: str | None) -> Any:
    """Give house columns for one sub-layer."""
    digit = fields["rank"][-3]
    none = pd.Series(None, index=raw.index, dtype=object)
    depth = np.full((len(raw), 2), np.nan)
    if digit in "12":
        depth = np.array([DEPTH_RANKS[code] for code in codes], dtype=float)
    zone = none
    if digit == "4":
        zone = pd.Series([COLLAPSE_ZONES[code] for code in codes], index=raw.index, dtype=object)
        if number is not None:  # the name tells the zone; code 3 says both whatever the name
            zone = zone.where(codes == 3, COLLAPSE_ZONES[int(number) - 40])
    ranks = codes if digit == "3" else [pd.NA] * len(raw)
    columns = {
        "scenario": "planned" if digit == "1" else "maximum",
        "river": texts_of(raw[fields["river"]]) if "river" in fields else none,
        "river_number": texts_of(raw[fields["number"]]) if "number" in fields else none,
        "depth_min_m": depth[:, 0],
        "depth_max_m": depth[:, 1],
        "duration_rank": pd.array(ranks, dtype="Int64"),
        "collapse_zone": zone,
        "stand_in": stand_ins(raw),
    }
    return gpd.GeoDataFrame(columns, index=raw.index)


def stand_ins(raw: Any) -> Any:
    """Give which features say that they are a stand-in."""
    if "stand_in" not in raw.columns:
        return np.zeros(len(raw), dtype=bool)
    return raw["stand_in"].astype(str).str.strip().str.lower().isin(STAND_IN_WORDS).to_numpy()
