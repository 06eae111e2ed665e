"""The mixed model names what it used, bounds what it says and reads rain only as it was taught."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from forecasting.gbm import Gbm, first_of_hours
from forecasting.rain import perfect_rain
from forecasting.types import GOOD, Gauge, Observations, RainForecast, aware

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
LOWER = Gauge("lower", "下流", "川", 141.0, 37.0, upstream=("upper",), rain_gauges=("rain",))
UPPER = Gauge("upper", "上流", "川", 141.0, 37.1, rain_gauges=("rain",))
STORM_H, RAIN_FROM = 160, 120
AT = 2 * STORM_H + RAIN_FROM + 4  # in the third storm


def river(storms_mm: list[float]) -> Observations:
    """Give an invented river: each storm rains for 6 h; two reservoirs, 2 h of travel."""
    rain = np.zeros(STORM_H * len(storms_mm))
    for number, depth_mm in enumerate(storms_mm):
        at = number * STORM_H + RAIN_FROM
        rain[at : at + 6] = depth_mm / 6
    upper = lfilter([0.03], [1, -1.5, 0.56], rain)
    lower = 1.5 * np.concatenate([np.zeros(2), upper[:-2]])
    level = np.column_stack([0.5 + lower, 1.0 + upper])
    data = {
        "level_m": (("time", "gauge"), level),
        "rain_mm": (("time", "rain_gauge"), rain[:, None]),
        "level_flag": (("time", "gauge"), np.full(level.shape, GOOD, "int8")),
        "rain_flag": (("time", "rain_gauge"), np.full((len(rain), 1), GOOD, "int8")),
    }
    coords = {"time": START + np.arange(len(rain)) * HOUR, "gauge": ["lower", "upper"]}
    return Observations(xr.Dataset(data, coords={**coords, "rain_gauge": ["rain"]}))


OBSERVED = river([40.0, 70.0, 60.0, 90.0, 50.0, 100.0, 30.0, 80.0])
LEADS = (timedelta(hours=1), timedelta(hours=4))


def new(**changes: object) -> Gbm:
    return Gbm(gauges=(LOWER, UPPER), targets=("lower",), leads=LEADS, seed=3, **changes)


@pytest.fixture(scope="module")
def dry() -> Gbm:
    return new().fit(OBSERVED)


@pytest.fixture(scope="module")
def wet() -> Gbm:
    return new().fit(OBSERVED, perfect_rain(OBSERVED, OBSERVED["time"].values, 4))


def without(**blanked: slice) -> Observations:
    """Give the series with readings of some hours missing: own level, upper level, rain."""
    changed = OBSERVED.copy(deep=True)
    for name, hours in blanked.items():
        column = {"own": ("level_m", 0), "upper": ("level_m", 1), "rain": ("rain_mm", 0)}[name]
        changed[column[0]].values[hours, column[1]] = np.nan
    return Observations(changed)


ISSUED = aware(START + AT * HOUR)
HOURS = slice(AT - 10, AT + 1)


@pytest.mark.parametrize(
    ("missing", "used"),
    [
        ({}, "gbm"),
        ({"rain": HOURS}, "arx"),
        ({"upper": HOURS}, "arx"),
        ({"own": slice(AT - 2, AT + 1)}, "arx, level late"),  # three hours of outage
        ({"rain": HOURS, "upper": HOURS}, "trend"),
        ({"own": slice(AT - 2, AT + 1), "rain": HOURS, "upper": HOURS}, "persistence"),
        ({"own": HOURS}, "none"),
    ],
)
def test_what_is_missing_decides_what_is_used_and_it_is_named(dry, missing, used):
    forecast = dry.predict(without(**missing), issued_at=ISSUED)
    assert forecast["model_used"].item() == used
    assert bool(forecast["level_m"].notnull().all()) == (used != "none")


def test_persistence_is_the_last_level_where_nothing_else_comes_in(dry):
    gone = without(own=slice(AT - 2, AT + 1), rain=HOURS, upper=HOURS)
    forecast = dry.predict(gone, issued_at=ISSUED)
    assert forecast["last_level_m"].item() == OBSERVED["level_m"].values[AT - 3, 0]
    assert forecast["last_level_age_h"].item() == 3.0


def test_a_jump_of_a_gauge_is_bounded_and_counted(dry):
    # A gauge upstream that jumps by 50 m would carry the ridge far beyond twice any rise.
    jumped = OBSERVED.copy(deep=True)
    jumped["level_m"].values[AT, :] += 50.0
    times = START + np.array([AT - 60, AT]) * HOUR
    forecast = dry.predict_many(Observations(jumped), times)
    assert forecast["guarded"].dims == ("issued_at", "gauge", "lead")
    assert forecast["guarded"].values[0].sum() == 0
    assert forecast["guarded"].values[1].sum() > 0


def test_storms_like_those_of_training_are_not_guarded_and_their_bands_hardly_ever(dry):
    guarded = dry.predict_many(OBSERVED, OBSERVED["time"].values)["guarded"].values
    assert (guarded == 2).sum() == 0
    assert (guarded == 1).mean() < 0.005


def triggered() -> Observations:
    """Give the series as the lower gauge would send it: above 0.6 m, else once a day."""
    changed = OBSERVED.copy(deep=True)
    level = changed["level_m"].values[:, 0]
    level[(level < 0.6) & (np.arange(len(level)) % 24 > 0)] = np.nan
    return Observations(changed)


def test_a_gauge_that_reports_once_a_day_in_calm_is_always_forecast_and_calm_stays_calm():
    series = triggered()
    model = new().fit(series)
    calm = 6 * STORM_H + np.arange(20, 100)  # between two storms
    forecast = model.predict_many(series, START + calm * HOUR)
    median = forecast["level_m"].sel(quantile=0.5, gauge="lower").values
    assert np.isfinite(median).all()
    assert np.abs(median - OBSERVED["level_m"].values[calm, :1]).max() < 0.05


def test_the_water_of_a_triggered_gauge_is_seen_to_rise_from_its_first_reports():
    series = triggered()
    model = new().fit(series)
    rising = 5 * STORM_H + RAIN_FROM + 2  # of the largest storm
    assert np.isfinite(series["level_m"].values[rising, 0])
    forecast = model.predict(series, issued_at=aware(START + rising * HOUR))
    ahead = forecast["level_m"].sel(quantile=0.5, lead=np.timedelta64(4, "h")).item()
    assert ahead > series["level_m"].values[rising, 0] + 0.5 * (
        OBSERVED["level_m"].values[rising + 4, 0] - series["level_m"].values[rising, 0]
    )


def test_a_moved_zero_is_no_fall_of_the_water(dry):
    shifted = OBSERVED.copy(deep=True)
    shifted["level_m"].values[2 * STORM_H + 100 :, 0] += 6.0  # before the storm
    plain, moved = (dry.predict(each, issued_at=ISSUED) for each in (OBSERVED, shifted))
    xr.testing.assert_allclose(moved["level_m"], plain["level_m"] + 6.0, atol=0.01)


def rain_of(amounts_mm: list[list[float]]) -> RainForecast:
    """Give one issue's rain forecast, members [hour by hour]."""
    values = np.array(amounts_mm).T[:, None, :]  # (lead, rain_gauge, member)
    coords = {"lead": HOUR.astype("timedelta64[ns]") * np.arange(1, 5), "rain_gauge": ["rain"]}
    return RainForecast(
        xr.DataArray(
            values,
            dims=("lead", "rain_gauge", "member"),
            coords={**coords, "member": np.arange(values.shape[2])},
        )
    )


