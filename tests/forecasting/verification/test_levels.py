"""Scores of levels by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.evaluate import crps as row_crps
from forecasting.verification.events import Flood
from forecasting.verification.levels import crps, flip_flops, level_scores, peak_scores
from forecasting.verification.pairs import RISE_CLASSES, known_rows, truth_of


def scored(tiny, levels, series, last):
    said = tiny.forecast(np.asarray(levels)[:, None], last)
    truth = truth_of(said, tiny.observed(series))
    return level_scores(said, truth, known_rows([said], truth), said["last_level_m"])


def test_errors_skill_and_coverage_by_hand(tiny):
    # Observed one hour later 2 and 4, last levels 1 and 1: persistence errs by 1 and 3, MSE 5.
    # Said 2.5 (1..3) and 3 (2..3.5): errors +0.5 and -1, MSE 0.625.
    scores = scored(tiny, [[1.0, 2.5, 3.0], [2.0, 3.0, 3.5]], [0.0, 2.0, 4.0], [1.0, 1.0])
    one = {name: scores[name].values.item() for name in scores if scores[name].size == 1}
    assert one["n"] == 2
    assert one["rmse_m"] == pytest.approx(np.sqrt(0.625))
    assert one["mae_m"] == pytest.approx(0.75)
    assert one["bias_m"] == pytest.approx(-0.25)
    assert one["skill"] == pytest.approx(1 - 0.625 / 5)
    assert one["coverage90"] == 0.5
    assert (one["below90"], one["above90"]) == (0.0, 0.5)
    assert one["quantile_crossings"] == 0.0
    assert one["n_flood"] == 1  # the highest 1 % of 3 levels is the level 4
    assert one["coverage90_flood"] == 0.0


def test_crps_is_that_of_the_scorecard(tiny):
    levels = np.array([[1.0, 2.5, 3.0], [2.0, 3.0, 3.5]])
    said = tiny.forecast(levels[:, None])
    truth = truth_of(said, tiny.observed([0.0, 2.0, 4.0]))
    by_hand = row_crps(levels, np.array([0.05, 0.5, 0.95]), np.array([2.0, 4.0])).mean()
    assert crps(said, truth["observed_m"]).values.item() == pytest.approx(by_hand)


def test_a_persistence_without_error_has_no_skill_to_beat(tiny):
    scores = scored(tiny, [[0.0, 1.0, 2.0]] * 2, [1.0, 1.0, 1.0], [1.0, 1.0])
    assert np.isnan(scores["skill"].values).all()


def test_falling_quantiles_are_counted(tiny):
    scores = scored(tiny, [[2.0, 1.0, 3.0], [1.0, 2.0, 3.0]], [0.0, 2.0, 2.0], [0.0, 0.0])
    assert scores["quantile_crossings"].values.item() == 0.5


def test_coverage_is_told_by_class_of_the_observed_rise(tiny):
    # 100 still hours, then 3 m in one hour: that hour alone is steep. Its forecast misses.
    series = np.concatenate([np.zeros(100), [3.0]])
    levels = np.tile([-0.1, 0.0, 0.1], (100, 1))
    scores = scored(tiny, levels, series, np.zeros(100))
    by_class = scores["coverage90_class"].sel(gauge="g").isel(lead=0)
    assert by_class.sel(rise_class="steep").item() == 0.0
    assert by_class.sel(rise_class="steady").item() == 1.0
    assert np.isnan(by_class.sel(rise_class="falling").item())
    assert list(by_class["rise_class"].values) == list(RISE_CLASSES)


def test_the_flip_flop_index_by_hand(tiny):
    # For the hour at 9 m (the only flood hour) the forecasts issued 3, 2, 1 h before said
    # 5, 8, 6: |3| + |2| - (8 - 5) = 2, over N - 2 = 1.
    series = [0.0, 0.0, 0.0, 9.0]
    level = np.zeros((3, 3, 3))  # issued at 0, 1, 2 h; leads 1, 2, 3 h
    level[0, 2], level[1, 1], level[2, 0] = 5.0, 8.0, 6.0
    said = tiny.forecast(level, leads=(1, 2, 3))
    truth = truth_of(said, tiny.observed(series))
    assert flip_flops(said, truth, known_rows([said], truth)).values.tolist() == [2.0]


def test_peak_error_and_delay_by_hand(tiny):
    # Peak 5 m at hour 3 over a base of 1 m; said at most 4 m, for hour 4: -1 / (5 - 1), +1 h.
    series = [1.0, 1.0, 1.0, 5.0, 2.0, 1.0]
    median = np.array([1.0, 1.0, 3.0, 4.0, 1.0])
    said = tiny.forecast(np.stack([median - 1, median, median + 1], axis=1)[:, None])
    truth = truth_of(said, tiny.observed(series))
    flood = Flood("g", tiny.hour(3), 5.0, tiny.hour(1), tiny.hour(5))
    peaks = peak_scores(said, truth, [flood], {"g": 1.0})
    assert peaks["peak_error"].values.item() == pytest.approx(-0.25)
    assert peaks["peak_delay_h"].values.item() == 1.0


def test_a_flood_that_is_not_forecast_has_no_peak_error(tiny):
    said = tiny.forecast(np.ones((2, 1, 3)))
    truth = truth_of(said, tiny.observed(np.ones(50)))
    flood = Flood("g", tiny.hour(40), 5.0, tiny.hour(38), tiny.hour(42))
    assert peak_scores(said, truth, [flood], {"g": 0.0})["peak_error"].isnull().all()


def test_rows_that_are_not_observed_are_not_scored(tiny):
    scores = scored(tiny, [[1.0, 2.0, 3.0]] * 2, [0.0, np.nan, 2.0], [0.0, 0.0])
    assert scores["n"].values.item() == 1
    assert scores["rmse_m"].values.item() == 0.0


def test_a_missing_quantile_is_named(tiny):
    said = tiny.forecast(np.ones((2, 1, 3))).isel(quantile=[0, 2])
    truth = truth_of(said, tiny.observed(np.ones(3)))
    with pytest.raises(ValueError, match=r"quantiles must hold 0.5, got \[0.05, 0.95\]"):
        level_scores(said, truth, known_rows([said], truth), xr.zeros_like(said["last_level_m"]))
