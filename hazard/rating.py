"""From gauge levels to the water along a river, as height over the land beside each station.

A level is above the gauge's zero; with the zero's elevation it becomes a height above T.P., less
the bed at the gauge it is a depth. Between gauges depth is mixed along the river, cut where a
tributary joins, and kept beyond the last gauge; bed and land then turn it into stage. Where the bed
is not surveyed, the land stands for it. Unknown stays unknown (NaN).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyproj
import xarray as xr

from forecasting.types import Gauge
from hazard.stream import Floats, Floodplain, Stream
from hazard.types import JGD2011


@dataclass(frozen=True)
class RatingCurve:
    """Discharge of a gauge as Q = a (level - h0)^b (H-Q 曲線). [m, m3/s]"""

    a: float
    h0_m: float
    b: float = 2.0

    def discharge_m3s(self, level_m: Any) -> Any:
        """Give the discharge at a level above gauge zero. [m3/s]"""
        return self.a * np.maximum(np.asarray(level_m) - self.h0_m, 0.0) ** self.b


def reach_stage(levels_m: xr.DataArray, gauges: Sequence[Gauge], plain: Floodplain) -> xr.DataArray:
    """Give the stage along every river.

    Parameters
    ----------
    levels_m
        Observed, forecast or true levels, last dim gauge (gauge ids). [m above gauge zero]
    gauges
        Gauges of the city, with `zero_elevation_m`.
    plain
        Its streams, joined to gauges by the name of the river.

    Returns
    -------
        Dims of `levels_m` with station for gauge; NaN along rivers without gauge, and where a
        gauge that counts is missing. [m above the land beside the river]

    Raises
    ------
    ValueError
        If a gauge on a stream has no zero elevation.
    """
    known = _on_streams(levels_m, gauges, plain)
    unknown = sorted(g.gauge_id for g in known if g.zero_elevation_m is None)
    if unknown:
        raise ValueError(
            f"Gauges need zero_elevation_m to reach the land, missing at {unknown}."
            " Look it up in the river office's gauge list."
        )
    weight = station_weights(known, plain)
    offset = [float(gauge.zero_elevation_m or 0.0) - _reference(gauge, plain) for gauge in known]
    ids = [gauge.gauge_id for gauge in known]
    stage = levels_m.sel(gauge=ids).transpose(..., "gauge").values + np.array(offset)
    mixed = np.where(np.isnan(stage), 0.0, stage) @ weight.T
    lost = np.isnan(stage).astype(float) @ weight.T > 0
    mixed += np.concatenate([_base(stream) - stream.ground_m for stream in plain.streams])
    mixed[lost | (weight.sum(axis=1) == 0)] = np.nan
    dims = [str(dim) for dim in levels_m.dims if dim != "gauge"]
    coords = {dim: levels_m[dim] for dim in dims if dim in levels_m.coords}
    attrs = {"units": "m", "long_name": "water over the land beside the river"}
    return xr.DataArray(mixed, dims=(*dims, "station"), coords=coords, name="stage_m", attrs=attrs)


def spare_discharge(
    levels_m: xr.DataArray,
    gauges: Sequence[Gauge],
    curves: Mapping[str, RatingCurve],
    plain: Floodplain,
) -> tuple[Floats, Any]:
    """Give what each section's banks cannot hold (time, section), and the section of each station.

    A section is the part of a river one gauge speaks for most. Discharge at its 氾濫発生 level
    stays in the river; only what comes above can leave it. [m3/s]
    """
    known = _on_streams(levels_m, gauges, plain)
    lacking = sorted(
        gauge.gauge_id for gauge in known
        if gauge.gauge_id not in curves or gauge.thresholds.overflow is None
    )  # fmt: skip
    if lacking:
        raise ValueError(f"Sections need a rating curve and an overflow level, missing: {lacking}.")
    spare = [
        curves[gauge.gauge_id].discharge_m3s(levels_m.sel(gauge=gauge.gauge_id).values)
        - curves[gauge.gauge_id].discharge_m3s(gauge.thresholds.overflow)
        for gauge in known
    ]
    return np.maximum(np.stack(spare, axis=-1), 0), station_weights(known, plain).argmax(axis=1)


def station_weights(gauges: Sequence[Gauge], plain: Floodplain) -> Floats:
    """Give the mix of gauges at each station, dims (station, gauge); rows add up to 1, or 0."""
    weight = np.zeros((sum(len(stream.x_m) for stream in plain.streams), len(gauges)))
    for stream in plain.streams:
        rows, chainage = plain.rows(stream.river), stream.chainage_m
        place = {column: _chainage(gauge, stream, plain)
                 for column, gauge in enumerate(gauges) if gauge.river == stream.river}  # fmt: skip
        for low, high in pairwise([-np.inf, *_confluences(stream, plain), np.inf]):
            stretch = np.flatnonzero((chainage > low) & (chainage <= high))
            inside = [column for column, at in place.items() if low < at <= high] or list(place)
            inside.sort(key=lambda column: place[column])
            at = [place[column] for column in inside]
            for column, unit in zip(inside, np.eye(len(inside)), strict=True):
                weight[rows.start + stretch, column] = np.interp(chainage[stretch], at, unit)
    return weight


def _confluences(stream: Stream, plain: Floodplain) -> list[float]:
    """Give the chainages where other streams join this one. [m]"""
    ends = [
        (other.x_m[-1], other.y_m[-1]) for other in plain.streams if other.joins == stream.river
    ]
    return sorted(
        float(stream.chainage_m[np.hypot(stream.x_m - x, stream.y_m - y).argmin()]) for x, y in ends
    )


def _on_streams(levels: xr.DataArray, gauges: Sequence[Gauge], plain: Floodplain) -> list[Gauge]:
    rivers = {stream.river for stream in plain.streams}
    ids = set(levels["gauge"].values)
    return [gauge for gauge in gauges if gauge.river in rivers and gauge.gauge_id in ids]


def _chainage(gauge: Gauge, stream: Stream, plain: Floodplain) -> float:
    to_plane = pyproj.Transformer.from_crs(JGD2011, plain.terrain.attrs["crs"], always_xy=True)
    x, y = to_plane.transform(gauge.lon, gauge.lat)
    return float(stream.chainage_m[np.hypot(stream.x_m - x, stream.y_m - y).argmin()])


def _reference(gauge: Gauge, plain: Floodplain) -> float:
    stream = next(stream for stream in plain.streams if stream.river == gauge.river)
    return float(np.interp(_chainage(gauge, stream, plain), stream.chainage_m, _base(stream)))


def _base(stream: Stream) -> Floats:
    return stream.ground_m if stream.bed_m is None else stream.bed_m
