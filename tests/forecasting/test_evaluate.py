"""Scores by hand, and training that never sees the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from forecasting.evaluate import Fold, backtest, crps, only, scorecard
from forecasting.models import MODELS
from forecasting.types import GOOD, Gauge, LevelForecast, Observations

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
FIRST = datetime(2030, 1, 1, tzinfo=UTC)
GAUGE = Gauge("g", "堤", "川", 141.0, 37.0)
Q = (0.05, 0.5, 0.95)


def observed(levels) -> Observations:
    level = np.asarray(levels, dtype=float)[:, None]
    data = {
        "level_m": (("time", "gauge"), level),
        "rain_mm": (("time", "rain_gauge"), np.zeros_like(level)),
        "level_flag": (("time", "gauge"), np.full(level.shape, GOOD, "int8")),
        "rain_flag": (("time", "rain_gauge"), np.full(level.shape, GOOD, "int8")),
    }
    coords = {"time": START + np.arange(len(level)) * HOUR, "gauge": ["g"], "rain_gauge": ["r"]}
    return Observations(xr.Dataset(data, coords=coords))


def forecast(model_id: str, levels, last) -> LevelForecast:
    """One gauge, one lead of 1 h; levels (issued_at, quantile), issued from START on."""
    levels = np.asarray(levels, dtype=float)
    data = {
        "level_m": (("issued_at", "gauge", "lead", "quantile"), levels[:, None, None]),
        "last_level_m": (("issued_at", "gauge"), np.asarray(last, dtype=float)[:, None]),
    }
    coords = {"issued_at": START + np.arange(len(levels)) * HOUR, "gauge": ["g"]}
    coords |= {"lead": [HOUR.astype("m8[ns]")], "quantile": list(Q)}
    return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": model_id}))


def period(first_h: int, last_h: int) -> tuple[datetime, datetime]:
    return FIRST + timedelta(hours=first_h), FIRST + timedelta(hours=last_h)


def scores(levels, observations, last=(1.0, 1.0)):
    persistence = forecast("persistence", np.repeat(np.array(last)[:, None], 3, axis=1), last)
    table = scorecard([persistence, forecast("m", levels, last)], observations, [GAUGE])
    return table.set_index("model")


def test_errors_skill_and_coverage_by_hand():
    # Observed one hour later 2 and 4; last levels 1 and 1: persistence errs by 1 and 3, MSE 5.
    # The model says 2.5 (1..3) and 3 (2..3.5): errors +0.5 and -1, MSE 0.625.
    table = scores([[1.0, 2.5, 3.0], [2.0, 3.0, 3.5]], observed([0.0, 2.0, 4.0]))
    row = table.loc["m"]
    assert row["n"] == 2
    assert row["rmse_m"] == pytest.approx(np.sqrt(0.625))
    assert row["skill"] == pytest.approx(1 - 0.625 / 5)
    assert row["mae_m"] == pytest.approx(0.75)
    assert row["bias_top100_m"] == pytest.approx(-0.25)
    assert row["coverage90"] == 0.5  # 2 lies in 1..3, 4 not in 2..3.5
    assert row["coverage90_flood"] == 0.0  # the highest hour is the one at 4 m
    assert table.loc["persistence", "skill"] == 0.0


def test_top10_are_the_highest_observed_levels():
    # 20 hours, observed 1..20 one hour later, forecast right except for 1 m on the highest hour.
    levels = np.repeat(np.arange(1.0, 21.0)[:, None], 3, axis=1)
    levels[-1] += 1
    row = scores(levels, observed(np.arange(0.0, 21.0)), last=np.zeros(20)).loc["m"]
    assert row["rmse_top10_m"] == pytest.approx(np.sqrt(1 / 10))
    assert row["rmse_m"] == pytest.approx(np.sqrt(1 / 20))


def test_hours_that_one_model_does_not_know_are_left_out_for_all():
    table = scores([[1.0, 2.5, 3.0], [np.nan] * 3], observed([0.0, 2.0, 4.0]))
    assert table["n"].tolist() == [1, 1]
    assert table.loc["persistence", "rmse_m"] == 1.0


def test_no_known_hour_gives_zero_hours_and_missing_scores():
    table = scores([[np.nan] * 3, [np.nan] * 3], observed([0.0, 2.0, 4.0]))
    assert table["n"].tolist() == [0, 0]
    assert table["skill"].isna().all()


def test_persistence_must_be_in_the_table():
    with pytest.raises(ValueError, match=r"persistence must be among.*got \['m'\]"):
        scorecard([forecast("m", [[1.0, 1.0, 1.0]], [1.0])], observed([0.0, 2.0]), [GAUGE])


def test_crps_of_a_certain_forecast_is_its_error():
    # All quantiles at 1 m, observed 3 m: the score is |3 - 1| = 2 whatever the grid, if the
    # grid mirrors around the median.
    assert crps(np.full((1, 3), 1.0), np.array(Q), np.array([3.0])) == pytest.approx([2.0])


def test_crps_prefers_the_sharper_of_two_right_forecasts():
    wide, sharp = np.array([[0.0, 1.0, 2.0]]), np.array([[0.9, 1.0, 1.1]])
    observed_m = np.array([1.0])
    assert crps(sharp, np.array(Q), observed_m) < crps(wide, np.array(Q), observed_m)


def test_training_that_touches_the_test_is_refused():
    with pytest.raises(ValueError, match="training must not touch the test"):
        Fold((period(0, 10),), period(10, 20))
    with pytest.raises(ValueError, match="must begin before it ends"):
        Fold((period(10, 0),), period(30, 20))


def test_training_periods_are_kept_and_all_else_is_blanked():
    seen = only(observed(np.arange(10.0)), [period(1, 2), period(5, 6)])
    assert seen["level_m"].values[:, 0] == pytest.approx([1, 2, np.nan, np.nan, 5, 6], nan_ok=True)
    assert seen["time"].values[0] == START + HOUR


def test_periods_without_observations_are_an_error():
    with pytest.raises(ValueError, match="no observation lies in the training"):
        only(observed([1.0, 2.0]), [period(50, 60)])
    fold = Fold((period(0, 1),), period(50, 60))
    model = MODELS["persistence"](gauges=[GAUGE], targets=["g"], leads=[timedelta(hours=1)])
    with pytest.raises(ValueError, match="no observation lies in the test"):
        backtest(model, observed([1.0, 2.0]), [fold])
    with pytest.raises(ValueError, match="at least 1 fold"):
        backtest(model, observed([1.0, 2.0]), [])


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_left_out_flood_does_not_reach_the_training(name):
    # Two records that differ only in the left-out hours 400..499: before hour 400 there is
    # nothing to tell them apart, so that forecasts issued at 400 from the same past are the same.
    level = np.random.default_rng(8).normal(size=900).cumsum() * 0.01
    other = level.copy()
    other[401:500] += 5
    model = MODELS[name](gauges=[GAUGE], targets=["g"], leads=[timedelta(hours=2)])
    fold = Fold((period(0, 399), period(500, 899)), period(400, 499))
    first, second = (backtest(model, observed(one), [fold]) for one in (level, other))
    assert first.sizes["issued_at"] == 100
    xr.testing.assert_identical(first.isel(issued_at=0), second.isel(issued_at=0))
    assert not first.isel(issued_at=5).equals(second.isel(issued_at=5))


def test_folds_are_joined_in_order_of_time_and_must_not_overlap():
    observations = observed(np.sin(np.arange(900.0)))
    model = MODELS["persistence"](gauges=[GAUGE], targets=["g"], leads=[timedelta(hours=1)])
    late = Fold((period(0, 499),), period(700, 709))
    early = Fold((period(0, 299),), period(500, 509))
    joined = backtest(model, observations, [late, early])
    assert joined.sizes["issued_at"] == 20
    assert (np.diff(joined["issued_at"].values) > np.timedelta64(0)).all()
    assert joined.attrs["model_id"] == "persistence"
    with pytest.raises(ValueError, match="must not overlap"):
        backtest(model, observations, [late, late])
