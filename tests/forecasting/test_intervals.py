"""Bands grow with what makes forecasts hard, and their quantiles never cross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.intervals import QUANTILES, Bands, conformal_quantiles
from forecasting.spread import (
    CLASS_SHARES,
    RISE_SHARES,
    Standardised,
    fit_spread,
    turned_flood,
)
from forecasting.together import lead_correlation


def test_conformal_quantiles_of_nineteen_errors_by_rank():
    # (19 + 1) * 0.9 = 18th smallest of 1..19 = 18; its mirror is the 2nd; the median is the 10th.
    assert conformal_quantiles(np.arange(1.0, 20.0), (0.1, 0.5, 0.9)).tolist() == [2, 10, 18]


def test_few_errors_give_their_extremes():
    # (3 + 1) * 0.95 = 3.8, rounded up 4, more than there are: the largest.
    assert conformal_quantiles(np.array([-1.0, 0.0, 5.0]), (0.05, 0.5, 0.95)).tolist() == [-1, 0, 5]


def test_no_error_to_learn_from_is_an_error():
    with pytest.raises(ValueError, match=r"at least 1 held-out error.*got 0"):
        conformal_quantiles(np.array([np.nan]))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_quantiles_never_cross(errors):
    assert (np.diff(conformal_quantiles(np.array(errors))) >= 0).all()


def test_spread_finds_the_size_of_the_error():
    # |error| = 0.01 m + 0.2 x rise, exactly: the weights are 0.01 and 0.2.
    rise = np.linspace(0, 2, 50)
    spread = fit_spread(np.column_stack([np.ones(50), rise]), 0.01 + 0.2 * rise, np.zeros(50))
    assert spread.weights == pytest.approx([0.01, 0.2])
    assert spread.of(np.array([[1.0, 10.0]]))[0] == pytest.approx(2.01)  # beyond training


def test_spread_is_never_negative_and_never_zero():
    rise = np.linspace(0, 2, 50)
    spread = fit_spread(rise[:, None], np.full(50, 0.001) * (2 - rise), rise)  # falls as rise grows
    assert (spread.weights >= 0).all()
    assert spread.of(np.zeros((1, 1)))[0] >= 0.002


def test_missing_term_counts_as_its_training_mean():
    terms = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, np.nan]])  # mean of the known: 1
    spread = fit_spread(terms, np.array([1.0, 2.0, 3.0, 2.0]), np.zeros(4))  # 1 + term
    assert spread.of(np.array([[1.0, np.nan]]))[0] == pytest.approx(2.0)


def test_ninety_percent_lie_between_the_first_and_last_tenth():
    assert {0.05, 0.5, 0.95} <= set(QUANTILES)
    errors = np.random.default_rng(3).normal(size=5000)
    low, high = conformal_quantiles(errors, (0.05, 0.95))
    fresh = np.random.default_rng(4).normal(size=20000)
    assert np.mean((low <= fresh) & (fresh <= high)) == pytest.approx(0.9, abs=0.015)


def told(errors, classes, *, flood=None, rows=None, spread_m=1.0) -> Standardised:
    n = len(errors)
    return Standardised(
        np.arange(n) if rows is None else rows,
        np.asarray(errors, dtype=float),
        np.asarray(classes),
        np.full(n, spread_m),
        np.zeros(n, dtype=bool) if flood is None else flood,
    )


LAST = len(CLASS_SHARES)
AT95 = QUANTILES.index(0.95)


def test_a_flood_class_has_quantiles_of_its_own():
    # 900 calm errors of one spread, 100 flood errors of three: the 95 % of the last class is 3.
    errors = np.concatenate([np.tile([-1.0, 1.0], 450), np.tile([-3.0, 3.0], 50)])
    bands = Bands.fit([[told(errors, np.repeat([0, LAST], [900, 100]))]])
    assert bands.table[0, 0, AT95] == 1.0
    assert bands.table[0, LAST, AT95] == 3.0
    # The classes between have no errors: those of all count, of which 5 % are 3 or more.
    assert bands.table[0, 1, AT95] == conformal_quantiles(errors, (0.95,))[0]


def test_surprises_that_go_up_make_a_band_that_goes_up():
    # Errors 0..2 and -1..0 in equal number: the upper quantile is twice as far as the lower.
    errors = np.concatenate([np.linspace(0, 2, 1000), np.linspace(-1, 0, 1000)])
    table = Bands.fit([[told(errors, np.zeros(2000, dtype=int))]]).table[0, 0]
    assert table[AT95] == pytest.approx(-2 * table[QUANTILES.index(0.05)], abs=0.01)


def test_wet_classes_are_centred_on_the_forecast_and_calm_ones_on_their_median():
    # Median error 0.5 in both classes; the squared error of floods is least at the forecast.
    errors = np.tile(np.linspace(-1, 2, 500), 2)
    table = Bands.fit([[told(errors, np.repeat([0, LAST], 500))]]).table[0]
    assert table[0, QUANTILES.index(0.5)] == pytest.approx(0.5)
    assert table[LAST, QUANTILES.index(0.5)] == 0.0


def test_larger_spreads_are_in_higher_classes():
    # Spread = term, 1..1000: classes begin above 500, 700, 800, 900, 950 and 980.
    term = np.arange(1.0, 1001.0)
    spread = fit_spread(term[:, None], term, np.zeros(1000))
    # The least spread is the median error, 500.5: the calm half has it.
    assert spread.of(np.array([[10.0], [900.0]])) == pytest.approx([500.5, 900.0])
    classes = spread.class_of(np.array([[10.0], [600.0], [750.0], [990.0]]))
    assert classes.tolist() == [0, 1, 2, 6]


def test_bands_cover_what_they_say_in_calm_and_in_storm():
    # Errors grow with the term, wet ones are skewed; 90 % of fresh ones lie inside in each class.
    def sample(seed):
        rng = np.random.default_rng(seed)
        term = rng.gamma(0.3, 1.0, 30_000)
        error = rng.normal(0, 0.01 + 0.2 * term) + 0.2 * term * (rng.exponential(1, 30_000) - 1)
        return np.column_stack([np.ones(len(term)), term]), error

    terms, error = sample(1)
    none = np.zeros(len(error))
    spread = fit_spread(terms, error, none)
    bands = Bands.fit([[spread.standardised(np.arange(len(error)), terms, error, none)]])
    fresh, truth = sample(2)
    levels = bands.errors_m(0, spread, fresh, none)
    inside = (levels[:, QUANTILES.index(0.05)] <= truth) & (truth <= levels[:, AT95])
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
    for one in range(LAST + 1):
        of_class = spread.class_of(fresh) == one
        assert inside[of_class].mean() == pytest.approx(0.9, abs=0.035)


def test_a_gauge_that_repeats_its_reading_is_told_to_stay_in_calm_hours_only():
    # 900 calm hours without a rise, whatever is forecast; 100 floods that rise as forecast.
    rise = np.random.default_rng(6).uniform(0, 0.01, 1000)
    truth = np.where(np.arange(1000) < 900, 0.0, rise + 1.0)
    term = np.where(truth > 0, 1.0, np.arange(1000) / 1e5)
    spread = fit_spread(term[:, None], truth - rise, rise)
    assert spread.shares[0] == min(RISE_SHARES)
    assert spread.shares[LAST] == 1.0
    calm, flood = spread.settled_m(np.array([[1e-4], [1.5]]), np.array([0.01, 0.01]))
    assert calm == pytest.approx(0.01 * (0.02 - 1))  # a fiftieth of the rise is left
    assert flood == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
@settings(max_examples=40, deadline=None)
def test_a_band_never_crosses_whatever_the_errors(seed, count):
    rng = np.random.default_rng(seed)
    errors = rng.standard_t(1.5, count).round(int(rng.integers(0, 4)))
    flood = rng.random(count) < 0.3
    classes = rng.integers(0, LAST + 1, count)
    bands = Bands.fit([[told(errors, classes, flood=flood)]])
    assert (np.diff(bands.table, axis=-1) >= 0).all()
    assert np.isfinite(bands.table).all()


def test_errors_of_two_leads_that_are_the_same_correlate_by_one():
    errors = np.random.default_rng(8).normal(size=(2, 500))
    wet = np.full(500, LAST)
    same = lead_correlation([[told(errors[0], wet)], [told(2 * errors[0], wet)]])
    assert same == pytest.approx(np.ones((2, 2)))
    apart = lead_correlation([[told(errors[0], wet)], [told(errors[1], wet)]])
    assert apart[0, 1] == pytest.approx(0.0, abs=0.15)  # 3 standard errors of 500 pairs


def test_errors_are_paired_by_their_time_not_by_their_place():
    # The second lead lacks every other row; shifted by place the scores would not go together.
    errors = np.random.default_rng(9).normal(size=600)
    rows = np.arange(600)
    wet = np.full(600, LAST)
    some = rows[::2]
    pair = [[told(errors, wet)], [told(errors[some], wet[some], rows=some)]]
    assert lead_correlation(pair)[0, 1] > 0.99


def test_the_highest_levels_and_the_fastest_rises_turned_out_floods():
    # 200 hours: the highest 1 % are the last 2 levels; the largest 1 % of rises the first 2.
    flood = turned_flood(np.arange(200.0), np.arange(200.0)[::-1])
    assert np.flatnonzero(flood).tolist() == [0, 1, 198, 199]


def test_a_river_that_never_rises_has_floods_only_by_level():
    assert not turned_flood(np.arange(200.0), np.zeros(200))[:198].any()
