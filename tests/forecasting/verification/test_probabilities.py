"""Brier score, reliability and value by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.verification.probabilities import probability_scores


def array(values):
    values = np.asarray(values, dtype=float)[:, None, None, None]
    coords = {"issued_at": np.arange(len(values)), "gauge": ["g"], "threshold": ["caution"],
              "lead": [np.timedelta64(1, "h").astype("m8[ns]")]}  # fmt: skip
    return xr.DataArray(values, dims=tuple(coords), coords=coords)


def test_brier_score_and_skill_by_hand():
    # (0.2^2 + 0.4^2) / 2 = 0.1; half the rows happen, so that 0.25 is without skill.
    scores = probability_scores(array([0.8, 0.4]), array([1, 0]))
    assert scores["brier"].values.item() == pytest.approx(0.1)
    assert scores["brier_skill"].values.item() == pytest.approx(1 - 0.1 / 0.25)


def test_reliability_counts_cases_by_probability():
    scores = probability_scores(array([0.1, 0.1, 0.1, 0.1, 0.9]), array([0, 0, 0, 1, 1]))
    low = scores.sel(bin="0.05-0.2").isel(lead=0)
    assert low["cases"].item() == 4
    assert low["forecast_share"].item() == pytest.approx(0.1)
    assert low["observed_share"].item() == 0.25
    assert scores.sel(bin="0.8-0.95")["cases"].values.item() == 1
    assert np.isnan(scores.sel(bin="0.4-0.6")["observed_share"].values.item())


def test_a_sure_forecast_has_all_the_value_and_a_useless_one_none():
    sure = probability_scores(array([1.0, 0.0, 0.0, 0.0]), array([1, 0, 0, 0]))
    np.testing.assert_allclose(sure["value"].values, 1.0)
    useless = probability_scores(array([0.3] * 4), array([1, 0, 0, 0]))
    np.testing.assert_allclose(useless["value"].values, 0.0, atol=1e-9)


def test_without_an_event_there_is_no_value_and_no_skill():
    scores = probability_scores(array([0.1, np.nan]), array([0, 1]))
    assert scores["value"].isnull().all()
    assert scores["brier_skill"].isnull().all()
    assert scores["brier"].values.item() == pytest.approx(0.01)
