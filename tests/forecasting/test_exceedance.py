"""Probabilities of official levels by hand: inside, beyond the quantiles, and missing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.exceedance import exceedance, first_passage_h, probability_below
from forecasting.types import Gauge, LevelForecast, Thresholds

Q = (0.1, 0.5, 0.9)


def gauge(**thresholds: float) -> Gauge:
    return Gauge("g", "堤", "川", 141.0, 37.0, Thresholds(**thresholds))


def forecast(levels: list[list[float]], last: float | None = None) -> LevelForecast:
    """One gauge, leads 1, 2, ... h, quantiles 10, 50, 90 %."""
    data = {"level_m": (("gauge", "lead", "quantile"), np.array([levels], dtype=float))}
    if last is not None:
        data["last_level_m"] = (("gauge",), np.array([last]))
    leads = [np.timedelta64(hour + 1, "h").astype("m8[ns]") for hour in range(len(levels))]
    coords = {"gauge": ["g"], "lead": leads, "quantile": list(Q)}
    coords["issued_at"] = np.datetime64("2030-01-01T00:00", "ns")
    return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": "test"}))


def test_between_quantiles_the_probability_is_linear():
    # 2.5 m is halfway from the 50 % (2 m) to the 90 % level (3 m): 70 % below, 30 % at or above.
    given = exceedance(forecast([[1.0, 2.0, 3.0]]), [gauge(caution=2.5)])
    assert given["probability"].sel(threshold="caution").item() == pytest.approx(0.3)


def test_a_level_above_all_quantiles_keeps_an_exponential_tail():
    # Tail mass 0.1 at 3 m and 0.5 at 2 m: length 1 / ln 5; one metre on it falls to 0.1 / 5.
    given = exceedance(forecast([[1.0, 2.0, 3.0]]), [gauge(danger=4.0)])
    assert given["probability"].sel(threshold="danger").item() == pytest.approx(0.02)


def test_a_level_below_all_quantiles_is_nearly_but_not_quite_certain():
    # The mirror: 0.1 / 5 stays below 0 m.
    given = exceedance(forecast([[1.0, 2.0, 3.0]]), [gauge(standby=0.0)])
    assert given["probability"].sel(threshold="standby").item() == pytest.approx(0.98)


def test_at_a_quantile_the_probability_is_that_quantile():
    levels = np.array([1.0, 2.0, 3.0])
    below = [probability_below(levels, np.array(Q), np.array(x)).item() for x in (1.0, 2.0, 3.0)]
    assert below == pytest.approx([0.1, 0.5, 0.9])


def test_probability_falls_with_the_threshold_without_a_jump():
    levels = np.array([0.3, 0.31, 2.0])
    below = probability_below(np.tile(levels, (2001, 1)), np.array(Q), np.linspace(-5, 9, 2001))
    assert (np.diff(below) >= 0).all()
    assert ((below > 0) & (below < 1 - 1e-6))[700:900].all()


def test_a_pareto_tail_keeps_the_distribution_that_it_came_from():
    # A generalised Pareto of scale 1 and shape 0.4 from 0 on: all of it beyond the 97.5 % level
    # is told by the last two quantiles and the shape.
    shape = 0.4
    quantiles = np.array([0.05, 0.5, 0.95, 0.975])
    levels = ((1 - quantiles) ** -shape - 1) / shape
    far = np.array([9.0, 15.0, 40.0])
    below = probability_below(np.tile(levels, (3, 1)), quantiles, far, np.array([0.0, shape]))
    assert 1 - below == pytest.approx((1 + shape * far) ** (-1 / shape))


def test_a_tail_that_ends_calls_a_level_beyond_its_end_impossible():
    # Shape -0.25 through 95 % = 1 m and 97.5 % = 2 m: scale s with 4 s (1 - 0.5 ** 0.25) = 1.
    quantiles, levels = np.array([0.5, 0.95, 0.975]), np.array([0.0, 1.0, 2.0])
    end = 1 + 1 / (1 - 0.5**0.25)  # 1 m + 4 s
    near, past = (
        probability_below(levels, quantiles, np.array(x), np.array([0.0, -0.25])).item()
        for x in (end - 0.2, end + 0.2)
    )
    assert near < 1.0
    assert past == 1.0


def test_quantiles_that_coincide_are_a_step():
    flat = np.array([2.0, 2.0, 2.0])
    assert probability_below(flat, np.array(Q), np.array(1.9)).item() == 0.0
    assert probability_below(flat, np.array(Q), np.array(2.1)).item() == 1.0


def test_no_forecast_and_no_threshold_are_unknown_not_zero():
    given = exceedance(forecast([[np.nan] * 3]), [gauge(danger=4.0)])
    assert np.isnan(given["probability"].sel(threshold="danger")).all()
    assert np.isnan(given["first_passage_h"].sel(threshold="danger")).all()
    known = exceedance(forecast([[1.0, 2.0, 3.0]]), [gauge(danger=4.0)])
    assert np.isnan(known["probability"].sel(threshold="overflow")).all()
    assert np.isnan(known["first_passage_h"].sel(threshold="overflow")).all()


def test_a_river_already_above_has_passed_at_hour_zero():
    given = exceedance(forecast([[1.0, 2.0, 3.0]], last=2.6), [gauge(caution=2.5)])
    assert given["first_passage_h"].sel(threshold="caution").values.ravel().tolist() == [0, 0, 0]


def test_first_passage_is_linear_between_leads():
    # Probability at or above 2.5 m: 0 at hour 0 (1 m), 0.3 at 1 h, 0.7 at 2 h (quantiles + 1 m).
    rising = forecast([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], last=1.0)
    given = exceedance(rising, [gauge(caution=2.5)])["first_passage_h"].sel(threshold="caution")
    # 10 %: a third of the first hour; 50 %: halfway between 1 and 2 h; 90 %: not reached.
    assert given.values.ravel() == pytest.approx([1 / 3, 1.5, np.inf])


def test_without_an_observation_nothing_is_told_from_before_the_first_lead():
    passage = first_passage_h(np.array(np.nan), np.array([0.3, 0.7]), np.array([1.0, 2.0]))
    assert passage == pytest.approx([1.0, 1.5, np.inf])


def test_a_falling_river_keeps_its_first_passage():
    passage = first_passage_h(np.array(0.0), np.array([0.8, 0.2]), np.array([1.0, 2.0]))
    assert passage == pytest.approx([0.125, 0.625, np.inf])  # 0.1 / 0.8, 0.5 / 0.8


def test_a_missing_lead_leaves_what_is_not_reached_unknown():
    passage = first_passage_h(np.array(0.0), np.array([0.4, np.nan]), np.array([1.0, 2.0]))
    assert passage[0] == pytest.approx(0.25)
    assert np.isnan(passage[1:]).all()


def test_a_gauge_nobody_described_is_named():
    with pytest.raises(ValueError, match=r"got \['g'\]"):
        exceedance(forecast([[1.0, 2.0, 3.0]]), [])


def test_a_backtest_keeps_its_issue_times():
    one = forecast([[1.0, 2.0, 3.0]], last=1.0)
    two = xr.concat([one, one.assign_coords(issued_at=one["issued_at"] + 1)], dim="issued_at")
    given = exceedance(LevelForecast(two), [gauge(caution=2.5)])
    assert given["probability"].dims == ("issued_at", "gauge", "threshold", "lead")
    assert given["probability"].sel(threshold="caution").values.ravel() == pytest.approx([0.3, 0.3])
