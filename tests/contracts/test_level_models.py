"""What every level model must do, whatever it is made of; runs on all of `MODELS`."""

from __future__ import annotations

import warnings
from datetime import timedelta, timezone

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from forecasting.models import MODELS
from forecasting.types import GOOD, MISSING, Gauge, Observations, aware, check_observations

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
LOWER = Gauge("lower", "下流", "川", 141.0, 37.0, upstream=("upper",), rain_gauges=("rain",))
UPPER = Gauge("upper", "上流", "川", 141.0, 37.1, rain_gauges=("rain",))
LEADS = (timedelta(hours=1), timedelta(hours=3))
STORM_H = 200  # one storm in so many hours


def river(storms_mm: list[float], *, seed: int = 5) -> Observations:
    """Give an invented river: rain of each storm in 6 hours, two reservoirs, 2 h travel time."""
    rng = np.random.default_rng(seed)
    rain = np.zeros(STORM_H * len(storms_mm))
    for number, depth_mm in enumerate(storms_mm):
        at = number * STORM_H + 150
        rain[at : at + 6] = depth_mm / 6 * rng.uniform(0.6, 1.4, 6)
    upper = lfilter([0.03], [1, -1.5, 0.56], rain)  # decays 0.7 and 0.8 per hour
    lower = np.concatenate([np.zeros(2), upper[:-2]]) * 1.5
    level = np.column_stack([0.5 + lower, 1.0 + upper]) + rng.normal(0, 0.002, (len(rain), 2))
    data = {
        "level_m": (("time", "gauge"), level),
        "rain_mm": (("time", "rain_gauge"), rain[:, None]),
        "level_flag": (("time", "gauge"), np.full(level.shape, GOOD, "int8")),
        "rain_flag": (("time", "rain_gauge"), np.full((len(rain), 1), GOOD, "int8")),
    }
    coords = {"time": START + np.arange(len(rain)) * HOUR, "gauge": ["lower", "upper"]}
    return check_observations(xr.Dataset(data, coords={**coords, "rain_gauge": ["rain"]}))


STORMS = [40.0, 70.0, 20.0, 90.0, 55.0, 100.0, 30.0, 80.0, 60.0, 100.0]
OBSERVED = river(STORMS)
FLOOD = aware(START + (150 + 4) * HOUR)  # in the first storm


def new(name: str, **changes: object):
    options = {"gauges": (LOWER, UPPER), "targets": ("lower",), "leads": LEADS, "seed": 7}
    return MODELS[name](**{**options, **changes})


@pytest.fixture(scope="module", params=sorted(MODELS))
def fitted(request):
    return new(request.param).fit(OBSERVED)


def test_a_forecast_has_one_level_per_gauge_lead_and_quantile(fitted):
    forecast = fitted.predict(OBSERVED, issued_at=FLOOD)
    assert forecast["level_m"].dims == ("gauge", "lead", "quantile")
    assert forecast["lead"].values.tolist() == [3_600 * 10**9, 10_800 * 10**9]
    assert {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95} <= set(forecast["quantile"].values)
    assert aware(forecast["issued_at"].values) == FLOOD
    assert forecast.attrs["model_id"] == fitted.model_id
    assert forecast["model_used"].item() == fitted.model_id
    assert forecast["last_level_m"].item() == OBSERVED["level_m"].values[154, 0]


def test_changing_everything_after_the_issue_time_changes_no_forecast(fitted):
    changed = OBSERVED.copy(deep=True)
    later = changed["time"].values > np.datetime64(FLOOD.replace(tzinfo=None), "ns")
    for name in ("level_m", "rain_mm"):
        changed[name].values[later] = 99.0
    changed["level_flag"].values[later] = MISSING
    xr.testing.assert_identical(
        fitted.predict(OBSERVED, issued_at=FLOOD),
        fitted.predict(Observations(changed), issued_at=FLOOD),
    )


def test_cutting_the_future_off_changes_no_forecast(fitted):
    known = OBSERVED.sel(time=slice(None, np.datetime64(FLOOD.replace(tzinfo=None), "ns")))
    xr.testing.assert_identical(
        fitted.predict(OBSERVED, issued_at=FLOOD), fitted.predict(known, issued_at=FLOOD)
    )


def test_many_at_once_are_the_same_as_one_by_one(fitted):
    times = START + np.array([0, 100, 153, 154, 155, 700, 1999]) * HOUR
    many = fitted.predict_many(OBSERVED, times)
    assert many["level_m"].dims == ("issued_at", "gauge", "lead", "quantile")
    for number, time in enumerate(times):
        one = fitted.predict(OBSERVED, issued_at=aware(time))
        xr.testing.assert_allclose(many.isel(issued_at=number), one, atol=1e-6)


def test_quantiles_never_cross(fitted):
    levels = fitted.predict_many(OBSERVED, OBSERVED["time"].values)["level_m"].values
    steps = np.diff(levels, axis=-1)
    assert np.isfinite(levels).mean() > 0.99
    assert (steps[np.isfinite(steps)] >= 0).all()


def test_a_silent_gauge_gets_no_forecast_and_says_so(fitted):
    silent = OBSERVED.copy(deep=True)
    silent["level_m"].values[150:155, 0] = np.nan
    forecast = fitted.predict(Observations(silent), issued_at=FLOOD)
    assert forecast["level_m"].isnull().all()
    assert forecast["model_used"].item() == "none"


