"""The recent past as a table: the same features whether rows are times or gauges."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.types import GOOD, Gauge, Observations, check_observations
from forecasting.window import NAMES, Scale, joined, scale_of, window_features, window_of

HOUR = np.timedelta64(1, "h")
UPPER = Gauge("upper", "上流", "川", 141.0, 37.1)
LOWER = Gauge("lower", "下流", "川", 141.0, 37.0, upstream=("upper",))
HOURS = 400


def series(lower: np.ndarray, *, rain_mm: float = 1.0) -> Observations:
    """Give a lower level as told, an upper one that rises 1 m an hour, and steady rain."""
    level = np.column_stack([lower, np.arange(len(lower), dtype=float)])
    rain = np.full((len(lower), 1), rain_mm)
    data = {
        "level_m": (("time", "gauge"), level),
        "level_flag": (("time", "gauge"), np.full(level.shape, GOOD, "int8")),
        "rain_mm": (("time", "rain_gauge"), rain),
        "rain_flag": (("time", "rain_gauge"), np.full(rain.shape, GOOD, "int8")),
    }
    coords = {
        "time": np.datetime64("2030-01-01", "ns") + np.arange(len(lower)) * HOUR,
        "gauge": ["lower", "upper"],
        "rain_gauge": ["r"],
    }
    return check_observations(xr.Dataset(data, coords=coords))


def features(observations: Observations, scale_m: float = 1.0) -> dict[str, np.ndarray]:
    window = window_of(observations, "lower", (LOWER, UPPER))
    rows = np.full(len(window.level_m), 1.0)
    values = window_features(window, Scale(rows * scale_m, rows * 0.5))
    return dict(zip(NAMES, values.T, strict=True))


def test_rises_are_differences_in_units_of_the_scale():
    found = features(series(np.arange(HOURS) * 0.1), scale_m=0.5)
    # 0.1 m an hour: 0.3 m in 3 h = 0.6 scales; upstream 3 m = 6 scales; rain 1 mm an hour.
    assert found["rise_3"][-1] == pytest.approx(0.6, rel=1e-5)
    assert found["bend"][-1] == pytest.approx(0.0, abs=1e-6)
    assert found["upstream_rise_3"][-1] == pytest.approx(6.0)
    assert found["rain_12_mm"][-1] == pytest.approx(12.0)
    # The base is the median of the last 336 h, 167.5 h ago: 16.75 m lower, 33.5 scales.
    assert found["above_base"][-1] == pytest.approx(33.5, rel=1e-5)


def test_what_has_not_been_seen_is_missing():
    found = features(series(np.arange(HOURS) * 0.1))
    assert np.isnan(found["rise_36"][35])
    assert found["rise_36"][36] == pytest.approx(3.6, rel=1e-5)
    assert np.isnan(found["rain_48_mm"][30])  # 31 of 48 h are less than two thirds


def test_a_level_one_hour_old_counts_and_tells_its_age():
    level = np.arange(HOURS) * 0.1
    level[-1] = np.nan
    found = features(series(level))
    assert found["age_h"][-1] == 1.0
    assert np.isnan(found["rise_1"][-1])
    # Two steps back from now, one before the last good level.
    assert found["rise_2"][-1] == pytest.approx(0.1, rel=1e-4)
    level[-2] = np.nan
    assert np.isnan(features(series(level))["age_h"][-1])


def test_a_shifted_gauge_zero_changes_nothing():
    level = np.sin(np.arange(HOURS) / 9)
    plain, shifted = features(series(level)), features(series(level + 50))
    for name in NAMES:
        np.testing.assert_allclose(plain[name], shifted[name], atol=1e-5)


def test_rows_of_many_gauges_give_what_each_gives_alone():
    one = window_of(series(np.sin(np.arange(HOURS) / 9)), "lower", (LOWER, UPPER))
    two = window_of(series(np.cos(np.arange(HOURS) / 5)), "lower", (LOWER, UPPER))
    scale = Scale(np.array([0.3, 0.7]), np.array([0.5, 0.2]))
    last = slice(-1, None)
    both = window_features(joined([one.rows(last), two.rows(last)]), scale)
    for number, window in enumerate((one, two)):
        alone = Scale(scale.scale_m[[number]], scale.flashiness[[number]])
        np.testing.assert_array_equal(both[number], window_features(window.rows(last), alone)[0])


def test_a_scale_is_what_a_gauge_moves_in_six_steps():
    # 0.1 m an hour: every 6-h change is 0.6 m, every 1-h change a sixth of it.
    assert scale_of(np.arange(100) * 0.1) == pytest.approx((0.6, 1 / 6))
    assert scale_of(np.full(100, np.nan)) == (0.01, 0.01)  # never 0: it divides
    assert scale_of(np.array([])) == (0.01, 0.01)
