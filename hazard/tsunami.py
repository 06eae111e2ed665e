"""Tsunami depths (国土数値情報 A40 津波浸水想定): the depth is free text, by prefecture."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hazard.ground import sound_areas
from hazard.layers import stand_ins
from hazard.published import PublishedFile, find_published, read_published
from hazard.types import JGD2011

TSUNAMI_COLUMNS = ("prefecture", "depth_min_m", "depth_max_m", "stand_in", "source", "geometry")
_NEEDED = ("A40_001", "A40_003")
_NAME = re.compile(r"^A40-")
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"(cm|m|メートル|センチ(?:メートル)?)?"
_FROM = re.compile(rf"{_NUMBER}{_UNIT}(?:以上|超|から|~|-)")
_BELOW = re.compile(rf"(?:^|以上|超|から|~|-){_NUMBER}{_UNIT}(?:未満|以下|まで|$)")
_ONLY = re.compile(rf"^{_NUMBER}{_UNIT}$")


def read_tsunami(folder: Path) -> Any:
    """Give every A40 file below a folder as one frame, EPSG:6668, columns TSUNAMI_COLUMNS.

    A depth without upper end is infinite; no file gives a frame without rows.

    Raises
    ------
    FileNotFoundError, ValueError
        As `hazard.layers.read_layers`; a depth text that cannot be read is named with its file
        and features.
    """
    parts = [_read(file) for file in find_published(folder) if _NAME.match(file.name)]
    if not parts:
        empty = {name: pd.Series(dtype=object) for name in TSUNAMI_COLUMNS}
        return gpd.GeoDataFrame(empty, geometry="geometry", crs=JGD2011)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011)


def depth_range_m(text: str) -> tuple[float, float] | None:
    """Give from, below of a depth text; None if it cannot be read. [m]

    >>> depth_range_m("0.3m以上 ～ 1.0m未満")
    (0.3, 1.0)
    >>> depth_range_m("２０ｍ以上")
    (20.0, inf)
    >>> depth_range_m("30cm未満")
    (0.0, 0.3)
    """
    plain = unicodedata.normalize("NFKC", text).replace("〜", "~").replace("ー", "-")
    plain = re.sub(r"[\s,()の区域]", "", plain)
    plain = plain.replace("以上~", "以上").replace("以上-", "以上")
    lower, upper = _FROM.search(plain), _BELOW.search(plain)
    if _ONLY.match(plain) or (lower is None and upper is None):
        return None
    unit = (upper and upper.group(2)) or (lower and lower.group(2)) or None
    low = 0.0 if lower is None else _metres(lower, unit)
    high = np.inf if upper is None else _metres(upper, unit)
    return (low, high) if low < high else None


def _metres(match: re.Match[str], unit: str | None) -> float:
    found = match.group(2) or unit or "m"
    return float(match.group(1)) / (100 if found.startswith(("cm", "セ")) else 1)


def _read(file: PublishedFile) -> Any:
    raw = read_published(file)
    missing = [name for name in _NEEDED if name not in raw.columns]
    if missing:
        raise ValueError(
            f"{file.where} must have {missing}, got {sorted(map(str, raw.columns))}."
            " Use the official file unchanged."
        )
    areas, _ = sound_areas(raw, file.where)
    ranges = {text: depth_range_m(str(text)) for text in raw["A40_003"].unique()}
    unread = [text for text, depth in ranges.items() if depth is None]
    if unread:
        first = int(np.flatnonzero(raw["A40_003"].isin(unread).to_numpy())[0]) + 1
        raise ValueError(
            f"{file.where}: A40_003 must be a depth such as 0.3m以上1.0m未満, got"
            f" {sorted(map(str, unread))} (first at feature {first}). Correct the text."
        )
    depths = np.array([ranges[text] for text in raw["A40_003"]], dtype=float)
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
    return frame[~frame.geometry.is_empty]
