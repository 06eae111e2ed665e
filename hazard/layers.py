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

The deepest rank has no upper bound in the source: its `depth_max_m` is infinite. A file whose
features carry the extra field ``stand_in`` (the word 模式, true or 1) is a stand-in, not official.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from hazard.types import JGD2011, LAYER_COLUMNS, FloodLayer, check_layer

# Depth rank -> from, below. [m] Source: 国土数値情報 A31a 浸水深ランクコード.
DEPTH_RANKS = {
    1: (0.0, 0.5), 2: (0.5, 3.0), 3: (3.0, 5.0), 4: (5.0, 10.0), 5: (10.0, 20.0), 6: (20.0, np.inf),
}  # fmt: skip
# Duration rank -> from, below. [h] Source: 国土数値情報 A31a 浸水継続時間ランクコード.
DURATION_RANKS = {
    1: (0, 12), 2: (12, 24), 3: (24, 72), 4: (72, 168),
    5: (168, 336), 6: (336, 672), 7: (672, None),
}  # fmt: skip
# 危険区域区分: 氾濫流, 河岸侵食, どちらも該当.
COLLAPSE_ZONES = {1: "flow", 2: "erosion", 3: "both"}
# Digit of the field prefix -> official sub-layer numbers and the codes its rank field may hold.
SUBLAYERS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "1": (("10",), tuple(DEPTH_RANKS)),
    "2": (("20",), tuple(DEPTH_RANKS)),
    "3": (("30",), tuple(DURATION_RANKS)),
    "4": (("41", "42"), tuple(COLLAPSE_ZONES)),
}
# GeoJSON without a CRS member is WGS 84 by its standard; in Japan that is JGD2011 within 1 m.
ACCEPTED_EPSG = (6668, 4326)
JAPAN_LON, JAPAN_LAT = (122.0, 154.0), (20.0, 46.0)
STAND_IN_WORDS = frozenset({"模式", "true", "1"})

_FIELD = re.compile(r"^(A31[ab]?_)([1-4])0([1-8])$")
_NUMBER = re.compile(r"^A31[ab]?-(10|20|30|41|42)-")


def read_layers(folder: Path) -> FloodLayer:
    """Give every A31a file below a folder as one layer.

    Parameters
    ----------
    folder
        Searched with its sub-folders for GeoJSON and shapefiles (CP932 where no .cpg says
        otherwise). Of two files with the same name, such as a shapefile beside its GeoJSON,
        one is read.

    Returns
    -------
        LAYER_COLUMNS and `river_number`, `source` (file name), EPSG:6668. Depths in metres; rows
        of sub-layers 30, 41 and 42 have no depth. `river` is missing in the A31b mesh layout, which
        does not name it. No file gives a layer without rows.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If a file is not in the schema, has no features, a wrong CRS, coordinates outside Japan or
        unknown codes; the message names file, features and codes.

    References
    ----------
    .. [1] 国土数値情報 洪水浸水想定区域データ（河川単位）, https://nlftp.mlit.go.jp/ksj/
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} must be a folder with A31a files, and does not exist.")
    files = {p.stem: p for p in sorted(folder.rglob("*")) if p.suffix in (".geojson", ".shp")}
    if not files:
        empty = {name: pd.Series(dtype=object) for name in (*LAYER_COLUMNS, "river_number")}
        return check_layer(gpd.GeoDataFrame(empty, geometry="geometry", crs=JGD2011))
    parts = [read_layer_file(path) for path in files.values()]
    return check_layer(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011))


def read_layer_file(path: Path) -> FloodLayer:
    """Give one A31a file as a layer; see `read_layers` for columns and errors."""
    encoding = "CP932" if path.suffix == ".shp" and not path.with_suffix(".cpg").exists() else None
    raw = pyogrio.read_dataframe(path, encoding=encoding)
    fields, digit = _fields(raw, path)
    if raw.empty:
        raise ValueError(
            f"{path.name} must hold at least one feature, got 0. Download it again or remove it."
        )
    _check_place(raw, path)
    codes = _codes(raw[fields["rank"]], digit, path)
    frame = _rows(raw, fields, codes, _number(path, digit))
    frame["source"] = path.name
    return check_layer(frame)


def _fields(raw: pd.DataFrame, path: Path) -> tuple[dict[str, str], str]:
    """Give the file's own names for number, river and rank, and its sub-layer digit."""
    found = [match for name in raw.columns if (match := _FIELD.match(str(name)))]
    kinds = {match.group(1, 2) for match in found}
    if len(kinds) != 1:
        raise ValueError(
            f"{path.name} must have the fields of one A31a sub-layer (A31a_101 to A31a_105 or"
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
            f"{path.name} must have {missing}, got {sorted(map(str, raw.columns))}."
            " Use the official file unchanged."
        )
    return {name: f"{stem}{last}" for name, last in needed.items()}, digit


