"""What each model is for: staying put, extrapolating, and seeing a flood nobody has seen."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from forecasting.models import MODELS
from forecasting.rise import held_out_blocks, stride
from forecasting.types import GOOD, Gauge, Observations

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
GAUGE = Gauge("g", "堤", "川", 141.0, 37.0, rain_gauges=("rain",))


def observed(rain: np.ndarray) -> Observations:
    """Give an invented river, one reservoir behind another: level = its water + 0.5 m."""
    level = 0.5 + lfilter([0.01], [1, -1.75, 0.765], rain)  # decays 0.85 and 0.9 per hour
    data = {
        "level_m": (("time", "gauge"), level[:, None]),
        "rain_mm": (("time", "rain_gauge"), rain[:, None]),
        "level_flag": (("time", "gauge"), np.full((len(rain), 1), GOOD, "int8")),
        "rain_flag": (("time", "rain_gauge"), np.full((len(rain), 1), GOOD, "int8")),
    }
    coords = {"time": START + np.arange(len(rain)) * HOUR, "gauge": ["g"], "rain_gauge": ["rain"]}
    return Observations(xr.Dataset(data, coords=coords))


def storms(count: int, largest_mm: float, *, seed: int) -> np.ndarray:
    """Give hourly rain: one storm of 8 h in 150 h, the deepest exactly `largest_mm`."""
    rng = np.random.default_rng(seed)
    depths = rng.uniform(0.2, 0.95, count) * largest_mm
    depths[count // 2] = largest_mm
    rain = np.zeros(150 * count)
    for number, depth_mm in enumerate(depths):
        rain[150 * number + 100 : 150 * number + 108] = depth_mm / 8
    return rain


@pytest.mark.parametrize("name", ["linear", "gbm"])
def test_a_flood_above_the_record_is_forecast_above_the_record(name):
    # The level is linear in the rain: 30 % more rain than the deepest storm of training is a rise
    # 30 % above anything in training. Trees on the level itself would stop at the old record.
    train = observed(storms(40, 100.0, seed=1))
    flood = observed(storms(3, 130.0, seed=2))
    old_record_m = train["level_m"].values.max()
    truth_m = flood["level_m"].values[:, 0]
    assert truth_m.max() - 0.5 == pytest.approx(1.3 * (old_record_m - 0.5), rel=0.01)
    model = MODELS[name](gauges=[GAUGE], targets=["g"], leads=[timedelta(hours=3)]).fit(train)
    forecast = model.predict_many(flood, flood["time"].values)["level_m"].sel(quantile=0.5)
    assert forecast.max().item() > old_record_m
    assert forecast.max().item() == pytest.approx(truth_m.max(), rel=0.12)


def test_persistence_says_that_the_level_stays():
    train = observed(storms(10, 60.0, seed=3))
    model = MODELS["persistence"](gauges=[GAUGE], targets=["g"], leads=[timedelta(hours=1)])
    forecast = model.fit(train).predict_many(train, train["time"].values)
    band = forecast["level_m"] - forecast["last_level_m"]
    # Its band is the same in calm and flood, and its middle the usual change: none.
    assert float(band.std("issued_at").max()) < 1e-9
    assert abs(float(band.sel(quantile=0.5).mean())) < 0.005


def test_trained_models_beat_persistence_on_storms_they_have_not_seen():
    train, test = observed(storms(30, 100.0, seed=4)), observed(storms(8, 90.0, seed=5))
    error = {}
    for name, kind in MODELS.items():
        model = kind(gauges=[GAUGE], targets=["g"], leads=[timedelta(hours=2)]).fit(train)
        median = model.predict_many(test, test["time"].values)["level_m"].sel(quantile=0.5)
        ahead = test["level_m"].values[2:, 0]
        error[name] = float(np.nanmean((median.values[:-2, 0, 0] - ahead) ** 2))
    assert error["linear"] < 0.2 * error["persistence"]
    assert error["gbm"] < 0.2 * error["persistence"]


def test_every_row_is_held_out_once_and_its_neighbours_are_not_learned_from():
    times = START + np.arange(1000) * HOUR
    blocks = list(held_out_blocks(times, np.arange(1000)))
    # Four blocks of 250 rows; 48 h on each side are left out of training.
    assert [len(held_out) for _, held_out in blocks] == [250, 250, 250, 250]
    seen, held_out = blocks[1]
    assert (held_out[0], held_out[-1]) == (250, 499)
    assert set(seen) == set(range(202)) | set(range(548, 1000))


def test_long_ten_minute_series_are_thinned_to_no_less_than_hours():
    ten_min = np.timedelta64(10, "m")
    assert stride(9_000, ten_min) == 1  # few rows: all
    assert stride(100_000, ten_min) == 3  # 100,000 / 40,000, rounded up
    assert stride(10**6, ten_min) == 6  # one an hour, never fewer
    assert stride(10**6, HOUR) == 1  # hours are never thinned
