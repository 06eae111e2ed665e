"""One model for all gauges: each in its own units, and those without history served too."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr

from forecasting.global_model import NO_HISTORY, GlobalGbm
from forecasting.types import GOOD, Gauge, Observations, aware, check_observations
from forecasting.window import joined, window_of

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
GAUGES = tuple(Gauge(name, name, "川", 141.0, 37.0, rain_gauges=("r",)) for name in "abc")
LEADS = (timedelta(hours=1), timedelta(hours=3))
STORM_H, STORMS = 150, 16


def rivers(*, seed: int = 3) -> Observations:
    """Give three gauges under one rain: b moves twice as much as a, c as a, on other zeros."""
    rng = np.random.default_rng(seed)
    hours = STORM_H * STORMS
    rain = np.where(np.arange(hours) % STORM_H < 6, rng.uniform(2, 12, hours), 0.0)
    level = np.zeros(hours)
    for hour in range(2, hours):
        level[hour] = 0.93 * level[hour - 1] + 0.03 * rain[hour - 2]
    noise = rng.normal(0, 0.001, hours)
    levels = np.column_stack([level + noise, 10 + 2 * (level + noise), 50 + level + noise])
    data = {
        "level_m": (("time", "gauge"), levels),
        "level_flag": (("time", "gauge"), np.full(levels.shape, GOOD, "int8")),
        "rain_mm": (("time", "rain_gauge"), rain[:, None]),
        "rain_flag": (("time", "rain_gauge"), np.full((hours, 1), GOOD, "int8")),
    }
    coords = {"time": START + np.arange(hours) * HOUR, "gauge": list("abc"), "rain_gauge": ["r"]}
    return check_observations(xr.Dataset(data, coords=coords))


OBSERVED = rivers()
FLOOD = aware(START + (STORM_H * 10 + 5) * HOUR)
RISING = aware(START + (STORM_H * 10 + 2) * HOUR)  # the third hour of rain


def new(**changes) -> GlobalGbm:
    return GlobalGbm(**{"gauges": GAUGES, "targets": tuple("abc"), "leads": LEADS, **changes})


@pytest.fixture(scope="module")
def fitted() -> GlobalGbm:
    silent = OBSERVED.copy(deep=True)
    silent["level_m"].values[:, 2] = np.nan  # c has no history
    return new().fit(Observations(silent))


def test_a_gauge_that_moves_twice_as_much_is_forecast_twice_the_rise(fitted):
    forecast = fitted.predict(OBSERVED, issued_at=FLOOD)
    rise = forecast["level_m"].sel(quantile=0.5) - forecast["last_level_m"]
    assert (rise.sel(gauge="a") > 0.02).all()
    # Not exactly: the size of a gauge is itself a feature of the trees.
    np.testing.assert_allclose(rise.sel(gauge="b"), 2 * rise.sel(gauge="a"), rtol=0.2)


def test_a_gauge_without_history_is_served_and_says_so(fitted):
    forecast = fitted.predict(OBSERVED, issued_at=RISING)
    assert forecast["model_used"].values.tolist() == ["global", "global", NO_HISTORY]
    rise = forecast["level_m"].sel(quantile=0.5) - forecast["last_level_m"]
    # c moves as a does, but its scale is assumed to lie between a's and b's, 1.5 times a's: what
    # the same rain brings is 1.5 times as much, what its own rises tell less so.
    ratio = (rise.sel(gauge="c") / rise.sel(gauge="a")).values
    assert ((ratio > 0.5) & (ratio < 2.0)).all()


def test_all_gauges_at_once_are_the_same_as_one_by_one(fitted):
    row = int((np.datetime64(FLOOD.replace(tzinfo=None), "ns") - START) / HOUR)
    windows = [window_of(OBSERVED, name, GAUGES).rows(slice(row, row + 1)) for name in "abc"]
    levels = fitted.levels(joined(windows), fitted.numbers("abc"))
    forecast = fitted.predict(OBSERVED, issued_at=FLOOD)
    np.testing.assert_allclose(levels, forecast["level_m"].values, atol=1e-9)


def test_many_rows_are_forecast_in_parts_of_which_none_is_lost(fitted, monkeypatch):
    window = window_of(OBSERVED, "a", GAUGES).rows(slice(100, 130))
    numbers = np.repeat(fitted.numbers("a"), 30)
    whole = fitted.levels(window, numbers)
    monkeypatch.setattr("forecasting.global_model.AT_ONCE", 7)  # 30 = 4 * 7 + 2
    np.testing.assert_allclose(fitted.levels(window, numbers), whole, atol=1e-9)


def test_no_row_gives_no_forecast(fitted):
    window = window_of(OBSERVED, "a", GAUGES).rows(slice(0, 0))
    assert fitted.levels(window, fitted.numbers("")).shape == (0, 2, 9)


def test_side_by_side_training_is_the_same():
    forecasts = [
        new(targets=("a", "b"), jobs=jobs).fit(OBSERVED).predict(OBSERVED, issued_at=FLOOD)
        for jobs in (1, 2)
    ]
    xr.testing.assert_identical(*forecasts)
