"""Inland flooding (内水氾濫) and small streams: no gauge tells of them, so rain and warnings do.

A scenario of its own, never mixed with those of the gauged rivers: where drains and small streams
cannot cope, water stands although every official gauge is calm. Areas come from the official map
国土数値情報 A51 雨水出水浸水想定区域, or from a stand-in (模式) in the same schema: A51_003
municipality, A51_005 depth as text, and optionally `area` (the stream or basin) and `stand_in`.

References
----------
.. [1] 気象庁: 雨の強さと降り方 (30 mm/h から「激しい雨」: 都市では下水管から雨水があふれる).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hazard.depth_text import depth_ranges_m
from hazard.ground import sound_areas
from hazard.layers import stand_ins
from hazard.published import PublishedFile, find_published, read_published
from hazard.signalled import Signal
from hazard.types import INLAND, JGD2011, LAYER_COLUMNS, FloodLayer, check_layer

LEVEL_LIMIT = 3  # 警戒レベル相当 of 大雨 or キキクル(浸水害) from which it applies; starting point
RAIN_LIMIT_MM_PER_H = 30.0  # drains overflow in towns [1]_; starting point, a city knows its own
_NAME = re.compile(r"^A51-", re.IGNORECASE)
_NEEDED = ("A51_003", "A51_005")


def read_inland(folder: Path) -> FloodLayer:
    """Give every A51 file below a folder as a layer of scenario "inland", river = area.

    Raises
    ------
    FileNotFoundError, ValueError
        As `hazard.layers.read_layers`; a depth text that cannot be read is named.
    """
    parts = [read_inland_file(file) for file in find_published(folder) if _NAME.match(file.name)]
    if not parts:
        empty = {name: pd.Series(dtype=object) for name in LAYER_COLUMNS}
        return check_layer(gpd.GeoDataFrame(empty, geometry="geometry", crs=JGD2011))
    return check_layer(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=JGD2011))


def inland_signal(
    *,
    level: float | None = None,
    rain_mm_per_h: float | None = None,
    level_limit: int = LEVEL_LIMIT,
    rain_limit_mm_per_h: float = RAIN_LIMIT_MM_PER_H,
) -> Signal:
    """Give whether warnings or rain call for the inland scenario.

    Parameters
    ----------
    level
        警戒レベル相当 of 大雨 or キキクル(浸水害) for the district. None = no such feed is
        connected, NaN = it is silent.
    rain_mm_per_h
        Most rain of one hour, observed or forecast, that concerns the district. None, NaN as above.

    Returns
    -------
        True as soon as one reaches its limit; otherwise None if one is silent or none is connected,
        else False.
    """
    told = {
        "警戒レベル相当": (level, float(level_limit), ""),
        "1時間雨量": (rain_mm_per_h, rain_limit_mm_per_h, "mm"),
    }
    connected = {name: row for name, row in told.items() if row[0] is not None}
    over = [
        f"{name}{value:g}{unit}(基準{limit:g}{unit})"
        for name, (value, limit, unit) in connected.items()
        if value is not None and value >= limit
    ]
    if over:
        return Signal(True, "内水・小河川: " + "、".join(over))
    silent = [name for name, row in connected.items() if row[0] is None or math.isnan(row[0])]
    if silent or not connected:
        return Signal(None, f"内水・小河川: {'、'.join(silent or told)}が不明")
    return Signal(False, "内水・小河川: 基準未満")


def most_rain_mm_per_h(rain_mm: Any, stations: Sequence[str], *, steps_per_h: int) -> float:
    """Give the most rain of any hour at any of the stations; NaN if an hour of all is missing.

    Parameters
    ----------
    rain_mm
        (time, rain_gauge) [mm per step], the hours that concern now.
    """
    known = [name for name in stations if name in rain_mm["rain_gauge"].values]
    if not known or rain_mm.sizes["time"] < steps_per_h:
        return math.nan
    steps = rain_mm.sel(rain_gauge=known).transpose("time", "rain_gauge").values
    hours = np.lib.stride_tricks.sliding_window_view(steps, steps_per_h, axis=0).sum(axis=-1)
    known_mm = hours[~np.isnan(hours)]
    return float(known_mm.max()) if known_mm.size else math.nan


def read_inland_file(file: PublishedFile) -> Any:
    """Give the areas of one file; see `read_inland` for columns and errors."""
    raw = read_published(file, needed=_NEEDED)
    areas, repaired = sound_areas(raw, file.where)
    depths = depth_ranges_m(raw["A51_005"], file.where)
    name = raw["area"] if "area" in raw.columns else raw["A51_003"]
    frame = gpd.GeoDataFrame(
        {
            "scenario": INLAND,
            "river": name.astype(object),
            "depth_min_m": depths[:, 0],
            "depth_max_m": depths[:, 1],
            "duration_rank": pd.array([pd.NA] * len(raw), dtype="Int64"),
            "collapse_zone": pd.Series(None, index=raw.index, dtype=object),
            "stand_in": stand_ins(raw),
            "source": file.name,
        },
        geometry=areas,
        crs=JGD2011,
    )
    frame.attrs["repaired"] = repaired
    return frame[~frame.geometry.is_empty]
