"""Gauge levels become stage along the river."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyproj
import pytest
import xarray as xr

from forecasting.types import Gauge, Thresholds
from hazard.rating import RatingCurve, reach_stage, spare_discharge, station_weights
from hazard.stream import make_floodplain, make_stream
from tests.valleys import PLANE, floodplain, valley

TO_LONLAT = pyproj.Transformer.from_crs(PLANE, "EPSG:6668", always_xy=True)


def gauge(gauge_id: str, x_m: float, zero_m: float | None, river: str = "試験川") -> Gauge:
    lon, lat = TO_LONLAT.transform(x_m, 0.0)
    return Gauge(gauge_id, gauge_id, river, lon, lat, Thresholds(overflow=3.0),
                 zero_elevation_m=zero_m)  # fmt: skip


def levels(**values: float) -> xr.DataArray:
    return xr.DataArray([list(values.values())], dims=("time", "gauge"),
                        coords={"gauge": list(values), "time": [0]})  # fmt: skip


# Level land at 50 m; stations at 5, 15, ... 295 m.
PLAIN = floodplain(valley(fall=0.0))
PAIR = [gauge("a", 5.0, 47.0), gauge("b", 295.0, 48.0)]


def test_stage_is_level_and_zero_less_land_and_mixes_along_the_river():
    # a: 4 + 47 - 50 = 1 m; b: 4 + 48 - 50 = 2 m; station 10 lies 100 of 290 m on: 1.345 m.
    stage = reach_stage(levels(a=4.0, b=4.0), PAIR, PLAIN).isel(time=0)
    assert stage.values[[0, 10, 29]] == pytest.approx([1.0, 1 + 100 / 290, 2.0])


def test_depth_over_a_surveyed_bed_is_kept_beyond_the_gauge():
    # Bed falls from 2 m to 5 m under the land. 4 m of water at a (zero = bed): stage 2, then -1.
    bed = 50 - np.linspace(2, 5, 30)
    stream = replace(PLAIN.streams[0], bed_m=bed)
    plain = make_floodplain(PLAIN.terrain, [stream])
    stage = reach_stage(levels(a=4.0), [gauge("a", 5.0, 48.0)], plain).isel(time=0)
    assert stage.values[[0, 29]] == pytest.approx([2.0, -1.0])


def test_missing_level_is_unknown_wherever_it_counts():
    stage = reach_stage(levels(a=np.nan, b=4.0), PAIR, PLAIN).isel(time=0)
    assert np.isnan(stage.values[:29]).all()
    assert stage.values[29] == pytest.approx(2.0)  # at b itself a has no weight


def test_river_without_gauge_is_unknown():
    stage = reach_stage(levels(a=4.0), [gauge("a", 5.0, 47.0, "別の川")], PLAIN)
    assert np.isnan(stage.values).all()


def test_gauge_without_zero_elevation_is_named():
    with pytest.raises(ValueError, match=r"\['b'\]"):
        reach_stage(levels(a=1.0, b=1.0), [PAIR[0], gauge("b", 295.0, None)], PLAIN)


def test_a_tributary_cuts_the_mixing():
    # The tributary joins at 145 m: upstream only a counts, downstream only b.
    branch = make_stream(PLAIN.terrain, "支川", [(146.0, 100.0), (146.0, 0.0)], joins="試験川")
    plain = make_floodplain(PLAIN.terrain, [PLAIN.streams[0], branch])
    weight = station_weights(PAIR, plain)
    assert weight[[0, 14], :].tolist() == [[1, 0], [1, 0]]
    assert weight[[15, 29], :].tolist() == [[0, 1], [0, 1]]
    assert (weight[30:] == 0).all()  # no gauge on the tributary


def test_spare_discharge_is_what_comes_above_the_overflow_level():
    # Q = 10 level^2: at 4 m 160, at the overflow level 3 m 90: 70 m3/s are spare. Below: none.
    curves = {"a": RatingCurve(10.0, 0.0), "b": RatingCurve(10.0, 0.0)}
    spare, section = spare_discharge(levels(a=4.0, b=2.0), PAIR, curves, PLAIN)
    assert spare.tolist() == [[70.0, 0.0]]
    assert section[[0, 29]].tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"missing: \['b'\]"):
        spare_discharge(levels(a=4.0, b=2.0), PAIR, {"a": curves["a"]}, PLAIN)