def median_4h(model: Gbm, rain: RainForecast | None) -> float:
    before = aware(START + (2 * STORM_H + RAIN_FROM - 1) * HOUR)  # no drop has fallen yet
    forecast = model.predict(OBSERVED, issued_at=before, rain_forecast=rain)
    return float(forecast["level_m"].sel(quantile=0.5, lead=np.timedelta64(4, "h")).item())


def test_rain_that_is_forecast_raises_the_level_before_it_falls(wet):
    none, much = rain_of([[0.0] * 4]), rain_of([[15.0] * 4])
    assert median_4h(wet, much) > median_4h(wet, none) + 0.1


def test_the_whole_window_counts_not_only_the_hour_of_the_lead(wet):
    # 4 x 15 mm against the last hour alone: what falls early has had time to arrive.
    assert median_4h(wet, rain_of([[15.0] * 4])) > median_4h(wet, rain_of([[0, 0, 0, 15.0]])) + 0.05


def test_a_model_taught_with_rain_also_forecasts_without_it_as_one_taught_without(dry, wet):
    assert median_4h(wet, None) == pytest.approx(median_4h(dry, None), abs=1e-9)


def test_the_rain_of_one_issue_is_the_same_with_its_issue_time(wet):
    rain = rain_of([[15.0] * 4])
    times = START + np.array([2 * STORM_H + RAIN_FROM - 1]) * HOUR
    many = wet.predict_many(OBSERVED, times, rain_forecast=rain.expand_dims(issued_at=times))
    told = many["level_m"].sel(quantile=0.5, lead=np.timedelta64(4, "h")).item()
    assert told == pytest.approx(median_4h(wet, rain), abs=1e-6)


