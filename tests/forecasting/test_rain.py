"""Rain cubes: what is read from where, and errors that no other issue time changes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.rain import (
    archived_rain,
    check_rain_forecast,
    noisy_rain,
    perfect_rain,
    ratio_score,
)
from forecasting.types import BAD, GOOD, Observations
from kawamori.datasets import read_dataset

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")


def observed(rain_mm) -> Observations:
    """Rain (time, rain_gauge), hourly from START."""
    rain = np.asarray(rain_mm, dtype=float)
    data = {
        "level_m": (("time", "gauge"), np.ones((len(rain), 1))),
        "level_flag": (("time", "gauge"), np.full((len(rain), 1), GOOD, "int8")),
        "rain_mm": (("time", "rain_gauge"), rain),
        "rain_flag": (("time", "rain_gauge"), np.full(rain.shape, GOOD, "int8")),
    }
    names = [f"r{number}" for number in range(rain.shape[1])]
    coords = {"time": START + np.arange(len(rain)) * HOUR, "gauge": ["g"], "rain_gauge": names}
    return Observations(xr.Dataset(data, coords=coords))


def storms(hours: int = 600) -> Observations:
    """Two gauges, 12 rainy hours in 60, 5 to 30 mm/h."""
    rng = np.random.default_rng(3)
    wet = (np.arange(hours) % 60 < 12)[:, None]
    return observed(np.where(wet, rng.uniform(5, 30, (hours, 2)), 0.0))


def test_perfect_rain_is_what_fell_in_each_later_step():
    series = observed([[0.0], [1.0], [2.0], [3.0]])
    rain = perfect_rain(series, [START, START + 2 * HOUR], 2)
    assert rain.dims == ("issued_at", "lead", "rain_gauge", "member")
    assert rain.values[0, :, 0, 0].tolist() == [1.0, 2.0]  # hours 1 and 2
    assert rain.values[1, 0, 0, 0] == 3.0
    assert np.isnan(rain.values[1, 1, 0, 0])  # hour 4 is not observed
    assert rain.attrs["mode"] == "perfect"
    assert (rain["lead"].values == np.array([1, 2]) * HOUR).all()


def test_bad_rain_is_unknown_not_rain():
    series = observed([[0.0], [999.0], [2.0]])
    series["rain_flag"].values[1] = BAD
    rain = perfect_rain(series, [START], 2).values[0, :, 0, 0]
    assert np.isnan(rain[0])
    assert rain[1] == 2.0


def test_noise_does_not_depend_on_other_issue_times_or_members():
    series = storms()
    times = START + np.arange(50, 80) * HOUR
    many = noisy_rain(series, times, 6, members=3, seed=1)
    one = noisy_rain(series, times[7:8], 6, members=1, seed=1)
    np.testing.assert_array_equal(one.values[0, ..., 0], many.values[7, ..., 0])
    again = noisy_rain(series, times, 6, members=3, seed=1)
    xr.testing.assert_identical(again, many)
    assert not np.array_equal(noisy_rain(series, times, 6, members=3, seed=2).values, many.values)


def test_noise_says_that_it_is_a_stand_in():
    rain = noisy_rain(storms(), [START + 50 * HOUR], 3, members=2, seed=1)
    assert rain.attrs["mode"] == "noisy"
    assert "仮定" in rain.attrs["comment"]
    assert rain.sizes == {"issued_at": 1, "lead": 3, "rain_gauge": 2, "member": 2}


def test_noisy_rain_scores_like_a_real_forecast_and_worse_further_ahead():
    # The Agency's score at 2 to 3 h ahead is 0.48 to 0.53; this rain is no real rain, hence the
    # wider limits. Without noise the score is 1, rain drawn at random would reach about 0.35.
    series = storms(6000)
    times = START + np.arange(40, 5900, 3) * HOUR
    truth = perfect_rain(series, times, 6).values
    rain = noisy_rain(series, times, 6, members=1, seed=4).values
    score = [ratio_score(rain[:, lead], truth[:, lead]) for lead in (0, 2, 5)]
    assert 0.40 <= score[1] <= 0.60
    assert score[0] > score[1] + 0.05 > score[2] + 0.05


def test_errors_of_neighbouring_leads_and_gauges_go_together():
    # It rains 10 mm everywhere always: only the error varies.
    series = observed(np.full((3000, 2), 10.0))
    times = START + np.arange(24, 2900) * HOUR
    log = np.log(np.maximum(noisy_rain(series, times, 6, members=1, seed=5).values[..., 0], 0.1))
    assert np.corrcoef(log[:, 4, 0], log[:, 5, 0])[0, 1] > 0.5  # leads 5 h and 6 h
    assert np.corrcoef(log[:, 5, 0], log[:, 5, 1])[0, 1] > 0.3  # two gauges
    assert log[:, 5].std() > log[:, 0].std()


def test_rain_is_missed_and_false_rain_is_rarer_when_it_is_dry():
    always = observed(np.full((3000, 1), 10.0))
    times = START + np.arange(24, 2900) * HOUR
    missed = (noisy_rain(always, times, 12, members=1, seed=6).values[:, 11] < 0.005).mean()
    assert 0.10 <= missed <= 0.25  # largest chance 0.20, reached to 95 % at 12 h
    never = observed(np.zeros((3000, 1)))
    false = (noisy_rain(never, times, 12, members=1, seed=6).values[:, 11] > 0).mean()
    assert 0.005 <= false <= 0.025  # 0.12 * 0.1 of dry hours


def test_the_newest_archived_forecast_is_read_further_ahead():
    # Issued at 0 h: 1, 2, 3 mm; at 2 h: 7, 8, 9 mm.
    archive = xr.DataArray(
        np.array([[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]])[:, :, None, None],
        dims=("issued_at", "lead", "rain_gauge", "member"),
        coords={"issued_at": START + np.array([0, 2]) * HOUR, "lead": np.arange(1, 4) * HOUR,
                "rain_gauge": ["r0"], "member": [0]},
    )  # fmt: skip
    times = START + np.array([-1, 0, 1, 2]) * HOUR
    rain = archived_rain(check_rain_forecast(archive), times, 3).values[:, :, 0, 0]
    assert np.isnan(rain[0]).all()  # nothing had been issued
    assert rain[1].tolist() == [1.0, 2.0, 3.0]
    assert rain[2][:2].tolist() == [2.0, 3.0]  # one hour old: its leads 2 and 3
    assert np.isnan(rain[2][2])
    assert rain[3].tolist() == [7.0, 8.0, 9.0]


def test_every_fault_of_a_rain_forecast_is_named_at_once():
    good = perfect_rain(storms(), [START + HOUR], 2)
    with pytest.raises(ValueError, match=r"dims must be .* got \('lead', 'rain_gauge'\)"):
        check_rain_forecast(good.isel(issued_at=0, member=0, drop=True))
    wrong = good.assign_coords(lead=[1 * HOUR, 3 * HOUR]) - 99.0
    with pytest.raises(ValueError, match=r"lead must be 1, 2, .*; rain must be >= 0 mm, \d+ val"):
        check_rain_forecast(wrong)


def test_one_issue_has_no_issue_dim():
    one = check_rain_forecast(perfect_rain(storms(), [START + HOUR], 2).isel(issued_at=0))
    assert one.dims == ("lead", "rain_gauge", "member")


def test_times_off_the_grid_and_empty_requests_are_refused():
    series = storms()
    with pytest.raises(ValueError, match=r"on the grid.*00:30"):
        perfect_rain(series, [START + np.timedelta64(30, "m")], 2)
    with pytest.raises(ValueError, match="steps must be >= 1, got 0"):
        perfect_rain(series, [START], 0)
    with pytest.raises(ValueError, match="members must be >= 1, got 0"):
        noisy_rain(series, [START], 2, members=0, seed=1)
    assert perfect_rain(series, [], 2).sizes["issued_at"] == 0


def test_the_ratio_score_by_hand():
    # 30 / 60 = 0.5 and 15 / 30 = 0.5; 5 + 10 is below 20 mm in sum and not counted.
    assert ratio_score(np.array([60.0, 15.0, 5.0]), np.array([30.0, 30.0, 10.0])) == 0.5
    assert np.isnan(ratio_score(np.array([1.0]), np.array([np.nan])))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["kwater-jingwan", "kwater-samrangjin"])
def test_noisy_rain_scores_like_the_agency_on_two_real_basins(real_data, name):
    # The Agency's yearly score 2 to 3 h ahead was 0.48 to 0.53 in 2014 to 2023; years to 2019.
    _, series = read_dataset(name, real_data)
    series = Observations(series.sel(time=slice(None, "2019-12-31")))
    wet = np.flatnonzero(np.nanmax(series["rain_mm"].values, axis=1) > 5)
    near = np.unique(wet[wet > 12][:, None] - np.arange(12))
    times = series["time"].values[near]
    truth = perfect_rain(series, times, 3).values[:, 2]
    rain = noisy_rain(series, times, 3, members=5, seed=1).values[:, 2]
    assert 0.45 <= ratio_score(rain, np.broadcast_to(truth, rain.shape)) <= 0.56
