"""Rivers of the fictional town: ratings, banks and official levels that follow from the land.

The bank of each river node is as high as the planned storm's water there plus a freeboard, lower
at the weak points. The official levels come from the weakest point of a gauge's section, as the
ministry's manual of 2014 sets them: 氾濫発生 is where water tops the bank; 氾濫危険 is lower by
the rise during the time to inform and leave; 避難判断 lower again by the rise during the time
to open shelters and help those who need it [1]_.

References
----------
.. [1] 国土交通省: 危険水位及び氾濫危険水位の設定要領, 平成26年4月 (the principle; times assumed).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr

from forecasting.simulate import Basin, simulate
from forecasting.types import Gauge, RainGauge, Thresholds
from kawamori.town.plan import Floats, GaugePlan, Plan
from kawamori.town.storms import Storm, steps, storm_rain
from kawamori.town.terrain import Nodes

MANNING = 0.035
BANK_NOISE_M = 0.06
DESIGN_START = np.datetime64("2001-01-01T00:00")  # any; design storms have no date


@dataclass(frozen=True)
class Rivers:
    """Gauges, basins and banks; `share` turns gauge levels into depths at the nodes."""

    gauges: tuple[Gauge, ...]
    rain_gauges: tuple[RainGauge, ...]
    basins: tuple[Basin, ...]
    gauge_node: tuple[int, ...]
    share: Floats  # (node, gauge), rows add up to 1
    bank_m: Floats  # (node, side) above the bed; left, right
    planned_m: Floats  # peak level of the planned storm at each gauge

    def depth_m(self, levels_m: Floats) -> Floats:
        """Give water depth above the bed at every node from levels (time, gauge). [m]"""
        return levels_m @ self.share.T


def make_rivers(plan: Plan, nodes: Nodes) -> Rivers:
    """Give rivers that carry the planned storm within their banks, but for the weak points."""
    at = [_river_index(plan, gauge.river_id) for gauge in plan.gauges]
    gauge_node = tuple(
        nodes.nearest(river, gauge.chainage_km * 1000)
        for river, gauge in zip(at, plan.gauges, strict=True)
    )
    basins = tuple(
        _basin(gauge, nodes, node) for gauge, node in zip(plan.gauges, gauge_node, strict=True)
    )
    design = simulate(design_rain(plan, plan.design.planned_peak_mm_h), basins)["level_m"].values
    share = _share(plan, nodes, gauge_node)
    bank = _banks(plan, nodes, share @ design.max(axis=0))
    thresholds = _thresholds(plan, design, share, bank)
    gauges = tuple(
        _gauge(plan, gauge, nodes, node, levels)
        for gauge, node, levels in zip(plan.gauges, gauge_node, thresholds, strict=True)
    )
    rain = tuple(
        RainGauge(gauge.rain_gauge_id, gauge.name, *plan.lonlat(gauge.place))
        for gauge in plan.rain_gauges
    )
    return Rivers(gauges, rain, basins, gauge_node, share, bank, design.max(axis=0))


def design_rain(plan: Plan, peak_mm_h: float) -> xr.DataArray:
    """Give three days of smooth typhoon rain, its peak after 40 h. [mm per step]"""
    times = steps(DESIGN_START, 96)
    storm = Storm("typhoon", plan.seed, peak_mm_h)
    peak = DESIGN_START + np.timedelta64(40, "h")
    return storm_rain([(peak, storm)], times, plan.rain_gauges, gusty=False)


def _river_index(plan: Plan, river_id: str) -> int:
    return [river.river_id for river in plan.rivers].index(river_id)


def _basin(gauge: GaugePlan, nodes: Nodes, node: int) -> Basin:
    """Give the basin with a rating of a wide channel: a = width sqrt(slope) / n."""
    return Basin(
        gauge_id=gauge.gauge_id,
        area_km2=gauge.area_km2,
        rain_weights=gauge.rain_weights,
        upstream=gauge.upstream,
        fast_h=gauge.fast_h,
        rating_a=round(float(nodes.channel_m[node] * np.sqrt(nodes.slope[node]) / MANNING), 2),
    )


def _share(plan: Plan, nodes: Nodes, gauge_node: tuple[int, ...]) -> Floats:
    """Give each node a mix of the gauges up and down the river, cut where a tributary joins."""
    share = np.zeros((len(nodes.river), len(gauge_node)))
    for index, river in enumerate(plan.rivers):
        rows = nodes.of(index)
        cuts = [-np.inf, *_joints(plan, nodes, river.river_id), np.inf]
        for low, high in pairwise(cuts):
            inside = [
                column
                for column, node in enumerate(gauge_node)
                if nodes.river[node] == index and low < nodes.chainage_m[node] <= high
            ]
            chainage = nodes.chainage_m[rows]
            stretch = np.flatnonzero((chainage > low) & (chainage <= high))
            places = [nodes.chainage_m[gauge_node[column]] for column in inside]
            for column, unit in zip(inside, np.eye(len(inside)), strict=True):
                share[rows.start + stretch, column] = np.interp(chainage[stretch], places, unit)
    return share


def _joints(plan: Plan, nodes: Nodes, river_id: str) -> list[float]:
    """Give the chainages where other rivers join this one. [m]"""
    rows = nodes.of(_river_index(plan, river_id))
    joints = []
    for index, other in enumerate(plan.rivers):
        if other.joins == river_id:
            mouth = nodes.place_m[nodes.of(index)][-1]
            gap = np.hypot(*(nodes.place_m[rows] - mouth).T)
            joints.append(float(nodes.chainage_m[rows][gap.argmin()]))
    return sorted(joints)


def _banks(plan: Plan, nodes: Nodes, planned_m: Floats) -> Floats:
    """Give the bank above the bed, dims (node, side): at least the land, lower at weak points."""
    random = np.random.default_rng(plan.seed + 1)
    rough = random.normal(0, BANK_NOISE_M, (len(planned_m), 2))
    bank = planned_m[:, None] + plan.design.freeboard_m + np.abs(rough)
    for weak in plan.weak_points:
        on_river = nodes.river == _river_index(plan, weak.river_id)
        gap = np.abs(nodes.chainage_m - weak.chainage_km * 1000)
        low = on_river & (gap <= weak.length_m / 2)
        bank[low, 0 if weak.side == "left" else 1] -= weak.drop_m
    return np.maximum(bank, nodes.incision_m[:, None])


def _thresholds(plan: Plan, design: Floats, share: Floats, bank: Floats) -> list[Thresholds]:
    """Give the official levels of every gauge, rounded down to 5 cm."""
    planned = design.max(axis=0)
    ratio = bank.min(axis=1) / (share @ planned)
    section = share.argmax(axis=1)
    result = []
    for column, gauge in enumerate(plan.gauges):
        overflow = planned[column] * ratio[section == column].min()
        rise = float(np.diff(design[::6, column]).max())  # m in the fastest hour
        danger = overflow - rise * gauge.lead_h
        judgment = danger - rise * gauge.opening_h
        caution = min(0.75 * judgment, judgment - 0.3)
        levels = [0.6 * caution, caution, judgment, danger, overflow]
        result.append(Thresholds(*(float(np.floor(level * 20 + 1e-6) / 20) for level in levels)))
    return result


def _gauge(plan: Plan, gauge: GaugePlan, nodes: Nodes, node: int, thresholds: Thresholds) -> Gauge:
    east, north = nodes.place_m[node] / 1000
    lon, lat = plan.lonlat((float(east), float(north)))
    return Gauge(
        gauge_id=gauge.gauge_id,
        name=gauge.name,
        river=plan.river(gauge.river_id).name,
        lon=lon,
        lat=lat,
        thresholds=thresholds,
        river_class=gauge.river_class,
        zero_elevation_m=round(float(nodes.floor_m[node] - nodes.incision_m[node]), 2),
        upstream=tuple(gauge.upstream),
        rain_gauges=tuple(gauge.rain_weights),
    )
