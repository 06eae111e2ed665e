"""A model is trained on the training alone, once per split, and asked at every hour of the test."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr

from forecasting.types import LevelForecast
from forecasting.verification import hindcasts
from forecasting.verification.hindcasts import hindcast, rain_cubes, takes_rain
from forecasting.verification.outages import Outage
from forecasting.verification.splits import Split


class Spy:
    """Forecasts the highest level it was taught; keeps what it was given."""

    model_id = "spy"
    takes_rain = True

    def __init__(self, tiny):
        self.tiny, self.rain = tiny, []

    def fit(self, observations, rain_forecast=None):
        self.highest = float(np.nanmax(observations["level_m"].values))
        self.rain.append(rain_forecast)
        return self

    def predict_many(self, observations, issue_times, *, rain_forecast=None):
        self.rain.append(rain_forecast)
        known = observations.reindex(time=issue_times)["level_m"].values
        level = np.full((len(issue_times), 1, 1, 3), self.highest)
        level[np.isnan(known[:, 0])] = np.nan
        data = {
            "level_m": (("issued_at", "gauge", "lead", "quantile"), level),
            "last_level_m": (("issued_at", "gauge"), known[:, :1]),
        }
        coords = {"issued_at": issue_times, "gauge": ["g"], "quantile": [0.05, 0.5, 0.95],
                  "lead": [self.tiny.step.astype("m8[ns]")]}  # fmt: skip
        return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": "spy"}))


def splits(tiny):
    """Two floods of a series of 0 to 99 m: hours 20 to 22, then 80 to 81."""
    low = Split("low", ((tiny.hour(50), tiny.hour(99)),), ((tiny.hour(20), tiny.hour(22)),))
    high = Split("high", ((tiny.hour(0), tiny.hour(40)),), ((tiny.hour(80), tiny.hour(81)),))
    return [high, low]


def test_each_split_is_forecast_by_a_model_that_has_not_seen_it(tiny):
    series = tiny.observed(np.arange(100.0))
    made = hindcast(lambda: Spy(tiny), series, splits(tiny))
    said = made.forecasts["none"]
    hours = (said["issued_at"].values - tiny.start) / tiny.step
    assert hours.tolist() == [20, 21, 22, 80, 81]  # in order of time
    assert said["level_m"].values[:, 0, 0, 1].tolist() == [99.0] * 3 + [40.0] * 2
    assert (made.model_id, made.rain) == ("spy", "none")


def test_an_outage_is_tried_at_every_third_issue_time_of_the_same_model(tiny):
    series = tiny.observed(np.arange(100.0))
    made = hindcast(lambda: Spy(tiny), series, splits(tiny), gauges=[tiny.gauge], outage_every=3,
                    outages=[Outage("stage", timedelta(hours=2))])  # fmt: skip
    out = made.forecasts["stage_2h"]
    hours = (out["issued_at"].values - tiny.start) / tiny.step
    assert hours.tolist() == [20, 80]
    assert out["level_m"].isnull().all()  # the spy has nothing without the level


def test_a_model_that_was_trained_on_a_split_is_not_trained_again(tiny):
    series = tiny.observed(np.arange(100.0), rain=np.ones(100))
    cubes = rain_cubes(series, 1, ["none", "perfect"], members=1, seed=0)
    made, fitted = [], {}
    for mode in ("perfect", "none"):
        hindcast(lambda: made.append(Spy(tiny)) or made[-1], series, splits(tiny),
                 rain=(mode, cubes[mode]), fitted=fitted)  # fmt: skip
    assert len(made) == 2  # one for each of the two splits
    assert [rain is None for rain in made[0].rain] == [False, False, True]


def test_more_outages_than_one_time_axis_holds_are_tried_in_turn(tiny, monkeypatch):
    # 31 days of past each: some 2,800 on one axis would pass the last time that can be written.
    monkeypatch.setattr(hindcasts, "AT_ONCE", 2)
    series = tiny.observed(np.arange(100.0))
    made = hindcast(lambda: Spy(tiny), series, splits(tiny), gauges=[tiny.gauge],
                    outages=[Outage("rain", timedelta(hours=2))])  # fmt: skip
    out, whole = (made.forecasts[name] for name in ("rain_2h", "none"))
    np.testing.assert_array_equal(out["issued_at"].values, whole["issued_at"].values)
    np.testing.assert_array_equal(out["level_m"].values, whole["level_m"].values)


def test_rain_is_told_only_where_it_may_be_learned_and_at_the_issue_times(tiny):
    series = tiny.observed(np.arange(100.0), rain=np.ones(100))
    cubes = rain_cubes(series, 2, ["none", "perfect"], members=1, seed=0)
    spy = Spy(tiny)
    hindcast(lambda: spy, series, splits(tiny)[:1], rain=("perfect", cubes["perfect"]))
    taught, asked = spy.rain
    assert taught.sizes["issued_at"] == 41  # hours 0 to 40
    assert taught.attrs["mode"] == "perfect"
    assert ((asked["issued_at"].values - tiny.start) / tiny.step).tolist() == [80, 81]
    assert cubes["none"] is None


def test_rain_between_two_training_periods_is_blanked(tiny):
    series = tiny.observed(np.arange(100.0), rain=np.ones(100))
    cube = rain_cubes(series, 1, ["perfect"], members=1, seed=0)["perfect"]
    spy = Spy(tiny)
    both = ((tiny.hour(0), tiny.hour(10)), (tiny.hour(60), tiny.hour(98)))
    split = Split("s", both, ((tiny.hour(30), tiny.hour(31)),))
    hindcast(lambda: spy, series, [split], rain=("perfect", cube))
    taught = spy.rain[0].values[:, 0, 0, 0]
    assert np.isnan(taught[11:60]).all()
    assert (taught[[0, 10, 60, 98]] == 1.0).all()


def test_what_a_model_does_not_say_it_takes_is_not_given():
    assert takes_rain(Spy)
    assert not takes_rain(object)


def test_overlapping_or_empty_tests_are_refused(tiny):
    series = tiny.observed(np.arange(100.0))
    one = splits(tiny)[0]
    with pytest.raises(ValueError, match="must not overlap"):
        hindcast(lambda: Spy(tiny), series, [one, one])
    far = Split("far", one.train, ((tiny.hour(500), tiny.hour(501)),))
    with pytest.raises(ValueError, match="no observation lies in the test"):
        hindcast(lambda: Spy(tiny), series, [far])
    with pytest.raises(ValueError, match=r"among \['none', 'noisy', 'perfect'\], got \['wet'\]"):
        rain_cubes(series, 1, ["wet"], members=1, seed=0)