def test_a_level_one_hour_old_is_enough(fitted):
    late = OBSERVED.copy(deep=True)
    late["level_m"].values[154, 0] = np.nan
    forecast = fitted.predict(Observations(late), issued_at=FLOOD)
    assert forecast["level_m"].notnull().all()
    assert forecast["last_level_age_h"].item() == 1.0


def test_without_upstream_and_rain_there_is_still_a_forecast(fitted):
    alone = OBSERVED.copy(deep=True)
    alone["level_m"].values[100:, 1] = np.nan
    alone["rain_mm"].values[100:] = np.nan
    assert fitted.predict(Observations(alone), issued_at=FLOOD)["level_m"].notnull().all()


def test_a_feed_that_ended_hours_ago_gives_no_forecast(fitted):
    ended = Observations(OBSERVED.isel(time=slice(0, 100)))
    forecast = fitted.predict(ended, issued_at=FLOOD)
    assert forecast["model_used"].item() == "none"


def test_the_same_seed_gives_the_same_forecast(fitted):
    again = new(fitted.model_id).fit(OBSERVED)
    xr.testing.assert_identical(
        again.predict(OBSERVED, issued_at=FLOOD), fitted.predict(OBSERVED, issued_at=FLOOD)
    )


def test_a_forecast_is_written_to_and_read_from_netcdf(fitted, tmp_path):
    forecast = fitted.predict(OBSERVED, issued_at=FLOOD)
    forecast.to_netcdf(tmp_path / "forecast.nc")
    with warnings.catch_warnings():  # xarray announces a change of how leads are decoded
        warnings.simplefilter("ignore", FutureWarning)
        back = xr.load_dataset(tmp_path / "forecast.nc")
    np.testing.assert_array_equal(back["level_m"].values, forecast["level_m"].values)


def test_a_second_fit_forgets_the_first(fitted):
    model = new(fitted.model_id).fit(river([10.0] * 8, seed=1)).fit(OBSERVED)
    xr.testing.assert_identical(
        model.predict(OBSERVED, issued_at=FLOOD), fitted.predict(OBSERVED, issued_at=FLOOD)
    )


@pytest.mark.parametrize("name", sorted(MODELS))
def test_several_targets_have_their_own_forecasts(name):
    model = new(name, targets=("lower", "upper")).fit(OBSERVED)
    forecast = model.predict(OBSERVED, issued_at=FLOOD)
    assert forecast["gauge"].values.tolist() == ["lower", "upper"]
    assert forecast["last_level_m"].values.tolist() == OBSERVED["level_m"].values[154].tolist()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_that_has_not_learned_says_so(name):
    with pytest.raises(ValueError, match=r"must be fitted before it predicts"):
        new(name).predict(OBSERVED, issued_at=FLOOD)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_too_little_to_learn_from_is_an_error_that_names_the_gauge(name):
    short = Observations(OBSERVED.isel(time=slice(0, 100)))
    with pytest.raises(ValueError, match=r"at least 200 known rises.*got 99 \(gauge lower\)"):
        new(name).fit(short)  # 100 hours have 99 rises over one hour


def test_rain_forecasts_are_refused_not_ignored(fitted):
    rain = xr.DataArray(np.zeros((1, 1, 1)), dims=("lead", "rain_gauge", "member"))
    with pytest.raises(ValueError, match=r"observed rain only"):
        fitted.predict(OBSERVED, issued_at=FLOOD, rain_forecast=rain)


def test_a_naive_issue_time_is_refused(fitted):
    with pytest.raises(ValueError, match="aware"):
        fitted.predict(OBSERVED, issued_at=FLOOD.replace(tzinfo=None))


def test_the_issue_time_may_be_given_in_any_zone(fitted):
    elsewhere = FLOOD.astimezone(timezone(timedelta(hours=9)))
    xr.testing.assert_identical(
        fitted.predict(OBSERVED, issued_at=elsewhere), fitted.predict(OBSERVED, issued_at=FLOOD)
    )


def test_a_series_of_another_step_is_refused(fitted):
    # 10-min rain read as hourly rain would be six times too little.
    times = START + np.arange(OBSERVED.sizes["time"]) * np.timedelta64(10, "m")
    faster = OBSERVED.assign_coords(time=times)
    with pytest.raises(ValueError, match=r"60 min, got 10 min"):
        fitted.predict(Observations(faster), issued_at=aware(START + HOUR))


def test_training_side_by_side_gives_the_same_forecast(fitted):
    again = new(fitted.model_id, jobs=2).fit(OBSERVED)
    xr.testing.assert_identical(
        again.predict(OBSERVED, issued_at=FLOOD), fitted.predict(OBSERVED, issued_at=FLOOD)
    )


def test_leads_off_the_grid_and_unknown_targets_are_refused():
    with pytest.raises(ValueError, match=r"whole time steps of 60 min, got 0:30:00"):
        new("persistence", leads=(timedelta(minutes=30),)).fit(OBSERVED)
    with pytest.raises(ValueError, match=r"longer than 0"):
        new("persistence", leads=(timedelta(0),))
    with pytest.raises(ValueError, match=r"among the gauges, got \['nowhere'\]"):
        new("persistence", targets=("nowhere",))
