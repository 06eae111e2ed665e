"""Quantiles bent to what a river can do stay in order, whole and above persistence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.reach import within_reach

MEDIAN = 1  # of three quantiles


def bent(rises, low=-1.0, high=4.0):
    told, beyond = within_reach(np.array([rises]), MEDIAN, np.array([low]), np.array([high]))
    return told[0], bool(beyond[0])


def test_quantiles_within_half_the_limit_stay_as_they_are():
    told, beyond = bent([-0.4, 0.5, 2.0])  # half of 4 is 2, half of -1 is -0.5
    assert told.tolist() == [-0.4, 0.5, 2.0]
    assert not beyond


def test_a_fan_beyond_the_limit_nears_it():
    # From 2 on: 2 + 2 (1 - exp(-(14 - 2) / 2)) = 4 - 2 exp(-6).
    told, beyond = bent([0.0, 0.5, 14.0])
    assert told[2] == pytest.approx(4 - 2 * np.exp(-6))
    assert beyond


def test_a_median_past_half_the_limit_is_not_bent():
    # The median 3 stays; from there on 3 + 1 (1 - exp(-(3.5 - 3) / 1)).
    told, beyond = bent([2.0, 3.0, 3.5])
    assert told.tolist() == pytest.approx([2.0, 3.0, 4 - np.exp(-0.5)])
    assert not beyond


def test_falls_are_bent_like_rises():
    told, _ = bent([-3.0, 0.0, 1.0])  # -0.5 - 0.5 (1 - exp(-2.5 / 0.5))
    assert told[0] == pytest.approx(-1 + 0.5 * np.exp(-5))


def test_a_river_at_its_highest_may_stay_there_and_is_not_pushed_down():
    told, beyond = bent([-0.2, 0.0, 1.0], high=0.0)
    assert told.tolist() == [-0.2, 0.0, 0.0]
    assert beyond


def test_no_forecast_stays_none():
    told, beyond = bent([np.nan] * 3)
    assert np.isnan(told).all()
    assert not beyond


rise = st.floats(-50, 50)


@given(st.lists(rise, min_size=3, max_size=3), st.floats(-20, 0), st.floats(0, 20))
@settings(max_examples=200, deadline=None)
def test_bent_quantiles_keep_their_order_and_the_limits(rises, low, high):
    told, _ = bent(sorted(rises), low, high)
    assert (np.diff(told) >= 0).all()
    assert (told >= low).all()
    assert (told <= high).all()
