"""Inundation from terrain: depth of water over the land, the part a river reaches, and polygons.

Without levees a river that stands over its land floods all lower land that it reaches. Behind
levees land stays dry until the river tops a crest; then it floods as far as the river's own
stage reaches (`flood_depth`, on the safe side, for when only a stage is known) or as far as the
water that came over suffices (`hazard.levee.overtop`, then `depth_at`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from scipy.ndimage import binary_dilation, label

from hazard.stream import Floats, Floodplain
from hazard.types import DYNAMIC, JGD2011, FloodLayer, check_layer

DEPTH_STEPS_M = (0.05, 0.3, 0.5, 1.0, 3.0, 5.0)  # less than the first is not drawn


def depth_at(stage_m: Any, plain: Floodplain) -> xr.DataArray:
    """Give water depth from a stage at each station, by bank or for both banks alike.

    Parameters
    ----------
    stage_m
        Dims (station,) or (station, bank), NaN = unknown. [m over the land beside the river]

    Returns
    -------
        Dims (y, x); 0 = dry, NaN where the stage is unknown or there is no land. [m]
    """
    stage = np.asarray(stage_m, dtype=float)
    both = np.repeat(stage[:, None], 2, axis=1) if stage.ndim == 1 else stage
    depth = np.maximum(both[plain.station, plain.bank] - plain.height_m, 0.0)
    depth[plain.station < 0] = np.nan
    return plain.terrain.copy(data=depth.astype(np.float32)).rename("depth_m")


def flood_depth(stage_m: Any, plain: Floodplain) -> xr.DataArray:
    """Give the depth of the land that rivers of a stage reach; crests of the streams hold.

    `stage_m` has dims (station,), as in `depth_at`. Land behind a levee floods where it is
    joined, through wet land, to a place where the stage is over the crest. A levee or river
    that water would have to cross parts the land.
    """
    stage = np.asarray(stage_m, dtype=float)
    depth = depth_at(stage, plain)
    wet = depth.values > 0
    open_banks = np.column_stack([stage > crest for crest in _crests(plain)])
    source = np.zeros(wet.shape, dtype=bool)
    reached = np.zeros(wet.shape, dtype=bool)
    river = plain.channel_station
    banks_held = np.array([stream.crest_m is not None for stream in plain.streams]).any()
    wall = plain.channel if banks_held else np.zeros_like(plain.channel)
    for bank in (0, 1):
        topped = plain.channel & open_banks[river, bank]
        beside = binary_dilation(topped, np.ones((3, 3))) & (plain.bank == bank) & ~plain.channel
        source |= (beside & open_banks[plain.station, bank]) | (topped & ~wall)
        reached |= topped
    reached |= connected(wet & ~wall, source)
    return depth.where(np.isnan(depth.values) | (reached & wet), 0.0)


def connected(wet: Any, source: Any) -> Any:
    """Give the part of `wet` (row, column) joined side by side to a cell of `source`."""
    parts, count = label(wet)
    keep = np.zeros(count + 1, dtype=bool)
    keep[np.unique(parts[np.asarray(source) & np.asarray(wet)])] = True
    keep[0] = False
    return keep[parts]


def to_layer(
    depth_m: xr.DataArray,
    plain: Floodplain,
    *,
    stand_in: bool,
    steps_m: Sequence[float] = DEPTH_STEPS_M,
) -> FloodLayer:
    """Give a depth raster as a flood layer of the scenario "dynamic".

    One row a river and step of depth that occurs. `stand_in` True marks what comes from a
    simulated or assumed river. Cells of unknown depth are in no row: tell their rivers apart.
    """
    step = np.searchsorted(steps_m, np.nan_to_num(depth_m.values), side="right")
    rows = []
    for stream in plain.streams:
        stations = plain.rows(stream.river)
        own = (plain.station >= stations.start) & (plain.station < stations.stop)
        for number in np.unique(step[own & (step > 0)]):
            upper = steps_m[number] if number < len(steps_m) else np.inf
            area = _area(own & (step == number), plain)
            rows.append((stream.river, steps_m[number - 1], upper, area))
    rivers, low, high, areas = zip(*rows, strict=True) if rows else ((), (), (), ())
    frame = gpd.GeoDataFrame(
        {
            "scenario": pd.Series([DYNAMIC] * len(rows), dtype=object),
            "river": pd.Series(rivers, dtype=object),
            "depth_min_m": np.array(low, dtype=float),
            "depth_max_m": np.array(high, dtype=float),
            "duration_rank": pd.array([pd.NA] * len(rows), dtype="Int64"),
            "collapse_zone": pd.Series([None] * len(rows), dtype=object),
            "stand_in": np.full(len(rows), stand_in),
        },
        geometry=gpd.GeoSeries(list(areas), crs=plain.terrain.attrs["crs"]),
    )
    return check_layer(frame.to_crs(JGD2011))


def csi(predicted: Any, observed: Any) -> float:
    """Give the critical success index hits / (hits + misses + false alarms); NaN = all dry."""
    hit = np.asarray(predicted, dtype=bool) & np.asarray(observed, dtype=bool)
    either = np.asarray(predicted, dtype=bool) | np.asarray(observed, dtype=bool)
    return float(hit.sum() / either.sum()) if either.any() else float("nan")


def _crests(plain: Floodplain) -> Floats:
    """Give crests over the land, dims (bank, station); 0 without levees."""
    parts = [
        np.zeros((len(stream.x_m), 2)) if stream.crest_m is None
        else stream.crest_m - stream.ground_m[:, None]
        for stream in plain.streams
    ]  # fmt: skip
    return np.asarray(np.concatenate(parts).T)


def _area(inside: Any, plain: Floodplain) -> Any:
    """Give cells as one area, from strips of cells side by side."""
    x, y = plain.terrain["x"].values, plain.terrain["y"].values
    half = (x[1] - x[0]) / 2
    change = np.diff(np.pad(inside.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1] - 1
    strips = shapely.box(x[first] - half, y[row] - half, x[last] + half, y[row] + half)
    return shapely.union_all(strips)
