"""What the map draws as plain values: areas, water, gauges and shelters, checked and simplified."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import shapely

from hazard.types import FloodLayer, check_columns
from shelters.symbols import GAUGE_STATES, LEVELS, depth_symbol
from shelters.types import Allocation, Shelters

DECIMALS = 5  # of a degree: about 1 m
AREA_TOLERANCE_DEG, WATER_TOLERANCE_DEG = 0.0004, 0.0001  # about 40 m and 10 m
SPECK_DEG2 = 1e-5  # about 0.1 km2: gaps between blocks that were joined to districts
DISTRICT_COLUMNS = ("name", "level", "geometry")
GAUGE_COLUMNS = ("name", "river", "lon", "lat", "state")
KIND_WORDS = {
    "emergency": "指定緊急避難場所", "evacuation": "指定避難所", "welfare": "要配慮者の避難所",
}  # fmt: skip
SOURCE_WORDS = {"listed": "公表値", "area": "面積から算出", "assumed": "仮定"}


def district_features(districts: Any) -> list[dict[str, Any]]:
    """Give each district with its level, simplified together so that borders still meet."""
    check_columns(districts, DISTRICT_COLUMNS, "Districts on the map")
    known = {level["level"] for level in LEVELS}
    bad = [f"{row.level} (district {key})" for key, row in districts.iterrows()
           if row.level not in known]  # fmt: skip
    if bad:
        raise ValueError(f"level must be -1 (UNKNOWN) to 5, got {', '.join(bad)}.")
    shapes = _simplified(districts.geometry.array, AREA_TOLERANCE_DEG)
    middles = shapely.point_on_surface(shapes)
    rows = zip(districts["name"], districts["level"], _lines(districts), strict=True)
    return [
        {
            "name": str(name),
            "level": int(level),
            "lines": lines,
            "geometry": plain_geometry(shape),
            **plain_point(shapely.get_x(middle), shapely.get_y(middle)),
        }
        for (name, level, lines), shape, middle in zip(rows, shapes, middles, strict=True)
    ]


def water_features(layer: FloodLayer) -> list[dict[str, Any]]:
    """Give the wet rows of a layer, shallow first so that deep water lies on top."""
    wet = layer[layer["depth_max_m"].notna() | layer["collapse_zone"].notna()]
    wet = wet.assign(depth_max_m=wet["depth_max_m"].astype(float)).sort_values("depth_max_m")
    shapes = shapely.simplify(wet.geometry.array, WATER_TOLERANCE_DEG)
    return [
        _area(row, shape)
        for (_, row), shape in zip(wet.iterrows(), shapes, strict=True)
        if not shape.is_empty
    ]


def _area(row: pd.Series[Any], shape: Any) -> dict[str, Any]:
    symbol = depth_symbol(row["depth_min_m"], row["depth_max_m"], row["collapse_zone"])
    words = symbol["words"]
    name = "河川名なし" if pd.isna(row["river"]) else str(row["river"])
    stand_in = bool(row["stand_in"])
    return {
        "name": f"{name} (模式)" if stand_in else name,
        "river": None if pd.isna(row["river"]) else name,
        "scenario": str(row["scenario"]),
        "lines": [words, "模式: 公式の浸水想定ではありません"] if stand_in else [words],
        "key": symbol["key"],
        "fill": symbol["fill"],
        "legend": symbol["legend"],
        "collapse": not pd.isna(row["collapse_zone"]),
        "standIn": stand_in,
        "geometry": plain_geometry(shape),
    }


def gauge_features(gauges: pd.DataFrame) -> list[dict[str, Any]]:
    """Give each gauge with its state."""
    check_columns(gauges, GAUGE_COLUMNS, "Gauges on the map")
    known = [state["state"] for state in GAUGE_STATES]
    bad = [f"{row['state']} ({row['name']})" for _, row in gauges.iterrows()
           if row["state"] not in known]  # fmt: skip
    if bad:
        raise ValueError(f"gauge state must be one of {known}, got {', '.join(bad)}.")
    return [
        {
            "name": f"{row['name']} ({row['river']})",
            "state": row["state"],
            "lines": lines,
            **plain_point(row["lon"], row["lat"]),
        }
        for (_, row), lines in zip(gauges.iterrows(), _lines(gauges), strict=True)
    ]


def shelter_features(shelters: Shelters, allocation: Allocation | None) -> list[dict[str, Any]]:
    """Give each shelter with how it is used; without an allocation it is unjudged."""
    reasons: dict[Any, str] = {}
    people: dict[Any, int] = {}
    ranks: dict[str, int] = {}
    if allocation is not None:
        reasons = dict(allocation.rejected[["shelter_id", "reason"]].itertuples(index=False))
        people = allocation.assigned.groupby("shelter_id")["people"].sum().to_dict()
        ranks = {shelter_id: rank for rank, shelter_id in enumerate(allocation.openings, 1)}
    rows = []
    for key, row in shelters.iterrows():
        sent, why = people.get(key, 0), reasons.get(key)
        free = row["capacity"] - (0 if pd.isna(row["occupied"]) else row["occupied"])
        state = "unjudged" if allocation is None else _state(why, key in ranks, free, sent)
        rows.append(
            {
                "name": str(row["name"]),
                "state": state,
                "rank": ranks.get(str(key)),
                "room": "" if why else _room_words(free, sent),
                "lines": _shelter_lines(row, sent, why, ranks.get(str(key))),
                **plain_point(row.geometry.x, row.geometry.y),
            }
        )
    return rows


def _state(why: str | None, opens: bool, free: Any, sent: int) -> str:
    if why is not None:
        return "unsure" if why.endswith("_unknown)") else "rejected"
    if not pd.isna(free) and free - sent <= 0:
        return "full"
    return "opening" if opens else "usable"


def _room_words(free: Any, sent: int) -> str:
    """Say how much room is left after everybody who is sent has come."""
    if pd.isna(free):
        return "空き不明"
    return f"残り{int(free) - sent:,}人" if free > sent else "満員"


def _shelter_lines(row: pd.Series[Any], sent: int, why: str | None, rank: int | None) -> list[str]:
    room = "収容人数 不明"
    if not pd.isna(row["capacity"]):
        room = f"収容人数 {int(row['capacity']):,}人 ({SOURCE_WORDS[row['capacity_source']]})"
    inside = "人数不明" if pd.isna(row["occupied"]) else f"{int(row['occupied']):,}人"
    lines = [
        f"理由: {why}" if why else "",
        f"開設中 収容中 {inside}" if row["status"] == "open" else "",
        f"開設の順 {rank}番目" if rank else "",
        f"割り当て {sent:,}人" if sent else "",
        room,
        "・".join(word for kind, word in KIND_WORDS.items() if kind in row["kinds"]),
        str(row["address"]),
    ]
    return [line for line in lines if line]


def _lines(frame: pd.DataFrame) -> list[list[str]]:
    if "lines" not in frame:
        return [[] for _ in range(len(frame))]
    return [[str(line) for line in lines] for lines in frame["lines"]]


def _simplified(shapes: Any, tolerance_deg: float) -> Any:
    """Simplify without opening gaps between neighbours where the areas fit together."""
    fits = bool(shapely.coverage_is_valid(shapes))
    simplify = shapely.coverage_simplify if fits else shapely.simplify
    return [_tidy(shape) for shape in simplify(shapes, tolerance_deg)]


def _tidy(shape: Any) -> Any:
    """Drop specks: holes, and parts beside the largest one, below `SPECK_DEG2`."""
    parts = [
        shapely.Polygon(
            part.exterior,
            [hole for hole in part.interiors if shapely.Polygon(hole).area > SPECK_DEG2],
        )
        for part in shapely.get_parts(shape)
    ]
    kept = [part for part in parts if part.area > SPECK_DEG2] or parts
    return shapely.union_all(kept) if len(kept) != 1 else kept[0]


def plain_geometry(shape: Any) -> dict[str, Any]:
    """Give a shape as GeoJSON, rounded."""
    rounded = shapely.transform(shape, lambda corners: np.round(corners, DECIMALS))
    plain: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return plain


def plain_point(lon: Any, lat: Any) -> dict[str, float]:
    """Give a position, rounded."""
    return {"lon": round(float(lon), DECIMALS), "lat": round(float(lat), DECIMALS)}


def bounds_of(shapes: Any) -> list[list[float]] | None:
    """Give south-west and north-east corners (lat, lon); None if there is nothing."""
    if len(shapes) == 0:
        return None
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return None if math.isnan(west) else [[south, west], [north, east]]
