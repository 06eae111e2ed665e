"""Iwaki's stand-in flood layers (模式), in the official A31a schema under the official names.

Official polygons could not be had, so water is drawn from river lines and gauge thresholds alone:
deepest at the river, shallower with distance, wider in the maximum scenario. There is no terrain
in it. Every feature says so in `stand_in` and in the manager's name. An official file put into
the same folder under its own name replaces the stand-in of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from forecasting.types import Gauge
from hazard.layers import DEPTH_RANKS
from hazard.types import JGD2011

STAND_IN = "模式"
MANAGER = "模式(公式の図ではない)"
PREFECTURE = "07"
FOLDERS = {
    10: "10_計画規模",
    20: "20_想定最大規模",
    30: "30_浸水継続時間",
    41: "41_家屋倒壊等氾濫想定区域_氾濫流",
    42: "42_家屋倒壊等氾濫想定区域_河岸侵食",
}
BANK_SHARE = 0.4  # planned depth at the bank against the gauge's highest official level; assumed
MAXIMUM_TIMES = 2.0  # depth at the bank, maximum against planned; assumed
DURATION_RANKS = (1, 2)  # below 12 h in shallow, 12 to 24 h in deeper water; assumed
SHALLOW_M = 0.5
GRID_M = 1.0  # coordinates are rounded to this before they are written


def write_layers(
    facts: Mapping[str, Any], lines: Any, gauges: Sequence[Gauge], land: Any, folder: Path
) -> None:
    """Write the five sub-layers of every river of data/iwaki/flood.toml.

    Parameters
    ----------
    facts
        The tables of flood.toml.
    lines
        River lines with `name:latin` (the Japanese name), projected in metres.
    land
        The city's area, same CRS: water outside is not drawn.

    Raises
    ------
    ValueError
        If a river has no line of its name near its gauges.
    """
    by_id = {gauge.gauge_id: gauge for gauge in gauges}
    for river in facts["river"]:
        reaches = river_reaches(river, lines, by_id)
        channel = shapely.union_all([line for line, _ in reaches])
        planned = rings(reaches, facts["slope_m_per_km"])
        larger = [(line, MAXIMUM_TIMES * bank_m) for line, bank_m in reaches]
        maximum = rings(larger, facts["slope_m_per_km"])
        areas = {
            10: planned,
            20: maximum,
            30: _durations(maximum),
            41: {1: channel.buffer(facts["flow_zone_m"])},
            42: {2: channel.buffer(facts["erosion_zone_m"])},
        }
        for number, by_code in areas.items():
            frame = sublayer(number, river, {code: a & land for code, a in by_code.items()})
            frame = frame.set_crs(lines.crs).to_crs(JGD2011)
            name = f"A31a-{number}-24_07_{river['number']}_10.geojson"
            path = folder / FOLDERS[number] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.to_file(path, engine="pyogrio", driver="GeoJSON", COORDINATE_PRECISION=6)


def rings(reaches: Sequence[tuple[Any, float]], slope_m_per_km: float) -> dict[int, Any]:
    """Give the area of each depth rank around a river, none overlapping.

    `reaches` are lines with the depth at their bank [m]; where two meet, the deeper holds.
    """
    whole = {}
    for rank, (low_m, _) in DEPTH_RANKS.items():
        areas = [
            line.buffer((bank_m - low_m) / slope_m_per_km * 1000, quad_segs=4)
            for line, bank_m in reaches
            if bank_m > low_m
        ]
        if areas:
            whole[rank] = shapely.union_all(areas)
    return {
        rank: area.difference(whole[rank + 1]) if rank + 1 in whole else area
        for rank, area in whole.items()
    }


def _durations(depths: Mapping[int, Any]) -> dict[int, Any]:
    deep = [area for rank, area in depths.items() if DEPTH_RANKS[rank][0] >= SHALLOW_M]
    short, long = DURATION_RANKS
    areas = {short: depths[1]}
    return {**areas, long: shapely.union_all(deep)} if deep else areas


def river_reaches(
    river: Mapping[str, Any], lines: Any, by_id: Mapping[str, Gauge]
) -> list[tuple[Any, float]]:
    """Give the line within reach of each gauge of a river, with the planned depth at its bank. [m]

    Raises
    ------
    ValueError
        If a gauge has no line of that name near, or no threshold to tell a depth from.
    """
    named = lines[lines["name:latin"].isin(river["lines"])]
    gauges = [by_id[gauge_id] for gauge_id in river["gauges"]]
    places = gpd.points_from_xy([g.lon for g in gauges], [g.lat for g in gauges], crs=JGD2011)
    circles = gpd.GeoSeries(places).to_crs(lines.crs).buffer(1000 * river["within_km"])
    reaches = []
    for gauge, circle in zip(gauges, circles, strict=True):
        line = named.geometry.intersection(circle).union_all()
        levels = gauge.thresholds.items()
        if line.is_empty or not levels:
            raise ValueError(
                f"river {river['name']} must have lines named {river['lines']} within"
                f" {river['within_km']} km of a gauge with thresholds, got none at {gauge.name}."
                " Correct flood.toml."
            )
        reaches.append((line, BANK_SHARE * levels[-1][1]))
    return reaches


def sublayer(number: int, river: Mapping[str, Any], by_code: Mapping[int, Any]) -> Any:
    """Give one official sub-layer, a feature per code; areas that are empty are left out."""
    stem = f"A31a_{number // 10}0"
    codes = [code for code, area in by_code.items() if not area.is_empty]
    fields = {
        f"{stem}1": river["number"],
        f"{stem}2": river["name"],
        f"{stem}3": PREFECTURE,
        f"{stem}4": MANAGER,
        f"{stem}5": codes,
        "stand_in": STAND_IN,
    }
    areas = [shapely.set_precision(by_code[code], GRID_M) for code in codes]
    return gpd.GeoDataFrame(fields, geometry=areas)
