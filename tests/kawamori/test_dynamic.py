"""Inundation of a cycle: levels over a valley whose depth is known by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from forecasting.types import Gauge, Thresholds, utc64
from hazard.stream import make_floodplain, make_stream
from hazard.terrain import make_terrain
from kawamori.dynamic import greatest_depth, series
from kawamori.land import Land

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
STEP = np.timedelta64(10, "m")
PLANE = "EPSG:6677"


def observed(levels: list[float]) -> xr.Dataset:
    """Give readings of gauge g every ten minutes, the last one now."""
    times = utc64(NOW) + np.arange(1 - len(levels), 1) * STEP
    table = np.array(levels, dtype=float)[:, None]
    coords = {"time": times, "gauge": ["g"]}
    return xr.Dataset({"level_m": (("time", "gauge"), table)}, coords=coords)


def forecast(**by_quantile: float) -> xr.Dataset:
    """Give a forecast of one and two hours that goes straight to a level and stays."""
    quantiles = [0.5, 0.95]
    table = np.array([[list(by_quantile.values())] * 2])
    return xr.Dataset(
        {"level_m": (("gauge", "lead", "quantile"), table)},
        coords={
            "gauge": ["g"],
            "lead": np.array([60, 120]) * np.timedelta64(1, "m").astype("timedelta64[ns]"),
            "quantile": quantiles,
        },
    )


def levels(seen: list[float], quantile: float = 0.5) -> xr.DataArray:
    told = forecast(median=1.0, high=2.0)
    return series(observed(seen), told, quantile, issued_at=NOW).sel(gauge="g")


@pytest.fixture(scope="module")
def land() -> Land:
    """Give a V-shaped valley without levees: the land rises by 0.1 m per metre from the river."""
    x, y = (np.arange(30) + 0.5) * 10, (np.arange(21) - 10) * 10.0
    height = 50 + 0.1 * np.abs(y)[:, None] + 0 * x[None, :]
    terrain = make_terrain(height, x, y, PLANE)
    line = np.column_stack([x, np.zeros_like(x)])
    stream = make_stream(terrain, "川", line, ground_m=np.full(30, 50.0))
    return Land(make_floodplain(terrain, [stream]), None, {}, None, terrain)


@pytest.fixture(scope="module")
def gauges() -> list[Gauge]:
    thresholds = Thresholds(overflow=3.0)
    return [Gauge("g", "橋", "川", 139.835, 36.0, thresholds, "notified", 50.0)]


def test_the_quantile_of_the_forecast_follows_the_last_reading() -> None:
    path = levels([0.0] * 7, 0.95)
    at_hours = [float(path.sel(time=utc64(NOW + timedelta(hours=h)))) for h in (0, 0.5, 1, 2)]
    assert at_hours == [0.0, 1.0, 2.0, 2.0]  # from 0 m to 2 m in the first hour


def test_an_hour_of_silence_is_bridged_and_a_longer_one_is_unknown() -> None:
    hour = levels([0.0, *[np.nan] * 5, 0.6])
    assert np.isfinite(hour.sel(time=slice(utc64(NOW) - 6 * STEP, None))).all()
    longer = levels([0.0, *[np.nan] * 6, 0.7])
    assert float(longer.sel(time=utc64(NOW))) == pytest.approx(0.7)
    assert np.isnan(longer.sel(time=utc64(NOW) - 3 * STEP))


def test_a_gauge_silent_for_more_than_an_hour_has_no_future() -> None:
    assert np.isnan(levels([0.5, *[np.nan] * 7]).sel(time=slice(utc64(NOW), None))).all()


def test_nothing_after_the_issue_time_is_looked_at() -> None:
    later = observed([0.0] * 7)
    later = later.assign_coords(time=later["time"] + 3 * STEP)
    later["level_m"][-3:] = 9.0
    path = series(later, forecast(median=1.0, high=2.0), 0.5, issued_at=NOW)
    assert float(path.max()) == 1.0


def test_depth_is_the_highest_level_less_the_rise_of_the_land(
    land: Land, gauges: list[Gauge]
) -> None:
    # The gauge's zero is the land at the river: 1 m of level is 1 m there, 0.5 m five metres off.
    full = levels([1.0] * 200).expand_dims(gauge=["g"]).transpose("time", "gauge")
    depth = greatest_depth(land, full, gauges)
    assert float(depth.sel(y=0).max()) == pytest.approx(1.0, abs=0.01)
    assert float(depth.sel(y=10).max()) == pytest.approx(0.0, abs=0.01)  # 10 m off: 1 m higher


def test_the_high_quantile_is_nowhere_shallower_than_the_median(
    land: Land, gauges: list[Gauge]
) -> None:
    both = [
        greatest_depth(land, levels([0.5] * 200, q).expand_dims(gauge=["g"]).transpose(), gauges)
        for q in (0.5, 0.95)
    ]
    assert float(both[1].max()) == pytest.approx(2.0, abs=0.01)
    assert bool((both[1] >= both[0]).all())


def test_a_silent_river_is_unknown_land_and_not_dry(land: Land, gauges: list[Gauge]) -> None:
    silent = levels([np.nan] * 7).expand_dims(gauge=["g"]).transpose("time", "gauge")
    assert bool(np.isnan(greatest_depth(land, silent, gauges)).all())