def _check_place(raw: Any, path: Path) -> None:
    """Refuse another CRS, missing or non-area geometry, and coordinates outside Japan."""
    epsg = None if raw.crs is None else raw.crs.to_epsg()
    if epsg not in ACCEPTED_EPSG:
        raise ValueError(f"{path.name} must be in {JGD2011}, got {raw.crs}. Reproject it first.")
    geometry = raw.geometry.array
    kinds = np.isin(shapely.get_type_id(geometry), (3, 6))  # Polygon, MultiPolygon
    bad = ~kinds | shapely.is_empty(geometry)
    if bad.any():
        raise ValueError(f"{path.name} must hold areas only, got none at {_features(bad)}.")
    west, south, east, north = shapely.bounds(geometry).T
    inside = (west >= JAPAN_LON[0]) & (east <= JAPAN_LON[1])
    inside &= (south >= JAPAN_LAT[0]) & (north <= JAPAN_LAT[1])
    if not inside.all():
        first = int(np.argmin(inside))
        swapped = JAPAN_LON[0] <= south[first] <= JAPAN_LON[1]
        what = "Longitude and latitude look swapped." if swapped else "Reproject the file."
        raise ValueError(
            f"{path.name} must lie in Japan (lon {JAPAN_LON}, lat {JAPAN_LAT}), got lon"
            f" {west[first]:.4f}, lat {south[first]:.4f} at {_features(~inside)}. {what}"
        )


def _codes(values: Any, digit: str, path: Path) -> Any:
    """Give the rank codes as whole numbers; text such as "3" is read."""
    numbers = pd.to_numeric(values, errors="coerce")
    known = SUBLAYERS[digit][1]
    bad = ~numbers.isin(known).to_numpy()
    if bad.any():
        got = sorted({str(value) for value in values[bad]})
        raise ValueError(
            f"{path.name}: {values.name} must be one of {list(known)}, got {got}"
            f" at {_features(bad)}. Check the edition of the file."
        )
    return numbers.astype(int).to_numpy()


def _number(path: Path, digit: str) -> str | None:
    """Give the official sub-layer number of the file's name; refuse one its fields deny."""
    match = _NUMBER.match(path.name)
    if match is None:
        return None
    if match.group(1) not in SUBLAYERS[digit][0]:
        raise ValueError(
            f"{path.name} must have fields of sub-layer {match.group(1)}, got {digit}xx."
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
        "river": raw[fields["river"]].astype(object) if "river" in fields else none,
        "river_number": raw[fields["number"]].astype(object) if "number" in fields else none,
        "depth_min_m": depth[:, 0],
        "depth_max_m": depth[:, 1],
        "duration_rank": pd.array(ranks, dtype="Int64"),
        "collapse_zone": zone,
        "stand_in": _stand_in(raw),
        "geometry": shapely.make_valid(raw.geometry.array),
    }
    return gpd.GeoDataFrame(columns, index=raw.index, geometry="geometry", crs=JGD2011)


def _stand_in(raw: Any) -> Any:
    if "stand_in" not in raw.columns:
        return np.zeros(len(raw), dtype=bool)
    return raw["stand_in"].astype(str).str.strip().str.lower().isin(STAND_IN_WORDS).to_numpy()


def _features(bad: Any) -> str:
    """Name up to five features, counted from 1."""
    rows = (np.flatnonzero(bad) + 1).tolist()
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return "feature " + ", ".join(map(str, rows[:5])) + more
