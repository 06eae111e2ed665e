"""The desk's bands follow earlier ones, by hours that the model has not learned from."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr

from forecasting.models import MODELS
from forecasting.types import aware
from kawamori.city import read_city
from kawamori.followed import FollowedModel


@pytest.fixture
def city(tiny_home):
    return read_city(tiny_home / "cities" / "tiny")


@pytest.fixture
def followed(city, tiny):
    leads = [timedelta(hours=hours) for hours in (1, 2)]
    model = MODELS["linear"](gauges=city.gauges, targets=["g1"], leads=leads)
    training = tiny.tiny_series(60 * 24)
    return FollowedModel.of(model.fit(training), training)


@pytest.fixture
def later(tiny):
    """Give 40 days after the training, with a noise of 10 cm that training did not know."""
    series = tiny.tiny_series(40 * 24)
    series = series.assign_coords(time=series["time"] + np.timedelta64(100, "D"))
    noise = np.random.default_rng(4).normal(0, 0.1, series["level_m"].shape)
    return series.assign(level_m=series["level_m"] + noise)


def test_a_gauge_noisier_than_in_training_gets_wider_bands(followed, later):
    issued_at = aware(later["time"].values[-1])
    plain = followed.model.predict(later, issued_at=issued_at)
    told = followed.predict(later, issued_at=issued_at)
    assert (told["band_factor"].values > 1.2).all()
    half = {"quantile": 0.5}
    xr.testing.assert_allclose(told["level_m"].sel(half), plain["level_m"].sel(half))


def test_the_same_inputs_give_the_same_forecast_again(followed, later):
    issued_at = aware(later["time"].values[-1])
    one, two = (followed.predict(later, issued_at=issued_at) for _ in range(2))
    xr.testing.assert_identical(one, two)


def test_what_comes_later_changes_nothing(followed, later):
    issued_at = aware(later["time"].values[-24])
    changed = later.copy(deep=True)
    changed["level_m"].values[-23:] += 5.0
    xr.testing.assert_identical(
        followed.predict(later, issued_at=issued_at), followed.predict(changed, issued_at=issued_at)
    )


def test_hours_of_the_training_teach_no_factor(followed, tiny):
    training = tiny.tiny_series(60 * 24)
    issued_at = aware(training["time"].values[-1])
    plain = followed.model.predict(training, issued_at=issued_at)
    xr.testing.assert_identical(followed.predict(training, issued_at=issued_at), plain)


def test_forecasts_made_in_one_go_are_those_made_one_by_one(followed, later):
    times = later["time"].values[[-200, -90, -7, -1]]
    many = followed.predict_many(later, times)
    for number, moment in enumerate(times):
        one = followed.predict(later, issued_at=aware(moment))
        together = many.isel(issued_at=number)
        assert together["issued_at"].values == moment
        # Sums over more rows may end in another last bit, no more.
        for name in ("level_m", "band_factor"):
            np.testing.assert_allclose(one[name], together[name], atol=1e-9)


def test_an_issue_time_that_nothing_new_precedes_is_refused_in_one_go(followed, later):
    with pytest.raises(ValueError, match="at least one hour after the first new observation"):
        followed.predict_many(later, later["time"].values[:1])
