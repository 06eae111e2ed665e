"""Peaks of paths that can be told by hand, and against paths drawn by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from forecasting.intervals import QUANTILES
from forecasting.products import peaks
from forecasting.types import LevelForecast

Q = np.array(QUANTILES)


def forecast(levels: np.ndarray, last: float, correlation: float | None = None) -> LevelForecast:
    """One gauge, levels (lead, quantile) at leads 1, 2, ... h."""
    hours = np.arange(1, len(levels) + 1)
    data = {
        "level_m": (("gauge", "lead", "quantile"), levels[None]),
        "last_level_m": (("gauge",), np.array([last])),
    }
    if correlation is not None:
        apart = np.abs(np.subtract.outer(hours, hours))
        data["lead_correlation"] = (("lead", "lead_to"), correlation**apart)
    coords = {"gauge": ["g"], "lead": hours * np.timedelta64(3600 * 10**9, "ns"), "quantile": Q}
    return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": "test"}))


def sure(*levels_m: float) -> np.ndarray:
    return np.repeat(np.array(levels_m)[:, None], len(Q), axis=1)


def test_a_sure_forecast_has_a_sure_peak():
    told = peaks(forecast(sure(1.0, 3.0, 2.0), last=0.5))
    assert told["peak_level_m"].values.ravel() == pytest.approx(np.full(7, 3.0))
    assert told["peak_h"].values.ravel().tolist() == [2.0] * 7
    assert told["still_rising"].item() == 0.0


def test_a_falling_river_has_its_peak_behind_it():
    told = peaks(forecast(sure(1.0, 0.9), last=1.2))
    assert told["peak_level_m"].sel(quantile=0.5).item() == pytest.approx(1.2)
    assert told["peak_h"].sel(quantile=0.5).item() == 0.0


def test_a_river_that_rises_to_the_horizon_says_so():
    told = peaks(forecast(sure(1.0, 2.0), last=0.5))
    assert told["still_rising"].item() == 1.0
    assert told["peak_h"].sel(quantile=0.5).item() == 2.0


def test_a_peak_is_higher_than_any_lead_promises():
    # Four leads alike and nearly independent: the median of their maximum is far above theirs;
    # of the 50 % levels of 4 independent leads it is the 0.5 ** (1/4) = 84 % level, + 0.99 sd.
    levels = np.tile(2.0 + 0.5 * norm.ppf(Q), (4, 1))
    told = peaks(forecast(levels, last=0.0, correlation=0.0), members=4096)
    median = told["peak_level_m"].sel(quantile=0.5).item()
    assert median == pytest.approx(2.0 + 0.5 * norm.ppf(0.5**0.25), abs=0.03)


def test_leads_that_go_as_one_have_the_peak_of_the_highest():
    levels = np.array([1.0, 2.0, 1.5])[:, None] + 0.5 * norm.ppf(Q)
    told = peaks(forecast(levels, last=0.0))
    at90 = told["peak_level_m"].sel(quantile=0.9).item()
    assert at90 == pytest.approx(levels[1, QUANTILES.index(0.9)], abs=0.01)


def test_quantiles_of_a_peak_never_cross_and_a_missing_lead_leaves_it_unknown():
    levels = np.array([1.0, 2.0])[:, None] + 0.5 * norm.ppf(Q)
    assert (np.diff(peaks(forecast(levels, 0.0, 0.5))["peak_level_m"].values) >= 0).all()
    levels[1] = np.nan
    told = peaks(forecast(levels, 0.0, 0.5))
    assert told["peak_level_m"].isnull().all()
    assert told["still_rising"].isnull().all()


def test_a_backtest_has_a_peak_per_cycle():
    one = forecast(sure(1.0, 3.0), last=0.5, correlation=0.5)
    times = np.array(["2030-01-01T00", "2030-01-01T01"], dtype="M8[ns]")
    many = xr.concat([one.assign_coords(issued_at=time) for time in times], dim="issued_at")
    told = peaks(LevelForecast(many))
    assert told["peak_level_m"].dims == ("issued_at", "gauge", "quantile")
    assert told["peak_h"].sel(quantile=0.5).values.ravel().tolist() == [2.0, 2.0]
