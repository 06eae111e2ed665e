"""Adaptive bands: they follow a drift, and never know an outcome before it was observed."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from forecasting.adaptive import LEAST, MOST, adapt
from forecasting.intervals import QUANTILES
from forecasting.types import GOOD, LevelForecast, Observations

Q = np.array(QUANTILES)
HOUR = np.timedelta64(3600 * 10**9, "ns")
START = np.datetime64("2030-01-01T00:00", "ns")
LEAD_H = 3


def river(count: int, *, spread_m: float, seed: int = 1) -> tuple[LevelForecast, Observations]:
    """Levels of spread 1 m around 0, forecast with quantiles of another spread, 3 h ahead."""
    times = START + np.arange(count) * HOUR
    level = np.random.default_rng(seed).normal(size=(count, 1))
    observed = xr.Dataset(
        {
            "level_m": (("time", "gauge"), level),
            "level_flag": (("time", "gauge"), np.full((count, 1), GOOD, "int8")),
        },
        coords={"time": times, "gauge": ["g"]},
    )
    quantiles = np.broadcast_to(spread_m * norm.ppf(Q), (count, 1, 1, len(Q)))
    forecast = xr.Dataset(
        {"level_m": (("issued_at", "gauge", "lead", "quantile"), quantiles)},
        coords={"issued_at": times, "gauge": ["g"], "lead": [LEAD_H * HOUR], "quantile": Q},
    )
    return LevelForecast(forecast), Observations(observed)


def coverage(forecast: LevelForecast, observations: Observations, last: int) -> float:
    levels = forecast["level_m"].values[:-LEAD_H, 0, 0]
    truth = observations["level_m"].values[LEAD_H:, 0]
    low, high = levels[:, QUANTILES.index(0.05)], levels[:, QUANTILES.index(0.95)]
    return float(np.mean(((low <= truth) & (truth <= high))[-last:]))


@pytest.mark.parametrize("spread_m", [0.7, 1.3])
def test_a_band_too_narrow_or_too_wide_comes_to_hold_nine_in_ten(spread_m):
    forecast, observations = river(8000, spread_m=spread_m)
    adapted, _ = adapt(forecast, observations)
    assert abs(coverage(forecast, observations, 5000) - 0.9) > 0.05
    assert coverage(adapted, observations, 5000) == pytest.approx(0.9, abs=0.02)


def test_outcomes_after_the_issue_time_change_nothing():
    forecast, observations = river(400, spread_m=0.5)
    changed = observations.copy(deep=True)
    changed["level_m"].values[201:] = 99.0  # the forecast of hour 200 knows hours up to 200
    one, _ = adapt(forecast, observations)
    other, _ = adapt(forecast, Observations(changed))
    np.testing.assert_array_equal(one["level_m"].values[:201], other["level_m"].values[:201])
    assert (one["level_m"].values[201:] != other["level_m"].values[201:]).any()


def test_the_first_forecasts_are_those_of_the_model_until_an_outcome_is_known():
    forecast, observations = river(50, spread_m=0.5)
    adapted, _ = adapt(forecast, observations)
    kept = adapted["level_m"].values == forecast["level_m"].values
    assert kept[:LEAD_H].all()  # the outcome of hour 0 is observed at hour 3
    assert not kept[LEAD_H:].all(axis=(1, 2, 3)).any()


def test_going_on_from_a_state_is_the_same_as_going_through():
    forecast, observations = river(300, spread_m=0.6)
    whole, _ = adapt(forecast, observations)
    early = Observations(observations.isel(time=slice(0, 150)))
    first, state = adapt(LevelForecast(forecast.isel(issued_at=slice(0, 150))), early)
    rest, _ = adapt(LevelForecast(forecast.isel(issued_at=slice(150, None))), observations, state)
    both = np.concatenate([first["level_m"].values, rest["level_m"].values])
    np.testing.assert_allclose(both, whole["level_m"].values)


def test_a_state_is_not_changed_by_its_use():
    forecast, observations = river(100, spread_m=0.5)
    _, state = adapt(LevelForecast(forecast.isel(issued_at=slice(0, 50))), observations)
    before = state["g", 0].log_factor.copy()
    adapt(LevelForecast(forecast.isel(issued_at=slice(50, None))), observations, state)
    np.testing.assert_array_equal(state["g", 0].log_factor, before)


def test_one_miss_and_one_hit_by_hand():
    # Band 0 +- 1.645 sd, sd 1. Outcome 9 m passes the upper side: + 0.02 x 0.95, the lower one
    # - 0.02 x 0.05; the widths are all the same, so that none is a wide one.
    forecast, observations = river(LEAD_H + 1, spread_m=1.0)
    observations["level_m"].values[LEAD_H] = 9.0
    _, state = adapt(forecast, observations)
    assert state["g", 0].log_factor[0] == pytest.approx([-0.001, 0.019])


def test_missing_outcomes_teach_nothing_and_missing_forecasts_stay_missing():
    forecast, observations = river(60, spread_m=0.5)
    observations["level_m"].values[:] = np.nan
    blank = forecast.assign(level_m=forecast["level_m"].where(forecast["issued_at"] != START))
    adapted, state = adapt(LevelForecast(blank), observations)
    assert adapted["level_m"].isel(issued_at=0).isnull().all()
    np.testing.assert_array_equal(adapted["level_m"].values[1:], forecast["level_m"].values[1:])
    assert (state["g", 0].log_factor == 0).all()


def test_quantiles_never_cross_and_the_median_stays():
    forecast, observations = river(1000, spread_m=0.4)
    levels = adapt(forecast, observations)[0]["level_m"].values
    assert (np.diff(levels, axis=-1) >= 0).all()
    assert (levels[..., QUANTILES.index(0.5)] == 0).all()


def test_factors_stay_within_their_limits_and_wide_bands_are_never_narrowed():
    forecast, observations = river(6000, spread_m=50.0)  # nothing is ever missed
    swing = 1 + np.arange(6000) % 7  # widths that differ
    forecast = forecast.assign(level_m=forecast["level_m"] * xr.DataArray(swing, dims="issued_at"))
    state = adapt(LevelForecast(forecast), observations)[1]["g", 0]
    assert state.log_factor[0] == pytest.approx([LEAST[0]] * 2)
    assert state.log_factor[1].tolist() == [0.0, 0.0]
    missed = adapt(*river(3000, spread_m=0.01))[1]["g", 0]
    assert (missed.log_factor <= MOST).all()


def test_issue_times_out_of_order_and_missing_quantiles_are_refused():
    forecast, observations = river(10, spread_m=1.0)
    with pytest.raises(ValueError, match="must rise"):
        adapt(LevelForecast(forecast.isel(issued_at=[1, 0])), observations)
    with pytest.raises(ValueError, match=r"must hold 0\.05, 0\.5 and 0\.95"):
        adapt(LevelForecast(forecast.sel(quantile=[0.1, 0.5, 0.9])), observations)