@pytest.mark.parametrize("missing", [{"own": slice(-3, 0)}, {"rain": slice(-12, 0)}])
def test_with_an_input_out_the_rain_ahead_still_counts(wet, missing):
    # Nothing has fallen; 60 mm within 4 h lift this river by 0.1 m and more.
    end = 2 * STORM_H + RAIN_FROM
    gone = without(**{name: slice(end + hours.start, end) for name, hours in missing.items()})
    medians = []
    for rain in (rain_of([[0.0] * 4]), rain_of([[15.0] * 4])):
        issued = aware(START + (end - 1) * HOUR)
        forecast = wet.predict(gone, issued_at=issued, rain_forecast=rain)
        assert forecast["model_used"].item().startswith("arx")
        medians.append(forecast["level_m"].sel(quantile=0.5, lead=np.timedelta64(4, "h")).item())
    assert medians[1] > medians[0] + 0.1


def test_an_unknown_rain_forecast_is_no_dry_one(wet):
    unknown = rain_of([[np.nan] * 4])
    assert median_4h(wet, unknown) == pytest.approx(median_4h(wet, None), abs=1e-9)


def test_rain_that_ends_early_counts_for_the_leads_it_reaches_and_is_named(wet):
    issued = aware(START + AT * HOUR)
    whole, short = rain_of([[15.0] * 4]), rain_of([[15.0] * 4]).isel(lead=slice(0, 2))
    by = {name: wet.predict(OBSERVED, issued_at=issued, rain_forecast=rain)
          for name, rain in (("whole", whole), ("short", short), ("none", None))}  # fmt: skip
    assert by["short"]["rain_used"].item() == "up to 2 of 4 h"
    assert [by[name]["rain_used"].item() for name in ("whole", "none")] == ["whole", "none"]
    for lead, same in ((1, "whole"), (4, "none")):
        at = {"lead": np.timedelta64(lead, "h")}
        xr.testing.assert_equal(by["short"]["level_m"].sel(at).reset_coords(drop=True),
                                by[same]["level_m"].sel(at).reset_coords(drop=True))  # fmt: skip


def test_a_model_taught_without_rain_refuses_a_rain_forecast(dry):
    with pytest.raises(ValueError, match="fitted with observed rain only"):
        median_4h(dry, rain_of([[0.0] * 4]))


def test_rain_by_another_step_is_refused(wet):
    rain = rain_of([[0.0] * 4])
    by_two_hours = rain.assign_coords(lead=rain["lead"].values * 2)
    with pytest.raises(ValueError, match="steps of 60 min"):
        median_4h(wet, by_two_hours)


def test_a_kept_model_forecasts_the_same_bits(wet):
    again = Gbm.from_state(wet.state())
    rain = perfect_rain(OBSERVED, OBSERVED["time"].values, 4)
    times = OBSERVED["time"].values[300:500]
    xr.testing.assert_identical(
        wet.predict_many(OBSERVED, times, rain_forecast=rain),
        again.predict_many(OBSERVED, times, rain_forecast=rain),
    )


def test_a_long_series_is_learned_from_the_first_row_of_every_hour() -> None:
    times = np.datetime64("2024-01-01T00:50", "ns") + np.timedelta64(10, "m") * np.arange(14)
    known = np.array([0, 1, 2, 8, 9, 13])  # 00:50, 01:00, 01:10, 02:10, 02:20, 03:00
    assert first_of_hours(times, known).tolist() == [0, 1, 8, 13]
