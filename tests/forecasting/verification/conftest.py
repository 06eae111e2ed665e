"""Invented series and forecasts of one gauge, small enough to be checked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from forecasting.types import GOOD, Gauge, LevelForecast, Observations, Thresholds

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
FIRST = datetime(2030, 1, 1, tzinfo=UTC)
Q = (0.05, 0.5, 0.95)


def observed(levels, rain=None, names=("g",)) -> Observations:
    """Levels (time) or (time, gauge), hourly from START."""
    level = np.asarray(levels, dtype=float).reshape(len(levels), -1)
    fallen = np.zeros((len(level), 1)) if rain is None else np.asarray(rain, float)[:, None]
    data = {
        "level_m": (("time", "gauge"), level),
        "level_flag": (("time", "gauge"), np.full(level.shape, GOOD, "int8")),
        "rain_mm": (("time", "rain_gauge"), fallen),
        "rain_flag": (("time", "rain_gauge"), np.full(fallen.shape, GOOD, "int8")),
    }
    coords = {"time": START + np.arange(len(level)) * HOUR, "gauge": list(names)}
    return Observations(xr.Dataset(data, coords={**coords, "rain_gauge": ["r"]}))


def forecast(levels, last=None, *, leads=(1,), first=0, model_id="m") -> LevelForecast:
    """Levels (issued_at, lead, quantile) of gauge g, issued hourly from hour `first`."""
    levels = np.asarray(levels, dtype=float)
    last = np.zeros(len(levels)) if last is None else np.asarray(last, dtype=float)
    data = {
        "level_m": (("issued_at", "gauge", "lead", "quantile"), levels[:, None]),
        "last_level_m": (("issued_at", "gauge"), last[:, None]),
    }
    coords = {
        "issued_at": START + (first + np.arange(len(levels))) * HOUR,
        "gauge": ["g"],
        "lead": (np.array(leads) * HOUR).astype("m8[ns]"),
        "quantile": list(Q),
    }
    return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": model_id}))


def hour(number: float) -> datetime:
    return FIRST + timedelta(hours=number)


@pytest.fixture
def tiny() -> SimpleNamespace:
    gauge = Gauge("g", "堤", "川", 141.0, 37.0, Thresholds(caution=2.0, danger=4.0),
                  rain_gauges=("r",))  # fmt: skip
    return SimpleNamespace(
        observed=observed, forecast=forecast, hour=hour, gauge=gauge, start=START, step=HOUR
    )
