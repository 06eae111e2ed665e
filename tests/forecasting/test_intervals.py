"""Bands grow with what makes forecasts hard, and their quantiles never cross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.intervals import QUANTILES, class_quantiles, conformal_quantiles, fit_spread


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
    spread = fit_spread(np.column_stack([np.ones(50), rise]), 0.01 + 0.2 * rise)
    assert spread.weights == pytest.approx([0.01, 0.2])
    assert spread.of(np.array([[1.0, 10.0]]))[0] == pytest.approx(2.01)  # beyond training


def test_spread_is_never_negative_and_never_zero():
    rise = np.linspace(0, 2, 50)
    spread = fit_spread(rise[:, None], np.full(50, 0.001) * (2 - rise))  # falls as rise grows
    assert (spread.weights >= 0).all()
    assert spread.of(np.zeros((1, 1)))[0] >= 0.002


def test_missing_term_counts_as_its_training_mean():
    terms = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, np.nan]])  # mean of the known: 1
    spread = fit_spread(terms, np.array([1.0, 2.0, 3.0, 2.0]))  # 1 + term
    assert spread.of(np.array([[1.0, np.nan]]))[0] == pytest.approx(2.0)


def test_ninety_percent_lie_between_the_first_and_last_tenth():
    assert {0.05, 0.5, 0.95} <= set(QUANTILES)
    errors = np.random.default_rng(3).normal(size=5000)
    low, high = conformal_quantiles(errors, (0.05, 0.95))
    fresh = np.random.default_rng(4).normal(size=20000)
    assert np.mean((low <= fresh) & (fresh <= high)) == pytest.approx(0.9, abs=0.015)


def test_a_flood_class_has_quantiles_of_its_own():
    # 900 calm errors of one spread, 100 flood errors of three: the 95 % of the last class is 3.
    errors = np.concatenate([np.tile([-1.0, 1.0], 450), np.tile([-3.0, 3.0], 50)])
    classes = np.repeat([0, 3], [900, 100])
    by_class = class_quantiles(errors, classes)
    at95 = QUANTILES.index(0.95)
    assert by_class[0, at95] == 1.0
    assert by_class[3, at95] == 3.0
    # Classes 1 and 2 have no errors: those of all count, of which 5 % are 3 or more.
    assert by_class[1, at95] == by_class[2, at95] == conformal_quantiles(errors, (0.95,))[0]


def test_larger_spreads_are_in_higher_classes():
    # Spread = term, 1..1000: classes begin above 800, 950 and 990.
    term = np.arange(1.0, 1001.0)
    spread = fit_spread(term[:, None], term)
    # The least spread is the median error, 500.5: the calm half has it.
    assert spread.of(np.array([[10.0], [900.0]])) == pytest.approx([500.5, 900.0])
    assert spread.class_of(np.array([500.5, 900.0, 960.0, 5000.0])).tolist() == [0, 1, 2, 3]
