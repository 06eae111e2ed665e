"""Inundation reckoned from the present forecast over the city's terrain, never official (計算).

Observed levels of the last day and the forecast are one series, of which the rivers' stages are
made; water over the levees fills the land behind them (`hazard.levee`), or, where a river has no
levees, land below the highest stage floods (`hazard.inundate`). It is reckoned for the median and
for a high quantile: every lead of the series has that quantile, which is rarer than each alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import xarray as xr

from forecasting.types import Gauge, LevelForecast, Observations, step_of, utc64
from hazard.combined import Part
from hazard.indexed import WaterIndex
from hazard.inundate import depth_at, flood_depth, to_layer
from hazard.levee import overtop
from hazard.rating import reach_stage, spare_discharge
from hazard.sampled import Cells, lay_cells, sample, unknown_districts
from hazard.types import DYNAMIC, DYNAMIC_MEDIAN, FloodLayer
from kawamori.land import Land

BEFORE = timedelta(hours=24)  # water that came over a levee earlier may still stand
GAP = timedelta(hours=1)  # a longer silence makes the river unknown
QUANTILES: Mapping[str, float] = {DYNAMIC_MEDIAN: 0.5, DYNAMIC: 0.95}


@dataclass(frozen=True, eq=False)
class LaidLand:
    """The land of a city with the cells of its buildings and roads, found once."""

    land: Land
    cells: Cells


@dataclass(frozen=True)
class DynamicWater:
    """Greatest depths until the end of the forecast; rivers of unknown level are told apart."""

    scenario: str  # of `QUANTILES`
    quantile: float
    layer: FloodLayer
    unknown_rivers: tuple[str, ...]
    unknown_districts: tuple[str, ...]


def lay_land(
    land: Land | None, ground: WaterIndex | None, roads: Any, gauges: Sequence[Gauge]
) -> LaidLand | None:
    """Lay the city's buildings and roads into its terrain once; None = no terrain or buildings.

    Raises
    ------
    ValueError
        If a gauge on a stream has no zero elevation: its levels would not reach the land.
    """
    if land is None or ground is None:
        return None
    rivers = {stream.river for stream in land.plain.streams}
    lost = sorted(
        gauge.gauge_id
        for gauge in gauges
        if gauge.river in rivers and gauge.zero_elevation_m is None
    )
    if lost:
        raise ValueError(
            f"gauges on the rivers of a terrain need zero_elevation_m, missing at {lost}. Look it"
            " up in the river office's list, or take the stream out of streams.parquet."
        )
    return LaidLand(land, lay_cells(land.terrain, ground, roads))


def dynamic_waters(
    laid: LaidLand,
    ground: WaterIndex,
    gauges: Sequence[Gauge],
    observations: Observations,
    forecast: LevelForecast,
    *,
    issued_at: datetime,
) -> tuple[tuple[DynamicWater, ...], dict[str, Part]]:
    """Give the water of each of `QUANTILES`, and what it does to buildings and roads.

    Parameters
    ----------
    observations
        Good levels; NaN = missing. Nothing after `issued_at` is looked at.
    """
    waters, parts = [], {}
    for scenario, quantile in QUANTILES.items():
        levels = series(observations, forecast, quantile, issued_at=issued_at)
        depth = greatest_depth(laid.land, levels, gauges)
        parts[scenario] = sample(depth, laid.cells, ground)
        unknown = unknown_districts(depth, laid.cells, ground)
        layer = to_layer(depth, laid.land.plain, stand_in=True)
        waters.append(
            DynamicWater(
                scenario=scenario,
                quantile=quantile,
                layer=FloodLayer(layer.assign(scenario=scenario)),
                unknown_rivers=_unknown_rivers(depth, laid.land),
                unknown_districts=tuple(sorted(unknown)),
            )
        )
    return tuple(waters), parts


def series(
    observations: Observations, forecast: LevelForecast, quantile: float, *, issued_at: datetime
) -> xr.DataArray:
    """Give levels (time, gauge) from a day before the issue time to the end of the forecast.

    Gaps up to `GAP` are bridged; a gauge that was silent for longer is NaN from there on, and one
    without forecast after the issue time. [m above gauge zero]
    """
    now, step = utc64(issued_at), step_of(observations)
    end = forecast["lead"].values.max()
    times = now + np.arange(-(np.timedelta64(BEFORE) // step), end // step + 1) * step
    seen = observations["level_m"].sel(time=slice(None, now))
    lag_s, lead_s = (times - now) / np.timedelta64(1, "s"), None
    lead_s = forecast["lead"].values / np.timedelta64(1, "s")
    rows = []
    for gauge_id in seen["gauge"].values:
        known = seen.sel(gauge=gauge_id).dropna("time")
        at_s = (known["time"].values - now) / np.timedelta64(1, "s")
        row = _bridged(lag_s, at_s, known.values.astype(float))
        if gauge_id in forecast["gauge"].values and np.isfinite(row[lag_s <= 0][-1:]).all():
            told = forecast["level_m"].sel(gauge=gauge_id).sel(quantile=quantile, method="nearest")
            path = np.concatenate([row[lag_s <= 0][-1:], told.values.astype(float)])
            row = np.where(lag_s > 0, np.interp(lag_s, [0.0, *lead_s], path), row)
        rows.append(row)
    coords = {"time": times, "gauge": seen["gauge"].values}
    table = np.array(rows).reshape(len(rows), len(times)).T
    return xr.DataArray(table, dims=("time", "gauge"), coords=coords, name="level_m")


def greatest_depth(land: Land, levels: xr.DataArray, gauges: Sequence[Gauge]) -> xr.DataArray:
    """Give the greatest depth (y, x) that a series of levels leaves; NaN = unknown. [m]"""
    plain = land.plain
    stage = reach_stage(levels, gauges, plain)
    if land.storage is None:
        return flood_depth(stage.max("time", skipna=False).values, plain)
    rivers = {stream.river for stream in plain.streams}
    heard = set(levels["gauge"].values)
    on_rivers = [one for one in gauges if one.river in rivers and one.gauge_id in heard]
    rated = all(
        one.gauge_id in land.ratings and one.thresholds.overflow is not None for one in on_rivers
    )
    spare, section = None, None
    if rated and on_rivers:
        spare, section = spare_discharge(levels, gauges, land.ratings, plain)
        spare = np.nan_to_num(spare)
    behind = overtop(stage, plain, land.storage, spare_m3s=spare, section=section)
    return depth_at(behind.max("time", skipna=False).values, plain)


def _bridged(lag_s: Any, at_s: Any, values: Any) -> Any:
    """Give values at `lag_s` up to now, straight across gaps up to `GAP`; NaN elsewhere."""
    if not len(at_s):
        return np.full(len(lag_s), np.nan)
    row = np.interp(lag_s, at_s, values)
    after = np.searchsorted(at_s, lag_s + 1e-6)
    before = at_s[np.maximum(after - 1, 0)]
    following = at_s[np.minimum(after, len(at_s) - 1)]
    hit = np.abs(before - lag_s) < 1e-6
    gap_s = np.where(following > lag_s, following - before, lag_s - before)
    known = hit | ((after > 0) & (gap_s <= GAP.total_seconds()))
    return np.where(known & (lag_s <= 0), row, np.nan)


def _unknown_rivers(depth: xr.DataArray, land: Land) -> tuple[str, ...]:
    plain = land.plain
    blank = np.unique(plain.station[np.isnan(depth.values) & (plain.station >= 0)])
    return tuple(
        stream.river
        for stream in plain.streams
        if (
            (blank >= plain.rows(stream.river).start) & (blank < plain.rows(stream.river).stop)
        ).any()
    )
