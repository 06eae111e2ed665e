"""Adaptive bands: they follow a drift, and never know an outcome before it was observed."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from forecasting.adaptive import LEAST, LEAST_BANDS, MOST, WINDOW_H, adapted, taught_by
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


def factors(forecast: LevelForecast) -> np.ndarray:
    return forecast["band_factor"].values[:, 0, 0]


@pytest.mark.parametrize("spread_m", [0.8, 1.2])
def test_a_band_too_narrow_or_too_wide_comes_to_hold_nine_in_ten(spread_m):
    forecast, observations = river(4000, spread_m=spread_m)
    told = adapted(forecast, forecast, observations)
    assert abs(coverage(forecast, observations, 3500) - 0.9) > 0.04
    assert coverage(told, observations, 3500) == pytest.approx(0.9, abs=0.025)


def test_outcomes_after_the_issue_time_change_nothing():
    forecast, observations = river(400, spread_m=0.5)
    changed = observations.copy(deep=True)
    changed["level_m"].values[201:] = 99.0  # the forecast of hour 200 knows hours up to 200
    one = adapted(forecast, forecast, observations)["level_m"].values
    other = adapted(forecast, forecast, Observations(changed))["level_m"].values
    np.testing.assert_array_equal(one[:201], other[:201])
    assert (one[201:] != other[201:]).any()


def test_the_forecasts_are_those_of_the_model_until_a_day_of_outcomes_is_known():
    forecast, observations = river(60, spread_m=0.5)
    told = factors(adapted(forecast, forecast, observations))
    first = LEAD_H + LEAST_BANDS - 1  # then 24 outcomes have come
    assert (told[:first] == 1).all()
    assert (told[first:] != 1).all()


def test_one_forecast_is_adapted_as_it_is_among_many():
    forecast, observations = river(500, spread_m=0.6)
    many = adapted(forecast, forecast, observations).isel(issued_at=450)
    one = adapted(LevelForecast(forecast.isel(issued_at=450)), forecast, observations)
    xr.testing.assert_identical(one, many)


def test_misses_and_hits_by_hand():
    # 24 outcomes at 9 m, all widths alike, none wide: the upper side goes up by 24 x 0.04 x 0.95,
    # to its limit ln 2; the lower one down by 24 x 0.04 x 0.05.
    forecast, observations = river(LEAD_H + LEAST_BANDS, spread_m=1.0)
    observations["level_m"].values[:] = 9.0
    told = factors(adapted(forecast, forecast, observations))[-1]
    assert told == pytest.approx([np.exp(-0.048), 2.0])


def test_an_outcome_older_than_the_window_is_forgotten():
    forecast, observations = river(WINDOW_H + 100, spread_m=1.0)
    changed = observations.copy(deep=True)
    changed["level_m"].values[: 90 + LEAD_H] = 50.0
    one = factors(adapted(forecast, forecast, observations))[-1]
    assert factors(adapted(forecast, forecast, Observations(changed)))[-1].tolist() == one.tolist()


def test_missing_outcomes_teach_nothing_and_missing_forecasts_stay_missing():
    forecast, observations = river(60, spread_m=0.5)
    observations["level_m"].values[:] = np.nan
    blank = forecast.assign(level_m=forecast["level_m"].where(forecast["issued_at"] != START))
    told = adapted(LevelForecast(blank), LevelForecast(blank), observations)["level_m"].values
    assert np.isnan(told[0]).all()
    np.testing.assert_allclose(told[1:], forecast["level_m"].values[1:])


def test_quantiles_never_cross_and_the_median_stays():
    forecast, observations = river(1000, spread_m=0.4)
    levels = adapted(forecast, forecast, observations)["level_m"].values
    assert (np.diff(levels, axis=-1) >= 0).all()
    assert (levels[..., QUANTILES.index(0.5)] == 0).all()


def test_factors_stay_within_their_limits_and_wide_bands_are_never_narrowed():
    forecast, observations = river(1000, spread_m=50.0)  # nothing is ever missed
    swing = 1 + np.arange(1000) % 7  # widths that differ: 6 and 7 of 7 lie above 80 %
    forecast = forecast.assign(level_m=forecast["level_m"] * xr.DataArray(swing, dims="issued_at"))
    told = factors(adapted(LevelForecast(forecast), LevelForecast(forecast), observations))[600:]
    assert told.min(axis=0) == pytest.approx(np.exp(LEAST[0]))
    assert (told[swing[600:] == 7] == 1.0).all()
    narrow = river(1000, spread_m=0.01)
    assert factors(adapted(narrow[0], narrow[0], narrow[1])).max() == pytest.approx(np.exp(MOST))


def test_a_band_at_the_limits_of_the_river_is_not_widened_beyond_them():
    forecast, observations = river(100, spread_m=0.1)
    bent = xr.zeros_like(forecast["level_m"].isel(quantile=0, drop=True)).astype("int8")
    bent[99] = 1
    told = factors(adapted(forecast.assign(guarded=bent), forecast, observations))
    assert (told[98] > 1.5).all()
    assert (told[99] == 1).all()


def test_a_band_without_width_teaches_and_stays_finite():
    forecast, observations = river(200, spread_m=0.0)
    told = adapted(forecast, forecast, observations)
    assert (told["level_m"].values == 0).all()
    assert np.isfinite(told["band_factor"].values).all()


def test_the_bands_that_teach_lie_whole_hours_back_where_something_was_observed():
    forecast, observations = river(WINDOW_H * 2, spread_m=1.0)
    now = START + 500 * HOUR
    times = taught_by(now, forecast, observations["time"].values)
    assert times[-1] == now - HOUR
    assert len(times) == WINDOW_H + LEAD_H
    assert len(taught_by(START + 5 * HOUR, forecast, observations["time"].values)) == 5


def test_other_leads_and_missing_quantiles_are_refused():
    forecast, observations = river(10, spread_m=1.0)
    other = LevelForecast(forecast.assign_coords(lead=[4 * HOUR]))
    with pytest.raises(ValueError, match="lead of forecast and hindcast must be the same"):
        adapted(forecast, other, observations)
    few = LevelForecast(forecast.sel(quantile=[0.1, 0.5, 0.9]))
    with pytest.raises(ValueError, match=r"must hold 0\.05, 0\.5 and 0\.95"):
        adapted(few, few, observations)
